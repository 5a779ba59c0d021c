"""A booted guest: its agent runs commands in it, its monitor plugs and unplugs, a port brings its lines."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import importlib.metadata
import importlib.util
import itertools
import json
import shutil
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.guest import gpio_sim, image

BOOT_S = 120.0  # ten seconds on an idle machine; it is emulated in software
COMMAND_S = 60.0
_AGENT_S = 2.0
_ROOT = Path(__file__).parents[2]


class Line:
    """JSON over a socket of QEMU's."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def to(cls, path: Path) -> Self:
        async with asyncio.timeout(BOOT_S):
            while not path.exists():
                await asyncio.sleep(0.05)
        return cls(*await asyncio.open_unix_connection(path, limit=1 << 24))

    async def ask(self, command: str, **arguments: object) -> Any:
        """What it returns. Raises RuntimeError with its own words, TimeoutError."""
        message = {"execute": command, "arguments": arguments}
        self._writer.write(json.dumps(message).encode() + b"\n")
        async with asyncio.timeout(COMMAND_S):
            while True:
                answer = json.loads((await self._reader.readline()).lstrip(b"\xff") or "{}")
                if "error" in answer:
                    raise RuntimeError(f"{command}: {answer['error']['desc']}")
                if "return" in answer:
                    return answer["return"]

    async def in_step(self, number: int) -> bool:
        """Whether the agent has come to answer this very question, and none from before its boot."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_AGENT_S):
                if await self.ask("guest-sync", id=number) == number:
                    return True
                while json.loads(await self._reader.readline() or "{}").get("return") != number:
                    pass
                return True
        return False

    async def line(self) -> str:
        return (await self._reader.readline()).decode()

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


class Machine:
    """``async with`` it: booted when entered. What a test writes on its disk is gone afterwards."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self.monitor: Line
        self.agent: Line
        self.lines: Line
        self.directory: Path

    async def __aenter__(self) -> Self:
        base = await asyncio.to_thread(image.build)
        self.directory = Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="guest-"))
        )
        code = self.directory / "code"
        for package in ("drivers", "tests/guest"):
            shutil.copytree(_ROOT / package, code / package)
        shutil.copy(await asyncio.to_thread(gpio_sim.build), code)
        _libraries(code / "lib")
        await asyncio.to_thread(image.disk, self.directory / "code.img", code, "64M")
        process = await asyncio.create_subprocess_exec(*self._command(base), cwd=self.directory)
        self._stack.push_async_callback(process.wait)
        self._stack.callback(process.kill)
        try:
            self.monitor = await self._line("monitor")
            await self.monitor.ask("qmp_capabilities")
            self.lines = await self._line("lines")
            self.agent = await self._line("agent")
            await self._until_it_answers()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def run(self, command: str) -> str:
        """What it says. Raises AssertionError with what it complains of."""
        started = await self.start(command)
        while True:
            state = await self.agent.ask("guest-exec-status", pid=started)
            if state["exited"]:
                break
            await asyncio.sleep(0.05)
        said = [base64.b64decode(state.get(f"{name}-data", "")).decode() for name in ("out", "err")]
        assert state["exitcode"] == 0, f"{command}: {said}"
        return said[0]

    async def start(self, command: str) -> int:
        """In the background; its process id."""
        arguments = {"path": "/bin/sh", "arg": ["-c", command], "capture-output": True}
        return int((await self.agent.ask("guest-exec", **arguments))["pid"])

    async def _line(self, name: str) -> Line:
        line = await Line.to(self.directory / name)
        self._stack.push_async_callback(line.close)
        return line

    async def _until_it_answers(self) -> None:
        for number in itertools.count(1):
            if await self.agent.in_step(number):
                return
            assert number * _AGENT_S < BOOT_S, (self.directory / "console.log").read_text()[-2000:]

    def _command(self, base: Path) -> list[str]:
        command = "qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max -smp 2 -m 768"
        command += " -nodefaults -display none -no-reboot -snapshot"
        command += f" -kernel {image.kernel()} -initrd {base / 'initrd.gz'}"
        command += " -drive id=root,if=none,format=raw,file=" + str(base / "root.img")
        command += " -device virtio-blk-pci,drive=root"
        command += " -drive id=code,if=none,format=raw,file=code.img"
        command += " -device virtio-blk-pci,drive=code -device virtio-rng-pci"
        command += " -device virtio-serial-pci -qmp unix:monitor,server=on,wait=off"
        for name, port in (("agent", "org.qemu.guest_agent.0"), ("lines", "madoguchi.lines")):
            command += f" -chardev socket,id={name},path={name},server=on,wait=off"
            command += f" -device virtserialport,chardev={name},name={port}"
        command += " -serial file:console.log"
        command += " -chardev socket,id=card,path=card,server=on,wait=off"
        command += " -device qemu-xhci,id=usb"
        kernel = "console=ttyS0 quiet root=/dev/vda rw panic=-1 mitigations=off tsc=reliable"
        return [*command.split(), "-append", kernel]


def _libraries(folder: Path) -> None:
    """What the drivers need of this environment's own packages; the guest's Python is Debian's."""
    for name in ("gpiozero", "gpiod", "colorzero", "importlib_resources"):
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.origin is not None
        shutil.copytree(Path(found.origin).parent, folder / name)
    for information in Path(str(importlib.metadata.distribution("gpiozero")._path)).parent.glob(  # type: ignore[attr-defined]
        "gpiozero-*.dist-info"
    ):
        shutil.copytree(information, folder / information.name)
