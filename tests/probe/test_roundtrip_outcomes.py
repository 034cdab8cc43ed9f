"""The ten outcomes, each reached on the real lab by a fault that makes it; and what a trip says while it is under way."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lab import dovecot, faults, postfix
from probe.values import Mailbox, Outcome, Secret
from tests.probe.lab_trips import Way

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.conftest import Lab

pytestmark = pytest.mark.lab
ALPHA = "probe@alpha.test"


@pytest.fixture
def way(lab: Lab, tmp_path: Path) -> Iterator[Way]:
    dovecot.empty(lab.ground, ALPHA)
    yield Way(lab, tmp_path / "ledger")
    for instance in postfix.INSTANCES:
        postfix.purge(lab.ground, instance)
    dovecot.empty(lab.ground, ALPHA)


@asynccontextmanager
async def suffering(lab: Lab, *names: str) -> AsyncIterator[None]:
    """Put faults in force, and take them away whatever happens."""
    await asyncio.to_thread(faults.inject, lab.ground, list(names))
    try:
        yield
    finally:
        await asyncio.to_thread(faults.clear, lab.ground)


# fault -> outcome, part of what is said, the step at fault
TOLD = {
    "junk": (Outcome.MISPLACED, "found in Junk", ""),
    "twice": (Outcome.DUPLICATE, "", ""),
    "body-changed": (Outcome.MODIFIED, "the body was changed", ""),
    "bounced": (Outcome.BOUNCED, "nobody here wants this", ""),
    "rejected": (Outcome.REJECTED, "550 5.7.1", "rcpt"),
}


@pytest.mark.parametrize(("fault", "told"), TOLD.items(), ids=TOLD.keys())
async def test_a_fault_ends_the_trip_with_its_outcome(way: Way, fault: str, told: tuple[Outcome, str, str]) -> None:
    outcome, said, step = told
    async with suffering(way.lab, fault):
        (trip,) = await way.make(way.journey(settle_seconds=3.0))
    assert (trip.outcome, trip.step, trip.waiting_for) == (outcome, step, "")
    assert said in trip.said


async def test_held_mail_is_lost_in_the_end(way: Way) -> None:
    async with suffering(way.lab, "held"):
        (waiting,) = await way.make(way.journey(lost_after_seconds=6.0), wait_seconds=2.0)
        assert (waiting.outcome, waiting.waiting_for) == (None, f"the message in INBOX of {ALPHA}")
        (fresh, lost) = await way.make(way.journey(lost_after_seconds=4.0), wait_seconds=20.0)
    assert (fresh.outcome, lost.outcome) == (Outcome.LOST, Outcome.LOST)
    assert lost.message_id == waiting.message_id


async def test_a_message_that_has_come_when_time_is_up_is_no_trip_under_way(way: Way) -> None:
    (trip,) = await way.make(way.journey(settle_seconds=3.0), wait_seconds=2.5)
    assert (trip.outcome, trip.waiting_for) == (Outcome.DELIVERED, "")


async def test_held_mail_that_is_released_is_late(way: Way) -> None:
    async with suffering(way.lab, "held"):
        making = asyncio.create_task(way.make(way.journey(late_after_seconds=2.0)))
        await asyncio.sleep(4.0)
    (trip,) = await making
    assert trip.outcome is Outcome.LATE
    assert trip.transit_seconds is not None
    assert trip.transit_seconds > 2


async def test_greylisted_until_lost(way: Way) -> None:
    async with suffering(way.lab, "greylisted=60"):
        (trip,) = await way.make(way.journey(lost_after_seconds=7.0))
    assert (trip.outcome, trip.step) == (Outcome.GREYLISTED, "rcpt")
    assert "451 4.7.1" in trip.said
    assert trip.readings["tries"] == 2


async def test_greylisted_and_let_in_is_delivered(way: Way) -> None:
    async with suffering(way.lab, "greylisted=3"):
        (trip,) = await way.make(way.journey(late_after_seconds=4.0))
    assert trip.outcome is Outcome.DELIVERED
    assert 4.5 < float(trip.readings["greylisted_seconds"]) < 8
    assert (trip.readings["tries"], trip.readings["copies"]) == (2, 1)


async def test_a_mailbox_that_cannot_be_read_leaves_us_unsure(way: Way) -> None:
    journey = way.journey(lost_after_seconds=4.0)
    wrong = replace(journey.fetch, mailbox=Mailbox(ALPHA, Secret("not the password")))
    (trip,) = await way.make(replace(journey, fetch=wrong, bounces=None))
    assert trip.outcome is Outcome.UNSURE
    assert trip.said.startswith(f"cannot read INBOX of {ALPHA}: AUTH at login: ")
    assert "not the password" not in trip.said


async def test_a_submission_that_never_came_so_far_leaves_us_unsure(way: Way) -> None:
    async with suffering(way.lab, "submission-refusing"):
        (trip,) = await way.make(way.journey())
    assert (trip.outcome, trip.step) == (Outcome.UNSURE, "connect")
    assert trip.said.startswith("not sent: CONNECT at connect: Connection refused ")


async def test_a_wrong_clock_on_the_way_is_named_and_spoils_no_hop(way: Way) -> None:
    async with suffering(way.lab, "clock-off=90"):
        (trip,) = await way.make(way.journey())
    hub = next(relay for relay in trip.relays if relay.by == "hub.lab.test")
    assert hub.clock_offset_seconds is not None
    assert hub.clock_error_seconds is not None
    assert abs(hub.clock_offset_seconds - 90) <= hub.clock_error_seconds + 1
    assert hub.seconds is None
    assert "ahead of ours" in hub.note
    assert trip.outcome is Outcome.DELIVERED
