"""A notice for machines: plain JSON values, bounded, every word of a stranger clean. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifier.channels.payload import stamp
from notifier.words_clean import NAME, line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from notifier.values import Links
    from notifier.words_matter import Matter
    from thresholds.incident_values import Acknowledgement, Cause

MOST = 1000  # entries of a list; its length stands beside it
SHOWN = 50  # of reasons and evidence


def facts(matter: Matter) -> dict[str, Any]:
    """Return what is told as JSON values; times are RFC 3339 in UTC with milliseconds, `None` where there is none."""
    change, incident = matter.change, matter.incident
    return {
        "incident": line(incident.id, NAME),
        "number": change.number,
        "kind": change.kind.value,
        "level": incident.level.name,
        "mark": line(matter.mark, NAME),
        "at": _iso(change.at),
        "site": line(matter.site, NAME),
        "channel": line(matter.channel, NAME),
        "cause": _cause(incident.cause),
        "domains": _names(incident.domains),
        "domains_count": len(incident.domains),
        "failing": _names(incident.failing),
        "failing_count": len(incident.failing),
        "reasons": [line(reason) for reason in incident.reasons[:SHOWN]],
        "limit": line(incident.limit),
        "began_at": _iso(incident.began_at),
        "opened_at": _iso(incident.opened_at),
        "closed_at": _iso(incident.closed_at),
        "worst": (incident.worst or incident.level).name,
        "ended": line(incident.ended),
        "flapping": incident.flapping,
        "muted": line(incident.muted),
        "acknowledged": _acknowledged(incident.acknowledged),
        "said": line(change.said),
        "links": _links(matter.links),
        "more": [_other(stored.change.incident.id, stored.change.number, stored.change.kind.value) for stored in matter.more[:MOST]],
        "more_count": len(matter.more),
    }


def _iso(at: datetime | None) -> str | None:
    return stamp(at) if at else None


def _names(names: Sequence[str]) -> list[str]:
    return [line(name, NAME) for name in names[:MOST]]


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "kind": cause.kind.value,
        "name": line(cause.name, NAME),
        "evidence": [line(one) for one in cause.evidence[:SHOWN]],
        "confidence": cause.confidence,
        "doubt": line(cause.doubt),
    }


def _acknowledged(ack: Acknowledgement | None) -> dict[str, Any] | None:
    return {"by": line(ack.by, NAME), "at": _iso(ack.at), "why": line(ack.why), "until": _iso(ack.until)} if ack else None


def _links(links: Links) -> dict[str, str]:
    return {name: line(getattr(links, name), 2000) for name in ("console", "runbook", "acknowledge")}


def _other(incident: str, number: int, kind: str) -> dict[str, Any]:
    return {"incident": line(incident, NAME), "number": number, "kind": kind}
