"""A desk with a virtual card in a real pcscd, and programs that nobody here wrote."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.card.apdu_log import Exchange
from drivers.card.oddities import PLAIN, Oddities
from drivers.card.private_pcscd import PrivatePcscd
from drivers.card.virtual import VirtualCard
from drivers.card.vpcd import VpcdSlot
from tests.drivers.card.cards import new_card

PATIENCE_S = 30.0
PROGRAMS = ("pkcs11-tool", "pkcs15-tool", "opensc-tool", "openssl")
MESSAGE = "a message of the centre"
PROJECT = Path(__file__).parents[2]


# pcscd counts each insertion and removal once it has looked; a card that is laid down before a removal was
# counted is noticed by nobody but our own monitor (drivers/card_reader/pcsc_monitor.py).
UNTIL_EMPTY = """
from smartcard.scard import *
_, context = SCardEstablishContext(SCARD_SCOPE_USER)
_, readers = SCardListReaders(context, [])
state = 0
while not state & SCARD_STATE_EMPTY or (state >> 16) % 2:
    _, [(_, state, _)] = SCardGetStatusChange(context, 10000, [(readers[0], state)])
"""


@dataclass(frozen=True)
class Finished:
    code: int
    out: bytes
    text: str


class Desk:
    """One reader of one's own; the card in it was laid down last, and everything it heard is kept."""

    def __init__(self, pcscd: PrivatePcscd, directory: Path) -> None:
        self.directory = directory
        self.heard: list[Exchange] = []
        self.card = new_card()
        self.slot = VpcdSlot(pcscd.ports[0], listener=self.heard.append)
        # Neither the configuration nor the cache of whoever runs the tests.
        self._environment = pcscd.environment | {
            "OPENSC_CONF": str(directory / "opensc.conf"),
            "HOME": str(directory),
            "XDG_CACHE_HOME": str(directory / "cache"),
        }
        self.configure("")
        (directory / "message").write_text(MESSAGE)

    def configure(self, opensc: str) -> None:
        """What stands in OpenSC's configuration."""
        (self.directory / "opensc.conf").write_text(f"app default {{ {opensc} }}\n")

    async def lay(self, card: VirtualCard, oddities: Oddities = PLAIN) -> None:
        """In the place of whatever lies there, or lay there."""
        await self.slot.close()
        await self.done(sys.executable, "-c", UNTIL_EMPTY)
        self.card = card
        self.heard.clear()
        await self.slot.insert(card, oddities)

    async def run(self, *command: str, **environment: str) -> Finished:
        program = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.directory,
            env=os.environ | self._environment | environment,
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

    # --- the same by both ------------------------------------------------------------------------

    async def ours(self, pin: str | None = None) -> dict[str, Any]:
        """What our reader and our protocol make of the card; see ``tests.interop.our_reader``."""
        arguments = () if pin is None else (pin, MESSAGE)
        program = (sys.executable, "-m", "tests.interop.our_reader", *arguments)
        finished = await self.run(*program, PYTHONPATH=str(PROJECT))
        assert finished.code == 0, finished.text
        told: dict[str, Any] = json.loads(finished.out)
        return told

    async def sign(self, pin: str) -> Finished:
        """By OpenSC; the signature is in the file of that name."""
        (self.directory / "signature").unlink(missing_ok=True)
        return await self.run(
            "pkcs11-tool", "--login", "--pin", pin, "--sign", "--id", "01",
            "--mechanism", "SHA256-RSA-PKCS",
            "--input-file", "message", "--output-file", "signature",
        )  # fmt: skip

    async def opensc_signature(self, pin: str) -> bytes:
        signed = await self.sign(pin)
        assert signed.code == 0, signed.text
        return (self.directory / "signature").read_bytes()

    async def opensc_certificate(self) -> bytes:
        """DER."""
        read = await self.done("pkcs15-tool", "--read-certificate", "01", "--raw")
        if read.out.startswith(b"\x30\x82"):
            return read.out
        (self.directory / "read.pem").write_bytes(read.out)  # an OpenSC without --raw for these
        return (await self.done("openssl", "x509", "-in", "read.pem", "-outform", "DER")).out

    async def opensc_tries(self) -> int:
        listed = (await self.done("pkcs15-tool", "--list-pins")).text
        found = re.search(r"Tries left\s*: (\d)", listed)
        assert found is not None, listed
        return int(found[1])

    # --- the judge -------------------------------------------------------------------------------

    async def verifies(self, signature: bytes, digest: str = "sha256") -> bool:
        """Whether openssl finds that the card's key signed the message."""
        (self.directory / "signature").write_bytes(signature)
        (self.directory / "certificate.der").write_bytes(self.card.certificate)
        public = await self.done(
            "openssl", "x509", "-inform", "DER", "-in", "certificate.der", "-pubkey", "-noout"
        )
        (self.directory / "public.pem").write_bytes(public.out)
        judged = await self.run(
            "openssl", "dgst", f"-{digest}", "-verify", "public.pem",
            "-signature", "signature", "message",
        )  # fmt: skip
        return judged.code == 0 and "Verified OK" in judged.text
