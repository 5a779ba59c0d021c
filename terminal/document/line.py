"""The daemon's end of the socket to a worker: messages out, messages and one descriptor in."""

from __future__ import annotations

import array
import asyncio
import os
import socket
from typing import Self

from terminal.document.messages import FromWorker, Inbox, ToWorker, framed

_CHUNK = 64 * 1024


class Line:
    """One speaker, one listener; time limits are the caller's."""

    def __init__(self, ours: socket.socket) -> None:
        ours.setblocking(False)
        self._socket = ours
        self._inbox: Inbox[FromWorker] = Inbox(FromWorker)
        self._descriptors: list[int] = []

    @classmethod
    def pair(cls) -> tuple[Self, socket.socket]:
        """A line and the socket of its other end."""
        ours, theirs = socket.socketpair()
        return cls(ours), theirs

    @property
    def descriptor(self) -> int | None:
        """The first that was received; it belongs to the line."""
        return self._descriptors[0] if self._descriptors else None

    async def send(self, message: ToWorker) -> None:
        """Raises OSError when the other end is gone."""
        await asyncio.get_running_loop().sock_sendall(self._socket, framed(message))

    async def receive(self) -> FromWorker | None:
        """The next message, None at the end; ValueError or msgspec.MsgspecError on nonsense."""
        while True:
            for message in self._inbox.messages():
                return message
            await _readable(self._socket)
            try:
                data, descriptors = _take(self._socket)
            except ConnectionError:  # it died with something of ours unread
                return None
            self._descriptors += descriptors
            if not data:
                return None
            self._inbox.feed(data)

    def close(self) -> None:
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()
        self._socket.close()


async def _readable(line: socket.socket) -> None:
    """Wait until ``line`` has something: asyncio's own receiving calls cannot take descriptors."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(line.fileno(), wake)
    try:
        await ready
    finally:
        loop.remove_reader(line.fileno())


def _take(line: socket.socket) -> tuple[bytes, array.array[int]]:
    """What lies ready, and the descriptors that came with it, not to be inherited by any child."""
    # socket.recv_fds takes flags and drops them.
    descriptors: array.array[int] = array.array("i")
    space = socket.CMSG_LEN(descriptors.itemsize)
    data, ancillary, _, _ = line.recvmsg(_CHUNK, space, socket.MSG_CMSG_CLOEXEC)
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    return data, descriptors
