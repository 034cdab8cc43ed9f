"""Sizes of memory as people write them. Apart from the engine, so that a configuration can be read without DuckDB."""

from __future__ import annotations

import re

from tracking.errors import TrackError

MEMORY_BYTES = 1 << 30  # of the whole process, by default
LEAST_BYTES = 192 << 20  # with less not even one batch can be parsed
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(i?B?)\s*", re.IGNORECASE)
_UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def size(text: str) -> int:
    """Read `1GiB`, `512M`, `2000000000` as bytes (powers of 1024, 1000 where it says `GB`). Raises: TrackError."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise TrackError(f"{text!r} is no size: write 512MiB or 2GiB")
    number, unit, ending = match.groups()
    base = 1000 if unit and ending.upper() == "B" else 1024
    return int(float(number) * base ** _UNITS[unit.upper()])
