"""The one place where exceptions become what a person is told and what staff can look up."""

from __future__ import annotations

import logging

from drivers.errors import (
    ApduError,
    CardError,
    CardExchanged,
    CardMute,
    DeviceTimeout,
    DeviceUnavailable,
    DriverError,
    HardwareFault,
    NoCard,
    PaymentError,
    PinBlocked,
    PrinterError,
    SeveralCards,
)
from terminal.document.errors import ClerkDisagreement, IntegrityError
from terminal.errors import CentreProblem, CentreRefused, JournalError, LinkDown, OutcomeUnknown
from terminal.link.wire import Refusal, RefusalClass
from terminal.visit.step import CARD_REMOVED, PIN_LOCKED

logger = logging.getLogger(__name__)

LATCHING = (IntegrityError, ClerkDisagreement)
"""After these no later success makes the route trustworthy again (I-10): a person must look."""


def refusal_for(error: BaseException, visit: str, reference: str) -> Refusal:
    """What the person sees. Logs one line without anything personal; of our own faults they also
    see ``reference``, by which staff find the visit."""
    if isinstance(error, CentreRefused):
        return error.refusal
    refusal = _known(error)
    logger.warning("visit %s: %s (%s)", visit, refusal.reason, _line(error))
    if refusal.kind is RefusalClass.OURS:
        return Refusal(kind=refusal.kind, reason=refusal.reason, reference=reference)
    return refusal


def _known(error: BaseException) -> Refusal:
    match error:
        case PinBlocked():
            return PIN_LOCKED
        case NoCard():
            return CARD_REMOVED
        case CardExchanged() | SeveralCards():
            return Refusal(kind=RefusalClass.CARD, reason="refused.card_exchanged")
        case CardMute() | ApduError() | CardError():
            return Refusal(kind=RefusalClass.CARD, reason="refused.card_unreadable")
        case LinkDown() | OutcomeUnknown():
            return _ours("refused.no_link")
        case CentreProblem():
            return _ours("refused.centre")
        case IntegrityError() | ClerkDisagreement():
            return _ours("refused.document_check")
        case PrinterError():
            return _ours("refused.print_failed")
        case PaymentError():
            return _ours("refused.payment_device")
        case DeviceUnavailable() | DeviceTimeout() | HardwareFault() if "reader" in error.device:
            return _ours("refused.reader")
        case DeviceUnavailable() | DeviceTimeout() | HardwareFault() if "printer" in error.device:
            return _ours("refused.printer_not_ready")
        case DeviceUnavailable() | DeviceTimeout() | HardwareFault() if "payment" in error.device:
            return _ours("refused.payment_device")
        case _:
            return _ours("refused.ours")


def _ours(reason: str) -> Refusal:
    return Refusal(kind=RefusalClass.OURS, reason=reason)


def _line(error: BaseException) -> str:
    """Our own errors carry nothing personal; of strangers only the kind is told."""
    if isinstance(error, DriverError | JournalError | LinkDown | OutcomeUnknown | CentreProblem):
        return f"{type(error).__name__}: {error}"
    return type(error).__name__
