"""Arithmetic beside the loop: in another thread, which hands the interpreter over sooner than usual, and only as long as it lasts."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading

import pytest

from service.rounds.calm import SWITCH_SECONDS, calmly


async def test_it_works_in_another_thread_which_gives_way_and_leaves_all_as_it_was() -> None:
    before = sys.getswitchinterval()
    there = await calmly(lambda: (threading.current_thread(), sys.getswitchinterval(), gc.isenabled()))
    assert there[0] is not threading.main_thread()
    assert (round(there[1], 6), there[2]) == (SWITCH_SECONDS, False)
    assert (sys.getswitchinterval(), gc.isenabled()) == (before, True)


async def test_two_at_once_leave_all_as_it_was_when_both_have_ended() -> None:
    before, may_end = sys.getswitchinterval(), threading.Event()
    first, second = asyncio.create_task(calmly(lambda: may_end.wait(20))), asyncio.create_task(calmly(lambda: 1))
    assert await second == 1
    assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
    may_end.set()
    assert await first
    assert sys.getswitchinterval() == before


async def test_what_the_work_raises_is_raised() -> None:
    before = sys.getswitchinterval()
    with pytest.raises(ValueError, match="invalid literal"):
        await calmly(lambda: int("x"))
    assert sys.getswitchinterval() == before
