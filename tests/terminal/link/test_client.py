"""The link against a centre that misbehaves: what each failure lets one conclude (R64, R65, I-7)."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization

from terminal.errors import CentreProblem, CentreRefused, ConfigError, LinkDown, OutcomeUnknown
from terminal.ids import new_id
from terminal.link.client import LARGEST_ANSWER, CentreClient
from terminal.link.tls import client_context
from terminal.link.wire import Acknowledged, PaymentTaken, Refusal, RefusalClass, encode
from terminal.version import BUILD
from tests.terminal.link.centre import CUT, SILENCE, Files, answer, centre, make_files

PAYMENT = PaymentTaken(amount_yen=250, reference="r")
OK = answer(200, encode(Acknowledged()))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("link") / "ours")


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("link") / "others")


def path() -> str:
    return f"/v1/orders/{new_id()}/payment"


async def test_R65_both_sides_are_known_and_a_message_arrives(files: Files) -> None:
    async with centre(files, OK) as it, CentreClient(files.link(it.port)) as client:
        assert await client.put(path(), PAYMENT, Acknowledged) == Acknowledged()
        assert client.reachable
    (request,) = it.heard
    assert request.body == encode(PAYMENT)
    assert request.headers["user-agent"] == BUILD


async def test_R65_an_older_TLS_is_refused(files: Files) -> None:
    async with (
        centre(files, OK, newest=ssl.TLSVersion.TLSv1_2) as it,
        CentreClient(files.link(it.port)) as client,
    ):
        with pytest.raises(LinkDown):
            await client.put(path(), PAYMENT, Acknowledged)
    assert it.heard == []


async def test_R65_a_centre_of_another_authority_is_refused(files: Files, others: Files) -> None:
    async with (
        centre(others, OK, trusts=files.ca) as it,
        CentreClient(files.link(it.port)) as client,
    ):
        with pytest.raises(LinkDown, match="cannot be reached"):
            await client.put(path(), PAYMENT, Acknowledged)
    assert it.heard == []


async def test_R65_a_centre_under_another_name_is_refused(files: Files) -> None:
    """The certificate is for 127.0.0.1 and localhost; 127.0.0.2 is this machine too."""
    async with centre(files, OK, host="127.0.0.2") as it:
        link = msgspec.structs.replace(files.link(it.port), url=f"https://127.0.0.2:{it.port}")
        async with CentreClient(link) as client:
            with pytest.raises(LinkDown, match="IP address mismatch"):
                await client.get("/v1/service", Acknowledged)
    assert it.heard == []


async def test_R65_our_certificate_of_another_authority_is_refused_by_the_centre(
    files: Files, others: Files
) -> None:
    """With TLS 1.3 the refusal shows only after the request went out: nobody may call that safe."""
    async with (
        centre(files, OK, trusts=others.ca) as it,
        CentreClient(files.link(it.port)) as client,
    ):
        with pytest.raises(OutcomeUnknown):
            await client.put(path(), PAYMENT, Acknowledged)
    assert it.heard == []


@pytest.mark.parametrize("missing", ["ca", "certificate", "key"])
async def test_R65_a_missing_file_is_named_with_the_next_step(
    files: Files, missing: str, tmp_path: Path
) -> None:
    gone = tmp_path / "gone.pem"
    link = msgspec.structs.replace(files.link(1), **{missing: gone})
    with pytest.raises(ConfigError, match=rf"\[link\] {missing}: {gone} .*enrol"):
        async with CentreClient(link):
            pass


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked(
    files: Files, tmp_path: Path
) -> None:
    plain = serialization.load_pem_private_key((files.folder / "terminal.key").read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        plain.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(ConfigError, match="passphrase"):
        client_context(files.ca, files.folder / "terminal.pem", locked)


def test_a_key_of_another_certificate_is_told(files: Files, others: Files) -> None:
    with pytest.raises(ConfigError, match="belong together"):
        client_context(files.ca, files.folder / "terminal.pem", others.folder / "terminal.key")


async def test_nobody_listens_means_nothing_happened(files: Files) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with CentreClient(files.link(port)) as client:
        with pytest.raises(LinkDown, match="cannot be reached"):
            await client.put(path(), PAYMENT, Acknowledged)
        assert client.disturbed.is_set()


async def test_I7_a_lost_answer_is_asked_for_once_with_the_same_id_and_body(files: Files) -> None:
    async with centre(files, CUT, OK) as it, CentreClient(files.link(it.port)) as client:
        where = path()
        assert await client.put(where, PAYMENT, Acknowledged) == Acknowledged()
    first, second = it.heard
    assert (first.line, first.body) == (second.line, second.body)
    assert where in first.line


async def test_I7_two_lost_answers_are_an_unknown_outcome(files: Files) -> None:
    async with centre(files, CUT) as it, CentreClient(files.link(it.port)) as client:
        with pytest.raises(OutcomeUnknown):
            await client.put(path(), PAYMENT, Acknowledged)
        assert not client.reachable
    # aiohttp, too, repeats a PUT once by itself where the connection broke.
    assert 2 <= len(it.heard) <= 4
    assert len({(request.line, request.body) for request in it.heard}) == 1


async def test_I7_a_line_that_is_gone_when_it_is_tried_again_says_nothing_of_the_first(
    files: Files,
) -> None:
    async with centre(files, CUT) as it, CentreClient(files.link(it.port)) as client:
        it.deaf_after = 1
        with pytest.raises(OutcomeUnknown):
            await client.get("/v1/service", Acknowledged)
    assert len(it.heard) == 1


async def test_I7_down_at_the_second_attempt_says_nothing_about_the_first(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with centre(files, CUT) as it, CentreClient(files.link(it.port)) as client:
        ask = client._ask
        calls = 0

        async def ask_then_down(*args: object) -> object:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise LinkDown("the line is down now")
            return await ask(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(client, "_ask", ask_then_down)
        with pytest.raises(OutcomeUnknown):
            await client.put(path(), PAYMENT, Acknowledged)


async def test_silence_is_waited_for_only_so_long(files: Files) -> None:
    async with centre(files, SILENCE) as it, CentreClient(files.link(it.port, 0.2)) as client:
        with pytest.raises(OutcomeUnknown, match="TimeoutError"):
            await client.put(path(), PAYMENT, Acknowledged)
    assert len(it.heard) == 2


REFUSAL = Refusal(kind=RefusalClass.WHEN, reason="refused.closed")


async def test_a_refusal_is_the_persons_to_see(files: Files) -> None:
    async with (
        centre(files, answer(403, encode(REFUSAL))) as it,
        CentreClient(files.link(it.port)) as client,
    ):
        with pytest.raises(CentreRefused) as caught:
            await client.put(path(), PAYMENT, Acknowledged)
        assert caught.value.refusal == REFUSAL


@pytest.mark.parametrize("status", [400, 401, 404, 409, 413, 422, 500, 503])
async def test_a_problem_keeps_its_status_and_code(files: Files, status: int) -> None:
    body = b'{"code":"order.ended","detail":"the order has ended"}'
    async with (
        centre(files, answer(status, body)) as it,
        CentreClient(files.link(it.port)) as client,
    ):
        with pytest.raises(CentreProblem) as caught:
            await client.put(path(), PAYMENT, Acknowledged)
    assert (caught.value.status, caught.value.problem.code) == (status, "order.ended")
    assert len(it.heard) == 1, "an answer is an answer: nothing is asked again"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"unknown":1}'),
        (200, b"<html>"),
        (200, b""),
        (200, b'{"a":"\xff"}'),
        (403, b'{"kind":"P9","reason":"x"}'),
        (500, b"Internal Server Error"),
        (502, b'{"code":"\xff","detail":""}'),
    ],
)
async def test_what_is_no_message_of_ours_is_refused(
    files: Files, status: int, body: bytes
) -> None:
    async with (
        centre(files, answer(status, body)) as it,
        CentreClient(files.link(it.port)) as client,
    ):
        with pytest.raises(CentreProblem) as caught:
            await client.put(path(), PAYMENT, Acknowledged)
    assert (caught.value.status, caught.value.problem.code) == (status, "unreadable")


async def test_R64_a_redirect_to_another_peer_is_not_followed(files: Files) -> None:
    async with centre(files, OK) as other:
        to = f"Location: https://127.0.0.1:{other.port}/elsewhere"
        async with (
            centre(files, answer(307, b"", to)) as it,
            CentreClient(files.link(it.port)) as client,
        ):
            with pytest.raises(CentreProblem) as caught:
                await client.put(path(), PAYMENT, Acknowledged)
    assert caught.value.status == 307
    assert other.heard == []


async def test_R64_no_proxy_of_the_environment_is_used(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with centre(files, OK) as it, CentreClient(files.link(it.port)) as client:
        await client.put(path(), PAYMENT, Acknowledged)


async def test_one_visit_leaves_no_cookie_for_the_next(files: Files) -> None:
    tracking = answer(200, encode(Acknowledged()), "Set-Cookie: visit=1; Path=/")
    async with centre(files, tracking) as it, CentreClient(files.link(it.port)) as client:
        for _ in range(2):
            await client.put(path(), PAYMENT, Acknowledged)
    assert all("cookie" not in request.headers for request in it.heard)


async def test_an_answer_without_end_is_cut_off(files: Files) -> None:
    huge = answer(200, b" " * (LARGEST_ANSWER + 1))
    async with centre(files, huge) as it, CentreClient(files.link(it.port)) as client:
        with pytest.raises(OutcomeUnknown, match="too long"):
            await client.get("/v1/service", Acknowledged)


async def test_no_id_is_in_what_may_be_logged(
    files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    where = path()
    caplog.set_level("DEBUG")
    async with centre(files, CUT) as it, CentreClient(files.link(it.port)) as client:
        with pytest.raises(OutcomeUnknown) as caught:
            await client.put(where, PAYMENT, Acknowledged)
    order = where.split("/")[3]
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("terminal")]
    assert ours
    assert not any(order in message for message in [*ours, str(caught.value)])
