"""How much of the file is kept in memory: a page for each check, within bounds, whatever was written hours ago."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from store.store import Store
from tests.store.made_runs import CHECK, GOOD

if TYPE_CHECKING:
    from pathlib import Path

    from store.values import Run


async def cache_kib(store: Store) -> int:
    """Return how much SQLite may keep."""
    return await store.read(lambda connection: -int(connection.execute("PRAGMA cache_size").fetchone()[0]))


def of_check(number: int) -> Run:
    return replace(GOOD, result=replace(GOOD.result, check=replace(CHECK, name=f"d{number}.example/imap")))


@pytest.mark.parametrize(("checks", "kib"), [(3, 1_036), (1_000, 5_024), (9_000, 32_768)])
async def test_the_cache_suits_the_checks_also_after_a_reopen(tmp_path: Path, checks: int, kib: int) -> None:
    store = await Store.open(tmp_path / "s.db")
    assert await cache_kib(store) == 1_024
    store.put(*map(of_check, range(checks)))
    assert await store.flush()
    assert await cache_kib(store) == kib
    await store.close()

    store = await Store.open(tmp_path / "s.db")
    store.put(GOOD)  # one check more
    assert await store.flush()
    assert await cache_kib(store) == min(kib + 4, 32_768)
    await store.close()
