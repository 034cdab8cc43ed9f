"""The Deliverer on the real store: what is told is proven there, a restart tells nothing twice, and the end is told to whoever heard."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from notifier.deliver import Deliverer, Surroundings
from notifier.values import ChannelPlan, NotDeliveredError, Route
from store.errors import StoreError
from store.incidents import deliveries_of, save
from store.outbox import StoreOutbox
from store.store import Store
from tests.notifier.stage import NOON, Far, a_plan, after, an_incident, opened, words
from thresholds.incident_values import Cause, CauseKind, ChangeKind
from thresholds.scope import EVERYTHING

if TYPE_CHECKING:
    from pathlib import Path

    from thresholds.incident_values import Change, Incident

PLAN = a_plan(Route((("a", "b"),)), channels=("a", "b"))


async def told(store: Store, far: dict[str, Far], *changes: Change) -> None:
    """Save changes, and run a Deliverer of its own until they are told."""
    around = Surroundings(lambda: NOON, lambda: 0.0, troubles=(StoreError,))
    deliverer = Deliverer(StoreOutbox(store), PLAN, dict(far), words, around)
    await save(store, changes)
    task = asyncio.create_task(deliverer.run())
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_on_the_real_store_each_change_is_told_once_over_restarts_and_refusals(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "s.db")
    far = {"a": Far(broken=NotDeliveredError("550 never", again=False)), "b": Far()}
    first = opened()
    await told(store, far, first)
    await told(store, far)
    assert far["b"].said == ["i1 opened"]
    await told(store, far, after(first, ChangeKind.CLOSED, 1))
    assert far["b"].said == ["i1 opened", "i1 closed"]
    found = [(one.channel, one.number, one.state.value) for one in await deliveries_of(store, EVERYTHING, "i1")]
    assert sorted(found) == [("a", 1, "refused"), ("a", 2, "refused"), ("b", 1, "sent"), ("b", 2, "sent")]
    await store.close()


async def test_on_the_real_store_what_nobody_was_asked_for_yet_moves_to_a_channel_that_is_not_in_doubt(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "s.db")
    mail = ChannelPlan("a", "mail", None, servers=("hub",))
    plan = a_plan(Route((("a", "b"),), group_by=("level",), wait_seconds=30.0), channels=(mail, "b"))
    hub: list[Incident] = []
    around = Surroundings(lambda: NOON, lambda: 0.0, troubles=(StoreError,), opened=lambda: hub)
    deliverer = Deliverer(StoreOutbox(store), plan, {"a": Far(), "b": Far()}, words, around)
    await save(store, [opened()])
    await deliverer.turn()
    (before,) = await deliveries_of(store, EVERYTHING, "i1")
    hub.append(an_incident("h1", Cause(CauseKind.SERVER, "hub")))
    await deliverer.turn()
    (moved,) = await deliveries_of(store, EVERYTHING, "i1")
    assert (before.channel, before.chain, before.key) == ("a", ("a", "b"), "i1-1-a")
    assert moved == replace(before, channel="b", chain=("b", "a"), key="i1-1-b")
    await store.close()
