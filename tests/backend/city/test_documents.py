"""The sealed bundle: who can open it, and that nothing in it can be altered unseen."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.city.city import City
from backend.city.configuration import ConfigurationError
from backend.city.signing import SUITE, CityKey
from terminal.link import binding, wire
from tests.backend.city.counter import NOON, ORDER, OTHER_ID, SERIAL, VISIT, Counter


@pytest.fixture(scope="module")
def order(counter: Counter) -> wire.Order:
    return counter.order("s-0302", "shiomi", copies=2)


@pytest.fixture(scope="module")
def sealed(counter: Counter, order: wire.Order) -> bytes:
    return counter.issue(order, "s-0302", copy=2)


@pytest.fixture(scope="module")
def bundle(counter: Counter, order: wire.Order, sealed: bytes) -> wire.Bundle:
    return counter.open(sealed, order, copy=2)


def verify(city: City, bundle: wire.Bundle) -> wire.Manifest:
    """What a terminal does: signature first, then every page against its digest."""
    key = Ed25519PublicKey.from_public_bytes(city.key.public_bytes)
    key.verify(bundle.signature, binding.manifest_message(bundle.manifest))
    manifest = wire.decode(bundle.manifest, wire.Manifest)
    if tuple(sha256(page).digest() for page in bundle.pages) != manifest.pages:
        raise InvalidSignature
    return manifest


def test_I3_the_manifest_says_what_was_ordered(
    counter: Counter, order: wire.Order, bundle: wire.Bundle
) -> None:
    city = counter.cities["shiomi"]
    assert verify(city, bundle) == wire.Manifest(
        order_digest=binding.order_digest(order),
        subject_tag=counter.sign_in("s-0302", "shiomi").subject_tag,
        city="shiomi",
        product=wire.Product.RESIDENCE,
        copy=2,
        serial=SERIAL,
        issued_at=NOON,
        issue_date=NOON.date(),
        pages=tuple(sha256(page).digest() for page in bundle.pages),
        contents=wire.decode(bundle.manifest, wire.Manifest).contents,
        key_id=binding.key_id(city.key.public_bytes),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0), bit=st.integers(0, 7), part=st.sampled_from(["manifest", "signature"]))
def test_I3_a_flipped_bit_in_manifest_or_signature_is_seen(
    counter: Counter, bundle: wire.Bundle, place: int, bit: int, part: str
) -> None:
    parts = {"manifest": bytearray(bundle.manifest), "signature": bytearray(bundle.signature)}
    parts[part][place % len(parts[part])] ^= 1 << bit
    changed = wire.Bundle(
        manifest=bytes(parts["manifest"]), signature=bytes(parts["signature"]), pages=bundle.pages
    )
    with pytest.raises(InvalidSignature):
        verify(counter.cities["shiomi"], changed)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0), bit=st.integers(0, 7), page=st.integers(0, 1))
def test_I3_a_flipped_bit_on_a_page_is_seen(
    counter: Counter, bundle: wire.Bundle, place: int, bit: int, page: int
) -> None:
    pages = [bytearray(content) for content in bundle.pages]
    pages[page][place % len(pages[page])] ^= 1 << bit
    changed = wire.Bundle(
        manifest=bundle.manifest, signature=bundle.signature, pages=tuple(map(bytes, pages))
    )
    with pytest.raises(InvalidSignature):
        verify(counter.cities["shiomi"], changed)


def test_I3_pages_swapped_missing_or_added_are_seen(counter: Counter, bundle: wire.Bundle) -> None:
    first, second = bundle.pages
    for pages in ((second, first), (first,), (first, second, second), (first, first)):
        changed = wire.Bundle(manifest=bundle.manifest, signature=bundle.signature, pages=pages)
        with pytest.raises(InvalidSignature):
            verify(counter.cities["shiomi"], changed)


def test_I3_another_citys_signature_is_none(counter: Counter, bundle: wire.Bundle) -> None:
    with pytest.raises(InvalidSignature):
        verify(counter.cities["wakabano"], bundle)


def test_I1_the_envelope_opens_with_its_key_and_as_itself_only(
    counter: Counter, sealed: bytes
) -> None:
    right = binding.envelope_info(VISIT, ORDER, 2)
    assert SUITE.decrypt(sealed, counter.envelope_key, info=right)
    with pytest.raises(InvalidTag):
        SUITE.decrypt(sealed, X25519PrivateKey.generate(), info=right)
    for info in (
        binding.envelope_info(VISIT, ORDER, 1),
        binding.envelope_info(VISIT, OTHER_ID, 2),
        binding.envelope_info(OTHER_ID, ORDER, 2),
    ):
        with pytest.raises(InvalidTag):
            SUITE.decrypt(sealed, counter.envelope_key, info=info)


def test_nothing_personal_is_outside_the_seal(sealed: bytes) -> None:
    assert "岡部".encode() not in sealed
    assert b"%PDF" not in sealed


def test_a_key_shows_its_name_only(cities: dict[str, City]) -> None:
    key = cities["shiomi"].key
    assert repr(key) == f"CityKey({key.id})"
    assert len(key.subject_tag(VISIT, "s-0302")) == 32


def test_keys_that_are_not_a_citys(tmp_path: Path) -> None:
    path = tmp_path / "city.pem"
    with pytest.raises(ConfigurationError, match=r"city\.pem: No such file"):
        CityKey.load(path)
    path.write_bytes(b"nonsense")
    with pytest.raises(ConfigurationError, match="not a plain PEM private key"):
        CityKey.load(path)
    other = generate_private_key(SECP256R1())
    path.write_bytes(
        other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    with pytest.raises(ConfigurationError, match="Ed25519"):
        CityKey.load(path)
