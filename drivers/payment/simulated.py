"""A coin and note acceptor with escrow, a hopper for change and a cup, worked by a program."""

from __future__ import annotations

from collections.abc import Callable

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, ImpossibleAct, PaymentError
from drivers.payment import MoneyInserted, Payment, PaymentStatus

TAKEN_YEN = frozenset({10, 50, 100, 500, 1000})
FALLS_THROUGH_YEN = frozenset({1, 5, 2000, 5000, 10000})  # money, but not for this machine


class SimulatedPayment(Payment):
    """Escrow, cup and counter outlive closing, as coins outlive a power cut.

    ``on_cup`` is told the yen in the change cup whenever they change.
    """

    def __init__(
        self,
        name: str = "payment",
        *,
        kept_yen: int = 0,
        on_cup: Callable[[int], None] | None = None,
    ) -> None:
        super().__init__(name)
        self.on_cup = on_cup
        self._kept_yen = kept_yen
        self._held_yen = 0
        self._cup_yen = 0
        self._target_yen = 0  # 0: the slot is shut
        self._jammed = False

    async def open(self) -> None:
        self.publish(StateChanged(DeviceState.ONLINE))

    async def close(self) -> None:
        self._target_yen = 0
        self.publish(StateChanged(DeviceState.OFFLINE))

    # --- what the terminal asks -----------------------------------------------------------------

    async def status(self) -> PaymentStatus:
        self._need_power()
        return PaymentStatus(self._held_yen, self._kept_yen)

    async def accept(self, yen: int) -> None:
        _need_amount(yen)
        self._need_power()
        if self._held_yen >= yen:
            self._target_yen = 0
            self.publish(MoneyInserted(self._held_yen))
        else:
            self._target_yen = yen

    async def close_slot(self) -> None:
        self._need_power()
        self._target_yen = 0

    async def keep(self, yen: int) -> int:
        _need_amount(yen)
        self._need_power()
        change = self._held_yen - yen
        if change < 0:
            raise PaymentError(
                f"{yen} yen cannot be kept: only {self._held_yen} held", self._held_yen
            )
        if change and self._jammed:
            raise PaymentError("the hopper is jammed: no change can be given", self._held_yen)
        self._target_yen = 0
        self._held_yen = 0
        self._kept_yen += yen
        self._fall_into_cup(change)
        return change

    async def give_back(self) -> int:
        self._need_power()
        self._target_yen = 0
        if self._jammed and self._held_yen:
            raise PaymentError("the hopper is jammed: the money stays in escrow", self._held_yen)
        returned, self._held_yen = self._held_yen, 0
        self._fall_into_cup(returned)
        return returned

    def _need_power(self) -> None:
        if self.state is not DeviceState.ONLINE:
            raise DeviceUnavailable(self.name, self.state, "open the coin acceptor first")

    # --- what a person does ---------------------------------------------------------------------

    @property
    def slot_open(self) -> bool:
        return self._target_yen > 0

    @property
    def held_yen(self) -> int:
        return self._held_yen

    @property
    def cup_yen(self) -> int:
        return self._cup_yen

    def drop(self, yen: int) -> bool:
        """Put in one coin or note; False if it fell through into the cup. ImpossibleAct: no such money."""
        if yen not in TAKEN_YEN | FALLS_THROUGH_YEN:
            raise ImpossibleAct(f"there is no coin or note of {yen} yen")
        if not self.slot_open or yen in FALLS_THROUGH_YEN:
            self._fall_into_cup(yen)
            return False
        self._held_yen += yen
        if self._held_yen >= self._target_yen:
            self._target_yen = 0
        self.publish(MoneyInserted(self._held_yen))
        return True

    def take_change(self) -> int:
        """Empty the cup; what was in it. ImpossibleAct if nothing was."""
        if not self._cup_yen:
            raise ImpossibleAct("the change cup is empty")
        taken = self._cup_yen
        self._set_cup(0)
        return taken

    def jam(self) -> None:
        """From now on the hopper gives nothing out."""
        self._jammed = True

    def clear_jam(self) -> None:
        """Staff free the hopper. ImpossibleAct if it is not jammed."""
        if not self._jammed:
            raise ImpossibleAct("the hopper is not jammed")
        self._jammed = False

    def _fall_into_cup(self, yen: int) -> None:
        if yen:
            self._set_cup(self._cup_yen + yen)

    def _set_cup(self, yen: int) -> None:
        self._cup_yen = yen
        if self.on_cup is not None:
            self.on_cup(yen)


def _need_amount(yen: int) -> None:
    if yen <= 0:
        raise ValueError(f"{yen} yen is no amount to pay: fees are positive (R58)")
