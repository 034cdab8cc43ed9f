"""Times as a human reads them in a table. Pure, except for the local time zone, which only a screen may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def seconds_text(seconds: float | None) -> str:
    """Return a duration in at most 8 characters: `0.4 ms`, `12 ms`, `1.20 s`, `125 s`; `-` where it is unknown."""
    if seconds is None:
        return "-"
    if seconds < 0.9995:
        milliseconds = seconds * 1000
        return f"{milliseconds:.1f} ms" if milliseconds < 9.95 else f"{milliseconds:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 99.995 else f"{seconds:.0f} s"


def clock(at: datetime) -> str:
    """Return an aware time as this machine's people write it: `2026-11-20 09:00:12 CET`."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
