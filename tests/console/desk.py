"""A running service for the console's tests: real rounds, a real wire and a real board; only what its servers say is up to the test."""

from __future__ import annotations

import asyncio
import http.client
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from console.board import Board
from console.listener import Pages
from console.listening import Listener
from console.ports import Numbers
from probe.values import Check, Endpoint
from probe.wire import Wire
from service.rounds.rounds import Rounds
from store.errors import StoreError
from store.values import Run
from thresholds.judge import judge_result
from thresholds.limits import Limits

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Iterable, Mapping
    from pathlib import Path

    from probe.values import Result, Secret
    from tests.service.peers import Peer

LOCAL = "127.0.0.1"


def polite(peer: Peer, connection: socket.socket) -> None:
    """Be a mail server that agrees to everything."""
    connection.sendall(b"220 mx.isp.example ESMTP\r\n")
    while data := connection.recv(4096):
        peer.heard.append(data)
        connection.sendall(b"221 bye\r\n" if data.startswith(b"QUIT") else b"250 mx.isp.example\r\n")


def silent(peer: Peer, connection: socket.socket) -> None:
    """Be a server that never says a word."""
    peer.listen(connection)


def overrun(peer: Peer, connection: socket.socket) -> None:
    """Be a server that wants to be left alone."""
    connection.sendall(b"421 4.7.0 too many connections, try again later\r\n")
    peer.listen(connection)


def smtp_check(port: int, domain: str = "abc.example", server: str = "mx", **rest: float) -> Check:
    """Return a check of a server on loopback."""
    return Check(f"{domain}/{server}", domain, server, "smtp", Endpoint(LOCAL, port), **rest)  # type: ignore[arg-type] # its two durations


class Desk:
    """What `service` hands to the console."""

    def __init__(self, checks: Iterable[Check], limits: Limits | None = None) -> None:
        self._given = limits or Limits()
        self.board = Board("berlin")
        self.ill = self.not_ready = self.problem = ""
        self.reloads, self.reload_seconds = 0, 0.0
        self._wire, self._limits = Wire(), dict[str, float]()
        self.rounds = Rounds(self._probe, self._done)
        self.checks = list(checks)
        self.board.plan(self.checks, ())
        self.rounds.plan([check for check in self.checks if check.endpoint.host == LOCAL], {})  # no other host is ever asked
        self._task = asyncio.create_task(self.rounds.run())

    async def close(self) -> None:
        """Stop probing."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await self._wire.close()

    async def _probe(self, check: Check) -> Result:
        limit = self._limits.get(check.name, check.timeout_seconds)
        return await self._wire.run(replace(check, timeout_seconds=min(limit, check.timeout_seconds)))

    def _done(self, result: Result, late_seconds: float) -> None:
        self.board.saw(Run(result, judge_result(result, self._given), late_seconds))

    def unhealthy(self) -> str:
        return self.ill

    def unready(self) -> str:
        return self.not_ready

    async def reload(self) -> str:
        await asyncio.sleep(self.reload_seconds)
        self.reloads += 1
        return self.problem

    def limits(self) -> Limits:
        return self._given

    async def backup(self, target: Path) -> None:
        raise StoreError(f"there is no store to put into {target}")

    async def probe_now(self, check: str, timeout_seconds: float | None = None) -> Run | None:
        if timeout_seconds is not None:
            self._limits[check] = timeout_seconds
        try:
            result = await self.rounds.probe_now(check)
        finally:
            self._limits.pop(check, None)
        return None if result is None else Run(result, judge_result(result, self._given), by_hand=True)


@dataclass(frozen=True)
class Answer:
    """What an HTTP server said."""

    status: int
    text: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Site:
    """A listener, open."""

    desk: Desk
    listener: Listener

    async def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """Ask as a client of the standard library does, in a thread."""
        return await asyncio.to_thread(ask, self.listener.port, path, method, body, **headers)

    async def send(self, data: bytes, seconds: float = 3.0) -> bytes:
        """Send bytes as they are; return all that comes until the server closes, or the time is over."""
        reader, writer = await asyncio.open_connection(LOCAL, self.listener.port)
        said = b""
        try:
            writer.write(data)
            async with asyncio.timeout(seconds):
                while part := await reader.read(65_536):
                    said += part
        except (TimeoutError, ConnectionError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        return said


def ask(port: int, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """Ask once. Header names are written with underscores."""
    connection = http.client.HTTPConnection(LOCAL, port, timeout=20)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        data = response.read()
        return Answer(
            response.status, data.decode("utf-8", "replace"), {name.lower(): value for name, value in response.getheaders()}, data
        )
    finally:
        connection.close()


@asynccontextmanager
async def listening(checks: Iterable[Check] = (), token: Secret | None = None, numbers: Numbers | None = None) -> AsyncIterator[Site]:
    """Have a metrics listener for a block."""
    desk = Desk(checks)
    pages = Pages(desk.board, numbers or Numbers(rounds=lambda: desk.rounds.stats), desk, "9.8.7")
    listener = await Listener.on_tcp(pages.app(token), (LOCAL, 0), "metrics.listen")
    try:
        yield Site(desk, listener)
    finally:
        await listener.close()
        await desk.close()
