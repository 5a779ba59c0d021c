"""What is signed and sealed, built once, so that terminal, centre and city cannot drift apart.

Everything is domain-separated: what is signed for one purpose can never be taken for another.
"""

from __future__ import annotations

import hashlib

from terminal.link.wire import Id, Order, encode


def _framed(label: str, *parts: bytes) -> bytes:
    """Domain-separated, length-prefixed concatenation: no two inputs give the same bytes."""
    out = [label.encode(), b"\0"]
    for part in parts:
        out += [len(part).to_bytes(4, "big"), part]
    return b"".join(out)


def sign_in_message(terminal: str, visit: Id, nonce: bytes, public_key: bytes) -> bytes:
    """What the card signs to sign in: binds terminal, visit, nonce and the worker's key."""
    return _framed("madoguchi/sign-in/v1", terminal.encode(), visit.encode(), nonce, public_key)


def order_message(order: Order) -> bytes:
    """What the card signs to order (I-2)."""
    return _framed("madoguchi/order/v1", encode(order))


def order_digest(order: Order) -> bytes:
    """SHA-256 of ``order_message``: names the order's content everywhere."""
    return hashlib.sha256(order_message(order)).digest()


def manifest_message(manifest: bytes) -> bytes:
    """What the city signs: the encoded manifest, domain-separated."""
    return _framed("madoguchi/manifest/v1", manifest)


def envelope_info(visit: Id, order: Id, copy: int) -> bytes:
    """HPKE info: a sealed copy opens only as this copy of this order in this visit (I-1)."""
    return _framed("madoguchi/document/v1", visit.encode(), order.encode(), bytes([copy]))


def key_id(public_key: bytes) -> str:
    """A city signing key's name: first 16 hex digits of SHA-256 over its raw 32 bytes."""
    return hashlib.sha256(public_key).hexdigest()[:16]
