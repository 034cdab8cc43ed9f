"""Whose incident a cause is: a new one, or one that is open already and has widened, or swallowed another. Pure.

An incident keeps its identity as long as it shares failing cells, or the cause itself, with what is named now. It refuses to open an
incident for a cause that explains nothing new: that has been told (decision 0141).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from thresholds.blame import Facts
from thresholds.incident_values import Cause, CauseKind, Incident, Observation
from thresholds.incidents_book import Case
from thresholds.incidents_narrow import known as now_known
from thresholds.incidents_narrow import narrows, stands
from thresholds.incidents_words import flapping, widened
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from thresholds.incidents_book import Book

WIDTHS = {kind: place for place, kind in enumerate(CauseKind)}  # the widest first, as the values stand
UNSEEN = Verdict(Level.UNKNOWN, ("not seen since the restart",))


# -- what blame is asked


def facts(book: Book) -> Facts:
    """Return what is known of all cells; of a bad one the last bad observation, though a good one may have come since."""
    bad = [(name, track) for name, track in book.tracks.items() if track.sure]
    seen = {name: track.telling or Observation(name, track.began_at, replace(UNSEEN, level=track.level)) for name, track in bad}
    return Facts(book.cells, book.latest | seen, frozenset(seen), _since(book, seen))


def _since(book: Book, bad: Iterable[str]) -> datetime:
    """Return the first bad verdict of the youngest trouble: what waits for a name, or of all that fails."""
    return min(book.tracks[name].began_at for name in book.waiting or bad)


# -- what becomes of the answer


def give(book: Book, known: Facts, causes: tuple[Cause, ...], new_id: Callable[[], str], now: datetime) -> None:
    """Give each cause its incident; opens those that are new, and says of each what has widened. What no cause explains stands alone."""
    missing = known.bad.intersection(book.waiting).difference(*(cause.cells for cause in causes))
    alone = tuple(Cause(CauseKind.CHECK, each, (each,), (f"only {each}",)) for each in sorted(missing))
    _assign(book, (*causes, *alone), new_id, now)
    for case in book.cases.values():
        case.looked = len(case.failing)


def _assign(book: Book, causes: tuple[Cause, ...], new_id: Callable[[], str], now: datetime) -> None:
    owners = dict(_owners(book, causes))
    for place, cause in enumerate(causes):
        case = owners.get(place)
        if case is None and not book.waiting.keys().isdisjoint(cause.cells):
            case = opened(book, cause, new_id(), now)
        if case is not None:
            _explain(book, case, cause)


def _owners(book: Book, causes: tuple[Cause, ...]) -> Iterator[tuple[int, Case]]:
    """Yield which cause belongs to which open incident: the same cause first, then the most failing cells in common, then the oldest."""
    known = {identity(case.incident.cause): each for each, case in book.cases.items()}
    claims = [claim for place, cause in enumerate(causes) for claim in _claims(book, place, cause, known.get(identity(cause)))]
    placed: set[int] = set()
    taken: set[str] = set()
    for _, _, _, each, place in sorted(claims):
        if place not in placed and each not in taken:
            placed.add(place)
            taken.add(each)
            yield place, book.cases[each]


def _claims(book: Book, place: int, cause: Cause, same: str | None) -> Iterator[tuple[bool, int, datetime, str, int]]:
    """Yield the open incidents that this cause could be, to be sorted: the best claim is the least. `same` has this cause already."""
    held = Counter(book.tracks[each].incident for each in _members(book, cause))
    for each in held.keys() | {same}:
        if each in book.cases:
            yield (each != same, -held[each], book.cases[each].incident.opened_at, each, place)


def _members(book: Book, cause: Cause) -> list[str]:
    """Return the cells of a cause that are to be explained: not those whose incident was closed by hand."""
    return [each for each in cause.cells if (track := book.tracks.get(each)) is not None and track.sure and not track.dismissed]


def identity(cause: Cause) -> str:
    """Return by what a cause is recognised; of us there is only one."""
    return cause.kind.value if cause.kind is CauseKind.PROBER else cause.key


def opened(book: Book, cause: Cause, new: str, now: datetime) -> Case:
    """Begin an incident; one whose cause comes and goes will be held open."""
    count = book.closings_of(cause.key, now)
    flaps = count >= book.rules.flap_count
    began = min((book.tracks[each].began_at for each in cause.cells if each in book.waiting), default=now)
    case = book.cases[new] = Case(Incident(new, cause, Level.WARNING, began, now, flapping=flaps))
    case.widened = flapping(count, book.rules) if flaps else ""
    return case


def _explain(book: Book, case: Case, cause: Cause) -> None:
    """Let an incident have this cause and its cells."""
    cells = _members(book, cause)
    more = not case.cells.issuperset(cells)
    untold = not case.incident.changes and case.failing.issubset(cause.cells)
    same = identity(case.incident.cause) == identity(cause)  # who was told "server imap" is told of its end by that name
    fewer = same and bool(case.incident.changes) and set(case.incident.cause.cells).issuperset(cause.cells)
    taken = more or untold or (same and not fewer)  # as some get well its evidence stays that of all whom it touched, as the first line's
    taken = taken and not stands(book, case, cause)
    if narrows(case, cause):
        taken = case.narrowed = True
        case.widened = now_known(cause) if case.incident.changes else case.widened
    elif taken and case.incident.changes and _is_wider(case, cause):
        case.widened = widened(cause)
    book.join(case, *cells)
    if taken:
        case.incident = replace(case.incident, cause=cause)


def _is_wider(case: Case, cause: Cause) -> bool:
    """Say whether a cause is of a wider kind than was told: one more end of a way, or server of the same domain, wakes nobody again."""
    return WIDTHS[cause.kind] < WIDTHS[(case.told or case.incident).cause.kind]
