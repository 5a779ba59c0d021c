"""One builder for the terminal's side of the link: TLS 1.3 only, both sides known (R64, R65)."""

from __future__ import annotations

import ssl
from pathlib import Path

from terminal.errors import ConfigError


def client_context(ca: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """Trusts the operator's CA and nothing else. Raises ConfigError naming the file that is wrong."""
    for what, path in (("ca", ca), ("certificate", certificate), ("key", key)):
        if not path.is_file():
            raise ConfigError(f"[link] {what}: {path} does not exist; enrol the terminal first")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_verify_locations(ca)
        context.load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        message = (
            f"[link] certificate, key or ca cannot be used ({error}); do the three belong together?"
        )
        raise ConfigError(message) from error
    return context
