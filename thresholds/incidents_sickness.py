"""What becomes of incidents while the prober itself is sick: one about us, none about them. Pure; time is a parameter.

What was surely bad and had no name yet must be seen bad once more when the prober is well again: it may have been our own trouble. What is
open stays as it is. It refuses to open a second incident about us: that which blame has found is the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from thresholds.incident_values import Cause, CauseKind
from thresholds.incidents_naming import opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from thresholds.incidents_book import Book, Case


def attend(book: Book, sick: str, new_id: Callable[[], str], now: datetime) -> bool:
    """Begin, go on or cease to doubt the prober; return whether it has just fallen sick.

    Args:
        book: of the watch.
        sick: why, as a sentence; "" = the prober is well.
        new_id: makes the id of an incident.
        now: aware.
    """
    former, book.sick = book.sick, sick
    if sick and not former:
        _doubt(book)
    book.excused = book.excused and bool(sick)
    case = _ours(book, new_id, now) if sick else None
    if case is not None:
        _accuse(case, sick, former)
    return bool(sick) and not former


def _doubt(book: Book) -> None:
    for name in book.waiting:
        track = book.tracks[name]
        track.doubt(book.rules)
        if track.idle:
            del book.tracks[name]
    book.waiting.clear()


def _ours(book: Book, new_id: Callable[[], str], now: datetime) -> Case | None:
    """Return the incident about us, None = somebody has closed it by hand."""
    known = next((case for case in book.cases.values() if case.about_us), None)
    if known is not None or book.excused:
        return known
    site = next((cell.site for cell in book.cells.values()), "")
    return opened(book, Cause(CauseKind.PROBER, site), new_id(), now)


def _accuse(case: Case, sick: str, former: str) -> None:
    """Have the incident about us say why, before what blame has found."""
    cause = case.incident.cause
    found = tuple(words for words in cause.evidence if words not in {sick, former}) if case.cells else ()
    case.incident = replace(case.incident, cause=replace(cause, evidence=(sick, *found)))
    case.dirty = True
