"""The card's acts: identify it (R15, R41, R42), sign in with the PIN (R1, R14, R45)."""

from __future__ import annotations

import asyncio

from drivers.card.jpki import CardSummary, signature_algorithm
from drivers.card.kinds import CardKind
from drivers.card_reader import CardReader
from drivers.errors import (
    CardMute,
    NoCard,
    PinEntryCancelled,
    PinEntryIncomplete,
    PinEntryTimedOut,
    PinIncorrect,
    SeveralCards,
)
from terminal.acts.desk import Desk, Work
from terminal.link.binding import sign_in_message
from terminal.link.wire import Algorithm, Refusal, RefusalClass, SignedIn, SignIn
from terminal.visit.events import (
    ActRefused,
    CardInserted,
    CardRead,
    CardRemoved,
    PersonSignedIn,
    PinNotTaken,
    PinRejected,
    PinTypedAtReader,
    TypingCancelled,
    TypingTimedOut,
)
from terminal.visit.known import CardFacts, CardFault

WRONG_CARD = {
    CardKind.JUKI: "refused.card_juki",
    CardKind.ANDROID: "refused.card_android",
    CardKind.IPHONE: "refused.card_iphone",
    CardKind.LICENCE: "refused.card_licence",
    CardKind.TRANSIT: "refused.card_transit",
    CardKind.BANK: "refused.card_bank",
    CardKind.OTHER: "refused.card_other",
}


NOTICED_S = 1.5  # pcscd looks every 0.4 s at readers that cannot tell, and we once more after one
NOTICED_POLL_S = 0.05


async def read_card(desk: Desk, work: Work) -> None:
    try:
        card = await work.card.identify()
    except NoCard:
        # Contact can be lost with the card still lying there; then nothing more is told of it.
        lies_there = await _still_seen(desk.devices.card_reader)
        desk.emit(CardInserted(CardFault.MUTE) if lies_there else CardRemoved())
        return
    except CardMute:
        desk.emit(CardInserted(CardFault.MUTE))
        return
    except SeveralCards:
        desk.emit(CardInserted(CardFault.SEVERAL))
        return
    reason = _why_not(card)
    if reason is not None:
        desk.emit(ActRefused(Refusal(kind=RefusalClass.CARD, reason=reason)))
    elif card.tries_left is not None:
        at_reader = desk.devices.card_reader.pin_at_reader
        desk.emit(CardRead(CardFacts(card.tries_left, at_reader=at_reader)))


async def _still_seen(reader: CardReader) -> bool:
    """Whether a card lies there longer than a reader needs to notice that it was taken."""
    for _ in range(round(NOTICED_S / NOTICED_POLL_S)):
        if not reader.card_present:
            return False
        await asyncio.sleep(NOTICED_POLL_S)
    return reader.card_present


def _why_not(card: CardSummary) -> str | None:
    """Why nobody can sign in with this card; None for one whose PIN may be asked for."""
    if card.kind in WRONG_CARD:
        return WRONG_CARD[card.kind]
    if not card.certificate:
        return "refused.card_no_certificate"
    return "refused.card_no_pin" if card.tries_left is None else None


async def sign_in(desk: Desk, work: Work) -> None:
    """Exactly one VERIFY for the digits typed; they are wiped whatever happens."""
    pin = desk.pin.take()
    try:
        signature = await work.card.sign_in(pin, _message(work))
    except PinIncorrect as error:
        desk.emit(PinRejected(error.tries_left))
        return
    finally:
        # Also when it was cancelled before the card's turn came.
        pin[:] = bytes(len(pin))
    await _tell_centre(desk, work, signature)


async def sign_in_at_reader(desk: Desk, work: Work) -> None:
    """The same with the reader's own keys: the digits never come here (R14)."""
    typed = False

    def when_typed() -> None:
        nonlocal typed
        typed = True
        desk.emit(PinTypedAtReader())

    try:
        signature = await work.card.sign_in_at_reader(
            _message(work), desk.config.limits.pin_s, when_typed
        )
    except PinIncorrect as error:
        desk.emit(PinRejected(error.tries_left))
    except NoCard:
        if typed:
            raise
        desk.emit(CardRemoved())
    except PinEntryIncomplete:
        desk.emit(PinNotTaken())
    except PinEntryCancelled:
        desk.emit(TypingCancelled())
    except PinEntryTimedOut:
        desk.emit(TypingTimedOut())
    else:
        await _tell_centre(desk, work, signature)


def _message(work: Work) -> bytes:
    assert work.worker is not None
    assert work.opened is not None
    opened = work.opened
    return sign_in_message(opened.terminal, work.visit.id, opened.nonce, work.worker.public_key)


async def _tell_centre(desk: Desk, work: Work, signature: bytes) -> None:
    certificate = work.card.certificate
    request = SignIn(
        certificate=certificate,
        algorithm=Algorithm(signature_algorithm(certificate)),
        signature=signature,
    )
    path = f"/v1/visits/{work.visit.id}/sign-in"
    work.person = await desk.centre.put(path, request, SignedIn)
    desk.emit(PersonSignedIn(work.person))
