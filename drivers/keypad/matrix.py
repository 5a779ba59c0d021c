"""A keypad of rows and columns on GPIO pins (4 x 3, 4 x 4): steel ones of vending machines, membranes.

At rest every row is low and the columns wait for an edge, so that nobody has to look. A key that goes down
pulls its column low; then the rows are driven one after the other until it is found and all keys are up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack, suppress

from gpiozero import DigitalInputDevice, DigitalOutputDevice, Factory

from drivers.device import DeviceState, StateChanged
from drivers.errors import HardwareFault
from drivers.gpio_factory import claiming, driving, releasing
from drivers.keypad import Key, Keypad, KeyPressed

SCAN_S = 0.01
SURE_SCANS = 3  # contacts bounce for 5 to 20 ms
STUCK_S = 30.0

Position = tuple[int, int]


class MatrixKeypad(Keypad):
    """``rows`` and ``columns`` are BCM numbers, ``keys`` what stands where.

    Two keys at once close a third one that nobody touches: nothing is taken until one of them is up.
    """

    def __init__(
        self,
        rows: Sequence[int],
        columns: Sequence[int],
        keys: Sequence[Sequence[Key]],
        factory: Factory,
        *,
        name: str = "keypad",
    ) -> None:
        super().__init__(name)
        if len(keys) != len(rows) or any(len(row) != len(columns) for row in keys):
            raise ValueError(
                f"{name}: keys are {len(rows)} rows of {len(columns)}, as the pins are"
            )
        self._numbers = (tuple(rows), tuple(columns))
        self._keys = keys
        self._factory = factory
        self._claimed = ExitStack()
        self._rows: list[DigitalOutputDevice] = []
        self._columns: list[DigitalInputDevice] = []
        self._scanning: asyncio.Task[None] | None = None
        self._edge = False
        self._is_stuck = False
        self._cut_off = False  # in the middle of a scan: rows that float pull nothing low

    @property
    def fitted(self) -> frozenset[Key]:
        return frozenset(key for row in self._keys for key in row)

    async def open(self) -> None:
        loop = asyncio.get_running_loop()

        def moved() -> None:
            """On the pin library's thread, which dies if this raises."""
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._begin)

        with ExitStack() as claimed:
            rows = [self._row(number, claimed) for number in self._numbers[0]]
            columns = [self._column(number, claimed) for number in self._numbers[1]]
            for column in columns:
                column.when_activated = moved
            self._claimed = claimed.pop_all()
        self._moved = moved  # gpiozero holds what it calls weakly
        self._rows, self._columns = rows, columns
        self.publish(StateChanged(DeviceState.ONLINE))
        self._begin()  # a key may be down already: held by a finger, or stuck

    def _row(self, number: int, claimed: ExitStack) -> DigitalOutputDevice:
        with claiming(self, "keypad row", number):
            pin = DigitalOutputDevice(number, initial_value=False, pin_factory=self._factory)
        claimed.callback(pin.close)
        return pin

    def _column(self, number: int, claimed: ExitStack) -> DigitalInputDevice:
        with claiming(self, "keypad column", number):
            pin = DigitalInputDevice(number, pull_up=True, pin_factory=self._factory)
        claimed.callback(pin.close)
        return pin

    def _begin(self) -> None:
        self._edge = True
        if self._columns and (self._scanning is None or self._scanning.done()):
            self._scanning = asyncio.create_task(self._scan(), name="keypad scan")

    async def _scan(self) -> None:
        """Until every key is up again."""
        try:
            await self._scan_all()
        except HardwareFault:
            self._cut_off = True

    async def _scan_all(self) -> None:
        told: Position | None = None
        seen: list[frozenset[Position]] = []
        since = asyncio.get_running_loop().time()
        while True:
            seen = [*seen[1 - SURE_SCANS :], self._closed()]
            sure = len(seen) == SURE_SCANS and len(set(seen)) == 1
            if sure and not seen[0] and not self._edge:
                self._recovered()
                return
            self._edge = self._edge and not sure
            if sure and len(seen[0]) == 1 and told is None:
                told = next(iter(seen[0]))
                self.publish(KeyPressed(self._keys[told[0]][told[1]]))
            if sure and told is not None and told not in seen[0]:
                told = None
            if asyncio.get_running_loop().time() - since > STUCK_S:
                self._stuck(seen[-1])
            await asyncio.sleep(SCAN_S)

    def _closed(self) -> frozenset[Position]:
        """Which keys are down, by row and column. Leaves every row low, as at rest."""
        found: set[Position] = set()
        with driving(self, "scanning the keys", is_well=not self._is_stuck):
            for place, row in enumerate(self._rows):
                # The others let go: two keys of one column must never join a high row to a low one.
                for other in self._rows:
                    if other is not row:
                        _let_go(other)
                _drive_low(row)
                found |= {(place, n) for n, column in enumerate(self._columns) if column.is_active}
            for row in self._rows:
                _drive_low(row)
        return frozenset(found)

    def _stuck(self, down: frozenset[Position]) -> None:
        self._is_stuck = True
        where = ", ".join(f"row {row + 1} column {column + 1}" for row, column in sorted(down))
        self.publish(StateChanged(DeviceState.HARDWARE_ERROR, f"a key is stuck: {where}"))

    def _recovered(self) -> None:
        self._is_stuck = False
        self.publish(StateChanged(DeviceState.ONLINE))

    async def probe(self) -> None:
        """Is the chip there? While keys are down the scan sees it by itself; one that was cut off is made anew."""
        if not self._columns or not (self._scanning is None or self._scanning.done()):
            return
        with suppress(HardwareFault), driving(self, "reading the pins", is_well=not self._is_stuck):
            for row in self._rows if self._cut_off else ():
                _drive_low(row)
            for column in self._columns:
                _ = column.value
            if self._cut_off:
                self._cut_off = False
                self._begin()

    async def close(self) -> None:
        scanning, self._scanning = self._scanning, None
        if scanning is not None and not scanning.done():
            scanning.cancel()
            await asyncio.wait([scanning])
        self._rows, self._columns = [], []
        with releasing(self):
            self._claimed.close()
        self.publish(StateChanged(DeviceState.OFFLINE))


def _let_go(row: DigitalOutputDevice) -> None:
    assert row.pin is not None
    row.pin.input_with_pull("floating")


def _drive_low(row: DigitalOutputDevice) -> None:
    assert row.pin is not None
    row.pin.output_with_state(False)
