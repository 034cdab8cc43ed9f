"""Times as a human reads them in a table. Pure, except for the zone of the screen, which only a screen may use."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from zoneinfo import ZoneInfo

SAME = 40  # letters
_ZONE: ContextVar[Callable[[], ZoneInfo] | None] = ContextVar("zone", default=None)  # of one command's screen; None = this machine's


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


# -- the zone of the screen


@contextmanager
def shown_in(zone: Callable[[], ZoneInfo]) -> Iterator[None]:
    """Have times shown in a zone for a block; it is asked for when the first is, for it may have to be asked of a service."""
    token = _ZONE.set(zone)
    try:
        yield
    finally:
        with suppress(ValueError):  # a command line that was refused midway is collected later, outside its own context
            _ZONE.reset(token)


def zone_shown() -> ZoneInfo | None:
    """Return the zone in which times are shown; None = this machine's."""
    zone = _ZONE.get()
    return None if zone is None else zone()


def here(at: datetime) -> datetime:
    """Return an aware time in the zone in which times are shown."""
    return at.astimezone(zone_shown())


def clock(at: datetime) -> str:
    """Return an aware time as people write it, in the zone in which times are shown: `2026-11-20 09:00:12 CET`."""
    return here(at).strftime("%Y-%m-%d %H:%M:%S %Z")
