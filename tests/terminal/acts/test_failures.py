"""Every failure has a refusal with words and a next step, and a log line without anything personal."""

from __future__ import annotations

import logging

import pytest

from drivers.device import DeviceState
from drivers.errors import (
    ApduError,
    CardExchanged,
    CardMute,
    CardProtocolError,
    DeviceTimeout,
    DeviceUnavailable,
    HardwareFault,
    NoCard,
    PaymentError,
    PinBlocked,
    PrinterError,
    PrinterFault,
    SeveralCards,
)
from terminal.acts.failures import refusal_for
from terminal.document.errors import (
    Check,
    ClerkDisagreement,
    Disagreement,
    IntegrityError,
    WorkerLost,
)
from terminal.errors import (
    CentreProblem,
    CentreRefused,
    JournalError,
    LinkDown,
    OutcomeUnknown,
)
from terminal.link.wire import Problem, Refusal, RefusalClass
from terminal.strings.catalogue import catalogue

VISIT = "01a20a99-fdf4-77a8-a0db-e5097acaae0c"
REFERENCE = VISIT[-12:]
OFFLINE = DeviceState.OFFLINE

CASES: list[tuple[Exception, str, RefusalClass]] = [
    (PinBlocked("locked"), "refused.pin_locked", RefusalClass.CARD),
    (NoCard("gone"), "refused.card_removed", RefusalClass.CARD),
    (CardMute("mute"), "refused.card_unreadable", RefusalClass.CARD),
    (CardExchanged("another"), "refused.card_exchanged", RefusalClass.CARD),
    (SeveralCards("two"), "refused.card_exchanged", RefusalClass.CARD),
    (ApduError("SELECT", 0x6F00), "refused.card_unreadable", RefusalClass.CARD),
    (CardProtocolError("nonsense"), "refused.card_unreadable", RefusalClass.CARD),
    (LinkDown("no line"), "refused.no_link", RefusalClass.OURS),
    (OutcomeUnknown("no answer"), "refused.no_link", RefusalClass.OURS),
    (
        CentreProblem(500, Problem(code="centre.error", detail="")),
        "refused.centre",
        RefusalClass.OURS,
    ),
    (IntegrityError(Check.PAGE, 1, 1), "refused.document_check", RefusalClass.OURS),
    (ClerkDisagreement(Disagreement.NAME, 1), "refused.document_check", RefusalClass.OURS),
    (PrinterError(PrinterFault.PAPER_JAM, 1), "refused.print_failed", RefusalClass.OURS),
    (PaymentError("jammed", 100), "refused.payment_device", RefusalClass.OURS),
    (DeviceUnavailable("card reader", OFFLINE, ""), "refused.reader", RefusalClass.OURS),
    (DeviceTimeout("card reader", "signing", 15), "refused.reader", RefusalClass.OURS),
    (
        DeviceUnavailable("document printer", OFFLINE, ""),
        "refused.printer_not_ready",
        RefusalClass.OURS,
    ),
    (HardwareFault("document printer", "no A4"), "refused.printer_not_ready", RefusalClass.OURS),
    (DeviceTimeout("payment", "opening", 1), "refused.payment_device", RefusalClass.OURS),
    (JournalError("disk full"), "refused.ours", RefusalClass.OURS),
    (WorkerLost("killed"), "refused.ours", RefusalClass.OURS),
    (ZeroDivisionError("甲 1234"), "refused.ours", RefusalClass.OURS),
]


@pytest.mark.parametrize(("error", "reason", "kind"), CASES)
def test_every_failure_is_said_with_the_next_step(
    error: Exception, reason: str, kind: RefusalClass, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    refusal = refusal_for(error, VISIT, REFERENCE)
    assert (refusal.reason, refusal.kind) == (reason, kind)
    assert catalogue("en").has(reason)
    assert catalogue("en").has(f"{reason}.next")
    assert refusal.reference == (REFERENCE if kind is RefusalClass.OURS else "")
    (line,) = [record.getMessage() for record in caplog.records]
    assert VISIT in line
    assert "甲" not in line


def test_what_the_centre_refuses_is_passed_on_and_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Who was refused why is nobody's business here (I-17)."""
    caplog.set_level(logging.DEBUG)
    refusal = Refusal(kind=RefusalClass.PERSON, reason="refused.person", reference="R")
    assert refusal_for(CentreRefused(refusal), VISIT, REFERENCE) is refusal
    assert not caplog.records
