"""What the service and the process that follows say to each other: JSON lines, orders in one way, news in the other. No I/O.

The process is told all by the first line, so that no key stands in its arguments or its environment.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from config.tracking import LogSource, Tracking

JSON = dict[str, Any]
LONGEST = 8 << 20  # bytes of one line
NICE = 5  # below the probes; more, and a busy machine would leave it nothing
THREADS = 1  # of DuckDB: the other processors are for probes


def first_order(tracking: Tracking, zone: ZoneInfo) -> JSON:
    """Return what is to be followed and how; it holds the key of pseudonyms."""
    return {
        "lake": str(tracking.lake),
        "memory_bytes": tracking.memory_bytes,
        "keep_days": tracking.keep.days,
        "key": tracking.privacy.key.reveal(),
        "subjects": tracking.privacy.subjects,
        "sources": [_source(one, zone) for one in tracking.sources],
    }


def _source(source: LogSource, zone: ZoneInfo) -> JSON:
    named = {name: getattr(source, name) for name in ("name", "format", "options", "server", "group", "year", "every_seconds", "cron")}
    return {**named, "paths": list(source.paths), "timezone": (source.timezone or zone).key}


def line(message: JSON) -> bytes:
    """Return a message as its line."""
    return json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def message(raw: bytes) -> JSON | None:
    """Read a line; None for what is no message."""
    try:
        found = json.loads(raw)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
