"""What is saved of an incident comes back as it was, with its changes, in one piece; an older word never replaces a newer one."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from store.incident_rows import SAME, change_line, change_of, incident_line, incident_of
from store.incidents import WantedIncidents as Wanted
from store.incidents import changes_of, find, one, open_incidents, recently_closed, save, update
from store.outbox import StoreOutbox
from store.store import Store, StoreError
from tests.store.made_incidents import ABC, FULL, XYZ, after, at, delivery, opened
from tests.store.test_bad_disk import NO_ROOM, limit_pages
from thresholds.incident_values import Acknowledgement, Cause, CauseKind, Change, ChangeKind, Incident
from thresholds.scope import EVERYTHING
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TEXT = st.text(max_size=8)  # halves of characters included: servers say what they like
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone
CAUSES = st.builds(Cause, st.sampled_from(CauseKind), TEXT, TEXTS, TEXTS, st.floats(0, 1), TEXT)
WORDS = st.none() | st.builds(Acknowledgement, TEXT, TIMES, TEXT, st.none() | TIMES)
INCIDENTS = st.builds(
    Incident,
    TEXT,
    CAUSES,
    st.sampled_from(Level),
    TIMES,
    TIMES,
    domains=TEXTS,
    cells=TEXTS,
    failing=TEXTS,
    reasons=TEXTS,
    limit=TEXT,
    closed_at=st.none() | TIMES,
    ended=TEXT,
    flapping=st.booleans(),
    acknowledged=WORDS,
    told=st.booleans(),
    muted=TEXT,
    reminded_at=st.none() | TIMES,
    changes=st.integers(0, 9),
    worst=st.none() | st.sampled_from(Level),
    unheard=TEXT,
)
CHANGES = st.builds(Change, INCIDENTS, st.sampled_from(ChangeKind), TIMES, st.integers(1, 9), TEXT, TEXT)

WRITTEN = {
    *("id", "cause", "level", "began_at", "opened_at", "domains", "cells", "failing", "reasons", "limit", "closed_at", "ended", "flapping"),
    *("acknowledged", "told", "muted", "reminded_at", "changes", "worst", "unheard"),
}


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "s.db")
    yield opened
    await opened.close()


@settings(max_examples=100, deadline=None)
@given(CHANGES)
def test_every_change_comes_back_from_its_line(change: Change) -> None:
    assert change_of(change_line(change)) == change
    assert incident_of(incident_line(change.incident)) == change.incident


@given(INCIDENTS)
def test_levels_come_back_as_levels(incident: Incident) -> None:
    back = incident_of(incident_line(incident))
    assert isinstance(back.level, Level)
    assert back.worst is None or isinstance(back.worst, Level)
    assert {field.name for field in fields(Incident)} == WRITTEN, "a field that is new needs a look at store/incident_rows.py"


def test_a_large_incident_names_its_cells_once() -> None:
    cells = tuple(f"d{number}.example/imap" for number in range(100))
    line = incident_line(replace(FULL, cells=cells, failing=cells, cause=replace(FULL.cause, cells=cells)))
    assert line.count("d99.example/imap") == 1
    assert line.count(f'"{SAME}"') == 2


async def test_an_incident_comes_back_whole_with_its_changes(store: Store) -> None:
    change = Change(FULL, ChangeKind.CLOSED, at(9), 3, "silenced by anna", "was WARNING")
    await save(store, [change])
    assert await one(store, EVERYTHING, FULL.id) == FULL
    assert [stored.change for stored in await changes_of(store, EVERYTHING, FULL.id)] == [change]
    assert (await find(store, EVERYTHING, Wanted())).incidents == (FULL,)
    assert await one(store, EVERYTHING, "i99999999") is None


async def test_open_ones_and_those_that_closed_of_late(store: Store) -> None:
    first, second = opened(1), opened(2, 1)
    end = after(first, ChangeKind.CLOSED, 30)
    await save(store, [first, second, end])
    assert await open_incidents(store) == [second.incident]
    assert await recently_closed(store, at(31), 60.0) == [end.incident]
    assert await recently_closed(store, at(31), 59.0) == []


async def test_what_is_saved_twice_stands_once(store: Store) -> None:
    first = opened()
    end = after(first, ChangeKind.CLOSED, 2)
    for changes in ([first, end], [first], [first, end]):
        await save(store, changes)
    assert [stored.change for stored in await changes_of(store, EVERYTHING, first.incident.id)] == [first, end]
    assert await one(store, EVERYTHING, first.incident.id) == end.incident


async def test_what_joins_silently_is_kept_without_a_change(store: Store) -> None:
    first = opened()
    wider = replace(first.incident, domains=(ABC, XYZ), cells=(*first.incident.cells, f"{XYZ}/imap"))
    await update(store, wider)
    assert await find(store, EVERYTHING, Wanted()) == await find(store, EVERYTHING, Wanted(domain=XYZ))
    await save(store, [first])
    await update(store, wider)
    assert (await find(store, EVERYTHING, Wanted(domain=XYZ))).incidents == (wider,)
    assert len(await changes_of(store, EVERYTHING, wider.id)) == 1
    await save(store, [after(first, ChangeKind.CLOSED, 2)])
    await update(store, wider)
    assert await open_incidents(store) == []


async def test_a_row_that_cannot_be_read_is_said_and_hides_no_other(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    await save(store, [opened(1), opened(2)])
    await store.transact(lambda connection: connection.execute("UPDATE incidents SET line = '{]' WHERE id = 'i00000001'"))
    assert await open_incidents(store) == [opened(2).incident]
    assert (await find(store, EVERYTHING, Wanted())).incidents == (opened(2).incident,)
    told = "a row of the store, i00000001, cannot be read (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))"
    assert caplog.messages == [f"{told}: it is left alone"] * 2


# -- a disk that takes nothing


async def half_written(store: Store) -> list[tuple[int]]:
    sql = "SELECT count(*) FROM incidents UNION ALL SELECT count(*) FROM changes UNION ALL SELECT count(*) FROM incident_domains"
    return await store.read(lambda connection: connection.execute(sql).fetchall())


async def test_on_a_full_disk_nothing_is_half_written_and_all_can_be_saved_again(store: Store, tmp_path: Path) -> None:
    changes = [opened(number, domains=(ABC, XYZ)) for number in range(1, 501)]
    await limit_pages(store, 0)
    with pytest.raises(StoreError) as refused:
        await save(store, changes)
    assert str(refused.value) == NO_ROOM.format(tmp_path / "s.db")
    assert await half_written(store) == [(0,)] * 3
    await limit_pages(store, 100_000)
    await save(store, changes)
    assert await half_written(store) == [(500,), (500,), (1_000,)]


async def test_where_the_disk_is_read_only_nothing_is_written_and_nothing_lost(store: Store, tmp_path: Path) -> None:
    first, outbox = opened(), StoreOutbox(store)
    await save(store, [first])
    (stored,) = await outbox.unplanned()
    await store.read(lambda connection: connection.execute("PRAGMA query_only = ON").fetchall())  # fails as a read-only disk does
    for deed in (save(store, [after(first, ChangeKind.CLOSED, 2)]), outbox.plan([stored.id], [delivery(first, stored.id)])):
        with pytest.raises(StoreError) as refused:
            await deed
        assert str(refused.value) == f"{tmp_path / 's.db'} cannot be written: it, its folder or its file system is read-only"
    await store.read(lambda connection: connection.execute("PRAGMA query_only = OFF").fetchall())
    assert await open_incidents(store) == [first.incident]
    assert await outbox.unplanned() == [stored]
    assert await outbox.due(at(60)) == []
