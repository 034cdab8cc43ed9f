"""Forgets what is older than its kind is kept: whole files, by their latest row. How far logs are read is never forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tracking.lake.kinds import SHOWN
from tracking.lake.write import Change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracking.lake.manifest import Manifest, Part
    from tracking.lake.write import Writer

IMPORTS = "imports"  # the history of imports, kept like a kind


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten."""

    rows: Mapping[str, int]  # by kind
    imports: int = 0


def expired(manifest: Manifest, keep_days: Mapping[str, float], now: datetime) -> tuple[Part, ...]:
    """Return the parts whose latest row is older than its kind is kept. Pure.

    Args:
        manifest: of the lake.
        keep_days: kind -> days; a kind that it does not name is kept for ever.
        now: aware.
    """
    return tuple(part for part in manifest.parts if part.kind in SHOWN and _is_old(part, keep_days.get(part.kind), now))


def _is_old(part: Part, days: float | None, now: datetime) -> bool:
    """Say whether a part may go: by its own latest time, or, without one that can be, by the time it was written."""
    if days is None:
        return False
    latest = part.until if part.day != "unknown" else part.written
    return latest is not None and latest < now - timedelta(days=days)


def retain(pen: Writer, keep_days: Mapping[str, float]) -> Forgotten:
    """Forget what is too old; return what that was. Raises: TrackError."""
    old = expired(pen.manifest, keep_days, pen.now)
    imports = _old_imports(pen, keep_days.get(IMPORTS))
    if old or imports:
        pen.commit(Change(gone=frozenset(part.path for part in old), forgotten_imports=imports))
    rows: dict[str, int] = {}
    for part in old:
        rows[part.kind] = rows.get(part.kind, 0) + part.rows
    return Forgotten(rows, imports)


def _old_imports(pen: Writer, days: float | None) -> int:
    """Return how many entries of the history, the oldest, are too old."""
    if days is None:
        return 0
    return sum(1 for one in pen.manifest.imports if one.at < pen.now - timedelta(days=days))
