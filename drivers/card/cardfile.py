"""The file that is a virtual card: one JSON object a card, which the sample backend writes.

    kind                    "my_number", or another with JPKI: "juki", "android", "iphone" (drivers.card.kinds)
    key_pem                 private key of the authentication certificate: RSA-2048, or EC P-384
    certificate_pem         the authentication certificate
    issuer_pem              the certificate of its issuer
    pin                     four digits
    tries_left              0 to 3
    has_auth_certificate    false: the holder did not ask for one (R15)
    sign_key_pem, sign_certificate_pem, sign_password, sign_tries_left
                            the signing side, optional: without it the card makes one up

It holds a PIN and private keys in the clear, so it is for fictional people only; its mode is 0600.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import msgspec

from drivers.card.kinds import CardKind

Tries = Annotated[int, msgspec.Meta(ge=0, le=3)]
SignTries = Annotated[int, msgspec.Meta(ge=0, le=5)]
Pin = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}$")]
Password = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{6,16}$")]


class CardFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What makes one card differ from the next."""

    kind: CardKind
    key_pem: str
    certificate_pem: str
    issuer_pem: str
    pin: Pin
    tries_left: Tries = 3
    has_auth_certificate: bool = True
    sign_key_pem: str | None = None
    sign_certificate_pem: str | None = None
    sign_password: Password = "ABC123"  # noqa: S105 - of nobody
    sign_tries_left: SignTries = 5

    def __repr__(self) -> str:
        return f"CardFile({self.kind.value}, {self.tries_left} tries left)"


def load(path: Path) -> CardFile:
    """Raises ValueError for a file that is no card, OSError for one that cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=CardFile)
    except msgspec.DecodeError as error:
        raise ValueError(f"{path} is not a card file: {error}") from error


def save(card: CardFile, path: Path) -> None:
    """Whole or not at all, and for the owner's eyes only."""
    partial = path.with_name(f".{path.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(card), indent=1))
    partial.replace(path)
