"""One UDP route of the fault proxy (DNS, RFC 1035): each question goes to the back from a port of its own, its answer to who asked.

Refuses to remember more than QUESTIONS open questions; one without an answer is forgotten after WAIT_SECONDS.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from lab.proxy_behaviour import CUT_AFTER_BYTES, GARBAGE, REST, Behaviour, Route

QUESTIONS = 1000
WAIT_SECONDS = 5.0
LONG_DATAGRAM = b"x" * 60_000  # a flood, as far as a datagram can be one
Address = tuple[str | Any, int]


class _Front(asyncio.DatagramProtocol):
    def __init__(self, owner: FrontUdp) -> None:
        self._owner = owner

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._owner.asked(data, addr)


class _Back(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, _addr: Address) -> None:
        if not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


async def ask(back: tuple[str, int], question: bytes) -> bytes:
    """Return the server's answer; raises OSError (TimeoutError among them) when there is none."""
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(_Back, remote_addr=back)
    try:
        transport.sendto(question)
        async with asyncio.timeout(WAIT_SECONDS):
            return await protocol.answer
    finally:
        transport.close()


class FrontUdp:
    """The bound port of one route, and its open questions."""

    def __init__(self, route: Route) -> None:
        self._route, self._now = route, REST
        self._transport: asyncio.DatagramTransport | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def become(self, wanted: Behaviour) -> None:
        """Behave so from now on; raises OSError when the port is taken."""
        self._now = wanted
        if wanted.refuse:
            self._unbind()
        elif self._transport is None:
            loop = asyncio.get_running_loop()
            self._transport, _ = await loop.create_datagram_endpoint(lambda: _Front(self), local_addr=self._route.front)

    async def close(self) -> None:
        """Forget the open questions and give the port back."""
        self._unbind()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _unbind(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def asked(self, question: bytes, client: Address) -> None:
        """Take a question; beyond QUESTIONS it is dropped, as by any busy name server."""
        if len(self._open) < QUESTIONS:
            task = asyncio.create_task(self._answer(question, client))
            self._open.add(task)
            task.add_done_callback(self._open.discard)

    async def _answer(self, question: bytes, client: Address) -> None:
        with contextlib.suppress(OSError):
            if answer := await self._words(question):
                await asyncio.sleep(self._now.slow_seconds + 2 * self._now.link_seconds)
                if self._transport is not None:
                    self._transport.sendto(answer, client)

    async def _words(self, question: bytes) -> bytes:
        now = self._now
        if now.silent:
            return b""
        if now.garbage:
            return GARBAGE
        if now.flood:
            return LONG_DATAGRAM
        answer = await ask(self._route.back, question)
        return answer[:CUT_AFTER_BYTES] if now.cut else answer
