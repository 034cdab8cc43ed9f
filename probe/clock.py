"""The one place of probe/ that reads the wall clock; spans are measured with the loop's monotonic clock instead."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return this moment as an aware UTC datetime."""
    return datetime.now(UTC)  # noqa: TID251 - this is where the clock is read
