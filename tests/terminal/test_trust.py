"""Sensors that lie: nothing personal is ever taken for gone on the word of one that saw nothing come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from terminal.attention import Left
from terminal.trust import Doubt, Trust

SHEETS = Left.SHEETS


def seen(trust: Trust, there: bool | None) -> bool | None:
    return trust.believed({SHEETS: there})[SHEETS]


def test_where_nothing_was_put_the_sensor_is_simply_read() -> None:
    trust = Trust()
    assert seen(trust, False) is False
    assert seen(trust, True) is True, "paper of nobody known"
    assert seen(trust, None) is False, "no sensor, and nothing that it could have seen"


def test_I12_R68_nothing_there_is_not_believed_of_one_that_saw_nothing_come() -> None:
    trust = Trust()
    trust.put(SHEETS)
    assert seen(trust, False) is None
    trust.saw(SHEETS, there=True)
    assert seen(trust, True) is True
    trust.saw(SHEETS, there=False)
    assert seen(trust, False) is False, "it saw them come and go"


def test_a_blind_sensor_is_named_once_and_believed_when_it_sees_again() -> None:
    trust = Trust()
    trust.put(SHEETS)
    assert trust.judge({SHEETS: False}) == {SHEETS}
    assert trust.doubts == {SHEETS: Doubt.BLIND}
    assert trust.judge({SHEETS: False}) == frozenset()
    trust.begin()
    trust.put(SHEETS)
    assert seen(trust, False) is None
    trust.saw(SHEETS, there=True)
    assert trust.doubts == {}


def test_a_sensor_that_is_not_fitted_is_not_blind() -> None:
    trust = Trust()
    trust.put(SHEETS)
    assert trust.judge({SHEETS: None}) == frozenset()
    assert seen(trust, None) is None


def test_a_stuck_sensor_keeps_nobody_out_once_staff_have_looked() -> None:
    trust = Trust()
    assert seen(trust, True) is True
    assert trust.cleared({SHEETS: True}) == {SHEETS}
    assert seen(trust, True) is False
    trust.put(SHEETS)
    assert seen(trust, True) is None, "the person is asked"
    trust.saw(SHEETS, there=False)
    assert trust.doubts == {}


STEPS = st.lists(st.sampled_from(["put", "came", "went", "judge", "cleared", "begin"]), max_size=30)


@given(STEPS)
def test_a_put_sheet_is_gone_only_for_a_sensor_that_saw_it_go(steps: list[str]) -> None:
    """Whatever happens: put, and “not there”, means that the sensor saw something since the visit began."""
    trust, reading, put, came = Trust(), False, False, False
    for step in steps:
        match step:
            case "put":
                trust.put(SHEETS)
                put = True
            case "came" | "went":
                if reading == (step == "came"):
                    continue
                reading = step == "came"
                trust.saw(SHEETS, there=reading)
                came = came or reading
            case "judge":
                trust.judge({SHEETS: reading})
            case "cleared":
                trust.cleared({SHEETS: reading})
            case _:
                trust.begin()
                put = came = False
        if put and seen(trust, reading) is False:
            assert came
