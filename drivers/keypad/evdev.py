"""A wired USB numeric keypad, read from the kernel and from nobody else.

No thread and no library: the kernel's records are 24 bytes each, and the event loop knows when there are
some. A keypad that is pulled out is told at once; one that is plugged in again is found within a second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable
from drivers.keypad import Key, Keypad, KeyPressed
from drivers.keypad.input_device import EV_KEY, EV_SYN, SYN_DROPPED, InputDevice, Record
from drivers.keypad.key_codes import KEY_OF_CODE, NUM_LOCK

logger = logging.getLogger(__name__)

LOOK_AGAIN_S = 1.0
_DOWN = 1  # 0 is up, 2 is held down: a finger that rests on a key has pressed it once

Opener = Callable[[str, Path], InputDevice]


class EvdevKeypad(Keypad):
    """``path`` is the keypad's own, of those in /dev/input/by-id: numbers change with every plug.

    A keypad that is missing, held by another program or wireless is a state with its reason, not an error
    of opening: what can be mended is noticed when it is.
    """

    def __init__(
        self,
        path: Path,
        codes: Mapping[Key, int] | None = None,
        *,
        name: str = "keypad",
        opener: Opener = InputDevice.grabbed,
    ) -> None:
        super().__init__(name)
        self._keys = KEY_OF_CODE | {code: key for key, code in (codes or {}).items()}
        self._path = path
        self._opener = opener
        self._input: InputDevice | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._is_dropping = False

    @property
    def fitted(self) -> frozenset[Key]:
        return frozenset(self._keys.values())

    async def open(self) -> None:
        self._look()

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        self._let_go()
        self.publish(StateChanged(DeviceState.OFFLINE))

    def _look(self) -> None:
        """Take the keypad, or say why not and look again."""
        self._looking = None
        loop = asyncio.get_running_loop()
        try:
            self._input = self._opener(self.name, self._path)
        except DeviceUnavailable as error:
            self.publish(StateChanged(error.state, error.advice))
            self._looking = loop.call_later(LOOK_AGAIN_S, self._look)
            return
        self._is_dropping = False
        self._light_num_lock()
        loop.add_reader(self._input.fd, self._read)
        self.publish(StateChanged(DeviceState.ONLINE))

    def _read(self) -> None:
        if self._input is None:
            return
        try:
            for record in self._input.records():
                self._heard(record)
        except OSError as error:
            logger.info("%s: %s", self.name, error.strerror)
            self._let_go()
            self.publish(StateChanged(DeviceState.NO_DEVICE, f"{self._path}: check its cable"))
            self._looking = asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._look)

    def _heard(self, record: Record) -> None:
        if record.type == EV_SYN:
            if record.code == SYN_DROPPED:
                logger.warning("%s: keys were pressed faster than they were read", self.name)
            self._is_dropping = record.code == SYN_DROPPED
            return
        if self._is_dropping or record.type != EV_KEY or record.value != _DOWN:
            return
        if record.code == NUM_LOCK:
            self._light_num_lock()
            return
        key = self._keys.get(record.code)
        if key is not None:
            self.publish(KeyPressed(key))

    def _light_num_lock(self) -> None:
        try:
            if self._input is not None:
                self._input.light_num_lock()
        except OSError as error:
            logger.info("%s: its NumLock light cannot be set: %s", self.name, error.strerror)

    def _let_go(self) -> None:
        given_up, self._input = self._input, None
        if given_up is not None:
            asyncio.get_running_loop().remove_reader(given_up.fd)
            given_up.close()
