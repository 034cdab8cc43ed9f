"""An HTTP receiver on loopback that answers as it is told: well, badly, elsewhere, never, or without end."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable

    Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HANG = b""  # an answer that never comes
ENDLESS = b"HTTP/1.1 500 Oh\r\nContent-Length: 1073741824\r\n\r\n"
CHUNK = b"spam " * 20_000


def status(line: str, body: str = "", *headers: str) -> bytes:
    """Return an answer."""
    rows = [f"HTTP/1.1 {line}", f"Content-Length: {len(body.encode())}", *headers]
    return "\r\n".join([*rows, "", body]).encode()


@dataclass(slots=True)
class Request:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body's JSON."""
        return json.loads(self.body)


@dataclass(slots=True)
class Receiver:
    """What came, and what is answered."""

    answer: bytes = OK
    port: int = 0
    secure: bool = False
    requests: list[Request] = field(default_factory=list)
    written: int = 0  # bytes of an answer without end that were taken

    @property
    def url(self) -> str:
        """Return its address."""
        return f"{'https' if self.secure else 'http'}://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one connection."""
        self.requests.append(await _request(reader))
        writer.write(self.answer)
        await writer.drain()
        await self._stay(reader, writer)

    async def _stay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Go on sending, or saying nothing, until the other side leaves."""
        while self.answer == ENDLESS:
            writer.write(CHUNK)
            await writer.drain()
            self.written += len(CHUNK)
        if self.answer == HANG:
            await reader.read()


async def _request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (row.split(": ", 1) for row in head[1:] if row)
    headers = {name.lower(): value for name, value in pairs}
    return Request(head[0], headers, await reader.readexactly(int(headers.get("content-length", "0"))))


@asynccontextmanager
async def listening(serve: Serve, port: int = 0, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Listen on loopback and yield the port; at the end no connection is left open."""
    tasks: set[asyncio.Task[None]] = set()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await serve(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", port, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.02)  # for the transports to go


@asynccontextmanager
async def receiving(answer: bytes = OK, *, port: int = 0, context: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Listen on loopback; a port of 0 is a free one."""
    found = Receiver(answer, secure=context is not None)
    async with listening(found.serve, port, context) as found.port:
        yield found
