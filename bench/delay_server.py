"""A server that greets 20 ms after it was reached and writes down how long each visit really took; for measurement_error.

One process, one epoll loop. A visit is known by the loopback address that was dialled (each probe dials one of its own out of
127.0.0.0/8). On SIGTERM the visits are printed as JSON: {address: seconds from accept to the last byte sent}. RFC 5321, three commands.
"""

from __future__ import annotations

import contextlib
import heapq
import json
import os
import select
import signal
import socket
import sys
from dataclasses import dataclass
from time import monotonic

DELAY_SECONDS = 0.020
REPLIES = {b"EHLO": b"250 delay.example\r\n", b"QUIT": b"221 2.0.0 Bye\r\n"}


@dataclass(slots=True)
class Visit:
    """One connection."""

    peer: socket.socket
    address: str
    accepted_at: float


class Server:
    """Serves until it is told to stop."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("0.0.0.0", 0), backlog=4096)  # noqa: S104 - all of 127.0.0.0/8; the port is random
        self.listener.settimeout(0)
        self.poll = select.epoll()
        self.poll.register(self.listener, select.EPOLLIN)
        self.visits: dict[int, Visit] = {}
        self.due: list[tuple[float, int]] = []
        self.took: dict[str, float] = {}
        self.stopped = False

    def run(self) -> None:
        """Serve: accept, greet when due, answer."""
        while not self.stopped:
            wait = max(0.0, self.due[0][0] - monotonic()) if self.due else 0.5
            for handle, _ in self.poll.poll(wait):
                if handle == self.listener.fileno():
                    self.accept()
                else:
                    self.answer(handle)
            self.greet()

    def accept(self) -> None:
        """Take all who knock."""
        with contextlib.suppress(BlockingIOError):
            while True:
                peer, _ = self.listener.accept()
                now = monotonic()
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.visits[peer.fileno()] = Visit(peer, peer.getsockname()[0], now)
                self.poll.register(peer, select.EPOLLIN)
                heapq.heappush(self.due, (now + DELAY_SECONDS, peer.fileno()))

    def greet(self) -> None:
        """Greet those whose time has come."""
        while self.due and self.due[0][0] <= monotonic():
            _, handle = heapq.heappop(self.due)
            if handle in self.visits:
                self.visits[handle].peer.send(b"220 delay.example ESMTP\r\n")

    def answer(self, handle: int) -> None:
        """Answer one command; after QUIT the visit is over."""
        visit = self.visits[handle]
        try:
            said = visit.peer.recv(4096)
        except ConnectionError:
            said = b""
        reply = REPLIES.get(said[:4].upper(), b"")
        if reply:
            visit.peer.send(reply)
        if not said or said[:4].upper() == b"QUIT":
            self.took[visit.address] = monotonic() - visit.accepted_at
            del self.visits[handle]
            visit.peer.close()


def main() -> None:
    """Print the port, serve, and print the visits at the end."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))  # the yardstick must not wait for those whom it measures
    server = Server()
    signal.signal(signal.SIGTERM, lambda *_: setattr(server, "stopped", True))
    print(server.listener.getsockname()[1], flush=True)
    server.run()
    json.dump(server.took, sys.stdout)


if __name__ == "__main__":
    main()
