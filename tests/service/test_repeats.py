"""A check that failed is probed again, once for each time that it is asked for, and never more than a server in trouble can bear."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from service.alarms.repeats import AT_ONCE, Repeats

if TYPE_CHECKING:
    import pytest


async def test_a_cell_is_asked_again_after_its_time_and_once() -> None:
    asked: list[str] = []

    async def probe(cell: str) -> None:
        asked.append(cell)

    repeats = Repeats(probe)
    for _ in range(3):
        repeats.ask("abc.example/imap", 0.01)
    assert len(repeats) == 1
    await asyncio.sleep(0.05)
    assert (asked, len(repeats)) == (["abc.example/imap"], 0)
    repeats.ask("abc.example/imap", 0.0)
    await asyncio.sleep(0.05)
    assert len(asked) == 2
    await repeats.close()


async def test_what_comes_of_it_may_ask_for_the_next(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[str] = []

    async def probe(cell: str) -> None:
        asked.append(cell)
        if len(asked) < 3:
            repeats.ask(cell, 0.0)
        raise LookupError(cell)

    repeats = Repeats(probe)
    repeats.ask("abc.example/imap", 0.0)
    await asyncio.sleep(0.05)
    assert len(asked) == 3
    assert "our own error in probing abc.example/imap again" in caplog.text


async def test_no_more_than_so_many_wait_and_the_end_gives_them_up() -> None:
    asked: list[str] = []

    async def probe(cell: str) -> None:
        asked.append(cell)
        await asyncio.sleep(3600)

    repeats = Repeats(probe)
    for number in range(AT_ONCE * 2):
        repeats.ask(f"d{number}.example/imap", 0.0)
    await asyncio.sleep(0.02)
    assert len(asked) == len(repeats) == AT_ONCE
    await repeats.close()
    assert len(repeats) == 0
