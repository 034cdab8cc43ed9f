"""Who may be to blame for a bad cell on its own evidence: one Suspect per thing that it shares with others and way of failing. Pure.

A suspect has a mode, so that a server which is slow for all and refuses one domain's login is not one case but two. Fits are in percent:
how well it would explain what the cell shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from thresholds.blame_survey import ABILITY, Factor, Survey, named
from thresholds.blame_symptoms import LOGIN_STEPS, LOGINS, Sign, Symptom
from thresholds.incident_values import CauseKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thresholds.incident_values import Cell

MANY = 5  # that fail alike are no coincidence, even where more are good
ANY = "*"  # in the name of a path: whatever end
SERVER_MODES: dict[Sign, str] = {
    **dict.fromkeys((Sign.NAMES, Sign.REACH, Sign.MUTE, Sign.SLOW, Sign.PUT_OFF, Sign.UNSEEN), "ill"),
    Sign.TLS: "tls",
    Sign.LOGIN: "login",
    Sign.REFUSED: "refused",
    Sign.OWN: "own",
}
HOST_MODES: dict[Sign, tuple[str, ...]] = {
    Sign.NAMES: ("down",),
    Sign.REACH: ("down",),
    Sign.MUTE: ("down", "slow"),  # a machine that is overloaded answers late or not at all
    Sign.SLOW: ("slow",),
    Sign.PUT_OFF: ("put off",),
    Sign.TLS: ("tls",),
    Sign.LOGIN: ("login",),
    Sign.REFUSED: ("refused",),
}
DOMAIN_FITS: dict[Sign, int] = {
    Sign.LOGIN: 90,
    Sign.REFUSED: 100,
    Sign.PUT_OFF: 70,
    Sign.TLS: 70,
    Sign.MUTE: 60,
    Sign.SLOW: 50,
    Sign.OWN: 80,
    Sign.FULL: 60,
    Sign.UNSEEN: 40,
    Sign.BOUNCED: 90,
    Sign.REJECTED: 90,
    Sign.FILED: 70,
    Sign.DOUBLED: 70,
    Sign.CHANGED: 60,
    Sign.STUCK: 50,
    Sign.LOST: 50,
}
TRANSIT = frozenset({Sign.STUCK, Sign.LOST, Sign.SLOW, Sign.UNSEEN})
UNPATHED = frozenset({Sign.REJECTED, Sign.FULL})  # what does not happen on the way
EARLY = frozenset({Sign.NAMES, Sign.REACH})  # never a domain's own
SERVED = {"submit": "handing in", "retrieve": "fetching"}  # stage of a trip -> mode of the server that alone has to do with it
CHECK_FIT, PATH_FIT, SERVED_FIT, WEAK_FIT = 50, 75, 80, 40

Key = tuple[CauseKind, str, str]  # kind, name, mode


@dataclass(slots=True)
class Suspect:
    """One thing that may be to blame, and what it would explain."""

    kind: CauseKind
    name: str
    mode: str
    own: dict[str, int] = field(default_factory=dict)  # cells that make the case -> fit
    tied: dict[str, int] = field(default_factory=dict)  # cells that it would explain on top of these
    supposed: set[str] = field(default_factory=set)  # of the tied: those that hang on it by no configured tie
    part: bool = False  # most of what shares it is well: at most a part of it is broken
    signs: set[Sign] = field(default_factory=set)  # of its own cells
    against: set[Factor] = field(default_factory=set)  # whose good cells speak against it

    @property
    def key(self) -> Key:
        """Return what tells it from all others."""
        return self.kind, self.name, self.mode

    def fit(self, cell: str) -> int:
        """Return how well it explains a cell, in percent; 0 = not at all."""
        return self.own.get(cell, 0) or self.tied.get(cell, 0)

    def good(self, found: Survey) -> int:
        """Return how many cells speak against it: good ones; where it is no matter of slowness, also those that are merely slow."""
        slow = found.passed if self.mode in {"tls", "login", "refused"} else {}
        return sum(found.good[factor] + slow.get(factor, 0) for factor in sorted(self.against))


Accusation = tuple[CauseKind, str, str, int, tuple[Factor, ...]]  # kind, name, mode, fit, against


def suspects(found: Survey) -> dict[Key, Suspect]:
    """Return all suspects with their own cells; nothing is said yet of who is guilty."""
    made: dict[Key, Suspect] = {}
    for name, seen in found.symptoms.items():
        cell = found.facts.cells[name]
        for kind, called, mode, fit, against in _accused(cell, seen):
            key = (kind, called, mode)
            suspect = made.get(key)
            if suspect is None:
                suspect = made[key] = Suspect(kind, called, mode)
            suspect.own[name] = fit
            suspect.signs.add(seen.sign)
            suspect.against.update(against)
    return made


def _accused(cell: Cell, seen: Symptom) -> Iterator[Accusation]:
    yield CauseKind.CHECK, cell.name, "", CHECK_FIT, ()
    yield from _by_trip(cell, seen) if cell.kind == "trip" else _by_check(cell, seen)


# -- a check


def _by_check(cell: Cell, seen: Symptom) -> Iterator[Accusation]:
    if seen.sign in EARLY and named(cell.host):
        yield CauseKind.PROBER, "", "", 90, ()
    if seen.sign is Sign.NAMES and named(cell.host):
        yield CauseKind.RESOLVER, "", "", 100, ()
    for mode in HOST_MODES.get(seen.sign, ()):
        yield CauseKind.HOST, cell.host, mode, 90, ()
    if seen.sign in SERVER_MODES:
        yield CauseKind.SERVER, cell.server, SERVER_MODES[seen.sign], 100, (("server", cell.server),)
    yield from _by_tenant(cell, seen)


def _by_tenant(cell: Cell, seen: Symptom) -> Iterator[Accusation]:
    """Yield the domain and its mailbox."""
    if seen.sign in DOMAIN_FITS and (seen.late or seen.sign is Sign.TLS):
        against = (("domain", cell.domain, ABILITY.get(cell.kind, cell.kind)),)
        for mode in ("from", "to"):
            yield CauseKind.DOMAIN, cell.domain, mode, DOMAIN_FITS[seen.sign], against
    if seen.sign is Sign.FULL:
        yield CauseKind.ACCOUNT, cell.domain, "full", 100, ()
    elif cell.account and cell.kind in LOGINS and (seen.sign is Sign.LOGIN or seen.step in LOGIN_STEPS):
        yield CauseKind.ACCOUNT, cell.domain, "login", 100 if seen.sign is Sign.LOGIN else 80, (("account", cell.account),)


# -- a trip


def _by_trip(cell: Cell, seen: Symptom) -> Iterator[Accusation]:
    yield from ((CauseKind.HOP, hop, "", 100, ()) for hop in seen.hops)
    yield from ((CauseKind.LINK, link, "", 100, ()) for link in seen.links)
    if seen.sign not in UNPATHED and not (seen.stages and "transit" not in seen.stages):
        mode = "transit" if seen.sign in TRANSIT else seen.sign.name
        for start, end in ((cell.submits, cell.server), (cell.submits, ANY), (ANY, cell.server), (ANY, ANY)):
            yield CauseKind.PATH, f"{start} -> {end}", mode, PATH_FIT, ()
    yield from _by_ends(cell, seen)


def _by_ends(cell: Cell, seen: Symptom) -> Iterator[Accusation]:
    """Yield the servers at the ends, where the trip says that it was theirs alone, and the domains and the mailbox."""
    way = (("path", cell.submits, cell.server),)
    alone = next(iter(seen.stages)) if len(seen.stages) == 1 else "submit" if seen.sign is Sign.REJECTED else ""
    if alone in SERVED:
        yield CauseKind.SERVER, cell.submits if alone == "submit" else cell.server, SERVED[alone], SERVED_FIT, way
    fit, origin = DOMAIN_FITS[seen.sign], cell.origin or cell.domain
    yield CauseKind.DOMAIN, origin, "from", fit, (("from", origin),)
    yield CauseKind.DOMAIN, cell.domain, "to", fit, (("to", cell.domain),)
    if seen.sign is Sign.FULL:
        yield CauseKind.ACCOUNT, cell.domain, "full", 100, ()
