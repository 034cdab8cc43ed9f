"""What waits for the disk, in the order of its coming: bounded, for the disk can be full for hours; what is too much loses the oldest."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


class Waiting(Generic[T]):
    """A queue that counts. Everything put is at any time exactly one of: waiting, on its way (taken), settled (kept or lost)."""

    __slots__ = ("_items", "_limit", "_on_lost", "_taken", "lost", "put_total")

    def __init__(self, limit: int, on_lost: Callable[[T], None]) -> None:
        self._items: deque[T] = deque()
        self._taken: Sequence[T] = ()
        self._limit = limit
        self._on_lost = on_lost
        self.put_total = 0
        self.lost = 0

    def __len__(self) -> int:
        return len(self._items) + len(self._taken)

    @property
    def settled(self) -> int:
        """Return how many of those put are on the disk or lost."""
        return self.put_total - len(self)

    def put(self, item: T) -> None:
        """Add one; the oldest is lost when there are too many."""
        self._items.append(item)
        self.put_total += 1
        if len(self._items) + len(self._taken) > self._limit:
            self._lose(self._items.popleft())

    def take(self, count: int) -> Sequence[T]:
        """Take the oldest on their way to the disk; `keep` or `give_back` must follow."""
        self._taken = [self._items.popleft() for _ in range(min(count, len(self._items)))]
        return self._taken

    def kept(self, refused: Sequence[T] = ()) -> None:
        """Settle what was taken: it is on the disk, but for those that the store refused."""
        self._taken = ()
        for item in refused:
            self._lose(item)

    def give_back(self) -> None:
        """Put what was taken back to the front: the disk did not take it."""
        self._items.extendleft(reversed(self._taken))
        self._taken = ()

    def lose_all(self) -> None:
        """Give up what waits."""
        for item in islice(self._items, None):
            self._lose(item)
        self._items.clear()

    def _lose(self, item: T) -> None:
        self.lost += 1
        self._on_lost(item)
