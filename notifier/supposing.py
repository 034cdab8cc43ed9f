"""Alerts that have not happened: who would be told of one, and of which ones nobody would be told at all. Pure; judges the configuration.

It is supposed that each server fails, each host, both ends of each trip, the resolver, and each domain on which a channel depends. A route
with a calendar holds at some times only, so what comes after it counts as well.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from notifier.depends import ARROW
from notifier.route import mismatch, refusals, tell
from notifier.sight import ONLY, blind
from thresholds.incident_values import Cause, CauseKind, Incident
from thresholds.values import Level
from thresholds.wording import span

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from notifier.route import Chain, Decision
    from notifier.values import NotifyPlan, Route

ANY = "*"  # a domain that no route names
DOMAIN, CAUSES = "\0domain", "\0causes"  # stand for what is not known yet
MOST = 5  # causes that one sentence names


def suppose(domain: str, server: str, level: Level, at: datetime, every: Collection[str] = ()) -> Incident:
    """Return the incident that it would be, were a server to fail for one domain alone ("" = for all of `every`, those checked on it)."""
    domains = (domain,) if domain else tuple(every) or (ANY,)
    cells = tuple(f"{one}/{server}" for one in domains)
    cause = Cause(CauseKind.CHECK, cells[0], cells) if domain else Cause(CauseKind.SERVER, server)
    return Incident("supposed", cause, level, at, at, domains, cells, cells)


def unchecked(domain: str, server: str, every: Collection[str]) -> tuple[str, ...]:
    """Return in a sentence that nothing is checked there, as of a misspelt name; `every` as above."""
    if server and not every:
        return (f"no domain has a check on a server {server}",)
    return (f"{domain} has no check on {server}",) if server and domain and domain not in every else ()


def escalated(decision: Decision, plan: NotifyPlan) -> tuple[str, ...]:
    """Return in a sentence each who is told later, while nobody acknowledges."""
    steps = ((route, step, chain) for route in decision.routes for step in route.escalation for chain in step.to)
    told = ((step, tell(chain, route.origin, plan, decision.refused)) for route, step, chain in steps)
    said = ((step, ", then ".join(one.channels), one.origin) for step, one in told)
    return tuple(
        f"after {span(step.after_seconds)} {f'also over {channels}' if channels else 'nobody more'}, while nobody acknowledges ({origin})"
        for step, channels, origin in said
    )


def unreachable(plan: NotifyPlan, servers: Iterable[str], at: datetime) -> tuple[str, ...]:
    """Return, in a sentence each, of which alerts nobody would be told over any channel, at some time at least.

    Args:
        plan: what is configured, with `needs`, `hosts` and `trips`.
        servers: names of all servers there are.
        at: any moment (aware); nothing hangs on it.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for cause in _causes(plan, tuple(servers)):
        for incident in _variants(cause, plan, at):
            for hole in _holes(incident, plan):
                if cause.key not in found[hole]:
                    found[hole].append(cause.key)
    return tuple(hole.replace(CAUSES, _listed(causes)) for hole, causes in found.items())


def _listed(causes: list[str]) -> str:
    more = len(causes) - MOST
    return ", ".join(causes[:MOST]) + (f" and {more} more" if more > 0 else "")


def _causes(plan: NotifyPlan, servers: tuple[str, ...]) -> Iterator[Cause]:
    """Yield causes that could be, each with cells of a domain that a variant names."""
    yield from (Cause(CauseKind.SERVER, server, (f"{DOMAIN}/{server}",)) for server in servers)
    for host in dict.fromkeys(plan.hosts.values()):
        there = tuple(f"{DOMAIN}/{server}" for server in servers if plan.hosts.get(server) == host)
        if len(there) > 1:
            yield Cause(CauseKind.HOST, host, there)
    for way in dict.fromkeys((trip.submits, trip.server) for trip in plan.trips.values() if trip.submits):
        yield Cause(CauseKind.PATH, ARROW.join(way))
    for domain in dict.fromkeys(domain for channel in plan.channels for domain in channel.domains):
        yield Cause(CauseKind.DOMAIN, domain, (f"{domain}/{ANY}",))
    if servers:
        yield Cause(CauseKind.RESOLVER, "dns", tuple(f"{DOMAIN}/{server}" for server in servers))


def _variants(cause: Cause, plan: NotifyPlan, at: datetime) -> Iterator[Incident]:
    """Yield the incidents that a cause may make: at each level, for a domain that no route names and for each that one does."""
    globs = [ANY, *(route.scene.domain for route in plan.routes)]
    for domain in dict.fromkeys([cause.name] if cause.kind is CauseKind.DOMAIN else globs):
        cells = tuple(cell.replace(DOMAIN, domain) for cell in cause.cells)
        for level in (Level.CRITICAL, Level.WARNING):
            yield Incident("supposed", Cause(cause.kind, cause.name, cells), level, at, at, (domain,), cells, cells)


def _holes(incident: Incident, plan: NotifyPlan) -> Iterator[str]:
    """Yield why an alert could reach nobody, as a sentence with a place for its causes."""
    refused, covered, taken, said = refusals(incident, plan) | blind(incident, plan), False, False, False
    for route in plan.routes:
        if mismatch(route, incident, plan):
            continue
        taken = True
        why = _unreached(route, plan, refused)
        if why and not covered and not route.go_on:
            said = True
            yield f"{route.origin}: nobody would be told of {CAUSES}: {why}"
        if route.calendar is None:
            covered = covered or not why
            if not route.go_on:
                break
    if not (covered or said) and incident.level is Level.CRITICAL and incident.domains == (ANY,):
        told = "at some times no route that reaches anybody takes them" if taken else "no route takes them"
        yield f"notify.routes: nobody would be told of {CAUSES}: {told}"


def _unreached(route: Route, plan: NotifyPlan, refused: Mapping[str, str]) -> str:
    """Return why a route, or one whose turn it may be, has no channel left; "" = it always has."""
    for who, chains in _turns(route, plan):
        if not any(tell(chain, route.origin, plan, refused).channels for chain in chains):
            names = dict.fromkeys(name for chain in chains for name in chain if name in refused)
            only = [f"{name} {refused[name]}" for name in names if refused[name].startswith(ONLY)]
            if only:
                return f"{who}{', '.join(only)}"
            return f"{who}{', '.join(names)} would be refused, for it depends on them" if names else f"{who}there is no channel"
    return ""


def _turns(route: Route, plan: NotifyPlan) -> Iterator[tuple[str, tuple[Chain, ...]]]:
    """Yield whom a route may tell, with their chains."""
    if not route.rota:
        yield "", route.to
    elif route.rota in plan.rotas:
        yield from ((f"when {who} is on call, ", chains) for who, chains in plan.rotas[route.rota].turns)
