"""Trips outlive the run that made them: killed, cancelled or out of time; and a mailbox that is numbered anew."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab import dovecot, faults, postfix, processes, servers
from probe.ledger import Ledger
from probe.outcome import Handed
from probe.passage import passage_of
from probe.values import Outcome
from tests.probe.lab_trips import Way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe.values import Trip
    from tests.conftest import Lab

pytestmark = pytest.mark.lab
ALPHA = "probe@alpha.test"
ROOT = Path(__file__).parents[2]
TRAVELLER = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from lab.ground import open_ground
from tests.conftest import Lab
from tests.probe.lab_trips import Way
folder = Path({dir!r})
way = Way(Lab(folder, open_ground(folder)), Path({ledger!r}))
asyncio.run(way.make(way.journey(lost_after_seconds=6.0)))
"""


@pytest.fixture
def way(lab: Lab, tmp_path: Path) -> Iterator[Way]:
    dovecot.empty(lab.ground, ALPHA)
    yield Way(lab, tmp_path / "ledger")
    if faults.in_force(lab.ground):
        faults.clear(lab.ground)
    for instance in postfix.INSTANCES:
        postfix.purge(lab.ground, instance)
    dovecot.empty(lab.ground, ALPHA)


def handed(folder: Path) -> list[Handed]:
    """Return how the submissions stand in the ledger's files, by their last lines."""
    lines = [path.read_bytes().splitlines()[-1] for path in folder.glob("*.jsonl") if path.stat().st_size]
    return [passage_of(line).facts.handed for line in lines]


def start(way: Way) -> subprocess.Popen[bytes]:
    source = TRAVELLER.format(root=str(ROOT), dir=str(way.lab.dir), ledger=str(way.folder))
    return subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def inbox(lab: Lab) -> list[Path]:
    """Return the files of the INBOX."""
    home = dovecot.home(lab.ground, ALPHA) / "Maildir"
    return [path for part in ("new", "cur") for path in home.glob(f"{part}/*") if path.is_file()]


def held(way: Way) -> bool:
    """Return whether the one message was taken, is written down as taken, and has come as far as the queue that holds it."""
    return handed(way.folder) == [Handed.TAKEN] and bool(postfix.queued(way.lab.ground, "hub"))


async def until(condition: object, seconds: float = 15.0) -> None:
    assert callable(condition)
    assert await asyncio.to_thread(processes.until, condition, seconds)


async def test_a_message_that_arrives_after_kill_minus_nine_is_found_by_the_next_run(way: Way) -> None:
    await asyncio.to_thread(faults.inject, way.lab.ground, ["held"])
    with start(way) as victim:
        await until(lambda: held(way))
        victim.kill()
    await asyncio.to_thread(faults.clear, way.lab.ground)
    await until(lambda: len(inbox(way.lab)) == 1)
    fresh, old = await way.make(way.journey())
    assert (fresh.outcome, old.outcome) == (Outcome.DELIVERED, Outcome.DELIVERED)
    assert old.transit_seconds is not None
    assert old.uncertainty_seconds > fresh.uncertainty_seconds
    assert old.started_at < fresh.started_at
    assert inbox(way.lab) == []
    assert list(way.folder.iterdir()) == []


async def kill_and_finish(way: Way, seconds: float) -> list[Trip]:
    """Kill a run after so long, and return what two further runs make of its trips."""
    with start(way) as victim:
        await asyncio.sleep(seconds)
        victim.kill()
    first = await way.make(way.journey(lost_after_seconds=6.0))
    second = await way.make(way.journey(lost_after_seconds=6.0))
    assert len(second) == 1
    return first


async def check_kill(way: Way, seconds: float) -> None:
    fresh, *old = await kill_and_finish(way, seconds)
    assert fresh.outcome is Outcome.DELIVERED
    assert len(old) <= 1
    assert all(trip.outcome in (Outcome.DELIVERED, Outcome.UNSURE) for trip in old)
    assert list(way.folder.iterdir()) == []
    assert inbox(way.lab) == []


@pytest.mark.parametrize("seconds", [0.45, 0.7, 1.0])
async def test_kill_at_any_instant_leaves_each_trip_one_outcome(way: Way, seconds: float) -> None:
    await check_kill(way, seconds)


@pytest.mark.proof
async def test_fifty_kills_at_any_instant(way: Way) -> None:
    for turn in range(50):
        await check_kill(way, 0.3 + turn * 0.03)


async def test_a_cancelled_run_leaves_politely_and_keeps_its_trip(way: Way) -> None:
    await asyncio.to_thread(faults.inject, way.lab.ground, ["held"])
    log = way.lab.ground.log("dovecot")
    before = log.read_text().count("Logged out")
    making = asyncio.create_task(way.make(way.journey()))
    await until(lambda: held(way))
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    await until(lambda: log.read_text().count("Logged out") > before, 5.0)
    assert handed(way.folder) == [Handed.TAKEN]


def number_anew(lab: Lab) -> None:
    """Give the INBOX another UIDVALIDITY."""
    doveadm = ["doveadm", "-c", str(lab.dir / "dovecot/dovecot.conf"), "mailbox", "update", "-u", ALPHA, "--uid-validity", "4711", "INBOX"]
    done = subprocess.run(doveadm, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


async def test_a_mailbox_numbered_anew_shows_each_message_once(way: Way) -> None:
    await asyncio.to_thread(faults.inject, way.lab.ground, ["held"])
    making = asyncio.create_task(way.make(way.journey()))
    await until(lambda: held(way))
    await asyncio.to_thread(number_anew, way.lab)
    await asyncio.to_thread(faults.clear, way.lab.ground)
    (trip,) = await making
    assert (trip.outcome, trip.readings["copies"]) == (Outcome.DELIVERED, 1)


async def test_a_mailbox_that_goes_away_and_comes_back(way: Way) -> None:
    await asyncio.to_thread(faults.inject, way.lab.ground, ["held"])
    making = asyncio.create_task(way.make(way.journey()))
    await until(lambda: held(way))
    await asyncio.to_thread(servers.stop, way.lab.ground, "dovecot")
    await asyncio.sleep(1.0)
    await asyncio.to_thread(servers.start, way.lab.ground, "dovecot")
    await asyncio.to_thread(faults.clear, way.lab.ground)
    (trip,) = await making
    assert trip.outcome in (Outcome.DELIVERED, Outcome.LATE)


async def test_a_ledger_that_cannot_be_written_stops_nothing(way: Way) -> None:
    way.folder.write_text("a file where the folder should be")
    (trip,) = await way.make(way.journey())
    assert trip.outcome is Outcome.DELIVERED
    with Ledger(way.folder) as ledger:
        assert len(ledger.complaints) == 1
