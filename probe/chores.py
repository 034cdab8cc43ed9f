"""Small works of an office that run beside it: each fails alone, and at the end those that are best let finish are given a moment."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class Chores:
    """The works under way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._firm: set[asyncio.Task[None]] = set()  # of these, those that are best let finish

    def do(self, work: Coroutine[None, None, None], blame: Callable[[Exception], None]) -> None:
        """Begin a work; `blame` is told what it raises."""
        task = asyncio.get_running_loop().create_task(_guarded(work, blame))
        for tasks in (self._tasks, self._firm):
            task.add_done_callback(tasks.discard)
        self._tasks.add(task)

    def stay(self) -> None:
        """From here on the work that calls this is best let finish."""
        task = asyncio.current_task()
        if task is not None:
            self._firm.add(task)

    async def rest(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self, seconds: float) -> None:
        """Cancel what is under way; what is best let finish is given so many seconds."""
        for task in self._tasks - self._firm:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _guarded(work: Coroutine[None, None, None], blame: Callable[[Exception], None]) -> None:
    try:
        await work
    except Exception as bug:  # noqa: BLE001 - whatever it is, it is ours, and this work's alone
        blame(bug)
