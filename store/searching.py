"""A search page by page: looked for again and again, each time so shortly that nobody waits, until the page is full. It never ends nowhere.

Where it stopped for want of time it says so by a cursor: a page may be short, even empty, and yet have a next one.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.cursors import Found, Place
    from store.store import Store

LOOKED_AT = 10_000  # rows, in one look
MOST_LOOKS = 20  # in a search, before it says where to go on
MOST = 1_000  # entries on one page

Find: TypeAlias = "Callable[..., Found]"  # (connection, start=, limit=)


async def search(store: Store, find: Find, start: Place, limit: int) -> tuple[list[int], str]:
    """Return the ids found, the newest first, and the next page's cursor, "" = none. Raises: ValueError for a limit that is none."""
    if not 1 <= limit <= MOST:
        raise ValueError(f"a page holds 1 to {MOST} entries, not {limit}")
    ids: list[int] = []
    place: Place | None = start
    for _ in range(MOST_LOOKS):
        if place is None or len(ids) == limit:
            break
        found = await store.read(partial(find, start=place, limit=limit - len(ids)))
        ids, place = ids + found.ids, found.next
    return ids, "" if place is None else place.words
