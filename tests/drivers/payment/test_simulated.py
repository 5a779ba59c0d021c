from __future__ import annotations

from collections.abc import Coroutine

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, ImpossibleAct, PaymentError
from drivers.payment import MoneyInserted, PaymentStatus
from drivers.payment.simulated import FALLS_THROUGH_YEN, TAKEN_YEN, SimulatedPayment
from tests.drivers.pins import heard, silent


async def test_coins_are_counted_while_the_slot_is_open() -> None:
    async with SimulatedPayment() as payment:
        await payment.accept(250)
        for yen in (100, 100, 50):
            assert payment.drop(yen)
        assert not payment.slot_open
        assert await heard(payment, 4) == [
            StateChanged(DeviceState.ONLINE),
            MoneyInserted(100),
            MoneyInserted(200),
            MoneyInserted(250),
        ]
        assert await payment.status() == PaymentStatus(held_yen=250, kept_yen=0)


@pytest.mark.parametrize("yen", sorted(TAKEN_YEN | FALLS_THROUGH_YEN))
async def test_with_the_slot_shut_everything_falls_through(yen: int) -> None:
    async with SimulatedPayment() as payment:
        assert not payment.drop(yen)
        assert payment.cup_yen == yen
        assert await heard(payment, 1) == [StateChanged(DeviceState.ONLINE)]
        assert await silent(payment)


@pytest.mark.parametrize("yen", sorted(FALLS_THROUGH_YEN))
async def test_money_that_the_machine_does_not_take_falls_through(yen: int) -> None:
    async with SimulatedPayment() as payment:
        await payment.accept(250)
        assert not payment.drop(yen)
        assert (payment.held_yen, payment.cup_yen) == (0, yen)


@pytest.mark.parametrize("yen", [-10, 0, 7, 20, 99, 250])
async def test_money_that_does_not_exist_cannot_be_dropped(yen: int) -> None:
    async with SimulatedPayment() as payment:
        with pytest.raises(ImpossibleAct):
            payment.drop(yen)


@pytest.mark.parametrize("yen", [0, -250])
async def test_R58_only_a_positive_amount_can_be_asked_for(yen: int) -> None:
    async with SimulatedPayment() as payment:
        with pytest.raises(ValueError, match="R58"):
            await payment.accept(yen)
        with pytest.raises(ValueError, match="R58"):
            await payment.keep(yen)


async def test_keeping_gives_change_and_moves_the_counter() -> None:
    cup: list[int] = []
    async with SimulatedPayment(kept_yen=10_000, on_cup=cup.append) as payment:
        await payment.accept(450)
        payment.drop(1000)
        assert await payment.keep(450) == 550
        assert await payment.status() == PaymentStatus(held_yen=0, kept_yen=10_450)
        assert payment.take_change() == 550
        assert cup == [550, 0]


async def test_nothing_is_kept_that_is_not_held() -> None:
    async with SimulatedPayment() as payment:
        await payment.accept(250)
        payment.drop(100)
        with pytest.raises(PaymentError) as caught:
            await payment.keep(250)
        assert caught.value.held_yen == 100
        assert await payment.status() == PaymentStatus(held_yen=100, kept_yen=0)


async def test_d_all_that_is_held_goes_back_whole() -> None:
    async with SimulatedPayment() as payment:
        await payment.accept(250)
        payment.drop(100)
        assert await payment.give_back() == 100
        assert await payment.status() == PaymentStatus(held_yen=0, kept_yen=0)
        assert not payment.slot_open
        assert payment.take_change() == 100
        with pytest.raises(ImpossibleAct):
            payment.take_change()


async def test_d_a_jammed_hopper_gives_nothing_back_and_says_what_it_holds() -> None:
    async with SimulatedPayment() as payment:
        await payment.accept(250)
        payment.drop(500)
        payment.jam()
        with pytest.raises(PaymentError) as caught:
            await payment.give_back()
        assert caught.value.held_yen == 500
        with pytest.raises(PaymentError):
            await payment.keep(250)
        payment.clear_jam()
        assert await payment.give_back() == 500
        with pytest.raises(ImpossibleAct):
            payment.clear_jam()


async def test_d_a_jam_does_not_matter_when_no_change_is_due() -> None:
    async with SimulatedPayment() as payment:
        await payment.accept(500)
        payment.drop(500)
        payment.jam()
        assert await payment.keep(500) == 0


async def test_a_paused_payment_goes_on_where_it_was() -> None:
    async with SimulatedPayment() as payment:
        await payment.accept(250)
        payment.drop(100)
        await payment.close_slot()
        assert not payment.drop(100)
        await payment.accept(250)
        payment.drop(50)
        payment.drop(100)
        assert payment.held_yen == 250


async def test_asking_again_for_what_is_already_held_answers_at_once() -> None:
    async with SimulatedPayment() as payment:
        await payment.accept(250)
        payment.drop(500)
        await heard(payment, 2)
        await payment.accept(250)
        assert await heard(payment, 1) == [MoneyInserted(500)]
        assert not payment.slot_open


async def test_money_outlives_a_power_cut_and_the_slot_shuts() -> None:
    payment = SimulatedPayment()
    async with payment:
        await payment.accept(250)
        payment.drop(100)
    with pytest.raises(DeviceUnavailable):
        await payment.status()
    assert not payment.drop(100)
    async with payment:
        assert await payment.status() == PaymentStatus(held_yen=100, kept_yen=0)


class Ledger(RuleBasedStateMachine):
    """Whatever happens, every yen is somewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.payment = SimulatedPayment()
        self.dropped = self.taken = self.kept = 0
        self._do(self.payment.open())

    def _do(self, act: Coroutine[object, None, object]) -> object:
        """Run a coroutine of the device, none of which ever waits."""
        try:
            act.send(None)
        except StopIteration as done:
            return done.value
        raise AssertionError("the simulated device waited")

    @rule(yen=st.sampled_from(sorted(TAKEN_YEN | FALLS_THROUGH_YEN)))
    def drop(self, yen: int) -> None:
        self.payment.drop(yen)
        self.dropped += yen

    @rule(yen=st.sampled_from([200, 250, 450, 900]))
    def accept(self, yen: int) -> None:
        self._do(self.payment.accept(yen))

    @rule()
    def close_slot(self) -> None:
        self._do(self.payment.close_slot())

    @rule(yen=st.sampled_from([200, 250, 450, 900]))
    def keep(self, yen: int) -> None:
        try:
            self._do(self.payment.keep(yen))
        except PaymentError:
            return
        self.kept += yen

    @rule()
    def give_back(self) -> None:
        try:
            self._do(self.payment.give_back())
        except PaymentError:
            return
        assert self.payment.held_yen == 0

    @rule()
    def jam(self) -> None:
        self.payment.jam()

    @rule()
    def take(self) -> None:
        if self.payment.cup_yen:
            self.taken += self.payment.take_change()

    @invariant()
    def every_yen_is_somewhere(self) -> None:
        status = self._do(self.payment.status())
        assert isinstance(status, PaymentStatus)
        assert status.kept_yen == self.kept
        somewhere = self.kept + status.held_yen + self.payment.cup_yen + self.taken
        assert somewhere == self.dropped


def test_every_yen_is_somewhere() -> None:
    run_state_machine_as_test(
        Ledger, settings=settings(max_examples=50, stateful_step_count=30, deadline=None)
    )
