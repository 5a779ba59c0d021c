"""Another card with something odd about it (``drivers.card.oddities``).

The plain cards stay plain: this one stands between them and a reader, in memory as well as in pcscd. What
takes time is left to the reader, which must be able to give up: ``seconds_for`` says how long.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from drivers.card.apdu import SW, Command, Response
from drivers.card.jpki import AUTH_CERTIFICATE_EF
from drivers.card.kinds import CardKind
from drivers.card.oddities import (
    PLAIN,
    Certificate,
    MasterFile,
    Moment,
    Oddities,
    Signature,
)
from drivers.card.parts import Parts
from drivers.card.software import SoftwareCard, just
from drivers.card.virtual import AVAILABILITY_EF, AVAILABLE
from drivers.errors import NoCard

_VERIFY, _COMPUTE_SIGNATURE, _SELECT, _READ = 0x20, 0x2A, 0xA4, 0xB0
_NO_AUTHENTICATION = bytes((AVAILABLE, AVAILABLE)), bytes((AVAILABLE, 0))
_TRUNCATED_SIZE = 300  # within the second block of any certificate
_HEADER_SIZE = 4


class OddCard(SoftwareCard):
    """One stay of ``card`` in a reader: commands are counted from when this was made.

    ``on_pulled`` is told when the oddities have it pulled: before ``transmit`` raises NoCard, or else
    before it returns the last answer, which the reader still delivers (Moment.AFTER).
    """

    def __init__(
        self,
        card: SoftwareCard,
        oddities: Oddities = PLAIN,
        on_pulled: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__()
        self.commands = 0
        self.is_pulled = False
        self._card = card
        self._oddities = oddities
        self._on_pulled = on_pulled
        self._parts = Parts(self._answer_whole) if oddities.get_response else None
        self._stumbles = False
        self._ef = 0

    @property
    def kind(self) -> CardKind:
        return self._card.kind

    @property
    def atr(self) -> bytes:
        return self._card.atr if self._oddities.atr is None else self._oddities.atr

    def power_on(self) -> bytes:
        if not self.is_powered:
            self._stumbles = self._oddities.fails_first
        self._ef = 0
        self._card.power_on()
        return super().power_on()

    def power_off(self) -> None:
        super().power_off()
        self._card.power_off()

    def seconds_for(self, octets: bytes | bytearray) -> float:
        """How long the next command, ``octets``, will take; infinite where no answer ever comes."""
        odd = self._oddities
        if odd.silent_at is not None and self.commands + 1 >= odd.silent_at:
            return math.inf
        signs = octets[1:2] == bytes((_COMPUTE_SIGNATURE,))
        return odd.apdu_delay_s + (odd.sign_delay_s if signs else 0.0)

    def transmit(self, octets: bytes | bytearray) -> bytes:
        """One command, one answer. Raises ImpossibleAct without power, NoCard when pulled."""
        self.commands += 1
        pull = self._oddities.pull
        moment = pull.moment if pull is not None and pull.command == self.commands else None
        if self.is_pulled or moment is Moment.BEFORE:
            raise self._gone()
        answer = super().transmit(octets)
        if moment is Moment.DURING:
            raise self._gone()
        if moment is Moment.AFTER:
            self._gone()
        return answer

    def _gone(self) -> NoCard:
        if not self.is_pulled:
            self.is_pulled = True
            self._on_pulled()
        return NoCard(f"the card was pulled at its command {self.commands}")

    def _answer(self, command: Command) -> Response:
        if self._stumbles:
            self._stumbles = False
            return just(SW.NO_DIAGNOSIS)
        if self._parts is not None:
            return self._parts.answer(command)
        return self._answer_whole(command)

    def _answer_whole(self, command: Command) -> Response:
        own = self._own_answer(command)
        if own is not None:
            return own
        response = self._ask(self._as_heard(command))
        self._follow(command, response)
        return self._as_spoken(command, response)

    def _ask(self, command: Command) -> Response:
        return Response.decode(self._card.transmit(command.encode()))

    def _own_answer(self, command: Command) -> Response | None:
        """Where the card is not asked at all."""
        odd = self._oddities
        if odd.no_pin and command.ins == _VERIFY:
            return just(SW.REFERENCE_DATA_NOT_FOUND)
        if not odd.short_ids and _has_short_id(command):
            return just(SW.WRONG_P1_P2)
        is_master_file = (command.ins, command.p1, command.data) == (_SELECT, 0x00, b"")
        if is_master_file and odd.master_file is MasterFile.LEAVES:
            self._card.power_on()  # a warm reset: selects nothing, and keeps a verified PIN
            self._ef = 0
            return just(SW.OK)
        return None

    def _as_heard(self, command: Command) -> Command:
        if command.ins == _COMPUTE_SIGNATURE and self._oddities.signature is Signature.WRONG:
            return dataclasses.replace(command, data=_changed(bytes(command.data)))
        return command

    def _as_spoken(self, command: Command, response: Response) -> Response:
        match command.ins:
            case 0x20 if response.sw == SW.REFERENCE_DATA_BLOCKED:
                return just(self._oddities.locked_word)
            case 0x2A if self._oddities.signature is Signature.GARBAGE:
                return dataclasses.replace(response, data=_noise(len(response.data)))
            case 0xB0 if self._ef == AUTH_CERTIFICATE_EF:
                return self._certificate(_offset(command), response)
            case 0xB0 if self._ef == AVAILABILITY_EF:
                return self._availability(response)
            case _:
                return response

    def _follow(self, command: Command, response: Response) -> None:
        """Which file is the selected one now."""
        if command.ins == _SELECT and response.sw == SW.OK:
            self._ef = int.from_bytes(command.data, "big") if command.p1 == 0x02 else 0
        elif command.ins == _READ and command.p1 & 0x80 and response.sw != SW.FILE_NOT_FOUND:
            self._ef = command.p1 & 0x1F

    def _certificate(self, offset: int, response: Response) -> Response:
        data = response.data
        match self._oddities.certificate:
            case Certificate.WHOLE:
                return response
            case Certificate.ABSENT:
                return Response(b"\xff" * len(data), response.sw)
            case Certificate.GARBAGE:
                header = data[: max(0, _HEADER_SIZE - offset)]
                return Response(header + _noise(len(data) - len(header)), response.sw)
            case Certificate.TRUNCATED if offset >= _TRUNCATED_SIZE:
                return just(SW.WRONG_OFFSET)
            case Certificate.TRUNCATED:
                kept = data[: _TRUNCATED_SIZE - offset]
                return Response(kept, response.sw if kept == data else SW.END_OF_FILE)

    def _availability(self, response: Response) -> Response:
        if self._oddities.certificate is not Certificate.ABSENT:
            return response
        return dataclasses.replace(response, data=response.data.replace(*_NO_AUTHENTICATION))


def _has_short_id(command: Command) -> bool:
    if command.ins == _READ:
        return bool(command.p1 & 0x80)
    return command.ins in {_VERIFY, _COMPUTE_SIGNATURE} and bool(command.p2 & 0x1F)


def _offset(command: Command) -> int:
    return command.p2 if command.p1 & 0x80 else command.p1 << 8 | command.p2


def _changed(data: bytes) -> bytes:
    return data[:-1] + bytes((data[-1] ^ 1,)) if data else data


def _noise(count: int) -> bytes:
    """The same every time, and no structure of any kind."""
    return bytes((at * 151 + 77) % 256 for at in range(count))
