"""Bytes on the wire for a receipt, against python-escpos' own way with the same picture."""

from __future__ import annotations

from datetime import UTC, datetime

from drivers.printer.escpos_commands import WIDEST_PX, strips
from terminal.link.wire import Contact, Product
from terminal.receipt import Receipt, ReceiptKind, ReceiptLine, find_font, render
from terminal.strings.catalogue import catalogue

WIDTH_PX = 576
RECEIPT = Receipt(
    kind=ReceiptKind.PRINTED,
    lines=(ReceiptLine(Product.RESIDENCE, 2, 250),),
    paid_yen=1000,
    change_yen=500,
    serials=("12345-67890-12345-67890", "22345-67890-12345-67890"),
    at=datetime(2026, 11, 24, 3, 0, tzinfo=UTC),
    terminal="dev-1",
    order="0123456789ab",
    city_name="若葉野市",
    contact=Contact(office="若葉野市役所　市民課　証明係", telephone="000-555-0101"),
)


async def measure() -> dict[str, float]:
    """``escpos.receipt_bytes_ratio``: ours by theirs; theirs in kilobytes."""
    from escpos.capabilities import Profile
    from escpos.printer import Dummy

    image = render(RECEIPT, catalogue("ja").lookup, WIDTH_PX, find_font())
    ours = sum(map(len, strips(image)))
    profile = Profile()
    profile.profile_data = {**profile.profile_data, "media": {"width": {"pixels": WIDEST_PX}}}
    peer = Dummy(profile=profile)
    peer.image(image)
    return {
        "escpos.receipt_bytes_ratio": ours / len(peer.output),
        "escpos.peer_receipt_kb": len(peer.output) / 1000,
    }
