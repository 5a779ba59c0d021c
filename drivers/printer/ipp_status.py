"""What an IPP printer's attributes mean for a terminal: pure, from attributes to our own words.

Reasons are matched by their beginning, never by their severity suffix: the same jam is reported as
``media-jam-error`` by one printer and ``media-jam-warning`` or ``-report`` by the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from drivers.errors import HardwareFault, PrinterFault
from drivers.printer import PageFormat, PaperState, PrinterStatus
from drivers.printer.a4 import A4, SHEET_BACKS, a4
from drivers.printer.ipp_message import Group

STATUS_ATTRIBUTES = (
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "queued-job-count",
    "media-ready",
    "printer-impressions-completed",
)
FORMAT_ATTRIBUTES = (
    "document-format-supported",
    "media-supported",
    "printer-resolution-supported",
    "pwg-raster-document-resolution-supported",
    "pwg-raster-document-sheet-back",
    "pwg-raster-document-type-supported",
    "sides-supported",
)
JOB_ATTRIBUTES = (
    "job-state",
    "job-state-reasons",
    "job-state-message",
    "job-impressions-completed",
    "job-media-sheets-completed",
)

_PREFERRED_DPI = 600  # the ground's fine dots need it
_PRINTER_STOPPED = 5

# Beginning of a printer-state-reason (RFC 8011, PWG 5100.9) → fault; the first match counts.
# What is low or almost full is no fault: the next set still comes out.
_FAULTS: tuple[tuple[str, PrinterFault], ...] = (
    ("media-empty", PrinterFault.PAPER_OUT),
    ("media-needed", PrinterFault.PAPER_OUT),
    ("input-tray-missing", PrinterFault.PAPER_OUT),
    ("media-jam", PrinterFault.PAPER_JAM),
    ("door-open", PrinterFault.COVER_OPEN),
    ("cover-open", PrinterFault.COVER_OPEN),
    ("interlock-open", PrinterFault.COVER_OPEN),
    ("toner-empty", PrinterFault.TONER_OUT),
    ("marker-supply-empty", PrinterFault.TONER_OUT),
    ("connecting-to-device", PrinterFault.OFFLINE),
    ("timed-out", PrinterFault.OFFLINE),
    ("shutdown", PrinterFault.OFFLINE),
    ("moving-to-paused", PrinterFault.STOPPED),
    ("paused", PrinterFault.STOPPED),
    ("stopping", PrinterFault.STOPPED),
    ("stopped-partly", PrinterFault.STOPPED),
    ("marker-waste-full", PrinterFault.OTHER),
    ("output-area-full", PrinterFault.OTHER),
    ("output-tray-missing", PrinterFault.OTHER),
    ("fuser-over-temp", PrinterFault.OTHER),
    ("fuser-under-temp", PrinterFault.OTHER),
    ("opc-life-over", PrinterFault.OTHER),
    ("developer-empty", PrinterFault.OTHER),
)


class JobState(IntEnum):
    """RFC 8011 section 5.3.7."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9

    @property
    def over(self) -> bool:
        return self >= JobState.CANCELED


_JOB_STATES = frozenset(JobState)


@dataclass(frozen=True, slots=True)
class JobReport:
    """A job as the printer tells it; ``sheets`` is None when it does not count."""

    state: JobState
    sheets: int | None
    message: str


def faults(printer: Group) -> frozenset[PrinterFault]:
    """Everything that keeps the next sheet from coming out."""
    found = {
        fault
        for reason in printer.strings("printer-state-reasons")
        for fault in [next((f for prefix, f in _FAULTS if reason.startswith(prefix)), None)]
        if fault is not None
    }
    stopped = printer.integer("printer-state") == _PRINTER_STOPPED
    if not found and (stopped or printer.boolean("printer-is-accepting-jobs") is False):
        found.add(PrinterFault.STOPPED)
    ready = printer.strings("media-ready")
    if ready and A4 not in ready and PrinterFault.PAPER_OUT not in found:
        found.add(PrinterFault.WRONG_PAPER)  # R29
    return frozenset(found)


def printer_status(printer: Group) -> PrinterStatus:
    found = faults(printer)
    return PrinterStatus(
        paper=_paper(printer, found),
        faults=found,
        jobs_queued=printer.integer("queued-job-count") or 0,
        impressions=printer.integer("printer-impressions-completed"),
    )


def _paper(printer: Group, found: frozenset[PrinterFault]) -> PaperState:
    reasons = printer.strings("printer-state-reasons")
    if PrinterFault.PAPER_JAM in found:
        return PaperState.JAMMED
    if PrinterFault.PAPER_OUT in found:
        return PaperState.OUT
    if any(reason.startswith("media-low") for reason in reasons):
        return PaperState.LOW
    return PaperState.OK if reasons else PaperState.UNKNOWN


def page_format(device: str, printer: Group, *, duplex: bool) -> PageFormat:
    """A4 black_1 at 600 dpi, or the nearest offered. Raises HardwareFault with what is missing."""
    _require(device, printer, "document-format-supported", "image/pwg-raster")
    _require(device, printer, "pwg-raster-document-type-supported", "black_1")
    _require(device, printer, "media-supported", A4)
    if duplex:
        _require(device, printer, "sides-supported", "two-sided-long-edge")
    offered = [
        r.feed
        for r in printer.resolutions("pwg-raster-document-resolution-supported")
        if r.units == 3 and r.feed == r.cross_feed
    ]
    if not offered:
        raise HardwareFault(device, "offers no square resolution for PWG raster")
    sheet_back = (*printer.strings("pwg-raster-document-sheet-back"), "normal")[0]
    if sheet_back not in SHEET_BACKS:
        raise HardwareFault(device, f"wants the back of a sheet {sheet_back!r}, which is unknown")
    nearest = min(offered, key=lambda dpi: (abs(dpi - _PREFERRED_DPI), -dpi))
    return a4(nearest, duplex=duplex, sheet_back=sheet_back)


def _require(device: str, printer: Group, name: str, wanted: str) -> None:
    offered = printer.strings(name)
    if wanted not in offered:
        listed = ", ".join(offered) or "nothing"
        raise HardwareFault(device, f"cannot print here: {name} has {listed}, {wanted} is needed")


def job_report(job: Group, *, duplex: bool, sheets: int) -> JobReport:
    """Sheets certainly out: of a two-sided sheet, both sides must be."""
    told = job.integer("job-state")
    # A state nobody defined is no end: the watcher's own time limit decides.
    state = JobState(told) if told in _JOB_STATES else JobState.PROCESSING
    impressions = job.integer("job-impressions-completed")
    counted = job.integer("job-media-sheets-completed")
    if impressions is not None:
        # A printer that knows the attribute but never counts in it leaves it at 0.
        counted = max(counted or 0, impressions // 2 if duplex else impressions)
    if state is JobState.COMPLETED and counted is not None and duplex:
        counted = max(counted, -(-(impressions or 0) // 2))  # an odd last page has no back
    message = " ".join(job.strings("job-state-message"))
    return JobReport(state, None if counted is None else min(counted, sheets), message)
