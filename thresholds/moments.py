"""The span in which times lie that people give: from 1970 until 2200; what lies outside is refused. Pure.

At the edges of the calendar a time has no counterpart in other zones: it could be stored, and neither be read nor be shown.
"""

from datetime import UTC, datetime

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
BOUNDS = "times lie between 1970-01-01 and 2200-01-01"


def possible(at: datetime) -> bool:
    """Say whether an aware time lies in the span, its end included."""
    return EARLIEST <= at <= LATEST


def bounded(at: datetime) -> datetime:
    """Return an aware time that lies in the span. Raises: ValueError with a sentence."""
    if not possible(at):
        raise ValueError(f"{at.isoformat()} is out of bounds: {BOUNDS}")
    return at
