"""One socket's side of a conversation: hands what comes to the conversation and writes what it wants sent. Opens nothing.

Everything happens inside the loop's callbacks, so a stamp is taken where the bytes arrive and no task switch stands between reply and next
command.
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from errno import EADDRNOTAVAIL, EMFILE, ENFILE, ENOBUFS, ENOMEM
from time import monotonic
from typing import TYPE_CHECKING

from probe.conversation import Conversation, State
from probe.values import FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

LINGER_SECONDS = 1.0  # how long a farewell may take once the measurement is over
NO_DEADLINE = None
OWN_LIMITS = frozenset({EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL})  # the last: no port of our own is free, or no address


class Line(asyncio.Protocol, asyncio.DatagramProtocol):
    """A socket's side of one conversation."""

    def __init__(self, conversation: Conversation, closed: Callable[[Line], None], *, tls_first: bool) -> None:
        self.conversation = conversation
        self.transport: asyncio.Transport | None = None
        self.turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()  # done when the wire must act
        self.patience: float | None = None  # seconds for each move, where the conversation has no one deadline
        self._closed = closed
        self._timer: asyncio.TimerHandle | None = None
        self._tls_first = tls_first
        self._securing = False
        self._stash = b""
        self._turns = 0  # of the conversation, when the timer was set
        self._parting = False
        self._gone = False  # whoever held this conversation has left; a connection that is made only now is closed at once

    # -- told by the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is connected; who need not secure it first begins to speak."""
        if self._gone:
            transport.abort()  # type: ignore[attr-defined] # a DatagramTransport has the same close and abort
            return
        self.transport = transport  # type: ignore[assignment] # as above
        now = monotonic()
        self.conversation.mark("connect", now)
        self.conversation.step = "tls"
        if not self._tls_first:
            self._go_on(now)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        now = monotonic()
        if self._parting:
            self._hang_up()
        elif self._securing:
            self._stash += data  # decrypted already, but the secured transport is not ours yet: an answer would go out in clear
        else:
            self._guard(lambda: self.conversation.feed(data, now))

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - connected: only the peer's come
        """A whole datagram came."""
        self.data_received(data)

    def error_received(self, exc: Exception) -> None:
        """The network said that a datagram could not be delivered."""
        self.conversation.fail(FaultKind.CONNECT, os_words(exc), monotonic())
        self._wake()

    def eof_received(self) -> None:
        """The peer will send no more."""
        self._lost("closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._lost("reset the connection" if isinstance(exc, ConnectionError) else "closed the connection")
        self._closed(self)

    # -- told by the wire

    def securing(self) -> None:
        """The handshake begins: from now on all that comes to us is decrypted."""
        self._securing = True
        self.turn = asyncio.get_running_loop().create_future()

    def secured(self, transport: asyncio.Transport) -> None:
        """TLS stands on this transport: go on."""
        now = monotonic()
        self.transport, self._securing = transport, False
        self.conversation.mark("tls", now)
        self._go_on(now)
        if self._stash:
            self._guard(lambda: self.conversation.feed(self._stash, now))

    def abandon(self) -> None:
        """Who made the connection was cancelled at it: uvloop closes it and tells nobody, so the ring of it and us is cut here."""
        transport, self.transport = self.transport, None
        if transport is not None:
            with suppress(RuntimeError):  # it is closed already
                transport.abort()

    def part(self, farewell: bytes) -> None:
        """End politely: say the farewell where the conversation did not, and close once it was heard."""
        self._arm(NO_DEADLINE)
        self._gone = True
        self.turn = asyncio.get_running_loop().create_future()  # a cancelled one keeps its error, that its frames, they keep us: a ring
        transport = self.transport
        if transport is not None and self._securing:  # a farewell would go out in clear
            transport.abort()
            self._closed(self)  # asyncio's own loop does not tell of a connection that is lost in its handshake
            return
        if transport is None or transport.is_closing():
            return
        if (self.conversation.fault is None and self.conversation.over) or not farewell:
            transport.close()
            return
        self._parting = True
        self._send(self.conversation.parting + farewell)
        self._timer = asyncio.get_running_loop().call_later(LINGER_SECONDS, transport.abort)

    # -- inside

    def _go_on(self, now: float) -> None:
        self._guard(lambda: self.conversation.proceed(now))

    def _guard(self, act: Callable[[], bytes]) -> None:
        """Let the conversation act, send what it wants sent, and look where it stands."""
        try:
            data = act()
        except Exception as bug:  # noqa: BLE001 - our own bug in a dialogue must reach the caller of run, not the loop's log
            self._wake(bug)
            return
        if data:
            self._send(data)
        if self.conversation.state is not State.READING:
            self._wake()
            return
        if self._turns == self.conversation.turns:
            return  # still the same move: its time goes on, or a peer that drips could hold us for ever
        self._turns = self.conversation.turns
        own = self.conversation.patience
        self._arm(self.patience if own is None else own)

    def _send(self, data: bytes) -> None:
        transport = self.transport
        if isinstance(transport, asyncio.DatagramTransport) or self.conversation.datagram:
            transport.sendto(data)  # type: ignore[union-attr] # a datagram conversation has a DatagramTransport
        elif transport is not None:
            transport.write(data)

    def _arm(self, seconds: float | None) -> None:
        """Set the one timer, or with None none at all."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._expire)

    def _expire(self) -> None:
        self._timer = None
        self._guard(lambda: self.conversation.expire(monotonic()))

    def _lost(self, why: str) -> None:
        self.conversation.lost(why, monotonic())
        self._wake()

    def _hang_up(self) -> None:
        self._arm(NO_DEADLINE)
        if self.transport is not None:
            self.transport.close()

    def _wake(self, bug: Exception | None = None) -> None:
        if not self.turn.done():
            if bug is None:
                self.turn.set_result(None)
            else:
                self.turn.set_exception(bug)


class OwnLimitError(OSError):
    """A limit of our own host was hit: never the peer's fault."""


def blame(error: Exception, otherwise: FaultKind) -> FaultKind:
    """Return whose fault an error is: ours, where a limit of our own host was hit."""
    own = isinstance(error, OwnLimitError) or (isinstance(error, OSError) and error.errno in OWN_LIMITS)
    return FaultKind.OURS if own else otherwise


def os_words(error: BaseException) -> str:
    """Return the operating system's words without errno or address, which the fault says in its own form."""
    if isinstance(error, OSError) and error.errno is not None and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno)
    return str(error.args[-1]) if error.args else type(error).__name__
