"""hardware.md is what people solder by: table, picture and example are those of the example configuration."""

from __future__ import annotations

import re

from drivers.buttons import Button
from drivers.lights import Light
from drivers.sensors import Sensor
from tests.hardware_page import HEADER, HEADER_PICTURE, PAGE, ROOT, header_svg, page, wires

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_and_its_picture_are_made_from_the_example_configuration() -> None:
    """Where this fails: ``python -m tests.hardware_page``."""
    assert page(TEXT) == TEXT
    assert header_svg() == HEADER_PICTURE.read_text(encoding="utf-8")


def test_every_light_button_and_sensor_has_its_pin() -> None:
    names = {f"lights.{each.value}" for each in Light}
    names |= {f"buttons.{each.value}" for each in Button}
    names |= {f"sensors.{each.value}" for each in Sensor}
    assert {wire.name for wire in wires()} == names | {"sounder.pin", "coin_inhibit.pin"}


def test_no_pin_is_given_twice_and_each_is_on_the_header() -> None:
    gpios = [wire.gpio for wire in wires()]
    assert len(set(gpios)) == len(gpios)
    assert set(gpios) <= HEADER.keys()
    assert not {2, 3, 14} & set(gpios), "displays and the console keep theirs"


def test_nothing_lights_or_beeps_while_the_board_boots() -> None:
    """GPIO 0–8 are pulled up until someone takes them."""
    assert all(wire.gpio > 8 for wire in wires() if wire.is_output)


def test_each_bridge_of_the_rig_joins_an_output_to_an_input() -> None:
    by_name = {wire.name: wire for wire in wires()}
    bridges = re.findall(r"^\| (\d+) `([\w.]+)` \| (\d+) `([\w.]+)` \|$", TEXT, re.MULTILINE)
    assert len(bridges) == 8
    for out, out_name, into, in_name in bridges:
        assert by_name[out_name].is_output
        assert not by_name[in_name].is_output
        assert (by_name[out_name].gpio, by_name[in_name].gpio) == (int(out), int(into))


def test_every_picture_that_the_page_shows_is_there() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", TEXT)
    assert {"docs/wiring/header.svg", "docs/wiring/inputs-and-outputs.svg"} <= set(shown)
    for path in shown:
        assert (ROOT / path).is_file(), path
