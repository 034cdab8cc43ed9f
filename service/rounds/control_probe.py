"""Probes a server of our own that answers at once, through the wire of all probes: its time is what the prober itself adds.

Why the server lives in the same loop. A thread would fight us for the interpreter's lock, and a process may itself be late: both would lay
another's lateness to us. Here nobody else takes part: each microsecond passes in our loop, our sockets and this machine. Both ends share
the loop, so a control probe passes through it about twice as often as a real one, and its time is rather too long than too short.
It says nothing of the network beyond loopback, and refuses nobody: whoever connects hears three polite sentences. SMTP, RFC 5321.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

from probe.clock import utc_now
from probe.line import os_words
from probe.values import Check, Endpoint, Fault, FaultKind, Result
from service.rounds.run import run_one

if TYPE_CHECKING:
    from probe.wire import Wire

HOST = "127.0.0.1"
TIMEOUT_SECONDS = 5.0
IDLE_SECONDS = 30.0  # then the server hangs up: a stranger may not hold our descriptors
GREETING, HELLO, BYE = b"220 control.invalid ESMTP\r\n", b"250 control.invalid\r\n", b"221 2.0.0 Bye\r\n"


class _Visit(asyncio.Protocol):
    """The server's side of one connection."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream: asyncio.Transport = transport  # type: ignore[assignment] # a stream's; uvloop's is no subclass of it
        self._transport = stream
        self._timer = asyncio.get_running_loop().call_later(IDLE_SECONDS, stream.abort)
        stream.write(GREETING)

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        if data.startswith(b"EHLO"):
            self._transport.write(HELLO)
            return
        self._transport.write(BYE)
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why it went is its own affair
        if self._timer is not None:
            self._timer.cancel()
        self._transport = self._timer = None


class ControlProbe:
    """Asks the built-in server, which it starts when it is first asked; `stop` ends that."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._server: asyncio.Server | None = None
        self._check = Check(
            "prober/control", "prober", "control", "smtp", Endpoint(HOST, 0), every_seconds=1.0, timeout_seconds=TIMEOUT_SECONDS
        )

    async def measure(self) -> Result:
        """Hold one conversation (greeting, EHLO, QUIT) with it. It never raises: what hinders us is a fault."""
        try:
            await self._start()
        except OSError as error:
            fault = Fault(FaultKind.OURS, "connect", f"{os_words(error)}: cannot listen on {HOST}")
            return Result(self._check, utc_now(), fault=fault)
        return await run_one(self._check, self._wire.run)

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _start(self) -> None:
        if self._server is None:
            listener = socket.create_server(
                (HOST, 0)
            )  # asyncio's own would make a server without any socket, where descriptors have run out
            self._check = replace(self._check, endpoint=Endpoint(HOST, listener.getsockname()[1]))
            self._server = await asyncio.get_running_loop().create_server(_Visit, sock=listener)
