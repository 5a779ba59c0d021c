"""A screen in words."""

from __future__ import annotations

import msgspec
import pytest

from terminal.panel.view import PICTURES, PanelChoice, PanelView, render
from terminal.visit.screen import Choice, Progress, Screen, ScreenKey, Text, Tone
from tests.terminal.panel.samples import IDLE, KINDS, PEOPLE, PIN


class Spelled:
    """A catalogue that says which text it was asked for."""

    def lookup(self, text: Text) -> str:
        args = ",".join(f"{name}={value}" for name, value in text.args.items())
        return f"<{text.id}{':' if args else ''}{args}>"


SCREEN = Screen(
    id="choosing",
    title=Text("choosing.title", {"city": "さくら市"}),
    lines=(Text("choosing.line"),),
    choices=(
        Choice(1, "a", Text("choice.a"), Text("choice.a.detail"), selected=True),
        Choice(2, "b", Text("choice.b"), enabled=False),
    ),
    keys=(ScreenKey.OK, ScreenKey.BACK),
    labels={ScreenKey.OK: Text("choosing.ok")},
    progress=Progress(1, 3),
    tone=Tone.ATTENTION,
    picture="money",
)


def test_every_text_is_looked_up() -> None:
    view = render(SCREEN, Spelled(), language="ja", attention=[Text("attention.card")])
    assert view.title == "<choosing.title:city=さくら市>"
    assert view.lines == ("<choosing.line>",)
    assert view.choices == (
        PanelChoice(
            number=1,
            value="a",
            label="<choice.a>",
            detail="<choice.a.detail>",
            selected=True,
        ),
        PanelChoice(number=2, value="b", label="<choice.b>", enabled=False),
    )
    assert [(key.key, key.label) for key in view.keys] == [
        ("ok", "<choosing.ok>"),
        ("back", "<key.back>"),
    ]
    assert view.attention == ("<attention.card>",)
    assert view.time_left == "<time.left:seconds={seconds}>"
    assert (view.tone, view.picture) == ("attention", "money")


def test_a_view_survives_the_wire() -> None:
    view = render(
        SCREEN,
        Spelled(),
        language="en",
        languages=[("ja", "日本語"), ("en", "English")],
        clock="10:42",
        terminal="1号機",
        remaining_s=12.5,
        warning=True,
    )
    assert msgspec.json.decode(msgspec.json.encode(view), type=PanelView) == view


@pytest.mark.parametrize(
    ("guide", "picture", "drawn"),
    [
        ("card_reader", None, "card_on_reader"),
        ("payment", None, "money"),
        ("payment", "take_card", "take_card"),
        (None, None, None),
        ("status", None, None),
        (None, "nobody_drew_this", None),
    ],
)
def test_the_drawing_is_the_named_one_or_that_of_the_thing_to_touch(
    guide: str | None, picture: str | None, drawn: str | None
) -> None:
    screen = Screen(id="x", title=Text("x"), picture=picture)
    assert render(screen, Spelled(), language="ja", guide=guide).picture == drawn


def test_there_is_a_drawing_for_every_step() -> None:
    steps = {"card_on_reader", "pin", "document", "take_card", "money", "printing", "take_paper"}
    assert steps | {"receipt", "farewell", "counter", "notice", "welcome"} <= PICTURES


def test_a_view_offers_what_it_shows_and_nothing_else() -> None:
    assert PIN.offers_key("0")
    assert PIN.offers_key("clear")
    assert not PIN.offers_key("ok")
    assert IDLE.offers_key("2")
    assert not IDLE.offers_key("3")
    assert not IDLE.offers_key("٣")
    assert not IDLE.offers_key("")
    assert PEOPLE.offers_choice("p1")
    assert not PEOPLE.offers_choice("p8")


def test_a_choice_that_is_off_is_not_offered() -> None:
    view = render(SCREEN, Spelled(), language="ja")
    assert view.offers_choice("a")
    assert not view.offers_choice("b")
    assert not view.offers_key("2")


@pytest.mark.parametrize("view", KINDS.values(), ids=KINDS)
def test_no_words_in_a_repr(view: PanelView) -> None:
    shown = repr(view) + "".join(map(repr, view.choices)) + "".join(map(repr, view.keys))
    assert view.title not in shown
    assert all(choice.label not in shown for choice in view.choices)
