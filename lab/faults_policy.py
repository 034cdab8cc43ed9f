"""A greylisting policy server, `python -m lab.faults_policy --port P --seconds N`: Postfix asks (SMTPD_POLICY_README).

It knows each triplet of client, sender and recipient by when it first came, and lets it in once that is N seconds ago; of more than
TRIPLETS the oldest is forgotten. Requests are name=value lines up to an empty one, answers "action=..."; longer requests are refused.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from typing import TYPE_CHECKING

from lab.ground import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

TRIPLETS = 10_000
REQUEST_BYTES = 65_536
Ask = dict[str, str]


class Greylist:
    """Who came when, by the given clock (seconds)."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds, self._clock = seconds, clock
        self._first: dict[tuple[str, ...], float] = {}

    def action(self, asked: Ask) -> str:
        """Return Postfix's action for this request."""
        triplet = tuple(asked.get(name, "") for name in ("client_address", "sender", "recipient"))
        now = self._clock()
        left = self._first.setdefault(triplet, now) + self._seconds - now
        if len(self._first) > TRIPLETS:
            del self._first[next(iter(self._first))]
        return "DUNNO" if left <= 0 else f"451 4.7.1 Greylisted, please come back in {left:.0f} s"


def parse(request: bytes) -> Ask:
    """Return a request's attributes; what is no name=value is passed over."""
    lines = (line.partition("=")[::2] for line in request.decode("utf-8", "replace").splitlines() if "=" in line)
    return dict(lines)


async def answer(greylist: Greylist, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one smtpd's requests until it hangs up."""
    with contextlib.suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
        while True:
            request = await reader.readuntil(b"\n\n")
            writer.write(f"action={greylist.action(parse(request))}\n\n".encode())
            await writer.drain()
    writer.close()


async def serve(port: int, seconds: float) -> None:
    """Answer until SIGTERM."""
    greylist, stop = Greylist(seconds, time.monotonic), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = await asyncio.start_server(lambda reader, writer: answer(greylist, reader, writer), HOST, port, limit=REQUEST_BYTES)
    await stop.wait()
    server.close()


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m lab.faults_policy", description="greylisting for the lab's mx")
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--seconds", required=True, type=float)
    options = parser.parse_args()
    try:
        asyncio.run(serve(options.port, options.seconds))
    except OSError as error:
        print(f"policy server: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
