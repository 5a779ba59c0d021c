"""Which of pcscd's readers is ours: by pattern and serial number, with all its faces."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card_reader.choice import ReaderChoice, compiled
from drivers.errors import DeviceUnavailable

CONTACT = "Identiv uTrust 4701 F Dual Interface Reader [uTrust 4701 F Contact Reader] (5320) 00 00"
CONTACTLESS = "Identiv uTrust 4701 F Dual Interface Reader [uTrust 4701 F CL Reader] (5320) 01 00"
ITS_TWIN = "Identiv uTrust 4701 F Dual Interface Reader [uTrust 4701 F CL Reader] (5321) 03 00"
ACR = [f"ACS ACR1281 1S Dual Reader 02 0{slot}" for slot in range(3)]
INSERT = "ACS ACR39U ICC Reader 00 00"
SONY = "SONY FeliCa RC-S300/S (1234567) 01 00"


def faces(names: list[str], pattern: str, serial: str = "") -> tuple[str, ...]:
    return ReaderChoice(re.compile(pattern), serial).faces(names)


def test_the_first_reader_that_matches_is_ours() -> None:
    assert faces([INSERT, SONY], "RC-S300.*1234567") == (SONY,)
    assert faces([INSERT, SONY], ".") == (INSERT,)
    assert faces([INSERT, SONY], "Identiv") == ()


@pytest.mark.parametrize(
    ("names", "pattern", "serial", "chosen"),
    [
        ([CONTACT, CONTACTLESS, ITS_TWIN], "uTrust", "", (CONTACT, CONTACTLESS)),
        ([CONTACT, CONTACTLESS, ITS_TWIN], "uTrust", "5321", (ITS_TWIN,)),
        ([CONTACT, CONTACTLESS], "CL Reader", "", (CONTACTLESS,)),
        ([INSERT, *ACR], "ACR1281", "", tuple(ACR)),
        ([INSERT, *ACR], "ACR1281.* 0[01]$", "", tuple(ACR[:2])),
    ],
)
def test_a_device_with_several_names_is_one_reader(
    names: list[str], pattern: str, serial: str, chosen: tuple[str, ...]
) -> None:
    assert faces(names, pattern, serial) == chosen


def test_two_alike_without_serial_numbers_are_two_readers() -> None:
    twins = ["ACS ACR39U ICC Reader 00 00", "ACS ACR39U ICC Reader 01 00"]
    assert faces(twins, "ACR39U") == (twins[0],)
    assert faces(twins, "ACR39U.* 01 00") == (twins[1],)


def test_a_serial_number_is_the_whole_number() -> None:
    assert faces([SONY], "RC-S300", "1234567") == (SONY,)
    assert faces([SONY], "RC-S300", "123456") == ()
    assert faces([INSERT], "ACR39U", "1234567") == ()


def test_the_slot_of_the_operators_own_module_is_no_face() -> None:
    names = ["ACME Dual [CL Reader] (1) 00 00", "ACME Dual [SAM Reader] (1) 01 00"]
    assert faces(names, "ACME") == (names[0],)


@given(st.lists(st.text(max_size=60), max_size=6), st.text(max_size=8))
def test_any_text_may_be_a_readers_name(names: list[str], serial: str) -> None:
    choice = ReaderChoice(re.compile("."), serial)
    assert set(choice.faces(names)) <= set(names)
    assert choice.advice(names)


def test_what_to_do_about_a_missing_reader() -> None:
    choice = ReaderChoice(re.compile("SONY"), "77")
    assert "cable" in choice.advice([])
    detail = choice.advice(["ACS 00"])
    assert all(part in detail for part in ("SONY", "“77”", "ACS 00"))


def test_a_pattern_that_is_none_is_said() -> None:
    with pytest.raises(DeviceUnavailable, match="regular expression"):
        compiled("card reader", "RC-S300(")
