"""The service's round trips on the real lab and a real store: begun at their times, told at each change, followed across restarts."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lab import dovecot, faults, postfix, processes
from probe.ledger import Ledger
from probe.values import Outcome, Secret
from tests.probe.lab_trips import Way
from tests.probe.test_release import rings
from tests.service.serving_trips import serving
from tests.service.test_lab_janitor import flag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Lab

pytestmark = pytest.mark.lab
ALPHA = "probe@alpha.test"


@pytest.fixture
def way(lab: Lab, tmp_path: Path) -> Iterator[Way]:
    dovecot.empty(lab.ground, ALPHA)
    yield Way(lab, tmp_path / "service")
    if faults.in_force(lab.ground):
        faults.clear(lab.ground)
    for instance in postfix.INSTANCES:
        postfix.purge(lab.ground, instance)
    dovecot.empty(lab.ground, ALPHA)


def lying(lab: Lab) -> int:
    """Count the messages of the mailbox, in every folder."""
    home = dovecot.home(lab.ground, ALPHA) / "Maildir"
    return sum(path.is_file() for part in ("new", "cur") for path in home.glob(f"**/{part}/*"))


async def release(lab: Lab) -> None:
    """Let the mail go that is held up, once it has come as far as the queue that holds it."""

    def arrived() -> bool:
        return bool(postfix.queued(lab.ground, "hub")) and not postfix.queued(lab.ground, "mx")

    assert await asyncio.to_thread(processes.until, arrived, 15.0)
    await asyncio.to_thread(faults.clear, lab.ground)


async def test_trips_go_on_and_on_and_each_ends_once(way: Way) -> None:
    journeys = [replace(way.journey(), name=f"trip-{number}", every_seconds=2.0) for number in range(4)]
    async with serving(way) as (trips, kept):
        trips.plan(journeys)
        await kept.until(lambda: len(kept.ended) >= 12)
        assert trips.stats.begun >= 12
    assert {trip.outcome for trip in kept.ended} == {Outcome.DELIVERED}
    assert set(Counter(trip.message_id for trip in kept.ended).values()) == {1}
    assert {trip.name for trip in kept.ended} == {journey.name for journey in journeys}


async def test_what_was_under_way_is_followed_by_the_next_service(way: Way) -> None:
    await asyncio.to_thread(faults.inject, way.lab.ground, ["held"])
    journey = replace(way.journey(lost_after_seconds=60.0), every_seconds=1.5)
    async with serving(way) as (trips, first):
        trips.plan([journey])
        await first.until(lambda: any(trip.submit_seconds is not None for trip in first.told))
    assert first.ended == []
    begun = {trip.message_id for trip in first.told}
    await release(way.lab)
    async with serving(way) as (trips, second):
        trips.plan([replace(journey, every_seconds=300.0)])
        await second.until(lambda: {trip.message_id for trip in second.ended} >= begun)
    assert lying(way.lab) == 0


async def test_trips_of_a_run_beside_the_store_are_taken_over(way: Way) -> None:
    await asyncio.to_thread(faults.inject, way.lab.ground, ["held"])
    files = Way(way.lab, way.folder / "mailsonde.trips")
    way.folder.mkdir()
    (left,) = await files.make(files.journey(lost_after_seconds=60.0), wait_seconds=2.0)
    assert left.outcome is None
    await release(way.lab)
    async with serving(way) as (trips, kept):
        trips.plan([replace(way.journey(), every_seconds=300.0)])
        await kept.until(lambda: left.message_id in {trip.message_id for trip in kept.ended})
    with Ledger(files.folder) as ledger:
        assert ledger.claim([left.name], left.started_at) == []
    assert await asyncio.to_thread(processes.until, lambda: lying(way.lab) == 0, 5.0)


async def test_a_message_that_a_kill_left_flagged_is_found_and_expunged(way: Way) -> None:
    await asyncio.to_thread(faults.inject, way.lab.ground, ["held"])
    files = Way(way.lab, way.folder / "mailsonde.trips")
    way.folder.mkdir()
    (left,) = await files.make(files.journey(lost_after_seconds=60.0), wait_seconds=2.0)
    await release(way.lab)
    assert await asyncio.to_thread(processes.until, lambda: lying(way.lab) == 1, 10.0)
    await asyncio.to_thread(flag, way.lab)
    async with serving(way) as (trips, kept):
        trips.plan([replace(way.journey(), every_seconds=300.0)])
        await kept.until(lambda: (left.message_id, Outcome.DELIVERED) in {(trip.message_id, trip.outcome) for trip in kept.ended})
    assert await asyncio.to_thread(processes.until, lambda: lying(way.lab) == 0, 5.0)


async def test_a_trip_under_way_goes_on_with_the_new_password(way: Way) -> None:
    right = replace(way.journey(lost_after_seconds=60.0), every_seconds=1.0)
    assert right.fetch.mailbox is not None
    wrong = replace(right.fetch, mailbox=replace(right.fetch.mailbox, password=Secret("not it")))
    async with serving(way) as (trips, kept):
        trips.plan([replace(right, fetch=wrong, bounces=None)])
        await kept.until(lambda: any("cannot read INBOX" in trip.waiting_for for trip in kept.told))
        waiting = next(trip for trip in kept.told if "cannot read INBOX" in trip.waiting_for)
        trips.plan([replace(right, every_seconds=300.0)])
        await kept.until(lambda: (waiting.message_id, Outcome.DELIVERED) in {(trip.message_id, trip.outcome) for trip in kept.ended})


async def test_a_journey_that_is_gone_begins_no_trip_and_its_last_one_ends(way: Way) -> None:
    journey = replace(way.journey(), every_seconds=0.5)
    async with serving(way) as (trips, kept):
        trips.plan([journey])
        await kept.until(lambda: bool(kept.told))
        trips.plan([])
        begun = trips.stats.begun
        await kept.until(lambda: trips.stats.under_way == 0)
        assert (len(kept.ended), trips.stats.begun) == (begun, begun)
        assert await asyncio.to_thread(processes.until, lambda: trips.stats.mailboxes_open == 0, 5.0)


async def test_a_mailbox_is_closed_between_trips_that_are_far_apart(way: Way) -> None:
    async with serving(way) as (trips, kept):
        trips.plan([replace(way.journey(), every_seconds=1_000_000.0, name="seldom")])
        assert trips.stats.mailboxes_open == 0
        assert kept.told == []


@pytest.mark.parametrize("fetch", ["imaps", "pop3s"])
async def test_trips_of_a_service_that_goes_on_leave_no_garbage(way: Way, fetch: str) -> None:
    left: list[str] = []
    async with serving(way) as (trips, kept):
        trips.plan([replace(way.journey(fetch=fetch), every_seconds=1.0)])
        await kept.until(lambda: len(kept.ended) >= 2)
        with rings(left):
            await kept.until(lambda: len(kept.ended) >= 6)
        trips.plan([])
        await kept.until(lambda: trips.stats.under_way == 0)
    assert left == []
