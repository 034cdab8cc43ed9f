"""Channels that belong to somebody who may see only some domains: which incidents they are told of, and what of these. Pure.

It errs towards hiding (thresholds.visible): of an incident that touches others as well, only their own cells, reasons and counts are left,
and the cause by the server's name; what people wrote about it is left out. A trip is theirs with both its ends. Nothing here widens what a
route allows.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from notifier.plain import TRIED
from notifier.values import Stored
from thresholds.incident_values import CauseKind, ChangeKind
from thresholds.incidents_book import BY_HAND
from thresholds.limits import fits
from thresholds.scope import Scope
from thresholds.visible import MUTED, OF_ANOTHER, TRIP, visible_change

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from notifier.values import ChannelPlan, NotifyPlan
    from thresholds.incident_values import Acknowledgement, Cause, Change, Incident

ONLY = "sees only "  # how the reason begins why such a channel is not asked
FOR_WHO_HEARD = frozenset({ChangeKind.ACKNOWLEDGED, ChangeKind.CLOSED})  # told to whoever was told before, whatever fails now
BY_LINK = re.compile(r"link over [^)]*")  # names a channel, which may be another's
OURS, HIDDEN = "\1", "\0"  # stand beside the domains of an incident, so that always one of them is seen and another is not


def blind(incident: Incident, plan: NotifyPlan) -> dict[str, str]:
    """Return by channel why it may not be told of an incident as it is: no cell that fails is of its domains."""
    blinded = (one for one in plan.channels if not _sees(one, incident.failing or incident.cells, plan))
    return {one.name: f"{ONLY}{' and '.join(one.sees)}" for one in blinded}


def seeing(plan: NotifyPlan, change: Change, heard: Collection[str]) -> NotifyPlan:
    """Return the plan with those channels alone that may be told of a change: its end also those that `heard` of it, by name."""
    if not any(channel.sees for channel in plan.channels):
        return plan
    incident, told = change.incident, heard if change.kind in FOR_WHO_HEARD else ()
    cells = incident.cells if change.kind in FOR_WHO_HEARD else incident.failing or incident.cells
    return replace(plan, channels=tuple(one for one in plan.channels if one.name in told or _sees(one, cells, plan)))


def narrowed(stored: Stored, channel: ChannelPlan, plan: NotifyPlan) -> Stored:
    """Return what a channel may be told of a change: without any other domain's name, count or evidence."""
    change, incident = stored.change, stored.change.incident
    if not channel.sees or incident.id.startswith(TRIED):
        return stored
    every = tuple(dict.fromkeys((*incident.domains, *_domains(incident))))
    scope = Scope(frozenset((OURS, *(domain.lower() for domain in every if _may(channel, domain)))))
    marked = replace(change, incident=replace(incident, domains=(*every, OURS, HIDDEN)))
    seen = visible_change(marked, scope, _journeys(channel, plan))
    if seen is None:
        raise AssertionError("one of the domains is always seen")
    return Stored(stored.id, _calm(seen, incident))


def _domains(incident: Incident) -> Iterable[str]:
    return (cell.partition("/")[0] for cell in (*incident.cells, *incident.failing) if not cell.startswith(TRIP))


def _calm(seen: Change, whole: Incident) -> Change:
    """Return a change without what names no domain and is somebody else's all the same: what people wrote, the limit of another's cell."""
    incident, ack = seen.incident, _unnamed(seen.incident.acknowledged)
    calm = replace(
        incident,
        domains=tuple(domain for domain in incident.domains if domain != OURS),
        cause=_named(incident.cause, incident.cells),
        limit=incident.limit if incident.reasons[:1] == whole.reasons[:1] else "",
        ended=incident.ended.partition(": ")[0] if incident.ended.startswith(BY_HAND) else incident.ended,
        acknowledged=ack,
        muted=MUTED if incident.muted else "",
    )
    said = {ChangeKind.CLOSED: calm.ended, ChangeKind.ACKNOWLEDGED: f"by {ack.by}" if ack else ""}.get(seen.kind, seen.said)
    return replace(seen, incident=calm, said=said, muted=calm.muted)


def _named(cause: Cause, cells: Collection[str]) -> Cause:
    """Return a cause that is one cell alone without its name, where that cell is another's."""
    return replace(cause, name=OF_ANOTHER) if cause.kind is CauseKind.CHECK and cause.name not in cells else cause


def _unnamed(ack: Acknowledgement | None) -> Acknowledgement | None:
    return None if ack is None else replace(ack, by=BY_LINK.sub("link", ack.by), why="")


def _may(channel: ChannelPlan, domain: str) -> bool:
    return any(fits(glob, domain) for glob in channel.sees)


def _sees(channel: ChannelPlan, cells: Iterable[str], plan: NotifyPlan) -> bool:
    """Say whether at least one of these cells is of the channel's domains."""
    if not channel.sees:
        return True
    journeys = _journeys(channel, plan)
    return any(_may(channel, _domain_of(cell, journeys)) for cell in cells)


def _domain_of(cell: str, journeys: dict[str, str]) -> str:
    name = cell.removeprefix(TRIP)
    return journeys.get(name, name) if cell.startswith(TRIP) else cell.partition("/")[0]


def _journeys(channel: ChannelPlan, plan: NotifyPlan) -> dict[str, str]:
    """Return the domains of journeys by name; HIDDEN where the other end is not of the channel's domains."""
    ends = ((name.removeprefix(TRIP), trip.domain, trip.origin or trip.domain) for name, trip in plan.trips.items())
    return {name: domain if _may(channel, origin) else HIDDEN for name, domain, origin in ends}
