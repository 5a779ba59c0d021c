"""A whole small world in one directory: an authority, a terminal, a JPKI, two cities, ten cards.

    DIR/backend/     backend.toml, both databases, the server's and the cities' keys, roots, the CRL
    DIR/terminals/   <id>/key.pem, certificate.pem, ca.pem
    DIR/cards/       <persona>.json (a fictional card, with its PIN), index.json
    DIR/trust/       cities/<city>/<key id>.pem: whose documents a terminal believes

It is built in a sibling directory and renamed when complete, so half a world is never seen. What is
true only for a while (the CRL, the cards that were handed over today) is refreshed at every start.
"""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import pki
from backend.city.configuration import load as load_city
from backend.city.personas import PERSONAS, SAMPLE, Persona, seed
from backend.clock import Clock
from backend.errors import OperatorError
from backend.storage import registry
from backend.storage.registry import LinkRow, TerminalRow
from backend.storage.sqlite import SqliteDatabase
from terminal.link import wire

_T = TypeVar("_T")
TERMINAL = "dev-1"
BUILD = "madoguchi/0.1.0"
# Roots and cards are older than today, so that a clock set back meets valid ones.
_JPKI_AGE = timedelta(days=365)

_SETTINGS = """\
# Made for development. Paths are relative to this file.
development = true
database = "madoguchi.sqlite3"

[tls]
certificate = "server.pem"
key = "server.key"
terminal_authority = "ca.pem"

[jpki]
roots = ["jpki-root.pem"]
revocation_lists = ["jpki.crl"]

[cities]
residents = "residents.sqlite3"
keys = "cities"

# R7, R8 and decision b. A city's own hours may be shorter.
[calendar]
hours = { opens = 06:30:00, last_start = 22:55:00, closes = 23:00:00 }
year_end = { first = { month = 12, day = 29 }, last = { month = 1, day = 3 } }

[hotline]
office = "マイナンバーカード一時停止受付（見本）"
telephone = "000-555-0100"
"""


class DevelopmentError(OperatorError):
    """The directory cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Development:
    """Where things are in a prepared directory."""

    directory: Path

    @property
    def backend(self) -> Path:
        return self.directory / "backend"

    @property
    def settings(self) -> Path:
        return self.backend / "backend.toml"

    @property
    def database(self) -> Path:
        return self.backend / "madoguchi.sqlite3"

    @property
    def revoked(self) -> Path:
        """Whose certificates are on the CRL, and why."""
        return self.backend / "revoked.json"

    @property
    def cards(self) -> Path:
        return self.directory / "cards"

    @property
    def trusted_cities(self) -> Path:
        return self.directory / "trust" / "cities"

    def card(self, persona: str) -> Path:
        return self.cards / f"{persona}.json"

    def terminal(self, terminal: str = TERMINAL) -> Path:
        return self.directory / "terminals" / terminal


def prepare(directory: Path, clock: Clock | None = None) -> Development:
    """Make the directory, or bring an existing one up to today. Safe to repeat and to race.

    Raises DevelopmentError if something else is there.
    """
    clock = clock or Clock()
    development = Development(directory)
    if not development.settings.is_file():
        _make(directory, clock)
    refresh(development, clock)
    return development


def refresh(development: Development, clock: Clock) -> None:
    """What a day changes: a fresh CRL, and the cards that are handed over "today" (R40)."""
    _publish_revocations(development, clock)
    database = SqliteDatabase(development.database)
    try:
        database.migrate()
        for persona in PERSONAS:
            if persona.card_issued is None:
                _link(database, persona, _certificate(development, persona.id), clock.today())
    finally:
        database.close()


def revoke(development: Development, persona: str, *, suspend: bool = False) -> None:
    """Put a persona's certificate on the CRL; ``suspend`` for a lost card (decision f).

    A running backend reads the new list at the next sign-in. Raises DevelopmentError.
    """
    if not development.settings.is_file():
        raise DevelopmentError(f"{development.directory} is not prepared: run init first")
    if persona not in {one.id for one in PERSONAS}:
        known = ", ".join(one.id for one in PERSONAS)
        raise DevelopmentError(f"there is no persona {persona!r}; there are {known}")
    reason = x509.ReasonFlags.cessation_of_operation
    if suspend:
        reason = x509.ReasonFlags.certificate_hold
    revoked = _revoked(development) | {persona: reason}
    pki.replace_file(development.revoked, _revoked_json(revoked))
    # The same days as the list that is there, whatever clock the backend is running on.
    current = _read(development, development.backend / "jpki.crl", x509.load_pem_x509_crl)
    _publish_revocations(development, Clock(source=lambda: current.last_update_utc))


def _publish_revocations(development: Development, clock: Clock) -> None:
    backend = development.backend
    try:
        root = pki.read_issued(backend / "jpki-root.key", backend / "jpki-root.pem")
    except ValueError as error:
        raise DevelopmentError(f"{error}; empty {development.directory} and run init") from error
    withdrawals = [
        pki.Withdrawal(_certificate(development, persona), reason, clock.now())
        for persona, reason in _revoked(development).items()
    ]
    listed = pki.revocation_list(root, withdrawals, clock.now())
    pki.replace_file(backend / "jpki.crl", listed.public_bytes(serialization.Encoding.PEM))


# --- making ------------------------------------------------------------------------------------


def _make(directory: Path, clock: Clock) -> None:
    if directory.exists() and any(directory.iterdir()):
        raise DevelopmentError(
            f"{directory} is not empty and holds no backend/backend.toml: "
            "name another directory, or empty this one"
        )
    directory.parent.mkdir(parents=True, exist_ok=True)
    parts = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        _fill(Development(parts), clock)
        parts.rename(directory)
    except OSError as error:
        # Somebody else finished first, which is as good; anything else is an error.
        if Development(directory).settings.is_file():
            return
        if error.errno == errno.EBUSY:
            raise DevelopmentError(
                f"{directory} is where somebody works or a file system is mounted, so it cannot be "
                "made at once: name a directory inside it"
            ) from error
        raise
    finally:
        shutil.rmtree(parts, ignore_errors=True)


def _fill(development: Development, clock: Clock) -> None:
    for folder in (
        development.backend / "cities",
        development.cards,
        development.terminal(),
        development.trusted_cities,
    ):
        folder.mkdir(parents=True)
    with ThreadPoolExecutor() as pool:
        making = [pool.submit(pki.new_rsa_key) for _ in PERSONAS]  # meanwhile, the rest
        _write_tls(development)
        _write_cities(development)
        root = pki.new_jpki_root(clock.now() - _JPKI_AGE)
        made = clock.now() - _JPKI_AGE
        cards = [pki.issue_card(root, key.result(), made) for key in making]
    _write_issued(root, development.backend, "jpki-root.key", "jpki-root.pem")
    _write_cards(development, root, cards)
    _write_databases(development, cards, clock)
    development.settings.write_text(_SETTINGS, "utf-8")


def _write_tls(development: Development) -> None:
    now = Clock().now()  # TLS goes by the computer's clock, not by ours
    authority = pki.new_operator_authority(now)
    terminal = development.terminal()
    _write_issued(authority, development.backend, "ca.key", "ca.pem")
    server = pki.issue_server(authority, now)
    _write_issued(server, development.backend, "server.key", "server.pem")
    identity = pki.issue_terminal(authority, TERMINAL, now)
    _write_issued(identity, terminal, "key.pem", "certificate.pem")
    (terminal / "ca.pem").write_bytes(pki.certificate_pem(authority.certificate))


def _write_cities(development: Development) -> None:
    for city in sorted(SAMPLE.glob("*/city.toml")):
        key = Ed25519PrivateKey.generate()
        code = load_city(city).code
        path = development.backend / "cities" / f"{code}.pem"
        pki.write_private(path, pki.key_pem(key))
        public = key.public_key()
        # Pinned by city: a key of one city signs nothing of another's (I-3).
        trusted = development.trusted_cities / code
        trusted.mkdir()
        name = f"{wire.key_id(public.public_bytes_raw())}.pem"
        (trusted / name).write_bytes(
            public.public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )


def _write_issued(issued: pki.Issued, folder: Path, key: str, certificate: str) -> None:
    pki.write_private(folder / key, pki.key_pem(issued.key))
    (folder / certificate).write_bytes(pki.certificate_pem(issued.certificate))


def _write_cards(development: Development, root: pki.Issued, cards: Iterable[pki.Issued]) -> None:
    """The format that the virtual card reads (drivers/card/cardfile.py)."""
    issuer = pki.certificate_pem(root.certificate).decode()
    for persona, card in zip(PERSONAS, cards, strict=True):
        content = {
            "kind": "my_number",
            "key_pem": pki.key_pem(card.key).decode(),
            "certificate_pem": pki.certificate_pem(card.certificate).decode(),
            "issuer_pem": issuer,
            "pin": persona.pin,
            "tries_left": persona.tries_left,
            "has_auth_certificate": persona.has_auth_certificate,
        }
        pki.write_private(development.card(persona.id), json.dumps(content, indent=1).encode())
    index = [
        {
            "persona": persona.id,
            "name": persona.name,
            "city": persona.city,
            "note_ja": persona.note_ja,
            "note_en": persona.note_en,
        }
        for persona in PERSONAS
    ]
    text = json.dumps(index, ensure_ascii=False, indent=1)
    (development.cards / "index.json").write_text(text, "utf-8")


def _write_databases(development: Development, cards: Iterable[pki.Issued], clock: Clock) -> None:
    revoked = {one.id: x509.ReasonFlags.cessation_of_operation for one in PERSONAS if one.revoked}
    development.revoked.write_bytes(_revoked_json(revoked))
    residents = sqlite3.connect(development.backend / "residents.sqlite3")
    try:
        seed(residents)
    finally:
        residents.close()
    database = SqliteDatabase(development.database)
    try:
        database.migrate()
        for persona, card in zip(PERSONAS, cards, strict=True):
            _link(database, persona, card.certificate, persona.card_issued or clock.today())
        with database.writing() as tx:
            registry.put_terminal(tx, TerminalRow(TERMINAL, "development", date(2020, 1, 1), None))
            registry.add_build(tx, BUILD)
    finally:
        database.close()


def _link(
    database: SqliteDatabase, persona: Persona, certificate: x509.Certificate, issued: date
) -> None:
    card = sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()
    with database.writing() as tx:
        registry.put_link(tx, card, LinkRow(persona.city, persona.resident, issued))


# --- reading what was made -----------------------------------------------------------------------


def _certificate(development: Development, persona: str) -> x509.Certificate:
    def parse(card: bytes) -> x509.Certificate:
        return x509.load_pem_x509_certificate(json.loads(card)["certificate_pem"].encode())

    return _read(development, development.card(persona), parse)


def _revoked(development: Development) -> dict[str, x509.ReasonFlags]:
    def parse(text: bytes) -> dict[str, x509.ReasonFlags]:
        return {persona: x509.ReasonFlags(reason) for persona, reason in json.loads(text).items()}

    return _read(development, development.revoked, parse)


def _revoked_json(revoked: dict[str, x509.ReasonFlags]) -> bytes:
    return json.dumps({persona: why.value for persona, why in revoked.items()}, indent=1).encode()


def _read(development: Development, path: Path, parse: Callable[[bytes], _T]) -> _T:
    """Raises DevelopmentError naming the file that is not as it was made."""
    try:
        return parse(path.read_bytes())
    except OSError as error:
        wrong = error.strerror
    except (AttributeError, KeyError, TypeError, ValueError):
        wrong = "not as it was made"
    raise DevelopmentError(
        f"{path}: {wrong}: put it back, or empty {development.directory} and run init"
    )
