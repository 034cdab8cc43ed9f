"""How far each server's clock was off at a moment: the lake's `offsets`, as the correlation estimated them, ready to be asked. Pure."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from tracking.correlate.clock import Offset, offset_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

OFFSETS = "select server, since, until, offset_seconds, error_seconds, drift_ppm, pairs from offsets order by server, since"


class Clocks:
    """The offsets of all servers of a lake."""

    def __init__(self, rows: Iterable[Mapping[str, Any]] = ()) -> None:
        self._known: dict[str, list[Offset]] = {}
        for row in rows:
            self._known.setdefault(row["server"], []).append(Offset(**row))

    def _of(self, server: str, at: datetime | None) -> tuple[float, float | None]:
        known = self._known.get(server)
        return (0.0, None) if at is None or known is None else offset_of(known, server, at)

    def offset(self, server: str, at: datetime | None) -> float:
        """Return what is to be subtracted from a server's stamp (naive UTC), in seconds; 0 where nothing is known."""
        return self._of(server, at)[0]

    def error(self, server: str, at: datetime | None) -> float:
        """Return how far that offset may be off, in seconds; 0 where nothing was corrected."""
        return self._of(server, at)[1] or 0.0

    def corrected(self, server: str, at: datetime | None) -> datetime | None:
        """Return a server's stamp (naive UTC) as it was in truth, aware."""
        return None if at is None else (at - timedelta(seconds=self.offset(server, at))).replace(tzinfo=UTC)

    @property
    def latest(self) -> dict[str, Offset]:
        """Return each server's newest estimate."""
        return {server: max(known, key=lambda one: one.since) for server, known in sorted(self._known.items())}

    @property
    def slack_seconds(self) -> float:
        """Return by how much a difference of uncorrected stamps may be off the corrected one, at most."""
        all_of_them = [one for known in self._known.values() for one in known]
        return 2.0 + 2 * max((max(abs(one.offset_seconds), abs(one.at(one.until))) for one in all_of_them), default=0.0)
