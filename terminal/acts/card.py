"""The card's acts: identify it (R15, R41, R42), sign in with the PIN (R1, R14, R45)."""

from __future__ import annotations

from drivers.card.jpki import CardKind, signature_algorithm
from drivers.errors import CardMute, NoCard, PinIncorrect
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
from terminal.visit.states import CardFacts

WRONG_CARD = {
    CardKind.JUKI: "refused.card_juki",
    CardKind.PHONE: "refused.card_phone",
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
        desk.emit(CardInserted(mute=True))
        return
    reason = WRONG_CARD.get(card.kind)
    if reason is None and not card.has_auth_certificate:
        reason = "refused.card_no_certificate"
    if reason is not None:
        desk.emit(ActRefused(Refusal(kind=RefusalClass.CARD, reason=reason)))
        return
    desk.emit(CardRead(CardFacts(tries_left=card.tries_left or 0)))


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
