"""Counts, for every thing that cells share, how many of them are good, bad and not asked yet: the evidence of blame. Pure.

One pass over all cells; a factor is a tuple that begins with its kind: ("server", "imap"), ("host", "mail.isp.example", "imap").
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from thresholds.blame_symptoms import LOGINS, Sign, Symptom, symptom
from thresholds.values import Level

if TYPE_CHECKING:
    from thresholds.blame import Facts
    from thresholds.incident_values import Cell

Factor = tuple[str, ...]
ABILITY = {"smtp": "mail", "submission": "mail", "lmtp": "mail", "imap": "box", "pop3": "box"}  # kind -> what a domain's trouble shows in
PASSED = frozenset({Sign.SLOW})  # who shows this has passed login, TLS and all commands


@dataclass(slots=True)
class Survey:
    """What is known, counted. Make it with `survey`."""

    facts: Facts
    symptoms: dict[str, Symptom] = field(default_factory=dict)  # of the bad cells
    good: Counter[Factor] = field(default_factory=Counter)  # asked since the trouble began, and well
    open: Counter[Factor] = field(default_factory=Counter)  # not asked yet, or in doubt
    bad: Counter[Factor] = field(default_factory=Counter)
    passed: Counter[Factor] = field(default_factory=Counter)  # bad, but only slow
    hosts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # host -> its servers
    host_of: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # server -> its hosts
    ways: dict[tuple[str, str], int] = field(default_factory=dict)  # ends of trips -> how many are good
    kinds: dict[str, str] = field(default_factory=dict)  # server -> kind

    def all(self, factor: Factor) -> int:
        """Return how many cells share a factor."""
        return self.good[factor] + self.open[factor] + self.bad[factor]

    def well(self, cell: str) -> bool:
        """Say whether a cell that is not bad was asked since the trouble began, and is good."""
        seen = self.facts.latest.get(cell)
        return seen is not None and seen.at >= self.facts.since and seen.verdict.level is Level.OK

    def asked_well(self, servers: set[str]) -> int:
        """Return how many good cells these servers have."""
        return sum(self.good["server", server] for server in servers)

    def place(self, cell: Cell) -> None:
        """Note where a check's server stands."""
        self.kinds[cell.server] = cell.kind
        self.hosts[cell.host].add(cell.server)
        self.host_of[cell.server].add(cell.host)


def survey(facts: Facts) -> Survey:
    """Count everything once."""
    found = Survey(facts, {name: symptom(facts.cells[name], facts.latest.get(name)) for name in sorted(facts.bad)})
    bad_domains = {facts.cells[name].domain for name in facts.bad} | {facts.cells[name].origin for name in facts.bad}
    symptoms, well, places = found.symptoms, found.well, set[tuple[str, str]]()
    for cell in facts.cells.values():  # there may be 60,000: what is the same for all of a server is done once
        name, server = cell.name, cell.server
        count = found.bad if name in symptoms else found.good if well(name) else found.open
        if cell.kind == "trip":
            count.update(_of_trip(cell))
            continue
        count["server", server] += 1
        if (server, cell.host) not in places:
            places.add((server, cell.host))
            found.place(cell)
        if cell.domain in bad_domains:  # nobody asks how the others fare
            for factor in _of_domain(cell):
                count[factor] += 1
    for factor in (factor for name, seen in found.symptoms.items() if seen.sign in PASSED for factor in factors(facts.cells[name])):
        found.passed[factor] += 1
    for count in (found.good, found.open, found.bad):
        count["checks",] = sum(number for factor, number in count.items() if factor[0] == "server")
    found.ways = {(factor[1], factor[2]): number for factor, number in found.good.items() if factor[0] == "path"}
    return found


def factors(cell: Cell) -> tuple[Factor, ...]:
    """Return what a cell shares with others."""
    return _of_trip(cell) if cell.kind == "trip" else (("server", cell.server), *_of_domain(cell))


def _of_trip(cell: Cell) -> tuple[Factor, ...]:
    return (("trips",), ("path", cell.submits, cell.server), ("from", cell.origin or cell.domain), ("to", cell.domain))


def _of_domain(cell: Cell) -> tuple[Factor, ...]:
    able: Factor = ("domain", cell.domain, ABILITY.get(cell.kind, cell.kind))
    return (able, ("account", cell.account)) if cell.account and cell.kind in LOGINS else (able,)


@lru_cache(10_000)
def named(host: str) -> bool:
    """Say whether a host is a name that somebody must resolve."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return bool(host)
    return False
