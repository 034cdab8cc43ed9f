"""Who hears what over the channels: summaries, groups, escalations, and what depends on what is reported."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notifier.values import ChannelPlan, Escalation, Route
from tests.notifier.stage import NOON, Stage, a_plan, after, opened
from thresholds.incident_values import Acknowledgement, Cause, CauseKind, ChangeKind
from thresholds.values import Level


async def test_a_storm_is_told_in_as_many_notices_as_a_minute_holds() -> None:
    stage = Stage(a_plan(Route((("a",),)), channels=(ChannelPlan("a", "mail", None, per_minute=5),)))
    changes = [opened(f"i{number:02}") for number in range(42)]
    await stage.tell(*changes)
    assert stage.far["a"].said == [*(f"i{number:02} opened" for number in range(4)), "i04 opened +37"]
    assert stage.deliverer.stats["a"].sent == 42
    await stage.tell(*(after(change, ChangeKind.CLOSED, 0.1) for change in changes))
    assert len(stage.far["a"].said) == 5
    await stage.pass_(61)
    assert stage.far["a"].said[5:] == [*(f"i{number:02} closed" for number in range(4)), "i04 closed +37"]


async def test_a_machine_is_told_of_every_change_by_itself() -> None:
    stage = Stage(a_plan(Route((("a",),), group_by=("cause",)), channels=(ChannelPlan("a", "webhook", None, per_minute=5),)))
    await stage.tell(*(opened(f"i{number:02}") for number in range(12)))
    await stage.settle()
    assert stage.far["a"].said == [f"i{number:02} opened" for number in range(12)]


async def test_a_group_is_told_together_once_it_has_waited() -> None:
    stage = Stage(a_plan(Route((("a",),), group_by=("level",), wait_seconds=30.0)))
    await stage.tell(opened("i1"), opened("i2", level=Level.WARNING))
    await stage.pass_(20)
    await stage.tell(opened("i3"))
    assert stage.far["a"].said == []
    await stage.pass_(10)
    assert stage.far["a"].said == ["i1 opened +1", "i2 opened"]
    assert stage.far["a"].heard[0].facts["others"] == [("i3", 1, ChangeKind.OPENED)]
    assert stage.far["a"].heard[0].key.startswith("i1-1-a-and-1-")


async def test_nobody_acknowledges_and_it_escalates_as_it_stands_then() -> None:
    stage = Stage(a_plan(Route((("a",),), escalation=(Escalation(900.0, (("c",),)),))))
    first = opened(level=Level.WARNING)
    await stage.tell(first)
    await stage.pass_(895)
    assert stage.far["c"].said == []
    stage.standing = {"i1": replace(first.incident, level=Level.CRITICAL)}
    await stage.pass_(10)
    assert [notice.level for notice in stage.far["c"].heard] == [Level.CRITICAL]
    await stage.tell(after(first, ChangeKind.CLOSED, 20))
    assert stage.far["c"].said == ["i1 opened", "i1 closed"]


@pytest.mark.parametrize("why", ["acknowledged", "muted", "over"])
async def test_it_escalates_no_more_once_somebody_has_said_something_even_unheard(why: str) -> None:
    stage = Stage(a_plan(Route((("a",),), escalation=(Escalation(900.0, (("c",),)),))))
    first = opened()
    await stage.tell(first)
    ack = Acknowledgement("anna", NOON)
    found = {"acknowledged": replace(first.incident, acknowledged=ack), "muted": replace(first.incident, muted="silence s1 of anna")}
    stage.standing = {"i1": found[why]} if why in found else {}
    await stage.pass_(1000)
    assert stage.far["c"].said == []
    said = {"acknowledged": "acknowledged by anna before it escalated", "muted": "muted: silence s1 of anna"}
    assert stage.outbox.deliveries[-1].said == said.get(why, "over before it escalated")


async def test_the_alarm_about_the_mail_system_never_goes_through_it() -> None:
    mail = ChannelPlan("ops-mail", "mail", None, servers=("submission", "directory"))
    stage = Stage(a_plan(Route((("ops-mail", "pager"),)), channels=(mail, "pager")))
    cells = ("abc.example/imap", "abc.example/submission")
    direct, blamed = Cause(CauseKind.SERVER, "submission", cells[1:]), Cause(CauseKind.SERVER, "directory", cells)
    first = [opened("i1", direct), opened("i2", blamed)]
    await stage.tell(*first)
    await stage.tell(*(after(change, ChangeKind.CLOSED, 1) for change in first))
    assert stage.far["ops-mail"].calls == 0
    assert stage.far["pager"].said == ["i1 opened", "i2 opened", "i1 closed", "i2 closed"]
    assert stage.outbox.deliveries[1].said == "not asked: it depends on the server submission, which is what fails"


async def test_what_nobody_could_be_told_is_told_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    mail = ChannelPlan("ops-mail", "mail", None, servers=("imap",))
    stage = Stage(a_plan(Route((("ops-mail",),)), channels=(mail,)))
    first = opened()
    await stage.tell(first)
    assert any(line.startswith("nobody is told of incident i1 (server:imap): ") for line in caplog.messages)
    await stage.tell(after(first, ChangeKind.CLOSED, 1))
    assert stage.far["ops-mail"].said == ["i1 closed"]
