"""What takes a terminal out of service, and what brings it back."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from drivers.device import DeviceState
from drivers.errors import PrinterFault
from drivers.keypad.simulated import SimulatedKeypad
from drivers.printer.simulated import SimulatedDocumentPrinter
from terminal.clock import Clock
from terminal.health import Health
from terminal.link.calendar import NotServed
from terminal.link.wire import DailyHours, DayOfYear, Service, YearEnd
from terminal.trust import Trust

SERVICE = Service(
    now=datetime(2026, 11, 24, tzinfo=UTC),
    hours=DailyHours(opens=time(0), last_start=time(23, 59, 58), closes=time(23, 59, 59)),
    year_end=YearEnd(first=DayOfYear(month=2, day=30), last=DayOfYear(month=2, day=30)),
    closures=(),
    hotline="000",
    build_allowed=True,
)


@pytest.fixture
def health() -> Health:
    made = Health(Clock(), Trust())
    made.service(SERVICE)
    return made


def test_without_a_calendar_there_is_no_line() -> None:
    assert Health(Clock(), Trust()).current().troubles == ("trouble.link",)


def test_R12_a_terminal_whose_service_has_ended_says_so(health: Health) -> None:
    health.service(NotServed.ENDED)
    assert health.current().troubles == ("trouble.ended",)
    health.service(NotServed.NO_ANSWER)
    assert health.current().troubles == ("trouble.link",)
    health.service(SERVICE)
    assert health.current().troubles == ()


def test_R69_the_hotline_is_known_also_while_the_line_is_down(health: Health) -> None:
    assert Health(Clock(), Trust()).hotline == ""
    health.service(NotServed.NO_ANSWER)
    assert health.hotline == SERVICE.hotline


def test_I10_an_incident_blocks_before_and_without_the_journal(health: Health) -> None:
    health.raised("integrity")
    assert health.current().troubles == ("trouble.integrity",)
    health.recorded("integrity")
    health.incidents(("integrity",))
    assert health.current().troubles == ("trouble.integrity",)
    health.cleared()
    assert health.current().troubles == ("trouble.integrity",), "the journal says when"
    health.incidents(())
    assert health.current().troubles == ()


def test_what_the_journal_could_not_keep_lasts_until_staff_have_looked(health: Health) -> None:
    health.raised("sheets_void")
    health.journal(works=False)
    health.incidents(())
    assert health.current().troubles == ("trouble.void_sheets", "trouble.journal")
    health.cleared()
    health.journal(works=True)
    assert health.current().troubles == ()


def test_a_device_that_does_not_do_what_it_is_told_is_a_trouble(health: Health) -> None:
    keypad = SimulatedKeypad()
    health.device(keypad, DeviceState.ONLINE)
    health.failing(keypad.name, fails=True)
    assert health.current().troubles == ("trouble.keypad",)
    health.failing(keypad.name, fails=False)
    assert health.current().troubles == ()


async def test_a_printers_fault_lasts_until_it_is_ready(health: Health) -> None:
    printer = SimulatedDocumentPrinter("document printer")
    health.printer_fault(printer, PrinterFault.PAPER_JAM)
    assert health.current().troubles == ("trouble.paper_jam",)
    health.printer_fault(printer, PrinterFault.TONER_OUT)
    assert health.current().troubles == ("trouble.printer",)
    health.printer_fault(printer, None)
    assert health.current().troubles == ()
