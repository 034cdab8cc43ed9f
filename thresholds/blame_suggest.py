"""Suggests `depends_on` from what has failed before: servers that fail when another does, and hardly ever without it. Pure.

It refuses to suggest from coincidence: three different troubles at least, and a server that fails by itself needs nobody. Two that always
fail together may as well stand on a third; of these the one that fails more often by itself is taken to be the one behind.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from thresholds.incident_values import Cell

TOGETHER_SECONDS = 120.0  # bad runs this near belong to one trouble; also how far apart two servers' troubles may begin or end
LEAST_TROUBLES = 3
LEAST_SHARE = 0.9  # of its troubles in which the other fails too


@dataclass(frozen=True, slots=True)
class Span:
    """One trouble of a server: from its first bad run to its last."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One server seems to need another."""

    server: str
    needs: str
    troubles: int  # of the server
    shared: int  # of these: the other failed too
    alone: int  # troubles of the other in which the server did not fail

    @property
    def words(self) -> str:
        """Return it as a sentence with its counts."""
        alone = f"; {self.needs} failed {self.alone} times without it" if self.alone else ""
        return f"{self.server} failed {self.troubles} times, {self.shared} of them with {self.needs}{alone}: depends_on: [{self.needs}]"


def suggest_dependencies(history: Iterable[tuple[str, datetime]], cells: Mapping[str, Cell]) -> tuple[Suggestion, ...]:
    """Return what each server seems to need and does not say so, the surest first.

    Args:
        history: cell and time (aware, UTC) of each stored bad run, in any order; cells that are not planned any more are passed over.
        cells: all that are planned, by name; trips are passed over, for they pass several servers.
    """
    troubles = {server: _spans(times) for server, times in _by_server(history, cells).items()}
    known = {(cell.server, need) for cell in cells.values() for need in cell.needs}
    pairs = (_pair(server, other, troubles) for server, other in permutations(sorted(troubles), 2) if (server, other) not in known)
    found = [pair for pair in pairs if pair is not None]
    kept = [one for one in found if not any(_better(other, one) for other in found)]
    ways = {(one.server, one.needs) for one in kept}
    found = [one for one in kept if not _siblings(one, ways)]
    return tuple(sorted(found, key=lambda one: (-one.shared / one.troubles, -one.troubles, one.server, one.needs)))


def _by_server(history: Iterable[tuple[str, datetime]], cells: Mapping[str, Cell]) -> dict[str, list[datetime]]:
    found: dict[str, list[datetime]] = defaultdict(list)
    for name, at in history:
        cell = cells.get(name)
        if cell is not None and cell.kind != "trip":
            found[cell.server].append(at)
    return found


def _spans(times: list[datetime]) -> list[Span]:
    """Return the troubles of a server, the oldest first."""
    spans: list[Span] = []
    for at in sorted(times):
        if spans and at - spans[-1].ends <= timedelta(seconds=TOGETHER_SECONDS):
            spans[-1] = Span(spans[-1].begins, at)
        else:
            spans.append(Span(at, at))
    return spans


def _touch(one: Span, other: Span) -> bool:
    margin = timedelta(seconds=TOGETHER_SECONDS)
    return one.begins - margin <= other.ends and other.begins - margin <= one.ends


def _touching(spans: list[Span], others: list[Span]) -> int:
    """Return how many of the first touch any of the others; both are in order."""
    count = at = 0
    for span in spans:
        while at < len(others) and others[at].ends < span.begins - timedelta(seconds=TOGETHER_SECONDS):
            at += 1
        count += at < len(others) and _touch(span, others[at])
    return count


def _pair(server: str, other: str, troubles: Mapping[str, list[Span]]) -> Suggestion | None:
    """Return what the history says of one server needing another; None = nothing, or too little."""
    own, behind = troubles[server], troubles[other]
    shared = _touching(own, behind)
    if len(own) < LEAST_TROUBLES or shared < LEAST_SHARE * len(own):
        return None
    return Suggestion(server, other, len(own), shared, len(behind) - _touching(behind, own))


def _better(other: Suggestion, one: Suggestion) -> bool:
    """Say whether the other way round is the likelier: who fails more often without the other is the one behind; a tie goes by name."""
    opposite = (other.server, other.needs) == (one.needs, one.server)
    return opposite and (other.alone, other.shared / other.troubles, other.server) > (one.alone, one.shared / one.troubles, one.server)


def _siblings(one: Suggestion, ways: set[tuple[str, str]]) -> bool:
    """Say whether both seem to need the same third: then that is why they fail together."""
    return any((one.needs, third) in ways for server, third in ways if server == one.server)
