"""Incidents go when their time is over, with all that hangs on them, and never while anybody is still to be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from notifier.values import DeliveryState
from store import used_tokens
from store.incidents import save
from store.mutes import add_silence, silences
from store.outbox import StoreOutbox
from store.retention import Keep, forget
from store.store import Store
from tests.store.made_incidents import ABC, NOON, XYZ, after, at, delivery, opened
from thresholds.incident_values import EVERYWHERE, Change, ChangeKind, Silence
from thresholds.scope import EVERYTHING

if TYPE_CHECKING:
    from pathlib import Path

KEEP = Keep(86_400.0, 10 * 86_400.0)
LATER = NOON + timedelta(days=12)
LEFT = """
    SELECT (SELECT group_concat(id) FROM incidents),
        (SELECT group_concat(DISTINCT incident) FROM changes),
        (SELECT group_concat(DISTINCT incident) FROM deliveries),
        (SELECT count(*) FROM incident_domains),
        (SELECT count(*) FROM used_tokens)
"""


def closed(number: int) -> list[Change]:
    first = opened(number, domains=(ABC, XYZ))
    return [first, after(first, ChangeKind.CLOSED, 5)]


async def tell(store: Store, *, but: int) -> None:
    """Plan all but one incident, and prove all but the one after that."""
    outbox = StoreOutbox(store)
    stored = [one for one in await outbox.unplanned() if one.change.incident.id != f"i{but:08x}"]
    await outbox.plan([one.id for one in stored], [delivery(one.change, one.id) for one in stored])
    while due := [one for one, _ in await outbox.due(LATER) if one.incident != f"i{but + 1:08x}"]:
        for one in due:
            await outbox.settle(one, replace(one, state=DeliveryState.SENT))


async def left(store: Store) -> tuple[Any, ...]:
    found: tuple[Any, ...] = await store.read(lambda connection: connection.execute(LEFT).fetchone())
    return found


async def test_what_is_over_and_told_goes_and_nothing_else(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "s.db")
    await save(store, [*closed(1), *closed(2), *closed(3), opened(4)])
    await add_silence(store, Silence("s1", EVERYWHERE, "anna", "", at(0), at(1)))
    assert await used_tokens.use(store, "a", at(0))
    await tell(store, but=2)
    before = await left(store)
    await forget(store, KEEP, NOON + timedelta(days=9))
    assert await left(store) == before
    await forget(store, KEEP, LATER)
    ids = "i00000002,i00000003,i00000004"
    assert await left(store) == (ids, ids, "i00000003,i00000004", 5, 0)
    assert len(await silences(store, EVERYTHING)) == 1
    await store.close()


async def test_many_go_in_slices(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "s.db")
    await save(store, [replace(change, muted="quiet") for number in range(1, 501) for change in closed(number)])
    assert await forget(store, KEEP, LATER) > 8
    assert await left(store) == (None, None, None, 0, 0)
    await store.close()
