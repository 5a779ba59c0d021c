"""Development certificates: the shapes that others rely on."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from backend import pki

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> pki.Issued:
    return pki.new_operator_authority(NOW)


def test_the_server_is_this_machine(authority: pki.Issued) -> None:
    server = pki.issue_server(authority, NOW)
    verifier = PolicyBuilder().store(Store([authority.certificate])).time(NOW)
    chain = verifier.build_server_verifier(x509.DNSName("localhost")).verify(server.certificate, [])
    assert chain == [server.certificate, authority.certificate]


def test_a_terminal_is_named_twice_and_is_no_server(authority: pki.Issued) -> None:
    terminal = pki.issue_terminal(authority, "dev-1", NOW).certificate
    names = terminal.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    common = terminal.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    assert (uris, common) == (["urn:madoguchi:terminal:dev-1"], "dev-1")
    usage = terminal.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert isinstance(terminal.public_key(), ec.EllipticCurvePublicKey)


def test_private_files_are_private_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    pki.write_private(path, b"secret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        pki.write_private(path, b"other")
    pki.replace_file(path, b"newer")
    assert path.read_bytes() == b"newer"
    assert [entry.name for entry in tmp_path.iterdir()] == ["key.pem"]


def test_a_key_and_a_certificate_that_do_not_belong_together(
    tmp_path: Path, authority: pki.Issued
) -> None:
    first, second = (pki.issue_terminal(authority, "dev-1", NOW) for _ in range(2))
    pki.write_private(tmp_path / "key.pem", pki.key_pem(first.key))
    for issued in (first, second):
        (tmp_path / "certificate.pem").write_bytes(pki.certificate_pem(issued.certificate))
        if issued is first:
            pki.read_issued(tmp_path / "key.pem", tmp_path / "certificate.pem")
    with pytest.raises(ValueError, match="is not the key of"):
        pki.read_issued(tmp_path / "key.pem", tmp_path / "certificate.pem")


def test_nothing_secret_is_shown(authority: pki.Issued) -> None:
    assert repr(authority) == "Issued(…)"
