"""The recordings of every phrase, made beforehand: reads the folder that ``./run voice`` writes.

<folder>/<voice>/index.json    {"<text>": {"file": …, "ms": …, "slow": …, "slow_ms": …}, …}
<folder>/<voice>/*.wav         mono, 16 bit, 16 kHz; named by the text's id, so that one can be re-recorded
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from drivers.speaker import Clip
from terminal.errors import TerminalError
from terminal.voice.phrases import Phrase

INDEX = "index.json"
REMEDY = "make them with ./run voice --dir"

Length = Annotated[int, Meta(gt=0)]


class Recording(Struct, frozen=True, forbid_unknown_fields=True):
    """The files of one phrase, in its index's folder, and how long they are."""

    file: str
    ms: Length
    slow: str
    slow_ms: Length


Index = dict[str, Recording]


class MissingRecording(TerminalError):
    """Something could not be said: the message says what, where and what to do."""


class Recordings:
    """All voices of a folder. Raises MissingRecording when the folder cannot be read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._voices = {path.parent.name: _read(path) for path in sorted(folder.glob(f"*/{INDEX}"))}
        if not self._voices:
            raise MissingRecording(f"{folder}: no recordings of a voice here; {REMEDY} {folder}")

    def clip(self, phrase: Phrase, *, slow: bool) -> Clip:
        """Raises MissingRecording."""
        recording = self._voices.get(phrase.voice, {}).get(phrase.text)
        if recording is None:
            raise MissingRecording(f"{self._folder}: a phrase of “{phrase.voice}” is not recorded")
        name = recording.slow if slow else recording.file
        ms = recording.slow_ms if slow else recording.ms
        return Clip(ms, self._folder / phrase.voice / name)

    def require(self, phrases: Iterable[Phrase]) -> None:
        """Raises MissingRecording that names how many are missing, and the first of them."""
        wanted = list(phrases)
        missing = [p for p in wanted if p.text not in self._voices.get(p.voice, {})]
        if missing:
            first = missing[0]
            raise MissingRecording(
                f"{self._folder / first.voice}: {len(missing)} of {len(wanted)} phrases are not "
                f"recorded, “{first.text}” for one; {REMEDY} {self._folder}"
            )


def _read(path: Path) -> Index:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Index)
    except OSError as error:
        raise MissingRecording(
            f"{path}: {error.strerror}; {REMEDY} {path.parent.parent}"
        ) from error
    except msgspec.DecodeError as error:
        raise MissingRecording(
            f"{path}: {error}; remove the folder, and {REMEDY} {path.parent.parent}"
        ) from error
