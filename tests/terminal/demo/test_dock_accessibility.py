"""The dock can be read and hit as well: contrast, targets and a focus that shows."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from terminal.demo.dock import Dock
from terminal.panel.server import Panel
from tests.terminal.demo.desk_rig import DeskRig
from tests.terminal.panel.chromium import OpenPage
from tests.terminal.panel.measure import faults
from tests.terminal.panel.samples import IDLE

DOCK = {"type": 10.0, "target": 44.0, "contrast": 4.5}
FOCUS = """() => [...document.querySelectorAll('button:not(:disabled)')].filter((button) => {
  button.focus({focusVisible: true});
  const {outlineStyle, outlineWidth} = getComputedStyle(button);
  return button.checkVisibility() && (outlineStyle === 'none' || parseFloat(outlineWidth) < 3);
}).map((button) => button.dataset.testid)"""


@pytest.mark.asyncio(loop_scope="session")
async def test_the_dock_is_legible_and_its_focus_shows(open_page: OpenPage) -> None:
    rig = DeskRig()
    panel = Panel("127.0.0.1", 0, print, print)
    panel.add_routes(Dock(rig, poll_s=0.01).routes())
    panel.show(IDLE)
    page = await open_page(await panel.start() + "demo", 1440, 900)
    await expect(page.get_by_test_id("card-person-1")).to_be_visible()
    for _ in range(2):
        wrong = await faults(page, DOCK)
        assert {fault: wrong.get(fault) for fault in ("pale", "smallTargets", "smallType")} == {
            "pale": None,
            "smallTargets": None,
            "smallType": None,
        }
        assert await page.evaluate(FOCUS) == []
        rig.print_sheets(2)
        rig.print_receipt()
        rig.rearrange(slot_open=True, change_yen=50, cover_open=True, paper_out=True, line_cut=True)
        await expect(page.get_by_test_id("sheet-2")).to_be_visible()
    await panel.stop()
