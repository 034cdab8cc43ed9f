"""What a watch of incidents knows: cells, those in trouble, the open incidents with their members, how often causes closed. Pure.

It refuses to speak: what is told of an incident is decided in `thresholds.incidents_words`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from heapq import nsmallest
from typing import TYPE_CHECKING

from thresholds.incident_values import CauseKind, Incident, Mutes
from thresholds.incidents_own import swallower
from thresholds.incidents_track import Track
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from thresholds.incident_values import Cell, Observation, Rules

MOST_REASONS = 8  # of an incident: ten thousand cells say much the same
WELL, UNPROBED, SOUND = "all is well again", "no longer probed", "the prober is well again"
MENDED = "it is well again; what it held up besides fails for another reason"
BY_HAND = "closed by "  # how the end of one that somebody closed begins
PART_OF = "part of "  # how the end of one begins that turned out to have another's cause
RECOVERED = frozenset({WELL, SOUND, MENDED})  # ends after which the same may come again: flapping


@dataclass(slots=True)
class Case:
    """One open incident, and what follows it."""

    incident: Incident
    failing: set[str] = field(default_factory=set)  # cells that are surely bad
    cells: set[str] = field(default_factory=set)  # all that it has ever explained
    began_at: datetime | None = None  # the first bad verdict of those that have joined; None = none has, since a restart
    stored: Incident | None = None  # as it was handed out last
    dirty: bool = True  # something has changed since it was last settled
    due_at: datetime | None = None  # when it is to be settled although nothing was seen
    well_since: datetime | None = None  # nothing fails
    looked: int = 0  # how many cells failed when its cause was last asked for
    told: Incident | None = None  # as it was when it opened, or worsened last, or when it was restored
    heard: Incident | None = None  # as it was when anything of it was told last, or when it was restored
    widened: str = ""  # to what its cause has widened, or where it is, in words, not told yet
    narrowed: bool = False  # its cause has become a place on the way
    end: str = ""  # why it ends although its cells have not recovered

    @property
    def about_us(self) -> bool:
        """Say whether the prober is to blame."""
        return self.incident.cause.kind is CauseKind.PROBER


@dataclass(slots=True)
class Book:
    """All that a watch knows."""

    rules: Rules
    cells: dict[str, Cell] = field(default_factory=dict)  # that are planned
    latest: dict[str, Observation] = field(default_factory=dict)  # the last sure one of each
    tracks: dict[str, Track] = field(default_factory=dict)  # of cells in trouble, and of those that an open incident explains
    cases: dict[str, Case] = field(default_factory=dict)  # open incidents, by id
    waiting: dict[str, None] = field(default_factory=dict)  # surely bad, and no incident explains them yet; in the order of their coming
    closings: dict[str, list[datetime]] = field(default_factory=dict)  # of a cause, by its key
    mutes: Mutes = field(default_factory=Mutes)
    sick: str = ""  # why the prober doubts itself
    excused: bool = False  # somebody has closed the incident about that: none opens before the prober was well

    def planned(self, names: Iterable[str]) -> Iterator[Cell]:
        """Yield the cells of these names that are planned."""
        return (cell for cell in map(self.cells.get, names) if cell is not None)

    # -- members of incidents

    def join(self, case: Case, *names: str) -> None:
        """Let an incident explain cells that are surely bad; they leave those that did. There may be sixty thousand."""
        own, began, waiting = case.incident.id, case.began_at, self.waiting
        for name in names:
            track = self.tracks[name]
            if track.incident != own:
                former, track.incident = track.incident, own
                self.drop(name, former)
            if name in waiting:
                del waiting[name]
            if began is None or track.began_at < began:
                began = track.began_at
        case.failing.update(names)
        case.cells.update(names)
        case.began_at, case.dirty, case.end = began, True, "" if names else case.end

    def drop(self, cell: str, incident: str) -> None:
        """Let a cell fail no more in an incident: it is well, or another's. With the last of them it ends, in whose cause is bad still."""
        former = self.cases.get(incident)
        if former is None:
            return
        former.failing.discard(cell)
        former.dirty = True
        other = "" if former.failing else swallower(self, former)
        former.end = f"{PART_OF}{other}" if other else former.end

    def prune(self) -> None:
        """Forget the cells that are planned no more; an incident that has none left, or lost the last that failed, has ended."""
        lost: dict[str, bool] = {}  # id of an incident -> a cell that failed is gone
        for name in [name for name in self.tracks if name not in self.cells]:
            track = self.tracks.pop(name)
            self.waiting.pop(name, None)
            if track.incident in self.cases:
                self.cases[track.incident].failing.discard(name)
                lost[track.incident] = lost.get(track.incident, False) or track.sure
        for case, failed in ((self.cases[each], failed) for each, failed in lost.items()):
            case.dirty = True
            if not case.failing and (failed or next(self.planned(case.cells), None) is None):
                case.end = UNPROBED

    def release(self, case: Case) -> None:
        """Let go of a closed incident's cells; those that are still bad (it was closed by hand) open none before they were good."""
        own, tracks = case.incident.id, self.tracks
        del self.cases[own]
        for name in case.cells:
            track = tracks.get(name)
            if track is not None and track.incident == own:
                track.incident, track.dismissed = "", track.sure
                if not track.sure and not any(track.recent):  # it is idle
                    del tracks[name]

    def restore(self, incidents: Iterable[Incident]) -> None:
        """Take up incidents that a former process left open: what failed then counts as surely bad until it is well."""
        cases = [
            Case(one, set(one.failing), {*one.cells, *one.failing}, stored=one, looked=len(one.failing), told=one, heard=one)
            for one in incidents
        ]
        self.cases |= {case.incident.id: case for case in cases}
        for case in cases:
            for name in tuple(case.failing):
                track = self.tracks.setdefault(name, restored_track(case.incident, name, failing=True))
                if track.incident != case.incident.id:
                    case.failing.discard(name)
        for case in cases:  # only now: who has left one incident for another is still among the cells of the first
            for name in case.cells:
                self.tracks.setdefault(name, restored_track(case.incident, name, failing=False))

    # -- the incident as it is

    def refresh(self, case: Case) -> None:
        """Bring an incident up to date with its cells."""
        incident, worst = case.incident, self._worst(case)
        level = self.tracks[worst[0]].level if worst else incident.level
        reasons, limit = self._told(case) or self._grounds(worst) or (incident.reasons, incident.limit)
        cells, domains = incident.cells, incident.domains
        if len(cells) != len(case.cells):  # they only grow
            cells = tuple(sorted(case.cells))
            domains = tuple(sorted({*domains, *(cell.domain for cell in self.planned(cells) if cell.domain)}))
        case.incident = replace(
            incident,
            level=level,
            began_at=min(incident.began_at, case.began_at or incident.began_at),
            domains=domains,
            cells=cells,
            failing=cells if len(cells) == len(case.failing) else tuple(name for name in cells if name in case.failing),
            reasons=reasons,
            limit=limit,
        )

    def _worst(self, case: Case) -> list[str]:
        """Return some of the cells that fail, the worst first, then by name; ten thousand are not sorted for that."""
        by_level: dict[Level, list[str]] = {}
        for name in case.failing:
            by_level.setdefault(self.tracks[name].level, []).append(name)
        worst: list[str] = []
        for level in sorted(by_level, reverse=True):
            worst += nsmallest(MOST_REASONS - len(worst), by_level[level])
        return worst

    def _told(self, case: Case) -> tuple[tuple[str, ...], str] | None:
        """Return the reasons that were told where all that they speak of is well: what recovers last is seldom what was wrong."""
        told = case.told
        if told is None or case.widened or not told.reasons:
            return None
        spoken_of = {reason.partition(": ")[0] for reason in told.reasons}
        return (told.reasons, told.limit) if spoken_of.isdisjoint(case.failing) else None

    def _grounds(self, worst: list[str]) -> tuple[tuple[str, ...], str] | None:
        """Return reasons, and the limit in force for the worst; None where none was seen since a restart."""
        seen = [observation for name in worst if (observation := self.tracks[name].shown) is not None]
        if not seen:
            return None
        reasons = tuple(f"{one.cell}: {one.verdict.reasons[0]}" for one in seen if one.verdict.reasons)
        return reasons, seen[0].verdict.limit

    # -- coming and going

    def closings_of(self, key: str, now: datetime) -> int:
        """Return how often a cause has closed lately."""
        since = now - timedelta(seconds=self.rules.flap_seconds)
        return sum(at > since for at in self.closings.get(key, ()))

    def note_closing(self, key: str, at: datetime) -> None:
        """Remember that a cause has closed because all was well."""
        since = at - timedelta(seconds=self.rules.flap_seconds)
        self.closings[key] = [*(one for one in self.closings.get(key, ()) if one > since), at]

    def forget_closings(self, now: datetime) -> None:
        """Forget the causes that closed too long ago to matter."""
        since = now - timedelta(seconds=self.rules.flap_seconds)
        for key in [key for key, stamps in self.closings.items() if stamps[-1] <= since]:
            del self.closings[key]


def restored_track(incident: Incident, cell: str, *, failing: bool) -> Track:
    """Return how a cell of such an incident stands."""
    track = Track(cell, incident.began_at, incident=incident.id, sure=failing)
    track.level = Level(incident.level) if failing else Level.OK
    return track
