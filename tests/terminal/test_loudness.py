"""Quiet at night and on request, and never silent (R67, R68)."""

from __future__ import annotations

from datetime import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.loudness import Volume, loudness

VOLUME = Volume(normal=0.9, quiet=0.3, quiet_from=time(21), quiet_to=time(8))


@pytest.mark.parametrize(
    ("now", "loud"),
    [
        (time(20, 59, 59), 0.9),
        (time(21), 0.3),
        (time(23, 59), 0.3),
        (time(0), 0.3),
        (time(7, 59, 59), 0.3),
        (time(8), 0.9),
        (time(12), 0.9),
    ],
)
def test_the_hours_of_quiet_begin_and_end_on_the_second(now: time, loud: float) -> None:
    assert loudness(VOLUME, now, asked=False) == loud


def test_hours_within_one_day() -> None:
    nap = Volume(quiet_from=time(13), quiet_to=time(14))
    assert loudness(nap, time(13, 30), asked=False) < loudness(nap, time(14), asked=False)


def test_who_asks_gets_it_quieter_at_any_hour() -> None:
    assert loudness(VOLUME, time(12), asked=True) == 0.3


@given(st.floats(0.1, 1), st.floats(0.1, 1), st.times(), st.times(), st.times(), st.booleans())
def test_it_is_never_silent(
    normal: float, quiet: float, start: time, end: time, now: time, asked: bool
) -> None:
    quiet, normal = sorted((quiet, normal))  # the other way round it is refused
    volume = Volume(normal=normal, quiet=quiet, quiet_from=start, quiet_to=end)
    assert loudness(volume, now, asked=asked) >= 0.1


@pytest.mark.parametrize("value", [0, 0.05, 1.5])
def test_a_volume_of_nothing_cannot_be_configured(value: float) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"quiet": value}, Volume)
