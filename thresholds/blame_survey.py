"""Counts, for every thing that cells share, how many of them are good, bad and not asked yet: the evidence of blame. Pure.

One pass over all cells; a factor is a tuple that begins with its kind: ("server", "imap"), ("host", "mail.isp.example", "imap").
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
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


def factors(cell: Cell) -> tuple[Factor, ...]:
    """Return what a cell shares with others."""
    if cell.kind == "trip":
        return (
            ("trips",),
            ("path", cell.submits, cell.server),
            ("from", cell.origin or cell.domain),
            ("to", cell.domain),
        )
    server = cell.server
    shared: tuple[Factor, ...] = (("server", server), ("domain", cell.domain, ABILITY.get(cell.kind, cell.kind)), ("checks",))
    return (*shared, ("account", cell.account)) if cell.account and cell.kind in LOGINS else shared


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
    kinds: dict[str, str] = field(default_factory=dict)  # server -> kind

    def all(self, factor: Factor) -> int:
        """Return how many cells share a factor."""
        return self.good[factor] + self.open[factor] + self.bad[factor]

    def add(self, cell: Cell) -> None:
        """Count one cell."""
        if cell.name in self.symptoms:
            self.bad.update(factors(cell))
            if self.symptoms[cell.name].sign in PASSED:
                self.passed.update(factors(cell))
        else:
            (self.good if self.well(cell.name) else self.open).update(factors(cell))
        if cell.kind != "trip":
            self.kinds[cell.server] = cell.kind
            self.hosts[cell.host].add(cell.server)
            self.host_of[cell.server].add(cell.host)

    def well(self, cell: str) -> bool:
        """Say whether a cell that is not bad was asked since the trouble began, and is good."""
        seen = self.facts.latest.get(cell)
        return seen is not None and seen.at >= self.facts.since and seen.verdict.level is Level.OK

    def asked_well(self, servers: set[str]) -> int:
        """Return how many good cells these servers have."""
        return sum(self.good["server", server] for server in servers)


def survey(facts: Facts) -> Survey:
    """Count everything once."""
    found = Survey(facts, {name: symptom(facts.cells[name], facts.latest.get(name)) for name in sorted(facts.bad)})
    for cell in facts.cells.values():
        found.add(cell)
    return found


def named(host: str) -> bool:
    """Say whether a host is a name that somebody must resolve."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return bool(host)
    return False
