"""What does not fit, is too small to read or to hit, or is too pale, as a browser sees it."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

SIZES = [(800, 480), (1024, 600), (1080, 1920)]
DRAWN = """screen => document.body.dataset.screen === screen
  && (!document.body.classList.contains('illustrated') || document.querySelector('#picture svg'))"""

SCREEN = {"type": 18.0, "target": 64.0, "contrast": 7.0}
"""The least there may be on the terminal's screen: pixels of type and of targets, and contrast."""

MEASURE = """(least) => {
  const seen = (node) => node.checkVisibility({visibilityProperty: true});
  const name = (node) => node.id || node.dataset.testid || `${node.className} ${node.textContent}`;
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const contrast = (node) => {
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(behind(node))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const texts = [...document.querySelectorAll('body *')].filter((node) => seen(node)
    && [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()));
  const boxes = [...document.querySelectorAll('button, h1, #lines p, #attention p, #warning p')].filter(seen);
  const box = (node) => node.getBoundingClientRect();
  const main = document.getElementById('screen');
  const parts = [...document.querySelectorAll(
    '#head, #warning, #picture svg, #title, #lines, #pin, #progress, #choices, #pad')].filter(seen);
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const overlaps = parts.flatMap((one, n) => parts.slice(n + 1).filter((other) => meet(box(one), box(other)))
    .map((other) => `${name(one)} ${name(other)}`)).filter((pair) => pair !== 'head warning');
  return {
    overlaps,
    sideways: Math.max(document.documentElement.scrollWidth - innerWidth, main.scrollWidth - main.clientWidth),
    below: main.scrollHeight - main.clientHeight,
    outside: boxes.filter((node) => box(node).left < 0 || box(node).right > innerWidth
      || box(node).top < 0 || box(node).bottom > innerHeight).map(name),
    clipped: [...document.querySelectorAll('button, .words')].filter(seen).filter((node) =>
      node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 1).map(name),
    smallType: texts.filter((node) => parseFloat(getComputedStyle(node).fontSize) < least.type).map(name),
    smallTargets: [...document.querySelectorAll('button')].filter(seen)
      .filter((node) => box(node).width < least.target || box(node).height < least.target).map(name),
    pale: texts.filter((node) => contrast(node) < least.contrast).map(name),
  };
}"""


async def faults(page: Page, least: dict[str, float] = SCREEN) -> dict[str, Any]:
    """What is wrong with the page as it is drawn now; empty where all is well."""
    measured: dict[str, Any] = await page.evaluate(MEASURE, least)
    return {fault: found for fault, found in measured.items() if found}
