"""A writer to be killed: `python -m tests.store.killable STORE`. Each line on its input starts a child that writes and tells what is safe.

It prints `pid N` for the child, `safe KIND N` for each acknowledged item, and `gone` when the child has ended. Forked, for speed: a child
is at work some milliseconds after the line.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from store.store import Store
from tests.store.made_runs import BAD, GOOD, TRIP

if TYPE_CHECKING:
    from store.values import Run, TripRun

KINDS = ("run", "trip", "meta")


def say(line: str) -> None:
    """Print a line whole and at once."""
    os.write(1, f"{line}\n".encode())


def run_number(number: int) -> Run:
    """Return a run that carries its number; every fifth is bad, so that conversations come and go."""
    run = BAD if number % 5 == 0 else GOOD
    at = run.result.started_at + timedelta(seconds=number)
    return replace(run, result=replace(run.result, started_at=at, message_id=f"<{number}>", transcript=GOOD.result.transcript))


def trip_number(number: int) -> TripRun:
    """Return a trip that carries its number."""
    return replace(TRIP, trip=replace(TRIP.trip, message_id=f"<{number}>"))


async def transacting(store: Store, first: int) -> None:
    """Write and acknowledge by transactions for ever."""
    for number in range(first, sys.maxsize):
        await store.transact(lambda connection, number=number: connection.execute("INSERT INTO meta VALUES (?, '')", (f"<{number}>",)))  # type: ignore[misc] # mypy cannot infer a lambda with a default
        say(f"safe meta {number}")


async def flushing(store: Store, first: int) -> None:
    """Put in groups and acknowledge by flushes for ever."""
    for number in range(first, sys.maxsize, 20):
        group = range(number, number + 20)
        store.put(*(run_number(one) for one in group), trip_number(number))
        if await store.flush():
            say("\n".join([*(f"safe run {one}" for one in group), f"safe trip {number}"]))


async def write(path: Path, first: int) -> None:
    """Write until killed."""
    store = await Store.open(path)
    await asyncio.gather(transacting(store, first), flushing(store, first))


def main() -> None:
    """Start a child for each line read: the number from which it counts."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            asyncio.run(write(Path(sys.argv[1]), int(line)))
        say(f"pid {child}")
        os.waitpid(child, 0)
        say("gone")


if __name__ == "__main__":
    main()
