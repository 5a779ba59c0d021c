"""A real, headless Chromium, and pages that complain in tests when a browser would complain."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, ConsoleMessage, Page, async_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE_MS = 5000.0

OpenPage = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[BrowserContext]:
    """One for all tests of a folder: starting it is what takes time."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no Chromium on this machine (Debian package: chromium)")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield await started.new_context()
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: BrowserContext) -> AsyncIterator[OpenPage]:
    """Opens pages, and fails the test if one had an error, a warning or a refused resource.

    ``quiet=False`` where a test breaks the line on purpose, which browsers always report.
    """
    complaints: list[str] = []
    pages: list[Page] = []

    async def open_one(
        url: str, width: int = 1024, height: int = 600, *, quiet: bool = True, script: str = ""
    ) -> Page:
        page = await browser.new_page()
        await page.set_viewport_size({"width": width, "height": height})
        page.set_default_timeout(PATIENCE_MS)
        pages.append(page)
        if quiet:
            page.on("console", lambda message: _note(complaints, message))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if script:
            await page.add_init_script(script)
        await page.goto(url)
        return page

    yield open_one
    for page in pages:
        await page.close()
    assert complaints == []


def _note(complaints: list[str], message: ConsoleMessage) -> None:
    if message.type in {"error", "warning"}:
        complaints.append(message.text)
