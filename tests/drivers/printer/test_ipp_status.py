"""From a printer's attributes to our own words."""

from __future__ import annotations

import pytest

from drivers.errors import HardwareFault
from drivers.errors import PrinterFault as Fault
from drivers.printer import PaperState, gravest
from drivers.printer.ipp_message import Attribute, Group, Resolution, Tag, attribute
from drivers.printer.ipp_status import JobState, faults, job_report, page_format, printer_status


def printer(*reasons: str, state: int = 3, accepting: bool = True, ready: str = "") -> Group:
    attributes = [
        attribute("printer-state", Tag.ENUM, state),
        attribute("printer-state-reasons", Tag.KEYWORD, *(reasons or ("none",))),
        attribute("printer-is-accepting-jobs", Tag.BOOLEAN, accepting),
    ]
    if ready:
        attributes.append(attribute("media-ready", Tag.KEYWORD, ready))
    return Group(Tag.PRINTER_GROUP, tuple(attributes))


@pytest.mark.parametrize("severity", ["", "-error", "-warning", "-report"])
@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("media-jam", Fault.PAPER_JAM),
        ("media-empty", Fault.PAPER_OUT),
        ("media-needed", Fault.PAPER_OUT),
        ("input-tray-missing", Fault.PAPER_OUT),
        ("door-open", Fault.COVER_OPEN),
        ("cover-open", Fault.COVER_OPEN),
        ("toner-empty", Fault.TONER_OUT),
        ("marker-supply-empty", Fault.TONER_OUT),
        ("paused", Fault.STOPPED),
        ("connecting-to-device", Fault.OFFLINE),
        ("output-area-full", Fault.OTHER),
    ],
)
def test_a_fault_is_known_by_its_beginning(reason: str, severity: str, fault: Fault) -> None:
    status = printer_status(printer(reason + severity))
    assert status.faults == {fault}
    assert not status.ready


@pytest.mark.parametrize(
    "reason", ["none", "media-low-warning", "toner-low-report", "marker-waste-almost-full"]
)
def test_what_is_running_low_is_no_fault(reason: str) -> None:
    status = printer_status(printer(reason))
    assert status.ready
    assert status.paper is (PaperState.LOW if "media" in reason else PaperState.OK)


def test_a_stopped_printer_without_a_reason_is_stopped() -> None:
    assert faults(printer(state=5)) == {Fault.STOPPED}
    assert faults(printer(accepting=False)) == {Fault.STOPPED}
    assert faults(printer("media-jam", state=5)) == {Fault.PAPER_JAM}


def test_R29_other_paper_than_a4_is_a_fault() -> None:
    assert faults(printer(ready="na_letter_8.5x11in")) == {Fault.WRONG_PAPER}
    assert faults(printer(ready="iso_a4_210x297mm")) == set()
    assert faults(printer("media-empty", ready="na_letter_8.5x11in")) == {Fault.PAPER_OUT}


def test_unknown_paper_is_not_out() -> None:
    status = printer_status(Group(Tag.PRINTER_GROUP, ()))
    assert status.paper is PaperState.UNKNOWN
    assert status.ready


def test_the_fault_a_person_can_mend_is_named_first() -> None:
    assert gravest(frozenset({Fault.STOPPED, Fault.COVER_OPEN})) is Fault.COVER_OPEN


def capable(**changes: Attribute | None) -> Group:
    attributes = {
        "formats": attribute("document-format-supported", Tag.MIME_TYPE, "image/pwg-raster"),
        "types": attribute("pwg-raster-document-type-supported", Tag.KEYWORD, "sgray_8", "black_1"),
        "media": attribute("media-supported", Tag.KEYWORD, "iso_a4_210x297mm"),
        "sides": attribute("sides-supported", Tag.KEYWORD, "one-sided"),
        "dpi": resolutions(300, 600, 1200),
    }
    chosen = {**attributes, **changes}
    return Group(Tag.PRINTER_GROUP, tuple(a for a in chosen.values() if a is not None))


def resolutions(*dpi: int) -> Attribute:
    name = "pwg-raster-document-resolution-supported"
    return attribute(name, Tag.RESOLUTION, *(Resolution(each, each) for each in dpi))


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [((300, 600, 1200), 600), ((300,), 300), ((300, 1200), 300), ((1200,), 1200)],
)
def test_600_dpi_or_the_nearest(offered: tuple[int, ...], chosen: int) -> None:
    assert page_format("p", capable(dpi=resolutions(*offered)), duplex=False).dpi == chosen


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"formats": None}, "image/pwg-raster is needed"),
        (
            {"types": attribute("pwg-raster-document-type-supported", Tag.KEYWORD, "srgb_8")},
            "black_1",
        ),
        ({"media": attribute("media-supported", Tag.KEYWORD, "na_letter_8.5x11in")}, "iso_a4"),
        ({"dpi": None}, "no square resolution"),
        (
            {
                "dpi": attribute(
                    "pwg-raster-document-resolution-supported", Tag.RESOLUTION, Resolution(300, 600)
                )
            },
            "no square resolution",
        ),
        (
            {"back": attribute("pwg-raster-document-sheet-back", Tag.KEYWORD, "sideways")},
            "sideways",
        ),
    ],
)
def test_a_printer_that_cannot_is_told_why(changes: dict[str, Attribute | None], says: str) -> None:
    with pytest.raises(HardwareFault, match=says):
        page_format("p", capable(**changes), duplex=False)


def test_two_sides_are_refused_by_a_one_sided_printer() -> None:
    with pytest.raises(HardwareFault, match="two-sided-long-edge is needed"):
        page_format("p", capable(), duplex=True)


def job(state: int, **counters: int) -> Group:
    attributes = [attribute("job-state", Tag.ENUM, state)]
    attributes += [
        attribute(name.replace("_", "-"), Tag.INTEGER, count) for name, count in counters.items()
    ]
    return Group(Tag.JOB_GROUP, tuple(attributes))


@pytest.mark.parametrize(
    ("reported", "duplex", "sheets"),
    [
        (job(5), False, None),
        (job(5, job_impressions_completed=2), False, 2),
        (job(5, job_impressions_completed=3), True, 1),
        (job(9, job_impressions_completed=3), True, 2),
        (job(5, job_impressions_completed=2, job_media_sheets_completed=0), False, 2),
        (job(5, job_impressions_completed=0, job_media_sheets_completed=1), False, 1),
        (job(5, job_media_sheets_completed=1), True, 1),
        (job(5, job_impressions_completed=9), False, 3),
    ],
)
def test_sheets_certainly_out(reported: Group, duplex: bool, sheets: int | None) -> None:
    assert job_report(reported, duplex=duplex, sheets=3).sheets == sheets


def test_a_job_state_nobody_defined_is_no_end() -> None:
    assert job_report(job(42), duplex=False, sheets=3).state is JobState.PROCESSING
    assert job_report(job(0), duplex=False, sheets=3).state is JobState.PROCESSING


def test_jobs_are_over_from_cancelled_on() -> None:
    assert [state.name for state in JobState if state.over] == ["CANCELED", "ABORTED", "COMPLETED"]
