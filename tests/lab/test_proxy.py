"""The fault proxy over real sockets: each behaviour byte by byte, against a plain server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from lab.proxy_behaviour import CUT_AFTER_BYTES, GARBAGE, REST, Behaviour, Route
from lab.proxy_tcp import Front
from lab.proxy_udp import LONG_DATAGRAM, FrontUdp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOST = "127.0.0.1"
GREETING = b"* OK hello\r\n"


def free_port(kind: int = socket.SOCK_STREAM, host: str = HOST) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greet, say each line back in capitals, and after the client's end say so."""
    writer.write(GREETING)
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.write(b"bye")
    writer.close()


@contextlib.asynccontextmanager
async def fronted(now: Behaviour, protocol: str = "imap", host: str = HOST) -> AsyncIterator[Front]:
    """Yield a front before an echo server, behaving so; its port is `front.port`."""
    server = await asyncio.start_server(echo, HOST, 0)
    back = server.sockets[0].getsockname()[1]
    front = Front(Route("imap", protocol, (host, free_port(host=host)), (HOST, back)))
    await front.become(now)
    try:
        yield front
    finally:
        await front.close()
        server.close()
        await server.wait_closed()


async def client(front: Front) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(*front.address)


async def gone(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@pytest.mark.parametrize("host", [HOST, "::1"])
async def test_at_rest_bytes_pass_both_ways_and_an_end_is_passed_on_as_such(host: str) -> None:
    async with fronted(REST, host=host) as front:
        reader, writer = await client(front)
        assert await reader.readline() == GREETING
        for byte in b"one\r\n":
            writer.write(bytes([byte]))
            await writer.drain()
        assert await reader.readline() == b"ONE\r\n"
        writer.write(b"two\n")
        writer.write_eof()
        assert await reader.read() == b"TWO\nbye"
        await gone(writer)


async def test_a_client_that_does_not_read_stops_the_server_and_nothing_is_lost() -> None:
    async with fronted(REST) as front:
        reader, writer = await client(front)
        sending = asyncio.create_task(send(writer, b"x" * 60_000 + b"\n", 400))
        await asyncio.sleep(0.3)
        assert not sending.done()  # 24 MB do not fit between them: somebody must read
        assert len(await reader.read()) == len(GREETING) + 400 * 60_001 + len(b"bye")
        await sending
        await gone(writer)


async def send(writer: asyncio.StreamWriter, line: bytes, times: int) -> None:
    for _ in range(times):
        writer.write(line)
        await writer.drain()
    writer.write_eof()


async def test_refuse_refuses_until_it_is_cleared() -> None:
    async with fronted(REST) as front:
        reader, writer = await client(front)
        assert await reader.readline() == GREETING
        for _ in range(3):
            await front.become(Behaviour(refuse=True))
            with pytest.raises(ConnectionRefusedError):
                await client(front)
            await front.become(REST)
            again, other = await client(front)
            assert await again.readline() == GREETING
            await gone(other)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        await gone(writer)


async def test_silent_accepts_says_nothing_and_holds_the_connection() -> None:
    async with fronted(Behaviour(silent=True)) as front:
        reader, writer = await client(front)
        writer.write(b"a1 NOOP\r\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)
        assert not reader.at_eof()
        await gone(writer)


async def test_slow_makes_each_reply_late_of_running_connections_too() -> None:
    async with fronted(Behaviour(slow_seconds=0.1)) as front:
        began = time.monotonic()
        reader, writer = await client(front)
        assert await reader.readline() == GREETING
        assert 0.1 <= time.monotonic() - began < 0.2
        await front.become(Behaviour(slow_seconds=0.2))
        began = time.monotonic()
        writer.write(b"a\n")
        assert await reader.readline() == b"A\n"
        assert 0.2 <= time.monotonic() - began < 0.3
        await front.become(Behaviour(link_seconds=0.1))
        began = time.monotonic()
        writer.write(b"c\n")
        assert await reader.readline() == b"C\n"
        assert 0.2 <= time.monotonic() - began < 0.3
        await front.become(REST)
        writer.write(b"b\n")
        assert await asyncio.wait_for(reader.readline(), 0.1) == b"B\n"
        await gone(writer)


async def test_cut_ends_in_the_middle_of_the_wanted_reply() -> None:
    async with fronted(Behaviour(cut=2)) as front:
        reader, writer = await client(front)
        assert await reader.readline() == GREETING
        writer.write(b"capability\n")
        assert await reader.read() == b"CAPABILITY"[:CUT_AFTER_BYTES]
        await gone(writer)


async def test_flood_is_a_line_without_end() -> None:
    async with fronted(Behaviour(flood=True)) as front:
        reader, writer = await client(front)
        head = await reader.readexactly(1_500_000)
        assert head.startswith(b"* OK xxx")
        assert b"\n" not in head
        await gone(writer)


async def test_garbage_comes_instead_of_the_greeting_and_of_every_reply() -> None:
    async with fronted(Behaviour(garbage=True)) as front:
        reader, writer = await client(front)
        assert await reader.readexactly(len(GARBAGE)) == GARBAGE
        writer.write(b"a1 NOOP\r\n")
        assert await reader.readexactly(len(GARBAGE)) == GARBAGE
        await gone(writer)


@pytest.mark.parametrize(("now", "head"), [(Behaviour(garbage=True), GARBAGE), (Behaviour(flood=True), b"\x30\x84\x7f\xff\xff\xff")])
async def test_where_the_client_speaks_first_rubbish_waits_for_it(now: Behaviour, head: bytes) -> None:
    async with fronted(now, "ldap") as front:
        reader, writer = await client(front)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        writer.write(b"\x30")
        assert await reader.readexactly(len(head)) == head
        await gone(writer)


async def test_strip_refuses_for_the_server() -> None:
    async with fronted(Behaviour(strip=True)) as front:
        reader, writer = await client(front)
        assert await reader.readline() == GREETING
        writer.write(b"a STARTTLS\r\n* capability starttls\r\n")
        assert await reader.readline() == b"a BAD Unknown command.\r\n"
        assert await reader.readline() == b"* CAPABILITY \r\n"
        await gone(writer)


async def test_body_and_busy_change_what_the_server_gets() -> None:
    async with fronted(Behaviour(body=True), "smtp") as front:
        reader, writer = await client(front)
        writer.write(b"data\r\n\r\nabc\r\n.\r\n")
        assert await reader.readexactly(28) == GREETING + b"DATA\r\n\r\nXBC\r\n.\r\n"
        await gone(writer)
    async with fronted(Behaviour(busy=True), "ldap") as front:
        reader, writer = await client(front)
        assert await reader.readline() == GREETING
        writer.write(bytes.fromhex("300c020101600702010304008000"))
        assert (await reader.readexactly(10))[2:] == b"\x02\x01\x01\x61\x29\x0a\x01\x33"
        await gone(writer)


async def test_a_server_that_is_not_there_looks_like_a_reset() -> None:
    front = Front(Route("imap", "imap", (HOST, free_port()), (HOST, free_port())))
    await front.become(REST)
    reader, writer = await client(front)
    with pytest.raises(ConnectionResetError):
        await reader.read()
    await gone(writer)
    await front.close()


class Shouts(asyncio.DatagramProtocol):
    """Says each question back in capitals."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.transport.sendto(data.upper(), addr)


async def question(front: tuple[str, int]) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(0)
        asker.connect(front)
        await loop.sock_sendall(asker, b"who is it")
        return await asyncio.wait_for(loop.sock_recv(asker, 65_536), 0.3)


@pytest.mark.parametrize(
    ("now", "answer"),
    [
        (REST, b"WHO IS IT"),
        (Behaviour(slow_seconds=0.1), b"WHO IS IT"),
        (Behaviour(cut=1), b"WHO IS IT"[:CUT_AFTER_BYTES]),
        (Behaviour(garbage=True), GARBAGE),
        (Behaviour(flood=True), LONG_DATAGRAM),
        (Behaviour(silent=True), TimeoutError),
        (Behaviour(refuse=True), ConnectionRefusedError),
    ],
)
async def test_datagrams_behave_too(now: Behaviour, answer: bytes | type[Exception]) -> None:
    back = await asyncio.get_running_loop().create_datagram_endpoint(Shouts, local_addr=(HOST, 0))
    address = (HOST, free_port(socket.SOCK_DGRAM))
    front = FrontUdp(Route("dns", "dns", address, back[0].get_extra_info("sockname"), datagram=True))
    await front.become(now)
    began = time.monotonic()
    if isinstance(answer, bytes):
        assert await question(address) == answer
        assert time.monotonic() - began >= now.slow_seconds
    else:
        with pytest.raises(answer):
            await question(address)
    await front.become(REST)
    assert await question(address) == b"WHO IS IT"
    await front.close()
    back[0].close()
