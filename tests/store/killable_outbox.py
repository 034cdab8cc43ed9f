"""A teller to be killed: `python -m tests.store.killable_outbox STORE TOLD`. Each line on its input starts a child that saves and tells.

It saves openings and closings, and tells them over a channel that is a file: each line of TOLD is one notice. It prints `pid N` for the
child, `saved ID NUMBER` for each change that stands, and `gone` when the child has ended.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from notifier.values import DeliveryState
from store.incidents import save
from store.outbox import StoreOutbox
from store.store import Store
from tests.store.killable import say
from tests.store.made_incidents import after, at, delivery, opened
from thresholds.incident_values import ChangeKind

LATER = at(10_000)


async def saving(store: Store, first: int, rung: asyncio.Event) -> None:
    """Open, and close, one incident after the other, for ever."""
    for number in range(first, sys.maxsize):
        opening = opened(number)
        for change in (opening, after(opening, ChangeKind.CLOSED, 1)):
            await save(store, [change])
            say(f"saved {change.incident.id} {change.number}")
            rung.set()


async def tell(outbox: StoreOutbox, told: Path) -> bool:
    """Plan what has no plan, and tell what is due. Returns whether there was anything."""
    stored = await outbox.unplanned()
    await outbox.plan([one.id for one in stored], [delivery(one.change, one.id) for one in stored])
    due = await outbox.due(LATER)
    for one, known in due:
        begun = replace(one, tries=one.tries + 1)
        await outbox.settle(one, begun)
        with told.open("a") as channel:
            channel.write(f"{known.change.incident.id} {known.change.number} {known.change.kind}\n")
        await outbox.settle(begun, replace(begun, state=DeliveryState.SENT))
    return bool(stored or due)


async def telling(outbox: StoreOutbox, told: Path, rung: asyncio.Event) -> None:
    """Tell for ever."""
    while True:
        await tell(outbox, told)
        with suppress(TimeoutError):
            await asyncio.wait_for(rung.wait(), 0.05)
        rung.clear()


async def live(path: Path, told: Path, first: int) -> None:
    """Save and tell until killed."""
    store, rung = await Store.open(path), asyncio.Event()
    await asyncio.gather(saving(store, first, rung), telling(StoreOutbox(store), told, rung))


def main() -> None:
    """Start a child for each line read: the number from which it counts its incidents."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            asyncio.run(live(Path(sys.argv[1]), Path(sys.argv[2]), int(line)))
        say(f"pid {child}")
        os.waitpid(child, 0)
        say("gone")


if __name__ == "__main__":
    main()
