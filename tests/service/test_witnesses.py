"""One failure among successes is the server's; failures of all without one success are the prober's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.values import Check, Endpoint, Fault, FaultKind, Question, Result, Step
from service.health.streak import REMEMBERED, WITNESSES, Streak
from service.health.witnesses import Witnesses

AT = datetime(2026, 11, 20, 7, 20, 11, tzinfo=UTC)
EVERY = 60.0
LATER = 3 * EVERY  # when a success counts no more


def story(told: str) -> Streak[str]:
    """Letters one after the other: a capital failed, a small one worked."""
    streak: Streak[str] = Streak()
    for number, letter in enumerate(told.replace(" ", "")):
        if letter.isupper():
            streak.failed(letter.lower(), "broken", AT + timedelta(seconds=number), 100.0)
        else:
            streak.worked(letter, 100.0, letter)
    return streak


@pytest.mark.parametrize(
    ("told", "common"),
    [
        ("", False),
        ("A A A", False),
        ("A B", True),
        ("a A B", True),
        ("c A B", False),  # c has not been tried since
        ("c A B C", True),
        ("a b c A B C", True),
        ("A B C a", False),
        ("A B C a A", False),
        ("a A B b A B", True),
    ],
)
def test_stories_of_streaks(told: str, *, common: bool) -> None:
    assert story(told).common(0.0) is common


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcdefABCDEF"), max_size=40))
def test_common_means_that_nobody_has_worked_since_two_began_to_fail(letters: list[str]) -> None:
    last = {letter.lower(): letter.isupper() for letter in letters}
    worked = [place for place, letter in enumerate(letters) if letter.islower()]
    since = letters[worked[-1] + 1 :] if worked else letters
    expected = len(set(since)) >= 2 and all(last.values())
    assert story("".join(letters)).common(0.0) is expected


def test_what_is_too_long_ago_counts_no_more() -> None:
    streak = story("c A B")
    assert not streak.common(50.0)
    streak.failed("a", "broken", AT, 300.0)
    streak.failed("b", "broken", AT, 300.0)
    assert streak.common(150.0)  # the success of c is too old
    assert not streak.common(301.0)  # and so is all


def test_a_streak_remembers_a_bounded_number() -> None:
    streak: Streak[int] = Streak()
    for number in range(1_000):
        streak.worked(f"good{number}", 100.0, number)
    assert list(streak.good) == [f"good{number}" for number in range(1_000 - WITNESSES, 1_000)]
    for number in range(1_000):
        streak.failed(f"bad{number}", "broken", AT, 100.0)
    assert len(streak.bad) == REMEMBERED
    assert streak.told == "since 07:20:11 UTC (bad0: broken; bad1: broken; bad2: broken; and 61 more)"


def seen(kind: str, address: str, fault: Fault | None = None, host: str = "") -> Result:
    question = Question("abc.example") if kind == "dns" else None
    check = Check("x/y", "x", "y", kind, Endpoint(host or address, 25), every_seconds=EVERY, question=question)
    return Result(check, AT, (Step("connect", 0.01),), {"server_address": address}, fault)


def network(*results: Result, after: float = 0.0) -> bool:
    witnesses = Witnesses()
    for number, result in enumerate(results):
        witnesses.saw(result, float(number))
    return witnesses.network(len(results) + after)


def silent(address: str, kind: str = "smtp") -> Result:
    return seen(kind, address, Fault(FaultKind.TIMEOUT, "query" if kind == "dns" else "connect"))


def unreachable(address: str) -> Result:
    return seen("smtp", address, Fault(FaultKind.CONNECT, "connect", f"No route to host ({address} port 25)"))


def test_silence_alone_needs_three() -> None:
    assert not network(silent("192.0.2.1"), silent("192.0.2.2"))
    assert network(silent("192.0.2.1"), silent("192.0.2.2"), silent("192.0.2.3"))
    assert network(unreachable("192.0.2.1"), unreachable("192.0.2.2"))
    assert not network(unreachable("192.0.2.1"), silent("192.0.2.2"))


@pytest.mark.parametrize(
    "sign",
    [
        seen("smtp", "192.0.2.9"),
        seen("smtp", "192.0.2.9", Fault(FaultKind.TIMEOUT, "greeting")),
        seen("smtp", "192.0.2.9", Fault(FaultKind.TLS, "tls", "certificate has expired")),
        seen("smtp", "192.0.2.9", Fault(FaultKind.CONNECT, "connect", "Connection refused (192.0.2.9 port 25)")),
        seen("dns", "192.0.2.9", Fault(FaultKind.PERMANENT, "query", "NXDOMAIN")),
    ],
)
def test_any_sign_of_a_peer_proves_the_network(sign: Result) -> None:
    gone = [unreachable(f"192.0.2.{number}") for number in range(1, 5)]
    assert network(*gone)
    assert not network(*gone, sign)


@pytest.mark.parametrize(
    "nothing",
    [
        seen("smtp", "127.0.0.1"),
        seen("smtp", "::1"),
        silent("192.0.2.9", "dns"),
        seen("smtp", "192.0.2.9", Fault(FaultKind.OURS, "run", "KeyError")),
    ],
)
def test_loopback_a_lost_datagram_and_our_own_bug_prove_nothing(nothing: Result) -> None:
    assert network(unreachable("192.0.2.1"), unreachable("192.0.2.2"), nothing)


def test_servers_that_are_no_longer_probed_do_not_speak_for_ever() -> None:
    gone = [unreachable("192.0.2.1"), unreachable("192.0.2.2")]
    assert network(*gone)
    assert not network(*gone, after=LATER)
    assert not network(seen("smtp", "192.0.2.3"), *gone)


def test_localhost_and_literals_say_nothing_of_the_resolver() -> None:
    witnesses = Witnesses()
    for host in ("a.example", "b.example"):
        failed = seen("smtp", "", Fault(FaultKind.TIMEOUT, "resolve"), host)
        witnesses.saw(failed, 0.0)
    witnesses.saw(seen("smtp", "127.0.0.1", host="localhost"), 0.0)
    witnesses.saw(seen("smtp", "192.0.2.1"), 0.0)
    assert witnesses.names.common(0.0)
    witnesses.saw(seen("smtp", "192.0.2.1", host="c.example"), 0.0)
    assert not witnesses.names.common(0.0)


@pytest.mark.parametrize(
    ("said", "sick"),
    [
        ("Too many open files (192.0.2.1 port 25)", True),
        ("Cannot allocate memory (192.0.2.1 port 25)", True),
        ("Cannot assign requested address (2001:db8::1 port 25)", False),  # our host may lack IPv6, and others be well
        ("a..b A cannot be asked: A DNS label is empty.", False),
        ("KeyError", False),
    ],
)
def test_a_limit_of_ours_is_of_no_server(said: str, *, sick: bool) -> None:
    witnesses = Witnesses()
    witnesses.saw(seen("smtp", "192.0.2.1", Fault(FaultKind.OURS, "connect", said)), 5.0)
    assert (witnesses.own_limit_until > 5.0) is sick
