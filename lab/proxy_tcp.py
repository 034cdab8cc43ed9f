"""One TCP route of the fault proxy: accepts at the front, then passes to the back (lab.proxy_pair) or does what its behaviour says.

A change of behaviour other than slowness ends the running connections, so that a fault is in force for all as soon as `become` returns.
"""

from __future__ import annotations

import asyncio
import socket

from lab.proxy_behaviour import FLOOD_BODY, FLOOD_HEADS, GARBAGE, REST, SPEAKS_FIRST, Behaviour, Route
from lab.proxy_pair import Stream, join, stream

BACKLOG = 1024
ACCEPT_PAUSE_SECONDS = 0.05
FLOOD_PAUSE_SECONDS = 0.005  # 12 MiB/s: nearly as fast as any client reads, without eating the machine


class Front:
    """The listener of one route, and its running connections."""

    def __init__(self, route: Route) -> None:
        """Bind the front port; raises OSError when it is taken."""
        self._route, self._now = route, REST
        self._socket = bound(route.front)
        self._accepting: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Return where clients connect."""
        return self._route.front

    async def become(self, wanted: Behaviour) -> None:
        """Behave so from now on, for running connections too."""
        broken, self._now = wanted.breaks != self._now.breaks, wanted
        if wanted.refuse:
            await self._deaf()
        if broken:
            await ended(*self._running)
        if not wanted.refuse:
            self._listen()

    async def close(self) -> None:
        """End every connection and give the port back."""
        await self._deaf()
        await ended(*self._running)
        self._socket.close()

    def _listen(self) -> None:
        if self._accepting is None:
            self._socket.listen(BACKLOG)
            self._accepting = asyncio.create_task(self._accept())

    async def _deaf(self) -> None:
        """Refuse connections and keep the port: on Linux a listener that is shut down stays bound, and may listen again."""
        if self._accepting is not None:
            await ended(self._accepting)
            self._accepting = None
            self._socket.shutdown(socket.SHUT_RD)

    async def _accept(self) -> None:
        while True:
            try:
                client, _ = await asyncio.get_running_loop().sock_accept(self._socket)
            except OSError:  # the client has gone again, or no descriptor is free: the next may fare better
                await asyncio.sleep(ACCEPT_PAUSE_SECONDS)
                continue
            task = asyncio.create_task(self._converse(client))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _converse(self, accepted: socket.socket) -> None:
        client = await stream(sock=accepted)
        try:
            await self._act(client)
            await client.close()
        except OSError:
            pass  # one of the two broke: so does the other
        finally:
            client.reset()

    async def _act(self, client: Stream) -> None:
        if self._now.silent:
            await listen_only(client)
        elif self._now.garbage:
            await answer_garbage(client, first=self._route.protocol in SPEAKS_FIRST)
        elif self._now.flood:
            await flood(client, self._route.protocol)
        else:
            await join(self._route, lambda: self._now, client)


def bound(front: tuple[str, int]) -> socket.socket:
    """Return a socket bound to this address, IPv4 or IPv6, that does not listen yet; raises OSError."""
    made = socket.socket(socket.AF_INET6 if ":" in front[0] else socket.AF_INET, socket.SOCK_STREAM)
    made.settimeout(0)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(front)
    except OSError:
        made.close()
        raise
    return made


async def ended(*tasks: asyncio.Task[None]) -> None:
    """Cancel the tasks and wait until they have gone."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def listen_only(client: Stream) -> None:
    """Say nothing until the client gives up."""
    while await client.read():
        pass


async def answer_garbage(client: Stream, *, first: bool) -> None:
    """Say what is no protocol, at once (`first`) and to whatever the client says."""
    if first:
        await client.write(GARBAGE)
    while await client.read():
        await client.write(GARBAGE)


async def flood(client: Stream, protocol: str) -> None:
    """Begin a reply and never end it."""
    if protocol not in SPEAKS_FIRST:
        await client.read()
    await client.write(FLOOD_HEADS.get(protocol, b""))
    while True:
        await client.write(FLOOD_BODY)
        await asyncio.sleep(FLOOD_PAUSE_SECONDS)
