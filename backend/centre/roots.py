"""The pinned roots of one JPKI: of which world each is, and which of them issued a card or a list.

All generations of a JPKI bear one name, and so does a forger's root: whoever issued something is found
by the signature, never by the name. What a card says of its own issuer proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from backend.centre.settings import SettingsError, World
from backend.unreadable import UNREADABLE

RSA_MIN_BITS = 2048
STRONG_DIGESTS = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


def world_of(name: x509.Name) -> World | None:
    """Of which world an authority is, by its organisation; None if it is no JPKI at all."""
    organisations = [part.value for part in name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    match organisations:
        case ["JPKI"]:
            return World.PRODUCTION
        case [str(organisation)] if organisation.startswith("JPKI-TEST"):
            return World.TEST
        case _:
            return None


class Roots:
    """Roots of one world. The files are read once: a new generation is pinned by a new start."""

    def __init__(self, paths: Iterable[Path], world: World) -> None:
        """Raises SettingsError naming the file that is not such a root, and what to do."""
        self._roots: dict[x509.Certificate, Path] = {}
        for path in paths:
            root = _read(path)
            _require_world(root, path, world)
            _require_root(root, path)
            if root in self._roots:
                same = self._roots[root]
                raise SettingsError(f"[jpki] roots: {path} is the same as {same}: take one out")
            self._roots[root] = path

    def issuer_of(self, card: x509.Certificate) -> x509.Certificate | None:
        return next((root for root in self._roots if has_issued(root, card)), None)

    def issuer_of_list(self, listed: x509.CertificateRevocationList) -> x509.Certificate | None:
        return next((root for root in self._roots if _has_published(root, listed)), None)


def has_issued(root: x509.Certificate, certificate: x509.Certificate) -> bool:
    """By name and signature; dates and extensions are other questions."""
    try:
        certificate.verify_directly_issued_by(root)
        return isinstance(certificate.signature_hash_algorithm, STRONG_DIGESTS)
    except (InvalidSignature, *UNREADABLE):
        return False


def _has_published(root: x509.Certificate, listed: x509.CertificateRevocationList) -> bool:
    key = root.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return False
    try:
        return (
            listed.issuer == root.subject
            and isinstance(listed.signature_hash_algorithm, STRONG_DIGESTS)
            and listed.is_signature_valid(key)
        )
    except UNREADABLE:
        return False


def _read(path: Path) -> x509.Certificate:
    try:
        (root,) = x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"[jpki] roots: {path}: {error.strerror}") from error
    except UNREADABLE as error:
        raise SettingsError(
            f"[jpki] roots: {path} is not one certificate in PEM: put each root into a file of its own"
        ) from error
    return root


def _require_world(root: x509.Certificate, path: Path, world: World) -> None:
    found = world_of(root.subject)
    if found is world:
        return
    if found is None:
        kind = 'of no JPKI (its organisation is neither "JPKI" nor "JPKI-TEST…")'
    else:
        kind = f"of the {found.value} world"
    raise SettingsError(
        f'[jpki] roots: {path} is {kind}, but world = "{world.value}": '
        "take it out; test and production roots are never mixed"
    )


def _require_root(root: x509.Certificate, path: Path) -> None:
    wrong = None
    if not has_issued(root, root):
        wrong = "is not signed by itself: name the root, not what it has issued"
    elif not _is_authority(root):
        wrong = "may sign no certificates: name the root, not what it has issued"
    elif not _is_strong(root):
        wrong = (
            f"has a key that is neither RSA of {RSA_MIN_BITS} bits or more nor P-384: take it out"
        )
    if wrong is not None:
        raise SettingsError(f"[jpki] roots: {path} {wrong}")


def _is_authority(root: x509.Certificate) -> bool:
    try:
        constraints = root.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = root.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return False
    return constraints.ca and usage.key_cert_sign


def _is_strong(root: x509.Certificate) -> bool:
    match root.public_key():
        case rsa.RSAPublicKey(key_size=bits):
            return bits >= RSA_MIN_BITS
        case ec.EllipticCurvePublicKey(curve=ec.SECP384R1()):
            return True
        case _:
            return False
