"""Says of a cause what speaks for it, in sentences for a human at 3 a.m. Pure; it decides nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from thresholds.blame_survey import ABILITY
from thresholds.blame_symptoms import Sign
from thresholds.incident_values import CauseKind
from thresholds.wording import span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from thresholds.blame_survey import Survey
    from thresholds.blame_suspects import Suspect
    from thresholds.incident_values import Cell

COMPARED, NAMED = 2, 4  # servers that are named
PROVEN = 2  # trips whose lines are named


@dataclass(frozen=True, slots=True)
class Case:
    """One cause with all that it was found to explain."""

    found: Survey
    kind: CauseKind
    name: str
    cells: dict[str, Suspect]  # sorted by cell

    @property
    def own(self) -> list[Cell]:
        """Return the cells that make the case, or, when others explain these better, all."""
        own = [self.found.facts.cells[name] for name, suspect in self.cells.items() if name in suspect.own]
        return own or [self.found.facts.cells[name] for name in self.cells]

    @property
    def tied(self) -> list[Cell]:
        """Return the cells that are explained on top."""
        return [self.found.facts.cells[name] for name, suspect in self.cells.items() if name not in suspect.own]

    @property
    def supposed(self) -> list[Cell]:
        """Return those of the tied whose tie nobody has configured."""
        return [self.found.facts.cells[name] for name, suspect in self.cells.items() if name in suspect.supposed]

    @property
    def good(self) -> int:
        """Return how many cells speak against it."""
        suspects = {suspect.key: suspect for suspect in self.cells.values()}
        return max(suspect.good(self.found) for suspect in suspects.values())

    @property
    def open(self) -> int:
        """Return how many cells might speak for or against it, were they asked."""
        factors = {factor for suspect in self.cells.values() for factor in suspect.against}
        return sum(self.found.open[factor] for factor in factors)


def plural(count: int, noun: str) -> str:
    """Return a number with its noun: `1 check`, `3 checks`."""
    return f"{count} {noun if count == 1 else noun + 's'}"


def listed(names: Iterable[str]) -> str:
    """Return some names as a list in words, and how many more there are."""
    every = sorted(set(names))
    if len(every) > NAMED:
        return f"{', '.join(every[:NAMED])} and {len(every) - NAMED} more"
    return " and ".join(every) if len(every) < 3 else f"{', '.join(every[:-1])} and {every[-1]}"


def share(found: Survey, server: str) -> str:
    """Return how many of the asked cells of a server are bad: `3 of 12`."""
    bad, good = found.bad["server", server], found.good["server", server]
    return f"{bad} of {bad + good}"


# -- evidence


def evidence(case: Case) -> tuple[str, ...]:
    """Return what speaks for a cause, the weightiest first."""
    return tuple(sentence for sentence in (*COUNTED[case.kind](case), _shown(case), *_tied(case)) if sentence)


def _shown(case: Case) -> str:
    """Return what the cells of its own show: `no connection (12)`."""
    counts = Counter(case.found.symptoms[cell.name].sign for cell in case.own)
    words = [_sign(case, sign, count) for sign, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return f"what they show: {', '.join(words)}" if len(case.own) > 1 else f"what it shows: {words[0]}"


def _sign(case: Case, sign: Sign, count: int) -> str:
    seconds = [seen.seconds for cell in case.own if (seen := case.found.facts.latest.get(cell.name)) and seen.seconds is not None]
    slow = f", {span(max(seconds))} at most" if sign is Sign.SLOW and seconds else ""
    return f"{sign.value} ({count}{slow})" if len(case.own) > 1 else f"{sign.value}{slow}"


def _tied(case: Case) -> Iterator[str]:
    """Yield what else it explains, by server, then the trips."""
    by_server = Counter(cell.server for cell in case.tied if cell.kind != "trip")
    sure = {cell.server for cell in case.tied} - {cell.server for cell in case.supposed}
    for server, count in sorted(by_server.items()):
        yield f"{server} {'needs it and fails with it' if server in sure else 'fails with it'}: {plural(count, 'check')}"
    trips = sum(cell.kind == "trip" for cell in case.tied)
    if trips:
        yield f"{plural(trips, 'trip')} that it holds up"


def _server(case: Case) -> Iterator[str]:
    found, name = case.found, case.name
    checks = [cell for cell in case.own if cell.kind != "trip" and cell.server == name]
    if not checks:
        yield f"{plural(len(case.own), 'cell')} that depend on {name} fail together"
        return
    others = [server for server in found.kinds if server != name and found.good["server", server]]
    near = sorted(others, key=lambda one: (not found.host_of[one] & found.host_of[name], -found.good["server", one], one))
    compared = "".join(f", {share(found, server)} on {server}" for server in near[:COMPARED])
    yield f"{len(checks)} of {len(checks) + found.good['server', name]} domains on {name}{compared}"


def _host(case: Case) -> Iterator[str]:
    found = case.found
    servers = sorted({cell.server for cell in case.own})
    yield f"{len(servers)} of {plural(len(found.hosts[case.name]), 'server')} on {case.name}: " + ", ".join(
        f"{server} {share(found, server)}" for server in servers[:NAMED]
    )
    others = {host for host, those in found.hosts.items() if host != case.name and found.asked_well(those)}
    yield f"{plural(len(others), 'other host')} well" if others else ""


def _resolver(case: Case) -> Iterator[str]:
    hosts = {cell.host for cell in case.own}
    yield f"{plural(len(case.own), 'check')} cannot find the address of a server, on {plural(len(hosts), 'host')}: {listed(hosts)}"


def _prober(case: Case) -> Iterator[str]:
    hosts = {cell.host for cell in case.own}
    yield f"none of {plural(len(case.own), 'check')} reached any of {plural(len(hosts), 'host')}: the prober's own network fails"


def _path(case: Case) -> Iterator[str]:
    found = case.found
    ends = sorted({end for cell in case.own for end in (cell.submits, cell.server)})
    good = sum(found.good["path", start, end] for start, end in {(cell.submits, cell.server) for cell in case.own})
    yield f"{len(case.own)} of {plural(len(case.own) + good, 'trip')} from {listed(cell.submits for cell in case.own)} to " + listed(
        cell.server for cell in case.own
    )
    checked = [server for server in ends if found.good["server", server]]
    yield f"the ends answer: {', '.join(f'{server} {share(found, server)} bad' for server in checked[:NAMED])}" if checked else ""


def _hop(case: Case) -> Iterator[str]:
    good = case.found.good["trips",]
    proofs = list(_proofs(case, f"hop {case.name}"))
    where = "stay long in" if proofs else "are slow on the way to"
    yield f"{len(case.own)} of {plural(len(case.own) + good, 'trip')} {where} {case.name}"
    yield from proofs


def _link(case: Case) -> Iterator[str]:
    good = case.found.good["trips",]
    start, _, end = case.name.partition(" -> ")
    yield f"{len(case.own)} of {plural(len(case.own) + good, 'trip')} are slow from {start} to {end}"
    yield from _proofs(case, f"link {case.name}")


def _proofs(case: Case, what: str) -> Iterator[str]:
    """Yield what the servers' own logs say of it, of a few trips."""
    seen = (case.found.facts.latest.get(cell.name) for cell in case.own)
    told = (sentence for one in seen if one is not None for part, sentence in one.proofs if part == what)
    yield from islice(told, PROVEN)


def _domain(case: Case) -> Iterator[str]:
    servers = {cell.server for cell in case.own if cell.kind != "trip"}
    trips = sum(cell.kind == "trip" for cell in case.own)
    parts = [f"{plural(len(case.own) - trips, 'check')} on {listed(servers)}"] if servers else []
    yield f"of {case.name} fail " + " and ".join(parts + ([plural(trips, "trip")] if trips else []))
    yield _others(case, servers)


def _account(case: Case) -> Iterator[str]:
    servers = {cell.server for cell in case.own if cell.kind != "trip"}
    if servers:
        yield f"{len(servers)} of {len(servers) + case.good} logins to the mailbox of {case.name}: {listed(servers)}"
    yield _others(case, servers)


def _others(case: Case, servers: set[str]) -> str:
    """Return how other domains fare on the same servers."""
    good = case.found.asked_well(servers)
    return f"the same servers are well for others: {plural(good, 'check')}" if good else ""


def _check(case: Case) -> Iterator[str]:
    found, cell = case.found, case.own[0]
    if cell.kind == "trip":
        yield f"1 of {plural(found.good['trips',] + found.bad['trips',], 'trip')} that were seen"
        return
    yield f"1 of {found.good['server', cell.server] + found.bad['server', cell.server]} domains on {cell.server}"
    well = sum(found.good["domain", cell.domain, able] for able in {ABILITY.get(kind, kind) for kind in found.kinds.values()})
    yield f"{plural(well, 'other check')} of {cell.domain} well" if well else ""


COUNTED: dict[CauseKind, Callable[[Case], Iterator[str]]] = {
    CauseKind.PROBER: _prober,
    CauseKind.RESOLVER: _resolver,
    CauseKind.HOST: _host,
    CauseKind.SERVER: _server,
    CauseKind.PATH: _path,
    CauseKind.HOP: _hop,
    CauseKind.LINK: _link,
    CauseKind.DOMAIN: _domain,
    CauseKind.ACCOUNT: _account,
    CauseKind.CHECK: _check,
}
