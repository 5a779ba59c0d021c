"""A screen → what is said of it, in texts of the catalogue; the third rendering beside page and display.

To somebody who looks, little is said, so that nobody else hears more of a visit than must be. To somebody who
uses the keypad, the switches or headphones (``by_ear``) everything on the screen is, in the order in which it
stands, with the number of every choice and the name of every key. Names are spelled for headphones only (R59).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from terminal.signals import Say
from terminal.switches import Stop
from terminal.visit.screen import Argument, Choice, Named, Screen, ScreenKey, Text
from terminal.voice.phrases import can_be_spelled

TYPED_ALL = 4
KEYS = (ScreenKey.OK, ScreenKey.CLEAR, ScreenKey.BACK, ScreenKey.CANCEL)
"""The keys that are named on a screen, in the order in which they are; the others when first met."""
FIRST_MET = frozenset({"idle", "guide", "consent", "out_of_service", "closed"})


@dataclass(frozen=True, slots=True)
class Listener:
    """``by_ear``: everything is said. ``alone``: in headphones, where nobody else hears it.
    ``by_switches``: with two switches, so that the names of keys mean nothing."""

    by_ear: bool = False
    alone: bool = False
    by_switches: bool = False


def entering(screen: Screen, says: Say, listener: Listener) -> tuple[Text, ...]:
    """What is said when a screen is met."""
    if listener.by_ear and says is not Say.ASKED:
        return everything(screen, listener, keys=screen.id in FIRST_MET)
    match says:
        case Say.ASKED | Say.NOTHING:
            return ()
        case Say.TITLE:
            return (screen.title,)
        case Say.LINES:
            return (screen.title, *_lines(screen, listener))


def everything(screen: Screen, listener: Listener, *, keys: bool = True) -> tuple[Text, ...]:
    """All that is on a screen; with ``keys`` also those that are the same on every screen."""
    return tuple(_everything(screen, listener, keys=keys))


def _everything(screen: Screen, listener: Listener, *, keys: bool) -> Iterator[Text]:
    yield screen.title
    yield from _lines(screen, listener)
    for choice in screen.choices:
        yield from said_choice(choice, listener)
    if not listener.alone and any(_person(choice) is not None for choice in screen.choices):
        yield Text("voice.names_in_headphones")
    if listener.by_switches:
        yield from (Text("switch.how"),) if keys else ()
        return
    yield from (_named(key, screen) for key in KEYS if key in screen.keys)
    if keys and ScreenKey.LANGUAGE in screen.keys:
        yield Text("voice.keys.language")
    if keys:
        yield Text("voice.keys")


def _named(key: ScreenKey, screen: Screen) -> Text:
    """What the key does, and how it is called."""
    if key is not ScreenKey.OK:
        return Text(f"voice.keys.{key.value}")
    if key not in screen.labels:
        return Text("voice.keys.go_on")
    return Text("voice.keys.ok", {"label": f"@{screen.labels[key].id}"})


def changed(before: Screen, after: Screen, listener: Listener) -> tuple[Text, ...]:
    """What is said when something on the same screen has changed: that, and nothing else."""
    if not listener.by_ear:
        return ()
    if before.pin_length != after.pin_length and after.pin_length is not None:
        return (_typed(after.pin_length, after),)
    was = {choice.value: choice for choice in before.choices}
    texts: list[Text] = []
    for choice in after.choices:
        if choice.value not in was or choice.selected != was[choice.value].selected:
            texts += said_choice(choice, listener)
    known = {(line.id, str(dict(line.args))) for line in before.lines}
    texts += [
        line for line in _lines(after, listener) if (line.id, str(dict(line.args))) not in known
    ]
    return tuple(texts)


def _typed(count: int, screen: Screen) -> Text:
    """How many digits, never which; the same words whoever types what."""
    if count == 0:
        return screen.title
    return Text("voice.all_typed") if count == TYPED_ALL else Text("voice.typed", {"typed": count})


def said_choice(choice: Choice, listener: Listener) -> tuple[Text, ...]:
    """Its number, what it is, and whether it is chosen."""
    said = [*_numbered(choice, listener)]
    if choice.detail is not None:
        said.append(choice.detail)
    if not choice.enabled:
        said.append(Text("voice.not_available"))
    elif choice.selected is not None:
        said.append(Text("voice.chosen" if choice.selected else "voice.not_chosen"))
    return tuple(said)


def _numbered(choice: Choice, listener: Listener) -> tuple[Text, ...]:
    person = _person(choice)
    if person is not None and not (listener.alone and can_be_spelled(person)):
        return (Text("voice.person", {"number": choice.number, "which": choice.number}),)
    if person is None and choice.label.args:
        return (Text("voice.number", {"number": choice.number}), choice.label)
    label: Argument = person if person is not None else f"@{choice.label.id}"
    return (Text("voice.choice", {"number": choice.number, "label": label}),)


def _person(choice: Choice) -> Named | None:
    named = choice.label.args.get("name")
    return named if isinstance(named, Named) else None


def _lines(screen: Screen, listener: Listener) -> tuple[Text, ...]:
    """Nothing printed yet, nothing paid yet: that is not worth a sentence."""
    return tuple(_line(line, listener) for line in screen.lines if 0 not in line.args.values())


def _line(line: Text, listener: Listener) -> Text:
    people = line.args.get("people")
    if isinstance(people, tuple) and not (listener.alone and all(map(_can_be_said, people))):
        return Text("voice.people_count", {"count": len(people)})
    return line


def _can_be_said(who: str | Named) -> bool:
    return isinstance(who, str) or can_be_spelled(who)


def reached(stop: Stop, screen: Screen, listener: Listener) -> tuple[Text, ...]:
    """What two switches have come to. A digit of a PIN is said in headphones alone."""
    if stop.is_digit:
        if not listener.alone:
            return (Text("switch.digits_in_headphones"),)
        return (Text("switch.digit", {"digit": int(stop.key or "0")}),)
    if stop.key is not None:
        shown = {key.value: label for key, label in screen.labels.items()}
        label = shown.get(stop.key, Text(f"key.{stop.key}"))
        return (Text("switch.focus", {"label": f"@{label.id}"}),)
    choice = next(each for each in screen.choices if each.value == stop.choice)
    return said_choice(choice, listener)
