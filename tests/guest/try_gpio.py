"""Runs in the guest: our drivers through libgpiod's factory on a chip that the kernel simulates."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from drivers.buttons import Button
from drivers.buttons.gpio import GpioButtons
from drivers.coin_inhibit.gpio import GpioInhibit
from drivers.device import Device, DeviceEvent, StateChanged
from drivers.errors import DeviceUnavailable
from drivers.gpio_factory import pin_factory
from drivers.gpiod_factory import GpiodFactory, header_chip
from drivers.lights import FlashRate, Light
from drivers.lights.gpio import GpioLights
from drivers.sensors import Sensor
from drivers.sensors.gpio import GpioSensors, SensorInput
from drivers.sounder import Sound, Tone
from drivers.sounder.gpio import GpioSounder

CONFIG = Path("/sys/kernel/config/gpio-sim/pi")
LAMP, OTHER, BUZZER, INHIBIT, OK, CANCEL, TRAY = 17, 27, 12, 16, 5, 6, 4


class Chip:
    """The far side of every line."""

    def __init__(self) -> None:
        (CONFIG / "bank0").mkdir(parents=True)
        (CONFIG / "bank0" / "num_lines").write_text("28")
        (CONFIG / "bank0" / "label").write_text("pinctrl-bcm2835")
        (CONFIG / "live").write_text("1")
        device = (CONFIG / "dev_name").read_text().strip()
        chip = (CONFIG / "bank0" / "chip_name").read_text().strip()
        self.lines = Path("/sys/devices/platform") / device / chip
        time.sleep(0.5)  # udev makes the node

    def level(self, line: int) -> int:
        return int((self.lines / f"sim_gpio{line}" / "value").read_text())

    def drive(self, line: int, *, high: bool) -> None:
        (self.lines / f"sim_gpio{line}" / "pull").write_text("pull-up" if high else "pull-down")

    def unplug(self) -> None:
        (CONFIG / "live").write_text("0")


async def until(condition: Callable[[], bool]) -> bool:
    try:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        return False
    return True


async def heard(device: Device, count: int) -> list[str]:
    events = device.events()
    try:
        async with asyncio.timeout(20):
            return [told(await anext(events)) for _ in range(count)]
    except TimeoutError:
        return ["nothing"]


def told(event: DeviceEvent) -> str:
    if isinstance(event, StateChanged):
        return event.state.value
    return repr(event)


async def main() -> dict[str, object]:
    chip = Chip()
    for line in (OK, CANCEL, TRAY):
        chip.drive(line, high=True)
    factory = pin_factory("libgpiod")
    assert isinstance(factory, GpiodFactory)
    result: dict[str, object] = {"chip": header_chip().name.startswith("gpiochip")}
    async with AsyncExitStack() as stack:
        result |= await outputs(chip, factory)
        result |= await inputs(chip, factory)
        lights = await stack.enter_async_context(GpioLights({Light.STATUS: LAMP}, factory))
        try:
            async with GpioSounder(LAMP, factory):
                pass
        except DeviceUnavailable as error:
            result["given twice"] = str(error)
        try:
            async with GpioSounder(BUZZER, factory, kind="tonal"):
                result["tonal"] = "taken"
        except DeviceUnavailable as error:
            result["tonal"] = str(error)
        await heard(lights, 1)
        await asyncio.to_thread(chip.unplug)
        await lights.probe()
        result["dead chip"] = await heard(lights, 1)
    return result


async def outputs(chip: Chip, factory: GpiodFactory) -> dict[str, object]:
    result: dict[str, object] = {}
    async with GpioLights({Light.CARD_READER: LAMP, Light.STATUS: OTHER}, factory) as lights:
        await lights.show({Light.CARD_READER: FlashRate.STEADY})
        result["lit"] = [chip.level(LAMP), chip.level(OTHER)]
        await lights.show({Light.STATUS: FlashRate.QUICK})
        flashes = await until(lambda: chip.level(OTHER) == 0) and await until(
            lambda: chip.level(OTHER) == 1
        )
        result["flashes"] = flashes
    result["dark when closed"] = [chip.level(LAMP), chip.level(OTHER)]
    async with GpioSounder(BUZZER, factory) as sounder:
        await sounder.play(Sound("x", (Tone(2700, 300),)))
        result["sounds"] = chip.level(BUZZER)
        result["silent again"] = await until(lambda: chip.level(BUZZER) == 0)
    async with GpioInhibit(INHIBIT, factory) as inhibit:
        before = chip.level(INHIBIT)
        await inhibit.let_in()
        result["inhibit"] = [before, chip.level(INHIBIT)]
    result["inhibited when closed"] = chip.level(INHIBIT)
    return result


async def inputs(chip: Chip, factory: GpiodFactory) -> dict[str, object]:
    result: dict[str, object] = {}
    pins = {Button.OK: OK, Button.CANCEL: CANCEL}
    async with GpioButtons(pins, factory) as buttons:
        await heard(buttons, 1)
        chip.drive(OK, high=False)
        pressed = await heard(buttons, 1)
        chip.drive(OK, high=True)
        result["button"] = [*pressed, *await heard(buttons, 1)]
        result["bounce"] = await bounced(chip, buttons)

        def raises(*_: object) -> None:
            raise RuntimeError("a callback that nobody wrote well")

        factory.pin(CANCEL).when_changed = raises
        chip.drive(CANCEL, high=False)
        await asyncio.sleep(0.2)
        chip.drive(OK, high=False)
        result["after a callback that raised"] = await heard(buttons, 1)
        chip.drive(OK, high=True)
        chip.drive(CANCEL, high=True)
    async with GpioSensors({Sensor.SHEETS_IN_TRAY: SensorInput(TRAY)}, factory) as sensors:
        await heard(sensors, 1)
        empty = sensors.read(Sensor.SHEETS_IN_TRAY)
        chip.drive(TRAY, high=False)
        event = await heard(sensors, 1)
        result["sensor"] = [empty, *event, sensors.read(Sensor.SHEETS_IN_TRAY)]
        chip.drive(TRAY, high=True)
    return result


async def bounced(chip: Chip, buttons: GpioButtons) -> list[str]:
    """Ten changes within a few milliseconds, ending pressed, are one press: the kernel debounces."""
    for _ in range(5):
        chip.drive(OK, high=False)
        chip.drive(OK, high=True)
    chip.drive(OK, high=False)
    pressed = await heard(buttons, 1)
    await asyncio.sleep(0.2)
    chip.drive(OK, high=True)
    return [*pressed, *await heard(buttons, 1)]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main())))
