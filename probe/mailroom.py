"""Keeps the readers of mailboxes: one for each mailbox in which something is awaited, or soon will be. It closes none that is deleting."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from probe.reader import Reader
    from probe.values import Check


class Mailroom:
    """The readers of one office.

    Args:
        make: makes the reader of a mailbox.
    """

    def __init__(self, make: Callable[[Check], Reader]) -> None:
        self._make = make
        self._readers: dict[Check, Reader] = {}
        self._tasks: dict[Check, asyncio.Task[None]] = {}
        self._regular: frozenset[Check] = frozenset()

    def __len__(self) -> int:
        return len(self._tasks)

    def keep(self, checks: Iterable[Check]) -> None:
        """Name the mailboxes that will be opened again and again: what is known of them is kept while they are closed."""
        self._regular = frozenset(checks)
        for check in set(self._readers) - self._regular - set(self._tasks):
            del self._readers[check]

    def open(self, check: Check) -> Reader:
        """Return the reader of a mailbox, at work: something is awaited there from now on."""
        reader = self._readers.get(check)
        if reader is None:
            reader = self._readers[check] = self._make(check)
        task = self._tasks.get(check)
        if task is None or task.done():
            task = self._tasks[check] = asyncio.get_running_loop().create_task(reader.run(), name=f"reader of {check.name}")
            task.add_done_callback(lambda done: self._left(check, done))
        reader.hurry()
        return reader

    def forget(self, check: Check) -> None:
        """Have a mailbox looked through once more: what was passed over may be awaited now."""
        if check in self._readers:
            self._readers[check].forget()

    def blind(self, check: Check) -> str:
        """Return why a mailbox cannot be read now; "" = it can."""
        reader = self._readers.get(check)
        return reader.blind if reader is not None else ""

    async def close(self) -> None:
        """Leave all mailboxes, politely.

        A task that ended keeps its exception, this its frames, these the reader and its TLS connection, and the reader keeps the office:
        a ring of some 100 KiB for each mailbox that would wait for the garbage collector. So all of them are let go here.
        """
        await asyncio.gather(*(self._readers[check].leave() for check in self._tasks))
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        self._readers.clear()
        self._make = _closed

    def _left(self, check: Check, task: asyncio.Task[None]) -> None:
        if self._tasks.get(check) is task:
            del self._tasks[check]
            if check not in self._regular:
                self._readers.pop(check, None)


def _closed(check: Check) -> Reader:
    raise RuntimeError(f"{check.name}: no mailbox is opened by an office that has closed")
