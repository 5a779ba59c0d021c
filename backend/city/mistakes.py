"""What is wrong with a file that a person wrote: the place as it stands there, and what may stand there.

msgspec names a place by the types alone: it says ``fees[...]`` for any fee, and of a word that it does not
know not which words it knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec
from msgspec import inspect

T = TypeVar("T")
_STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.*)`")
_FEW = 24  # words that may stand somewhere; more are no help


def converted(data: object, kind: type[T]) -> T:
    """``data`` as ``kind``. Raises ValueError with the place, what is wrong, and what may stand there."""
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise ValueError(_explained(str(error), data, kind)) from error


def _explained(said: str, data: object, kind: type) -> str:
    what, _, where = said.partition(" - at ")
    is_key = where.startswith("`key`")
    path = where.rpartition("`$")[2].rstrip("`")
    place, info = _walked(path, data, inspect.type_info(kind))
    unknown = _UNKNOWN_FIELD.match(what)
    if unknown and isinstance(info, inspect.StructType):
        what = f"there is no {unknown[1]!r} here; there are"
        known: Iterable[str] = sorted(one.encode_name for one in info.fields)
    else:
        known = _words(info.key_type if is_key and isinstance(info, inspect.DictType) else info)
        what = f"{what}; there may stand" if known else what
    return f"{place or 'the file'}: {' '.join([what, ', '.join(known)]).strip()}"


def _walked(path: str, data: object, info: inspect.Type) -> tuple[str, inspect.Type]:
    """The place in the words of the file, and the type that it has."""
    place = ""
    for name, number in _STEP.findall(path):
        info = _only(info)
        if name and isinstance(info, inspect.StructType):
            info = next(one.type for one in info.fields if one.encode_name == name)
            data = data.get(name) if isinstance(data, Mapping) else None
            place += f".{name}" if place else name
        elif number == "..." and isinstance(info, inspect.DictType):
            key = _wrong_key(data, info.value_type)
            info, data = info.value_type, data.get(key) if isinstance(data, dict) else None
            place += f".{key}"
        elif isinstance(info, (inspect.VarTupleType, inspect.ListType, inspect.FrozenSetType)):
            info = info.item_type
            place += f"[{number}]"
            data = data[int(number)] if isinstance(data, list) and number.isdigit() else None
    return place, _only(info)


def _wrong_key(data: object, info: inspect.Type) -> str:
    """Which of a table's keys has the value that is refused."""
    table = data if isinstance(data, dict) else {}
    return next((str(key) for key, value in table.items() if not _fits(value, info)), "...")


def _fits(value: object, info: inspect.Type) -> bool:
    """Whether a value is of a type, as far as tables of this kind have such values."""
    if isinstance(info, inspect.IntType):
        return isinstance(value, int) and _is_between(value, info)
    if isinstance(info, inspect.StructType):
        try:
            msgspec.convert(value, info.cls)
        except msgspec.ValidationError:
            return False
    return True


def _is_between(value: int, info: inspect.IntType) -> bool:
    return (
        (info.gt is None or value > info.gt)
        and (info.ge is None or value >= info.ge)
        and (info.lt is None or value < info.lt)
        and (info.le is None or value <= info.le)
    )


def _only(info: inspect.Type) -> inspect.Type:
    """Of “this or nothing”, this."""
    if isinstance(info, inspect.UnionType):
        return next((one for one in info.types if not isinstance(one, inspect.NoneType)), info)
    return info


def _words(info: inspect.Type) -> tuple[str, ...]:
    """The few words that may stand there."""
    if isinstance(info, inspect.EnumType):
        found = tuple(str(one.value) for one in info.cls)
    elif isinstance(info, inspect.LiteralType):
        found = tuple(map(str, info.values))
    else:
        found = ()
    return found if len(found) <= _FEW else ()
