"""Chromium for the tests of the terminal's page."""

from tests.terminal.panel.chromium import browser, open_page

__all__ = ["browser", "open_page"]
