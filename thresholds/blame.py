"""Names what is to blame: from the cells that are bad, and those that are good, to the fewest causes that explain them. Pure.

The theory. A cell shares things with others: its server and that one's host, its domain and mailbox, the servers that its own needs; a
trip shares its ends and its way. Each is a suspect (blame_suspects), in one mode of failing, so that what is slow for all does not swallow
a login that is refused to one. Cells that share it, were asked since the trouble began and are good acquit it (blame_admit); cells not
asked yet say nothing. The admitted are tied to what would break with them (blame_ties). Then the fewest and narrowest are chosen that
explain every bad cell (blame_choose), and their evidence is put into words (blame_words, blame_sure).

It refuses to leave a bad cell out, or to explain it twice: in the last resort it stands for itself (CHECK).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thresholds.blame_admit import admitted
from thresholds.blame_choose import RANKS, choose
from thresholds.blame_sure import confidence, doubt
from thresholds.blame_survey import Survey, survey
from thresholds.blame_suspects import Key, Suspect, suspects
from thresholds.blame_ties import tie
from thresholds.blame_words import Case, evidence
from thresholds.incident_values import Cause, CauseKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
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
    """Return the causes of all bad cells, the widest first; each cell is explained by exactly one. Every bad cell must be in `cells`."""
    if not facts.bad:
        return ()
    found = survey(facts)
    guilty = {key: suspect for key, suspect in suspects(found).items() if admitted(found, suspect)}
    tie(found, guilty)
    return tuple(map(_cause, sorted(_cases(found, choose(guilty)), key=lambda case: (RANKS[case.kind], case.name))))


def _cases(found: Survey, chosen: dict[str, Suspect]) -> list[Case]:
    """Return the cases: what is chosen in several modes, or over ways with open ends, is one where it bears one name."""
    by_suspect: dict[Key, list[str]] = {}
    for cell, suspect in chosen.items():
        by_suspect.setdefault(suspect.key, []).append(cell)
    gathered: dict[tuple[CauseKind, str], dict[str, Suspect]] = {}
    for (kind, name, _), cells in by_suspect.items():
        called = NAMERS[kind](found, cells) if kind in NAMERS else name
        gathered.setdefault((kind, called), {}).update((cell, chosen[cell]) for cell in cells)
    return [Case(found, kind, name, dict(sorted(cells.items()))) for (kind, name), cells in gathered.items()]


def _cause(case: Case) -> Cause:
    return Cause(case.kind, case.name, tuple(case.cells), evidence(case), confidence(case), doubt(case))


# -- what a cause is called, where its cells decide that


def _way(found: Survey, cells: list[str]) -> str:
    """Return the ends of the mail's way: `submission, smtps -> imap`."""
    trips = [found.facts.cells[name] for name in cells]
    starts, ends = {trip.submits for trip in trips}, {trip.server for trip in trips}
    return f"{', '.join(sorted(starts))} -> {', '.join(sorted(ends))}"


def _resolver(found: Survey, cells: list[str]) -> str:
    """Return the name server that is probed and fails, or `resolver`."""
    servers = {found.facts.cells[name].server for name in cells if found.facts.cells[name].kind == "dns"}
    return min(servers, default="resolver")


def _site(found: Survey, cells: list[str]) -> str:
    return found.facts.cells[min(cells)].site


NAMERS: dict[CauseKind, Callable[[Survey, list[str]], str]] = {
    CauseKind.PATH: _way,
    CauseKind.RESOLVER: _resolver,
    CauseKind.PROBER: _site,
}
