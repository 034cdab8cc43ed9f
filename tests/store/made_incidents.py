"""Incidents, changes and deliveries for the store's tests, made so that every field has something in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from notifier.values import Delivery
from thresholds.incident_values import Acknowledgement, Cause, CauseKind, Change, ChangeKind, Incident
from thresholds.values import Level

NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
ABC, XYZ = "abc.example", "xyz.example"
CELLS = (f"{ABC}/imap", f"trip {ABC}", f"{XYZ}/imap")
CAUSE = Cause(CauseKind.SERVER, "imap", CELLS, ("imap refuses the connection",), 0.9, "one of its neighbours is slow too")
ACKNOWLEDGED = Acknowledgement("anna", NOON + timedelta(minutes=3), "on it", NOON + timedelta(hours=2))
FULL = Incident(
    "i00000001",
    CAUSE,
    Level.CRITICAL,
    NOON - timedelta(seconds=9),
    NOON,
    domains=(ABC, XYZ),
    cells=CELLS,
    failing=CELLS[:2],
    reasons=(f"{ABC}/imap: refuses the connection", f"{XYZ}/imap: took 4.1 s, limit 2 s"),
    limit="thresholds[0], imap*",
    closed_at=NOON + timedelta(minutes=9),
    ended="all is well again",
    flapping=True,
    acknowledged=ACKNOWLEDGED,
    told=True,
    muted="",
    reminded_at=NOON + timedelta(minutes=5),
    changes=3,
)


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def opened(number: int = 1, minute: float = 0.0, domains: tuple[str, ...] = (ABC,), muted: str = "") -> Change:
    """Return the opening of an incident of these domains' imap."""
    cells = tuple(f"{domain}/imap" for domain in domains)
    cause = Cause(CauseKind.SERVER, "imap", cells) if len(domains) > 1 else Cause(CauseKind.CHECK, "".join(cells), cells)
    incident = Incident(
        f"i{number:08x}",
        cause,
        Level.CRITICAL,
        at(minute),
        at(minute),
        domains=domains,
        cells=cells,
        failing=cells,
        told=not muted,
        muted=muted,
        changes=1,
    )
    return Change(incident, ChangeKind.OPENED, at(minute), 1, muted)


def after(change: Change, kind: ChangeKind, minute: float, muted: str = "") -> Change:
    """Return what happened next to the incident of a change."""
    number, incident = change.number + 1, change.incident
    if kind is ChangeKind.CLOSED:
        incident = replace(incident, closed_at=at(minute), failing=(), ended="all is well again")
    if kind is ChangeKind.ACKNOWLEDGED:
        incident = replace(incident, acknowledged=ACKNOWLEDGED)
    return Change(replace(incident, changes=number), kind, at(minute), number, muted)


def delivery(change: Change, change_id: int, channel: str = "mail", *chain: str) -> Delivery:
    """Return the delivery of a change over a channel, due as it happened; the others of the chain come after it."""
    incident = change.incident.id
    key = f"{incident}-{change.number}-{channel}"
    return Delivery(0, change_id, incident, change.number, channel, (channel, *chain), "notify.routes[0]", key, due_at=change.at)
