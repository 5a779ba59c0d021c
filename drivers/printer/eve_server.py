"""Starting CUPS' ippeveprinter as a child, with an A4 printer's attributes made on the fly.

It will not start without a D-Bus to look for Avahi on, even when told not to announce itself: it
gets a private, empty one, which also keeps it off the machine's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections import deque
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Self

from drivers.device import DeviceState
from drivers.errors import DeviceUnavailable, DriverError
from drivers.printer.ipp_message import Operation
from drivers.printer.ipp_session import IppSession

_START_S = 10.0
_STOP_S = 5.0
_REQUEST_S = 5.0
_PROGRAMS = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"

_BUS = """<busconfig><type>session</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
<allow user="*"/></policy></busconfig>
"""

_MEDIA = """{
MEMBER keyword media-key "iso_a4_210x297mm_main_stationery"
MEMBER collection media-size { MEMBER integer x-dimension 21000 MEMBER integer y-dimension 29700 }
MEMBER keyword media-size-name "iso_a4_210x297mm"
MEMBER integer media-bottom-margin 340
MEMBER integer media-left-margin 340
MEMBER integer media-right-margin 340
MEMBER integer media-top-margin 340
MEMBER keyword media-source "main"
MEMBER keyword media-type "stationery"
}"""

_ATTRIBUTES = """
ATTR boolean color-supported false
ATTR integer copies-default 1
ATTR rangeOfInteger copies-supported 1-1
ATTR mimeMediaType document-format-default "image/pwg-raster"
ATTR mimeMediaType document-format-supported "application/octet-stream","image/pwg-raster"
ATTR enum finishings-default 3
ATTR enum finishings-supported 3
ATTR collection media-col-default {media}
ATTR collection media-col-database {media}
ATTR collection media-col-ready {media}
ATTR keyword media-default "iso_a4_210x297mm"
ATTR keyword media-ready "{ready}"
ATTR keyword media-supported "iso_a4_210x297mm","na_letter_8.5x11in"
ATTR collection media-size-supported
{{ MEMBER integer x-dimension 21000 MEMBER integer y-dimension 29700 }}
ATTR keyword media-source-supported "auto","main"
ATTR keyword media-type-supported "auto","stationery"
ATTR keyword output-bin-default "face-down"
ATTR keyword output-bin-supported "face-down"
ATTR keyword print-color-mode-default "monochrome"
ATTR keyword print-color-mode-supported "monochrome"
ATTR keyword print-scaling-supported "auto","none"
ATTR octetString printer-input-tray "type=sheetFeedAutoRemovableTray;maxcapacity=250;level=100;status=0;name=main"
ATTR textWithoutLanguage printer-make-and-model "Madoguchi virtual printer"
ATTR resolution printer-resolution-default {first}
ATTR resolution printer-resolution-supported {resolutions}
ATTR resolution pwg-raster-document-resolution-supported {resolutions}
ATTR keyword pwg-raster-document-sheet-back "{sheet_back}"
ATTR keyword pwg-raster-document-type-supported {types}
ATTR keyword sides-default "one-sided"
ATTR keyword sides-supported {sides}
"""


def a4_attributes(
    *,
    dpi: tuple[int, ...],
    two_sided: bool,
    sheet_back: str,
    raster_types: tuple[str, ...],
    media_ready: str,
) -> str:
    """The attribute file of a monochrome A4 printer (the server's own default is Letter)."""
    resolutions = [f"{each}x{each}dpi" for each in dpi]
    sides = ("one-sided", "two-sided-long-edge") if two_sided else ("one-sided",)
    return _ATTRIBUTES.format(
        media=_MEDIA,
        ready=media_ready,
        first=resolutions[-1],
        resolutions=",".join(resolutions),
        sheet_back=sheet_back,
        types=_quoted(raster_types),
        sides=_quoted(sides),
    )


def _quoted(words: tuple[str, ...]) -> str:
    return ",".join(f'"{word}"' for word in words)


class EveServer:
    """The two processes; entered once, and nothing of them is left afterwards.

    ``place`` is a directory with a short path (a socket lies in it). Raises DeviceUnavailable
    naming the package to install, or with what the server said.
    """

    def __init__(self, name: str, place: Path, attributes: str, command: Path) -> None:
        self.session: IppSession
        self.uri = ""
        self._name = name
        self._place = place
        self._attributes = attributes
        self._command = command
        self._said: deque[str] = deque(maxlen=20)
        self._stack = contextlib.AsyncExitStack()
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            bus = await self._start_bus(stack)
            self._process = await self._start_server(stack, bus)
            self.session = IppSession(self._name, self.uri, None, _REQUEST_S)
            await stack.enter_async_context(self.session)
            async with self._limit("ippeveprinter"):
                await self._answers(self._process)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _start_bus(self, stack: contextlib.AsyncExitStack) -> str:
        address, config = self._place / "bus", self._place / "bus.conf"
        config.write_text(_BUS.format(path=address))
        arguments = (f"--config-file={config}", "--nofork", "--nopidfile")
        await self._start(stack, "dbus-daemon", "dbus-daemon", *arguments)
        async with self._limit("dbus-daemon"):
            while not address.exists():  # noqa: ASYNC110 - nothing else tells
                await asyncio.sleep(0.01)
        return f"unix:path={address}"

    async def _start_server(
        self, stack: contextlib.AsyncExitStack, bus: str
    ) -> asyncio.subprocess.Process:
        conf, spool = self._place / "a4.conf", self._place / "spool"
        conf.write_text(self._attributes)
        spool.mkdir()
        port = _free_port()
        self.uri = f"ipp://localhost:{port}/ipp/print"
        arguments = ["-r", "off", "-n", "localhost", "-p", str(port)]
        arguments += ["-a", str(conf), "-d", str(spool), "-c", str(self._command), self._name]
        return await self._start(stack, "cups-ipp-utils", "ippeveprinter", *arguments, bus=bus)

    async def _answers(self, server: asyncio.subprocess.Process) -> None:
        while True:
            if server.returncode is not None:
                said = " ".join(self._said) or "nothing"
                advice = f"ippeveprinter ended with {server.returncode} and said: {said}"
                raise DeviceUnavailable(self._name, DeviceState.HARDWARE_ERROR, advice)
            with contextlib.suppress(DriverError):
                await self.session.ask(Operation.GET_PRINTER_ATTRIBUTES)
                return
            await asyncio.sleep(0.02)

    async def _start(
        self,
        stack: contextlib.AsyncExitStack,
        package: str,
        program: str,
        *arguments: str,
        bus: str = "",
    ) -> asyncio.subprocess.Process:
        path = shutil.which(program, path=_PROGRAMS)
        if path is None:
            advice = f"{program} is missing; install it with: apt install {package}"
            raise DeviceUnavailable(self._name, DeviceState.NO_DEVICE, advice)
        process = await asyncio.create_subprocess_exec(
            path,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "DBUS_SYSTEM_BUS_ADDRESS": bus},
        )
        listening = asyncio.create_task(self._hear(process))
        stack.push_async_callback(_stop, process, listening)
        return process

    async def _hear(self, process: asyncio.subprocess.Process) -> None:
        """Keep the last words; an unread pipe would stop the process."""
        assert process.stderr is not None
        async for line in process.stderr:
            self._said.append(line.decode(errors="replace").rstrip())

    @contextlib.asynccontextmanager
    async def _limit(self, program: str) -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(_START_S):
                yield
        except TimeoutError as error:
            advice = (
                f"{program} did not start within {_START_S:g} s; it said: {' '.join(self._said)}"
            )
            raise DeviceUnavailable(self._name, DeviceState.HARDWARE_ERROR, advice) from error


async def _stop(process: asyncio.subprocess.Process, listening: asyncio.Task[None]) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
    listening.cancel()
    await asyncio.wait({listening})


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
