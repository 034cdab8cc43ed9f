"""HTTP/1.1 connections (RFC 9112) with bounds: how many, how long a request may take to arrive and an answer to be read, how large a head.

Whatever a stranger sends costs one refusal and no traceback. The protocol itself is h11's, the server uvicorn's.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

MOST_CONNECTIONS = 128
HEAD_BYTES = 16_384
REQUEST_SECONDS = 10.0  # from the first byte, or from the connection, until the request is whole
ANSWER_SECONDS = 150.0  # for a client to read an answer: no scrape takes longer. While one is still being thought of, nobody is at fault
LINGER_SECONDS = 1.0  # for who is refused to read why
REFUSED = "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{said}\n"
CREDENTIALS = struct.Struct("3i")  # struct ucred of unix(7): pid, uid, gid


def refusal(status: str, said: str) -> bytes:
    """Return a whole answer that refuses, in one line, before there is a request to answer."""
    return REFUSED.format(status=status, length=len(said.encode()) + 1, said=said).encode()


class Bounded(H11Protocol):
    """One connection of a stranger."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._limit: asyncio.TimerHandle | None = None
        self._awaits_request = True
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Take the connection, or refuse it when there are too many."""
        super().connection_made(transport)
        said = self.unwelcome(transport)
        self._allow(LINGER_SECONDS if said else REQUEST_SECONDS)
        if not said:
            return
        self._refused = True
        transport.write(said)
        if len(self.connections) > 2 * MOST_CONNECTIONS:
            transport.abort()  # a flood: nobody waits until all have read it
        else:
            transport.write_eof()  # to close at once would make the request that is on its way an error, and our answer be lost

    def unwelcome(self, transport: asyncio.Transport) -> bytes:  # noqa: ARG002 - who decides by the peer needs it
        """Return the refusal of a connection that is not wanted; b"" = it is."""
        if len(self.connections) <= MOST_CONNECTIONS:
            return b""
        return refusal("503 Service Unavailable", "too many connections at once")

    def data_received(self, data: bytes) -> None:
        """Read on; a request must be whole within its time, however slowly it drips."""
        if self._refused:
            return
        if self._limit is None:
            self._await_request()
        super().data_received(data)
        if self._awaits_request and self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body:
            self._awaits_request = False
            self._allow(ANSWER_SECONDS)

    def on_response_complete(self) -> None:
        """Let the connection idle until its next request, which may have come already."""
        self._end_limit()
        self._awaits_request = True
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse junk; where an answer is already on its way there is nothing left to say."""
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._end_limit()
        super().connection_lost(exc)

    def _await_request(self) -> None:
        self._awaits_request = True
        self._allow(REQUEST_SECONDS)

    def _allow(self, seconds: float) -> None:
        self._end_limit()
        self._limit = self.loop.call_later(seconds, self._too_slow)

    def _end_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
        self._limit = None

    def _too_slow(self) -> None:
        """End a connection whose time is over: politely where nothing was said yet."""
        self._limit = None
        if self._refused:
            self.transport.abort()
        elif self._awaits_request and (self.cycle is None or self.cycle.response_complete):
            self.transport.write(refusal("408 Request Timeout", f"the request was not whole within {REQUEST_SECONDS:g} s"))
            self.transport.close()
        elif self.cycle is not None and not self._awaits_request and not self.cycle.response_started:
            self._allow(ANSWER_SECONDS)
        else:
            self.transport.abort()


class OwnUser(Bounded):
    """One connection over a unix socket: root and the service's own user alone are let in (SO_PEERCRED, unix(7)).

    Who it is stands in each request as `request.state.uid`.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Take the connection, and note whose it is."""
        self.app_state = {**self.app_state, "uid": peer_uid(transport.get_extra_info("socket"))}
        super().connection_made(transport)

    def unwelcome(self, transport: asyncio.Transport) -> bytes:
        """Return the refusal of a peer who is neither."""
        uid = peer_uid(transport.get_extra_info("socket"))
        if uid in {0, os.geteuid()}:
            return super().unwelcome(transport)
        return refusal("403 Forbidden", f"user id {uid} may not steer this service: its own user ({os.geteuid()}) and root may")


def peer_uid(connection: socket.socket) -> int:
    """Return the user id of the process at the other end of a unix socket, as it was when it connected."""
    _, uid, _ = CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size))
    return int(uid)
