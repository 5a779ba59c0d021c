"""The process that sees a certificate in the clear, for one visit: ``python -m …worker FD PARENT``.

Started ahead of need, so that pdfium and numpy are loaded and the visit's key is made before a
person waits for them. It speaks to the daemon over the inherited socket ``FD`` and to nobody else,
opens no file, and ends with the daemon, on ``Wipe``, at the end of the stream, or with the first
thing that is not as it should be: a document that was refused once is never looked at again (I-10).
"""

from __future__ import annotations

import array
import socket
import sys
from collections.abc import Iterator
from typing import assert_never

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from drivers.printer import PageFormat
from drivers.printer.pwg import write_page
from terminal.document import clerk, envelope
from terminal.document.confine import confine
from terminal.document.errors import (
    Check,
    ClerkDisagreement,
    Disagreement,
    IntegrityError,
)
from terminal.document.ground import lay_under
from terminal.document.memory import LOCK_ADVICE
from terminal.document.messages import (
    AddCopy,
    ClerkRefused,
    CopyReady,
    DocumentReady,
    Finish,
    FromWorker,
    Hello,
    Inbox,
    IntegrityRefused,
    Prepare,
    Prepared,
    Stopped,
    ToWorker,
    Wipe,
    Wiped,
    framed,
)
from terminal.document.pages import PdfPage, Rasteriser, Rows, UnreadablePage, ink_ratio
from terminal.document.sealed import above_the_seal, check_seal
from terminal.document.vault import Vault
from terminal.errors import kind_and_place
from terminal.link import binding, wire

_CHUNK = 256 * 1024


class ImpossibleStep(Exception):
    """The daemon asked out of order, or for what this machine may not do."""


class Preparation:
    """One order's document, copy by copy, from sealed envelope to raster in the vault."""

    def __init__(self, key: envelope.VisitKey, prepare: Prepare) -> None:
        self._key = key
        self._expected = prepare.expected
        self._format = prepare.page_format
        self._require_locked = prepare.require_locked
        self._city_keys = {name: _city_key(name, pem) for name, pem in prepare.city_keys.items()}
        self._rasteriser = Rasteriser(prepare.page_format)
        self._ground = _rows(prepare.ground, prepare.page_format)
        self._serials: list[str] = []
        self._pages_a_copy = 0
        self._sides = 0
        self.vault = Vault()

    def add(self, sealed: wire.SealedDocument) -> CopyReady:
        """Everything between the envelope and the raster, for the next copy; all or nothing."""
        order = self._expected.order
        copy = len(self._serials) + 1
        if copy > order.copies:
            raise ImpossibleStep(f"copy {copy} of an order of {order.copies}")
        bundle = envelope.open_copy(self._key, sealed, order.visit, order.order, copy)
        manifest = envelope.check_manifest(bundle, self._expected, copy, self._city_keys)
        self._compare_copies(manifest)
        clerk.check_set(_seen(bundle.pages, copy), self._expected, manifest)
        for number, data in enumerate(bundle.pages, 1):
            self._rasterise(data, manifest, number)
        self._require_lock()
        self._serials.append(manifest.serial)
        return CopyReady(
            copy=copy,
            serial=manifest.serial,
            sheets=len(bundle.pages),
            issue_date=manifest.issue_date,
        )

    def finish(self) -> DocumentReady:
        """Every copy is in; nothing is added any more."""
        if len(self._serials) != self._expected.order.copies:
            raise ImpossibleStep(
                f"{len(self._serials)} of {self._expected.order.copies} copies are in"
            )
        self._rasteriser.wipe()
        self.vault.seal()
        return DocumentReady(
            sheets=self._pages_a_copy * len(self._serials),
            length=self.vault.length,
            locked=self._locked,
        )

    def wipe(self) -> None:
        self._rasteriser.wipe()
        self.vault.close()

    @property
    def _locked(self) -> bool:
        return self.vault.locked and self._rasteriser.locked

    def _compare_copies(self, manifest: wire.Manifest) -> None:
        """Copies of one order are alike but for their serials (R28)."""
        if manifest.serial in self._serials:
            raise IntegrityError(Check.SERIAL, manifest.copy)
        if self._serials and len(manifest.pages) != self._pages_a_copy:
            raise IntegrityError(Check.PAGE_COUNT, manifest.copy)
        self._pages_a_copy = len(manifest.pages)

    def _rasterise(self, data: bytes, manifest: wire.Manifest, number: int) -> None:
        with PdfPage(data) as page:
            rows = self._rasteriser.rasterise(page)
        ratio = ink_ratio(above_the_seal(rows), self._format.width_px)
        clerk.check_ink(ratio, manifest.copy, number)
        if self._ground is not None:
            lay_under(rows, self._ground, self._format.dpi)
        check_seal(rows, self._format, number, self._expected, manifest, self._city_keys)
        self._write_side()
        if self._format.duplex:
            # One page a sheet: whatever the back is for, it is not the next page.
            rows[:] = 0 if self._ground is None else self._ground
            self._write_side()

    def _write_side(self) -> None:
        sides_a_page = 2 if self._format.duplex else 1
        total = self._pages_a_copy * self._expected.order.copies * sides_a_page
        self._sides += 1
        write_page(self.vault, self._rasteriser.rows, self._sides, total, self._format)

    def _require_lock(self) -> None:
        if self._require_locked and not self._locked:
            raise ImpossibleStep(f"the pages cannot be locked in memory: {LOCK_ADVICE}")


def _rows(ground: bytes, page_format: PageFormat) -> Rows | None:
    """The ground as rows of the page. Raises ImpossibleStep for one of another size."""
    if not ground:
        return None
    octets = -(-page_format.width_px // 8)
    if len(ground) != page_format.height_px * octets:
        raise ImpossibleStep("the ground is not of the page's size")
    return np.frombuffer(ground, np.uint8).reshape(page_format.height_px, octets)


def _city_key(name: str, pem: bytes) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem)
    except ValueError as error:
        raise ImpossibleStep(f"the city key {name} is not a PEM public key") from error
    if not isinstance(key, Ed25519PublicKey) or binding.key_id(key.public_bytes_raw()) != name:
        raise ImpossibleStep(f"the city key {name} is not the Ed25519 key of that id")
    return key


def _seen(pages: tuple[bytes, ...], copy: int) -> list[clerk.PageSeen]:
    seen: list[clerk.PageSeen] = []
    for number, data in enumerate(pages, 1):
        try:
            with PdfPage(data) as page:
                seen.append(clerk.PageSeen(page.text(), page.head(), page.size_pt))
        except UnreadablePage as error:
            raise ClerkDisagreement(Disagreement.UNREADABLE, copy, number) from error
    return seen


# --- the conversation ------------------------------------------------------------------------


class Worker:
    """Answers the daemon, one message at a time, until it says Wipe or is gone."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._key = envelope.VisitKey()
        self._preparation: Preparation | None = None

    def run(self) -> None:
        try:
            self._converse()
        except IntegrityError as error:
            self._end(IntegrityRefused(check=error.check, copy=error.copy, page=error.page))
        except ClerkDisagreement as error:
            self._end(ClerkRefused(what=error.what, copy=error.copy, page=error.page))
        except ImpossibleStep as error:
            self._end(Stopped(reason=str(error)))
        except Exception as error:  # noqa: BLE001 – the one place; its words may quote a document
            self._end(Stopped(reason=kind_and_place(error)))

    def _converse(self) -> None:
        self._send(Hello(public_key=self._key.public))
        for message in _received(self._line):
            if isinstance(message, Wipe):
                self._end(Wiped())
                return
            self._answer(message)
        self._wipe()

    def _answer(self, message: Prepare | AddCopy | Finish) -> None:
        match message:
            case Prepare():
                if self._preparation is not None:
                    raise ImpossibleStep("prepared twice")
                self._preparation = Preparation(self._key, message)
                self._send(Prepared())
            case AddCopy():
                self._send(self._prepared().add(message.document))
            case Finish():
                preparation = self._prepared()
                self._send(preparation.finish(), preparation.vault.fd)
            case _:
                assert_never(message)

    def _prepared(self) -> Preparation:
        if self._preparation is None:
            raise ImpossibleStep("nothing was prepared")
        return self._preparation

    def _end(self, last_word: FromWorker) -> None:
        """Wipe first, then say so: the daemon may rely on it."""
        self._wipe()
        try:
            self._send(last_word)
        except OSError:  # nobody is listening any more, and nothing is left to tell
            return

    def _wipe(self) -> None:
        if self._preparation is not None:
            self._preparation.wipe()

    def _send(self, message: FromWorker, fd: int | None = None) -> None:
        data = framed(message)
        if fd is None:
            self._line.sendall(data)
            return
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]).tobytes())
        sent = self._line.sendmsg([data], [rights])
        self._line.sendall(data[sent:])


def _received(line: socket.socket) -> Iterator[ToWorker]:
    inbox: Inbox[ToWorker] = Inbox(ToWorker)
    while data := line.recv(_CHUNK):
        inbox.feed(data)
        yield from inbox.messages()


def main() -> None:
    descriptor, parent = (int(argument) for argument in sys.argv[1:3])
    confine(parent)
    with socket.socket(fileno=descriptor) as line:
        Worker(line).run()


if __name__ == "__main__":
    main()
