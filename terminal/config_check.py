"""What is wrong with a configuration: contradictions between its sections, and mistakes put in words."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, inspect

if TYPE_CHECKING:
    from terminal.config import Config

GPIO_PINS = range(28)  # as the header of every Pi with 40 pins has them
I2C_PINS = {"SDA": 2, "SCL": 3}  # of bus 1, the one on the header


def contradictions(config: Config) -> list[str]:
    """What no section can see of itself, each with its places; a section's own are with its struct."""
    found = [
        f"pin {pin} is given to {' and to '.join(users)}: every line needs a pin of its own"
        for pin, users in _users(config).items()
        if len(users) > 1
    ]
    sources = {
        factory: name
        for name in config.__struct_fields__
        if (factory := getattr(getattr(config, name), "factory", None))
    }
    if len(sources) > 1:
        named = ", ".join(f"[{name}] {source!r}" for source, name in sources.items())
        found.append(f"factory: {named}: all pins of a terminal need the same one")
    return found


def needed_files(config: Config) -> Iterator[tuple[str, Path]]:
    """Every file, folder and device node that the sections name, with its place in the configuration."""
    for section in config.__struct_fields__:
        part = getattr(config, section)
        for field in getattr(part, "__struct_fields__", ()):
            value = getattr(part, field)
            for path in value if isinstance(value, tuple) else (value,):
                if isinstance(path, Path):
                    yield f"[{section}] {field}", path


def in_words(message: str, kind: type[Struct]) -> str:
    """Msgspec's ``… - at `$.link.url``` as ``[link] url: …``, with what may stand there instead."""
    what, _, where = message.replace("`key` in ", "").partition(" - at `$")
    keys = [key for key in where.rstrip("`").split(".") if key]
    if not keys:
        return f"{what}; systemd/terminal.toml shows every key there is"
    if what.startswith(("Invalid value", "Invalid enum value")) and (
        choices := _choices(kind, keys)
    ):
        what = f"{what}; it may be {', '.join(choices)}"
    section, rest = keys[0], ".".join(keys[1:])
    return f"[{section}] {rest}: {what}" if rest else f"[{section}] {what}"


def impossible_pins(raw: dict[str, object]) -> list[str]:
    """Pins that the header does not have, each by its place, which msgspec's own words leave out."""
    found = []
    for section, table in raw.items():
        if isinstance(table, dict):
            for field in ("pin", "pins", "rows", "columns"):
                given = table.get(field)
                for key, pin in _pins(tuple(given) if isinstance(given, list) else given):
                    if not (isinstance(pin, int) and pin in GPIO_PINS):
                        place = ".".join(filter(None, (field, key)))
                        found.append(
                            f"[{section}] {place}: {pin!r} is no GPIO of the header (0 to 27)"
                        )
    return found


def _users(config: Config) -> dict[int, list[str]]:
    """Who is given which pin, in the file's own words."""
    users: dict[int, list[str]] = {}
    for section in config.__struct_fields__:
        for field in ("pin", "pins", "rows", "columns"):
            given = getattr(getattr(config, section), field, None)
            for key, pin in _pins(given):
                users.setdefault(pin, []).append(
                    " ".join(filter(None, (f"[{section}]", field, key)))
                )
    if getattr(config.display, "bus", None) == 1:
        for line, pin in I2C_PINS.items():
            users.setdefault(pin, []).append(f"[display] ({line} of I2C bus 1)")
    return users


def _pins(given: object) -> Iterator[tuple[str, Any]]:
    match given:
        case int():
            yield "", given
        case dict():
            for key, pin in given.items():
                yield str(key.value if isinstance(key, Enum) else key), pin
        case tuple():
            for place, pin in enumerate(given, 1):
                yield str(place), pin
        case _:
            pass


def _choices(kind: type[Struct], keys: list[str]) -> list[str]:
    """What may stand at a place of the file, where that is one of a few words."""
    nodes: list[inspect.Type] = [inspect.type_info(kind)]
    for key in keys:
        if key != "type":
            nodes = [
                part
                for node in nodes
                if isinstance(node, inspect.StructType)
                for field in node.fields
                if field.encode_name == key
                for part in _parts(field.type)
            ]
    if keys[-1] == "type":
        return [str(node.tag) for node in nodes if isinstance(node, inspect.StructType)]
    return [str(word) for node in nodes for word in _words(node)]


def _parts(node: inspect.Type) -> tuple[inspect.Type, ...]:
    return node.types if isinstance(node, inspect.UnionType) else (node,)


def _words(node: inspect.Type) -> tuple[object, ...]:
    match node:
        case inspect.LiteralType():
            return tuple(node.values)
        case inspect.EnumType():
            return tuple(member.value for member in node.cls)
        case inspect.DictType():
            return _words(node.key_type)
        case _:
            return ()
