"""Hands what the store has new to the process that follows logs, which puts it into the lake: trips, rollups, incidents, maintenance.

No other process can open the store (it is locked), and this one never loads what writes a lake. One slice at a time is under way: the
next one goes once the process has said how far the lake has it; a process that was killed says that when it starts again.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from probe.clock import utc_now
from store.errors import StoreError
from store.extract import extract

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.tracking.orders import JSON
    from store.store import Store

log = logging.getLogger("mailsonde.tracking")

EVERY_SECONDS = 60.0  # between two looks when nothing is left
REST_SECONDS = 1.0  # between two slices: what waits for years of history are the probes


class Handover:
    """Feeds the lake from the store.

    Args:
        store: what has it.
        say: gives the process an order; raises ValueError where there is no process.
        site: of the prober.
    """

    def __init__(self, store: Store, say: Callable[[JSON], None], site: str) -> None:
        self._store, self._say, self._site = store, say, site
        self._has: JSON = {}
        self._free = asyncio.Event()  # the process has said how far the lake has it, and nothing is under way

    def heard(self, cursor: JSON) -> None:
        """Hear how far the lake has it."""
        self._has = cursor
        self._free.set()

    async def run(self) -> None:
        """Hand over until cancelled."""
        while True:
            await self._free.wait()
            try:
                more = await self._next(self._has)
            except StoreError as error:
                log.warning("nothing is put into the lake for now: %s", error)
                more = False
            except ValueError:  # the process has ended: it says how far it is when it is there again
                more = False
            await asyncio.sleep(REST_SECONDS if more else EVERY_SECONDS)

    async def _next(self, after: JSON) -> bool:
        """Hand over the next slice; return whether there was one."""
        found = await self._store.read(partial(extract, cursor=after, now_s=int(utc_now().timestamp())))
        if found.cursor == after:
            return False
        self._free.clear()
        self._say({"append": found.rows, "after": after, "cursor": found.cursor, "site": self._site})
        return True
