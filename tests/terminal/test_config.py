"""A configuration with a mistake is refused with its place and what to write instead."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import terminal
from terminal.config import Config, PcscReader, SimulatedReader, load
from terminal.devices import build_devices
from terminal.errors import ConfigError
from terminal.visit.limits import Limits

GOOD = """
name = "desk"
state_dir = "state"

[link]
url = "https://127.0.0.1:8443"
ca = "ca.pem"
certificate = "certificate.pem"
key = "key.pem"
city_keys = "trust"

[card_reader]
type = "simulated"
[document_printer]
type = "simulated"
[receipt_printer]
type = "simulated"
[payment]
type = "simulated"
[keypad]
type = "simulated"
[buttons]
type = "simulated"
[lights]
type = "simulated"
[sounder]
type = "simulated"
[sensors]
type = "simulated"
[speaker]
type = "none"
[display]
type = "none"
[coin_inhibit]
type = "none"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "terminal.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_paths_start_at_the_file(tmp_path: Path) -> None:
    config = load(write(tmp_path, GOOD))
    assert config.state_dir == tmp_path / "state"
    assert config.link.ca == tmp_path / "ca.pem"
    assert config.card_reader == SimulatedReader()
    assert config.panel is None


def test_the_choice_of_hardware_is_the_configuration(tmp_path: Path) -> None:
    text = GOOD.replace('[card_reader]\ntype = "simulated"', '[card_reader]\ntype = "pcsc"')
    assert load(write(tmp_path, text)).card_reader == PcscReader()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('name = "desk"', 'name = "desk"\ncolour = "red"'), "colour"),
        (('name = "desk"', 'name = ""'), "[name]"),
        (("https://127.0.0.1:8443", "http://127.0.0.1:8443"), "[link] url"),
        (('ca = "ca.pem"\n', ""), "ca"),
        (('[payment]\ntype = "simulated"', '[payment]\ntype = "gold"'), "[payment]"),
        (('name = "desk"', "name = "), "cannot be read as TOML"),
        (('[payment]\ntype = "simulated"', '[payment]\ntype = "simulated"\nslots = 2'), "slots"),
        (
            (
                '[keypad]\ntype = "simulated"',
                '[keypad]\ntype = "usb"\npath = "k"\nkeys = { ok = 69 }',
            ),
            "[keypad] keys: 69 is NumLock",
        ),
        (
            (
                '[keypad]\ntype = "simulated"',
                '[keypad]\ntype = "matrix"\nrows = [5]\ncolumns = [6, 7]\nkeys = [["1"]]',
            ),
            "1 rows of 2",
        ),
        (
            ('[lights]\ntype = "simulated"', '[lights]\ntype = "gpio"\npins = { lamp = 3 }'),
            "[lights] pins",
        ),
        (('[sensors]\ntype = "simulated"', ""), "sensors"),
        (('name = "', 'registration_number = "1234"\nname = "'), "registration_number"),
        (
            ('[card_reader]\ntype = "simulated"', '[card_reader]\ntype = "pcsc"\npattern = "ACR("'),
            "[card_reader] pattern “ACR(” is not a regular expression",
        ),
        (
            ('[card_reader]\ntype = "simulated"', '[card_reader]\ntype = "pcsc"\npattern = ""'),
            "[card_reader] pattern",
        ),
        (
            (
                '[document_printer]\ntype = "simulated"',
                '[document_printer]\ntype = "ipp"\nuri = "x"',
            ),
            "[document_printer] uri",
        ),
        (
            (
                '[document_printer]\ntype = "simulated"',
                '[document_printer]\ntype = "ipp"\nuri = "ipps://printer/ipp/print"',
            ),
            "certificate: the printer's own is needed for ipps://",
        ),
        (
            (
                '[document_printer]\ntype = "simulated"',
                '[document_printer]\ntype = "ipp"\nuri = "ipp://a/b"\ncertificate = "p.pem"',
            ),
            "and for ipp:// there is none",
        ),
    ],
)
def test_a_mistake_names_its_place(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    path = write(tmp_path, GOOD.replace(*change))
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert told in str(caught.value)


def test_the_example_is_in_order_and_shows_every_key() -> None:
    """What is written there is what a program reads: no key is missing, and defaults are the defaults."""
    example = Path(terminal.__file__).parents[1] / "systemd" / "terminal.toml"
    config = load(example)
    shown = tomllib.loads(example.read_text(encoding="utf-8"))
    assert set(shown) == set(Config.__struct_fields__)
    for name, section in shown.items():
        if isinstance(section, dict):
            keys = set(getattr(config, name).__struct_fields__)
            assert set(section) - {"type"} == keys, name
    assert config.limits == Limits()


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--config"):
        load(tmp_path / "nowhere.toml")


def test_a_printer_address_that_cannot_be_one_is_a_mistake_in_the_configuration(
    tmp_path: Path,
) -> None:
    address = '[document_printer]\ntype = "ipp"\nuri = "ipp://printer:99999/ipp/print"'
    text = GOOD.replace('[document_printer]\ntype = "simulated"', address)
    with pytest.raises(ConfigError, match=r"\[document_printer\] uri"):
        build_devices(load(write(tmp_path, text)))


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        (
            "pin = 16",
            "pin = 17",
            r"pin 17 .*\[coin_inhibit\] pin and to \[lights\] pins card_reader",
        ),
        ("card_reader = 17", "card_reader = 27", r"pin 27 .*card_reader.*keypad"),
        ("card_reader = 17", "card_reader = 2", r"pin 2 .*\[display\] \(SDA of I2C bus 1\)"),
        ("quiet = 0.35", "quiet = 1.0", r"\[volume\] quiet: .*louder than normal"),
        ("keys = {}", "keys = { slower = 127, ok = 127 }", r"\[keypad\] keys: 127 .*more than one"),
        ('factory = "lgpio"', 'factory = "libgpiod"', r"factory: .*all pins .* need the same"),
        ('type = "alsa"', 'type = "pulse"', r"\[speaker\] type: .*'pulse'; it may be .*alsa"),
        ('"ssd1306"', '"ssd1307"', r"\[display\] controller: .*; it may be .*ssd1306"),
        ("card_reader = 17", "cardreader = 17", r"\[lights\] pins: .*; it may be .*card_reader"),
    ],
)
def test_sections_that_contradict_each_other_are_refused(
    tmp_path: Path, written: str, instead: str, told: str
) -> None:
    """Each was believed by ``check`` once, or refused without a word of what may stand there."""
    example = (Path(terminal.__file__).parents[1] / "systemd" / "terminal.toml").read_text("utf-8")
    text = example.replace("normal = 1.0", "normal = 0.9")
    assert written in text
    with pytest.raises(ConfigError, match=told):
        load(write(tmp_path, text.replace(written, instead, 1)))


def test_a_tonal_buzzer_needs_lgpio(tmp_path: Path) -> None:
    example = (Path(terminal.__file__).parents[1] / "systemd" / "terminal.toml").read_text("utf-8")
    text = example.replace('"lgpio"', '"libgpiod"').replace('kind = "active"', 'kind = "tonal"')
    with pytest.raises(ConfigError, match="tonal"):
        load(write(tmp_path, text))


def test_a_pin_that_does_not_exist_is_named(tmp_path: Path) -> None:
    buttons = '[buttons]\ntype = "gpio"\npins = { ok = 99, cancel = 5 }'
    text = GOOD.replace('[buttons]\ntype = "simulated"', buttons, 1)
    assert buttons in text
    with pytest.raises(ConfigError, match=r"\[buttons\] pins\.ok: 99 is no GPIO of the header"):
        load(write(tmp_path, text))
