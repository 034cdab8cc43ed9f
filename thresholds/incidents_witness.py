"""Whom to ask, and soon, when a cell has gone bad: a few others that tell its possible causes apart. Pure.

Others on its server tell the server from the domain, others of its domain tell the domain from the server, what it needs tells both from
that. It refuses to name whom there is no need to ask: what is in trouble itself, and what has spoken since.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from thresholds.incident_values import Cell

SAME_SERVER, SAME_DOMAIN, NEEDED = 3, 3, 2  # at most so many of each
FARTHEST = 32  # neighbours that are looked at: where all of them are bad, their own schedule says enough
TRIP = "trip"  # the kind of a cell that is no conversation and so cannot be asked quickly


class Neighbours:
    """Which checks share a server or a domain.

    Args:
        cells: all that are planned, by name.
    """

    def __init__(self, cells: Mapping[str, Cell]) -> None:
        self._cells = cells
        self._of_server: defaultdict[str, list[Cell]] = defaultdict(list)
        self._of_domain: defaultdict[str, list[Cell]] = defaultdict(list)
        for cell in cells.values():
            if cell.kind != TRIP:
                self._of_server[cell.server].append(cell)
                self._of_domain[cell.domain].append(cell)

    def witnesses(self, name: str, needless: Callable[[str], bool]) -> tuple[str, ...]:
        """Return at most eight checks whose quick run tells the causes of this bad cell apart.

        Args:
            name: of the bad cell; of one that is not planned there are none.
            needless: says of a name that it need not be asked.
        """
        bad = self._cells.get(name)
        if bad is None:
            return ()
        own = [server for server in (bad.submits, bad.server) if server]
        found: dict[str, None] = {}
        for pool, most in (
            (self._on(own, bad), SAME_SERVER),
            (self._in_domain(bad, (*own, *bad.needs)), SAME_DOMAIN),
            (self._needed(bad), NEEDED),
        ):
            fresh = (cell.name for cell in pool if cell.name != name and cell.name not in found and not needless(cell.name))
            found |= dict.fromkeys(islice(fresh, most))
        return tuple(found)

    def _around(self, cells: list[Cell], name: str) -> Iterator[Cell]:
        """Yield some of these cells, beginning at a place that the name fixes: many bad cells do not all ask the same ones."""
        start = crc32(name.encode()) % len(cells) if cells else 0
        return (cells[(start + step) % len(cells)] for step in range(min(len(cells), FARTHEST)))

    def _on(self, servers: Iterable[str], bad: Cell) -> Iterator[Cell]:
        for server in servers:
            yield from (cell for cell in self._around(self._of_server.get(server, []), bad.name) if cell.domain != bad.domain)

    def _in_domain(self, bad: Cell, first: tuple[str, ...]) -> Iterator[Cell]:
        """Yield the domain's own checks on other servers; of a trip those at its ends first, then those on what it needs."""
        cells = self._around(self._of_domain.get(bad.domain, []), bad.name)
        others = (cell for cell in cells if cell.server != bad.server or bad.kind == TRIP)
        return iter(sorted(others, key=lambda cell: first.index(cell.server) if cell.server in first else len(first)))

    def _needed(self, bad: Cell) -> Iterator[Cell]:
        for server in bad.needs:
            yield from islice(self._around(self._of_server.get(server, []), bad.name), 1)
