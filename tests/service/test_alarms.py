"""What is heard becomes incidents that stand on the disk before anybody is told; what is in doubt is asked again."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from probe.clock import utc_now
from probe.values import Check, Endpoint, Fault, FaultKind, Journey, Outcome, Result, Step, Trip
from service.alarms.alarm_desk import AlarmDesk
from service.alarms.alarms import Alarms
from service.rounds.work import Work
from store.errors import StoreError
from store.incidents import changes_of, open_incidents
from store.mutes import add_silence
from store.store import Store
from store.values import Run, TripRun
from thresholds.incident_values import Acknowledgement, Mutes, Rules, Scene, Silence
from thresholds.incidents import Watch
from thresholds.limits import Limits
from thresholds.scope import EVERYTHING
from thresholds.values import Level, Limit, Match, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

RULES = Rules(again_seconds=0.05, gather_seconds=0.1)
IMAP, POP3, SUBMISSION = (
    Check(f"abc.example/{name}", "abc.example", name, name, Endpoint("mail.isp.example", 143)) for name in ("imap", "pop3", "submission")
)
WORK = Work((IMAP, POP3), (Journey("abc.example", "abc.example", SUBMISSION, IMAP),), Limits([Limit(Match(), 1.0)]), "berlin")


class Stage:
    """Alarms on a real store; what is asked again fails again, as long as `failing`."""

    def __init__(self, store: Store) -> None:
        self.asked: list[str] = []
        self.failing = True
        self.told = 0
        self.alarms = Alarms(store, self.probe, self.asked.append, lambda: "")
        self.alarms.changed = self.tell

    def tell(self) -> None:
        self.told += 1

    async def probe(self, check: str) -> None:
        self.asked.append(check)
        self.alarms.heard(self.run(next(one for one in WORK.checks if one.name == check)))

    def run(self, check: Check, seconds: float = 0.1) -> Run:
        bad = self.failing and check is IMAP
        fault = Fault(FaultKind.CONNECT, "connect", "Connection refused") if bad else None
        return Run(
            Result(check, utc_now(), (Step("connect", seconds),), fault=fault), Verdict(Level.CRITICAL if bad else Level.OK, ("why",) * bad)
        )


@asynccontextmanager
async def scene(tmp_path: Path) -> AsyncIterator[Stage]:
    store = await Store.open(tmp_path / "s.db")
    made = Stage(store)
    await made.alarms.plan(WORK, {}, RULES, Mutes())
    running = asyncio.create_task(made.alarms.run())
    yield made
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await store.close()


async def until(true: Callable[[], object], seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is awaited is a reading, which rings no bell
            await asyncio.sleep(0.02)


async def test_a_check_that_fails_is_asked_again_with_its_witnesses_and_opens_an_incident(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        here.alarms.heard(here.run(IMAP))
        await until(lambda: here.told)
        assert set(here.asked) == {"abc.example/pop3", "abc.example/imap"}
        (incident,) = here.alarms.watch.open
        assert (incident.level, incident.domains, incident.failing) == (Level.CRITICAL, ("abc.example",), ("abc.example/imap",))


async def test_it_stands_in_the_store_and_a_later_process_goes_on_with_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        here.alarms.heard(here.run(IMAP))
        await until(lambda: here.told)
        (before,) = here.alarms.watch.open
    async with scene(tmp_path) as here:
        await until(lambda: [one.id for one in here.alarms.watch.open] == [before.id])
        here.failing = False
        for _ in range(RULES.good):
            here.alarms.heard(here.run(IMAP))
        await until(lambda: not here.alarms.watch.open)
        await until(lambda: here.told)


async def test_a_good_time_too_near_its_limit_closes_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        here.alarms.heard(here.run(IMAP))
        await until(lambda: here.told)
        here.failing = False
        for _ in range(5):
            here.alarms.heard(here.run(IMAP, seconds=0.95))
        await asyncio.sleep(0.6)
        assert len(here.alarms.watch.open) == 1
        for _ in range(RULES.good):
            here.alarms.heard(here.run(IMAP, seconds=0.5))
        await until(lambda: not here.alarms.watch.open)


def late(message: str, level: Level = Level.WARNING, outcome: Outcome | None = None) -> TripRun:
    return TripRun(Trip("abc.example", "abc.example", message, utc_now(), outcome), Verdict(level, ("late",)))


async def test_one_message_that_is_late_is_one_observation_and_another_is_sent(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        here.failing = False  # its witnesses are well
        here.alarms.heard_trip(late("<1@x>"))
        await until(lambda: "abc.example" in here.asked)
        here.alarms.heard_trip(late("<1@x>", Level.CRITICAL, Outcome.LATE))
        await asyncio.sleep(RULES.gather_seconds + 0.6)
        assert not here.alarms.watch.open
        here.alarms.heard_trip(late("<2@x>"))
        await until(lambda: here.told)
        (incident,) = here.alarms.watch.open
        assert incident.failing == ("trip abc.example",)


async def test_a_trip_that_bounced_is_made_again(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        bounced = Trip("abc.example", "abc.example", "<2@x>", utc_now(), Outcome.BOUNCED)
        here.alarms.heard_trip(TripRun(bounced, Verdict(Level.CRITICAL, ("bounced",))))
        await until(lambda: "abc.example" in here.asked)


async def test_what_the_disk_does_not_take_is_told_when_it_does(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with scene(tmp_path) as here:
        store = here.alarms._store
        await store.read(lambda connection: connection.execute("PRAGMA query_only = ON"))
        here.alarms.heard(here.run(IMAP))
        await until(lambda: "changes of incidents wait for the disk" in caplog.text)
        await asyncio.sleep(2.5)
        assert (here.told, caplog.text.count("changes of incidents wait for the disk")) == (0, 1)
        await store.read(lambda connection: connection.execute("PRAGMA query_only = OFF"))
        await until(lambda: here.told)
        (stored,) = await open_incidents(store)
        assert (stored.changes, stored.told) == (1, True)


async def test_what_people_do_meanwhile_is_stored_too_and_nothing_twice(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        here.alarms.heard(here.run(IMAP))
        await until(lambda: here.told)
        (incident,) = here.alarms.watch.open
        acks = [Acknowledgement(who, utc_now()) for who in ("anna", "ben", "cem")]
        deeds = [partial(Watch.acknowledge, incident=incident.id, ack=ack, now=utc_now()) for ack in acks]
        await asyncio.gather(*(here.alarms.deed(incident.id, deed) for deed in deeds))
        told = await changes_of(here.alarms._store, EVERYTHING, incident.id)
        assert [one.change.number for one in told] == [1, 2, 3, 4]
        assert here.alarms._unsaved == []


@pytest.mark.parametrize("deed", ["acknowledge", "close"])
async def test_what_the_disk_does_not_take_is_not_done(tmp_path: Path, deed: str) -> None:
    async with scene(tmp_path) as here:
        here.alarms.heard(here.run(IMAP))
        await until(lambda: here.told)
        store = here.alarms._store
        (before,) = here.alarms.watch.open
        await store.read(lambda connection: connection.execute("PRAGMA query_only = ON"))
        desk = AlarmDesk(here.alarms, None, store)  # type: ignore[arg-type] # nobody is told of anything here
        anna = Acknowledgement("anna", utc_now())
        doing = partial(desk.acknowledge, before.id, anna) if deed == "acknowledge" else partial(desk.close, before.id, "anna", "disks")
        with pytest.raises(StoreError, match="cannot be written"):
            await doing()
        assert list(here.alarms.watch.open) == [before]
        assert await open_incidents(store) == [before]
        assert [one.change.number for one in await changes_of(store, EVERYTHING, before.id)] == [1]
        assert here.alarms._unsaved == []
        await store.read(lambda connection: connection.execute("PRAGMA query_only = OFF"))
        done = await doing()
        (change,) = [one.change for one in await changes_of(store, EVERYTHING, before.id) if one.change.number == 2]
        assert (change.kind.value.startswith(deed), change.incident) == (True, done)
        assert list(here.alarms.watch.open) == ([] if deed == "close" else [done])


async def test_a_silence_is_in_force_before_anything_of_a_former_process_is_told(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "s.db")
    now = utc_now()
    await add_silence(store, Silence("s0badcafe", Scene(server="imap"), "anna", "at it", now, now + timedelta(hours=1)))
    await store.transact(lambda connection: connection.execute("ALTER TABLE silences RENAME TO away"))
    await store.close()
    async with scene(tmp_path) as here:
        here.alarms.heard(here.run(IMAP))
        await asyncio.sleep(0.7)
        assert here.told == 0  # what mutes it cannot be read yet
        await here.alarms._store.transact(lambda connection: connection.execute("ALTER TABLE away RENAME TO silences"))
        await until(lambda: here.alarms.watch.open)
        (incident,) = here.alarms.watch.open
        assert "at it" in incident.muted


async def test_the_prober_that_falls_sick_is_noticed_though_no_verdict_comes(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        here.alarms._sick = lambda: "the prober cannot even talk to itself over loopback"
        await until(lambda: here.told)
        (incident,) = here.alarms.watch.open
        assert incident.cause.key == "prober:berlin"
        here.alarms._sick = lambda: ""
        await until(lambda: not here.alarms.watch.open)


async def test_our_own_bug_in_naming_keeps_no_alarm_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with scene(tmp_path) as here:
        odd = Fault("odd", "connect")  # type: ignore[arg-type] # no kind that blame knows
        seen = Run(Result(IMAP, utc_now(), (), fault=odd), Verdict(Level.CRITICAL, ("why",)))
        for _ in range(RULES.bad):
            here.alarms.heard(seen)
            await asyncio.sleep(RULES.again_seconds)
        await until(lambda: here.told)
        (incident,) = here.alarms.watch.open
        assert (incident.cause.key, incident.cause.evidence) == ("check:abc.example/imap", ("only abc.example/imap",))
        assert "our own error in naming causes" in caplog.text
