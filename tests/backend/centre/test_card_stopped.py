"""Cards that are no longer good, in whole visits over TLS: stopped, revoked, over, or nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import aiohttp
import msgspec
import pytest

from backend.development import Development, refresh, revoke
from terminal.link import wire
from tests.backend.centre.authority import HOTLINE
from tests.backend.centre.processes import process
from tests.backend.centre.world import (
    MORNING,
    Card,
    Line,
    Time,
    Visitor,
    World,
    client_context,
    nobody_there,
    open_world,
)


async def test_R44_the_persona_whose_certificate_is_revoked(line: Line, world: World) -> None:
    visitor = Visitor(line, Card.load(world.development.card("hayashi-sota")))
    await visitor.open()
    refusal = (await visitor.sign_in()).refusal()
    assert (refusal.kind, refusal.reason) == (
        wire.RefusalClass.CARD,
        "refused.certificate_revoked",
    )
    assert refusal.contact is not None
    assert "汐見市" in refusal.contact.office, "the city hall of the card's owner"


async def test_R69_a_card_stopped_between_two_visits(
    line: Line, visitor: Visitor, world: World
) -> None:
    await visitor.arrive()
    revoke(world.development, "aoki-haruna", suspend=True)
    again = Visitor(line, visitor.card)
    await again.open()
    assert (await again.sign_in()).refusal().reason == "refused.certificate_suspended"
    refusal = (await visitor.place(visitor.order())).refusal()
    assert refusal.reason == "refused.certificate_suspended", "not even the visit under way"


def silence_the_lists(development: Development) -> None:
    for path in development.jpki.glob("*.crl"):
        path.unlink()


def silence_the_books(development: Development) -> None:
    """As if nothing had reached the responder: it knows of nobody who was withdrawn."""
    development.revoked.write_text("{}", "utf-8")


@pytest.mark.parametrize("silence", [silence_the_lists, silence_the_books])
@pytest.mark.parametrize("persona", ["aoki-haruna", "shirai-nozomi"])
@pytest.mark.parametrize("suspend", [True, False])
async def test_R44_R69_the_list_and_the_responder_each_suffice(
    development: Development,
    time: Time,
    silence: Callable[[Development], None],
    persona: str,
    suspend: bool,
) -> None:
    """Of either generation; what one source does not know, the other says."""
    async with open_world(development, time) as world, world.line() as line:
        card = Card.load(development.card(persona))
        await Visitor(line, card).arrive()
        revoke(development, persona, suspend=suspend)
        silence(development)
        visitor = Visitor(line, card)
        await visitor.open()
        refusal = (await visitor.sign_in()).refusal()
    word = "suspended" if suspend else "revoked"
    assert refusal.reason == f"refused.certificate_{word}"


async def test_R44_a_card_whose_time_is_over(
    development: Development, time: Time, line: Line, visitor: Visitor
) -> None:
    time.pass_(days=4 * 365 + 1)
    refresh(development, time.clock)
    await visitor.arrive()
    time.pass_(days=1)
    again = Visitor(line, visitor.card)
    await again.open()
    refusal = (await again.sign_in()).refusal()
    assert refusal.reason == "refused.certificate_expired"
    assert refusal.contact is not None, "whom to ask for a new one"


async def test_I9_R69_with_the_responder_down_nobody_is_let_in_on_the_word_of_a_list(
    development: Development, time: Time
) -> None:
    async with open_world(development, time, responder=False) as world, world.line() as line:
        visitor = Visitor(line, Card.load(development.card("aoki-haruna")))
        await visitor.open()
        refusal = (await visitor.sign_in()).refusal()
        assert (refusal.kind, refusal.reason) == (wire.RefusalClass.OURS, "refused.centre")
        assert refusal.reference
        assert [row["requirement"] for row in world.rows("SELECT * FROM audit")] == ["I-9"]


async def test_I9_where_an_outage_is_allowed_for_a_list_lasts_as_long_as_its_bound(
    development: Development, time: Time
) -> None:
    settings = development.settings
    settings.write_text(
        settings.read_text("utf-8").replace("[cities]", "list_alone_age_s = 86400\n\n[cities]"),
        "utf-8",
    )
    published = time.now
    async with open_world(development, time, responder=False) as world, world.line() as line:
        card = Card.load(development.card("aoki-haruna"))
        time.pass_(days=1)
        visitor = await Visitor(line, card).arrive()
        assert visitor.offers is not None
        assert visitor.offers.certificate_good_as_of == published
        time.pass_(seconds=1)
        late = Visitor(line, card)
        await late.open()
        assert (await late.sign_in()).refusal().reason == "refused.centre"
        order = (await visitor.place(visitor.order())).refusal()
        assert order.reason == "refused.centre", "not even the visit under way"
        assert [row["requirement"] for row in world.rows("SELECT * FROM audit")] == ["I-9"] * 2


async def test_I9_whoever_asks_again_hears_the_same_moment(visitor: Visitor, time: Time) -> None:
    await visitor.open()
    body = visitor.sign_in_body()
    first = await visitor.sign_in(body)
    time.pass_(minutes=3)
    assert (await visitor.sign_in(body)).body == first.body
    assert visitor.offers is not None
    assert visitor.offers.certificate_good_as_of == time.now - timedelta(minutes=3)


async def test_I9_with_the_responder_up_an_old_list_is_not_missed(
    visitor: Visitor, time: Time
) -> None:
    time.pass_(days=50)  # beyond the dates of the responder that began, too
    await visitor.arrive()
    assert visitor.offers is not None
    assert visitor.offers.certificate_good_as_of == time.now


@pytest.mark.parametrize("own", [True, False])
async def test_R69_serve_runs_the_responder_and_asks_it(
    development: Development, own: bool
) -> None:
    """The backend as it is started: a running one, with no list, hears of a suspension at once.

    One that is told to ask somebody else runs none of its own.
    """
    card = Card.load(development.card("aoki-haruna"))
    with nobody_there() as elsewhere:
        text = development.settings.read_text("utf-8")
        if not own:
            text = text.replace("# ocsp = ", f'list_alone_age_s = 86400\nocsp = "{elsewhere}"  # ')
            development.settings.write_text(text, "utf-8")
        context = client_context(development.terminal())
        connector = aiohttp.TCPConnector(ssl=context)
        async with process(development) as url, aiohttp.ClientSession(connector=connector) as line:
            await Visitor(Line(line, url, "dev-1"), card).arrive()
            revoke(development, "aoki-haruna", suspend=True)
            silence_the_lists(development)
            visitor = Visitor(Line(line, url, "dev-1"), card)
            await visitor.open()
            refusal = (await visitor.sign_in()).refusal()
    assert refusal.reason == ("refused.certificate_suspended" if own else "refused.centre")


def test_I9_the_answer_says_as_of_when_with_an_offset() -> None:
    """A moment without one could be an hour ago or nine hours from now."""
    signed_in = wire.SignedIn(
        certificate_good_as_of=MORNING,
        city="wakabano",
        city_name="若葉野市",
        subject_tag=bytes(32),
        offers=(),
        contact=HOTLINE,
    )
    encoded = wire.encode(signed_in)
    assert wire.decode(encoded, wire.SignedIn).certificate_good_as_of == MORNING
    with pytest.raises(msgspec.ValidationError, match="certificate_good_as_of"):
        wire.decode(encoded.replace(b"10:00:00+09:00", b"10:00:00"), wire.SignedIn)
