"""What an alert reports, and which channels may therefore not carry it: an alert never travels over what it reports. Pure.

The theory. A cause touches servers and domains: itself, what stands on the same host, the ends of a mail's way, and, through blame, the
servers and domains of all cells that it explains. A channel is refused when it depends on one of these, or on what needs one of these. Of
a domain or its account the server is not touched: it answers others, or blame would have named it. A cause that is the prober touches
nothing: no channel of ours is independent of us, and that is no reason to be silent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thresholds.incident_values import CauseKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from notifier.values import ChannelPlan, NotifyPlan
    from thresholds.incident_values import Cause, Incident

ARROW = " -> "  # between the ends of a path
TRIP = "trip "  # how the names of trips' cells begin
BY_NAME = frozenset({CauseKind.SERVER, CauseKind.RESOLVER, CauseKind.HOP})  # causes whose name may be a server's
OF_ONE_DOMAIN = frozenset({CauseKind.DOMAIN, CauseKind.ACCOUNT})


@dataclass(frozen=True, slots=True)
class Reported:
    """What an alert speaks of."""

    cause: str  # "server:imap"
    itself: frozenset[str] = frozenset()  # servers that the cause names
    explained: frozenset[str] = frozenset()  # servers whose failure it explains
    ways: frozenset[str] = frozenset()  # servers that may be well, but at which test messages begin or end that it holds up
    domains: frozenset[str] = frozenset()  # in lower case


def places(cells: Iterable[str], plan: NotifyPlan) -> Iterator[tuple[str, str]]:
    """Yield domain and server of these cells, of a trip both ends; "" = not known."""
    for name in cells:
        trip = plan.trips.get(name)
        if trip is not None:
            yield from ((trip.domain, server) for server in dict.fromkeys((trip.server, trip.submits or trip.server)))
        elif name.startswith(TRIP):
            yield "", ""
        else:
            domain, _, server = name.rpartition("/")
            yield domain, server


def reported(incident: Incident, plan: NotifyPlan) -> Reported:
    """Return what an incident's alert speaks of."""
    cause = incident.cause
    if cause.kind is CauseKind.PROBER:
        return Reported(cause.key)
    met = set(places((*cause.cells, *incident.failing), plan))
    domains = frozenset(domain.lower() for domain in (*incident.domains, *(domain for domain, _ in met)) if domain)
    if cause.kind in OF_ONE_DOMAIN:
        return Reported(cause.key, domains=domains)
    checks = {name for name in (*cause.cells, *incident.failing) if name not in plan.trips}
    failing, ways = {server for _, server in places(checks, plan) if server}, {server for _, server in met if server}
    return Reported(cause.key, frozenset(named(cause, plan)), frozenset(failing), frozenset(ways - failing), domains)


def named(cause: Cause, plan: NotifyPlan) -> Iterator[str]:
    """Yield the servers that a cause names itself."""
    if cause.kind in BY_NAME:
        yield cause.name
    if cause.kind in {CauseKind.PATH, CauseKind.LINK}:
        yield from cause.name.split(ARROW)
    if cause.kind in {CauseKind.HOST, CauseKind.HOP}:
        yield from (server for server, host in plan.hosts.items() if host.lower() == cause.name.lower())


def refusal(channel: ChannelPlan, what: Reported, plan: NotifyPlan) -> str:
    """Return why a channel may not carry this alert, in a sentence; "" = it may."""
    servers = dict.fromkeys(one for server in channel.servers for one in (server, *plan.needs.get(server, ())))
    for server in servers:
        if server in what.itself:
            return f"depends on the server {server}, which {'is what fails' if _is(what, server) else f'is part of {what.cause}'}"
    for server in servers:
        if server in what.explained:
            return f"depends on the server {server}, whose failure {what.cause} explains"
    for server in servers:
        if server in what.ways:
            return f"depends on the server {server}, where test messages begin or end that {what.cause} holds up"
    domain = next((domain for domain in channel.domains if domain.lower() in what.domains), "")
    return f"depends on the domain {domain}, which is affected" if domain else ""


def _is(what: Reported, server: str) -> bool:
    return what.cause.partition(":")[2] == server
