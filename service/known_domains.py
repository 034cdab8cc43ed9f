"""The domains that the directory named last, kept in the store, so that a service that starts without the directory knows whom to probe."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from config.plan import Discovered

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from store.store import Store

READ = "SELECT value FROM meta WHERE key = 'domains'"
WRITE = "INSERT OR REPLACE INTO meta (key, value) VALUES ('domains', ?)"


async def recall(store: Store) -> tuple[Discovered, ...]:
    """Return the domains that were known last; none where nothing was ever found. Raises: StoreError."""
    row = await store.read(lambda connection: connection.execute(READ).fetchone())
    return tuple(_one(found) for found in json.loads(row[0])) if row else ()


def _one(found: dict[str, object]) -> Discovered:
    services, administrator = found["services"], found["administrator"]
    names = tuple(str(one) for one in services) if isinstance(services, list) else ()
    return Discovered(str(found["name"]), names, None if administrator is None else str(administrator))


async def remember(store: Store, domains: Iterable[Discovered]) -> None:
    """Keep these as the domains that are known. Raises: StoreError."""
    text = json.dumps([asdict(one) for one in domains], separators=(",", ":"))

    def write(connection: sqlite3.Connection) -> None:
        connection.execute(WRITE, (text,))

    await store.transact(write)
