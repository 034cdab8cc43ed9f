"""A channel is renamed or taken away while its incident is open: what was, or is to be, told there goes where the routes in force say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifier.values import ChannelPlan, DeliveryState, Escalation, NotDeliveredError, Route
from tests.notifier.stage import Far, Stage, a_plan, after, opened
from thresholds.incident_values import ChangeKind

if TYPE_CHECKING:
    import pytest

    from notifier.values import NotifyPlan

DOWN = NotDeliveredError("the smarthost refuses the connection")
OLD, NEW = Route((("ops",),)), Route((("team",),))


def reload(stage: Stage, plan: NotifyPlan) -> None:
    """Take another configuration; a channel that is new gets a far side."""
    stage.far |= {one.name: Far() for one in plan.channels if one.name not in stage.far}
    stage.plan = plan
    stage.deliverer.swap(plan, {one.name: stage.far[one.name] for one in plan.channels})


async def test_the_end_goes_where_the_routes_in_force_say_when_who_heard_is_gone() -> None:
    stage = Stage(a_plan(OLD, channels=("ops",)))
    first = opened()
    await stage.tell(first)
    reload(stage, a_plan(NEW, channels=("team",)))
    await stage.tell(after(first, ChangeKind.CLOSED, 1))
    assert (stage.far["ops"].said, stage.far["team"].said) == (["i1 opened"], ["i1 closed"])
    assert stage.states("ops") == ["sent", "dropped"]


async def test_that_one_of_many_who_heard_is_gone_and_hears_of_no_end_is_on_record() -> None:
    stage = Stage(a_plan(Route((("ops", "team"), ("pager",))), channels=("ops", "team", "pager")))
    first = opened()
    await stage.tell(first)
    reload(stage, a_plan(NEW, channels=("team", "pager")))
    await stage.tell(after(first, ChangeKind.CLOSED, 1))
    (record,) = (one for one in stage.outbox.deliveries if one.channel == "ops" and one.number == 2)
    assert (record.state, record.said) == (DeliveryState.DROPPED, "not told: the channel is configured no more")
    assert (stage.far["team"].said, stage.far["pager"].said) == (["i1 closed"], ["i1 opened", "i1 closed"])


async def test_the_end_goes_there_even_over_what_was_broken_and_once_to_who_heard_as_well() -> None:
    stage = Stage(a_plan(Route((("ops",), ("pager",))), channels=("ops", "pager")))
    first = opened()
    await stage.tell(first)
    team = ChannelPlan("team", "mail", None, servers=("imap",))
    reload(stage, a_plan(Route((("team",), ("pager",))), channels=(team, "pager")))
    await stage.tell(after(first, ChangeKind.CLOSED, 1))
    assert stage.far["team"].said == ["i1 closed"]
    assert stage.far["pager"].said == ["i1 opened", "i1 closed"]


async def test_that_nobody_is_left_who_could_be_told_of_the_end_is_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(a_plan(OLD, channels=("ops",)))
    first = opened()
    await stage.tell(first)
    reload(stage, a_plan(channels=("team",)))
    await stage.tell(after(first, ChangeKind.CLOSED, 1))
    why = "a channel that was told is gone with all of its chain; nobody is told"
    assert caplog.messages.count(f"nobody is told of the end of incident i1 (server:imap): {why}") == 1
    assert stage.far["team"].calls == 0


async def test_an_opening_that_waits_is_told_by_the_routes_in_force(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(a_plan(OLD, channels=("ops",)))
    stage.far["ops"].broken = DOWN
    first = opened()
    await stage.tell(first)
    reload(stage, a_plan(NEW, channels=("team",)))
    await stage.pass_(10)
    assert stage.states("ops") == ["refused"]
    assert stage.far["team"].said == ["i1 opened"]
    assert "team takes over from ops, which gave no proof of i1-1-ops: there is no such channel any more" in caplog.messages
    await stage.tell(after(first, ChangeKind.CLOSED, 1))
    assert stage.far["team"].said == ["i1 opened", "i1 closed"]


async def test_the_routes_in_force_come_before_the_rest_of_an_old_chain_and_tell_nobody_twice() -> None:
    stage = Stage(a_plan(Route((("ops", "old"), ("pager",))), channels=("ops", "old", "pager")))
    stage.far["ops"].broken = DOWN
    await stage.tell(opened())
    reload(stage, a_plan(Route((("team",), ("pager",), ("team", "old"))), channels=("old", "pager", "team")))
    await stage.pass_(200)
    assert {name: far.said for name, far in stage.far.items()} == {"ops": [], "old": [], "pager": ["i1 opened"], "team": ["i1 opened"]}


async def test_an_opening_for_which_nobody_is_left_is_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(a_plan(OLD, channels=("ops",)))
    stage.far["ops"].broken = DOWN
    await stage.tell(opened())
    reload(stage, a_plan(channels=("team",)))
    await stage.pass_(10)
    said = "incident i1 (server:imap): nobody takes over from ops, which is gone, what it was to tell (i1-1-ops)"
    assert caplog.messages.count(said) == 1


async def test_an_end_that_waits_on_what_is_gone_is_told_by_the_routes_in_force() -> None:
    stage = Stage(a_plan(OLD, channels=("ops",)))
    first = opened()
    await stage.tell(first)
    stage.far["ops"].broken = DOWN
    await stage.tell(after(first, ChangeKind.CLOSED, 1))
    reload(stage, a_plan(NEW, channels=("team",)))
    await stage.pass_(10)
    assert stage.far["team"].said == ["i1 closed"]


async def test_what_escalates_to_a_channel_that_is_gone_escalates_as_the_routes_in_force_say() -> None:
    later = (Escalation(900.0, (("boss",),)), Escalation(1800.0, (("head",),)))
    stage = Stage(a_plan(Route((("a",),), escalation=later[:1]), channels=("a", "boss")))
    await stage.tell(opened())
    renamed = (Escalation(900.0, (("chief",),)), later[1])
    reload(stage, a_plan(Route((("a",),), escalation=renamed), channels=("a", "chief", "head")))
    await stage.pass_(890)
    assert stage.far["chief"].said == []
    await stage.pass_(20)
    assert (stage.far["chief"].said, stage.far["head"].said, stage.far["a"].said) == (["i1 opened"], [], ["i1 opened"])


async def test_nothing_escalates_from_a_channel_that_is_gone_once_it_is_muted() -> None:
    stage = Stage(a_plan(Route((("a",),), escalation=(Escalation(900.0, (("boss",),)),)), channels=("a", "boss")))
    await stage.tell(opened())
    reload(stage, a_plan(Route((("a",),), escalation=(Escalation(900.0, (("chief",),)),)), channels=("a", "chief")))
    stage.standing = {}
    await stage.pass_(1000)
    assert stage.far["chief"].said == []
    assert stage.outbox.deliveries[-1].said == "over before it escalated"
