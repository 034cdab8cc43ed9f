"""What is saved of an incident comes back as it was, with its changes, in one piece; an older word never replaces a newer one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from store.incidents import changes_of, one, save
from store.store import Store
from tests.store.made_incidents import FULL, at
from thresholds.incident_values import Change, ChangeKind
from thresholds.scope import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


KINDS = ChangeKind


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "s.db")
    yield opened
    await opened.close()


async def test_an_incident_comes_back_whole_with_its_changes(store: Store) -> None:
    change = Change(FULL, KINDS.CLOSED, at(9), 3, "silenced by anna", "was WARNING")
    await save(store, [change])
    assert await one(store, EVERYTHING, FULL.id) == FULL
    assert [stored.change for stored in await changes_of(store, EVERYTHING, FULL.id)] == [change]
