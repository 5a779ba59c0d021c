"""Whether a terminal's certificate is good: asked by ``check``, because TLS 1.3 shows it only when a visit
has sent something and was refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from terminal.errors import ConfigError


def certificate_faults(ca: Path, certificate: Path, now: datetime) -> Iterator[str]:
    """Expired, not valid yet, or of another authority than ``ca``. Raises ConfigError for files that hold none."""
    authorities, chain = _read("ca", ca), _read("certificate", certificate)
    for what, path, each in (
        *(("ca", ca, each) for each in authorities),
        ("certificate", certificate, chain[0]),
    ):
        if now > each.not_valid_after_utc:
            yield f"[link] {what}: {path} expired on {each.not_valid_after_utc:%Y-%m-%d}; have a new one made"
        if now < each.not_valid_before_utc:
            since = f"{each.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
            yield f"[link] {what}: {path} is valid from {since} only; is this machine's clock right?"
    if not any(_issued_by(chain[0], issuer) for issuer in (*authorities, *chain[1:])):
        yield f"[link] certificate: {certificate} was not issued by {ca}; take both from one enrolment"


def _read(what: str, path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"[link] {what}: {path} cannot be read ({error.strerror})") from error
    except ValueError as error:
        message = f"[link] {what}: {path} holds no certificate in PEM; enrol the terminal again"
        raise ConfigError(message) from error


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
