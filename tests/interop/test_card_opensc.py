"""Software nobody here wrote reads our virtual card through a real pcscd: OpenSC, checked by openssl."""

from __future__ import annotations

import pytest

from drivers.card.oddities import MasterFile, Oddities
from drivers.card.software import CONTACTLESS_ATR
from tests.drivers.card.cards import PIN, WRONG_PIN, new_card, personalised
from tests.interop.desk import Desk

HARMLESS = {
    "full ids only": Oddities(short_ids=False),
    "contactless": Oddities(atr=CONTACTLESS_ATR),
    "another master file": Oddities(master_file=MasterFile.LEAVES),
}
"""Oddities that a program which follows ISO/IEC 7816-4 must get along with."""


async def test_opensc_knows_the_card(desk: Desk) -> None:
    assert "jpki" in (await desk.done("opensc-tool", "--name")).text.lower()
    atr = (await desk.done("opensc-tool", "--atr")).out.decode()
    assert atr.strip().replace(":", "") == desk.card.atr.hex()


async def test_R1_pkcs11_signs_and_openssl_verifies(desk: Desk) -> None:
    assert await desk.verifies(await desk.opensc_signature(PIN))
    assert not await desk.verifies(bytes(256))


async def test_pkcs11_and_pkcs15_read_the_same_certificate(desk: Desk) -> None:
    read = ("pkcs11-tool", "--read-object", "--type", "cert", "--id", "01")
    assert (await desk.done(*read)).out == desk.card.certificate
    assert await desk.opensc_certificate() == desk.card.certificate


async def test_the_certificate_is_verified_by_its_issuer(desk: Desk) -> None:
    (desk.directory / "issuer.pem").write_text(personalised().issuer_pem)
    (desk.directory / "certificate.pem").write_text(personalised().certificate_pem)
    chain = ("verify", "-check_ss_sig", "-CAfile", "issuer.pem", "certificate.pem")
    assert "OK" in (await desk.done("openssl", *chain)).text


async def test_R45_opensc_counts_the_same_tries(desk: Desk) -> None:
    assert await desk.opensc_tries() == 3
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


@pytest.mark.parametrize("name", HARMLESS)
async def test_opensc_gets_along_with_harmless_oddities(desk: Desk, name: str) -> None:
    plainly = await desk.opensc_signature(PIN)
    await desk.lay(new_card(), HARMLESS[name])
    assert await desk.opensc_signature(PIN) == plainly


async def test_opensc_reads_answers_in_parts(desk: Desk) -> None:
    """And not a signature in parts: it asks for none of it, and gives 256 zeros for one (0.23)."""
    await desk.lay(new_card(), Oddities(get_response=True))
    assert await desk.opensc_certificate() == desk.card.certificate
    signature = bytes.fromhex((await desk.ours(PIN))["signature"])
    assert await desk.verifies(signature)
