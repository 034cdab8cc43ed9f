"""What follows a change, by what was told before: the rarer turns, each as a story on the stage."""

from __future__ import annotations

from dataclasses import replace

from notifier.values import Escalation, NotDeliveredError, Route
from tests.notifier.stage import NOON, Stage, a_plan, after, opened
from thresholds.incident_values import Acknowledgement, ChangeKind

LATER = Route((("a", "c"),), escalation=(Escalation(900.0, (("c",),)),))
GATHERING = Route((("a",),), group_by=("cause",), wait_seconds=30.0)


async def test_an_opening_never_tried_is_dropped_together_with_its_closing() -> None:
    stage = Stage(a_plan(GATHERING))
    first = opened()
    await stage.tell(first)
    await stage.tell(after(first, ChangeKind.CLOSED, 0.1))
    await stage.pass_(60)
    assert stage.far["a"].calls == 0
    assert [one.said for one in stage.outbox.deliveries] == ["over before it was ever tried", "nobody has heard of its beginning"]


async def test_of_what_no_route_took_no_end_is_told() -> None:
    stage = Stage(a_plan())
    first = opened()
    await stage.tell(first, after(first, ChangeKind.CLOSED, 1))
    assert stage.outbox.deliveries == []


async def test_who_takes_over_and_was_to_be_told_later_is_told_now() -> None:
    stage = Stage(a_plan(LATER))
    stage.far["a"].broken = NotDeliveredError("550 never", again=False)
    await stage.tell(opened())
    assert stage.far["c"].said == ["i1 opened"]
    await stage.pass_(1000)
    assert stage.far["c"].said == ["i1 opened"]


async def test_who_is_told_something_newer_takes_over_nothing_older() -> None:
    stage = Stage(a_plan(Route((("a", "b"),))))
    stage.far["a"].broken = NotDeliveredError("down")
    first = opened()
    await stage.tell(first)
    stage.deliverer.swap(a_plan(Route((("b",),))), dict(stage.far))
    await stage.tell(after(first, ChangeKind.WORSENED, 1))
    await stage.pass_(200)
    assert stage.far["b"].said == ["i1 worsened"]
    assert stage.states("a") == ["taken-over"]


async def test_what_is_acknowledged_already_escalates_nowhere() -> None:
    stage = Stage(a_plan(LATER))
    first = opened()
    taken = replace(first, incident=replace(first.incident, acknowledged=Acknowledgement("anna", NOON)))
    await stage.tell(taken)
    assert [one.channel for one in stage.outbox.deliveries] == ["a"]


async def test_a_reminder_comes_no_more_often_than_its_route_says_and_not_behind_a_word_that_waits() -> None:
    stage = Stage(a_plan(Route((("a",),), repeat_seconds=3600.0)))
    first = opened()
    soon = after(first, ChangeKind.REMINDED, 30)
    late = after(soon, ChangeKind.REMINDED, 60)
    await stage.tell(first, soon, late)
    assert stage.far["a"].said == ["i1 opened"]  # all at once: the opening still waits when the others are planned
    await stage.tell(after(late, ChangeKind.REMINDED, 59), after(after(late, ChangeKind.REMINDED, 59), ChangeKind.REMINDED, 60))
    assert stage.far["a"].said == ["i1 opened", "i1 reminded"]


async def test_the_end_goes_to_the_next_of_the_chain_where_the_channel_is_gone() -> None:
    stage = Stage(a_plan(Route((("a", "b"),))))
    first = opened()
    await stage.tell(first)
    stage.deliverer.swap(a_plan(Route((("b",),)), channels=("b",)), {"b": stage.far["b"]})
    await stage.tell(after(first, ChangeKind.CLOSED, 1))
    assert (stage.far["a"].said, stage.far["b"].said) == (["i1 opened"], ["i1 closed"])
