"""A server that answers EHLO 20 ms late and knows from the kernel how long each of its replies really took; for measurement_error.

The theory. A server owes a prober the time from the arrival of a command to the departure of its reply; what lies between a reply's
arrival and the next command is the prober's own. So both ends are stamped where they cross the server's socket, by the kernel
(SO_TIMESTAMPING), and however late this process runs the stamps stay true: a late reply counts as a long one. All stamps are of one clock
(CLOCK_REALTIME, the kernel's choice) and are only subtracted.

One end has no stamp: a handshake ends without telling, so the greeting counts from accept(), and a wait in the accept queue is laid to
the prober. Measured beside a packet capture on a machine with ten processes to two cores: up to 44 ms as an ordinary process, 0.6 ms at
the most with SCHED_FIFO. So the greeting is sent at once, the delay comes later, and the process goes before others where it may; where
it may not, it says so, and the errors of every prober are too high, never too low.

One epoll loop, RFC 5321, three commands. A visit is known by the loopback address that was dialled: each probe dials one of its own out of
127.0.0.0/8, for the client's port is not known to all probers. On SIGTERM the visits that ended well are printed as JSON.
"""

from __future__ import annotations

import contextlib
import heapq
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from dataclasses import dataclass, field
from time import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DELAY_SECONDS = 0.020
STEPS = ("greeting", "hello", "quit")
GREETING, HELLO, BYE = b"220 delay.example ESMTP\r\n", b"250 delay.example\r\n", b"221 2.0.0 Bye\r\n"
SO_TIMESTAMPING = 37  # asm-generic/socket.h; the module socket does not name it
SENT, RECEIVED, REPORTED, STAMP_ONLY = 1 << 1, 1 << 3, 1 << 4, 1 << 11  # linux/net_tstamp.h: SOF_TIMESTAMPING_*
STAMPS = struct.Struct("6q")  # struct scm_timestamping: three timespecs, the first is the software's
ROOM = socket.CMSG_SPACE(STAMPS.size) + socket.CMSG_SPACE(64)
Took = dict[str, list[float]]  # address -> seconds from command (or accept) to reply, one for each of STEPS


@dataclass(slots=True)
class Visit:
    """One connection."""

    peer: socket.socket
    address: str
    asked_at: float  # CLOCK_REALTIME second at which the command under way arrived
    took: list[float] = field(default_factory=list)


def receive(peer: socket.socket, flags: int = 0) -> tuple[bytes, float]:
    """Return bytes and the second at which the kernel got (MSG_ERRQUEUE: sent) them. Raises BlockingIOError when there are none."""
    data, notes, _, _ = peer.recvmsg(4096, ROOM, flags)
    seconds = 0.0
    for level, kind, body in notes:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPING):
            whole, nano, *_ = STAMPS.unpack(body)
            seconds = whole + nano / 1e9
    return data, seconds


class Server:
    """Serves until it is told to stop."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("0.0.0.0", 0), backlog=4096)  # noqa: S104 - all of 127.0.0.0/8; the port is random
        self.listener.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, SENT | RECEIVED | REPORTED | STAMP_ONLY)  # visits inherit it
        self.listener.settimeout(0)
        self.poll = select.epoll()
        self.poll.register(self.listener, select.EPOLLIN)
        self.visits: dict[int, Visit] = {}
        self.due: list[tuple[float, str, Visit]] = []
        self.took: Took = {}
        self.stopped = False

    def run(self) -> None:
        """Serve: accept and greet, answer, and answer EHLO when that is due."""
        while not self.stopped:
            wait = max(0.0, self.due[0][0] - time()) if self.due else 0.5
            for handle, _ in self.poll.poll(wait):
                if handle == self.listener.fileno():
                    self.accept()
                else:
                    self.hear(self.visits[handle])
            self.catch_up()

    def accept(self) -> None:
        """Greet all who knock."""
        with contextlib.suppress(BlockingIOError):
            while True:
                peer, _ = self.listener.accept()
                visit = Visit(peer, "", time())
                peer.settimeout(0)
                self.say(visit, GREETING)
                visit.address = peer.getsockname()[0]
                self.visits[peer.fileno()] = visit
                self.poll.register(peer, select.EPOLLIN)

    def say(self, visit: Visit, reply: bytes) -> None:
        """Send a reply and note how long it took: on loopback it has left, and is stamped, when send() returns."""
        with contextlib.suppress(OSError):  # who has gone, or has no stamp, is not among those that ended well
            visit.peer.send(reply)
            visit.took.append(receive(visit.peer, socket.MSG_ERRQUEUE)[1] - visit.asked_at)

    def hear(self, visit: Visit) -> None:
        """Take one command; when there is none the visit is over."""
        try:
            said, visit.asked_at = receive(visit.peer)
        except ConnectionError:
            said = b""
        if said.startswith(b"EHLO"):
            heapq.heappush(self.due, (visit.asked_at + DELAY_SECONDS, visit.address, visit))
        elif said.startswith(b"QUIT"):
            self.say(visit, BYE)
        else:
            self.leave(visit)

    def catch_up(self) -> None:
        """Answer each EHLO whose time has come."""
        while self.due and self.due[0][0] <= time():
            self.say(heapq.heappop(self.due)[2], HELLO)

    def leave(self, visit: Visit) -> None:
        """Close, and keep what the visit took when every reply was sent."""
        if len(visit.took) == len(STEPS):
            self.took[visit.address] = visit.took
        del self.visits[visit.peer.fileno()]
        visit.peer.close()


@contextlib.contextmanager
def running() -> Iterator[tuple[int, Took]]:
    """Run the server as a process; give its port, and what its visits took: empty, and filled at the end."""
    took: Took = {}
    with subprocess.Popen([sys.executable, "-m", "bench.delay_server"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        try:
            yield int(process.stdout.readline()), took
        finally:
            process.terminate()
            took.update(json.load(process.stdout))


def go_first() -> None:
    """Go before ordinary processes, for the accept queue's sake; say so where that is not allowed."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        print("delay_server: may not go before others (CAP_SYS_NICE): its waits to accept count as errors of the probers", file=sys.stderr)


def main() -> None:
    """Print the port, serve, and print the visits at the end."""
    go_first()
    server = Server()
    signal.signal(signal.SIGTERM, lambda *_: setattr(server, "stopped", True))
    print(server.listener.getsockname()[1], flush=True)
    server.run()
    json.dump(server.took, sys.stdout)


if __name__ == "__main__":
    main()
