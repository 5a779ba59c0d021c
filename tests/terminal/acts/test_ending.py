"""A visit ends on every side whatever its parts say, and tells the centre the truth."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import msgspec
import pytest

from drivers.device import DeviceState
from drivers.errors import DeviceUnavailable
from terminal.acts.card_session import CardSession
from terminal.acts.desk import Work
from terminal.acts.ending import end_visit
from terminal.document.errors import WorkerLost
from terminal.document.handle import DocumentWorker
from terminal.ids import new_id
from terminal.link.wire import OrderResult
from terminal.visit.known import Ending, Visit
from tests.terminal.acts.desks import an_order, desk_at


class Stubborn:
    """A card that will not be released, and a worker that will not be closed."""

    async def release(self) -> None:
        raise DeviceUnavailable("card reader", DeviceState.NO_DEVICE, "unplugged")

    async def close(self) -> None:
        raise WorkerLost("it hangs in the kernel")


def work_with_order() -> Work:
    visit = Visit(new_id())
    work = Work(visit, cast("CardSession", Stubborn()), cast("DocumentWorker", Stubborn()))
    work.order = an_order(visit.id)
    return work


async def result_of(work: Work, folder: Path) -> OrderResult:
    async with desk_at(folder) as desk:
        await end_visit(desk, work, Ending.VOID)
        assert [entry.step.value for entry in await desk.journal.entries()] == ["done"]
        oldest = await desk.journal.oldest_letter()
    assert oldest is not None
    return msgspec.json.decode(oldest[1].body, type=OrderResult)


async def test_I16_neither_reader_nor_worker_can_keep_a_visit_open(tmp_path: Path) -> None:
    result = await result_of(work_with_order(), tmp_path)
    assert (result.outcome.value, result.reason) == ("void", Ending.VOID.value)


@pytest.mark.parametrize(("returned", "told"), [(0, 0), (300, 300), (500, 500), (1000, 500)])
async def test_only_the_orders_own_price_was_ever_the_centres(
    tmp_path: Path, returned: int, told: int
) -> None:
    work = work_with_order()
    work.returned_yen = returned
    assert (await result_of(work, tmp_path)).refunded_yen == told


@pytest.mark.parametrize(
    ("printing", "finished", "sheets_out", "returned", "outcome"),
    [
        (False, False, 0, 0, "void"),
        (True, False, 0, 500, "void"),
        (True, False, 1, 500, "void"),
        (True, False, None, 500, "suspect"),
        (True, True, 2, 0, "printed"),
        (True, True, 2, 500, "suspect"),
    ],
)
async def test_what_the_centre_hears_of_the_paper(
    tmp_path: Path,
    printing: bool,
    finished: bool,
    sheets_out: int | None,
    returned: int,
    outcome: str,
) -> None:
    work = work_with_order()
    work.printing, work.finished, work.sheets_out = printing, finished, sheets_out
    work.returned_yen = returned
    assert (await result_of(work, tmp_path)).outcome.value == outcome
