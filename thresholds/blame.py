"""Names what is to blame: from the cells that are bad, and those that are good, to the fewest causes that explain them. Pure.

It refuses to leave a bad cell out: each is explained by exactly one cause, in the last resort by itself (CHECK).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thresholds.incident_values import Cause, CauseKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from thresholds.incident_values import Cell, Observation


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when causes are asked for."""

    cells: Mapping[str, Cell]  # all, by name
    latest: Mapping[str, Observation]  # the last one of each cell that is not suspect
    bad: frozenset[str]  # names of the cells that are surely bad
    since: datetime  # the first bad verdict of the youngest trouble, aware, UTC

    def asked(self, cell: str) -> bool:
        """Say whether a cell was observed since the trouble began."""
        seen = self.latest.get(cell)
        return seen is not None and seen.at >= self.since


def causes(facts: Facts) -> tuple[Cause, ...]:
    """Return the causes of all bad cells, each cell in exactly one."""
    by_server: dict[str, list[str]] = {}
    for name in sorted(facts.bad):
        by_server.setdefault(facts.cells[name].server, []).append(name)
    return tuple(_cause(facts, server, names) for server, names in by_server.items())


def _cause(facts: Facts, server: str, names: list[str]) -> Cause:
    on_it = sum(cell.server == server for cell in facts.cells.values())
    if len(names) == 1 < on_it:
        return Cause(CauseKind.CHECK, names[0], tuple(names), (f"only {names[0]}, of {on_it} on {server}",))
    return Cause(CauseKind.SERVER, server, tuple(names), (f"{len(names)} of {on_it} on {server}",))
