"""What was said in a run comes back by the run's own id, where it was kept, and to those alone who may see it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from store.reads import Wanted, conversation, conversation_of, runs
from store.store import Store
from tests.store.made_runs import BAD, GOOD
from thresholds.scope import EVERYTHING, NOTHING, Scope

if TYPE_CHECKING:
    from pathlib import Path

    from store.values import Run


def later(run: Run, minutes: int) -> Run:
    return replace(run, result=replace(run.result, started_at=run.result.started_at + timedelta(minutes=minutes)))


async def test_each_kept_one_and_no_other(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "s.db")
    store.put(GOOD, BAD, later(BAD, 1), later(GOOD, 5), later(BAD, 6))  # two troubles; the good one is renewed after the first
    assert await store.flush()
    ids = [one.id for one in (await runs(store, EVERYTHING, Wanted())).runs][::-1]
    kept = {run: await conversation_of(store, EVERYTHING, run) for run in ids}
    assert [kept[run] is not None for run in ids] == [False, True, False, True, True]
    assert kept[ids[3]] == await conversation(store, EVERYTHING, "abc.example/imap", "last_good")
    assert kept[ids[4]] == await conversation(store, EVERYTHING, "abc.example/imap", "first_bad")
    first = kept[ids[1]]
    assert first is not None
    assert (first.which, first.run_id) == ("first_bad", ids[1])
    assert await conversation_of(store, NOTHING, ids[1]) is None
    assert await conversation_of(store, Scope(frozenset({"abc.example"})), ids[1]) == first
    assert await conversation_of(store, EVERYTHING, 4711) is None
    await store.close()
