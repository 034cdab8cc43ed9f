"""Which rows of FAULTS do not touch each other, told from the rows themselves and from the ways that the lab's trips take. No I/O.

A row *speaks of* the checks and trips that its `Says` match, and *reaches* more: what any other row about the same part of the lab speaks
of, and the trips that go by a check it reaches. A server that others ask (DNS, the directory: a row about it speaks of several servers)
reaches everything. Two rows are independent when neither reaches what the other speaks of.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import combinations
from typing import TYPE_CHECKING, Any

from lab.faults_rows import FAULTS
from lab.ground import FIRST_DOMAINS, PORTS, Ground
from lab.settings import settings
from tests.lab.telling import choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lab.faults_table import Fault, Key

    Names = frozenset[str]

OF_ONE_SERVER = {"route", "stopped"}  # areas: what is wrong there is one server's own
ALONE = ["--domain", "alpha.test"]  # options of rows that need a trip without others beside it


def _planned() -> dict[str, Any]:
    """Return the lab's mailsonde.yml as it would be: names alone matter, its ports and folder do not."""
    ports = dict.fromkeys(PORTS, 1)
    return settings(Ground("/", ports, ports, len(FIRST_DOMAINS)))


def _ways(plan: dict[str, Any]) -> dict[str, Names]:
    """Return the checks that each trip goes by: where it is submitted, fetched, and where its bounces come."""
    loops = {domain["name"]: domain["roundtrip"] for domain in plan["domains"]}
    found = {name: frozenset(f"{name}/{server}" for server in loop.values()) for name, loop in loops.items()}
    for trip in plan["trips"]:
        start, end = trip["from"], trip["to"]
        sender = start["mailbox"]["address"].rpartition("@")[2]
        by = {f"{sender}/{start['server']}", f"{sender}/{loops[sender]['fetch']}", f"{end['domain']}/{end['server']}"}
        found[trip["name"]] = frozenset(by)
    return found


PLAN = _planned()
WAYS = _ways(PLAN)
CHECKS = frozenset(f"{domain['name']}/{server}" for domain in PLAN["domains"] for server in domain["servers"])
EVERYTHING = CHECKS | WAYS.keys()


def spoken(faults: Iterable[Fault]) -> Names:
    """Return the checks and trips that these rows speak of."""
    globs = {says.of for fault in faults for says in fault.says}
    return frozenset(name for name in EVERYTHING for of in globs if fits(of, name))


def fits(of: str, name: str) -> bool:
    """Return whether a glob of a row is about this check or trip."""
    return ("/" in of) == ("/" in name) and fnmatchcase(name, of)


def parts(fault: Fault) -> set[Key]:
    """Return the parts of the lab that a row changes: a route whatever is done to it, else the very setting."""
    return {key[:2] if key[0] == "route" else key for key in fault.wants(fault.usual)}


def _about(part: Key) -> Names:
    """Return what a change of this part can reach, as far as any row knows."""
    names = spoken(fault for fault in FAULTS.values() if part in parts(fault))
    servers = {name.partition("/")[2] for name in names & CHECKS}
    return EVERYTHING if part[0] in OF_ONE_SERVER and len(servers) > 1 else names


ABOUT: dict[Key, Names] = {part: _about(part) for fault in FAULTS.values() for part in parts(fault)}


def reach(fault: Fault) -> Names:
    """Return the checks and trips that need not be OK while this fault is in force."""
    names = spoken([fault]).union(*(ABOUT[part] for part in parts(fault)))
    return names | {trip for trip, way in WAYS.items() if way & names}


def options(pair: Sequence[Fault]) -> list[str]:
    """Return the options of a run that shows what both rows speak of."""
    wanted = [choice(fault) for fault in pair]
    if ALONE in wanted:
        return ALONE
    return ["--no-trip"] if all("--no-trip" in words for words in wanted) else []


def _shown(pair: Sequence[Fault]) -> Names:
    """Return the checks and trips that a run with these options shows."""
    domain = ALONE[1] if options(pair) == ALONE else ""
    return frozenset(name for name in EVERYTHING if not domain or name.partition("/")[0] == domain)


def independent(one: Fault, other: Fault) -> bool:
    """Return whether each row's promise stands while the other is in force, and one run can show both."""
    if reach(one) & spoken([other]) or reach(other) & spoken([one]):
        return False
    shown = _shown((one, other))
    return all(any(fits(says.of, name) for name in shown) for says in one.says + other.says)


def pairs() -> list[tuple[Fault, Fault]]:
    """Return all independent pairs, in the order of the table."""
    return [pair for pair in combinations(FAULTS.values(), 2) if independent(*pair)]
