"""Makes the recordings: ``./run voice --dir DIR`` → what ``recordings`` reads.

A voice's folder is made anew beside the old one and takes its place when it is whole; what has not changed is
taken over: so is a file that somebody has spoken by hand in place of the one that was made.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import wave
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drivers.speaker import RATE_HZ
from terminal.strings.catalogue import NAMES, catalogue
from terminal.voice.levelling import levelled
from terminal.voice.phrases import Phrase, inventory, names
from terminal.voice.respelling import for_synthesis
from terminal.voice.synthesis import Synthesiser, SynthesisError, synthesiser

INDEX, MADE = "index.json", "made.json"
KANA = "kana"

Index = dict[str, dict[str, Any]]
"""Text → file, ms, slow, slow_ms, as ``recordings.Recording`` reads them."""


def wanted(voice: str) -> dict[str, Phrase]:
    """Names of files → phrases."""
    return names() if voice == KANA else inventory(catalogue(voice))


def make(folder: Path, voice: str, phrases: dict[str, Phrase], by: Synthesiser) -> tuple[int, int]:
    """How many were made, and how many there are. Raises SynthesisError; the old folder is whole till then."""
    old, new = folder / voice, folder / f".{voice}.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    before_index, before_made = _read(old / INDEX), _read(old / MADE)
    index: Index = {}
    made: dict[str, str] = {}
    fresh = 0
    for name, phrase in phrases.items():
        if phrase.text in index:
            continue
        stem = _file_name(name)
        key = _key(phrase, by)
        known = before_index.get(phrase.text)
        if known is not None and before_made.get(known["file"]) == key and _copied(old, new, known):
            index[phrase.text], made[known["file"]] = _measured(new, known), key
            continue
        index[phrase.text] = _recorded(new, stem, phrase, by)
        made[f"{stem}.wav"] = key
        fresh += 1
    _write(new / INDEX, index)
    _write(new / MADE, made)
    _take_the_place(old, new)
    return fresh, len(index)


def _key(phrase: Phrase, by: Synthesiser) -> str:
    """Changes with whatever would make it sound otherwise."""
    spelled = for_synthesis(phrase.text, phrase.voice)
    return hashlib.sha256(f"{spelled}\0{by.version}".encode()).hexdigest()[:16]


def _recorded(folder: Path, stem: str, phrase: Phrase, by: Synthesiser) -> dict[str, Any]:
    spelled = for_synthesis(phrase.text, phrase.voice)
    entry: dict[str, Any] = {}
    for kind, suffix in (("file", ""), ("slow", ".slow")):
        try:
            sound = levelled(*by.say(spelled, slow=kind == "slow"))
        except ValueError as error:
            raise SynthesisError(f"{phrase.voice}: “{phrase.text}”: {error}") from error
        file = f"{stem}{suffix}.wav"
        _save(folder / file, sound)
        entry[kind] = file
        entry["ms" if kind == "file" else "slow_ms"] = max(1, len(sound) * 1000 // RATE_HZ)
    return entry


def _copied(old: Path, new: Path, known: dict[str, Any]) -> bool:
    files = [old / known[kind] for kind in ("file", "slow")]
    if not all(file.is_file() for file in files):
        return False
    for file in files:
        shutil.copy2(file, new)
    return True


def _measured(folder: Path, entry: dict[str, Any]) -> dict[str, Any]:
    """Somebody may have spoken it by hand since: it is as long as it is now."""
    for kind, ms in (("file", "ms"), ("slow", "slow_ms")):
        with wave.open(str(folder / entry[kind])) as sound:
            entry[ms] = max(1, sound.getnframes() * 1000 // sound.getframerate())
    return entry


def _save(path: Path, sound: npt.NDArray[np.int16]) -> None:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(sound.tobytes())


def _file_name(name: str) -> str:
    """A text's id as a file's name; what a file system may not like is left out."""
    return "".join(c if c.isalnum() or c in "._-" else "-" for c in name)


def _read(path: Path) -> dict[str, Any]:
    try:
        read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return read


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=0), encoding="utf-8")


def _take_the_place(old: Path, new: Path) -> None:
    gone = old.with_name(f".{old.name}.old")
    shutil.rmtree(gone, ignore_errors=True)
    if old.exists():
        old.rename(gone)
    new.rename(old)
    shutil.rmtree(gone, ignore_errors=True)


def main() -> int:
    parser = ArgumentParser(prog="./run voice", description="Make the recordings of the voice.")
    parser.add_argument("--dir", type=Path, default=Path("build/voice"), help="where they go")
    parser.add_argument("--language", action="append", choices=[*NAMES, KANA], help="only these")
    arguments = parser.parse_args()
    for voice in arguments.language or [*NAMES, KANA]:
        try:
            fresh, count = make(arguments.dir, voice, wanted(voice), synthesiser(voice))
        except SynthesisError as error:
            sys.stderr.write(f"./run voice: {error}\n")
            return 2
        sys.stderr.write(f"{voice}: {count} phrases, {fresh} of them made now\n")
    sys.stdout.write(f"{arguments.dir}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
