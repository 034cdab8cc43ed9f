"""Work that blocks, beside the loop: whoever presses Ctrl-C is not kept waiting for it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")


async def aside(work: Callable[[], Answer]) -> Answer:
    """Return what the work returns, or raise what it raises. Cancelled, it is left alone: it ends with the process at the latest."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Answer] = loop.create_future()

    def tell(answer: Answer | None, error: Exception | None) -> None:
        if ended.done():
            return
        if error is not None:
            ended.set_exception(error)
        else:
            ended.set_result(answer)  # type: ignore[arg-type] # the work's own answer, where there is no error

    def run() -> None:
        answer, failed = None, None
        try:
            answer = work()
        except Exception as error:  # noqa: BLE001 - it is raised where it is awaited
            failed = error
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell, answer, failed)

    threading.Thread(target=run, daemon=True).start()
    return await ended
