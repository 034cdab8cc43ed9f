"""A flow as JSON: the object that `probe track flows` prints, stable; people and tests read it. Pure."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from tracking.values import Flow, Hop, Link

DIGITS = 6  # of seconds: a microsecond


def rfc3339(at: datetime | None) -> str | None:
    """Return a time as `2026-11-20T08:00:00.123Z`."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(value: float | None) -> float | None:
    """Return a duration without digits that mean nothing."""
    return None if value is None else round(value, DIGITS)


def document(flow: Flow) -> dict[str, Any]:
    """Return the whole object."""
    return {
        "message_id": flow.message_id,
        "sender": flow.sender,
        "recipient": flow.recipient or None,
        "via": list(flow.via),
        "subject": flow.subject,
        "size_bytes": flow.size_bytes,
        "probe": flow.probe,
        "domains": list(flow.domains),
        "entered_at": rfc3339(flow.entered_at),
        "left_at": rfc3339(flow.left_at),
        "end_to_end_seconds": seconds(flow.end_to_end_seconds),
        "uncertainty_seconds": seconds(flow.uncertainty_seconds),
        "outcome": str(flow.outcome),
        "said": flow.said,
        "hops": [_hop(hop) for hop in flow.hops],
    }


def _hop(hop: Hop) -> dict[str, Any]:
    return {
        "server": hop.server,
        "software": hop.software,
        "id": hop.id,
        "arrived_at": rfc3339(hop.arrived_at),
        "left_at": rfc3339(hop.left_at),
        "seconds": seconds(hop.seconds),
        "delays": {name: seconds(part) for name, part in hop.delays.items()},
        "clock_offset_seconds": seconds(hop.clock_offset_seconds),
        "to": hop.to,
        "link": _link(hop.link),
        "lines": [{"file": line.file, "line": line.line} for line in hop.lines],
    }


def _link(link: Link | None) -> dict[str, Any] | None:
    return None if link is None else {"rule": link.rule, "confidence": seconds(link.confidence), "seconds": seconds(link.seconds)}
