"""What a server says when it wants to be left alone, for how long it is, and what the clocks say of themselves."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from probe.values import Fault, FaultKind
from service.rounds.backoff import LONGEST_SECONDS, Backoff, Reach, of_a_mailbox, pleads
from service.rounds.clock_steps import ClockWatch, Look
from tests.service.timeless import World

PATIENT = settings(deadline=None)  # the machine may be busy
AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
BUSY = Fault(FaultKind.TEMPORARY, "greeting", "421 try later")
DOWN = Fault(FaultKind.CONNECT, "connect", "Connection refused (192.0.2.9 port 143)")


@pytest.mark.parametrize(
    "said",
    [
        "421 4.7.0 mx.isp.example Error: too many connections from 192.0.2.1",  # Postfix
        "450 4.7.1 Error: too much mail from 192.0.2.1",
        "454 4.7.0 Temporary authentication failure: rate limit exceeded",
        "421 4.3.2 Service not available, closing channel",  # Exchange
        "NO [LIMIT] Too many logins",
        "BYE Too many connections.",  # courier
        "-ERR [SYS/TEMP] too many simultaneous connections",
        "451 4.7.500 Server busy. Please slow down",
        "NO Request is throttled. Suggested Backoff Time: 299961 milliseconds",  # Exchange
        "550 5.4.5 Daily sending quota exceeded: message limit reached",
    ],
)
def test_a_server_that_asks_to_be_left_alone_is_understood(said: str) -> None:
    fault = Fault(FaultKind.TEMPORARY, "login", said)
    assert pleads(fault)
    assert not of_a_mailbox(fault)


@pytest.mark.parametrize(
    "said",
    [
        "NO [INUSE] Mailbox is in use",
        "-ERR [IN-USE] maildrop already locked",
        "-ERR [LOGIN-DELAY] wait",
        "NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)",  # Dovecot
    ],
)
def test_one_mailbox_that_asks_for_it_is_no_matter_of_the_others(said: str) -> None:
    fault = Fault(FaultKind.AUTH, "login", said)
    assert pleads(fault)
    assert of_a_mailbox(fault)


@pytest.mark.parametrize(
    "fault",
    [
        None,
        Fault(FaultKind.AUTH, "login", "NO [AUTHENTICATIONFAILED] Authentication failed."),
        Fault(FaultKind.TEMPORARY, "rcpt", "450 4.2.0 greylisted, come back in 300 seconds"),
        Fault(FaultKind.PERMANENT, "rcpt", "550 5.1.1 no such user 421"),
        Fault(FaultKind.OURS, "run", "too many connections"),
        DOWN,
    ],
)
def test_an_outage_or_a_refusal_is_no_plea(fault: Fault | None) -> None:
    assert not pleads(fault)


def test_pauses_double_up_to_the_longest_and_an_answer_ends_them() -> None:
    backoff, now, pauses = Backoff(), 100.0, []
    for _ in range(9):
        backoff.begin()
        assert backoff.saw(BUSY, now, now)
        pauses.append(backoff.wait_seconds(now))
        now += pauses[-1]
    assert pauses == [15, 30, 60, 120, 240, 480, 900, 900, LONGEST_SECONDS]
    backoff.begin()
    assert backoff.wait_seconds(now) == float("inf")  # one tries, and the others wait for what comes of it
    assert backoff.saw(None, now, now + 1)
    assert (backoff.wait_seconds(now), backoff.pause_seconds) == (0.0, 0.0)


def test_many_that_were_refused_at_once_are_one_plea_and_those_that_were_served_before_end_nothing() -> None:
    backoff = Backoff()
    assert backoff.saw(BUSY, 10.0, 11.0)
    assert not any(backoff.saw(fault, 10.5, 12.0) for fault in (BUSY, BUSY, None))
    assert backoff.pause_seconds == 15.0


def test_a_server_that_refuses_the_one_that_tries_is_left_alone_on_with_its_own_words() -> None:
    backoff = Backoff()
    backoff.saw(BUSY, 0.0, 0.0)
    backoff.begin()
    assert backoff.saw(DOWN, 15.0, 15.0)
    assert (backoff.pause_seconds, backoff.said) == (30.0, "421 try later")
    assert not Backoff().saw(DOWN, 0.0, 0.0)  # without a plea before it is an outage, and those are measured


@pytest.mark.parametrize("kind", [FaultKind.RESOLVE, FaultKind.OURS])
def test_what_says_nothing_of_a_server_neither_ends_nor_lengthens_anything(kind: FaultKind) -> None:
    backoff, reach, mute = Backoff(), Reach(), Fault(kind, "resolve", "421 not from the server")
    backoff.saw(BUSY, 0.0, 0.0)
    backoff.begin()
    assert not backoff.saw(mute, 15.0, 16.0)
    assert (backoff.pause_seconds, backoff.wait_seconds(16.0)) == (15.0, 0.0)  # the next one tries
    reach.saw(mute, AT)
    assert not reach.worked
    reach.saw(None, AT)
    for second in range(0, 70, 10):
        reach.saw(DOWN, AT + timedelta(seconds=second))
        reach.saw(mute, AT + timedelta(seconds=second))
    assert reach.hint("x").startswith("all 7 connections to x have failed")


def test_a_ban_is_spoken_of_once_after_a_minute_of_failures_and_only_where_it_worked_before() -> None:
    reach, never = Reach(), Reach()
    reach.saw(None, AT)
    told = [reach.saw(DOWN, AT + timedelta(seconds=second)) for second in range(10, 130, 10)]
    assert told == [False] * 6 + [True] + [False] * 5
    assert reach.hint("mail.isp.example port 143") == (
        "all 12 connections to mail.isp.example port 143 have failed since 2026-11-21 08:00:10 UTC, and it worked before: "
        "it is down, or it has banned our address; try it from another host"
    )
    assert not any(never.saw(DOWN, AT + timedelta(seconds=second)) for second in range(300))
    assert never.hint("x") == ""
    reach.saw(BUSY, AT)  # whatever it says, it speaks to us
    assert reach.hint("x") == ""


# -- clocks


@PATIENT
@given(some.lists(some.floats(0, 5), max_size=50), some.floats(-4e-4, 4e-4))
def test_a_clock_that_is_slewed_is_not_stepped(pauses: list[float], slew: float) -> None:
    world = World()
    watch = ClockWatch(world.look())
    for pause in pauses:
        world.pass_by(pause)
        world.step(slew * pause)
        assert watch.look(world.look()) is None


@PATIENT
@given(some.floats(-1e6, 1e6).filter(lambda seconds: abs(seconds) > 0.11), some.floats(0.11, 1e6))
def test_steps_and_suspends_are_told_apart_and_told_once(step: float, suspend: float) -> None:
    world = World()
    watch = ClockWatch(world.look())
    world.pass_by(1.0)
    world.step(step)
    world.suspend(suspend)
    found = watch.look(world.look())
    assert found is not None
    assert found.stepped_seconds == pytest.approx(step, abs=1e-3)
    assert found.suspended_seconds == pytest.approx(suspend, abs=1e-3)
    assert watch.look(world.look()) is None
    assert watch.since(world.monotonic) == found
    assert watch.since(world.monotonic + 1) is None


def test_clocks_that_were_read_slowly_are_given_the_benefit_of_the_doubt() -> None:
    watch = ClockWatch(Look(100.0, 10.0, 20.0))
    assert watch.look(Look(101.4, 11.0, 21.0, took=0.4)) is None
    found = watch.look(Look(103.0, 12.0, 22.0))  # took no time, but the one before did
    assert found is not None
    assert found.stepped_seconds == pytest.approx(0.6)
