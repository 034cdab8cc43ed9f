"""A prober in trouble, as a process of its own: probes a server while something holds it up, and prints what it measured as JSON.

    python -m tests.service.troubled TROUBLE PORT

For each probe one row: the address that it dialled, its total, what came after the greeting, and its uncertainty, in seconds.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
import time
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import uvloop

from probe.values import Check, Endpoint
from probe.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.values import Result

RATE, SECONDS = 150, 3
FIRST = int(IPv4Address("127.1.0.1"))
BLOCK_SECONDS, APART_SECONDS = 0.2, 0.3


class Ring:
    """Something that the garbage collector has to look at."""

    def __init__(self) -> None:
        self.me = self


async def blocks() -> None:
    """Hold the loop."""
    while True:
        await asyncio.sleep(APART_SECONDS)
        time.sleep(BLOCK_SECONDS)  # noqa: ASYNC251 - this is the trouble


async def collections() -> None:
    """Look through a large heap."""
    heap = [[number] for number in range(2_000_000)]
    while heap:
        await asyncio.sleep(APART_SECONDS)
        gc.collect()


async def crumbs() -> None:
    """Hold the loop often, each time for less than a beat."""
    heap = [[number] for number in range(20_000)]
    gc.freeze()
    while heap:
        await asyncio.sleep(0.004)
        gc.collect(1)
        heap = [[number] for number in range(20_000)]


async def threads() -> None:
    """Let two threads fight for the interpreter's lock."""
    ends = time.monotonic() + SECONDS / 2
    busy = [threading.Thread(target=_spin, args=(ends,), daemon=True) for _ in range(2)]
    for one in busy:
        one.start()
    await asyncio.sleep(SECONDS)


def _spin(ends: float) -> None:
    while time.monotonic() < ends:
        sum(range(100))


async def nothing() -> None:
    """Be well; whoever started us may stop this process."""


TROUBLES: dict[str, Callable[[], asyncio._CoroutineLike[None]]] = {
    "blocks": blocks,
    "collections": collections,
    "crumbs": crumbs,
    "threads": threads,
    "nothing": nothing,
}


async def main(trouble: str, port: int) -> list[tuple[str, float, float, float]]:
    """Probe at the rate, each probe at an address of its own."""
    wire = Wire()
    troubled = asyncio.create_task(TROUBLES[trouble]())
    began = time.monotonic()
    tasks = []
    for number in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
        check = Check("x/delay", "x", "delay", "smtp", Endpoint(str(IPv4Address(FIRST + number)), port), timeout_seconds=5.0)
        tasks.append(asyncio.create_task(wire.run(check)))
    results = await asyncio.gather(*tasks)
    troubled.cancel()
    await wire.close()
    return [row(result) for result in results]


def row(result: Result) -> tuple[str, float, float, float]:
    """Return what is to be printed of a result; a fault is none of these troubles' doing."""
    assert result.fault is None, result.fault
    after = sum(step.seconds for step in result.steps if step.name in {"hello", "quit"})
    return str(result.readings["server_address"]), result.seconds, after, result.uncertainty_seconds


if __name__ == "__main__":
    json.dump(uvloop.run(main(sys.argv[1], int(sys.argv[2]))), sys.stdout)
