"""Applications and files, as every card of ISO/IEC 7816-4 knows them: SELECT and READ BINARY.

Everything here is harmless: nothing is written, no try is spent, and whatever the card answers, the same
may be asked again.

A protocol is written as generators: they yield commands and are sent responses, so that the same steps
run over any reader, in a test, or against any bytes.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

from drivers.card.apdu import MAX_LE, SW, Command, Response
from drivers.errors import ApduError, CardProtocolError

_T = TypeVar("_T")
Steps: TypeAlias = Generator[Command, Response, _T]

_CARD_FAILS = {0x64, 0x65, 0x6F}


def is_there(selected: Response, doing: str) -> bool:
    """False where the card says no; a card that fails (64, 65, 6F) has said nothing about itself."""
    if selected.sw >> 8 in _CARD_FAILS:
        raise ApduError(doing, selected.sw)
    return selected.sw == SW.OK


def single(command: Command) -> Steps[Response]:
    """One command, whatever it is."""
    return (yield command)


def select_application(aid: bytes) -> Steps[Response]:
    """By name, without its file control information."""
    return (yield Command(0x00, 0xA4, 0x04, 0x0C, aid))


def select_file(ef: int) -> Steps[Response]:
    return (yield Command(0x00, 0xA4, 0x02, 0x0C, ef.to_bytes(2, "big")))


def need_file(ef: int) -> Steps[None]:
    """Raises ApduError where there is no such file."""
    selected = yield from select_file(ef)
    if selected.sw != SW.OK:
        raise ApduError(f"SELECT {ef:04X}", selected.sw)


def read_start(ef: int, count: int, *, short: bool) -> Steps[bytes]:
    """Up to ``count`` (1 to 256) first bytes; b"" where the card says that it has no such file.

    ``short``: by the file's short id, in one command instead of two. The file is selected then, too.
    """
    if short:
        response = yield Command(0x00, 0xB0, 0x80 | ef, 0x00, le=count)
        if response.sw == SW.FILE_NOT_FOUND:
            return b""
    else:
        selected = yield from select_file(ef)
        if not is_there(selected, f"SELECT {ef:04X}"):
            return b""
        response = yield Command(0x00, 0xB0, 0x00, 0x00, le=count)
    if response.sw not in {SW.OK, SW.END_OF_FILE}:
        raise ApduError(f"READ of {ef:04X}", response.sw)
    return response.data


def read_on(offset: int, count: int) -> Steps[bytes]:
    """Exactly ``count`` bytes more of the selected file. Raises ApduError, CardProtocolError."""
    response = yield Command(0x00, 0xB0, offset >> 8, offset & 0xFF, le=count)
    if response.sw != SW.OK:
        raise ApduError(f"READ at {offset}", response.sw)
    if len(response.data) != count:
        raise CardProtocolError(f"{len(response.data)} bytes of {count} at {offset} were read")
    return response.data


def read_rest(start: bytes, size: int) -> Steps[bytes]:
    """The first ``size`` bytes of the selected file, of which ``start`` has been read."""
    content = bytearray(start[:size])
    while len(content) < size:
        content += yield from read_on(len(content), min(MAX_LE, size - len(content)))
    return bytes(content)
