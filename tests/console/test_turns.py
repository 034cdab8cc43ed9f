"""Long work is cut small, and whoever has some takes turns: no pass of the loop holds two slices, nor a large one."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from console import turns
from console.listener import targets
from console.metrics_table import MANY_TRIPS, WIDE
from console.turns import Turns
from tests.console.made_board import Made, a_journey, a_run, a_trip, some_checks
from tests.console.shown import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_LINES = 250  # in one text: a hundred checks, or what one of them or one histogram has
SLOW_SECONDS = 0.0003


@pytest.mark.parametrize("checks", [100, WIDE + 4])
def test_no_text_of_a_scrape_is_long(checks: int) -> None:
    made = Made()
    made.board.plan(some_checks(checks // 4), [a_journey(f"dom{number}.example") for number in range(MANY_TRIPS)])
    for cell in list(made.board.cells.values()):
        made.board.saw(a_run(cell.check))
    for name in made.board.journeys:
        made.board.saw_trip(a_trip(name=name))
    texts = [*made.exposition(NUMBERS), *targets(list(made.board.cells.values()), "berlin")]
    steps_of_a_hundred = 100 * 4
    assert max(text.count("\n") for text in texts) <= (steps_of_a_hundred if checks < WIDE else MOST_LINES)
    assert len(texts) > 10 * checks / 100


def slow(name: str, log: list[str]) -> Iterator[str]:
    """Yield ten texts, each of which takes longer than a slice may."""
    for _ in range(10):
        until = perf_counter() + SLOW_SECONDS
        while perf_counter() < until:
            pass
        log.append(name)
        yield name


async def test_ten_at_once_hold_the_loop_no_longer_than_one() -> None:
    shared, log, given = Turns(), list[str](), list[str]()

    async def take(name: str) -> None:
        given.extend([text async for text in shared.texts(slow(name, log))])

    async def look() -> list[int]:
        """Return how many texts were made in each pass of the loop."""
        seen, passes = 0, []
        while len(log) < 100:
            passes.append(len(log) - seen)
            seen = len(log)
            await asyncio.sleep(0)
        return passes

    looking = asyncio.create_task(look())
    await asyncio.gather(*(take(str(number)) for number in range(10)))
    assert max(await looking) == 1
    assert sorted(given) == sorted(log)
    assert len(set(log[:10])) == 10  # in turn, not one after the other


async def test_small_work_comes_in_one_piece() -> None:
    assert [text async for text in Turns().texts(iter(["a", "", "b"]))] == ["ab"]
    assert [text async for text in Turns().texts(iter([]))] == []


async def test_a_slice_ends_at_its_size() -> None:
    work = ["x" * turns.SLICE_CHARACTERS] * 3 + ["y"]
    assert [len(text) async for text in Turns().texts(iter(work))] == [turns.SLICE_CHARACTERS] * 3 + [1]


async def test_the_loop_sleeps_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "REST_SECONDS", 0.05)
    began = perf_counter()
    work = ["x" * turns.SLICE_CHARACTERS] * (2 * turns.SLICES_TO_REST)
    assert len([text async for text in Turns().texts(iter(work))]) == len(work)
    assert perf_counter() - began >= 2 * 0.05


async def test_who_breaks_off_lets_the_others_go_on() -> None:
    shared = Turns()
    texts = shared.texts(iter(["x" * turns.SLICE_CHARACTERS] * 5))
    assert await anext(texts)
    await texts.aclose()  # type: ignore[attr-defined] # an asynchronous generator
    assert [text async for text in shared.texts(iter(["next"]))] == ["next"]
