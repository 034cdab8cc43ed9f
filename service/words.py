"""Times as a human reads them in a table. Pure, except for the local time zone, which only a screen may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

SAME = 40  # letters


def seconds_text(seconds: float | None) -> str:
    """Return a duration in at most 8 characters: `0.4 ms`, `12 ms`, `1.20 s`, `125 s`; `-` where it is unknown."""
    if seconds is None:
        return "-"
    if seconds < 0.9995:
        milliseconds = seconds * 1000
        return f"{milliseconds:.1f} ms" if milliseconds < 9.95 else f"{milliseconds:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 99.995 else f"{seconds:.0f} s"


def harmless(text: str) -> str:
    """Return a peer's words as one line that commands no terminal: every control character becomes a space."""
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


def shorten(text: str, most: int) -> str:
    """Return text of at most `most` characters, harmless; what is cut off is in the JSON and, with its conversation, in --talk."""
    text = harmless(text)
    return text if len(text) <= most else f"{text[: most - 3].rstrip()}..."


def distinct(reasons: Iterable[str]) -> list[str]:
    """Return the reasons without those that begin as an earlier one does: two limits can break over one fact."""
    return list({reason[:SAME]: reason for reason in reversed(list(reasons))}.values())[::-1]


def clock(at: datetime) -> str:
    """Return an aware time as this machine's people write it: `2026-11-20 09:00:12 CET`."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
