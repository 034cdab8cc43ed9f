"""Takes over the trips that a `probe run` beside the store left under way: from its ledger of files into the store's.

A trip stands in both for a moment rather than in none; who is killed then finds it in the store, where what is known already stays.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from probe.clock import utc_now
from probe.ledger import Ledger
from service.logs import facts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from probe.passage import Passage
    from store.ledger import PassageLedger

log = logging.getLogger("mailsonde.trips")


async def inherit(folder: Path, names: Collection[str], ledger: PassageLedger) -> None:
    """Take over what dead runs left of the named journeys. What the disk does is told in the log and stops nothing.

    Args:
        folder: of the file ledger; it need not be there.
        names: of the journeys that are made now.
        ledger: the store's.
    """
    loop = asyncio.get_running_loop()

    def hand(passages: list[Passage]) -> bool:
        return asyncio.run_coroutine_threadsafe(ledger.inherit(passages), loop).result()

    if await asyncio.to_thread(_has_files, folder):
        taken = await asyncio.to_thread(_take, folder, names, hand)
        if taken:
            log.info("trips of `probe run` are followed by the service now", extra=facts(trips=taken))


def _has_files(folder: Path) -> bool:
    return any(folder.glob("*.jsonl"))


def _take(folder: Path, names: Collection[str], hand: Callable[[list[Passage]], bool]) -> int:
    """Hand the trips over, in a thread of its own. Returns how many there were."""
    with Ledger(folder) as files:
        left = files.left(names, utc_now())
        taken = left if left and hand(left) else []
        files.hand_over(taken)
    for complaint in files.complaints:
        log.warning(complaint)
    return len(taken)
