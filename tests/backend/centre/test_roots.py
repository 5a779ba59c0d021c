"""Pinned roots: of one world, each a root, each once; an error says which file and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from backend import pki
from backend.centre.roots import Roots, has_issued, world_of
from backend.centre.settings import SettingsError, World
from backend.sample_jpki import certificates
from tests.backend.centre.authority import MADE, der
from tests.backend.centre.world import MORNING

KEY = pki.new_rsa_key()
P384 = ec.generate_private_key(ec.SECP384R1())
ROOT = certificates.new_root(KEY, MADE)
ORGANISATION = NameOID.ORGANIZATION_NAME


def named(*organisations: str) -> x509.Name:
    parts = [x509.NameAttribute(ORGANISATION, one) for one in organisations]
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"), *parts])


def root_of(*organisations: str, key: pki.Key = KEY) -> pki.Issued:
    return pki.new_root(key, named(*organisations), (MADE, MORNING))


def written(folder: Path, *roots: pki.Issued) -> list[Path]:
    paths = [folder / f"{number}.pem" for number, _ in enumerate(roots)]
    for path, root in zip(paths, roots, strict=True):
        path.write_bytes(pki.certificate_pem(root.certificate))
    return paths


def refused(paths: list[Path], world: World = World.TEST) -> str:
    with pytest.raises(SettingsError) as caught:
        Roots(paths, world)
    return str(caught.value)


@pytest.mark.parametrize(
    ("organisations", "world"),
    [
        (["JPKI"], World.PRODUCTION),
        (["JPKI-TEST"], World.TEST),
        (["JPKI-TEST-MADOGUCHI"], World.TEST),
        (["jpki"], None),
        (["JPKI "], None),
        (["JPKI-PROD"], None),
        (["XJPKI-TEST"], None),
        (["JPKI", "JPKI"], None),
        (["JPKI", "JPKI-TEST"], None),
        ([], None),
    ],
)
def test_the_world_is_in_the_name(organisations: list[str], world: World | None) -> None:
    assert world_of(named(*organisations)) is world


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=64)
)
def test_no_other_name_is_of_a_world(organisation: str) -> None:
    world = world_of(named(organisation))
    assert (world is World.PRODUCTION) == (organisation == "JPKI")
    assert (world is World.TEST) == organisation.startswith("JPKI-TEST")


@pytest.mark.parametrize(
    ("world", "good", "other"),
    [(World.TEST, "JPKI-TEST", "JPKI"), (World.PRODUCTION, "JPKI", "JPKI-TEST")],
)
def test_test_and_production_roots_are_never_mixed(
    tmp_path: Path, world: World, good: str, other: str
) -> None:
    paths = written(tmp_path, root_of(good), root_of(good, key=P384), root_of(other))
    Roots(paths[:2], world)
    words = refused(paths, world)
    assert str(paths[2]) in words
    assert f'world = "{world.value}"' in words
    assert "take it out" in words


@pytest.mark.parametrize("world", World)
def test_a_root_of_no_world(tmp_path: Path, world: World) -> None:
    assert "of no JPKI" in refused(written(tmp_path, root_of("Madoguchi")), world)


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        pytest.param(
            rsa.generate_private_key(public_exponent=65537, key_size=1024),  # noqa: S505
            "neither RSA of 2048",
            id="RSA-1024",
        ),
        pytest.param(ec.generate_private_key(ec.SECP256R1()), "nor P-384", id="P-256"),
    ],
)
def test_a_root_with_another_key(tmp_path: Path, odd: pki.Key, words: str) -> None:
    assert words in refused(written(tmp_path, root_of("JPKI-TEST", key=odd)))


def test_what_a_root_has_issued_is_no_root(tmp_path: Path) -> None:
    builder = pki.leaf(ROOT, P384, ROOT.certificate.subject, (MADE, MORNING))
    bearing_its_name = pki.signed(ROOT, P384, builder)
    assert "not signed by itself" in refused(written(tmp_path, bearing_its_name))


def self_signed(*extensions: x509.ExtensionType) -> pki.Issued:
    """In the root's name, with the root's key, and with these extensions."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(ROOT.certificate.subject)
        .issuer_name(ROOT.certificate.subject)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(MADE)
        .not_valid_after(MORNING)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return pki.signed(ROOT, KEY, builder)


def usage_of(certificate: x509.Certificate) -> x509.KeyUsage:
    return certificate.extensions.get_extension_for_class(x509.KeyUsage).value


AUTHORITY = x509.BasicConstraints(ca=True, path_length=0)
NO_AUTHORITY = x509.BasicConstraints(ca=False, path_length=None)
SIGNS = usage_of(ROOT.certificate)
SIGNS_NOT = usage_of(certificates.issue_card(ROOT, P384, MADE).certificate)


@pytest.mark.parametrize(
    "extensions",
    [
        [],
        [SIGNS],
        [AUTHORITY],
        [NO_AUTHORITY, SIGNS],
        [AUTHORITY, SIGNS_NOT],
        [NO_AUTHORITY, SIGNS_NOT],
    ],
)
def test_a_self_signed_certificate_that_is_no_authority(
    tmp_path: Path, extensions: list[x509.ExtensionType]
) -> None:
    odd = self_signed(*extensions)
    assert "may sign no certificates" in refused(written(tmp_path, odd))
    Roots(written(tmp_path, self_signed(AUTHORITY, SIGNS)), World.TEST)


def test_a_root_that_is_there_twice(tmp_path: Path) -> None:
    paths = written(tmp_path, ROOT, certificates.new_root(P384, MADE), ROOT)
    words = refused(paths)
    assert f"{paths[2]} is the same as {paths[0]}: take one out" in words
    assert "is the same as" in refused([paths[0], paths[0]])


@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\n", der(ROOT)])
def test_what_is_no_certificate_in_pem(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "root.pem"
    path.write_bytes(content)
    words = refused([path])
    assert str(path) in words
    assert "not one certificate in PEM" in words


def test_two_roots_in_one_file_are_not_half_read(tmp_path: Path) -> None:
    path = tmp_path / "roots.pem"
    both = (ROOT, certificates.new_root(P384, MADE))
    path.write_bytes(b"".join(pki.certificate_pem(one.certificate) for one in both))
    assert "each root into a file of its own" in refused([path])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "gone.pem: No such file" in refused([tmp_path / "gone.pem"])


def test_the_issuer_is_found_by_its_signature(tmp_path: Path) -> None:
    generations = [ROOT, certificates.new_root(pki.new_rsa_key(), MADE)]
    generations.append(certificates.new_root(P384, MADE))
    roots = Roots(written(tmp_path, *generations), World.TEST)
    for root in generations:
        card = certificates.issue_card(root, KEY, MADE).certificate
        assert roots.issuer_of(card) == root.certificate
        assert roots.issuer_of_list(certificates.revocation_list(root, [], MORNING)) == (
            root.certificate
        )
    forger = certificates.new_root(pki.new_rsa_key(), MADE)
    assert roots.issuer_of(certificates.issue_card(forger, KEY, MADE).certificate) is None
    assert roots.issuer_of_list(certificates.revocation_list(forger, [], MORNING)) is None


def test_a_signature_over_a_weak_digest_proves_nothing() -> None:
    """SHA-1 and SHA-224 are not of this century's profile; a collision would be a card."""
    assert isinstance(ROOT.key, rsa.RSAPrivateKey)
    builder = pki.leaf(ROOT, P384, named("anybody"), (MADE, MORNING))
    for digest, proves in ((hashes.SHA224(), False), (hashes.SHA256(), True)):
        card = builder.sign(ROOT.key, digest)
        card.verify_directly_issued_by(ROOT.certificate)
        assert has_issued(ROOT.certificate, card) is proves


def test_a_list_that_names_another_issuer(tmp_path: Path) -> None:
    """Signed by the root's key, but in the name of somebody else."""
    other = pki.Issued(KEY, root_of("JPKI-TEST-OTHER").certificate)
    roots = Roots(written(tmp_path, ROOT), World.TEST)
    assert roots.issuer_of_list(certificates.revocation_list(other, [], MORNING)) is None
