"""What the notifier asks of whoever remembers: declared here, on the left; the store is one.

Every method may raise store.errors.StoreError: nothing is lost then, and it is tried again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from notifier.values import Delivery, Stored


class Outbox(Protocol):
    """Changes that were stored with their incidents, and their deliveries."""

    async def unplanned(self) -> list[Stored]:
        """Return the changes that are to be told and have no plan yet, the oldest first."""

    async def plan(self, changes: Iterable[int], deliveries: Sequence[Delivery]) -> None:
        """Take these changes as planned, with these deliveries (none = nobody is told), in one transaction that stands on the disk."""

    async def due(self, now: datetime, without: Collection[str] = ()) -> list[tuple[Delivery, Stored]]:
        """Return what is to be tried now: of each incident and channel only the first that is not settled. At most 200, the oldest first.

        `without` names channels that are not asked now: one that hangs fills the 200 of no other.
        """

    async def awaited(self) -> list[tuple[Delivery, Stored]]:
        """Return the deliveries without proof whose deadline is set and whose chain goes on."""

    async def next_at(self) -> datetime | None:
        """Return when the next try or deadline comes; None = nothing waits."""

    async def settle(self, before: Delivery, after: Delivery, more: Sequence[Delivery] = ()) -> None:
        """Write what came of a try, and the deliveries that follow from it, in one transaction that stands on the disk.

        What was never tried may go on over another channel.
        """

    async def of(self, incident: str) -> list[tuple[Delivery, Stored]]:
        """Return all deliveries of an incident, whatever became of them, in the order in which they were planned."""
