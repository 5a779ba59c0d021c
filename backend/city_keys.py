"""The cities' signing keys in a development world, each pinned for the terminals by its city (I-3)."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import pki
from backend.centre.settings import load
from backend.city.configuration import load as load_city
from backend.world import Development
from terminal.link import binding


def provide_keys(development: Development) -> tuple[str, ...]:
    """A key for each configured city that has none; answers whose were made.

    A key that is there is left alone: documents were signed with it. Raises OperatorError.
    """
    settings = load(development.settings)
    made = []
    for path in sorted(settings.cities.folder.glob("*/city.toml")):
        code = load_city(path).code
        if not (settings.cities.keys / f"{code}.pem").exists():
            make_key(settings.cities.keys, development.trust_of(code), code)
            made.append(code)
    return tuple(made)


def make_key(keys: Path, trusted: Path, code: str) -> None:
    """The city's key for the backend, and its public half for the terminals."""
    key = Ed25519PrivateKey.generate()
    pki.write_private(keys / f"{code}.pem", pki.key_pem(key))
    public = key.public_key()
    trusted.mkdir(exist_ok=True)
    name = f"{binding.key_id(public.public_bytes_raw())}.pem"
    (trusted / name).write_bytes(
        public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
