"""How much is planned before anything is told, and what of it is not told at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifier.planning import AT_ONCE, Planner
from notifier.values import Route
from tests.notifier.memory_outbox import MemoryOutbox
from tests.notifier.stage import NOON, Stage, a_plan, after, opened
from thresholds.incident_values import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from notifier.values import Delivery, Stored
    from thresholds.incident_values import Change

PLAN = a_plan(Route((("a",),)))


class CountingOutbox(MemoryOutbox):
    """An outbox that counts how often it was asked for an incident's past."""

    asked = 0

    async def of(self, incident: str) -> list[tuple[Delivery, Stored]]:
        self.asked += 1
        return await super().of(incident)


def acknowledged(first: Change, times: int) -> Iterator[Change]:
    """Yield one acknowledgement after the other."""
    for _ in range(times):
        first = after(first, ChangeKind.ACKNOWLEDGED, 1)
        yield first


async def test_of_many_changes_some_are_planned_and_then_told_before_the_next_are() -> None:
    stage = Stage(PLAN)
    stage.outbox.save(*(opened(f"i{number:03}") for number in range(3 * AT_ONCE - 1)))
    await stage.deliverer.turn()
    assert len(stage.outbox.deliveries) == AT_ONCE
    assert stage.outbox.deliveries[0].tries == 1
    await stage.settle()
    assert len(stage.outbox.deliveries) == 3 * AT_ONCE - 1
    assert not await stage.outbox.unplanned()


async def test_changes_of_one_incident_stay_in_order_over_turns() -> None:
    outbox, first = MemoryOutbox(), opened()
    changes = [first]
    for _ in range(AT_ONCE + 20):
        changes.append(after(changes[-1], ChangeKind.WORSENED, 1))
    outbox.save(*changes)
    planner = Planner(outbox)
    assert await planner.plan(PLAN, NOON)
    assert [one.number for one in outbox.deliveries] == list(range(1, AT_ONCE + 1))
    assert not await planner.plan(PLAN, NOON)
    assert [one.number for one in outbox.deliveries] == list(range(1, AT_ONCE + 22))


async def test_what_an_outbox_that_fails_did_not_take_is_planned_once_it_works(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(PLAN)
    stage.outbox.save(*(opened(f"i{number:03}") for number in range(AT_ONCE + 5)))
    await stage.deliverer.turn()
    stage.outbox.broken = "there is no room on the disk"
    await stage.deliverer._try_turn()
    assert "what is to be told waits: there is no room on the disk" in caplog.messages
    stage.outbox.broken = ""
    await stage.settle()
    assert len(stage.outbox.deliveries) == AT_ONCE + 5


async def test_of_many_acknowledgements_only_the_last_is_told_and_the_past_is_not_read_for_each() -> None:
    outbox = CountingOutbox()
    stage = Stage(PLAN, outbox)
    first, other = opened("i1"), opened("i2")
    await stage.tell(first, other)
    asked = outbox.asked
    acks = list(acknowledged(first, 500))
    await stage.tell(*acks[:250], *acknowledged(other, 1), *acks[250:])
    assert stage.far["a"].said == ["i1 opened", "i2 opened", "i2 acknowledged", "i1 acknowledged"]
    assert [notice.number for notice in stage.far["a"].heard] == [1, 1, 2, 501]
    assert not await stage.outbox.unplanned()
    assert outbox.asked - asked == 4  # two plans and two tries
