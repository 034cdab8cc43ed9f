"""Work beside the loop: its answer, its error, and that nobody waits for it who has pressed Ctrl-C."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from service.rounds.aside import aside


async def test_it_gives_the_answer() -> None:
    assert await aside(lambda: threading.current_thread() is not threading.main_thread())


async def test_it_raises_what_the_work_raises() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        await aside(lambda: int("x"))


def test_the_loop_ends_before_the_work_does() -> None:
    may_end, has_ended = threading.Event(), threading.Event()

    def work() -> None:
        may_end.wait(20)
        has_ended.set()

    async def impatient() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(aside(work), 0.1)

    began = time.monotonic()
    asyncio.run(impatient())
    assert time.monotonic() - began < 10
    assert not has_ended.is_set()
    may_end.set()
    assert has_ended.wait(20)  # and its answer, which nobody awaits any more, troubles nobody
