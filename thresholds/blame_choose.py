"""Chooses the fewest suspects that explain every bad cell: greedily, the one that explains most first; then each is narrowed. Pure.

The same cells in any order give the same choice: gains are whole numbers, and ties go by kind and name.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from thresholds.blame_suspects import MANY
from thresholds.incident_values import CauseKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from thresholds.blame_suspects import Key, Suspect

# What it costs to name one, in percent of a cell: at the same evidence the narrower is named. A path costs more with each end left open.
COSTS: dict[CauseKind, int] = {
    CauseKind.CHECK: 40,
    CauseKind.ACCOUNT: 55,
    CauseKind.SERVER: 60,
    CauseKind.HOP: 60,
    CauseKind.LINK: 61,
    CauseKind.PATH: 62,
    CauseKind.DOMAIN: 75,
    CauseKind.HOST: 80,
    CauseKind.RESOLVER: 85,
    CauseKind.PROBER: 90,
}
OPEN_END = 2
RANKS = {kind: rank for rank, kind in enumerate(CauseKind)}
_Entry = tuple[int, int, int, str, str, "Suspect"]  # turn, gain (negative), order, which no two share
Explainers = dict[str, list["Suspect"]]  # cell -> all that would explain it


def cost(suspect: Suspect) -> int:
    """Return what it costs to name a suspect."""
    return COSTS[suspect.kind] + OPEN_END * suspect.name.count("*") * (suspect.kind is CauseKind.PATH)


def _order(suspect: Suspect) -> tuple[int, str, str]:
    return RANKS[suspect.kind], suspect.name, suspect.mode


def choose(guilty: Mapping[Key, Suspect]) -> dict[str, Suspect]:
    """Return for each bad cell the suspect that explains it."""
    explainers: Explainers = {}
    for suspect in guilty.values():
        for cell in (*suspect.own, *suspect.tied):
            explainers.setdefault(cell, []).append(suspect)
    return _best(_narrowed(_cover(guilty.values()), explainers))


def _gain(suspect: Suspect, covered: set[str]) -> int:
    """Return what naming it would explain that nothing explains yet; nothing unless a cell of its own is among that."""
    own = [fit for cell, fit in suspect.own.items() if cell not in covered]
    if len(own) < (MANY if suspect.part else 1):
        return 0
    return sum(own) + sum(fit for cell, fit in suspect.tied.items() if cell not in covered) - cost(suspect)


def _cover(guilty: Iterable[Suspect]) -> list[Suspect]:
    """Return suspects that explain all cells together, the weightiest first; last those that most acquit, then cells by themselves.

    A gain only shrinks, so a stale one is looked at again.
    """
    covered: set[str] = set()
    heap = [_entry(suspect, covered) for suspect in guilty]
    heapq.heapify(heap)
    chosen = []
    while heap:
        stale = heapq.heappop(heap)
        now = _entry(stale[-1], covered)
        if now == stale and now[1] < 0:
            chosen.append(stale[-1])
            covered.update(stale[-1].own, stale[-1].tied)
        elif now[1] < 0:
            heapq.heappush(heap, now)
    return chosen


def _entry(suspect: Suspect, covered: set[str]) -> _Entry:
    turn = 2 if suspect.kind is CauseKind.CHECK else int(suspect.part)
    return turn, -_gain(suspect, covered), *_order(suspect), suspect


def _narrowed(chosen: list[Suspect], explainers: Explainers) -> list[Suspect]:
    """Return the same without those whose cells the others explain, and with narrower ones where these explain what is left to them."""
    kept = list(chosen)
    explained: dict[str, int] = {}
    for suspect in kept:
        _count(explained, suspect, 1)
    for number, suspect in reversed(list(enumerate(kept))):
        alone = [cell for cell in (*suspect.own, *suspect.tied) if explained[cell] == 1]
        kept[number] = _narrower(suspect, alone, explainers)
        _count(explained, suspect, -1)
        if alone:
            _count(explained, kept[number], 1)
        else:
            del kept[number]
    return kept


def _count(explained: dict[str, int], suspect: Suspect, by: int) -> None:
    for cell in (*suspect.own, *suspect.tied):
        explained[cell] = explained.get(cell, 0) + by


def _narrower(suspect: Suspect, alone: list[str], explainers: Explainers) -> Suspect:
    """Return the cheapest that explains these cells at least as well, of its own."""
    if not alone:
        return suspect
    fit = sum(suspect.fit(cell) for cell in alone)
    fitting = (other for other in explainers[alone[0]] if all(cell in other.own for cell in alone))
    others = [other for other in fitting if sum(map(other.fit, alone)) >= fit]
    return min((suspect, *others), key=lambda one: (cost(one), *_order(one)))


def _best(chosen: list[Suspect]) -> dict[str, Suspect]:
    """Return for each cell the one of the chosen that explains it best; at the same fit the one with the most of its own."""
    found: dict[str, Suspect] = {}
    for suspect in sorted(chosen, key=lambda one: (len(one.own), *_order(one)), reverse=True):
        for cell in (*suspect.own, *suspect.tied):
            if cell not in found or suspect.fit(cell) > found[cell].fit(cell):
                found[cell] = suspect
    return found
