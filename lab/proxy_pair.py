"""A client and the server behind it: the fault proxy passes bytes both ways at once, through filters, late or cut as it is told.

Buffers are bounded (CHUNK_BYTES a direction), an end of one direction is passed on as such (half-close), a break as a reset (RST).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, Any

from lab import proxy_ldap
from lab.proxy_behaviour import CHUNK_BYTES, CUT_AFTER_BYTES, Behaviour, Route
from lab.proxy_filters import Body, Filter, Strip

if TYPE_CHECKING:
    from collections.abc import Callable

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: what is not sent is thrown away, the peer sees RST


class Cut(Exception):  # noqa: N818 - it is an order carried out, and no error
    """The connection is to end here, in the middle of a reply."""


class Stream:
    """One side of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self) -> bytes:
        """Return what has come, b"" at the peer's end."""
        return await self._reader.read(CHUNK_BYTES)

    async def write(self, data: bytes) -> None:
        """Send, and wait while the peer does not take it."""
        if data:
            self._writer.write(data)
            await self._writer.drain()

    def end(self) -> None:
        """Say that no more will be sent; the other direction stays open."""
        if self._writer.can_write_eof() and not self._writer.is_closing():
            self._writer.write_eof()

    def reset(self) -> None:
        """Make that the peer sees RST, unless all is closed already."""
        handle = self._writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._writer.transport.abort()

    async def close(self) -> None:
        """Close in order: what was written is still sent."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


async def stream(**where: Any) -> Stream:
    """Return a stream over `sock=`, or to `host=` and `port=`; raises OSError."""
    reader, writer = await asyncio.open_connection(limit=CHUNK_BYTES, **where)
    writer.transport.set_write_buffer_limits(high=CHUNK_BYTES)
    return Stream(reader, writer)


def filters(route: Route, now: Behaviour) -> list[Filter]:
    """Return the filters that a new connection of this route needs."""
    found: list[Filter] = []
    if now.strip:
        found.append(proxy_ldap.strip() if route.protocol == "ldap" else Strip(route.protocol))
    if now.body:
        found.append(Body())
    if now.busy:
        found.append(proxy_ldap.busy())
    return found


async def join(route: Route, now: Callable[[], Behaviour], client: Stream) -> None:
    """Connect to the server and pass bytes until both have ended, or one broke (OSError)."""
    server = await stream(host=route.back[0], port=route.back[1])
    try:
        await Pair(filters(route, now()), now, client, server).run()
    finally:
        server.reset()


class Pair:
    """Both directions of one connection."""

    def __init__(self, through: list[Filter], now: Callable[[], Behaviour], client: Stream, server: Stream) -> None:
        self._filters, self._now, self._client, self._server = through, now, client, server
        self._replies = 0  # begun so far
        self._asked = True  # since the server last spoke

    async def run(self) -> None:
        """Pass both directions until both have ended or the order to cut came; raises OSError when one side broke."""
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._requests())
                both.create_task(self._answers())
        except* Cut:
            pass
        except* OSError as broken:
            raise ConnectionAbortedError("one side broke") from broken

    async def _requests(self) -> None:
        data = b"?"
        while data:
            data = await self._client.read()
            self._asked = True
            await asyncio.sleep(self._now().link_seconds)
            onward, answer = self._through(data)
            await self._server.write(onward)
            await self._back(answer)
        self._server.end()

    def _through(self, data: bytes) -> tuple[bytes, bytes]:
        answers = b""
        for each in self._filters:
            data, answer = each.asked(data)
            answers += answer
        return data, answers

    async def _answers(self) -> None:
        data = b"?"
        while data:
            seen = data = await self._server.read()
            for each in self._filters:
                seen = each.answered(seen)
            await self._back(seen)
        self._client.end()

    async def _back(self, data: bytes) -> None:
        """Send to the client: late where slow, cut where cut."""
        if not data:
            return
        late = self._now().link_seconds + (self._now().slow_seconds if self._asked else 0.0)
        self._replies += self._asked
        self._asked = False
        await asyncio.sleep(late)
        if self._now().cut != self._replies:
            await self._client.write(data)
            return
        await self._client.write(data[:CUT_AFTER_BYTES])
        raise Cut
