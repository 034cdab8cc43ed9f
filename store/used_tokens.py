"""Links that acknowledge an incident: each does so once, whoever presses it how often, also after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.rows import microseconds

if TYPE_CHECKING:
    from datetime import datetime

    from store.store import Store

USE = "INSERT INTO used_tokens (hash, used_us) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING"
USED = "SELECT EXISTS (SELECT 1 FROM used_tokens WHERE hash = ?)"


async def use(store: Store, token_hash: str, now: datetime) -> bool:
    """Take a token as used, by its hash (never the token itself). Returns: whether it was not used before. Raises: StoreError."""
    values = (token_hash, microseconds(now))
    return await store.transact(lambda connection: connection.execute(USE, values).rowcount == 1)


async def used(store: Store, token_hash: str) -> bool:
    """Say whether a token was used, by its hash. Raises: StoreError."""
    (found,) = await store.read(lambda connection: connection.execute(USED, (token_hash,)).fetchone())
    return bool(found)
