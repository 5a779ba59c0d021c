"""Software nobody here wrote reads our virtual card through a real pcscd: OpenSC, checked by openssl."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.card.private_pcscd import PrivatePcscd
from drivers.card.virtual import VirtualCard
from drivers.card.vpcd import VpcdSlot
from drivers.errors import DeviceUnavailable
from tests.drivers.card.cards import PIN, WRONG_PIN, new_card, personalised

PATIENCE_S = 30.0
PROGRAMS = ("pkcs11-tool", "pkcs15-tool", "opensc-tool", "openssl")


@dataclass(frozen=True)
class Finished:
    code: int
    out: bytes
    text: str


class Desk:
    """A card in a reader of one's own, and programs that are pointed at it."""

    def __init__(self, pcscd: PrivatePcscd, card: VirtualCard, directory: Path) -> None:
        self.card = card
        self.directory = directory
        # Neither the configuration nor the cache of whoever runs the tests.
        self._environment = pcscd.environment | {
            "OPENSC_CONF": str(directory / "opensc.conf"),
            "HOME": str(directory),
            "XDG_CACHE_HOME": str(directory / "cache"),
        }
        (directory / "opensc.conf").write_text("app default {}\n")

    async def run(self, *command: str) -> Finished:
        program = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.directory,
            env=os.environ | self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(PATIENCE_S):
            out, errors = await program.communicate()
        assert program.returncode is not None
        return Finished(program.returncode, out, (out + errors).decode(errors="replace"))

    async def done(self, *command: str) -> Finished:
        finished = await self.run(*command)
        assert finished.code == 0, finished.text
        return finished

    async def sign(self, pin: str) -> Finished:
        (self.directory / "message").write_bytes(b"a message of the centre")
        return await self.run(
            "pkcs11-tool", "--login", "--pin", pin, "--sign", "--id", "01",
            "--mechanism", "SHA256-RSA-PKCS",
            "--input-file", "message", "--output-file", "signature",
        )  # fmt: skip


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"not installed: {' '.join(missing)}")
    try:
        pcscd = await PrivatePcscd().__aenter__()
    except DeviceUnavailable as error:
        pytest.skip(f"no virtual card reader can be had: {error.advice}")
    try:
        async with VpcdSlot(pcscd.ports[0]) as slot:
            card = new_card()
            await slot.insert(card)
            yield Desk(pcscd, card, tmp_path)
    finally:
        await pcscd.__aexit__(None, None, None)


async def test_opensc_knows_the_card(desk: Desk) -> None:
    assert "jpki" in (await desk.done("opensc-tool", "--name")).text.lower()
    atr = (await desk.done("opensc-tool", "--atr")).out.decode()
    assert atr.strip().replace(":", "") == desk.card.atr.hex()


async def test_R1_pkcs11_signs_and_openssl_verifies(desk: Desk) -> None:
    signed = await desk.sign(PIN)
    assert signed.code == 0, signed.text
    (desk.directory / "certificate.pem").write_text(personalised().certificate_pem)
    public = await desk.done("openssl", "x509", "-in", "certificate.pem", "-pubkey", "-noout")
    (desk.directory / "public.pem").write_bytes(public.out)
    verified = await desk.done(
        "openssl", "dgst", "-sha256", "-verify", "public.pem", "-signature", "signature", "message"
    )
    assert "Verified OK" in verified.text


async def test_pkcs15_reads_the_same_certificate_and_its_issuer_verifies_it(desk: Desk) -> None:
    read = await desk.done("pkcs15-tool", "--read-certificate", "01", "--raw")
    der = read.out
    if not der.startswith(b"\x30\x82"):  # an OpenSC without --raw for certificates writes PEM
        (desk.directory / "read.pem").write_bytes(der)
        der = (await desk.done("openssl", "x509", "-in", "read.pem", "-outform", "DER")).out
    assert der == desk.card.certificate
    (desk.directory / "issuer.pem").write_text(personalised().issuer_pem)
    (desk.directory / "certificate.pem").write_text(personalised().certificate_pem)
    chain = ("verify", "-check_ss_sig", "-CAfile", "issuer.pem", "certificate.pem")
    assert "OK" in (await desk.done("openssl", *chain)).text


async def test_R45_opensc_counts_the_same_tries(desk: Desk) -> None:
    assert "Tries left     : 3" in (await desk.done("pkcs15-tool", "--list-pins")).text
    for left in (2, 1, 0):
        refused = await desk.sign(WRONG_PIN)
        assert refused.code != 0
        assert "CKR_PIN_INCORRECT" in refused.text or left == 0, refused.text
        assert desk.card.tries_left == left
    assert (await desk.sign(PIN)).code != 0
    assert desk.card.tries_left == 0


async def test_both_keys_and_four_certificates_are_listed(desk: Desk) -> None:
    assert (await desk.done("pkcs15-tool", "--list-keys")).text.count("Private RSA Key") == 2
    assert (await desk.done("pkcs15-tool", "--list-certificates")).text.count("X.509 Certif") == 4
