"""Which suspects the evidence allows to be blamed: one rule per kind. Pure. Good cells acquit; cells not asked yet say nothing.

MANY cells that fail alike on one thing are no coincidence even where more are good: then a part of it is broken, and doubt says so.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from thresholds.blame_survey import ABILITY, Survey, named
from thresholds.blame_suspects import ANY, EARLY, MANY, SERVED, Suspect
from thresholds.blame_symptoms import LOGINS, Sign
from thresholds.incident_values import CauseKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from thresholds.incident_values import Cell

SERVERS_OWN = frozenset({Sign.NAMES, Sign.REACH, Sign.MUTE, Sign.TLS})  # hardly ever one domain's: one witness will do, while none is good
ONE_WILL_DO = frozenset({"transit", Sign.CHANGED.name})  # modes of a path


def admitted(found: Survey, suspect: Suspect) -> bool:
    """Say whether a suspect may be blamed; one that most of its cells acquit is marked."""
    if not RULES[suspect.kind](found, suspect):
        return False
    suspect.part = suspect.kind is CauseKind.SERVER and suspect.good(found) > len(suspect.own)
    return True


def _most(bad: int, good: int) -> bool:
    """Say whether so many bad cells carry it against so many good ones."""
    return bad >= 2 and (bad >= good or bad >= MANY)


def _always(_found: Survey, _suspect: Suspect) -> bool:
    return True


def _server(found: Survey, suspect: Suspect) -> bool:
    good = suspect.good(found)
    if suspect.mode in SERVED.values():
        return _most(len(suspect.own), good)
    if len(suspect.own) > 1:
        return _most(len(suspect.own), good)
    only = not good and not found.open["server", suspect.name]  # no other could show it: there is none, or it fails in its own way
    seen = found.symptoms[next(iter(suspect.own))]
    return only or (not good and seen.sign in SERVERS_OWN and not seen.late)


def _account(found: Survey, suspect: Suspect) -> bool:
    return suspect.mode == "full" or len(suspect.own) > suspect.good(found)


def ends(trip: Cell) -> tuple[str, str]:
    """Return the checks of a trip's own ends: where one is bad, the trip is no witness beside it."""
    return f"{trip.origin or trip.domain}/{trip.submits}", f"{trip.domain}/{trip.server}"


def _domain(found: Survey, suspect: Suspect) -> bool:
    cells = [found.facts.cells[name] for name in suspect.own]
    places = {cell.server for cell in cells if cell.kind != "trip"} | {cell.name for cell in cells if cell.kind == "trip"}
    places -= {cell.name for cell in cells if cell.kind == "trip" and not found.symptoms.keys().isdisjoint(ends(cell))}
    return len(places) > 1 and len(suspect.own) > suspect.good(found)


def _host(found: Survey, suspect: Suspect) -> bool:
    """Say whether at least two of its servers fail, and none of those that would show it is well."""
    failing = Counter(found.facts.cells[name].server for name in suspect.own)
    passed = found.passed if suspect.mode in {"tls", "login", "refused"} else Counter()
    good = {server: found.good["server", server] + passed["server", server] for server in concerned(found, suspect)}
    bad = [server for server, count in failing.items() if count >= good.get(server, 0)]
    well = [server for server, count in good.items() if count > failing[server]]
    return len(bad) > 1 and (len(bad) > len(well) if suspect.mode == "tls" else not well)


def concerned(found: Survey, suspect: Suspect) -> set[str]:
    """Return the servers of a host that would show its trouble."""
    servers = found.hosts[suspect.name]
    if suspect.mode in {"down", "slow", "tls"}:
        return servers
    if suspect.mode == "login":
        return {server for server in servers if found.kinds[server] in LOGINS}
    able = {ABILITY.get(found.facts.cells[name].kind) for name in suspect.own}
    return {server for server in servers if ABILITY.get(found.kinds[server]) in able}


def resolved(found: Survey) -> int:
    """Return how many checks found the address of a name since the trouble began."""
    count = 0
    for cell in found.facts.cells.values():
        seen = found.symptoms.get(cell.name)
        told = found.well(cell.name) if seen is None else seen.sign not in {Sign.NAMES, Sign.UNSEEN}
        count += cell.kind != "trip" and told and named(cell.host)
    return count


def _resolver(found: Survey, suspect: Suspect) -> bool:
    hosts = {found.facts.cells[name].host for name in suspect.own}
    return len(hosts) > 1 and _most(len(suspect.own), resolved(found))


def _prober(found: Survey, suspect: Suspect) -> bool:
    """Say whether no check has reached any of several hosts, and most hosts were tried; names alone are the resolver's."""
    hosts = {found.facts.cells[name].host for name in suspect.own}
    others = found.good["checks",] + found.bad["checks",] - len(suspect.own)
    enough = len(hosts) > 1 and 2 * len(hosts) >= len(found.hosts)
    return enough and not others and Sign.REACH in suspect.signs and suspect.signs <= EARLY


def _path(found: Survey, suspect: Suspect) -> bool:
    """Say whether its trips fail together; where several ends share the way, it must be several that fail."""
    start, _, end = suspect.name.partition(" -> ")
    cells = [found.facts.cells[name] for name in suspect.own]
    if (start == ANY and len({cell.submits for cell in cells}) < 2) or (end == ANY and len({cell.server for cell in cells}) < 2):
        return False
    good = sum(count for (kind, *ends), count in found.good.items() if kind == "path" and start in {ANY, ends[0]} and end in {ANY, ends[1]})
    if len(cells) == 1:
        return suspect.mode in ONE_WILL_DO and not found.good["trips",] and found.all(("path", start, end)) == 1
    return _most(len(cells), good)


RULES: dict[CauseKind, Callable[[Survey, Suspect], bool]] = {
    CauseKind.PROBER: _prober,
    CauseKind.RESOLVER: _resolver,
    CauseKind.HOST: _host,
    CauseKind.SERVER: _server,
    CauseKind.PATH: _path,
    CauseKind.HOP: _always,
    CauseKind.LINK: _always,
    CauseKind.DOMAIN: _domain,
    CauseKind.ACCOUNT: _account,
    CauseKind.CHECK: _always,
}
