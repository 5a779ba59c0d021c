"""Answers in parts, as cards of the older protocol (T=0) give them: 61xx, GET RESPONSE, 6Cxx."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from drivers.card.apdu import MAX_LE, SW, Command, Response
from drivers.card.software import just

_GET_RESPONSE = 0xC0


class Parts:
    """Between a reader and ``whole``, which answers a command at once and in full."""

    def __init__(self, whole: Callable[[Command], Response]) -> None:
        self._whole = whole
        self._waiting = Response(b"", SW.OK)

    def answer(self, command: Command) -> Response:
        if command.ins == _GET_RESPONSE:
            return self._next(command.le or MAX_LE)
        if command.data:  # over T=0 there is no room for an Le behind data
            command = dataclasses.replace(command, le=MAX_LE)
        self._waiting = Response(b"", SW.OK)
        response = self._whole(command)
        if response.sw == SW.END_OF_FILE:
            return just(0x6C00 | len(response.data))
        if not response.data:
            return response
        self._waiting = response
        return just(self._announcement())

    def _next(self, le: int) -> Response:
        data, sw = self._waiting.data, self._waiting.sw
        if not data:
            return just(SW.CONDITIONS_NOT_SATISFIED)
        if le > len(data):
            return just(0x6C00 | len(data))
        self._waiting = Response(data[le:], sw)
        return Response(data[:le], self._announcement())

    def _announcement(self) -> int:
        waiting = min(len(self._waiting.data), MAX_LE)
        return 0x6100 | waiting % MAX_LE if waiting else self._waiting.sw
