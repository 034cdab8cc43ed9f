"""What strangers send to a listener: junk, drips, floods and silence cost one refusal each, no traceback, and nobody else's answer."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from console import connections
from probe.values import Secret
from tests.console.desk import LOCAL, listening
from tests.console.made_board import a_run, some_checks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.console.desk import Site

JUNK = {
    "no HTTP at all": b"EHLO mail.isp.example\r\n\r\n",
    "TLS": bytes.fromhex("16030100c8010000c403037a") + bytes(190) + b"\r\n\r\n",
    "zeros": bytes(64) + b"\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\n\r\n",
    "no host": b"GET /metrics HTTP/1.1\r\n\r\n",
    "two lengths": b"POST /-/reload HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "negative length": b"POST /-/reload HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    "broken chunk": b"POST /-/reload HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    "a header of 1 MB": b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "a path of 1 MB": b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    "100,000 headers": b"GET / HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 100_000 + b"\r\n",
    "a space in the name": b"GET / HTTP/1.1\r\nhost : x\r\n\r\n",
    "a websocket": b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    "latin-1": b"GET /?\xe9 HTTP/1.1\r\nhost: x\r\n\r\n",
}


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with listening(some_checks(10)) as one:
        for check in one.desk.checks:
            one.desk.board.saw(a_run(check))
        yield one


@pytest.fixture
async def large() -> AsyncIterator[Site]:
    """A site whose metrics do not fit into any buffer of the kernel."""
    async with listening(some_checks(1_000)) as one:
        for check in one.desk.checks:
            one.desk.board.saw(a_run(check))
        yield one


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that strangers do is an error of ours, or worth a line."""
    caplog.set_level(logging.WARNING)
    yield
    assert [record.getMessage() for record in caplog.records] == []


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
async def test_junk_is_refused_in_one_line(site: Site, junk: bytes) -> None:
    said = await site.send(junk, 1.0)
    assert said == b"" or said.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 200 ", b"HTTP/1.1 404 ")), said
    assert b"Traceback" not in said
    assert (await site.ask("/-/healthy")).status == 200


async def test_junk_behind_a_request_does_not_spoil_its_answer(site: Site) -> None:
    said = await site.send(b"GET /-/healthy HTTP/1.1\r\nhost: x\r\n\r\n" + JUNK["no HTTP at all"])
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 400 " in said


async def test_junk_in_the_body_while_the_answer_is_on_its_way(site: Site) -> None:
    said = await site.send(b"GET /metrics HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n")
    assert said == b"" or said.startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize("half", [b"", b"GET /metr", b"POST /-/reload HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nab"])
async def test_who_goes_in_the_middle_is_forgotten(site: Site, half: bytes) -> None:
    _, writer = await asyncio.open_connection(LOCAL, site.listener.port)
    writer.write(half)
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.close()
    await writer.wait_closed()
    assert (await site.ask("/-/healthy")).status == 200


async def test_who_goes_while_being_answered_is_forgotten(large: Site) -> None:
    reader, writer = await asyncio.open_connection(LOCAL, large.listener.port)
    writer.write(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
    await reader.readexactly(100)
    writer.transport.abort()
    assert (await large.ask("/-/healthy")).status == 200


async def test_a_request_must_be_whole_in_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.3)
    said = asyncio.create_task(drip(site, b"GET /metrics HTTP/1.1\r\nhost: x\r\nslow: " + b"a" * 100))
    assert (await said).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert (await said).endswith(b"\r\n\r\nthe request was not whole within 0.3 s\n")


async def test_a_body_must_be_whole_in_time_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.3)
    said = await drip(site, b"POST /probe HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n" + b"a" * 100)
    assert said == b"" or said.startswith(b"HTTP/1.1 ")


async def drip(site: Site, data: bytes) -> bytes:
    """Send a byte every 20 ms; return what the server says before it closes."""
    reader, writer = await asyncio.open_connection(LOCAL, site.listener.port)
    said = asyncio.create_task(reader.read())
    with suppress(ConnectionError):
        for byte in data:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)
            if said.done():
                break
    writer.close()
    with suppress(ConnectionError):
        return await said
    return b""


async def test_an_idle_connection_is_kept_for_the_next_scrape_and_a_second_request_has_its_own_time(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.4)
    reader, writer = await asyncio.open_connection(LOCAL, site.listener.port)
    for _ in range(3):
        writer.write(b"GET /-/ready HTTP/1.1\r\nhost: x\r\n\r\n")
        assert (await reader.readuntil(b"ready\n")).startswith(b"HTTP/1.1 200 ")
        await asyncio.sleep(0.5)
    writer.write(b"GET /-/rea")
    assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
    writer.close()
    await writer.wait_closed()


async def test_who_does_not_read_his_answer_is_left(large: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "ANSWER_SECONDS", 0.5)
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        lazy.connect((LOCAL, large.listener.port))
        lazy.sendall(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n" * 2)
        await asyncio.sleep(0.2)
        assert len(large.listener.connections) == 1
        async with asyncio.timeout(5):
            while large.listener.connections:  # noqa: ASYNC110 - a real server's connections tell nobody when they end
                await asyncio.sleep(0.05)


async def test_who_waits_for_long_work_is_not_cut_off(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "ANSWER_SECONDS", 0.1)
    site.desk.reload_seconds = 0.5
    answer = await site.ask("/-/reload", "POST")
    assert (answer.status, site.desk.reloads) == (200, 1)


async def test_too_many_at_once_are_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 3)
    held = [await asyncio.open_connection(LOCAL, site.listener.port) for _ in range(3)]
    await asyncio.sleep(0.05)
    said = await site.send(b"")
    assert said.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert said.endswith(b"\r\n\r\ntoo many connections at once\n")
    for _, writer in held:
        writer.close()
        await writer.wait_closed()
    await asyncio.sleep(0.05)
    assert (await site.ask("/-/healthy")).status == 200


@pytest.mark.parametrize("length", ["70000", "99999999999999999999"])
async def test_a_body_that_says_it_is_too_large_is_not_read(site: Site, length: str) -> None:
    said = await site.send(b"POST /-/reload HTTP/1.1\r\nhost: x\r\ncontent-length: " + length.encode() + b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 413 ")
    assert said.endswith(b"the body is larger than 65536 bytes\n")
    assert site.desk.reloads == 0


async def test_a_token_with_strange_bytes_is_only_a_wrong_one() -> None:
    async with listening(token=Secret("s3cret")) as site:
        said = await site.send(b"GET /metrics HTTP/1.1\r\nhost: x\r\nauthorization: Bearer \xff\xfe\r\n\r\n", 0.5)
        assert said.startswith(b"HTTP/1.1 401 ")


async def test_closing_waits_for_nobody(large: Site) -> None:
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        lazy.connect((LOCAL, large.listener.port))
        lazy.sendall(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
        await asyncio.sleep(0.2)
        began = asyncio.get_running_loop().time()
        await large.listener.close()
        assert asyncio.get_running_loop().time() - began < 3.0
