"""The voice through ALSA: one ``aplay`` a speech, fed piece by piece and killed when it is to fall silent.

A process of its own is what a hanging sound card can be cut off from. What is said never leaves the pipe:
clips spell names, so no file's name goes into a log, an argument or an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import re
import shutil
import wave
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import numpy as np

from drivers.device import DeviceState, StateChanged
from drivers.errors import DeviceUnavailable, HardwareFault
from drivers.speaker import RATE_HZ, Clip, Outlet, Speaker, Speech, SpeechEnded

CARDS = Path("/proc/asound")
PIECE_MS = 200
LATE_S = 1.7  # what is not taken so long after its time hangs in the card: seen within two seconds
PIPE_OCTETS = (
    4096  # the least there is: in a wider one two seconds wait unheard, and look as if taken
)
KILL_LIMIT_S = 0.5  # nothing can end a process that hangs in the kernel: it is left behind
TRY_AGAIN_S = 5.0  # with a card that refused; one that was pulled out is seen to come back
SAMPLE = 2  # bytes

_NAMED_CARD = re.compile(r"(?:hw:(?:CARD=)?|CARD=)([^,]+)")


class AlsaSpeaker(Speaker):
    """``devices`` are ALSA's names by outlet; ``cards`` is where the kernel lists its sound cards."""

    def __init__(
        self,
        devices: Mapping[Outlet, str],
        *,
        name: str = "speaker",
        aplay: str = "aplay",
        cards: Path = CARDS,
    ) -> None:
        super().__init__(name)
        self._devices = dict(devices)
        self._aplay = aplay
        self._cards = cards
        self._playing: asyncio.Task[None] | None = None
        self._trying: asyncio.Task[None] | None = None
        self._try_at = 0.0
        self._tried = Outlet.SPEAKER  # that which refused is the one to try again

    def require(self) -> None:
        if shutil.which(self._aplay) is None:
            advice = f"there is no {self._aplay}: install alsa-utils"
            raise DeviceUnavailable(self.name, DeviceState.NO_DEVICE, advice)

    async def open(self) -> None:
        self.require()
        self._look()

    async def close(self) -> None:
        await self.stop()
        trying, self._trying = self._trying, None
        await _ended(trying)
        self.publish(StateChanged(DeviceState.OFFLINE))

    # --- speech ------------------------------------------------------------------------------

    async def say(self, speech: Speech) -> None:
        self._require()
        await self.stop()
        self._playing = asyncio.create_task(self._say(speech), name="speech")

    async def stop(self) -> None:
        playing, self._playing = self._playing, None
        await _ended(playing)

    def _require(self) -> None:
        if self.state is DeviceState.OFFLINE:
            raise DeviceUnavailable(self.name, self.state, "open the speaker before it speaks")
        if self.state is not DeviceState.ONLINE:
            raise DeviceUnavailable(self.name, self.state, self._advice())

    async def _say(self, speech: Speech) -> None:
        try:
            await self._play(self._devices[speech.outlet], _pieces(speech, self.name))
        except HardwareFault as fault:
            self._tried = speech.outlet
            self._try_at = asyncio.get_running_loop().time() + TRY_AGAIN_S
            self.publish(StateChanged(DeviceState.HARDWARE_ERROR, fault.reason))
        else:
            self.publish(SpeechEnded(speech))

    async def _play(self, device: str, pieces: AsyncIterator[bytes]) -> None:
        """Until all has been heard. Raises HardwareFault with the last that aplay said.

        Whatever goes wrong must end as a fault: of a speech that never ends, the rounds of a call would
        wait for the end.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *(self._aplay, "-q", "-D", device, "-t", "raw", "-f", "S16_LE", "-c", "1"),
                *("-r", str(RATE_HZ), "-"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise HardwareFault(self.name, f"{self._aplay}: {error.strerror}") from error
        try:
            complaint = await _feed(process, pieces)
        except TimeoutError as error:
            raise HardwareFault(self.name, f"{device} takes no more sound: it hangs") from error
        finally:
            await _end(process)
        if process.returncode != 0:
            reason = _last_line(complaint) or f"aplay ended with {process.returncode}"
            raise HardwareFault(self.name, reason)

    # --- the card ----------------------------------------------------------------------------

    async def probe(self) -> None:
        """Is the card still there; and does one that refused speak again?"""
        if self.state is DeviceState.OFFLINE:
            return
        if self.state is not DeviceState.HARDWARE_ERROR or not self._all_there():
            self._look()
            return
        now = asyncio.get_running_loop().time()
        if now >= self._try_at and (self._trying is None or self._trying.done()):
            self._try_at = now + TRY_AGAIN_S
            self._trying = asyncio.create_task(self._try(), name="trying the speaker")

    async def _try(self) -> None:
        with contextlib.suppress(HardwareFault):
            await self._play(self._devices[self._tried], _silence(PIECE_MS))
            self.publish(StateChanged(DeviceState.ONLINE))

    def _look(self) -> None:
        if self._all_there():
            self.publish(StateChanged(DeviceState.ONLINE))
        else:
            self.publish(StateChanged(DeviceState.NO_DEVICE, self._advice()))

    def _all_there(self) -> bool:
        return all(self._is_there(device) for device in self._devices.values())

    def _is_there(self, device: str) -> bool:
        """True where the name does not say which card is meant."""
        named = _NAMED_CARD.search(device)
        if named is None:
            return True
        card = named[1]
        return (self._cards / (f"card{card}" if card.isdigit() else card)).exists()

    def _advice(self) -> str:
        missing = [device for device in self._devices.values() if not self._is_there(device)]
        if not missing:
            return "its sound card refuses: is it in use by another program?"
        return f"there is no sound card for {', '.join(dict.fromkeys(missing))}: check its cable"


async def _feed(process: asyncio.subprocess.Process, pieces: AsyncIterator[bytes]) -> bytes:
    """Hand everything over and wait for the end; what aplay complained of. Raises TimeoutError."""
    assert process.stdin is not None
    assert process.stderr is not None
    _narrow(process.stdin)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # its status says why
        async for piece in pieces:
            process.stdin.write(piece)
            async with asyncio.timeout(PIECE_MS / 1000 + LATE_S):
                await process.stdin.drain()
        process.stdin.close()
    async with asyncio.timeout(LATE_S):
        complaint = await process.stderr.read()
        await process.wait()
    return complaint


def _narrow(stdin: asyncio.StreamWriter) -> None:
    """So that ``drain`` returns when the piece is on its way to the card, and not when it lies in a buffer."""
    stdin.transport.set_write_buffer_limits(high=0)
    fcntl.fcntl(stdin.get_extra_info("pipe"), fcntl.F_SETPIPE_SZ, PIPE_OCTETS)


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    process.stdin.close()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), KILL_LIMIT_S)


async def _pieces(speech: Speech, name: str) -> AsyncIterator[bytes]:
    for clip in speech.clips:
        if clip.file is None:
            async for piece in _silence(clip.ms):
                yield piece
            continue
        samples = await asyncio.to_thread(_samples, clip, name, speech.loudness)
        for start in range(0, len(samples), _octets(PIECE_MS)):
            yield samples[start : start + _octets(PIECE_MS)]


async def _silence(ms: int) -> AsyncIterator[bytes]:
    for start in range(0, ms, PIECE_MS):
        yield bytes(_octets(min(PIECE_MS, ms - start)))


def _octets(ms: int) -> int:
    return RATE_HZ * ms // 1000 * SAMPLE


def _samples(clip: Clip, name: str, loudness: float) -> bytes:
    """Raises HardwareFault; its words say where, and not which."""
    assert clip.file is not None
    where = clip.file.parent
    try:
        with wave.open(str(clip.file), "rb") as recording:
            layout = (recording.getnchannels(), recording.getsampwidth(), recording.getframerate())
            if layout != (1, SAMPLE, RATE_HZ):
                message = f"a recording in {where} is not mono, 16 bit, {RATE_HZ} Hz"
                raise HardwareFault(name, message)
            octets = recording.readframes(recording.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise HardwareFault(name, f"a recording in {where} cannot be read") from error
    if loudness >= 1:
        return octets
    return (np.frombuffer(octets, "<i2") * max(loudness, 0.0)).astype("<i2").tobytes()


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


async def _ended(task: asyncio.Task[None] | None) -> None:
    if task is not None and not task.done():
        task.cancel()
        await asyncio.wait([task])
