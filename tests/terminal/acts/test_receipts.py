"""What a receipt is made of: the order, the sums, and what the operator's configuration says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from msgspec import structs

from terminal.acts.card_session import CardSession
from terminal.acts.desk import Work
from terminal.acts.receipts import _receipt
from terminal.ids import new_id
from terminal.link.wire import Contact, SignedIn
from terminal.receipt import ReceiptKind
from terminal.visit.known import Visit
from tests.terminal.acts.desks import an_order, desk_at
from tests.terminal.visit.world import PERSON


@pytest.mark.parametrize("number", ["", "T1234567890123"])
async def test_the_operators_number_stands_on_it_where_there_is_one(
    tmp_path: Path, number: str
) -> None:
    visit = Visit(new_id())
    work = Work(visit, cast("CardSession", None))
    work.order, work.person, work.held_yen = an_order(visit.id), PERSON, 500
    async with desk_at(tmp_path) as desk:
        config = structs.replace(desk.config, registration_number=number)
        receipt = _receipt(replace(desk, config=config), work, ReceiptKind.PRINTED, "")
    assert receipt is not None
    assert receipt.registration_number == number
    assert (receipt.total_yen, receipt.paid_yen) == (500, 500)
    assert isinstance(receipt.contact, Contact)
    assert isinstance(PERSON, SignedIn)
    shown = repr(receipt)
    assert not any(person.name in shown for offer in PERSON.offers for person in offer.people)
