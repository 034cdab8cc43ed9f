"""Channels in doubt: those that depend on what some open incident reports, whatever is to be told now. They are asked last. Pure.

A channel may take an alert and let it lie: a smarthost that answers, with a queue behind it that is stopped. What an alert itself reports
refuses a channel (depends.py); what another open incident reports only puts it behind those of its chain that are not in doubt, for it may
work all the same, and somebody has to be asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from notifier.route import refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from notifier.values import NotifyPlan
    from thresholds.incident_values import Incident

    Reports = dict[str, str]  # by channel: why it may not carry an incident's own alert


@dataclass(frozen=True, slots=True)
class Doubts:
    """What the open incidents make doubtful at one moment."""

    reasons: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)  # channel -> (incident's id, why), the oldest first

    def of(self, incident: Incident) -> dict[str, str]:
        """Return by channel why it is asked last for this incident: what the first *other* one reports."""
        found = {name: next((why for other, why in said if other != incident.id), "") for name, said in self.reasons.items()}
        return {name: why for name, why in found.items() if why}


def doubts(incidents: Iterable[Incident], plan: NotifyPlan) -> Doubts:
    """Return what these open incidents make doubtful."""
    return Doubting(lambda: incidents).doubts(plan)


class Doubting:
    """Knows what the open incidents make doubtful; of one that is as it was it remembers this: it may explain 60,000 cells.

    Args:
        incidents: those that are open now, the oldest first.
    """

    def __init__(self, incidents: Callable[[], Iterable[Incident]]) -> None:
        self._incidents = incidents
        self._plan: NotifyPlan | None = None
        self._known: dict[str, tuple[Incident, Reports]] = {}

    def doubts(self, plan: NotifyPlan) -> Doubts:
        """Return what is doubtful now."""
        before, self._known = self._known if plan is self._plan else {}, {}
        self._plan = plan
        if not any(channel.servers or channel.domains for channel in plan.channels):
            return Doubts()
        for incident in self._incidents():
            known = before.get(incident.id)
            same = known is not None and known[0] is incident
            self._known[incident.id] = known if known is not None and same else (incident, refusals(incident, plan))
        return Doubts(_by_channel(self._known.values()))


def _by_channel(known: Iterable[tuple[Incident, Reports]]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the reasons of each channel; two are enough, for an alert is about one incident."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for incident, reports in known:
        for name, why in reports.items():
            said = f"{why} (incident {incident.id}, {incident.cause.key})"
            found[name] = (*found.get(name, ()), (incident.id, said))[:2]
    return found
