"""When an open incident is given a narrower name: mail was held up somewhere on its way, and now the servers' logs tell where. Pure.

It refuses to go back and forth: an incident is narrowed once, and the place gives way only to what explains more than twice as much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thresholds.blame_words import plural
from thresholds.incident_values import CauseKind
from thresholds.ways import TO, places

if TYPE_CHECKING:
    from thresholds.incident_values import Cause, Observation
    from thresholds.incidents_book import Book, Case

ON_THE_WAY = frozenset({CauseKind.HOP, CauseKind.LINK})
KNOWN = "now known: "  # how what is said of it begins
VAGUE = frozenset({CauseKind.PATH, CauseKind.DOMAIN, CauseKind.CHECK})  # what trips share while nobody knows where they are
TRIP = "trip"  # the kind of a cell that is no conversation


def elsewhere(case: Case, former: Observation | None, placed: Observation | None) -> bool:
    """Say whether a trip of this incident has told of a place on its way, and of none or another one before."""
    told = places(placed.slow) if placed is not None else ()
    return bool(told) and case.incident.cause.kind in VAGUE and (former is None or places(former.slow) != told)


def narrows(case: Case, cause: Cause) -> bool:
    """Say whether this is where all is that fails in an incident whose name was vaguer; most of what it ever explained must be there."""
    if case.narrowed or case.incident.cause.kind not in VAGUE or cause.kind not in ON_THE_WAY:
        return False
    there = case.cells.intersection(cause.cells)
    return bool(case.failing) and case.failing <= there and 2 * len(there) > len(case.cells)


def stands(book: Book, case: Case, cause: Cause) -> bool:
    """Say whether a place on the way stays the name: what joins is trips, at most as many, and why is known of them less well."""
    mine = case.incident.cause
    if mine.kind not in ON_THE_WAY or cause.kind not in VAGUE or len(cause.cells) > 2 * len(set(mine.cells).intersection(cause.cells)):
        return False
    return all(cell.kind == TRIP for cell in book.planned(cause.cells))


def known(cause: Cause) -> str:
    """Return what is known now: `now known: hub1 holds up 3 trips`."""
    trips = plural(len(cause.cells), TRIP)
    if cause.kind is CauseKind.HOP:
        return f"{KNOWN}{cause.name} holds up {trips}"
    return f"{KNOWN}{trips} took long from {cause.name.replace(TO, ' to ')}"


def found_out(said: str) -> str:
    """Return what is known now, where a change says that alone: nothing has become worse; "" = it says more, or something else."""
    return said.removeprefix(KNOWN) if said.startswith(KNOWN) and "; " not in said else ""
