"""Runs and trips for the store's tests, made so that every column has something in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from probe.values import Check, Endpoint, Fault, FaultKind, Line, Mailbox, Outcome, Relay, Result, Secret, Step, Trip
from store.rows import REMEMBERED, remembered
from store.values import Remembered, Run, TripRun
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from store.store import Store

NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
SECRET = Secret("correct-horse-battery")
MAILBOX = Mailbox("probe@abc.example", SECRET, token=SECRET)
CHECK = Check("abc.example/imap", "abc.example", "imap", "imap", Endpoint("mail.isp.example", 143), mailbox=MAILBOX)
GOOD = Run(
    Result(
        CHECK,
        NOON,
        (Step("resolve", 0.001), Step("login", 0.25)),
        {"tls_version": "TLSv1.3", "certificate_days": 80.25, "auth_exposed": True, "queued_as": "4jW76S0sf8zRhS4"},
        message_id="<1@abc.example>",
        uncertainty_seconds=0.002,
        transcript=(Line(ours=True, step="login", text="LOGIN probe ***", at_seconds=0.1),),
    ),
    Verdict(Level.OK, limit="thresholds[0], imap*"),
    late_seconds=0.5,
    warning_seconds=0.5,
)
BAD = Run(
    Result(CHECK, NOON + timedelta(minutes=1), (Step("resolve", 0.001),), fault=Fault(FaultKind.CONNECT, "connect", "refused")),
    Verdict(Level.CRITICAL, ("imap refuses the connection",), suspect=True),
)
TRIP = TripRun(
    Trip(
        "abc.example",
        "abc.example",
        "<2@abc.example>",
        NOON,
        Outcome.MISPLACED,
        submit_seconds=0.5,
        transit_seconds=1.5,
        retrieve_seconds=0.25,
        folder="Junk",
        relays=(Relay("mx.example", None, NOON, None), Relay(None, "hub.example", None, 0.25, id="4jW", clock_offset_seconds=-1.5)),
        readings={"copies": 1},
        said="spam",
        step="fetch",
        submitted_at=NOON + timedelta(seconds=1.5),
    ),
    Verdict(Level.WARNING, ("in Junk",), "default"),
)


async def runs(store: Store) -> list[Remembered]:
    """Return every run that the store holds, in the order of their ids."""
    return [remembered(row) for row in await store.read(lambda connection: connection.execute(f"{REMEMBERED} ORDER BY r.id").fetchall())]
