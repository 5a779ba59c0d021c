"""The card's acts: identify it (R15, R41, R42), sign in with the PIN (R1, R14, R45)."""

from __future__ import annotations

from drivers.card.jpki import CardSummary, signature_algorithm
from drivers.card.kinds import CardKind
from drivers.errors import CardMute, NoCard, PinIncorrect, SeveralCards
from terminal.acts.desk import Desk, Work
from terminal.link.wire import Algorithm, Refusal, RefusalClass, SignedIn, SignIn, sign_in_message
from terminal.visit.events import (
    ActRefused,
    CardInserted,
    CardRead,
    CardRemoved,
    PersonSignedIn,
    PinRejected,
)
from terminal.visit.states import CardFacts, CardFault

WRONG_CARD = {
    CardKind.JUKI: "refused.card_juki",
    CardKind.ANDROID: "refused.card_android",
    CardKind.IPHONE: "refused.card_iphone",
    CardKind.LICENCE: "refused.card_licence",
    CardKind.TRANSIT: "refused.card_transit",
    CardKind.BANK: "refused.card_bank",
    CardKind.OTHER: "refused.card_other",
}


async def read_card(desk: Desk, work: Work) -> None:
    try:
        card = await work.card.identify()
    except NoCard:
        desk.emit(CardRemoved())
        return
    except CardMute:
        desk.emit(CardRemoved())
        desk.emit(CardInserted(CardFault.MUTE))
        return
    except SeveralCards:
        desk.emit(CardInserted(CardFault.SEVERAL))
        return
    reason = _why_not(card)
    if reason is not None:
        desk.emit(ActRefused(Refusal(kind=RefusalClass.CARD, reason=reason)))
    elif card.tries_left is not None:
        desk.emit(CardRead(CardFacts(tries_left=card.tries_left)))


def _why_not(card: CardSummary) -> str | None:
    """Why nobody can sign in with this card; None for one whose PIN may be asked for."""
    if card.kind in WRONG_CARD:
        return WRONG_CARD[card.kind]
    if not card.certificate:
        return "refused.card_no_certificate"
    return "refused.card_no_pin" if card.tries_left is None else None


async def sign_in(desk: Desk, work: Work) -> None:
    """Exactly one VERIFY for the digits typed; they are wiped whatever happens."""
    assert work.worker is not None
    assert work.opened is not None
    opened = work.opened
    message = sign_in_message(opened.terminal, work.visit.id, opened.nonce, work.worker.public_key)
    pin = desk.pin.take()
    try:
        signature = await work.card.sign_in(pin, message)
    except PinIncorrect as error:
        desk.emit(PinRejected(error.tries_left))
        return
    finally:
        # Also when it was cancelled before the card's turn came.
        pin[:] = bytes(len(pin))
    certificate = work.card.certificate
    request = SignIn(
        certificate=certificate,
        algorithm=Algorithm(signature_algorithm(certificate)),
        signature=signature,
    )
    path = f"/v1/visits/{work.visit.id}/sign-in"
    work.person = await desk.centre.put(path, request, SignedIn)
    desk.emit(PersonSignedIn(work.person))
