"""The worker as a real process: what it gives, and what is left of it however it ends."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from drivers.printer.a4 import a4
from drivers.printer.pwg import read_pages
from terminal.document import handle
from terminal.document.errors import (
    Check,
    ClerkDisagreement,
    Disagreement,
    IntegrityError,
    WorkerLost,
)
from terminal.document.handle import DocumentWorker, PreparedDocument
from tests.terminal.document import press

CITY = press.City()
LOW = a4(150)
ROOT = Path(__file__).parents[3]


def descriptors() -> dict[str, str]:
    """What this process has open, by descriptor."""
    found: dict[str, str] = {}
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found[entry.name] = str(entry.readlink())
        except FileNotFoundError:  # the directory itself
            continue
    return found


def is_gone(pid: int) -> bool:
    """Neither running nor a zombie."""
    return not Path(f"/proc/{pid}").exists()


def may_look_into(worker: DocumentWorker) -> bool:
    """Nobody but root may, which is what the worker asks of the kernel."""
    try:
        Path(f"/proc/{worker.pid}/fd/0").readlink()
    except PermissionError:
        assert not os.access(f"/proc/{worker.pid}/mem", os.R_OK) or os.geteuid() == 0
        return False
    return True


NOBODY_MAY_LOOK = "the kernel lets only root look into the worker"


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    before = descriptors()
    yield
    ours = {
        name: target
        for name, target in descriptors().items()
        if before.get(name) != target and ("memfd:madoguchi" in target)
    }
    assert not ours


@pytest.fixture(name="worker")
async def _worker() -> AsyncIterator[DocumentWorker]:
    worker = DocumentWorker()
    await worker.start()
    before = worker.pid
    yield worker
    await worker.close()
    assert before is not None
    assert is_gone(before)


async def prepared(worker: DocumentWorker, **kind: object) -> PreparedDocument:
    await worker.prepare(press.expected(), LOW, CITY.pems)
    await worker.add(CITY.document(worker.public_key, **kind))  # type: ignore[arg-type]
    return await worker.finish()


def contents(fd: int) -> bytes:
    return os.pread(fd, os.fstat(fd).st_size, 0)


async def test_a_document_is_ready_to_print_from_the_descriptor(worker: DocumentWorker) -> None:
    document = await prepared(worker, pages=press.sheets(3))
    assert (document.sheets, document.serials, document.page_format) == (3, ("SN-0001",), LOW)
    pages = list(read_pages(io.BytesIO(os.pread(document.fd, document.length, 0))))
    assert [page.number for page in pages] == [1, 2, 3]
    assert all(page.rows.any() for page in pages)


async def test_the_descriptor_has_no_name_and_is_not_inherited(worker: DocumentWorker) -> None:
    document = await prepared(worker)
    assert os.fstat(document.fd).st_nlink == 0
    assert not os.get_inheritable(document.fd)
    with pytest.raises(OSError, match="not permitted"):
        os.ftruncate(document.fd, 0)


async def test_I1_a_document_for_another_worker_is_refused(worker: DocumentWorker) -> None:
    other = DocumentWorker()
    await other.start()
    try:
        await worker.prepare(press.expected(), LOW, CITY.pems)
        with pytest.raises(IntegrityError) as caught:
            await worker.add(CITY.document(other.public_key))
        assert caught.value.check is Check.ENVELOPE
    finally:
        await other.close()


async def test_I3_I10_a_refusal_reaches_the_daemon_and_is_final(worker: DocumentWorker) -> None:
    await worker.prepare(press.expected(), LOW, press.City().pems)
    with pytest.raises(IntegrityError) as caught:
        await worker.add(CITY.document(worker.public_key))
    assert caught.value.check is Check.KEY
    with pytest.raises(WorkerLost, match="checking was not finished"):
        await worker.add(CITY.document(worker.public_key))


async def test_I4_a_disagreement_reaches_the_daemon_and_is_final(worker: DocumentWorker) -> None:
    await worker.prepare(press.expected(), LOW, CITY.pems)
    pages = (press.Sheet(names=press.NAMES[:1]),)
    with pytest.raises(ClerkDisagreement) as caught:
        await worker.add(CITY.document(worker.public_key, pages=pages))
    assert (caught.value.what, caught.value.copy) == (Disagreement.NAME, 1)
    assert press.NAMES[1] not in str(caught.value)
    with pytest.raises(WorkerLost):
        await worker.finish()


async def test_I8_two_visits_at_once_never_mix() -> None:
    async def visit(city: press.City, order_id: str, serial: str) -> tuple[str, ...]:
        wish = press.order(order_id=order_id)
        worker = DocumentWorker()
        await worker.start()
        try:
            await worker.prepare(press.expected(wish), LOW, city.pems)
            sheet = press.Sheet(serial_number=serial)
            pdfs = tuple(one.pdf() for one in city.sealed_sheets((sheet,), wish, serial))
            manifest = city.manifest(pdfs, wish)
            manifest = msgspec.structs.replace(manifest, serial=serial)
            ready = await worker.add(
                press.sealed(worker.public_key, city.bundle(manifest, pdfs), wish)
            )
            document = await worker.finish()
            assert ready.serial == serial
            return document.serials
        finally:
            await worker.close()

    serials = await asyncio.gather(
        visit(CITY, press.ORDER, "SN-A"), visit(press.City(), press.OTHER, "SN-B")
    )
    assert list(serials) == [("SN-A",), ("SN-B",)]


# --- however it ends -------------------------------------------------------------------------


async def nothing(_: DocumentWorker) -> None:
    pass


async def preparing(worker: DocumentWorker) -> None:
    await worker.prepare(press.expected(), LOW, CITY.pems)


async def adding(worker: DocumentWorker) -> None:
    await worker.add(CITY.document(worker.public_key))


async def finishing(worker: DocumentWorker) -> None:
    await worker.finish()


Step = Callable[[DocumentWorker], Awaitable[None]]
STEPS: list[Step] = [nothing, preparing, adding, finishing]


@pytest.mark.parametrize("done", range(1, 4), ids=["started", "prepared", "one copy in"])
async def test_I16_killed_between_steps_it_leaves_nothing(
    worker: DocumentWorker, done: int
) -> None:
    for step in STEPS[:done]:
        await step(worker)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(WorkerLost, match="killed by SIGKILL"):
        await STEPS[done](worker)
    assert is_gone(worker.pid)


@pytest.mark.parametrize("done", range(1, 4), ids=["preparing", "adding", "finishing"])
async def test_I16_killed_during_a_step_it_leaves_nothing(
    worker: DocumentWorker, done: int
) -> None:
    for step in STEPS[:done]:
        await step(worker)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)  # the step cannot be over before the kill
    under_way = asyncio.ensure_future(STEPS[done](worker))
    await asyncio.sleep(0.02)
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(WorkerLost, match="killed by SIGKILL"):
        await under_way


async def test_I16_killed_with_pages_ready_they_are_zeroed_all_the_same(
    worker: DocumentWorker,
) -> None:
    document = await prepared(worker)
    held = os.dup(document.fd)
    assert any(contents(held))
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    await worker.close()
    assert not any(contents(held))
    os.close(held)


async def test_I16_closed_in_order_the_worker_zeroes_its_pages(
    worker: DocumentWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outside(fd: int) -> None:
        pytest.fail("the worker said it wiped, so nobody else needs to")

    monkeypatch.setattr(handle, "wipe_file", outside)
    document = await prepared(worker)
    held = os.dup(document.fd)
    assert any(contents(held))
    await worker.close()
    assert not any(contents(held))
    os.close(held)
    await worker.close()


async def test_closed_during_a_step_the_step_ends_too(worker: DocumentWorker) -> None:
    await preparing(worker)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    under_way = asyncio.ensure_future(adding(worker))
    await asyncio.sleep(0.02)
    await worker.close()
    with pytest.raises(WorkerLost):
        await under_way


async def test_I7_a_stalled_worker_is_given_up_and_killed(
    worker: DocumentWorker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(handle, "COPY_LIMIT_S", 0.1)
    monkeypatch.setattr(handle, "CLOSE_LIMIT_S", 0.2)
    await preparing(worker)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    with pytest.raises(WorkerLost, match="did not finish checking within"):
        await adding(worker)
    with caplog.at_level(logging.WARNING):
        await worker.close()
    assert is_gone(worker.pid)
    assert "did not end by itself" in caplog.text


async def test_I7_after_a_cancelled_step_only_closing_is_left(worker: DocumentWorker) -> None:
    await preparing(worker)
    under_way = asyncio.ensure_future(adding(worker))
    await asyncio.sleep(0.001)
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await under_way
    with pytest.raises(WorkerLost, match="was not finished"):
        await worker.finish()


async def test_closing_is_finished_even_when_its_caller_is_cancelled(
    worker: DocumentWorker,
) -> None:
    await prepared(worker)
    closing = asyncio.ensure_future(worker.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await worker.close()
    assert worker.pid is not None
    assert is_gone(worker.pid)


async def test_a_worker_that_was_never_started_closes() -> None:
    worker = DocumentWorker()
    with pytest.raises(WorkerLost, match="not started"):
        await worker.finish()
    await worker.close()
    with pytest.raises(WorkerLost, match="started once"):
        await worker.start()


async def test_a_worker_that_cannot_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    worker = DocumentWorker()
    with pytest.raises(WorkerLost, match="cannot be started"):
        await worker.start()


async def test_a_worker_that_breaks_at_once_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    worker = DocumentWorker()
    with pytest.raises(WorkerLost, match="exit status 1 while starting"):
        await worker.start()
    assert worker.pid is not None
    assert is_gone(worker.pid)


async def test_steps_out_of_order_say_what_was_wrong(worker: DocumentWorker) -> None:
    with pytest.raises(WorkerLost, match="nothing was prepared"):
        await adding(worker)


# --- what the process is ---------------------------------------------------------------------


async def test_it_is_confined_before_it_holds_anything(worker: DocumentWorker) -> None:
    proc = Path(f"/proc/{worker.pid}")
    status = (proc / "status").read_text(encoding="ascii")
    limits = (proc / "limits").read_text(encoding="ascii")
    assert "NoNewPrivs:\t1" in status
    assert "Max core file size        0                    0" in limits
    # What cannot be dumped belongs to root in /proc, whoever runs it.
    assert (proc / "mem").stat().st_uid == 0
    # In its own session: Ctrl-C in a shell does not reach it.
    assert worker.pid is not None
    assert os.getsid(worker.pid) == worker.pid
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) > os.getpriority(os.PRIO_PROCESS, 0)


def test_the_daemon_loads_nothing_that_could_read_a_page() -> None:
    heavy = "{'numpy', 'pypdfium2', 'PIL', 'cryptography'}"
    code = f"import sys, terminal.document.handle; sys.exit(str({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert done.stderr.decode().strip() == "set()"


async def test_R61_it_has_no_file_open_and_few_words_in_its_environment(
    worker: DocumentWorker,
) -> None:
    await prepared(worker)
    if not may_look_into(worker):
        pytest.skip(NOBODY_MAY_LOOK)
    proc = Path(f"/proc/{worker.pid}")
    targets = {str(entry.readlink()) for entry in (proc / "fd").iterdir()}
    files = {target for target in targets if target.startswith("/") and "/memfd:" not in target}
    assert files <= {"/dev/null", descriptors()["2"]}
    names = (proc / "environ").read_bytes().split(b"\0")
    assert {name.split(b"=")[0] for name in names if name} == {
        b"PYTHONPATH",
        b"LANG",
        b"OPENBLAS_NUM_THREADS",
        b"OMP_NUM_THREADS",
    }


async def test_a_whole_unit_being_stopped_does_not_end_it(worker: DocumentWorker) -> None:
    assert worker.pid is not None
    for stop in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(worker.pid, stop)
    assert (await prepared(worker)).sheets == 1


async def test_I16_it_does_not_outlive_the_daemon() -> None:
    daemon = """
import asyncio, os, signal
from terminal.document.handle import DocumentWorker
async def main():
    worker = DocumentWorker()
    await worker.start()
    os.kill(worker.pid, signal.SIGSTOP)  # it can notice nothing by itself
    print(worker.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", daemon, stdout=subprocess.PIPE, cwd=ROOT
    )
    output, _ = await process.communicate()
    async with asyncio.timeout(5):
        while not is_gone(int(output)):
            await asyncio.sleep(0.01)


async def test_R61_plain_pages_are_in_no_memory_of_the_daemon() -> None:
    """In a daemon of its own: what other tests of this process have seen may lie about here."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.terminal.document.daemon_memory",
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    hits = json.loads(output)
    if hits["worker"] is not None:
        assert hits["worker"] > 0
    assert hits["daemon"] == 0
    assert hits["control"] > 0, "the scanner finds what is there"


async def test_R61_a_whole_visit_writes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    worker = DocumentWorker()
    await worker.start()
    try:
        if may_look_into(worker):
            before = written(worker)
            await prepared(worker)
            assert written(worker) == before
        else:
            await prepared(worker)
    finally:
        await worker.close()
    assert os.listdir(tmp_path) == []  # noqa: PTH208


def written(worker: DocumentWorker) -> str:
    """How much it has sent to any disk, by the kernel's account."""
    counters = Path(f"/proc/{worker.pid}/io").read_text(encoding="ascii")
    return counters.split("\nwrite_bytes: ")[1].split()[0]
