"""Whoever may see one domain sees no row of another, whichever function he asks: a function without a line here fails the first test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, timedelta
from functools import partial
from inspect import Parameter, getmembers, iscoroutinefunction, signature
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from probe.values import Outcome
from store import history, incident_reads, reads, usual
from store.history import Point, StepPoint, TripPoint
from store.incident_reads import IncidentPage, WantedIncidents
from store.incidents import save
from store.outbox import StoreOutbox
from store.reads import Page, TripPage, Wanted, WantedTrips
from store.rollups import roll
from store.store import Store
from store.usual import Asked
from tests.store.histories import MONDAY, Told, a_run, a_trip
from tests.store.made_incidents import delivery, opened
from thresholds.scope import EVERYTHING, NOTHING, Scope

if TYPE_CHECKING:
    from pathlib import Path

MODULES = (reads, history, usual, incident_reads)
ABC, XYZ = "abc.example", "xyz.example"
SPAN = (MONDAY, MONDAY + timedelta(hours=6))
Ask = Callable[[Store, Scope, str], Awaitable[Any]]  # what it asks of a domain


async def _states(store: Store, scope: Scope, domain: str) -> Any:
    return [state for state in await reads.states(store, scope) if state.domain == domain]


async def _run(store: Store, scope: Scope, domain: str) -> Any:
    (number,) = await store.read(
        lambda connection: connection.execute(
            "SELECT max(runs.id) FROM runs JOIN checks ON checks.id = check_id WHERE domain = ?", (domain,)
        ).fetchone()
    )
    return await reads.run(store, scope, number)


async def _of_an_incident(ask: Callable[[Store, Scope, str], Awaitable[Any]], store: Store, scope: Scope, domain: str) -> Any:
    return await ask(store, scope, opened(1 if domain == ABC else 2).incident.id)


async def _conversation_of(store: Store, scope: Scope, domain: str) -> Any:
    known = await reads.conversation(store, EVERYTHING, f"{domain}/imap", "last_good")
    return await reads.conversation_of(store, scope, known.run_id if known is not None else 0)


ASKS: dict[str, Ask] = {
    "states": _states,
    "run": _run,
    "runs": lambda store, scope, domain: reads.runs(store, scope, Wanted(check=f"{domain}/imap")),
    "conversation": lambda store, scope, domain: reads.conversation(store, scope, f"{domain}/imap", "last_good"),
    "conversation_of": _conversation_of,
    "trips": lambda store, scope, domain: reads.trips(store, scope, WantedTrips(name=domain)),
    "history": lambda store, scope, domain: history.history(store, scope, f"{domain}/imap", *SPAN),
    "steps": lambda store, scope, domain: history.steps(store, scope, f"{domain}/imap", *SPAN),
    "trip_history": lambda store, scope, domain: history.trip_history(store, scope, domain, *SPAN),
    "find": lambda store, scope, domain: incident_reads.find(store, scope, WantedIncidents(domain=domain)),
    "one": partial(_of_an_incident, incident_reads.one),
    "changes_of": partial(_of_an_incident, incident_reads.changes_of),
    "deliveries_of": partial(_of_an_incident, incident_reads.deliveries_of),
    "usual": lambda store, scope, domain: usual.usual(store, scope, [f"{domain}/imap"], Asked(MONDAY, UTC)),
    "usual_trips": lambda store, scope, domain: usual.usual_trips(store, scope, [domain], Asked(MONDAY, UTC)),
}


def functions() -> dict[str, Callable[..., Any]]:
    return {
        name: function
        for module in MODULES
        for name, function in getmembers(module, iscoroutinefunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


def entries(answer: Any) -> list[Any]:
    """What a reader is shown, whatever it is wrapped in."""
    if isinstance(answer, Page):
        return list(answer.runs)
    if isinstance(answer, TripPage):
        return list(answer.trips)
    if isinstance(answer, IncidentPage):
        return list(answer.incidents)
    return answer if isinstance(answer, list) else [] if answer is None else [answer]


async def tell_of_each(store: Store) -> None:
    """Open an incident in each domain, and plan who is told of it."""
    await save(store, [opened(1, domains=(ABC,)), opened(2, domains=(XYZ,))])
    changes = await StoreOutbox(store).unplanned()
    await StoreOutbox(store).plan([one.id for one in changes], [delivery(one.change, one.id) for one in changes])


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Two domains, the same runs and trips in each, rolled up."""
    store = await Store.open(tmp_path / "s.db")
    try:
        store.put(*(a_run(Told(minute, f"{domain}/imap")) for minute in range(0, 300, 10) for domain in (ABC, XYZ)))
        store.put(*(a_trip(minute, Outcome.DELIVERED, domain) for minute in range(0, 300, 60) for domain in (ABC, XYZ)))
        assert await store.flush()
        await roll(store, SPAN[1])
        await tell_of_each(store)
        yield store
    finally:
        await store.close()


def test_every_function_that_reads_is_tried_here_and_demands_a_scope() -> None:
    assert set(functions()) == set(ASKS)
    for function in functions().values():
        parameters = signature(function).parameters
        assert list(parameters)[:2] == ["store", "scope"]
        assert parameters["scope"].default is Parameter.empty


@pytest.mark.parametrize("name", ASKS)
async def test_another_domain_is_as_if_it_were_not_there(store: Store, name: str) -> None:
    ask = ASKS[name]
    mine = Scope(frozenset({ABC}))
    assert entries(await ask(store, EVERYTHING, XYZ)) != []
    assert entries(await ask(store, mine, ABC)) == entries(await ask(store, EVERYTHING, ABC)) != []
    assert entries(await ask(store, mine, XYZ)) == []
    assert entries(await ask(store, NOTHING, ABC)) == []
    assert entries(await ask(store, Scope(frozenset({"example", "%", "bc.example"})), ABC)) == []


@pytest.mark.parametrize("name", ["runs", "trips", "find"])
async def test_a_search_for_everything_shows_what_may_be_seen(store: Store, name: str) -> None:
    asks: dict[str, Callable[[Scope], Awaitable[Any]]] = {
        "runs": lambda scope: reads.runs(store, scope, Wanted(), limit=1000),
        "trips": lambda scope: reads.trips(store, scope, WantedTrips(), limit=1000),
        "find": lambda scope: incident_reads.find(store, scope, WantedIncidents()),
    }
    everything, mine = entries(await asks[name](EVERYTHING)), entries(await asks[name](Scope(frozenset({ABC}))))
    assert len(everything) == 2 * len(mine) > 0
    assert XYZ in repr(everything)
    assert XYZ not in repr(mine)


async def test_a_cursor_of_another_reader_opens_nothing(store: Store) -> None:
    page = await reads.runs(store, EVERYTHING, Wanted(), limit=5)
    mine = await reads.runs(store, Scope(frozenset({ABC})), Wanted(), page.cursor, limit=1000)
    assert {run.domain for run in mine.runs} == {ABC}


async def test_points_name_no_domain(store: Store) -> None:
    """A history's points carry numbers alone: what they belong to is what was asked for."""
    for kind in (Point, StepPoint, TripPoint):
        assert not {"check", "domain", "name"} & set(kind.__slots__)
    assert entries(await ASKS["history"](store, EVERYTHING, ABC))
