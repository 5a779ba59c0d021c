"""Openssl as a judge of the JPKI, in both directions: it asks our responder, and answers our centre.

It goes by the computer's clock, so the world here does, too.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from backend import pki
from backend.centre.ocsp import Responder
from backend.centre.revocation import Freshness, Standing
from backend.clock import Clock
from backend.development import Development, prepare, revoke
from backend.sample_jpki import authority, certificates
from backend.sample_jpki.responder import responding
from tests.backend.centre.responders import answering

PATIENCE_S = 60.0
GENERATION = {"aoki-haruna": 2, "okabe-sachiko": 2, "hayashi-sota": 2, "shirai-nozomi": 3}

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not installed: apt-get install openssl"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Development:
    """With every card's certificate in a file, and the three roots of one name in another."""
    world = prepare(tmp_path_factory.mktemp("openssl") / "world", Clock())
    revoke(world, "okabe-sachiko", suspend=True)
    for persona in GENERATION:
        card = pki.certificate_pem(authority.certificate(world, persona))
        (world.directory / f"{persona}.pem").write_bytes(card)
    gather(world, "roots.pem", *(world.root(number) for number in (1, 2, 3)))
    gather(world, "lists.pem", *(world.revocations(number) for number in (2, 3)))
    return world


def gather(world: Development, name: str, *paths: Path) -> None:
    (world.directory / name).write_bytes(b"".join(path.read_bytes() for path in paths))


def openssl(where: Path, *arguments: str | Path) -> tuple[int, str]:
    command = ["openssl", *map(str, arguments)]
    done = subprocess.run(command, cwd=where, capture_output=True, timeout=PATIENCE_S, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


# --- it asks our responder -----------------------------------------------------------------------


@pytest.mark.parametrize("digest", ["-sha1", "-sha256"])
@pytest.mark.parametrize("trusted", ["own", "all"])
@pytest.mark.parametrize(
    ("persona", "words"),
    [
        ("aoki-haruna", ["aoki-haruna.pem: good"]),
        ("shirai-nozomi", ["shirai-nozomi.pem: good"]),
        ("okabe-sachiko", ["okabe-sachiko.pem: revoked", "Reason: certificateHold"]),
        ("hayashi-sota", ["hayashi-sota.pem: revoked", "Reason: cessationOfOperation"]),
    ],
)
async def test_R44_R69_openssl_believes_our_responder(
    made: Development, persona: str, words: list[str], digest: str, trusted: str
) -> None:
    root = made.root(GENERATION[persona])
    roots = root if trusted == "own" else made.directory / "roots.pem"
    async with responding(made, Clock()) as url:
        code, said = await asyncio.to_thread(
            openssl,
            made.directory,
            "ocsp",
            *("-issuer", root, digest, "-cert", f"{persona}.pem"),
            *("-url", url, "-CAfile", roots),
        )
    assert code == 0, said
    assert "Response verify OK" in said
    assert "nonce" not in said.lower(), "it would complain of one that is missing or another"
    for word in words:
        assert word in said


async def test_openssl_hears_that_others_are_not_answered_for(
    made: Development, tmp_path: Path
) -> None:
    stranger = certificates.new_root(pki.new_rsa_key(), Clock().now())
    (tmp_path / "root.pem").write_bytes(pki.certificate_pem(stranger.certificate))
    async with responding(made, Clock()) as url:
        _, said = await asyncio.to_thread(
            openssl,
            tmp_path,
            *("ocsp", "-issuer", "root.pem", "-serial", "1", "-url", url),
            *("-CAfile", "root.pem"),
        )
    assert "unauthorized" in said


# --- it answers our centre -----------------------------------------------------------------------


class Index:
    """An authority that openssl answers for, from the text file that ``openssl ca`` keeps."""

    def __init__(self, folder: Path, key: pki.Key) -> None:
        self.now = datetime.now(UTC)
        self.folder = folder
        self.root = certificates.new_root(key, self.now)
        self.card = certificates.issue_card(
            self.root, ec.generate_private_key(ec.SECP384R1()), self.now
        )
        self._write("root", self.root)

    def _write(self, name: str, issued: pki.Issued) -> None:
        (self.folder / f"{name}.pem").write_bytes(pki.certificate_pem(issued.certificate))
        (self.folder / f"{name}.key").write_bytes(pki.key_pem(issued.key))

    def enter(self, state: str, reason: str = "") -> None:
        """``state`` V or R; what is in no line is unknown."""
        until = self.card.certificate.not_valid_after_utc.strftime("%y%m%d%H%M%SZ")
        since = self.now.strftime("%y%m%d%H%M%SZ") + reason if state == "R" else ""
        serial = self.card.certificate.serial_number.to_bytes(20, "big").hex().upper()
        line = f"{state}\t{until}\t{since}\t{serial}\tunknown\t/C=JP/CN=nobody"
        (self.folder / "index.txt").write_text(line + "\n", "ascii")

    def answer(self, signer: pki.Issued) -> Standing | None:
        self._write("signer", signer)

        def answer(asked: ocsp.OCSPRequest) -> bytes:
            (self.folder / "asked.der").write_bytes(asked.public_bytes(Encoding.DER))
            code, said = openssl(
                self.folder,
                *("ocsp", "-index", "index.txt", "-CA", "root.pem", "-nmin", "5"),
                *("-rsigner", "signer.pem", "-rkey", "signer.key"),
                *("-reqin", "asked.der", "-respout", "answer.der"),
            )
            assert code == 0, said
            return (self.folder / "answer.der").read_bytes()

        with answering(answer) as url:
            responder = Responder(url, Freshness(timedelta(hours=1)), PATIENCE_S)
            card, root = self.card.certificate, self.root.certificate
            said = responder.statement(card, root, datetime.now(UTC))
        return None if said is None else said.standing


@pytest.fixture(params=["RSA", "P-384"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Index:
    is_rsa = request.param == "RSA"
    return Index(tmp_path, pki.new_rsa_key() if is_rsa else ec.generate_private_key(ec.SECP384R1()))


@pytest.mark.parametrize("delegated", [True, False])
@pytest.mark.parametrize(
    ("state", "reason", "standing"),
    [
        ("V", "", Standing.GOOD),
        ("R", "", Standing.REVOKED),
        ("R", ",keyCompromise", Standing.REVOKED),
        ("R", ",certificateHold", Standing.SUSPENDED),
    ],
)
def test_R44_R69_our_centre_believes_openssl(
    index: Index, state: str, reason: str, standing: Standing, delegated: bool
) -> None:
    index.enter(state, reason)
    signer = certificates.issue_responder(index.root, index.now) if delegated else index.root
    assert index.answer(signer) is standing


def test_our_centre_hears_that_openssl_knows_nothing_of_a_card(index: Index) -> None:
    index.enter("V")
    index.card = certificates.issue_card(
        index.root, ec.generate_private_key(ec.SECP384R1()), index.now
    )
    assert index.answer(index.root) is Standing.UNKNOWN


def test_our_centre_does_not_believe_openssl_with_a_card_s_key(index: Index) -> None:
    index.enter("V")
    assert index.answer(index.card) is None


# --- it verifies the chain -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("persona", "verdict"),
    [
        ("aoki-haruna", "aoki-haruna.pem: OK"),
        ("shirai-nozomi", "shirai-nozomi.pem: OK"),
        ("okabe-sachiko", "certificate revoked"),
        ("hayashi-sota", "certificate revoked"),
    ],
)
def test_R44_openssl_picks_the_root_and_the_list_among_those_of_one_name(
    made: Development, persona: str, verdict: str
) -> None:
    _, said = openssl(
        made.directory,
        *("verify", "-x509_strict", "-crl_check", "-CRLfile", "lists.pem"),
        *("-CAfile", "roots.pem", f"{persona}.pem"),
    )
    assert verdict in said


def test_openssl_does_not_take_a_generation_for_another(made: Development) -> None:
    for generation in (1, 2):
        code, said = openssl(
            made.directory, "verify", "-CAfile", made.root(generation), "shirai-nozomi.pem"
        )
        assert code != 0, said


def test_openssl_finds_the_first_generation_expired(made: Development) -> None:
    root = x509.load_pem_x509_certificate(made.root(1).read_bytes())
    assert root.not_valid_after_utc < datetime.now(UTC)
    path = made.root(1)
    code, said = openssl(made.directory, "verify", "-CAfile", path, path)
    assert code != 0
    assert "certificate has expired" in said
