"""A notice in plain words, for when the words proper fail, and for trying a channel: little that could go wrong. Pure.

A server's own words do not stand in it, and every name is one clean line.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from notifier.channels.payload import stamp
from notifier.values import Notice, Stored
from thresholds.incident_values import Cause, CauseKind, Change, ChangeKind, Incident
from thresholds.values import Level

if TYPE_CHECKING:
    from datetime import datetime

MOST_SUBJECT, MOST_SHORT = 120, 160  # characters
TRIED = "channel-test"  # the id of what is told when a channel is tried


def plain(stored: Stored, key: str, others: int = 0) -> Notice:
    """Return the fallback notice of a change, and of how many others are told with it."""
    change, incident = stored.change, stored.change.incident
    cause = _line(incident.cause.key)
    more = f" and {others} more" if others else ""
    subject = f"{incident.level.name}: {cause} {change.kind.value}, since {incident.began_at:%Y-%m-%d %H:%M:%S} UTC ({incident.id}){more}"
    text = f"{subject}\n\nThe notice proper could not be written; see `probe incidents show {incident.id}`.\n"
    return Notice(
        key=key,
        kind=change.kind,
        incident=incident.id,
        number=change.number,
        level=incident.level,
        cause=cause,
        began_at=incident.began_at,
        at=change.at,
        subject=subject[:MOST_SUBJECT],
        text=text,
        html=f"<!doctype html><meta charset=utf-8><title>{_escaped(subject)}</title><pre>{_escaped(text)}</pre>",
        short=subject.encode("ascii", "replace").decode()[:MOST_SHORT],
        facts=_facts(change, cause),
        first_key=key,
    )


def _facts(change: Change, cause: str) -> dict[str, Any]:
    incident = change.incident
    times = {"began_at": stamp(incident.began_at), "opened_at": stamp(incident.opened_at)}
    return {
        "incident": incident.id,
        "number": change.number,
        "kind": change.kind.value,
        "level": incident.level.name,
        "cause": {"kind": incident.cause.kind.value, "name": cause.partition(":")[2]},
        "closed_at": None if incident.closed_at is None else stamp(incident.closed_at),
        **times,
    }


def _line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def trial(channel: str, now: datetime) -> tuple[Stored, Stored]:
    """Return what a channel is tried with: a beginning and its end, behind which nothing is broken."""
    cause = Cause(CauseKind.CHECK, f"test of the channel {channel}", evidence=("nothing is broken: somebody tries whether notices arrive",))
    incident = Incident(f"{TRIED}-{now:%Y%m%d%H%M%S}", cause, Level.WARNING, now, now, changes=1)
    ended = replace(incident, closed_at=now, ended="the test is over", changes=2)
    return Stored(0, Change(incident, ChangeKind.OPENED, now, 1)), Stored(0, Change(ended, ChangeKind.CLOSED, now, 2))
