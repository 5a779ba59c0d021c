"""What a device can report as failed. Library exceptions never cross a driver: these do."""

from __future__ import annotations

from enum import Enum

from drivers.device import DeviceState


class DriverError(Exception):
    """Root of everything a driver raises."""


class DeviceUnavailable(DriverError):
    """The device cannot be used now; ``state`` says how it is missing, ``advice`` what to do."""

    def __init__(self, device: str, state: DeviceState, advice: str) -> None:
        how = "cannot be used" if state is DeviceState.ONLINE else f"is {state.value}"
        super().__init__(f"{device} {how}: {advice}")
        self.device = device
        self.state = state
        self.advice = advice


class DeviceTimeout(DriverError, TimeoutError):
    """The device did not answer within ``seconds``."""

    def __init__(self, device: str, doing: str, seconds: float) -> None:
        super().__init__(f"{device} did not finish {doing} within {seconds:g} s")
        self.device = device
        self.doing = doing
        self.seconds = seconds


class HardwareFault(DriverError):
    """The device answered, and what it answered is a fault."""

    def __init__(self, device: str, reason: str) -> None:
        super().__init__(f"{device}: {reason}")
        self.device = device
        self.reason = reason


class ImpossibleAct(DriverError, RuntimeError):
    """A simulated device was asked for what no person or machine could do (take absent paper)."""


class CardError(DriverError):
    """Something about the card rather than its reader."""


class NoCard(CardError):
    """There is no card, or it was pulled away while being spoken to."""


class CardMute(CardError):
    """Something is in the reader and does not answer: often a card the wrong way round."""


class SeveralCards(CardError):
    """More than one card lies in the reader; which of them is meant cannot be told."""


class CardExchanged(CardError):
    """Another card than the one that was read lies there now; nothing was sent to it."""


class ApduError(CardError):
    """The card answered a command with a status word that was not expected there."""

    def __init__(self, doing: str, sw: int) -> None:
        super().__init__(f"the card answered {sw:04X} to {doing}")
        self.doing = doing
        self.sw = sw


class CardProtocolError(CardError):
    """The card's bytes make no sense where a certificate, label or signature was expected."""


class PinIncorrect(CardError):
    """The PIN was wrong; the card says how many tries are left (R45)."""

    def __init__(self, tries_left: int) -> None:
        super().__init__(f"PIN incorrect, {tries_left} tries left")
        self.tries_left = tries_left


class PinBlocked(CardError):
    """The PIN is locked; only the holder at a city office can unlock it (R45, R46)."""


class PinEntryCancelled(CardError):
    """The person pressed the reader's own cancel key; the card was asked nothing."""


class PinEntryTimedOut(CardError):
    """Nobody typed a PIN on the reader's keys in time; the card was asked nothing."""


class PinEntryIncomplete(CardError):
    """Too few or too many digits were typed on the reader's keys; the card was asked nothing."""


class PrinterFault(Enum):
    """Why a printer cannot go on, in the words of the trade (IPP printer-state-reasons)."""

    PAPER_OUT = "paper out"
    PAPER_JAM = "paper jam"
    COVER_OPEN = "cover open"
    TONER_OUT = "toner out"
    WRONG_PAPER = "wrong paper"
    BUSY = "busy with another job"
    STOPPED = "stopped"
    OFFLINE = "offline"
    ABORTED = "aborted the job"
    OTHER = "reports a fault"


class PrinterError(DriverError):
    """Printing did not complete; ``sheets_out`` is how many sheets certainly left, None if unknown."""

    def __init__(self, fault: PrinterFault, sheets_out: int | None, detail: str = "") -> None:
        out = "unknown" if sheets_out is None else str(sheets_out)
        super().__init__(
            f"printer {fault.value}{': ' + detail if detail else ''} (sheets out: {out})"
        )
        self.fault = fault
        self.sheets_out = sheets_out
        self.detail = detail


class PaymentError(DriverError):
    """Money could not be taken, kept or given back; ``held_yen`` is what the device still holds."""

    def __init__(self, reason: str, held_yen: int | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.held_yen = held_yen
