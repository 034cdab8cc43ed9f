"""All metrics as one exposition, made slice by slice: text format 0.0.4, or OpenMetrics for who asks for it; gzip for who takes it."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from console.metrics_checks import check_families, fresh_cells, info_family
from console.metrics_counts import server_families, trip_families
from console.metrics_own import Own

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from console.board import Board
    from console.board_cells import Cell
    from console.ports import Numbers
    from console.turns import Turns

CLASSIC = "text/plain; version=0.0.4; charset=utf-8"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
GZIP_WINDOW = 31  # zlib's number for a gzip header and the largest window
GZIP_LEVEL = 1  # these texts shrink to a twentieth at any level


class Exposition:
    """What /metrics shows."""

    def __init__(self, board: Board, numbers: Numbers, version: str) -> None:
        self._board = board
        self._own = Own(board, numbers, version)

    def texts(self, *, open_metrics: bool = False) -> Iterator[str]:
        """Yield the exposition, about a hundred lines at a time. What changes meanwhile shows as it is when its line is made."""
        board = self._board
        cells: list[Cell] = list(board.cells.values())
        fresh: list[Cell] = []
        yield from fresh_cells(cells, board.clock(), fresh)
        yield from check_families(fresh, steps=not board.is_wide, open_metrics=open_metrics)
        yield from info_family(cells, open_metrics=open_metrics)
        yield from server_families(board, open_metrics=open_metrics)
        yield from trip_families(board, open_metrics=open_metrics)
        yield from self._own.families(open_metrics=open_metrics)
        if open_metrics:
            yield "# EOF\n"


def wants_open_metrics(accept: str) -> bool:
    """Say whether OpenMetrics is at least as welcome as plain text (RFC 9110 section 12.5.1)."""
    weights = dict(_weights(accept))
    best = weights.get("application/openmetrics-text", 0.0)
    return best > 0 and best >= weights.get("text/plain", 0.0)


def takes_gzip(accept_encoding: str) -> bool:
    """Say whether the client takes gzip (RFC 9110 section 12.5.3)."""
    return dict(_weights(accept_encoding)).get("gzip", 0.0) > 0


def _weights(header: str) -> Iterator[tuple[str, float]]:
    """Yield what a header names, with its greatest weight last."""
    found = []
    for part in header.split(","):
        name, *parameters = (word.strip().lower() for word in part.split(";"))
        weight = next((word[2:] for word in parameters if word.startswith("q=")), "1")
        found.append((name, float(weight) if weight.replace(".", "", 1).isdecimal() else 0.0))
    yield from sorted(found, key=lambda one: one[1])


async def encoded(texts: Iterator[str], turns: Turns, *, gzip: bool) -> AsyncIterator[bytes]:
    """Yield texts as bytes, slice by slice, packed where that is wanted."""
    packer = zlib.compressobj(GZIP_LEVEL, wbits=GZIP_WINDOW) if gzip else None
    async for text in turns.texts(texts):
        piece = text.encode("utf-8", "replace")
        packed = packer.compress(piece) if packer else piece
        if packed:
            yield packed
    if packer:
        yield packer.flush()
