"""What is told together over one channel: changes of one group, and all that waits when a minute has no room for more. Pure.

Machines are told of each change by itself. People get at most so many notices a minute: the last for which there is room is one summary of
all that waits, so that a storm is told in `per_minute` notices and nothing of it is left out.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from notifier.depends import places
from notifier.past import ESCALATE

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from datetime import datetime

    from notifier.values import Delivery, NotifyPlan, Route, Stored
    from thresholds.incident_values import Incident

    Due = tuple[Delivery, Stored]

MINUTE = timedelta(minutes=1)


def _servers(incident: Incident, plan: NotifyPlan) -> Hashable:
    return frozenset(server for _, server in places(incident.failing or incident.cells, plan))


GROUPS: dict[str, Callable[[Incident, NotifyPlan], Hashable]] = {
    "cause": lambda incident, _: incident.cause.key,
    "domain": lambda incident, _: incident.domains,
    "server": _servers,
    "level": lambda incident, _: incident.level,
}


class Minute:
    """How many notices one channel has had within the last minute."""

    def __init__(self) -> None:
        self._at: deque[datetime] = deque()

    def told(self, now: datetime) -> None:
        """Take that one was tried."""
        self._at.append(now)

    def left(self, most: int, now: datetime) -> int:
        """Return for how many more there is room."""
        while self._at and not self._at[0] <= now < self._at[0] + MINUTE:
            self._at.popleft()
        return max(0, most - len(self._at))


def route_of(delivery: Delivery, plan: NotifyPlan) -> Route | None:
    """Return the route that wanted a delivery, None = it is not configured any more."""
    origin = delivery.origin.partition(ESCALATE)[0]
    return next((route for route in plan.routes if route.origin == origin), None)


def group_of(one: Due, plan: NotifyPlan) -> Hashable:
    """Return what those have in common that are told together with this delivery."""
    delivery, stored = one
    route = route_of(delivery, plan)
    if route is None or not route.group_by:
        return delivery.id
    return (delivery.origin, *(GROUPS[name](stored.change.incident, plan) for name in route.group_by))


def gathering_seconds(due: Sequence[Due], plan: NotifyPlan) -> float:
    """Return how far ahead to look for more of the first one's group; 0 = it has none."""
    route = route_of(due[0][0], plan)
    return route.wait_seconds if route is not None and route.group_by else 0.0


def together(due: Sequence[Due], plan: NotifyPlan, left: int, now: datetime) -> tuple[Due, ...]:
    """Return what is told in the next notice over one channel, the first of it first.

    Args:
        due: what waits for this channel, at least one, the oldest first; some of it may wait for more of its group.
        plan: what is configured.
        left: for how many notices there is room in this minute, at least 1.
        now: aware.
    """
    groups = {delivery.id: group_of((delivery, stored), plan) for delivery, stored in due}
    ripe = {delivery.id for delivery, _ in due if delivery.due_at is None or delivery.due_at <= now}
    if left > 1 or len({groups[known] for known in ripe}) <= 1:
        ripe = set()  # there is room for the others
    first = groups[due[0][0].id]
    return tuple(one for one in due if one[0].id in ripe or groups[one[0].id] == first)


def key_of(batch: Sequence[Due]) -> str:
    """Return the idempotence key of a notice: of a summary one that hangs on all that it holds."""
    keys = [delivery.key for delivery, _ in batch]
    if len(keys) == 1:
        return keys[0]
    return f"{keys[0]}-and-{len(keys) - 1}-{sha256(' '.join(keys).encode()).hexdigest()[:8]}"
