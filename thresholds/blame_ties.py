"""What a guilty thing breaks besides itself: the servers that need it, the trips that pass it, or may. Pure.

A tie is certain where the configuration says so (`depends_on`, the ends of a trip) and supposed where only the kind of server does: logins
fail on many domains while a directory is ill; mail is late while the LMTP server is. It never explains what fails before the one behind
could have been asked, nor the refusal of one domain's login where others get in, nor what is lost by what is merely slow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thresholds.blame_suspects import SERVER_MODES, WEAK_FIT, Key, Suspect
from thresholds.blame_symptoms import Sign, Symptom
from thresholds.incident_values import CauseKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from thresholds.blame_survey import Survey
    from thresholds.incident_values import Cell

NEEDED_FIT, END_FIT, UNTOLD_FIT, SUPPOSED_FIT = 80, 80, 60, 45
SHOWN_BEHIND = frozenset({Sign.LOGIN, Sign.REFUSED, Sign.PUT_OFF, Sign.MUTE, Sign.SLOW, Sign.UNSEEN})
REFUSALS = frozenset({Sign.LOGIN, Sign.REFUSED})  # of one domain alone they are its own
HELD_UP = frozenset({Sign.STUCK, Sign.LOST, Sign.SLOW, Sign.UNSEEN})
WAITS = frozenset({Sign.STUCK, Sign.UNSEEN})
ASKS_DIRECTORY = frozenset({"smtp", "submission", "lmtp", "imap", "pop3"})
Tie = tuple[CauseKind, str, int, bool]  # what it hangs on, how well that explains it, whether that is only supposed


def tie(found: Survey, guilty: Mapping[Key, Suspect]) -> None:
    """Give each admitted suspect the cells that it explains besides its own."""
    by_name: dict[tuple[CauseKind, str], list[Suspect]] = {}
    for suspect in guilty.values():
        by_name.setdefault((suspect.kind, suspect.name), []).append(suspect)
    ties = _Ties(found, guilty, by_name)
    for name, seen in found.symptoms.items():
        cell = found.facts.cells[name]
        for kind, called, fit, supposed in ties.of(cell, seen):
            _hang(by_name.get((kind, called), ()), name, seen, (fit, supposed))


def _hang(on: Iterable[Suspect], cell: str, seen: Symptom, how: tuple[int, bool]) -> None:
    for suspect in on:
        if cell not in suspect.own and not (suspect.signs == {Sign.SLOW} and seen.sign is not Sign.SLOW):
            suspect.tied[cell] = max(how[0], suspect.tied.get(cell, 0))
            if how[1]:
                suspect.supposed.add(cell)


class _Ties:
    """Finds what a cell hangs on."""

    def __init__(self, found: Survey, guilty: Mapping[Key, Suspect], by_name: Mapping[tuple[CauseKind, str], list[Suspect]]) -> None:
        self._found, self._guilty = found, guilty
        ill = [name for kind, name in by_name if kind is CauseKind.SERVER]
        self._directories = sorted(name for name in ill if found.kinds.get(name) == "ldap")
        self._boxes = sorted(name for name in ill if found.kinds.get(name) == "lmtp")
        self._places = _places(found)

    def of(self, cell: Cell, seen: Symptom) -> Iterator[Tie]:
        """Yield all that a bad cell may hang on."""
        if cell.kind == "trip":
            yield from self._of_trip(cell, seen)
            return
        if seen.late and seen.sign in SHOWN_BEHIND and (seen.sign not in REFUSALS or self._widespread(cell, seen)):
            yield from ((CauseKind.SERVER, need, NEEDED_FIT, False) for need in cell.needs)
            if cell.kind in ASKS_DIRECTORY and self._widespread(cell, seen):
                supposed = (name for name in self._directories if name not in cell.needs)
                yield from ((CauseKind.SERVER, name, SUPPOSED_FIT, True) for name in supposed)
        if cell.kind == "dns":
            yield CauseKind.RESOLVER, "", NEEDED_FIT, False

    def _widespread(self, cell: Cell, seen: Symptom) -> bool:
        """Say whether the cell's server fails so as a whole."""
        return (CauseKind.SERVER, cell.server, SERVER_MODES[seen.sign]) in self._guilty

    def _of_trip(self, cell: Cell, seen: Symptom) -> Iterator[Tie]:
        ends = list(_ends(cell, seen))
        for server in ends:
            yield CauseKind.SERVER, server, END_FIT, False
            yield from ((CauseKind.HOST, host, END_FIT, False) for host in sorted(self._found.host_of.get(server, ())))
        for domain, server in ((cell.domain, cell.server), (cell.origin or cell.domain, cell.submits)):
            if server in ends:
                yield CauseKind.ACCOUNT, domain, END_FIT, False
                yield CauseKind.CHECK, f"{domain}/{server}", WEAK_FIT, False
        if seen.sign in HELD_UP:
            yield from ((CauseKind.SERVER, need, NEEDED_FIT, False) for need in cell.needs)
            yield from ((kind, "", END_FIT, True) for kind in (CauseKind.RESOLVER, CauseKind.PROBER))
        if seen.sign in HELD_UP | {Sign.BOUNCED}:
            yield from ((CauseKind.SERVER, box, SUPPOSED_FIT, True) for box in self._boxes)
        if seen.sign in WAITS and not seen.traced:
            places = self._places.get(cell.submits, set()) | self._places.get(cell.server, set())
            yield from ((kind, name, UNTOLD_FIT, True) for kind, name in sorted(places))


def _places(found: Survey) -> dict[str, set[tuple[CauseKind, str]]]:
    """Return where, by the servers' logs, trips from or to each server are held up: there may be those of which no log has told yet."""
    places: dict[str, set[tuple[CauseKind, str]]] = {}
    for name, seen in found.symptoms.items():
        told = {(CauseKind.HOP, hop) for hop in seen.hops} | {(CauseKind.LINK, link) for link in seen.links}
        if seen.traced and told:
            cell = found.facts.cells[name]
            for server in (cell.submits, cell.server):
                places.setdefault(server, set()).update(told)
    return places


def _ends(cell: Cell, seen: Symptom) -> Iterator[str]:
    """Yield the servers at a trip's ends that can have to do with what it shows."""
    if seen.sign is Sign.REJECTED or (seen.sign in HELD_UP and (not seen.stages or "submit" in seen.stages)):
        yield cell.submits
    if seen.sign in HELD_UP and (not seen.stages or "retrieve" in seen.stages):
        yield cell.server
