"""One TOML file → frozen structs. The choice of hardware is the configuration.

Every section is closed: an unknown key or a bad value is refused with its path, never ignored. Secrets
are paths, never values. Relative paths are taken from the file's own folder.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from drivers.buttons import Button
from drivers.keypad import Key
from drivers.lights import Light
from drivers.sensors import Sensor
from terminal.config_check import contradictions, impossible_pins, in_words
from terminal.errors import ConfigError
from terminal.loudness import Volume
from terminal.visit.limits import Limits

Seconds = Annotated[float, Meta(gt=0, le=3600)]
Pin = Annotated[int, Meta(ge=0, le=27)]
PinSource = Literal["lgpio", "libgpiod", "mock"]
KeyCode = Annotated[int, Meta(ge=1, le=767)]
Port = Annotated[int, Meta(ge=0, le=65535)]
NUM_LOCK = 69


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A closed part of the configuration."""


class Tagged(Section, frozen=True, kw_only=True, tag_field="type"):
    """A section whose ``type`` chooses the driver."""


# --- the link --------------------------------------------------------------------------------


class Link(Section, frozen=True, kw_only=True):
    """The one peer (R64): ``ca`` is the operator's own CA, no system trust store is used (R65)."""

    url: Annotated[str, Meta(pattern=r"^https://[^/]+$")]
    ca: Path
    certificate: Path
    key: Path
    city_keys: Path
    timeout_s: Seconds = 10
    issue_timeout_s: Seconds = 40


# --- devices ---------------------------------------------------------------------------------


class SimulatedReader(Tagged, frozen=True, kw_only=True, tag="simulated"):
    pin_at_reader: bool = False


class PcscReader(Tagged, frozen=True, kw_only=True, tag="pcsc"):
    """``pattern``: a regular expression found in the reader's PC/SC name; ``serial``: its number there.

    ``pin_at_reader``: PINs are typed on the reader's own keys (FEATURE_VERIFY_PIN_DIRECT)."""

    pattern: Annotated[str, Meta(min_length=1)] = "."
    serial: str = ""
    apdu_timeout_s: Seconds = 5
    pin_at_reader: bool = False

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(
                f"pattern “{self.pattern}” is not a regular expression: {error}"
            ) from error


class SimulatedKeypad(Tagged, frozen=True, kw_only=True, tag="simulated"):
    pass


class UsbKeypad(Tagged, frozen=True, kw_only=True, tag="usb"):
    """A wired numeric keypad; ``path`` is its own, of those in /dev/input/by-id.

    ``keys``: the kernel's codes of keys that this one has elsewhere (linux/input-event-codes.h)."""

    path: Path
    keys: dict[Key, KeyCode] = {}

    def __post_init__(self) -> None:
        if NUM_LOCK in self.keys.values():
            raise ValueError(
                f"keys: {NUM_LOCK} is NumLock, which is kept lit and means nothing else"
            )
        twice = [code for code, keys in Counter(self.keys.values()).items() if keys > 1]
        if twice:
            raise ValueError(f"keys: {twice[0]} is given to more than one key")


class MatrixKeypad(Tagged, frozen=True, kw_only=True, tag="matrix"):
    """BCM numbers of rows and columns, and what stands on the keys, row by row."""

    rows: tuple[Pin, ...]
    columns: tuple[Pin, ...]
    keys: tuple[tuple[Key, ...], ...]
    factory: PinSource = "lgpio"

    def __post_init__(self) -> None:
        shape = len(self.rows), len(self.columns)
        if len(self.keys) != shape[0] or any(len(row) != shape[1] for row in self.keys):
            raise ValueError(f"keys must be {shape[0]} rows of {shape[1]}, as the pins are")


class SimulatedButtons(Tagged, frozen=True, kw_only=True, tag="simulated"):
    pass


class GpioButtons(Tagged, frozen=True, kw_only=True, tag="gpio"):
    """BCM numbers by button name (hardware.md)."""

    pins: dict[Button, Pin]
    factory: PinSource = "lgpio"


class SimulatedLights(Tagged, frozen=True, kw_only=True, tag="simulated"):
    pass


class GpioLights(Tagged, frozen=True, kw_only=True, tag="gpio"):
    """BCM numbers by light name (hardware.md)."""

    pins: dict[Light, Pin]
    factory: PinSource = "lgpio"


class SimulatedSounder(Tagged, frozen=True, kw_only=True, tag="simulated"):
    pass


class GpioSounder(Tagged, frozen=True, kw_only=True, tag="gpio"):
    """An active buzzer knows on and off only; a tonal one plays the pitches."""

    pin: Pin
    kind: Literal["active", "tonal"] = "active"
    factory: PinSource = "lgpio"

    def __post_init__(self) -> None:
        if self.kind == "tonal" and self.factory == "libgpiod":
            raise ValueError('kind: "tonal" needs factory = "lgpio": libgpiod has no PWM')


class SimulatedSensors(Tagged, frozen=True, kw_only=True, tag="simulated"):
    pass


class GpioSensors(Tagged, frozen=True, kw_only=True, tag="gpio"):
    pins: dict[Sensor, Pin]
    factory: PinSource = "lgpio"


class NotFitted(Tagged, frozen=True, kw_only=True, tag="none"):
    """This terminal has none, and says so."""


class SimulatedSpeaker(Tagged, frozen=True, kw_only=True, tag="simulated"):
    pass


class AlsaSpeaker(Tagged, frozen=True, kw_only=True, tag="alsa"):
    """ALSA names (``plughw:CARD=…``). ``recordings`` is what ``./run voice`` made.

    Without a device of their own the headphones share the speaker's, whose jack must cut it off."""

    device: Annotated[str, Meta(min_length=1)]
    headphones: str = ""
    recordings: Path


class SimulatedDisplay(Tagged, frozen=True, kw_only=True, tag="simulated"):
    pass


class OledDisplay(Tagged, frozen=True, kw_only=True, tag="oled"):
    """128 x 64 dots on I2C; ``fonts`` are TrueType files, asked in this order for each word."""

    controller: Literal["ssd1306", "ssd1309", "sh1106"] = "ssd1306"
    fonts: Annotated[tuple[Path, ...], Meta(min_length=1)]
    bus: Annotated[int, Meta(ge=0, le=20)] = 1
    address: Annotated[int, Meta(ge=0x03, le=0x77)] = 0x3C


class CustomerDisplay(Tagged, frozen=True, kw_only=True, tag="customer"):
    """A till's customer display, 2 x 20 characters, on a serial line (ESC/POS)."""

    device: Path
    baudrate: int = 9600
    encoding: Literal["ascii", "shift_jis"] = "ascii"


class SimulatedPayment(Tagged, frozen=True, kw_only=True, tag="simulated"):
    pass


class SimulatedInhibit(Tagged, frozen=True, kw_only=True, tag="simulated"):
    pass


class GpioInhibit(Tagged, frozen=True, kw_only=True, tag="gpio"):
    """The coin acceptor's inhibit line; high lets coins in."""

    pin: Pin
    factory: PinSource = "lgpio"


class SimulatedPrinter(Tagged, frozen=True, kw_only=True, tag="simulated"):
    seconds_per_sheet: Annotated[float, Meta(ge=0, le=60)] = 0


class IppPrinter(Tagged, frozen=True, kw_only=True, tag="ipp"):
    """An IPP Everywhere printer: ``ipp://`` on the USB bridge or loopback, ``ipps://`` in the network.

    ``certificate`` is the printer's own (PEM), and no other is believed; ``two_sided``: the ground is on
    the back, too, if the printer can.
    """

    uri: Annotated[str, Meta(pattern=r"^ipps?://[^/]+")]
    certificate: Path | None = None
    two_sided: bool = False

    def __post_init__(self) -> None:
        if self.uri.startswith("ipps:") is (self.certificate is None):
            raise ValueError(
                "certificate: the printer's own is needed for ipps://, and for ipp:// there is none"
            )


class SimulatedReceipt(Tagged, frozen=True, kw_only=True, tag="simulated"):
    pass


class EscPosReceipt(Tagged, frozen=True, kw_only=True, tag="escpos"):
    device: Path
    baudrate: int = 115200


# --- the rest --------------------------------------------------------------------------------


class Panel(Section, frozen=True, kw_only=True):
    """The page on the touch screen; leave the section out for a terminal without one."""

    host: str = "127.0.0.1"
    port: Port = 8080


class Config(Section, frozen=True, kw_only=True):
    """All of it. ``state_dir`` holds the journal; ``name`` is shown to staff; ``registration_number`` is
    the operator's 登録番号 for receipts.

    ``hide_with_headphones``: while somebody listens in private, screen and display show nothing of the visit.
    No device has a default: a forgotten section must not become a tray that is always seen empty.
    """

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    registration_number: Annotated[str, Meta(pattern=r"^(T[0-9]{13})?$")] = ""
    state_dir: Path
    link: Link
    card_reader: SimulatedReader | PcscReader
    document_printer: SimulatedPrinter | IppPrinter
    receipt_printer: SimulatedReceipt | EscPosReceipt
    payment: SimulatedPayment
    coin_inhibit: SimulatedInhibit | GpioInhibit | NotFitted
    keypad: SimulatedKeypad | UsbKeypad | MatrixKeypad
    buttons: SimulatedButtons | GpioButtons
    lights: SimulatedLights | GpioLights
    sounder: SimulatedSounder | GpioSounder
    sensors: SimulatedSensors | GpioSensors
    speaker: SimulatedSpeaker | AlsaSpeaker | NotFitted
    display: SimulatedDisplay | OledDisplay | CustomerDisplay | NotFitted
    volume: Volume = Volume()
    hide_with_headphones: bool = True
    panel: Panel | None = None
    limits: Limits = Limits()
    clock_offset_s: float = 0

    @property
    def clock_offset(self) -> timedelta:
        """For demonstrations outside opening hours; a field configuration leaves it out."""
        return timedelta(seconds=self.clock_offset_s)


def load(path: Path) -> Config:
    """Read and check a configuration file. Raises ConfigError naming file, place and remedy."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        message = f"{path}: there is no such file; give another with --config"
        raise ConfigError(message) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error
    return parse(raw, path.parent, str(path))


def parse(raw: dict[str, object], folder: Path, source: str = "configuration") -> Config:
    """Check already parsed TOML; relative paths start at ``folder``."""

    def path_or_fail(kind: type, value: object) -> object:
        if kind is Path and isinstance(value, str):
            return folder / value
        raise NotImplementedError(kind)

    try:
        config = msgspec.convert(raw, Config, dec_hook=path_or_fail)
    except msgspec.ValidationError as error:
        wrong = impossible_pins(raw) or [in_words(str(error), Config)]
        raise ConfigError(f"{source}: {'; '.join(wrong)}") from error
    problems = contradictions(config)
    if problems:
        raise ConfigError(f"{source}: {'; '.join(problems)}")
    return config
