"""Hands on the simulated devices of a terminal in this process."""

from __future__ import annotations

import io
import json
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from drivers.buttons import Button
from drivers.buttons.simulated import SimulatedButtons
from drivers.card.software import SoftwareCard
from drivers.card.virtual import VirtualCard
from drivers.card_reader.simulated import SimulatedCardReader
from drivers.display.simulated import SimulatedDisplay
from drivers.errors import ImpossibleAct, PrinterFault
from drivers.keypad import Key
from drivers.keypad.simulated import SimulatedKeypad
from drivers.lights import FlashRate
from drivers.lights.simulated import SimulatedLights
from drivers.payment.simulated import SimulatedPayment
from drivers.printer.mechanism import PaperPath, ReceiptSlot
from drivers.printer.simulated import SimulatedDocumentPrinter, SimulatedReceiptPrinter
from drivers.sensors import Sensor
from drivers.sensors.simulated import SimulatedSensors
from drivers.sounder.simulated import SimulatedSounder
from drivers.speaker.simulated import SimulatedSpeaker
from terminal.demo import other_cards
from terminal.demo.line import Line
from terminal.demo.rig import DockState, Rig
from terminal.devices import Devices

FLASH_NAMES = {rate: rate.name.lower() for rate in FlashRate}
PREVIEW_WIDTH = 1240  # A4 at 150 dpi: readable in the dock, small enough to send
_T = TypeVar("_T")


def simulated(device: object, kind: type[_T]) -> _T:
    """The device as what it is configured to be; TypeError is our bug."""
    if not isinstance(device, kind):
        raise TypeError(f"{type(device).__name__} is not a {kind.__name__}")
    return device


class SimulatedRig(Rig):
    """Everything in memory, nothing to install."""

    def __init__(
        self,
        devices: Devices,
        cards: Path,
        line: Line,
        paper: PaperPath | None = None,
        slot: ReceiptSlot | None = None,
    ) -> None:
        self._paper = paper or simulated(devices.document_printer, SimulatedDocumentPrinter)
        self._slot = slot or simulated(devices.receipt_printer, SimulatedReceiptPrinter)
        self._cards = cards
        self._line = line
        self._card: str | None = None
        self._another = False
        self._supervised = False
        self._reader = devices.card_reader
        self._keypad = simulated(devices.keypad, SimulatedKeypad)
        self._buttons = simulated(devices.buttons, SimulatedButtons)
        self._lights = simulated(devices.lights, SimulatedLights)
        self._sounder = simulated(devices.sounder, SimulatedSounder)
        self._sensors = simulated(devices.sensors, SimulatedSensors)
        self._payment = simulated(devices.payment, SimulatedPayment)
        self._speaker, self._display = devices.speaker, devices.display
        self._payment.on_cup = partial(self._sense, Sensor.CHANGE_IN_CUP)
        self._paper.on_tray = partial(self._sense, Sensor.SHEETS_IN_TRAY)
        self._slot.on_slot = partial(self._sense, Sensor.RECEIPT_IN_SLOT)

    def _sense(self, sensor: Sensor, count: int) -> None:
        """Where something lies, the sensor there sees it."""
        self._sensors.set(sensor, count > 0)

    def personas(self) -> list[dict[str, Any]]:
        """With the PIN of each fictional person, so that whoever tries the dock can type it."""
        index: list[dict[str, Any]] = json.loads((self._cards / "index.json").read_text())
        people = [{**entry, "pin": self._pin(entry["persona"])} for entry in index]
        return [*people, *other_cards.entries()]

    def _pin(self, persona: str) -> str:
        card: dict[str, str] = json.loads((self._cards / f"{persona}.json").read_text())
        return card["pin"]

    def load_card(self, persona: str) -> VirtualCard:
        path = self._cards / f"{persona}.json"
        if not path.is_file():
            raise ImpossibleAct(f"there is no card of “{persona}” in the drawer")
        return VirtualCard.from_file(path)

    def state(self) -> DockState:
        pattern = self._lights.pattern
        sounding = self._sounder.sounding
        faults = self._paper.faults
        return DockState(
            card=self._card,
            lights={light.value: FLASH_NAMES[rate] for light, rate in pattern.items()},
            sound=sounding.name if sounding is not None else None,
            slot_open=self._payment.slot_open,
            held_yen=self._payment.held_yen,
            change_yen=self._payment.cup_yen,
            sheets_in_tray=len(self._paper.sheets),
            receipt_in_slot=bool(self._slot.receipts),
            cover_open=PrinterFault.COVER_OPEN in faults,
            paper_out=PrinterFault.PAPER_OUT in faults,
            line_cut=self._line.cut,
            another=self._another,
            display=self._shown(),
            saying=self._said(),
            headphones=bool(self._sensors.read(Sensor.HEADPHONES)),
        )

    def _shown(self) -> tuple[str, ...]:
        return self._display.lines if isinstance(self._display, SimulatedDisplay) else ()

    def _said(self) -> tuple[str, ...]:
        saying = self._speaker.saying if isinstance(self._speaker, SimulatedSpeaker) else None
        return () if saying is None else saying.words

    async def insert_card(self, persona: str) -> None:
        if persona == other_cards.ANOTHER:
            await self._lay_another()
            return
        if self._card is not None:
            raise ImpossibleAct("there is a card on the reader already")
        is_other = any(card.persona == persona for card in other_cards.OTHERS)
        made = other_cards.made(persona, self._cards) if is_other else self.load_card(persona)
        await (self._put_mute() if made is None else self._put(made))
        self._card = persona

    async def _lay_another(self) -> None:
        if self._card is None or self._another:
            raise ImpossibleAct("another card is laid on the first, and only one")
        await self._put_another()
        self._another = True

    async def remove_card(self) -> None:
        if self._card is None:
            raise ImpossibleAct("there is no card on the reader")
        await self._pull()
        self._card, self._another = None, False

    async def _put(self, card: SoftwareCard) -> None:
        simulated(self._reader, SimulatedCardReader).insert(card)

    async def _put_mute(self) -> None:
        simulated(self._reader, SimulatedCardReader).insert_mute()

    async def _put_another(self) -> None:
        simulated(self._reader, SimulatedCardReader).insert_another()

    async def _pull(self) -> None:
        simulated(self._reader, SimulatedCardReader).remove()

    async def press_key(self, key: str) -> None:
        self._keypad.press(Key(key))

    async def press_button(self, button: str) -> None:
        """Momentary, but for the supervisor's key switch: that one is turned and turned back."""
        which = Button(button)
        if which is Button.SUPERVISOR and self._supervised:
            self._buttons.release(which)
            self._supervised = False
            return
        self._buttons.press(which)
        if which is Button.SUPERVISOR:
            self._supervised = True
        else:
            self._buttons.release(which)

    async def drop_money(self, yen: int) -> None:
        self._payment.drop(yen)

    async def take_change(self) -> None:
        self._payment.take_change()

    async def take_sheets(self) -> None:
        self._paper.take()

    async def take_receipt(self) -> None:
        self._slot.take()

    async def set_cover(self, *, is_open: bool) -> None:
        if is_open:
            self._paper.open_cover()
        else:
            self._paper.close_cover()

    async def set_paper(self, *, out: bool) -> None:
        if out:
            self._paper.run_out_of_paper()
        else:
            self._paper.load_paper()

    async def set_line(self, *, cut: bool) -> None:
        await self._line.set_cut(cut)

    async def set_headphones(self, *, in_use: bool) -> None:
        self._sensors.set(Sensor.HEADPHONES, in_use)

    def sheets(self) -> list[Image.Image]:
        return [sheet.image for sheet in self._paper.sheets or self._paper.taken]

    def receipt(self) -> Image.Image | None:
        receipts = self._slot.receipts or self._slot.taken
        return receipts[-1] if receipts else None

    def sheet_pngs(self) -> list[bytes]:
        return [png(image) for image in self.sheets()]

    def receipt_png(self) -> bytes | None:
        receipt = self.receipt()
        return None if receipt is None else png(receipt)


def png(image: Image.Image, width: int = PREVIEW_WIDTH) -> bytes:
    """A picture of paper; large pages are brought down to ``width`` in grey so that they stay legible."""
    if image.width > width:
        image = image.convert("L").resize((width, round(image.height * width / image.width)))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
