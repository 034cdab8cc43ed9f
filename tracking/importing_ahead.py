"""Reads the next chunk while the present one is worked on: unpacking and cleaning take one processor, parsing has the other."""

from __future__ import annotations

from queue import Full, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

Item = TypeVar("Item")
PAUSE_SECONDS = 0.05
_END = object()


def ahead(items: Iterable[Item], many: int = 1) -> Generator[Item]:
    """Give the same items, taken in a thread up to `many` ahead; what the source raises is raised here, in its place."""
    waiting: Queue[object] = Queue(many)
    stopped = Event()
    thread = Thread(target=_take, args=(items, waiting, stopped), daemon=True)
    thread.start()
    try:
        yield from _given(waiting)
    finally:
        stopped.set()
        thread.join()


def _given(waiting: Queue[object]) -> Iterator[Item]:
    while (item := waiting.get()) is not _END:
        if isinstance(item, _Raised):
            raise item.error
        yield item  # type: ignore[misc] # what _take put there came from an Iterable[Item]


class _Raised:
    """An error on its way from the thread."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def _take(items: Iterable[Item], waiting: Queue[object], stopped: Event) -> None:
    try:
        for item in items:
            if not _put(item, waiting, stopped):
                return
        _put(_END, waiting, stopped)
    except BaseException as error:  # noqa: BLE001 - it is raised where the items are used
        _put(_Raised(error), waiting, stopped)


def _put(item: object, waiting: Queue[object], stopped: Event) -> bool:
    while not stopped.is_set():
        try:
            waiting.put(item, timeout=PAUSE_SECONDS)
        except Full:
            continue
        return True
    return False
