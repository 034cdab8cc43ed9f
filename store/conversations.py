"""Which conversations are kept: of each check the last good one, and the first bad one of each of its last troubles. Pure.

A good one is renewed once in GOOD_EVERY_SECONDS, and at once after a trouble: to write each would cost more than all else together, and
what a bad run is held against need not be the very last that went well. Checks take turns by a phase of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable

GOOD_EVERY_SECONDS = 900
FIRST_BAD_KEPT = 5  # per check
GOOD, BAD = "last_good", "first_bad"
_TROUBLED = -1
# Each check's newest conversation: name, which, when its run began in seconds since 1970.
KEPT = """
    SELECT checks.name, newest.which, newest.started_us / 1e6
    FROM (SELECT check_id, which, started_us, max(run_id) FROM conversations GROUP BY check_id) AS newest
    JOIN checks ON checks.id = newest.check_id
"""


class Keeper:
    """Remembers per check, in one small number, whether it is in trouble, or when its good conversation was kept."""

    __slots__ = ("_states",)

    def __init__(self) -> None:
        self._states: dict[str, int] = {}  # name -> _TROUBLED, or the span in which a good one was kept

    def resume(self, kept: Iterable[tuple[str, str, float]]) -> None:
        """Go on where an earlier process ended: name, which, and start of each check's newest conversation."""
        for name, which, started in kept:
            self._states[name] = _TROUBLED if which == BAD else _span(name, started)

    def keep_as(self, name: str, started: float, *, good: bool) -> str | None:
        """Return as what the conversation of this run is to be kept, None = not at all. `started` is in seconds since 1970."""
        before = self._states.get(name)
        now = _span(name, started) if good else _TROUBLED
        if before == now:
            return None
        self._states[name] = now
        return GOOD if good else BAD

    def forget(self, name: str) -> None:
        """Take back that this check's conversation was kept: it was lost on its way to the disk."""
        self._states.pop(name, None)


def _span(name: str, started: float) -> int:
    return int(started + crc32(name.encode("utf-8", "replace")) % GOOD_EVERY_SECONDS) // GOOD_EVERY_SECONDS
