"""How `probe run` runs many checks: bounded per server, in order, and with our own bugs kept apart from their outages."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from probe import Check, Endpoint, FaultKind, Journey, Outcome, Result, Step, Trip
from probe.clock import utc_now
from probe.wire import Wire
from service.report import Bounds
from service.rounds.run import PER_SERVER, Runner, judge_check, run_once
from service.rounds.work import NothingSelected, Selection, Work, select
from tests.service.made import a_check, a_result
from thresholds import Level, Limit, Match
from thresholds.limits import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence


class Server:
    """An SMTP server that answers its greeting after 20 ms and counts how many are there at once."""

    def __init__(self) -> None:
        self.now = self.most = self.calls = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.now, self.calls = self.now + 1, self.calls + 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.02)
        writer.write(b"554 not today\r\n")
        await reader.readline()
        self.now -= 1
        writer.write(b"221 bye\r\n")
        writer.close()


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Server, int]]:
    server = Server()
    listener = await asyncio.start_server(server, "127.0.0.1", 0)
    async with listener:
        yield server, listener.sockets[0].getsockname()[1]


def smtp(place: int, port: int) -> Check:
    return Check(f"d{place}.example/mx", f"d{place}.example", "mx", "smtp", Endpoint("127.0.0.1", port))


async def no_trip(journeys: Sequence[Journey], _: Callable[[Trip], None]) -> list[Trip]:
    raise AssertionError(journeys)


async def test_many_checks_never_crowd_one_server_and_come_back_in_order() -> None:
    async with serving() as (one, first), serving() as (other, second):
        checks = [smtp(place, first if place % 2 else second) for place in range(60)]
        wire = Wire()
        runner = Runner(wire.run, no_trip)
        results = await runner.checks(checks)
        await wire.close()
    assert [result.check for result in results] == checks
    assert {result.fault.kind for result in results if result.fault} == {FaultKind.PERMANENT}
    assert (one.calls, other.calls, runner.done) == (30, 30, 60)
    assert 1 < one.most <= PER_SERVER + 2  # a farewell may still be on its way when the next one comes
    assert 1 < other.most <= PER_SERVER + 2


async def test_our_own_bug_is_no_outage_of_theirs(caplog: pytest.LogCaptureFixture) -> None:
    good, bad = a_check("abc.example"), a_check("def.example")

    async def prober(check: Check) -> Result:
        if check is bad:
            raise ZeroDivisionError("a bug with s3cret in it")
        return a_result(check)

    with caplog.at_level(logging.ERROR):
        report = await run_once(Work((good, bad)), Runner(prober, no_trip))
    assert [one.verdict.level for one in report.checks] == [Level.OK, Level.UNKNOWN]
    fault = report.checks[1].result.fault
    assert fault is not None
    assert (fault.kind, fault.step, fault.said) == (FaultKind.OURS, "run", "ZeroDivisionError")
    assert (report.level, report.exit_code) == (Level.UNKNOWN, 3)
    assert "our own error in def.example/imap" in caplog.text


async def test_a_bug_in_the_trips_leaves_the_checks_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def prober(check: Check) -> Result:
        return a_result(check)

    async def traveller(journeys: Sequence[Journey], _: Callable[[Trip], None]) -> list[Trip]:
        raise KeyError(journeys[0].name)

    work = Work((a_check(),), (Journey("abc.example", "abc.example", a_check(), a_check()),))
    report = await run_once(work, Runner(prober, traveller))
    (trip,) = report.trips
    assert (trip.trip.outcome, trip.verdict.level, report.checks[0].verdict.level) == (Outcome.UNSURE, Level.UNKNOWN, Level.OK)
    assert trip.trip.said == "our own error, which says nothing of the mail system: KeyError"
    assert "our own error in the trips" in caplog.text


async def test_cancellation_is_never_swallowed() -> None:
    started = asyncio.Event()

    async def prober(_: Check) -> Result:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.create_task(run_once(Work((a_check(),)), Runner(prober, no_trip)))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_the_limit_in_force_is_kept_for_perfdata() -> None:
    limits = Limits((Limit(Match(server="imap*"), 0.5, 2.0), Limit(Match(server="imap", domain="abc.example"), 0.001, None)))
    slow = Result(a_check(), utc_now(), (Step("connect", 1.0),))
    one = judge_check(slow, Work(limits=limits))
    assert (one.bounds, one.verdict.level) == (Bounds(0.001, None), Level.WARNING)
    assert judge_check(Result(a_check("x.example"), utc_now()), Work(limits=limits)).bounds == Bounds(0.5, 2.0)
    assert judge_check(slow, Work()).bounds == Bounds()


WORK = Work(
    tuple(a_check(domain, server, kind) for domain in ("abc.example", "def.test") for server, kind in (("imap", "imap"), ("mx1", "smtp")))
)


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        (Selection(), ["abc.example/imap", "abc.example/mx1", "def.test/imap", "def.test/mx1"]),
        (Selection(domains=["ABC.*"]), ["abc.example/imap", "abc.example/mx1"]),
        (Selection(servers=["m*", "nix"]), ["abc.example/mx1", "def.test/mx1"]),
        (Selection(kinds=["imap"], domains=["*.test"]), ["def.test/imap"]),
    ],
)
def test_globs_choose(chosen: Selection, names: list[str]) -> None:
    chosen_work = select(WORK, chosen)
    assert [check.name for check in chosen_work.checks] == names
    assert chosen_work.partial == bool(chosen.words)


TWELVE = ", ".join(f"d{place}.example" for place in range(12))


@pytest.mark.parametrize(
    ("work", "chosen", "said"),
    [
        (
            WORK,
            Selection(domains=["x*"], kinds=["pop3"]),
            "no check fits --domain x* --kind pop3; domains: abc.example, def.test; servers: imap, mx1; kinds: imap, smtp",
        ),
        (Work(), Selection(), "the configuration has no check to run: give a domain its servers"),
        (
            Work(tuple(a_check(f"d{place}.example") for place in range(14))),
            Selection(servers=["x"]),
            f"no check fits --server x; domains: {TWELVE} and 2 more; servers: imap; kinds: imap",
        ),
    ],
)
def test_nothing_chosen_says_what_there_is(work: Work, chosen: Selection, said: str) -> None:
    with pytest.raises(NothingSelected) as caught:
        select(work, chosen)
    assert str(caught.value) == said
