"""Incidents are found page by page, each once, and among a hundred thousand as quickly as among ten: by an index, whatever is asked."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from store import incident_reads, incident_retention, incidents, outbox
from store.incident_reads import OF_ALL, OF_ONE, SEEN, IncidentPage, WantedIncidents, changes_of, find, one
from store.incidents import save
from store.migrations import upgrade
from store.outbox import DUE
from store.store import Store
from tests.store.histories import a_trip
from tests.store.made_incidents import ABC, XYZ, after, at, opened
from thresholds.incident_values import Cause, CauseKind, ChangeKind
from thresholds.scope import EVERYTHING, Scope
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MINE, BOTH = Scope(frozenset({ABC})), Scope(frozenset({ABC, XYZ, *(f"d{number}.example" for number in range(40))}))
FEW_BOTH = Scope(frozenset({ABC, XYZ}))
SCANS = re.compile(r"SCAN (?!.*(INDEX (incidents|changes|deliveries)_|VIRTUAL TABLE|CONSTANT|\(subquery))")


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Thirty incidents, a minute apart: of one domain, of the other, of both; every second one has closed."""
    store = await Store.open(tmp_path / "s.db")
    domains = ((ABC,), (XYZ,), (ABC, XYZ))
    for number in range(30):
        first = opened(number, number, domains[number % 3])
        await save(store, [first, after(first, ChangeKind.CLOSED, number + 0.5)] if number % 2 else [first])
    yield store
    await store.close()


async def found(store: Store, scope: Scope, wanted: WantedIncidents, limit: int = 4) -> list[int]:
    """The numbers of all that is found, page by page."""
    numbers: list[int] = []
    page = IncidentPage((), "")
    while page.cursor or not numbers:
        page = await find(store, scope, wanted, page.cursor, limit)
        numbers += [int(incident.id[1:], 16) for incident in page.incidents]
        if not page.incidents and not page.cursor:
            break
    return numbers


@pytest.mark.parametrize("scope", [EVERYTHING, BOTH, FEW_BOTH])
@pytest.mark.parametrize("limit", [1, 4, 15, 100])
async def test_each_is_found_once_the_newest_first(store: Store, scope: Scope, limit: int) -> None:
    assert await found(store, scope, WantedIncidents(), limit) == list(range(29, -1, -1))


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (WantedIncidents(open=True), lambda number: number % 2 == 0),
        (WantedIncidents(open=False), lambda number: number % 2 == 1),
        (WantedIncidents(domain="ABC.example"), lambda number: number % 3 != 1),
        (WantedIncidents(cause="server"), lambda number: number % 3 == 2),
        (WantedIncidents(cause="check:xyz.example/imap", open=True), lambda number: number % 3 == 1 and number % 2 == 0),
        (WantedIncidents(since=at(10), until=at(20)), lambda number: 10 <= number < 20),
        (WantedIncidents(domain="bc.example"), lambda _: False),
    ],
)
async def test_what_is_wanted_is_found(store: Store, wanted: WantedIncidents, fits: Any) -> None:
    expected = [number for number in range(29, -1, -1) if fits(number)]
    for scope in (EVERYTHING, BOTH, FEW_BOTH):
        assert await found(store, scope, wanted) == expected
    assert await found(store, MINE, wanted) == [number for number in expected if number % 3 != 1 and wanted.domain in ("", "ABC.example")]


async def test_levels_and_what_is_refused(store: Store) -> None:
    worse = opened(40, 40)
    await save(store, [replace(worse, incident=replace(worse.incident, level=Level.WARNING))])
    assert 40 not in await found(store, EVERYTHING, WantedIncidents(level=Level.CRITICAL))
    assert 40 in await found(store, EVERYTHING, WantedIncidents(level=Level.WARNING))
    with pytest.raises(ValueError, match=r"^a page holds 1 to 1000 entries, not 0$"):
        await find(store, EVERYTHING, WantedIncidents(), limit=0)
    with pytest.raises(ValueError, match=r"^'x' is not a cursor: begin without one, then use the one that came with the page before$"):
        await find(store, EVERYTHING, WantedIncidents(), "x")


async def test_a_reader_sees_his_part_and_the_trips_that_end_at_his_domain(store: Store) -> None:
    change = opened(50, 50, (ABC, XYZ))
    cells = (*change.incident.cells, "trip inbound", "trip outbound")
    incident = replace(change.incident, cells=cells, failing=cells, cause=Cause(CauseKind.SERVER, "imap", cells))
    await save(store, [replace(change, incident=incident)])
    trip = a_trip(1, name="inbound")
    store.put(replace(trip, trip=replace(trip.trip, domain=ABC)))
    assert await store.flush()
    seen = await one(store, MINE, incident.id)
    assert seen is not None
    assert (seen.domains, seen.cells) == ((ABC,), (f"{ABC}/imap", "trip inbound"))
    assert seen == (await find(store, MINE, WantedIncidents(), limit=1)).incidents[0]
    assert seen == (await changes_of(store, MINE, incident.id))[0].change.incident


async def test_what_touches_no_domain_is_for_those_who_see_everything(store: Store) -> None:
    await save(store, [opened(60, 60, ())])
    assert (await found(store, EVERYTHING, WantedIncidents()))[0] == 60
    assert 60 not in await found(store, BOTH, WantedIncidents())


# -- among many


def statements() -> dict[str, str]:
    """Every statement of these modules, as it is asked."""
    named = {
        f"{module.__name__.removeprefix('store.')}.{name}": text
        for module in (incidents, incident_reads, incident_retention, outbox)
        for name, text in vars(module).items()
        if name.isupper() and name != "DELIVERIES" and isinstance(text, str) and re.match(r"\s*(SELECT|DELETE|UPDATE|INSERT)", text)
    }
    named |= {f"going {place}": text for place, text in enumerate(incident_retention.GOING)}
    fits = "level >= :level AND cause_kind = :kind"
    seen = SEEN.format(mine="mine.domain IN (SELECT value FROM json_each(:allowed))")
    named["incident_reads.OF_ONE"] = OF_ONE.format(fits=fits)
    for index, narrow in (("incidents_open", "closed_us IS NULL AND "), ("incidents_by_time", "")):
        named[index] = OF_ALL.format(fits=f"{fits} AND {seen}", index=index, narrow=narrow)
    del named["incident_reads.OF_ALL"]
    return named


def test_every_statement_goes_by_an_index() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        upgrade(connection, 0)
        for name, text in statements().items():
            marks = set(re.findall(r":(\w+)", text))
            values: Any = dict.fromkeys(marks, "[]") if marks else ("[]",) * len(re.findall(r"\?", text))
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
            assert not [step for step in plan if SCANS.match(step)], (name, plan)
            assert "incidents_by_time" not in text or not any("TEMP B-TREE" in step for step in plan), (name, plan)


def test_what_is_due_is_read_in_its_order() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        upgrade(connection, 0)
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {DUE}", (0, "[]"))]
    assert plan[0].startswith("SEARCH d USING INDEX deliveries_due (due_us<?)")
    assert not any("TEMP B-TREE" in step for step in plan)
