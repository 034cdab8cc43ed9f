"""Runs and trips for the console's tests, on a board whose clock the test turns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from console.board import Board
from console.metrics import Exposition
from console.ports import Numbers
from probe.values import Check, Endpoint, Fault, FaultKind, Journey, Line, Outcome, Reading, Relay, Result, Security, Step, Trip
from store.values import Run, TripRun
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC)
STEPS = (Step("resolve", 0.001), Step("connect", 0.002), Step("tls", 0.0125), Step("login", 0.0345678))
READINGS: dict[str, Reading] = {"tls_version": "TLSv1.3", "certificate_expires_at": "2027-01-31T00:00:00Z", "certificate_days": 70.25}
SERVERS = {"imap": "imap", "imaps": "imap", "submission": "submission", "directory": "ldap"}


@dataclass
class Clock:
    """Seconds that pass when the test says so."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Made:
    """A board and its clock."""

    clock: Clock = field(default_factory=Clock)
    board: Board = field(init=False)

    def __post_init__(self) -> None:
        self.board = Board("berlin", self.clock)

    def exposition(self, numbers: Numbers | None = None) -> Iterator[str]:
        """Return the exposition text by text."""
        return Exposition(self.board, numbers or Numbers(), "9.8.7").texts()

    def text(self, numbers: Numbers | None = None, *, open_metrics: bool = False) -> str:
        """Return the whole exposition."""
        return "".join(Exposition(self.board, numbers or Numbers(), "9.8.7").texts(open_metrics=open_metrics))


def a_check(domain: str = "abc.example", server: str = "imap", **rest: Any) -> Check:
    """Return a check of `domain/server`."""
    endpoint = Endpoint("mail.isp.example", 143, Security.STARTTLS)
    return Check(f"{domain}/{server}", domain, server, SERVERS.get(server, "imap"), endpoint, **rest)


def some_checks(domains: int = 2) -> list[Check]:
    """Return a check of every server for so many domains."""
    return [a_check(f"dom{number:05}.example", server) for number in range(domains) for server in SERVERS]


def a_run(check: Check | None = None, level: Level = Level.OK, fault: Fault | None = None, **rest: Any) -> Run:
    """Return a run that took 50.0678 ms, or the one step in which it failed."""
    steps = STEPS if fault is None else (Step("resolve", 0.001), Step(fault.step, 0.25))
    talk = (Line(ours=True, step="login", text="LOGIN probe@abc.example ***"),)
    suspect = rest.pop("suspect", False)
    result = Result(check or a_check(), AT, steps, READINGS, fault, uncertainty_seconds=0.0004, transcript=talk)
    reasons = ("login took 0.3 s",) if level else ()
    settings = {"late_seconds": 0.003, "warning_seconds": 0.5, "critical_seconds": 2.0} | rest
    return Run(result, Verdict(level, reasons, "thresholds[0], imap*", suspect), **settings)


def a_timeout(check: Check | None = None) -> Run:
    """Return a run in which the server fell silent after the login."""
    return a_run(check, Level.CRITICAL, Fault(FaultKind.TIMEOUT, "login"))


def a_journey(name: str = "abc.example", domain: str = "abc.example", every_seconds: float = 300.0) -> Journey:
    """Return a journey from a mailbox to itself."""
    return Journey(name, domain, a_check(domain, "submission"), a_check(domain), every_seconds=every_seconds)


def a_trip(outcome: Outcome | None = Outcome.DELIVERED, minutes: float = 0.0, level: Level = Level.OK, **rest: Any) -> TripRun:
    """Return a trip that began so many minutes after AT."""
    parts: dict[str, Any] = {"submit_seconds": 0.04, "transit_seconds": 1.1, "retrieve_seconds": 0.02} if outcome else {}
    relays = (Relay("probe", "mx.isp.example", AT, 0.3), Relay("mx.isp.example", "store.isp.example", AT, 0.5))
    began = AT + timedelta(minutes=minutes)
    settings = (
        {"name": "abc.example", "domain": "abc.example", "message_id": f"<{minutes:g}@probe.example>", "relays": relays} | parts | rest
    )
    return TripRun(Trip(started_at=began, outcome=outcome, **settings), Verdict(level))
