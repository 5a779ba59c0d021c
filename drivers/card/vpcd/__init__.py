"""Puts a virtual card into a real pcscd, through the TCP port of vsmartcard's virtual reader.

``VpcdSlot`` is the slot, for programs; ``python -m drivers.card.vpcd`` the command, for people.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from drivers.card.apdu_log import Exchange
from drivers.card.oddities import PLAIN, Oddities
from drivers.card.software import SoftwareCard
from drivers.card.vpcd.stay import Stay
from drivers.device import DeviceState
from drivers.errors import DeviceUnavailable, ImpossibleAct

DEFAULT_PORT = 35963

_NOTICED_LIMIT_S = 5.0  # the driver looks for a card every 0.4 s
_PULLED_LIMIT_S = 2.0


class VpcdSlot:
    """A slot of a running pcscd. ``async with`` it, or ``close`` it; the card lives on its own thread.

    A card stays in the slot through restarts of pcscd, until it is removed or its oddities have it pulled.
    ``sign_delay_s`` is how much longer any card here takes to sign. ``listener`` is told each exchange,
    on the card's thread.
    """

    def __init__(
        self,
        port: int = DEFAULT_PORT,
        *,
        sign_delay_s: float = 0.0,
        listener: Callable[[Exchange], None] | None = None,
    ) -> None:
        self.port = port
        self.sign_delay_s = sign_delay_s
        self._listener = listener
        self._stay: Stay | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def occupied(self) -> bool:
        """False from when a card was pulled, too, though the reader may notice later (see ``remove``)."""
        return self._stay is not None and not self._stay.gone.done()

    @property
    def commands(self) -> int:
        """How many the card heard since it was laid down, or while the last one lay here."""
        return 0 if self._stay is None else self._stay.commands

    async def insert(self, card: SoftwareCard, oddities: Oddities = PLAIN) -> None:
        """Return when the reader has noticed. Raises ImpossibleAct, DeviceUnavailable (no pcscd there)."""
        await self._put(card, oddities)

    async def insert_mute(self) -> None:
        """Something that gives no answer to reset."""
        await self._put(None, PLAIN)

    async def remove(self) -> None:
        """The reader notices within 0.4 s, or with the next command."""
        if not self.occupied:
            raise ImpossibleAct("there is no card in the slot")
        await self.close()

    async def emptied(self) -> None:
        """Return when no card lies here: at once, or when its oddities have had it pulled.

        Raises ListenerFailed where it left because the listener could not be told.
        """
        if self._stay is not None:
            await asyncio.wait({asyncio.wrap_future(self._stay.gone)})
            failure = self._stay.gone.result()
            if failure is not None:
                raise failure

    async def close(self) -> None:
        if self._stay is not None:
            self._stay.end()
            await asyncio.wait({asyncio.wrap_future(self._stay.gone)}, timeout=_PULLED_LIMIT_S)

    async def _put(self, card: SoftwareCard | None, oddities: Oddities) -> None:
        if self.occupied:
            raise ImpossibleAct("there is a card in the slot already")
        stay = self._stay = Stay(
            self.port, card, oddities, self._listener, lambda: self.sign_delay_s
        )
        stay.start()
        done, _ = await asyncio.wait({asyncio.wrap_future(stay.noticed)}, timeout=_NOTICED_LIMIT_S)
        if not done:
            await self.close()
            advice = (
                f"no virtual reader took a card at port {self.port}: is pcscd running, with vpcd?"
            )
            raise DeviceUnavailable("virtual card reader", DeviceState.OFFLINE, advice)
