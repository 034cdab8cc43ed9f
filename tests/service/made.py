"""Results and trips made by hand for the tests of rendering: one of each thing that can be wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from probe import Check, Endpoint, Fault, FaultKind, Outcome, Relay, Result, Security, Step, Trip
from service.report import Bounds, JudgedCheck, JudgedTrip, Report
from thresholds.judge import judge_result, judge_trip
from thresholds.limits import Limits

AT = datetime(2026, 11, 20, 8, 0, 0, 123456, tzinfo=UTC)
STEPS = (("resolve", 0.0004), ("connect", 0.0011), ("tls", 0.0124), ("greeting", 0.0021), ("login", 0.0102), ("select", 0.0061))
STEPS_TO_LOGOUT = (*STEPS, ("logout", 0.0004))


def a_check(domain: str = "abc.example", server: str = "imap", kind: str = "imap") -> Check:
    """Return a check of `domain/server`."""
    return Check(f"{domain}/{server}", domain, server, kind, Endpoint("mail.isp.example", 143, Security.STARTTLS))


def a_result(check: Check | None = None, fault: Fault | None = None, scale: float = 1.0, **rest: Any) -> Result:
    """Return a result whose steps are those of an IMAP conversation, `scale` times as long."""
    steps = tuple(Step(name, seconds * scale) for name, seconds in STEPS_TO_LOGOUT)
    return Result(check or a_check(), AT, steps, fault=fault, **rest)


def judged(result: Result, bounds: Bounds | None = None) -> JudgedCheck:
    """Return a result with its verdict, by no limits but the defaults."""
    return JudgedCheck(result, judge_result(result, Limits()), bounds or Bounds())


def broken(check: Check, kind: FaultKind, step: str, said: str) -> JudgedCheck:
    """Return the verdict on a conversation that broke in `step`, which took 0.3 s."""
    steps = (Step("resolve", 0.0004), *((Step("connect", 0.0011),) if step != "connect" else ()), Step(step, 0.3))
    return judged(Result(check, AT, steps, fault=Fault(kind, step, said)))


def a_trip(outcome: Outcome | None = Outcome.DELIVERED, **rest: Any) -> JudgedTrip:
    """Return a trip of abc.example to itself over two servers, judged 30 s after it began."""
    relays = (
        Relay("probe", "mx.isp.example", AT + timedelta(seconds=0.1), None, clock_offset_seconds=3.0, clock_error_seconds=0.04),
        Relay("mx.isp.example", "hub.isp.example", AT + timedelta(seconds=0.4), 0.3),
        Relay("hub.isp.example", "store.isp.example", None, None, note="its time is not readable"),
    )
    parts: dict[str, Any] = {"submit_seconds": 0.04, "transit_seconds": 1.1, "retrieve_seconds": 0.012, "folder": "INBOX", "relays": relays}
    if outcome is None:
        parts = {"submit_seconds": 0.04, "waiting_for": "the message in INBOX of probe@abc.example"}
    trip = Trip("abc.example", "abc.example", "<t0k3n@probe.example>", AT, outcome, **(parts | rest))
    return JudgedTrip(trip, judge_trip(trip, Limits(), AT + timedelta(seconds=30), 120.0))


def a_bad_day() -> Report:
    """Return three domains with a refused connection, a silent server, a full mailbox and a trip that bounced."""
    slow = judged(a_result(a_check("beta.example", "imap"), scale=40), Bounds(0.5, 2.0))
    checks = (
        judged(a_result(a_check("abc.example", "imap")), Bounds(0.5, 2.0)),
        judged(a_result(a_check("abc.example", "submission", "submission"), scale=2)),
        broken(a_check("alpha.test", "imap"), FaultKind.CONNECT, "connect", "Connection refused (192.0.2.7 port 143)"),
        broken(a_check("alpha.test", "pop3s", "pop3"), FaultKind.TIMEOUT, "greeting", ""),
        slow,
        broken(a_check("beta.example", "smtp", "smtp"), FaultKind.TEMPORARY, "rcpt", "452 4.2.2 mailbox | full 'x=y'"),
    )
    trips = (
        a_trip(),
        a_trip(Outcome.BOUNCED, said="552 5.2.2 over quota", transit_seconds=None, retrieve_seconds=None, folder=None),
        a_trip(None),
    )
    return Report("berlin", AT, checks, trips)
