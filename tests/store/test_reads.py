"""What is remembered comes back as it was, newest first, page by page, and no search runs on for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from probe.values import Outcome
from store import reads, searching
from store.cursors import END, Place, look, newest, place_of
from store.reads import Wanted, WantedTrips, conversation, run, runs, states, trips
from store.store import Store
from tests.store.histories import MONDAY, Told, a_run, a_trip
from tests.store.made_runs import BAD, GOOD, TRIP
from thresholds.scope import EVERYTHING
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CHECKS = [f"d{number}.example/{server}" for number in range(4) for server in ("imap", "smtp")]


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "s.db")
    yield opened
    await opened.close()


async def fill(store: Store) -> list[Told]:
    """Eight checks, twenty runs each at the same minutes, every fifth of them bad; returned newest first."""
    told = [Told(minute, check, level=Level.CRITICAL if minute % 5 == 4 else Level.OK) for minute in range(20) for check in CHECKS]
    store.put(*map(a_run, told))
    assert await store.flush()
    return told[::-1]


def short(page: reads.Page) -> list[tuple[Any, str]]:
    return [(run.started_at, run.check) for run in page.runs]


async def pages(store: Store, wanted: Wanted, limit: int) -> list[tuple[Any, str]]:
    """All pages of a search, one after the other."""
    found, cursor = [], ""
    while True:
        page = await runs(store, EVERYTHING, wanted, cursor, limit)
        assert len(page.runs) <= limit
        found += short(page)
        cursor = page.cursor
        if not cursor:
            return found


async def test_a_run_comes_back_whole(store: Store) -> None:
    store.put(GOOD, BAD)
    assert await store.flush()
    page = await runs(store, EVERYTHING, Wanted())
    assert [one.level for one in page.runs] == [Level.CRITICAL, Level.OK]
    assert page.cursor == ""
    assert await run(store, EVERYTHING, page.runs[1].id) == page.runs[1]
    assert page.runs[1].steps == GOOD.result.steps
    assert await run(store, EVERYTHING, 4711) is None


@pytest.mark.parametrize("few", [0, 30])  # as if there were many checks: searched by time; as if few: each by its own index
@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Wanted(), lambda _: True),
        (Wanted(check="d1.example/imap"), lambda told: told.check == "d1.example/imap"),
        (Wanted(domain="d2.example"), lambda told: told.check.startswith("d2")),
        (Wanted(domain="D2.Example"), lambda told: told.check.startswith("d2")),
        (Wanted(server="smtp", level=Level.WARNING), lambda told: told.check.endswith("smtp") and told.level is Level.CRITICAL),
        (Wanted(kind="imap", level=Level.UNKNOWN), lambda told: told.check.endswith("imap") and told.level is Level.CRITICAL),
        (Wanted(since=MONDAY + timedelta(minutes=3), until=MONDAY + timedelta(minutes=9)), lambda told: 3 <= told.minute < 9),
        (Wanted(check="nobody.example/imap"), lambda _: False),
    ],
)
@pytest.mark.parametrize("limit", [7, 1000])
async def test_a_search_finds_all_that_fits_and_each_once(
    store: Store, monkeypatch: pytest.MonkeyPatch, few: int, wanted: Wanted, fits: Any, limit: int
) -> None:
    monkeypatch.setattr(reads, "FEW_CHECKS", few)
    told = await fill(store)
    assert await pages(store, wanted, limit) == [(one.at, one.check) for one in told if fits(one)]


async def test_a_search_that_finds_little_stops_and_says_where_to_go_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "FEW_CHECKS", 0)
    monkeypatch.setattr(reads, "LOOKED_AT", 10)
    monkeypatch.setattr(searching, "MOST_LOOKS", 2)
    store.put(a_run(Told(-1, "old.example/imap")))
    await fill(store)
    page = await runs(store, EVERYTHING, Wanted(check=CHECKS[0], until=MONDAY + timedelta(minutes=1)), limit=5)
    assert short(page) == [(MONDAY, CHECKS[0])]
    page = await runs(store, EVERYTHING, Wanted(check="old.example/imap"), limit=5)
    assert page.runs == ()
    assert place_of(page.cursor).at_us == round((MONDAY + timedelta(minutes=17)).timestamp() * 1_000_000)


async def test_what_is_stored_meanwhile_neither_repeats_nor_hides_a_run(store: Store) -> None:
    told = await fill(store)
    first = await runs(store, EVERYTHING, Wanted(), limit=50)
    store.put(a_run(Told(99, CHECKS[0])))
    assert await store.flush()
    rest = await runs(store, EVERYTHING, Wanted(), first.cursor, 1000)
    assert short(first) + short(rest) == [(one.at, one.check) for one in told]


@pytest.mark.parametrize("cursor", ["1", "x.y", "-1.5", "1.2.3", "1." + "9" * 50, "'; DROP TABLE runs; --"])
async def test_a_cursor_that_is_none_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(ValueError, match="is not a cursor: begin without one, then use the one that came with the page before"):
        await runs(store, EVERYTHING, Wanted(), cursor)


@pytest.mark.parametrize("limit", [0, 1001])
async def test_a_page_has_bounds(store: Store, limit: int) -> None:
    with pytest.raises(ValueError, match=f"a page holds 1 to 1000 entries, not {limit}"):
        await runs(store, EVERYTHING, Wanted(), limit=limit)


async def test_the_last_state_of_every_check(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "STATES_AT_ONCE", 3)
    await fill(store)
    store.put(a_run(Told(30, CHECKS[2], 0.5, Level.CRITICAL, fault=True, suspect=True)), a_run(Told(5, CHECKS[2])))  # the second is late
    assert await store.flush()
    found = {state.check: state for state in await states(store, EVERYTHING)}
    assert sorted(found) == sorted(CHECKS)
    state = found[CHECKS[2]]
    assert (state.started_at, state.seconds, state.level, state.suspect, state.fault_kind) == (
        MONDAY + timedelta(minutes=30),
        0.5,
        Level.CRITICAL,
        1,
        "TIMEOUT",
    )
    assert found[CHECKS[0]].started_at == MONDAY + timedelta(minutes=19)
    assert [state.check for state in await states(store, EVERYTHING, MONDAY + timedelta(minutes=25))] == [CHECKS[2]]


async def test_conversations_of_the_last_good_and_the_newest_first_bad_run(store: Store) -> None:
    store.put(GOOD, BAD)
    assert await store.flush()
    good = await conversation(store, EVERYTHING, "abc.example/imap", "last_good")
    bad = await conversation(store, EVERYTHING, "abc.example/imap", "first_bad")
    assert good is not None
    assert bad is not None
    assert (good.lines, good.started_at, good.level) == (GOOD.result.transcript, GOOD.result.started_at, Level.OK)
    assert (bad.which, bad.level) == ("first_bad", Level.CRITICAL)
    assert await conversation(store, EVERYTHING, "abc.example/imap", "middling") is None


async def test_trips_come_back_whole(store: Store) -> None:
    store.put(TRIP)
    assert await store.flush()
    assert (await trips(store, EVERYTHING, WantedTrips())).trips == (TRIP,)


@pytest.mark.parametrize(
    ("wanted", "minutes"),
    [
        (WantedTrips(), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        (WantedTrips(name="d1.example"), [9, 7, 5, 3, 1]),
        (WantedTrips(domain="d0.example"), [8, 6, 4, 2, 0]),
        (WantedTrips(outcome="lost"), [9, 6, 3, 0]),
        (WantedTrips(name="d1.example", domain="d0.example"), []),
        (WantedTrips(message_id="<d1.example.5.delivered@probe>"), [5]),
        (WantedTrips(message_id="<d1.example.5.delivered@probe>", domain="d0.example"), []),
        (WantedTrips(since=MONDAY + timedelta(minutes=2), until=MONDAY + timedelta(minutes=5)), [4, 3, 2]),
    ],
)
async def test_trips_that_are_wanted(store: Store, wanted: WantedTrips, minutes: list[int]) -> None:
    store.put(*(a_trip(minute, Outcome.DELIVERED if minute % 3 else Outcome.LOST, f"d{minute % 2}.example") for minute in range(10)))
    assert await store.flush()
    found: list[Any] = []
    page = await trips(store, EVERYTHING, wanted, limit=2)
    found += page.trips
    while page.cursor:
        page = await trips(store, EVERYTHING, wanted, page.cursor, 2)
        found += page.trips
    assert [run.trip.started_at for run in found] == [MONDAY + timedelta(minutes=minute) for minute in minutes]


def test_a_look_ends_when_enough_fits_or_enough_was_seen() -> None:
    rows = [(9, 4, 0), (8, 3, 1), (7, 2, 1), (6, 1, 1)]
    assert look(rows, 1, 99).ids == [3]
    assert look(rows, 1, 99).next == Place(8, 3)
    assert look(rows, 99, 2) == type(look(rows, 1, 1))([3], Place(8, 3))
    assert look(rows, 99, 99).next is None
    assert newest([(1, 1), (3, 3), (2, 2)], 2).ids == [3, 2]
    assert newest([(1, 1)], 2).next is None
    assert place_of("") == END
