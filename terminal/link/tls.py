"""One builder for the terminal's side of the link: TLS 1.3 only, both sides known (R64, R65)."""

from __future__ import annotations

import ssl
from pathlib import Path

from terminal.errors import ConfigError


def client_context(ca: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """Trusts the operator's CA and nothing else. Raises ConfigError naming the file that is wrong."""
    for what, path in (("ca", ca), ("certificate", certificate), ("key", key)):
        _require_readable(what, path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    try:
        context.load_verify_locations(ca)
        context.load_cert_chain(certificate, key, password=_no_passphrase)
    except (ssl.SSLError, OSError) as error:
        message = (
            f"[link] certificate, key or ca cannot be used ({error}); do the three belong together?"
        )
        raise ConfigError(message) from error
    return context


def _require_readable(what: str, path: Path) -> None:
    try:
        with path.open("rb"):
            return
    except FileNotFoundError as error:
        message = f"[link] {what}: {path} does not exist; enrol the terminal first"
        raise ConfigError(message) from error
    except OSError as error:
        message = f"[link] {what}: {path} cannot be read ({error.strerror}); who owns it?"
        raise ConfigError(message) from error


def _no_passphrase() -> str:
    """Nobody stands by to type one; without this OpenSSL would ask, and wait for ever."""
    raise ConfigError("[link] key: it is protected by a passphrase; store it without one")
