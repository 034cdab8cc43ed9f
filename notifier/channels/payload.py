"""What machines are told of an incident: one JSON object (RFC 8259), the same for webhook, MQTT and command. Pure."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from notifier.values import Notice


UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
LONGEST_ID = 180  # characters


def safe(text: str) -> str:
    """Return an id that cannot leave a header, a topic or a message id: letters, digits, `-`, `_`, and `=` with the code of all else."""
    return UNSAFE.sub(lambda found: f"={ord(found[0]):x}", text[:LONGEST_ID])[:LONGEST_ID]


def stamp(at: datetime) -> str:
    """Return a time as machines read it (RFC 3339, UTC, milliseconds)."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def payload(notice: Notice) -> dict[str, Any]:
    """Return a notice as plain JSON values: what happened, to which incident, since when, in words and in facts."""
    links = {"console": notice.links.console, "runbook": notice.links.runbook, "acknowledge": notice.links.acknowledge}
    return {
        "version": 1,
        "key": notice.key,
        "kind": str(notice.kind),
        "incident": notice.incident,
        "number": notice.number,
        "level": notice.level.name,
        "cause": notice.cause,
        "began_at": stamp(notice.began_at),
        "at": stamp(notice.at),
        "subject": notice.subject,
        "short": notice.short,
        "text": notice.text,
        "links": {name: url for name, url in links.items() if url},
        "facts": dict(notice.facts),
    }


def encoded(value: Any) -> bytes:
    """Return JSON in ASCII: no direction mark, no half of a surrogate pair, no line end reaches a reader unescaped."""
    return json.dumps(value, separators=(",", ":"), default=str).encode("ascii")
