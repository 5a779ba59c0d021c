"""Our reader code and OpenSC's, one after the other at the same card, must see the same."""

from __future__ import annotations

import pytest

from drivers.card.oddities import LOCKED_WORDS, Moment, Oddities, Pull, Signature
from tests.drivers.card.cards import PIN, WRONG_PIN, new_card
from tests.interop.desk import Desk

SIGN, VERIFY_DATA = "80 2A", "00 20 00 80 ("


def command_of(desk: Desk, beginning: str) -> int:
    """At which command since the card was laid down this last happened."""
    return max(each.number for each in desk.heard if each.command.startswith(beginning))


async def test_both_read_the_same_certificate(desk: Desk) -> None:
    ours = await desk.ours()
    assert ours["kind"] == "my_number"
    assert bytes.fromhex(ours["certificate"]) == await desk.opensc_certificate()


async def test_both_signatures_are_the_same_bytes(desk: Desk) -> None:
    """As RSA with PKCS #1 v1.5 makes them."""
    ours = bytes.fromhex((await desk.ours(PIN))["signature"])
    assert ours == await desk.opensc_signature(PIN)
    assert await desk.verifies(ours)


async def test_openssl_verifies_the_signature_of_the_next_cards_curve(desk: Desk) -> None:
    """P-384 with SHA-384. OpenSC's driver knows RSA only."""
    await desk.lay(new_card(elliptic=True))
    ours = bytes.fromhex((await desk.ours(PIN))["signature"])
    assert await desk.verifies(ours, "sha384")
    assert not await desk.verifies(ours, "sha256")


async def test_R45_each_counts_the_tries_that_the_other_has_left(desk: Desk) -> None:
    async def both() -> tuple[int, int]:
        return (await desk.ours())["tries_left"], await desk.opensc_tries()

    assert await both() == (3, 3)
    assert (await desk.ours(WRONG_PIN))["error"] == "PinIncorrect"
    assert await both() == (2, 2)
    assert "CKR_PIN_INCORRECT" in (await desk.sign(WRONG_PIN)).text
    assert await both() == (1, 1)
    assert "signature" in await desk.ours(PIN)  # the right one restores them, for both
    assert await both() == (3, 3)
    for _ in range(2):
        await desk.sign(WRONG_PIN)
    assert await both() == (1, 1)
    assert await desk.opensc_signature(PIN)
    assert await both() == (3, 3)


@pytest.mark.parametrize("word", LOCKED_WORDS)
async def test_R45_a_locked_card_signs_for_neither(desk: Desk, word: int) -> None:
    """Ours says that it is locked in each of a card's words; OpenSC takes two of them for a strange card."""
    await desk.lay(new_card(tries_left=1), Oddities(locked_word=word))
    assert (await desk.ours(WRONG_PIN))["error"] == "PinBlocked"
    ours, opensc = await desk.ours(PIN), await desk.sign(PIN)
    assert (ours["tries_left"], ours["error"]) == (0, "PinBlocked")
    assert ours["certificate"]
    assert opensc.code != 0
    if word != 0x63C0:
        assert "CKR_TOKEN_NOT_RECOGNIZED" in opensc.text, opensc.text
    assert desk.card.tries_left == 0


@pytest.mark.parametrize("signature", [Signature.WRONG, Signature.GARBAGE])
async def test_a_false_signature_is_refused_by_us_and_passed_on_by_opensc(
    desk: Desk, signature: Signature
) -> None:
    await desk.lay(new_card(), Oddities(signature=signature))
    assert (await desk.ours(PIN))["error"] == "CardProtocolError"
    assert not await desk.verifies(await desk.opensc_signature(PIN))


@pytest.mark.parametrize("moment", [Moment.BEFORE, Moment.DURING])
async def test_a_card_that_is_pulled_while_it_signs_is_gone_for_both(
    desk: Desk, moment: Moment
) -> None:
    await desk.ours(PIN)
    pull = Pull(command_of(desk, SIGN), moment)
    await desk.lay(new_card(), Oddities(pull=pull))
    ours = await desk.ours(PIN)
    assert ours["error"] == "NoCard"
    assert "signature" not in ours
    assert not desk.slot.occupied

    await desk.lay(new_card())
    await desk.opensc_signature(PIN)
    pull = Pull(command_of(desk, SIGN), moment)
    await desk.lay(new_card(), Oddities(pull=pull))
    opensc = await desk.sign(PIN)
    assert opensc.code != 0
    assert "C_Sign" in opensc.text, opensc.text  # CKR_GENERAL_ERROR in 0.23
    assert not (desk.directory / "signature").exists()
    assert not desk.slot.occupied


async def test_a_card_that_is_pulled_after_it_signed_has_signed_for_both(desk: Desk) -> None:
    ours = bytes.fromhex((await desk.ours(PIN))["signature"])
    await desk.lay(new_card(), Oddities(pull=Pull(command_of(desk, SIGN), Moment.AFTER)))
    assert bytes.fromhex((await desk.ours(PIN))["signature"]) == ours
    assert not desk.slot.occupied

    await desk.lay(new_card())
    await desk.opensc_signature(PIN)
    await desk.lay(new_card(), Oddities(pull=Pull(command_of(desk, SIGN), Moment.AFTER)))
    await desk.sign(PIN)
    assert (desk.directory / "signature").read_bytes() == ours
    assert not desk.slot.occupied


async def test_R45_a_try_that_the_card_has_counted_is_seen_by_the_other(desk: Desk) -> None:
    """Pulled during VERIFY: the one who asked was told nothing, and the try is gone all the same."""
    await desk.ours(WRONG_PIN)
    pull = Pull(command_of(desk, VERIFY_DATA), Moment.DURING)
    card = new_card()
    await desk.lay(card, Oddities(pull=pull))
    assert (await desk.ours(WRONG_PIN))["error"] == "NoCard"
    await desk.lay(card)
    assert await desk.opensc_tries() == 2
    assert (await desk.ours())["tries_left"] == 2
