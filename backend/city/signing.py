"""What a city signs, seals and keeps secret.

One Ed25519 key per city, in a PEM file, is everything it has: the secret behind references and tags
is derived from it, so that there is nothing else to lose or to mix up.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from pathlib import Path

import cbor2
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from backend.city.configuration import ConfigurationError
from terminal.link import binding, wire

_ALG, _KID, _EDDSA, _COSE_SIGN1 = 1, 4, -8, 18  # RFC 9052, RFC 9053
SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class CityKey:
    """A city's signing key. Shows its name only."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._secret = HKDF(hashes.SHA256(), 32, salt=None, info=b"madoguchi/city/v1").derive(
            key.private_bytes_raw()
        )
        self.public_bytes = key.public_key().public_bytes_raw()
        self.id = binding.key_id(self.public_bytes)

    def __repr__(self) -> str:
        return f"CityKey({self.id})"

    @classmethod
    def load(cls, path: Path) -> CityKey:
        """Read a PKCS#8 PEM file. Raises ConfigurationError naming it."""
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except OSError as error:
            raise ConfigurationError(f"{path}: {error.strerror}") from error
        except (ValueError, TypeError) as error:
            raise ConfigurationError(f"{path}: not a plain PEM private key") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigurationError(f"{path}: a city signs with Ed25519, this is another key")
        return cls(key)

    def person_ref(self, visit: str, resident: str) -> str:
        """How a resident is called in one visit: says nothing, and nothing about a place (I-5)."""
        return "p" + self._tag("person", visit, resident).hex()[:12]

    def subject_tag(self, visit: str, resident: str) -> bytes:
        """Ties a visit's documents to whom they are for, without saying who (I-3)."""
        return self._tag("subject", visit, resident)

    def sign_bundle(self, manifest: wire.Manifest, pages: tuple[bytes, ...]) -> wire.Bundle:
        encoded = wire.encode(manifest)
        signature = self._key.sign(binding.manifest_message(encoded))
        return wire.Bundle(manifest=encoded, signature=signature, pages=pages)

    def sign_cose(self, payload: bytes, context: bytes) -> bytes:
        """COSE_Sign1 (RFC 9052, 4.2) over ``payload``; ``context`` is the external data that goes with it."""
        protected = cbor2.dumps({_ALG: _EDDSA, _KID: bytes.fromhex(self.id)}, canonical=True)
        signed = cbor2.dumps(["Signature1", protected, context, payload])
        message = [protected, {}, payload, self._key.sign(signed)]
        return cbor2.dumps(cbor2.CBORTag(_COSE_SIGN1, message))

    def _tag(self, *parts: str) -> bytes:
        return hmac.digest(self._secret, "\0".join(parts).encode(), sha256)


def seal(bundle: wire.Bundle, public_key: bytes, info: bytes) -> bytes:
    """HPKE base mode to a visit's X25519 key (I-1)."""
    recipient = X25519PublicKey.from_public_bytes(public_key)
    return SUITE.encrypt(wire.encode(bundle), recipient, info=info)
