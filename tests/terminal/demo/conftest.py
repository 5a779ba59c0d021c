"""Chromium for the tests of the dock."""

from tests.terminal.panel.chromium import browser, open_page

__all__ = ["browser", "open_page"]
