"""An outbox in memory, for tests of what is done with one. It means what `notifier.outbox.Outbox` says, and nothing else of the store's.

A process that ends loses nothing of it: a second Deliverer on the same MemoryOutbox is a restart. `broken` makes every method fail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from notifier.past import OPEN
from notifier.values import Delivery, DeliveryState, Stored

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from thresholds.incident_values import Change


class BrokenError(Exception):
    """The disk takes nothing."""


class MemoryOutbox:
    """Changes and deliveries in lists; a row's id is its place and one."""

    def __init__(self) -> None:
        self.changes: list[Stored] = []
        self.deliveries: list[Delivery] = []
        self.broken = ""
        self._planned: set[int] = set()

    def save(self, *changes: Change) -> None:
        """Store changes, as the store does with their incidents."""
        for change in changes:
            self.changes.append(Stored(len(self.changes) + 1, change))

    def _look(self) -> None:
        if self.broken:
            raise BrokenError(self.broken)

    def _with(self, deliveries: Iterable[Delivery]) -> list[tuple[Delivery, Stored]]:
        return [(one, self.changes[one.change_id - 1]) for one in deliveries]

    def _first(self, one: Delivery) -> bool:
        return not any(
            other.state in OPEN
            and (other.incident, other.channel) == (one.incident, one.channel)
            and (other.number, other.id) < (one.number, one.id)
            for other in self.deliveries
        )

    async def unplanned(self) -> list[Stored]:
        self._look()
        return [stored for stored in self.changes if stored.id not in self._planned and not stored.change.muted]

    async def plan(self, changes: Iterable[int], deliveries: Sequence[Delivery]) -> None:
        self._look()
        self._planned |= set(changes)
        self._add(deliveries)

    def _add(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            assert all(delivery.key != one.key for one in self.deliveries), f"{delivery.key} stands twice"
            self.deliveries.append(replace(delivery, id=len(self.deliveries) + 1))

    async def due(self, now: datetime, without: Collection[str] = ()) -> list[tuple[Delivery, Stored]]:
        self._look()
        found = [one for one in self.deliveries if one.state in OPEN and one.due_at is not None and one.due_at <= now]
        found = sorted((one for one in found if one.channel not in without and self._first(one)), key=_due)
        return self._with(found[:200])

    async def awaited(self) -> list[tuple[Delivery, Stored]]:
        self._look()
        return self._with(one for one in self.deliveries if _awaited(one))

    async def next_at(self) -> datetime | None:
        self._look()
        tries = [one.due_at for one in self.deliveries if one.state in OPEN and self._first(one) and one.due_at]
        return min([*tries, *(one.deadline_at for one in self.deliveries if _awaited(one) and one.deadline_at)], default=None)

    async def settle(self, before: Delivery, after: Delivery, more: Sequence[Delivery] = ()) -> None:
        self._look()
        stands = self.deliveries[before.id - 1]
        if stands.state is DeliveryState.TAKEN_OVER and after.state is DeliveryState.DUE:
            after = replace(after, state=DeliveryState.TAKEN_OVER)
        if stands.state in OPEN or after.state is DeliveryState.SENT:
            self.deliveries[before.id - 1] = after
        if stands.state is before.state:
            self._add(more)

    async def of(self, incident: str) -> list[tuple[Delivery, Stored]]:
        self._look()
        return self._with(one for one in self.deliveries if one.incident == incident)


def _due(one: Delivery) -> tuple[datetime | None, int]:
    return one.due_at, one.id


def _awaited(one: Delivery) -> bool:
    return one.state is DeliveryState.DUE and one.deadline_at is not None and one.channel != one.chain[-1]
