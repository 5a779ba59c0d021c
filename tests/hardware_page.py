"""hardware.md's pins, made from the example configuration: ``python -m tests.hardware_page`` writes them anew.

The table, the example and the picture of the header all come from systemd/terminal.toml, so that nobody solders
by one and configures by another.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "hardware.md"
HEADER_PICTURE = ROOT / "docs" / "wiring" / "header.svg"
CONFIG = ROOT / "systemd" / "terminal.toml"

# The 40-pin header: BCM number → pin.
_GPIOS = (
    2,
    3,
    4,
    14,
    15,
    17,
    18,
    27,
    22,
    23,
    24,
    10,
    9,
    25,
    11,
    8,
    7,
    5,
    6,
    12,
    13,
    19,
    16,
    26,
    20,
    21,
)
_PINS = (
    3,
    5,
    7,
    8,
    10,
    11,
    12,
    13,
    15,
    16,
    18,
    19,
    21,
    22,
    23,
    24,
    26,
    29,
    31,
    32,
    33,
    35,
    36,
    37,
    38,
    40,
)
HEADER: dict[int, int] = dict(zip(_GPIOS, _PINS, strict=True))
POWER = {1: "3.3 V", 2: "5 V", 4: "5 V", 17: "3.3 V"}
GROUND = frozenset({6, 9, 14, 20, 25, 30, 34, 39})
RESERVED = {
    27: "HAT id",
    28: "HAT id",
    3: "I²C display",
    5: "I²C display",
    8: "serial console",
    10: "coin pulses",
}

WORDS = {
    "lights.card_reader": "lamp at the card reader",
    "lights.keypad": "lamp at the keypad",
    "lights.payment": "lamp at the coin slot and change cup",
    "lights.printer_tray": "lamp at the paper tray",
    "lights.receipt": "lamp at the receipt slot",
    "lights.status": "status lamp, seen from afar",
    "sounder.pin": "buzzer (a hardware PWM pin)",
    "coin_inhibit.pin": "inhibit of the coin acceptor, through an optocoupler: "
    "high lets coins in, low (also of a Pi that is off) keeps them out",
    "buttons.ok": "OK (green ○)",
    "buttons.cancel": "cancel (red ×)",
    "buttons.call_staff": "call staff (bell)",
    "buttons.repeat": "say it again",
    "buttons.volume": "quieter, and as before",
    "buttons.next": "first of two switches: go on",
    "buttons.choose": "second of two switches: choose",
    "buttons.supervisor": "supervisor key switch",
    "sensors.sheets_in_tray": "paper in the tray",
    "sensors.receipt_in_slot": "receipt in its slot",
    "sensors.change_in_cup": "coins in the cup",
    "sensors.cover_open": "cover open",
    "sensors.tampered": "housing opened or moved",
    "sensors.headphones": "switch of the headphones' jack",
}
OUTPUTS = frozenset({"lights", "sounder", "coin_inhibit"})


@dataclass(frozen=True)
class Wire:
    gpio: int
    name: str

    @property
    def is_output(self) -> bool:
        return self.name.partition(".")[0] in OUTPUTS


def wires() -> list[Wire]:
    """As the example configuration has them, in its order."""
    config = tomllib.loads(CONFIG.read_text(encoding="utf-8"))
    found = [Wire(pin, f"lights.{name}") for name, pin in config["lights"]["pins"].items()]
    found += [Wire(config[one]["pin"], f"{one}.pin") for one in ("sounder", "coin_inhibit")]
    for section in ("buttons", "sensors"):
        found += [Wire(pin, f"{section}.{name}") for name, pin in config[section]["pins"].items()]
    return found


def table() -> str:
    rows = ["| GPIO | header | direction | connects to | name |", "|---|---|---|---|---|"]
    for wire in wires():
        direction = "out" if wire.is_output else "in"
        rows.append(
            f"| {wire.gpio} | {HEADER[wire.gpio]} | {direction} | {WORDS[wire.name]} | `{wire.name}` |"
        )
    return "\n".join(rows)


def example() -> str:
    """The sections of the example configuration that name pins, comments and all."""
    text = CONFIG.read_text(encoding="utf-8")
    sections = ["[" + part for part in text.split("\n[")[1:]]
    wanted = ("[lights]", "[sounder]", "[coin_inhibit]", "[buttons]", "[sensors]")
    chosen = [part.rstrip() for part in sections if part.startswith(wanted)]
    return "```toml\n" + "\n\n".join(chosen) + "\n```"


def page(text: str) -> str:
    """The page with its pins as they are now."""
    for name, made in (("pins", table()), ("example", example())):
        begin, end = f"<!-- {name}: made -->\n", f"\n<!-- {name}: end -->"
        before, _, rest = text.partition(begin)
        text = before + begin + made + end + rest.partition(end)[2]
    return text


# --- the header, drawn -----------------------------------------------------------------------

_STEP, _LEFT, _TOP = 26, 400, 70
_COLOURS = {
    "out": "#b4540a",
    "in": "#1f4e79",
    "power": "#8f1c15",
    "ground": "#17273a",
    "free": "#8a8f95",
}


_TITLE = (
    '<text x="430" y="34" text-anchor="middle" font-size="18" font-weight="bold" fill="#17273a">'
    "The 40-pin header, from above</text>"
)


def header_svg() -> str:
    """Seen from above, pin 1 at the top left, as it lies when the Pi's USB sockets point down."""
    by_pin = {HEADER[wire.gpio]: wire for wire in wires()}
    gpio_of = {pin: gpio for gpio, pin in HEADER.items()}
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 640" font-family="sans-serif" font-size="14">',
        '<rect width="860" height="640" fill="#fffdf8"/>',
        _TITLE,
        f'<rect x="{_LEFT - 8}" y="{_TOP - 22}" width="76" height="{20 * _STEP + 14}" rx="6" fill="#2b3440"/>',
    ]
    for pin in range(1, 41):
        parts += _drawn(pin, by_pin.get(pin), gpio_of.get(pin))
    parts.append(_legend())
    return "\n".join([*parts, "</svg>", ""])


def _drawn(pin: int, wire: Wire | None, gpio: int | None) -> list[str]:
    left = pin % 2 == 1
    x = _LEFT + (12 if left else 48)
    y = _TOP + (pin - 1) // 2 * _STEP
    kind, words = _meaning(pin, wire)
    number = f"GPIO{gpio}" if gpio is not None else ""
    label = f"{words}   {number}" if left else f"{number}   {words}"
    anchor, at = ("end", x - 54) if left else ("start", x + 54)
    digits = _LEFT - 14 if left else _LEFT + 74
    shape = (
        f'<rect x="{x - 7}" y="{y - 17}" width="14" height="14" fill="{_COLOURS[kind]}" stroke="#fff"/>'
        if pin == 1
        else f'<circle cx="{x}" cy="{y - 10}" r="7" fill="{_COLOURS[kind]}" stroke="#fff"/>'
    )
    return [
        shape,
        f'<text x="{digits}" y="{y - 5}" text-anchor="{anchor}" font-size="11" fill="#5b636b">{pin}</text>',
        f'<text x="{at}" y="{y - 5}" text-anchor="{anchor}" fill="{_COLOURS[kind]}">{label.strip()}</text>',
    ]


def _meaning(pin: int, wire: Wire | None) -> tuple[str, str]:
    if wire is not None:
        arrow = "→ " if wire.is_output else "← "
        return ("out" if wire.is_output else "in"), arrow + wire.name
    if pin in POWER:
        return "power", POWER[pin]
    if pin in GROUND:
        return "ground", "ground"
    return "free", RESERVED.get(pin, "free")


def _legend() -> str:
    kinds = (
        ("out", "→ output"),
        ("in", "← input"),
        ("power", "supply"),
        ("ground", "ground"),
        ("free", "left free"),
    )
    return "".join(
        f'<circle cx="{150 + n * 130}" cy="614" r="7" fill="{_COLOURS[kind]}"/>'
        f'<text x="{164 + n * 130}" y="619" fill="#17273a">{words}</text>'
        for n, (kind, words) in enumerate(kinds)
    )


def main() -> None:
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    HEADER_PICTURE.parent.mkdir(parents=True, exist_ok=True)
    HEADER_PICTURE.write_text(header_svg(), encoding="utf-8")


if __name__ == "__main__":
    main()
