"""The only module that names concrete drivers. Each is imported when it is chosen, so a simulated
terminal needs no pcscd, and a terminal without coins no coin library."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from typing import Any

from drivers.buttons import Buttons
from drivers.card_reader import CardReader
from drivers.coin_inhibit import CoinInhibit
from drivers.device import Device
from drivers.display import Display
from drivers.errors import DriverError
from drivers.keypad import Keypad
from drivers.lights import Lights
from drivers.payment import Payment
from drivers.printer import DocumentPrinter, ReceiptPrinter
from drivers.sensors import Sensors
from drivers.sounder import Sounder
from drivers.speaker import Speaker
from terminal import config as c
from terminal.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Devices:
    """Everything the conductor has hands on."""

    card_reader: CardReader
    keypad: Keypad
    buttons: Buttons
    lights: Lights
    sounder: Sounder
    sensors: Sensors
    payment: Payment
    document_printer: DocumentPrinter
    receipt_printer: ReceiptPrinter
    speaker: Speaker | None = None
    display: Display | None = None
    coin_inhibit: CoinInhibit | None = None

    def all(self) -> tuple[Device, ...]:
        """Those that are fitted."""
        devices = (getattr(self, each.name) for each in fields(self))
        return tuple(device for device in devices if device is not None)


def build_devices(config: c.Config) -> Devices:
    """Construct, not yet open. Raises DeviceUnavailable where a library is missing, ConfigError."""
    return Devices(**{name: build(getattr(config, name)) for name, build in _builders().items()})


def unusable(config: c.Config) -> Iterator[str]:
    """What of this computer the devices need and it does not have, each once with the sections that need it.

    Raises ConfigError where a section is wrong."""
    needing: dict[str, list[str]] = {}
    for name, build in _builders().items():
        try:
            device = build(getattr(config, name))
            if device is not None:
                device.require()
        except DriverError as error:
            needing.setdefault(str(error), []).append(f"[{name}]")
    for fault, sections in needing.items():
        yield f"{', '.join(sections)}: {fault}"


def _builders() -> dict[str, Callable[[Any], Any]]:
    """By section; Devices has a field of each name."""
    return {
        "card_reader": _card_reader,
        "keypad": _keypad,
        "buttons": _buttons,
        "lights": _lights,
        "sounder": _sounder,
        "sensors": _sensors,
        "payment": _payment,
        "document_printer": _document_printer,
        "receipt_printer": _receipt_printer,
        "speaker": _speaker,
        "display": _display,
        "coin_inhibit": _coin_inhibit,
    }


@asynccontextmanager
async def opened(devices: Devices) -> AsyncGenerator[Devices, None]:
    """Open all, in order; close all, in reverse, whatever happens."""
    async with AsyncExitStack() as stack:
        for device in devices.all():
            await stack.enter_async_context(device)
        yield devices


def _card_reader(config: c.SimulatedReader | c.PcscReader) -> CardReader:
    match config:
        case c.SimulatedReader():
            from drivers.card_reader.simulated import SimulatedCardReader

            return SimulatedCardReader("card reader", pin_at_reader=config.pin_at_reader)
        case c.PcscReader():
            from drivers.card_reader.pcsc import PcscCardReader

            return PcscCardReader(
                "card reader",
                config.pattern,
                config.serial,
                apdu_timeout_s=config.apdu_timeout_s,
                pin_at_reader=config.pin_at_reader,
            )


def _keypad(config: c.SimulatedKeypad | c.UsbKeypad | c.MatrixKeypad) -> Keypad:
    match config:
        case c.SimulatedKeypad():
            from drivers.keypad.simulated import SimulatedKeypad

            return SimulatedKeypad()
        case c.UsbKeypad():
            from drivers.keypad.evdev import EvdevKeypad

            return EvdevKeypad(config.path, config.keys)
        case c.MatrixKeypad():
            from drivers.gpio_factory import pin_factory
            from drivers.keypad.matrix import MatrixKeypad

            factory = pin_factory(config.factory)
            return MatrixKeypad(config.rows, config.columns, config.keys, factory)


def _buttons(config: c.SimulatedButtons | c.GpioButtons) -> Buttons:
    match config:
        case c.SimulatedButtons():
            from drivers.buttons.simulated import SimulatedButtons

            return SimulatedButtons()
        case c.GpioButtons():
            from drivers.buttons.gpio import GpioButtons
            from drivers.gpio_factory import pin_factory

            return GpioButtons(config.pins, pin_factory(config.factory))


def _lights(config: c.SimulatedLights | c.GpioLights) -> Lights:
    match config:
        case c.SimulatedLights():
            from drivers.lights.simulated import SimulatedLights

            return SimulatedLights()
        case c.GpioLights():
            from drivers.gpio_factory import pin_factory
            from drivers.lights.gpio import GpioLights

            return GpioLights(config.pins, pin_factory(config.factory))


def _sounder(config: c.SimulatedSounder | c.GpioSounder) -> Sounder:
    match config:
        case c.SimulatedSounder():
            from drivers.sounder.simulated import SimulatedSounder

            return SimulatedSounder()
        case c.GpioSounder():
            from drivers.gpio_factory import pin_factory
            from drivers.sounder.gpio import GpioSounder

            return GpioSounder(config.pin, pin_factory(config.factory), kind=config.kind)


def _sensors(config: c.SimulatedSensors | c.GpioSensors) -> Sensors:
    match config:
        case c.SimulatedSensors():
            from drivers.sensors.simulated import SimulatedSensors

            return SimulatedSensors()
        case c.GpioSensors():
            from drivers.gpio_factory import pin_factory
            from drivers.sensors import Sensor
            from drivers.sensors.gpio import GpioSensors, SensorInput

            # Switches of cover and housing open their circuits: a cut wire must read as opened.
            opened = {Sensor.COVER_OPEN, Sensor.TAMPERED}
            inputs = {
                sensor: SensorInput(pin, true_when_high=sensor in opened)
                for sensor, pin in config.pins.items()
            }
            return GpioSensors(inputs, pin_factory(config.factory))


def _speaker(config: c.SimulatedSpeaker | c.AlsaSpeaker | c.NotFitted) -> Speaker | None:
    match config:
        case c.SimulatedSpeaker():
            from drivers.speaker.simulated import SimulatedSpeaker

            return SimulatedSpeaker()
        case c.AlsaSpeaker():
            from drivers.speaker import Outlet
            from drivers.speaker.alsa import AlsaSpeaker

            headphones = config.headphones or config.device
            return AlsaSpeaker({Outlet.SPEAKER: config.device, Outlet.HEADPHONES: headphones})
        case c.NotFitted():
            return None


def _display(
    config: c.SimulatedDisplay | c.OledDisplay | c.CustomerDisplay | c.NotFitted,
) -> Display | None:
    match config:
        case c.SimulatedDisplay():
            from drivers.display.simulated import SimulatedDisplay

            return SimulatedDisplay()
        case c.OledDisplay():
            from drivers.display.oled import OledDisplay

            return OledDisplay(config.controller, config.fonts, config.bus, config.address)
        case c.CustomerDisplay():
            from drivers.display.customer import CustomerDisplay

            return CustomerDisplay(str(config.device), config.baudrate, config.encoding)
        case c.NotFitted():
            return None


def _coin_inhibit(
    config: c.SimulatedInhibit | c.GpioInhibit | c.NotFitted,
) -> CoinInhibit | None:
    match config:
        case c.SimulatedInhibit():
            from drivers.coin_inhibit.simulated import SimulatedInhibit

            return SimulatedInhibit()
        case c.GpioInhibit():
            from drivers.coin_inhibit.gpio import GpioInhibit
            from drivers.gpio_factory import pin_factory

            return GpioInhibit(config.pin, pin_factory(config.factory))
        case c.NotFitted():
            return None


def _payment(_config: c.SimulatedPayment) -> Payment:
    from drivers.payment.simulated import SimulatedPayment

    return SimulatedPayment()


def _document_printer(config: c.SimulatedPrinter | c.IppPrinter) -> DocumentPrinter:
    match config:
        case c.SimulatedPrinter():
            from drivers.printer.simulated import SimulatedDocumentPrinter

            return SimulatedDocumentPrinter(
                "document printer", seconds_per_sheet=config.seconds_per_sheet
            )
        case c.IppPrinter():
            from drivers.printer.ipp import IppPrinter
            from drivers.printer.ipp_session import pinned_context

            try:
                context = None if config.certificate is None else pinned_context(config.certificate)
                return IppPrinter(
                    "document printer",
                    config.uri,
                    ssl_context=context,
                    duplex=config.two_sided,
                )
            except ValueError as error:
                raise ConfigError(f"[document_printer] uri: {error}") from error


def _receipt_printer(config: c.SimulatedReceipt | c.EscPosReceipt) -> ReceiptPrinter:
    match config:
        case c.SimulatedReceipt():
            from drivers.printer.simulated import SimulatedReceiptPrinter

            return SimulatedReceiptPrinter("receipt printer")
        case c.EscPosReceipt():
            from drivers.printer.escpos import EscPosReceiptPrinter

            return EscPosReceiptPrinter("receipt printer", str(config.device), config.baudrate)
