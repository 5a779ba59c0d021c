"""A My Number Card in software: it answers APDUs as the plastic one does, as far as that is known.

Files, status words and counters follow the measurements named in ``drivers.card.jpki``. Like the
plastic one it remembers its tries without power, and forgets a verified PIN only without power.
OpenSC's jpki driver finds it, reads it, logs in and signs with it (tests/interop).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Self

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from drivers.card import cardfile
from drivers.card.apdu import MAX_LE, SW, Command, Response
from drivers.card.cardfile import CardFile
from drivers.card.jpki import AUTH_CERTIFICATE_EF, AUTH_KEY_EF, AUTH_PIN_EF
from drivers.card.kinds import JPKI_AID, KIND_OF_LABEL, LABEL_SIZE, TOKEN_EF, CardKind
from drivers.card.personalisation import KeyPair, certificate_file, signing_pair
from drivers.card.secret import Secret
from drivers.card.software import SoftwareCard, just

SIGN_CERTIFICATE_EF = 0x0001
SIGN_ISSUER_EF = 0x0002
AUTH_ISSUER_EF = 0x000B
SIGN_KEY_EF = 0x001A
SIGN_PIN_EF = 0x001B

AVAILABILITY_EF = 0x0008
AVAILABLE = 0x8F
LABEL_OF_KIND = {kind: label for label, kind in KIND_OF_LABEL.items()}

_TOKEN_INFO_SIZE = 160
_PIN_TRIES = 3
_PASSWORD_TRIES = 5


class VirtualCard(SoftwareCard):
    """A card with the JPKI application: a My Number Card, or another kind that has it.

    A card made by ``from_file`` writes its tries back to that file whenever they change.
    """

    def __init__(self, content: CardFile, path: Path | None = None) -> None:
        """Raises ValueError for keys and certificates that cannot be read or do not match."""
        super().__init__()
        if content.kind not in LABEL_OF_KIND:
            raise ValueError(
                f"a {content.kind.value} card has no JPKI: it needs no card file and no persona"
            )
        self._content = content
        self._path = path
        self._auth = KeyPair.from_pem(content.key_pem, content.certificate_pem)
        self._pin = Secret(content.pin.encode(), _PIN_TRIES, content.tries_left)
        self._password = Secret(
            content.sign_password.encode(), _PASSWORD_TRIES, content.sign_tries_left
        )
        # A terminal never looks at the signing side, and making a key takes a tenth of a second.
        self._sign = cache(lambda: signing_pair(content))
        self._files = self._personalised()
        self._guards = {SIGN_CERTIFICATE_EF: self._password}
        if self.kind is CardKind.ANDROID:
            self._guards[AUTH_CERTIFICATE_EF] = self._pin
        self._secrets = {AUTH_PIN_EF: self._pin, SIGN_PIN_EF: self._password}
        self._keys: dict[int, Callable[[], KeyPair]] = {
            AUTH_KEY_EF: lambda: self._auth,
            SIGN_KEY_EF: self._sign,
        }
        self._handlers: dict[tuple[int, int], Callable[[Command], Response]] = {
            (0x00, 0xA4): self._select,
            (0x00, 0xB0): self._read_binary,
            (0x00, 0x20): self._verify,
            (0x00, 0xC0): lambda command: self._part_of(self._rest, command.le),
            (0x80, 0x2A): self._compute_signature,
            (0x80, 0xFC): lambda _: just(SW.WRONG_LENGTH),  # iPhones end a session with it
        }
        self._in_jpki = False
        self._ef = 0
        self._rest = b""

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Raises ValueError for a file that is no card, OSError for one that cannot be read."""
        return cls(cardfile.load(path), path)

    def save(self, path: Path) -> None:
        """Write the card as it is now, tries included."""
        now = msgspec.structs.replace(
            self._content,
            tries_left=self._pin.tries_left,
            sign_tries_left=self._password.tries_left,
        )
        cardfile.save(now, path)

    @property
    def kind(self) -> CardKind:
        return self._content.kind

    @property
    def certificate(self) -> bytes:
        """The authentication certificate in DER, also where the card does not offer it."""
        return self._auth.certificate

    @property
    def tries_left(self) -> int:
        return self._pin.tries_left

    @property
    def is_pin_verified(self) -> bool:
        return self._pin.verified

    def power_off(self) -> None:
        super().power_off()
        self._pin.verified = self._password.verified = False

    def power_on(self) -> bytes:
        """The answer to reset. Done to a powered card it is a warm reset, which keeps a verified PIN."""
        self._in_jpki = False
        self._ef = 0
        self._rest = b""
        return super().power_on()

    def _answer(self, command: Command) -> Response:
        if command.ins != 0xC0:
            self._rest = b""
        handler = self._handlers.get((command.cla, command.ins))
        if handler is not None:
            return handler(command)
        return just(SW.UNKNOWN_INS if command.cla in {0x00, 0x80} else SW.UNKNOWN_CLA)

    def _select(self, command: Command) -> Response:
        match command.p1, len(command.data):
            case 0x04, _:
                return just(self._select_application(bytes(command.data)))
            case 0x02, 2:
                return just(self._select_file(int.from_bytes(command.data, "big")))
            case 0x00, 0:  # the master file: odd, and observed
                return just(SW.OK if self._in_jpki else SW.WRONG_P1_P2)
            case _:
                return just(SW.FILE_NOT_FOUND)

    def _select_application(self, aid: bytes) -> int:
        if aid != JPKI_AID:
            return SW.FILE_NOT_FOUND
        self._in_jpki = True
        self._ef = 0
        return SW.OK

    def _select_file(self, ef: int) -> int:
        if not self._in_jpki or ef not in self._files | self._secrets | self._keys:
            return SW.FILE_NOT_FOUND
        self._ef = ef
        return SW.OK

    def _read_binary(self, command: Command) -> Response:
        offset = command.p1 << 8 | command.p2
        if command.p1 & 0x80:  # the low five bits name the file
            selected = self._select_file(command.p1 & 0x1F)
            if selected != SW.OK:
                return just(selected)
            offset = command.p2
        if self._ef not in self._files:
            return just(SW.NO_CURRENT_EF)
        guard = self._guards.get(self._ef)
        if guard is not None and not guard.verified:
            return just(SW.SECURITY_NOT_SATISFIED)
        content = self._files[self._ef]()
        if offset >= len(content):
            return just(SW.WRONG_OFFSET)
        wanted = command.le or MAX_LE
        data = content[offset : offset + wanted]
        return Response(data, SW.OK if len(data) == wanted else SW.END_OF_FILE)

    def _verify(self, command: Command) -> Response:
        secret = self._secrets.get(self._addressed(command))
        if secret is None:
            return just(SW.REFERENCE_DATA_NOT_FOUND)
        if secret is self._pin and len(command.data) not in {0, 4}:
            return just(SW.WRONG_LENGTH)  # what the plastic one does is not known
        before = secret.tries_left
        sw = secret.verify(bytes(command.data))
        if secret.tries_left != before and self._path is not None:
            self.save(self._path)
        return just(sw)

    def _compute_signature(self, command: Command) -> Response:
        ef = self._addressed(command)
        if command.p1 != 0x00:
            return just(SW.WRONG_P1_P2)
        if ef not in self._keys:
            return just(SW.REFERENCE_DATA_NOT_FOUND)
        if not (self._pin if ef == AUTH_KEY_EF else self._password).verified:
            return just(SW.SECURITY_NOT_SATISFIED)
        try:
            signature = self._keys[ef]().signature(bytes(command.data))
        except ValueError:
            return just(SW.WRONG_LENGTH)
        return self._part_of(signature, command.le)

    def _addressed(self, command: Command) -> int:
        """The file P2 means: 80 is the selected one, 81 to 9E name one. 0 for none."""
        if not self._in_jpki or not command.p2 & 0x80:
            return 0
        return command.p2 & 0x1F or self._ef

    def _part_of(self, data: bytes, le: int | None) -> Response:
        """As much as was asked for; the rest waits for GET RESPONSE."""
        if not data:
            return just(SW.CONDITIONS_NOT_SATISFIED)
        given, self._rest = data[: le or 0], data[le or 0 :]
        waiting = min(len(self._rest), MAX_LE)
        return Response(given, 0x6100 | waiting % MAX_LE if waiting else SW.OK)

    def _personalised(self) -> dict[int, Callable[[], bytes]]:
        """The files that can be read, each made when it is."""
        issuer = x509.load_pem_x509_certificate(self._content.issuer_pem.encode())
        issuer_der = issuer.public_bytes(Encoding.DER)
        has_auth = self._content.has_auth_certificate
        token = LABEL_OF_KIND[self.kind].ljust(LABEL_SIZE).ljust(_TOKEN_INFO_SIZE, b"\0")
        return {
            SIGN_CERTIFICATE_EF: lambda: certificate_file(self._sign().certificate),
            SIGN_ISSUER_EF: lambda: certificate_file(issuer_der),
            TOKEN_EF: lambda: token,
            AVAILABILITY_EF: lambda: bytes((AVAILABLE, AVAILABLE if has_auth else 0, 0)),
            AUTH_CERTIFICATE_EF: lambda: certificate_file(self.certificate if has_auth else b""),
            AUTH_ISSUER_EF: lambda: certificate_file(issuer_der),
        }
