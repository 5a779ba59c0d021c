"""hardware.md is what people solder by: its table, its example and the drivers' names must agree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from drivers.buttons import Button
from drivers.lights import Light
from drivers.sensors import Sensor

PAGE = (Path(__file__).parents[2] / "hardware.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+) \| (\d+) \| (in|out) \| .+? \| (?:`([\w.]+)`|–) \|$", re.MULTILINE)

# The 40-pin header: BCM number → pin.
_GPIOS = (2, 3, 4, 14, 15, 17, 18, 27, 22, 23, 24, 10, 9, 25, 11, 8, 7, 5, 6, 12, 13, 19, 16, 26)
_PINS = (3, 5, 7, 8, 10, 11, 12, 13, 15, 16, 18, 19, 21, 22, 23, 24, 26, 29, 31, 32, 33, 35, 36, 37)
HEADER: dict[int, int] = dict(zip(_GPIOS, _PINS, strict=True))


def _example() -> dict[str, int]:
    block = re.search(r"```toml\n(.+?)```", PAGE, re.DOTALL)
    assert block is not None
    config = tomllib.loads(block[1])
    pins = {f"sounder.{key}": value for key, value in config["sounder"].items() if key == "pin"}
    for section in ("lights", "buttons", "sensors"):
        pins |= {f"{section}.{name}": pin for name, pin in config[section]["pins"].items()}
    return pins


def test_the_example_is_the_table() -> None:
    table = {row[3]: int(row[0]) for row in ROW.findall(PAGE) if row[3]}
    assert table == _example()


def test_every_light_button_and_sensor_has_its_pin() -> None:
    names = {f"lights.{each.value}" for each in Light}
    names |= {f"buttons.{each.value}" for each in Button}
    names |= {f"sensors.{each.value}" for each in Sensor}
    assert set(_example()) == names | {"sounder.pin"}


def test_no_pin_is_given_twice_and_each_is_where_the_header_has_it() -> None:
    rows = ROW.findall(PAGE)
    assert len({row[0] for row in rows}) == len(rows) == 17
    assert all(HEADER[int(gpio)] == int(pin) for gpio, pin, _, _ in rows)


def test_nothing_lights_or_beeps_while_the_board_boots() -> None:
    """GPIO 0–8 are pulled up until someone takes them."""
    assert all(int(gpio) > 8 for gpio, _, direction, _ in ROW.findall(PAGE) if direction == "out")


def test_each_bridge_of_the_rig_joins_an_output_to_an_input() -> None:
    directions = {gpio: direction for gpio, _, direction, _ in ROW.findall(PAGE)}
    bridges = re.findall(r"^\| (\d+) [`(][^|]+ \| (\d+) `[\w.]+` \|$", PAGE, re.MULTILINE)
    assert len(bridges) == 8
    for out, into in bridges:
        assert (directions[out], directions[into]) == ("out", "in")
