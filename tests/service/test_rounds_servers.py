"""The rounds and servers: what is asked of each, what is asked by hand, and what they let us know."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from itertools import pairwise

import pytest

from probe.values import Fault, FaultKind
from service.rounds.budget import Budget, Cost, Purses
from service.rounds.rounds import Rounds
from tests.service.stage import Stage, checks, play

BUSY = Fault(FaultKind.TEMPORARY, "greeting", "421 4.7.0 Too many connections from 192.0.2.1")
LOCKED = Fault(FaultKind.AUTH, "login", "NO [INUSE] Mailbox is in use")
DOWN = Fault(FaultKind.CONNECT, "connect", "Connection refused (192.0.2.9 port 143)")


# -- budgets


def test_never_more_conversations_with_a_server_than_its_budget_and_those_that_wait_come_in_order() -> None:
    async def scene(stage: Stage) -> None:
        stage.takes = lambda _: 6.0
        stage.rounds.plan(checks(40), {"imap": Budget(3)})
        await stage.act(600)

    stage = play(scene)
    assert stage.most_open == 3
    assert 280 <= len(stage.begun) <= 300  # three at a time, six seconds each, for ten minutes
    runs = Counter(name for name, _ in stage.begun)
    assert max(runs.values()) - min(runs.values()) <= 1  # each has its turn
    assert max(late for _, late in stage.told) <= 60.0  # what came too late for its tick is the run of the next one
    assert stage.rounds.stats.tally.missed["imap"] > 0


@pytest.mark.parametrize("limit", [5, 30, 90])
def test_no_minute_holds_more_connections_than_the_budget(limit: int) -> None:
    async def scene(stage: Stage) -> None:
        warnings = stage.rounds.plan(checks(100), {"imap": Budget(8, connections_per_minute=limit)})
        assert len(warnings) == 1
        await stage.act(900)

    times = [at for _, at in play(scene).begun]
    assert max(sum(begin <= at < begin + 59.999 for at in times) for begin in times) <= limit
    assert len(times) >= limit * 13


def test_a_cap_over_all_servers_holds_and_each_server_has_its_turn() -> None:
    async def scene(stage: Stage) -> None:
        stage.rounds._at_once = 5
        stage.takes = lambda _: 3.0
        stage.rounds.plan([check for one in range(20) for check in checks(2, f"s{one}", 60.0, f"host{one}.example")], {})
        running = asyncio.create_task(stage.act(300))
        most = 0
        while not running.done():
            await asyncio.sleep(1)
            most = max(most, sum(stage.open.values()))
        assert most == 5
        assert min(Counter(name for name, _ in stage.begun).values()) >= 4

    play(scene)


def test_servers_that_hang_with_endless_queues_do_not_shut_out_a_healthy_one() -> None:
    async def scene(stage: Stage) -> None:
        stage.rounds._at_once = 8
        stage.takes = lambda check: 10.0 if check.server != "good" else 0.1
        hanging = [check for one in range(2) for check in checks(60, f"bad{one}", 60.0, f"bad{one}.example")]
        stage.rounds.plan([*hanging, *checks(1, "good", 60.0, "good.example")], {})
        await stage.act(900)

    stage = play(scene)
    assert stage.rounds.stats.tally.missed["bad0"] > 0  # more than can be worked off
    assert len(stage.times("d0.example/good")) >= 14
    assert max(late for result, late in stage.told if result.check.server == "good") <= 30.0


def test_who_else_spends_out_of_a_budget_leaves_less_for_the_checks() -> None:
    async def scene(stage: Stage) -> None:
        purses = Purses()
        stage.rounds = Rounds(stage.probe, lambda result, late: stage.told.append((result, late)), clocks=stage.world.look, purses=purses)
        stage.rounds.plan(checks(60), {"imap": Budget(connections_per_minute=60)})
        running = asyncio.create_task(stage.act(59))
        purse = purses.of(("mail.isp.example", 143))
        for _ in range(45):
            purse.take(Cost(logins=True, messages=False), stage.world.monotonic)
        purse.open -= 45
        await running

    assert 10 <= len(play(scene).begun) <= 15


# -- asked by hand


def test_by_hand_a_check_runs_at_once_and_only_who_asked_is_told() -> None:
    async def scene(stage: Stage) -> None:
        stage.rounds.plan(checks(2, every=3_600.0), {})
        assert await stage.rounds.probe_now("nobody.example/imap") is None
        running = asyncio.create_task(stage.act(10))
        await asyncio.sleep(0)
        results = await asyncio.gather(*(stage.rounds.probe_now("d0.example/imap") for _ in range(3)))
        assert [result.check.name for result in results if result] == ["d0.example/imap"] * 3
        assert [round(later - earlier, 2) for earlier, later in pairwise(stage.times("d0.example/imap"))] == [0.05, 0.05]  # in turn
        await running
        assert stage.told == []

    play(scene)


def test_who_asks_by_hand_on_and_on_takes_no_run_of_the_schedule() -> None:
    async def scene(stage: Stage) -> None:
        stage.takes = lambda _: 1.0
        stage.rounds.plan(checks(1, every=8.0), {})
        running = asyncio.create_task(stage.act(800))
        while not running.done():
            await stage.rounds.probe_now("d0.example/imap")
            await asyncio.sleep(0.001)
        assert stage.rounds.stats.tally.missed["imap"] == 0

    stage = play(scene)
    assert len(stage.told) in {99, 100}
    assert max(late for _, late in stage.told) <= 1.0


def test_by_hand_a_check_that_goes_away_while_it_waits_is_none() -> None:
    async def scene(stage: Stage) -> None:
        stage.takes = lambda _: 20.0
        stage.rounds.plan(checks(2, every=3_600.0), {"imap": Budget(1)})
        running = asyncio.create_task(stage.act(60))
        await asyncio.sleep(0)
        first = asyncio.create_task(stage.rounds.probe_now("d0.example/imap"))
        await asyncio.sleep(1)
        second = asyncio.create_task(stage.rounds.probe_now("d1.example/imap"))
        await asyncio.sleep(1)
        stage.rounds.plan(checks(1, every=3_600.0), {"imap": Budget(1)})
        assert await second is None
        assert await first is not None
        await running

    play(scene)


def test_who_stops_waiting_by_hand_leaves_nothing_behind() -> None:
    async def scene(stage: Stage) -> None:
        stage.takes = lambda _: 20.0
        stage.rounds.plan(checks(2, every=3_600.0), {"imap": Budget(1)})
        running = asyncio.create_task(stage.act(60))
        await asyncio.sleep(0)
        first = asyncio.create_task(stage.rounds.probe_now("d0.example/imap"))
        await asyncio.sleep(1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stage.rounds.probe_now("d1.example/imap"), 5)
        assert stage.rounds.stats.waiting == {}
        assert await first is not None
        assert await stage.rounds.probe_now("d1.example/imap") is not None
        await running

    play(scene)


# -- what servers let us know


def test_a_server_that_asks_for_it_is_left_alone_longer_and_longer_until_it_answers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def scene(stage: Stage) -> None:
        busy = [True]
        stage.answers = lambda check: BUSY if busy[0] and check.server == "imap" else None
        stage.rounds.plan([*checks(60), *checks(60, "pop3", 60.0, "pop.isp.example")], {})
        running = asyncio.create_task(stage.act(900))
        await asyncio.sleep(300)
        (why,) = stage.rounds.stats.backing_off.values()
        assert why.startswith("all its checks held back until 20")
        assert why.endswith("because it said: 421 4.7.0 Too many connections from 192.0.2.1")
        by_hand = await stage.rounds.probe_now("d3.example/imap")
        assert by_hand is not None
        assert by_hand.fault is not None
        assert (by_hand.fault.kind, by_hand.fault.step) == (FaultKind.OURS, "budget")
        assert by_hand.fault.said.startswith("not probed: held back until 20")
        busy[0] = False
        await running

    stage = play(scene)
    imap = [at for name, at in stage.begun if name.endswith("/imap")]
    pauses = [later - earlier for earlier, later in pairwise(imap[:6])]
    assert all(low <= pause <= low + 3 for low, pause in zip((15, 30, 60, 120, 240), pauses, strict=True)), pauses
    assert len(imap) > 400  # as before, once it answered
    stats = stage.rounds.stats
    assert stats.backing_off == {}
    assert stats.tally.held["imap"] == stats.tally.missed["imap"] > 300
    assert stats.tally.missed["pop3"] == 0
    assert [record.getMessage() for record in caplog.records] == [
        *["a server asks to be left alone; its checks are held back"] * 5,
        "a server that asked to be left alone is probed as before",
    ]


def test_a_mailbox_in_use_holds_up_its_own_check_alone() -> None:
    async def scene(stage: Stage) -> None:
        stage.answers = lambda check: LOCKED if check.domain == "d0.example" else None
        stage.rounds.plan(checks(3, every=5.0), {})
        await stage.act(600)

    stage = play(scene)
    runs = Counter(name for name, _ in stage.begun)
    assert runs["d0.example/imap"] < 10
    assert runs["d1.example/imap"] == runs["d2.example/imap"] == 120
    assert next(iter(stage.rounds.stats.backing_off.values())).startswith("1 of its checks held back")


def test_a_mailbox_that_is_free_again_is_probed_as_before() -> None:
    async def scene(stage: Stage) -> None:
        stage.answers = lambda _: LOCKED if stage.world.monotonic < 1_300 else None
        stage.rounds.plan(checks(1, every=5.0), {})
        await stage.act(1_000)

    stage = play(scene)
    assert stage.rounds.stats.backing_off == {}
    assert {round(later - earlier, 2) for earlier, later in pairwise(stage.times("d0.example/imap")[-20:])} == {5.0}


def test_one_domain_that_is_refused_again_and_again_does_not_silence_the_others() -> None:
    async def scene(stage: Stage) -> None:
        stage.answers = lambda check: BUSY if check.domain == "d0.example" else None
        stage.rounds.plan(checks(30), {})
        running = asyncio.create_task(stage.act(3_000))
        await asyncio.sleep(1_000)
        assert next(iter(stage.rounds.stats.backing_off.values())).startswith("1 of its checks held back")
        stage.rounds.plan(checks(30)[1:], {})
        assert stage.rounds.stats.backing_off == {}
        await running

    stage = play(scene)
    missed = 3_000 / 60 * 29 - sum(name != "d0.example/imap" for name, _ in stage.begun)
    assert missed < 15  # one pause for all of them, and then never again


def test_a_server_that_did_work_and_then_takes_no_connection_may_have_banned_us(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(stage: Stage) -> None:
        down = [False]
        stage.answers = lambda check: DOWN if down[0] or check.server == "never" else None
        stage.rounds.plan([*checks(20), *checks(20, "never", 60.0, "never.example")], {})
        running = asyncio.create_task(stage.act(600))
        await asyncio.sleep(120)
        down[0] = True
        await asyncio.sleep(50)
        assert stage.rounds.stats.hints == {}
        await asyncio.sleep(60)
        ((where, says),) = stage.rounds.stats.hints.items()
        assert where == "mail.isp.example port 143"
        assert says.startswith("all ")
        assert says.endswith("and it worked before: it is down, or it has banned our address; try it from another host")
        down[0] = False
        await running
        assert stage.rounds.stats.hints == {}

    play(scene)
    (told,) = [record.getMessage() for record in caplog.records]
    assert told.startswith("we may be banned: all ")
