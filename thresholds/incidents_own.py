"""Which of an incident's cells are its cause's own: the checks on the server that it names, and not what only needs that server. Pure.

An incident is over when these are well, whoever explains then what else it held up. It refuses to leave an incident without any: where none
is the cause's own, all of them are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thresholds.incident_values import CauseKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from thresholds.incident_values import Cause, Cell
    from thresholds.incidents_book import Book, Case

TRIP = "trip"  # the kind of a cell that is no conversation


def _server(cause: Cause, cell: Cell) -> bool:
    return cell.kind != TRIP and cell.server == cause.name


def _host(cause: Cause, cell: Cell) -> bool:
    return cell.kind != TRIP and cell.host == cause.name


def _way(_: Cause, cell: Cell) -> bool:
    return cell.kind == TRIP


def _domain(cause: Cause, cell: Cell) -> bool:
    return cause.name in {cell.domain, cell.origin}


def _alone(cause: Cause, cell: Cell) -> bool:
    return cell.name == cause.name


OWN: dict[CauseKind, Callable[[Cause, Cell], bool]] = {  # of the others: all
    CauseKind.HOST: _host,
    CauseKind.SERVER: _server,
    CauseKind.PATH: _way,
    CauseKind.HOP: _way,
    CauseKind.LINK: _way,
    CauseKind.DOMAIN: _domain,
    CauseKind.ACCOUNT: _domain,
    CauseKind.CHECK: _alone,
}


def own_cells(cause: Cause, cells: list[Cell]) -> list[Cell]:
    """Return those of these cells that are a cause's own; all, where none is."""
    mine = OWN.get(cause.kind)
    return [cell for cell in cells if mine is None or mine(cause, cell)] or cells


def swallower(book: Book, case: Case) -> str:
    """Return the id of the open incident that explains a cell which is this one's cause's own and still bad; "" = they are well."""
    return min(_elsewhere(book, case, own_cells(case.incident.cause, list(book.planned(case.cells)))), default="")


def survived(book: Book, case: Case) -> bool:
    """Say whether something that this one has explained is still bad, by another's cause."""
    return bool(_elsewhere(book, case, book.planned(case.cells)))


def _elsewhere(book: Book, case: Case, cells: Iterable[Cell]) -> set[str]:
    tracks = (book.tracks.get(cell.name) for cell in cells)
    return {track.incident for track in tracks if track is not None and track.sure} & book.cases.keys() - {case.incident.id}
