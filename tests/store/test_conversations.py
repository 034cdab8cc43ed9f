"""Which conversations are kept: the last good one, and the first bad one of each of the last troubles."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from probe.values import Line
from store.conversations import BAD, FIRST_BAD_KEPT, GOOD, GOOD_EVERY_SECONDS, Keeper
from store.store import Store
from tests.store import made_runs
from thresholds.values import Level

if TYPE_CHECKING:
    from pathlib import Path

    from store.values import Run

# What each run shows, a minute apart (G good, B bad), and as what it is kept: g last_good, b first_bad, - not at all.
STORIES = {
    "GGG": "g--",
    "GBBB": "gb--",
    "BBG": "b-g",
    "GBGBG": "gbgbg",
    "GBBGG": "gb-g-",
}


@pytest.mark.parametrize("story", STORIES)
def test_the_first_of_each_kind_is_kept(story: str) -> None:
    keeper = Keeper()
    start = 0.0
    while keeper.keep_as("a/imap", start, good=True) is None or keeper.keep_as("a/imap", start + 300.0, good=True) is not None:
        start += 10.0
    fresh = Keeper()
    kept = [fresh.keep_as("a/imap", start + 20.0 * number, good=letter == "G") for number, letter in enumerate(story)]
    assert "".join({GOOD: "g", BAD: "b", None: "-"}[one] for one in kept) == STORIES[story]


def test_a_good_one_is_renewed_once_in_a_span_and_not_by_all_checks_at_once() -> None:
    keeper = Keeper()
    renewed = {
        name: [second for second in range(0, 4 * GOOD_EVERY_SECONDS, 60) if keeper.keep_as(name, float(second), good=True)]
        for name in (f"domain{number}.example/imap" for number in range(200))
    }
    assert {len(seconds) for seconds in renewed.values()} <= {4, 5}  # the first ever, then one a span of its own
    second = [seconds[1] for seconds in renewed.values()]
    assert max(second.count(at) for at in set(second)) < 40


def test_a_new_process_goes_on_where_the_old_one_ended() -> None:
    keeper = Keeper()
    keeper.resume([("a/imap", BAD, 1_000.0), ("b/imap", GOOD, 1_000.0)])
    assert keeper.keep_as("a/imap", 1_060.0, good=False) is None
    assert keeper.keep_as("a/imap", 1_120.0, good=True) == GOOD
    assert keeper.keep_as("b/imap", 1_000.0, good=True) is None
    assert keeper.keep_as("b/imap", 1_060.0, good=False) == BAD


def told(run: Run, number: int, text: str) -> Run:
    """Return the run, later, with a conversation of its own."""
    later = run.result.started_at + timedelta(hours=number)
    return replace(run, result=replace(run.result, started_at=later, transcript=(Line(ours=False, step="login", text=text),)))


async def kept(store: Store) -> list[tuple[str, str]]:
    query = "SELECT which, lines FROM conversations JOIN runs ON runs.id = run_id AND runs.level = conversations.level ORDER BY run_id"
    found = await store.read(lambda connection: connection.execute(query).fetchall())
    return [(which, json.loads(lines)[0][2]) for which, lines in found]


async def test_they_stand_in_the_commit_of_their_runs_and_the_old_ones_go(tmp_path: Path) -> None:
    troubles = FIRST_BAD_KEPT + 2
    store = await Store.open(tmp_path / "s.db")
    for number in range(troubles):
        store.put(told(made_runs.GOOD, 2 * number, f"good {number}"), told(made_runs.BAD, 2 * number + 1, f"bad {number}"))
        store.put(told(made_runs.BAD, 2 * number + 1, f"worse {number}"))
    assert await store.flush()
    last = troubles - 1
    assert await kept(store) == [*((BAD, f"bad {number}") for number in range(2, last)), (GOOD, f"good {last}"), (BAD, f"bad {last}")]
    await store.close()

    store = await Store.open(tmp_path / "s.db")
    store.put(told(made_runs.BAD, 2 * troubles, "still bad"))
    assert await store.flush()
    assert (BAD, "still bad") not in await kept(store)
    await store.close()


async def test_one_that_was_lost_on_its_way_is_kept_with_the_next(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "s.db", queue_limit=1)
    store.put(told(made_runs.BAD, 0, "lost"), told(made_runs.BAD, 1, "not the first"))
    store.put(told(made_runs.BAD, 2, "the first that we have"))
    assert not await store.flush()
    assert store.health.lost == 2
    assert await kept(store) == [(BAD, "the first that we have")]
    assert (await made_runs.runs(store))[0].level is Level.CRITICAL
    await store.close()
