"""Servers that misbehave, on real sockets of the loopback: each listens on a port of its own and keeps what it was sent."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]


class Peer:
    """A server of one thread per connection that runs `behave` on each."""

    def __init__(self, behave: Callable[[Peer, socket.socket], None]) -> None:
        self._behave = behave
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._socket.getsockname()[1]
        self.heard: list[bytes] = []
        self.spoken = threading.Event()  # set when the client's first line has come
        self.gone = threading.Event()  # set when a client has closed

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self._behave(self, connection)
        self.gone.set()

    def listen(self, connection: socket.socket) -> None:
        """Keep what the client says until it closes."""
        while data := connection.recv(4096):
            self.heard += data.splitlines()
            self.spoken.set()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@contextmanager
def peer(behave: Callable[[Peer, socket.socket], None]) -> Iterator[Peer]:
    """Run such a server for a block."""
    one = Peer(behave)
    thread = threading.Thread(target=one.serve, daemon=True)
    thread.start()
    try:
        yield one
    finally:
        one.close()
        thread.join(5)


def says(banner: bytes) -> Callable[[Peer, socket.socket], None]:
    """Return a behaviour: say this and then listen in silence."""

    def behave(one: Peer, connection: socket.socket) -> None:
        connection.sendall(banner)
        one.listen(connection)

    return behave


def probe(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the real command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *arguments], cwd=ROOT, capture_output=True, text=True, input=stdin, check=False
    )
