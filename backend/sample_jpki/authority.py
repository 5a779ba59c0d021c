"""The fictional authority of a development world: three roots, their cards, who is withdrawn.

Its books are files (world.py). The lists and the responder's answers are made from the same two: the
cards it issued, and revoked.json.

    {"hayashi-sota": {"reason": "cessationOfOperation", "since": "2026-11-24T10:00:00+09:00"}}
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from backend import pki
from backend.sample_jpki import certificates
from backend.sample_jpki.certificates import Withdrawal
from backend.sample_people.personas import PERSONAS, Persona
from backend.world import Development, DevelopmentError

_YEAR = timedelta(days=365)
# As in life, generations of one name overlap: the first is over, today's issues the cards, the next
# has P-384. Roots and cards are older than today, so that a clock set back meets valid ones.
_FIRST, _CURRENT, _NEXT = GENERATIONS = (1, 2, 3)
_AGE = {_FIRST: 11 * _YEAR, _CURRENT: 5 * _YEAR, _NEXT: 2 * _YEAR}
ISSUING = (_CURRENT, _NEXT)
_CARD_AGE = _YEAR

Withdrawn = dict[str, tuple[x509.ReasonFlags, datetime]]
"""By persona: why, and since when."""


# --- making ------------------------------------------------------------------------------------


def new_card_key(persona: Persona) -> pki.Key:
    if persona.next_generation:
        return ec.generate_private_key(ec.SECP384R1())
    return pki.new_rsa_key()


def make_roots(development: Development, now: datetime) -> dict[int, pki.Issued]:
    """The roots that issue, by generation; of the first one nothing but the certificate is left."""
    roots: dict[int, pki.Issued] = {}
    for generation in GENERATIONS:
        key = ec.generate_private_key(ec.SECP384R1()) if generation == _NEXT else pki.new_rsa_key()
        root = certificates.new_root(key, now - _AGE[generation])
        development.root(generation).write_bytes(pki.certificate_pem(root.certificate))
        if generation in ISSUING:
            pki.write_private(development.root_key(generation), pki.key_pem(key))
            roots[generation] = root
    return roots


def make_card(
    development: Development,
    roots: dict[int, pki.Issued],
    persona: Persona,
    key: pki.Key,
    now: datetime,
) -> x509.Certificate:
    """A persona's card, as a file that the virtual card reads (drivers/card/cardfile.py)."""
    root = roots[_NEXT if persona.next_generation else _CURRENT]
    card = certificates.issue_card(root, key, now - _CARD_AGE)
    content = {
        "kind": "my_number",
        "key_pem": pki.key_pem(key).decode(),
        "certificate_pem": pki.certificate_pem(card.certificate).decode(),
        "issuer_pem": pki.certificate_pem(root.certificate).decode(),
        "pin": persona.pin,
        "tries_left": persona.tries_left,
        "has_auth_certificate": persona.has_auth_certificate,
    }
    pki.write_private(development.card(persona.id), json.dumps(content, indent=1).encode())
    return card.certificate


def open_books(development: Development, now: datetime) -> None:
    """Withdraw what is withdrawn from the beginning."""
    reason = x509.ReasonFlags.cessation_of_operation
    _write(development, {one.id: (reason, now) for one in PERSONAS if one.revoked})


# --- running -----------------------------------------------------------------------------------


def withdraw(
    development: Development, persona: str, reason: x509.ReasonFlags, now: datetime
) -> None:
    """Enter it in the books, from which the responder answers at once. Raises DevelopmentError."""
    _write(development, withdrawn(development) | {persona: (reason, now)})


def publish(development: Development, now: datetime) -> None:
    """A list for each root that issues. Raises DevelopmentError."""
    withdrawals = withdrawn(development)
    cards = {persona: certificate(development, persona) for persona in withdrawals}
    for generation, root in issuing_roots(development).items():
        lines = [
            Withdrawal(cards[persona].serial_number, reason, since)
            for persona, (reason, since) in withdrawals.items()
            if pki.is_issued_by(cards[persona], root.certificate)
        ]
        listed = certificates.revocation_list(root, lines, now)
        pki.replace_file(development.revocations(generation), listed.public_bytes(Encoding.PEM))


def last_published(development: Development) -> datetime:
    """When the list of today's cards was made. Raises DevelopmentError."""
    path = development.revocations(_CURRENT)
    return development.read(path, x509.load_pem_x509_crl).last_update_utc


def issuing_roots(development: Development) -> dict[int, pki.Issued]:
    """By generation, with their keys. Raises DevelopmentError."""
    try:
        return {
            generation: pki.read_issued(
                development.root_key(generation), development.root(generation)
            )
            for generation in ISSUING
        }
    except ValueError as error:
        raise DevelopmentError(f"{error}; empty {development.directory} and run init") from error


def certificate(development: Development, persona: str) -> x509.Certificate:
    """A persona's. Raises DevelopmentError."""

    def parse(card: bytes) -> x509.Certificate:
        return x509.load_pem_x509_certificate(json.loads(card)["certificate_pem"].encode())

    return development.read(development.card(persona), parse)


def withdrawn(development: Development) -> Withdrawn:
    """Whatever is in the books now. Raises DevelopmentError."""

    def parse(text: bytes) -> Withdrawn:
        return {
            persona: (x509.ReasonFlags(line["reason"]), datetime.fromisoformat(line["since"]))
            for persona, line in json.loads(text).items()
        }

    return development.read(development.revoked, parse)


def _write(development: Development, withdrawals: Withdrawn) -> None:
    lines = {
        persona: {"reason": reason.value, "since": since.isoformat()}
        for persona, (reason, since) in withdrawals.items()
    }
    pki.replace_file(development.revoked, json.dumps(lines, indent=1).encode())
