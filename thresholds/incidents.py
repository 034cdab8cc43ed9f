"""When something is wrong, since when, for whom, and when it is over: verdicts in, changes of incidents out. Pure; time is a parameter.

The theory. A cell that was bad n of m times is surely bad. What is surely bad gathers for a few seconds, then its causes are named
(`thresholds.blame`), and each cause is one incident, or the same as an open one. An incident closes when its cells have been good k times
in a row. It refuses to open or close anything on what is not sure, or on what was seen while the prober itself was sick: then there is
one incident about us. How one cell stands: incidents_track; whose incident a cause is: incidents_naming; what is told: incidents_words.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from thresholds.blame import causes
from thresholds.incident_values import CauseKind
from thresholds.incidents_book import BY_HAND, RECOVERED, Book, restored_track
from thresholds.incidents_naming import facts, give
from thresholds.incidents_narrow import elsewhere
from thresholds.incidents_sickness import attend
from thresholds.incidents_track import Track
from thresholds.incidents_witness import Neighbours
from thresholds.incidents_words import acknowledged, closed, settle
from thresholds.mutes import NO_MUTES, stamp
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from thresholds.blame import Facts
    from thresholds.incident_values import Acknowledgement, Cause, Cell, Change, Incident, Mutes, Observation, Rules
    from thresholds.incidents_book import Case

AT_ONCE = datetime.fromtimestamp(0, UTC)  # when a review is due that is due already


class Watch:
    """All incidents of one prober.

    Args:
        rules: when they open, close and speak up again; may be replaced at any time.
        new_id: makes an id: "i" and eight hexadecimal digits, at random.
        blame: names the causes of what is bad.
    """

    def __init__(self, rules: Rules, new_id: Callable[[], str], blame: Callable[[Facts], tuple[Cause, ...]] = causes) -> None:
        self._book = Book(rules)
        self._new_id, self._blame = new_id, blame
        self._neighbours = Neighbours({})
        self._planned = self._pruned = False
        self._dirty = False  # an incident has changed since the last review
        self._due_at: datetime | None = None  # of what is open
        self._look_at: datetime | None = None  # when causes are to be named
        self._asked: Facts | None = None  # of which somebody else names them just now
        self._everything = False  # the prober has fallen sick, or got well, since the last review
        self._touched: dict[str, Incident] = {}

    @property
    def rules(self) -> Rules:
        """Return when incidents open, close and speak up again."""
        return self._book.rules

    @rules.setter
    def rules(self, rules: Rules) -> None:
        self._book.rules, self._due_at = rules, AT_ONCE
        for case in self._book.cases.values():
            case.dirty = True

    @property
    def open(self) -> tuple[Incident, ...]:
        """Return the open incidents as the last review left them, the oldest first."""
        return tuple(case.incident for case in self._book.cases.values())

    def touched(self) -> tuple[Incident, ...]:
        """Return, once, the open incidents of which something changed that is not told: cells joined or recovered, other evidence."""
        found, self._touched = tuple(self._touched.values()), {}
        return found

    def troubled(self, cell: str) -> bool:
        """Say whether it matters if this cell's next good verdict is near its limit: it is in trouble, or belongs to an open incident."""
        return cell in self._book.tracks

    # -- what is planned, and what was before

    def plan(self, cells: Iterable[Cell], now: datetime) -> None:
        """Replace what is watched. What is gone leaves its incident at the next review, which is due at once."""
        book = self._book
        former, book.cells = book.cells, {cell.name: cell for cell in cells}
        for gone in former.keys() - book.cells.keys():
            book.latest.pop(gone, None)
        self._neighbours = Neighbours(book.cells)
        self._planned, self._pruned, self._due_at = True, False, now

    def domains_on(self, server: str) -> tuple[str, ...]:
        """Return the domains that have a check on a server, by its name."""
        return tuple(dict.fromkeys(cell.domain for cell in self._book.cells.values() if cell.server == server and cell.kind != "trip"))

    def restore(self, incidents: Iterable[Incident], closed: Iterable[Incident] = ()) -> None:
        """Go on after a restart.

        Args:
            incidents: that are open: what failed of them counts as surely bad until it is well.
            closed: lately; what comes and goes is known by them, and what was closed by hand while it failed.
        """
        book = self._book
        book.restore(incidents)
        for incident in closed:
            self._recall(incident)
        self._pruned, self._dirty = False, True

    def _recall(self, incident: Incident) -> None:
        book = self._book
        if incident.ended in RECOVERED and incident.closed_at is not None:
            book.note_closing(incident.cause.key, incident.closed_at)
        book.excused = book.excused or (incident.cause.kind is CauseKind.PROBER and incident.ended.startswith(BY_HAND))
        for each in incident.failing:
            if each not in book.tracks:
                track = book.tracks[each] = restored_track(incident, each, failing=True)
                track.incident, track.dismissed = "", True

    # -- what is seen

    def saw(self, observation: Observation, *, near: bool = False) -> float | None:
        """Take a verdict of one cell; return after how many seconds the cell is to be probed again, None = it need not.

        Args:
            observation: what is suspect, UNKNOWN, not planned or seen while the prober is sick counts for nothing.
            near: a good value that lies too near its limit to be a recovery.
        """
        verdict, book = observation.verdict, self._book
        if verdict.suspect or verdict.level is Level.UNKNOWN or book.sick or observation.cell not in book.cells:
            return None
        book.latest[observation.cell] = observation
        track = book.tracks.get(observation.cell)
        if track is None:
            if verdict.level is Level.OK:
                return None
            track = book.tracks[observation.cell] = Track(observation.cell, observation.at)
        return self._follow(track, observation, near=near)

    def _follow(self, track: Track, seen: Observation, *, near: bool) -> float | None:
        book, before, placed = self._book, (track.sure, track.level), track.placed
        track.take(seen, book.rules, near=near)
        if (track.sure, track.level) != before:
            self._turn(track, seen.at, was_sure=before[0])
        case = book.cases.get(track.incident)
        if case is not None and track.sure and elsewhere(case, placed, track.placed):
            self._look(seen.at)
        if track.idle:
            del book.tracks[track.cell]
        return track.again(seen.at, book.cells[track.cell].every_seconds, book.rules)

    def _turn(self, track: Track, at: datetime, *, was_sure: bool) -> None:
        """Take note that a cell has become surely bad, or well, or bad at another level."""
        book = self._book
        case = book.cases.get(track.incident)
        if case is not None:
            self._dirty = case.dirty = True
            if track.sure:
                book.join(case, track.cell)
                self._look_anew(case, track, at, was_sure=was_sure)
            else:
                book.drop(track.cell, case.incident.id)
                self._reconsider(case, at)
        elif track.sure and not was_sure:
            book.waiting[track.cell] = None
            self._look(at)
        elif not track.sure:
            book.waiting.pop(track.cell, None)

    def _look_anew(self, case: Case, track: Track, at: datetime, *, was_sure: bool) -> None:
        """Ask again when one is bad again of which the evidence knows nothing."""
        if not was_sure and track.cell not in case.incident.cause.cells:
            self._look(at)

    def _look(self, at: datetime) -> None:
        """Have causes named when others have had time to show the same."""
        due = at + timedelta(seconds=self._book.rules.gather_seconds)
        self._look_at = due if self._look_at is None else min(due, self._look_at)

    def _reconsider(self, case: Case, at: datetime) -> None:
        """Ask again for the cause of what is left, when half of what failed is well."""
        if case.failing and 2 * len(case.failing) <= case.looked:
            case.looked = len(case.failing)
            self._look(at)

    def witnesses(self, cell: str) -> tuple[str, ...]:
        """Return at most eight checks whose quick run tells the causes of this bad cell apart, those not asked since it went bad."""
        book = self._book
        track = book.tracks.get(cell)

        def needless(other: str) -> bool:
            seen = book.latest.get(other)
            return other in book.tracks or (track is not None and seen is not None and seen.at >= track.began_at)

        return self._neighbours.witnesses(cell, needless)

    # -- what comes of it

    def next_at(self) -> datetime | None:
        """Return when a review is due though nothing more was seen, None = it is not; a moment long past = at once."""
        if self._dirty:
            return AT_ONCE
        look_at = self._look_at if self._asked is None else None
        return min((at for at in (self._due_at, look_at) if at is not None), default=None)

    def review(self, now: datetime, mutes: Mutes = NO_MUTES, sick: str = "") -> tuple[Change, ...]:
        """Return what has changed, to be stored in one transaction.

        Args:
            now: aware, UTC.
            mutes: all that keeps incidents from being told.
            sick: why the prober doubts itself, as a sentence; "" = it does not.
        """
        book = self._book
        everything = self._everything or sick != book.sick or (mutes is not book.mutes and mutes != book.mutes)
        due_at = self.next_at()
        if not everything and (due_at is None or now < due_at):
            return ()
        book.mutes = mutes
        known = self.question(now, sick)
        if known is not None:
            self.answer(known, self._blame(known), now)
        self._everything = False
        return self._settle(now, everything=everything)

    def question(self, now: datetime, sick: str = "") -> Facts | None:
        """Return of what causes are to be named now, None = of nothing. Who asks names them, and says what he found to `answer`.

        So that naming, which takes a second where ten thousand cells are bad, need not hold up whoever hears verdicts: the facts stay as
        they are, though the watch hears more. Until the answer comes a review names nothing else. `sick` as in `review`.
        """
        self._attend(sick, now)
        self._prune()
        if self._asked is not None or self._look_at is None or now < self._look_at:
            return None
        self._look_at = None
        if any(track.sure for track in self._book.tracks.values()):
            self._asked = facts(self._book)
        return self._asked

    def answer(self, known: Facts, causes: tuple[Cause, ...], now: datetime) -> None:
        """Take the causes of these facts. Of what has changed since it was asked only what still is so counts; nothing, if we fell sick."""
        if known is self._asked:
            self._asked, self._dirty = None, True
            self._prune()
            give(self._book, known, causes, self._new_id, now)

    def _attend(self, sick: str, now: datetime) -> None:
        self._everything = self._everything or sick != self._book.sick
        if attend(self._book, sick, self._new_id, now):
            self._look_at = self._asked = None

    def _prune(self) -> None:
        if self._planned and not self._pruned:
            self._book.prune()
            self._pruned = True

    def _settle(self, now: datetime, *, everything: bool) -> tuple[Change, ...]:
        changes: list[Change] = []
        for case in list(self._book.cases.values()):
            if everything or case.dirty or (case.due_at is not None and now >= case.due_at):
                change = settle(self._book, case, now)
                changes += self._note(case, change)
        self._book.forget_closings(now)
        if self._look_at is not None and not any(track.sure for track in self._book.tracks.values()):
            self._look_at = None  # what comes next gathers anew
        self._dirty = False
        self._due_at = min((case.due_at for case in self._book.cases.values() if case.due_at is not None), default=None)
        return tuple(changes)

    def _note(self, case: Case, change: Change | None) -> list[Change]:
        """Remember that an incident is to be stored although nothing is told of it; one that is told is stored with that."""
        if change is not None:
            self._touched.pop(case.incident.id, None)
        elif case.incident != case.stored:
            self._touched[case.incident.id] = case.incident
        case.stored = case.incident
        return [] if change is None else [change]

    # -- what people do

    def acknowledge(self, incident: str, ack: Acknowledgement, now: datetime) -> Change:
        """Take note that somebody has taken an incident on. Raises: KeyError: no such incident is open; ValueError: it is over already."""
        case = self._case(incident)
        if ack.until is not None and ack.until <= now:
            raise ValueError(f"an acknowledgement until {stamp(ack.until)} is over already; give a later time")
        self._dirty = case.dirty = True
        return self._note(case, acknowledged(case, ack, now))[0]

    def close(self, incident: str, by: str, why: str, now: datetime) -> Change:
        """Close an incident by hand; its cells that are still bad open none before they have been good. Raises: KeyError: none is open."""
        case = self._case(incident)
        self._book.excused = self._book.excused or (case.about_us and bool(self._book.sick))
        return self._note(case, closed(self._book, case, now, f"{BY_HAND}{by}" + (f": {why}" if why else "")))[0]

    def _case(self, incident: str) -> Case:
        case = self._book.cases.get(incident)
        if case is None:
            raise KeyError(f"no open incident {incident}; `probe incidents list` shows those that are open")
        return case
