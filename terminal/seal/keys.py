"""The published keys: whose word on a seal is believed. FOLDER/<city>/<key id>.pem, as terminals have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from terminal.errors import TerminalError
from terminal.link import binding
from terminal.seal.code import Fault, Seal, SealRefused, opened


class KeysUnusable(TerminalError):
    """The folder of keys is not what it should be; the message names the file."""


@dataclass(frozen=True, slots=True)
class PublishedKeys:
    """Keys by key id, and the city that each is pinned for: no city speaks for another (I-3)."""

    keys: Mapping[str, Ed25519PublicKey]
    cities: Mapping[str, str]

    @classmethod
    def load(cls, folder: Path) -> PublishedKeys:
        """Raises KeysUnusable."""
        keys: dict[str, Ed25519PublicKey] = {}
        cities: dict[str, str] = {}
        for path in sorted(folder.glob("*/*.pem")):
            key = _key(path)
            keys[path.stem], cities[path.stem] = key, path.parent.name
        if not keys:
            raise KeysUnusable(f"{folder}: no key in it, which would be <city>/<key id>.pem")
        return cls(keys, cities)

    def opened(self, code: str) -> Seal:
        """What the code says. Raises SealRefused, also for a key of another city than it names."""
        seal = opened(code, self.keys)
        if self.cities[seal.key_id] != seal.city:
            raise SealRefused(Fault.FORGED)
        return seal


def _key(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise KeysUnusable(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise KeysUnusable(f"{path}: not a public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeysUnusable(f"{path}: not an Ed25519 key")
    if binding.key_id(key.public_bytes_raw()) != path.stem:
        raise KeysUnusable(f"{path}: not the key of that id: fetch the list again")
    return key
