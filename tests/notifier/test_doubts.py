"""An alert never travels first over what another open incident reports: stories on the stage, and what is in doubt when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from notifier.doubts import Doubting, doubts
from notifier.route import decide
from notifier.supposing import suppose
from notifier.values import ChannelPlan, Escalation, NotDeliveredError, NotifyPlan, Route
from tests.notifier.stage import NOON, SERVER, Stage, a_plan, after, an_incident, at, opened
from thresholds.incident_values import Acknowledgement, Cause, CauseKind, ChangeKind
from thresholds.values import Level

HUB = an_incident("h1", Cause(CauseKind.SERVER, "hub", ("abc.example/hub",)))
WEB = an_incident("w1", Cause(CauseKind.SERVER, "web", ("abc.example/web",)))
MAIL = ChannelPlan("mail", "mail", None, servers=("hub",))
WHY = "depends on the server hub, which is what fails (incident h1, server:hub)"


def a_chain(*channels: ChannelPlan | str, **more: Any) -> NotifyPlan:
    """A plan of one route with one chain of these."""
    names = tuple(one if isinstance(one, str) else one.name for one in channels)
    return a_plan(Route((names,), **more), channels=channels)


def a_stage(plan: NotifyPlan | None = None) -> Stage:
    return Stage(plan or a_chain(MAIL, "pager"))


# -- when it is planned


async def test_what_another_incident_reports_is_asked_last_and_that_is_said(caplog: pytest.LogCaptureFixture) -> None:
    stage = a_stage()
    stage.opened = [HUB]
    await stage.tell(opened())
    assert stage.far["pager"].said == ["i1 opened"]
    await stage.pass_(600)
    assert stage.far["mail"].calls == 0
    assert f"of incident i1 (server:imap): mail is asked last: it {WHY}" in caplog.messages


async def test_one_in_doubt_is_asked_all_the_same_when_the_others_give_no_proof() -> None:
    stage = a_stage()
    stage.opened, stage.far["pager"].broken = [HUB], NotDeliveredError("no answer")
    await stage.tell(opened())
    await stage.pass_(115)
    assert stage.far["mail"].calls == 0
    await stage.pass_(10)
    assert stage.far["mail"].said == ["i1 opened"]
    stage.far["pager"].broken = None
    await stage.pass_(900)
    assert stage.far["pager"].said == ["i1 opened"]  # it was tried on


@pytest.mark.parametrize("second", [None, "pager"])
async def test_where_all_are_in_doubt_they_are_asked_as_they_are_written(second: str | None, caplog: pytest.LogCaptureFixture) -> None:
    others = [ChannelPlan(second, "mail", None, servers=("web",))] if second else []
    stage = a_stage(a_chain(MAIL, *others))
    stage.opened = [HUB, WEB]
    await stage.tell(opened())
    assert (stage.far["mail"].said, len(stage.outbox.deliveries)) == (["i1 opened"], 1)
    assert f"of incident i1 (server:imap): mail is asked all the same, for no other is left: it {WHY}" in caplog.messages


async def test_an_incidents_own_cause_still_refuses_the_channel() -> None:
    stage = a_stage()
    stage.opened = [HUB]
    stage.opened.append(replace(HUB, id="h2"))
    await stage.tell(replace(opened(), incident=HUB))
    assert stage.far["pager"].said == ["h1 opened"]
    assert [one.said for one in stage.outbox.deliveries if one.channel == "mail"] == [
        "not asked: it depends on the server hub, which is what fails"
    ]


async def test_its_end_goes_where_its_beginning_was_told() -> None:
    stage, first = a_stage(), opened()
    await stage.tell(first)
    stage.opened = [HUB]
    acknowledged = after(first, ChangeKind.ACKNOWLEDGED, 1)
    await stage.tell(acknowledged)
    await stage.tell(after(acknowledged, ChangeKind.CLOSED, 2))
    assert stage.far["mail"].said == ["i1 opened", "i1 acknowledged", "i1 closed"]
    assert stage.far["pager"].calls == 0


async def test_what_is_told_while_it_lasts_and_after_it_goes_to_both_in_order() -> None:
    stage, first = a_stage(), opened()
    stage.opened = [HUB]
    await stage.tell(first)
    stage.opened = []
    worse = after(first, ChangeKind.WORSENED, 1)
    await stage.tell(worse)
    await stage.tell(after(worse, ChangeKind.CLOSED, 2))
    assert stage.far["pager"].said == ["i1 opened", "i1 closed"]
    assert stage.far["mail"].said == ["i1 worsened", "i1 closed"]


# -- when the set of open incidents has changed since


@pytest.mark.parametrize("hangs", [False, True])
async def test_what_was_tried_without_proof_is_handed_on_at_once(hangs: bool, caplog: pytest.LogCaptureFixture) -> None:
    stage = a_stage()
    stage.far["mail"].hangs, stage.far["mail"].broken = hangs, NotDeliveredError("queue is full")
    await stage.tell(opened())
    stage.opened = [HUB]
    await stage.settle()
    assert (stage.now, stage.far["pager"].said) == (NOON, ["i1 opened"])
    assert stage.states("mail") == ["taken-over"]  # and it is tried on
    assert f"pager is asked before mail, which {WHY}: i1-1-mail" in caplog.messages
    assert stage.deliverer.stats["mail"].taken_over == 1


async def test_what_waits_for_its_group_moves_and_comes_back() -> None:
    stage = a_stage(a_chain(MAIL, "pager", "sms", group_by=("level",), wait_seconds=30.0))
    await stage.tell(opened("i1"), opened("i2"))
    stage.opened, stage.far["pager"].broken = [HUB], NotDeliveredError("550 never", again=False)
    stage.far["sms"].broken = NotDeliveredError("550 never", again=False)
    await stage.settle()
    assert [(one.channel, one.chain, one.key, one.tries, one.due_at) for one in stage.outbox.deliveries] == [
        (f"{channel}", ("pager", "sms", "mail"), f"{incident}-1-{channel}", 0, at(0.5))
        for incident, channel in (("i1", "pager"), ("i2", "pager"))
    ]
    await stage.pass_(31)
    assert (stage.far["pager"].calls, stage.far["sms"].calls) == (1, 1)  # together, as they were to be
    await stage.pass_(31)
    assert sorted(word for said in stage.far["mail"].said for word in said.split()) == ["+1", "i1", "opened"]


async def test_an_escalation_goes_by_what_is_open_when_its_time_has_come() -> None:
    route = Route((("b",),), escalation=(Escalation(900.0, (("mail", "pager"),)), Escalation(1800.0, (("mail", "c"),))))
    stage = a_stage(a_plan(route, channels=(MAIL, "pager", "b", "c")))
    await stage.tell(opened())
    stage.opened = [HUB]
    await stage.pass_(890)
    stage.opened = []
    await stage.pass_(20)
    assert (stage.far["mail"].said, stage.far["pager"].said) == (["i1 opened"], [])
    other = Stage(stage.plan)
    await other.tell(opened())
    await other.pass_(890)
    other.opened = [HUB]
    await other.pass_(20)
    assert (other.far["mail"].said, other.far["pager"].said) == ([], ["i1 opened"])


async def test_an_escalation_that_moved_is_dropped_when_somebody_takes_it_on() -> None:
    stage = a_stage(a_plan(Route((("b",),), escalation=(Escalation(900.0, (("mail", "pager"),)),)), channels=(MAIL, "pager", "b")))
    await stage.tell(opened())
    stage.opened = [HUB]
    stage.standing = {"i1": replace(opened().incident, acknowledged=Acknowledgement("anna", NOON))}
    await stage.pass_(910)
    assert (stage.far["pager"].calls, stage.far["mail"].calls) == (0, 0)


async def test_who_has_it_already_is_not_asked_again_and_the_doubted_one_is_not_lost() -> None:
    stage = a_stage(a_plan(Route((("mail", "pager"), ("pager",)), group_by=("level",), wait_seconds=30.0), channels=(MAIL, "pager")))
    await stage.tell(opened())
    stage.opened = [HUB]
    await stage.pass_(31)
    assert (stage.far["mail"].said, stage.far["pager"].said) == (["i1 opened"], ["i1 opened"])


async def test_after_a_restart_the_order_is_as_it_was() -> None:
    stage = a_stage()
    stage.opened, stage.far["pager"].broken = [HUB], NotDeliveredError("no answer")
    await stage.tell(opened())
    stage.restart()
    stage.opened = []
    await stage.pass_(125)
    assert stage.far["mail"].said == ["i1 opened"]


async def test_more_than_one_look_at_the_outbox_shows_gives_way_before_anything_is_tried() -> None:
    stage = a_stage(a_chain(ChannelPlan("mail", "webhook", None, servers=("hub",)), "pager", group_by=("level",), wait_seconds=30.0))
    await stage.tell(*(opened(f"i{number:03}") for number in range(250)))
    stage.opened = [HUB]
    await stage.settle()
    assert {one.channel for one in stage.outbox.deliveries} == {"pager"}


async def test_our_own_error_in_it_keeps_nothing_from_being_told(caplog: pytest.LogCaptureFixture) -> None:
    stage = a_stage()
    stage.opened = [None]  # type: ignore[list-item]  # a bug, as it were
    await stage.tell(opened())
    assert stage.far["mail"].said == ["i1 opened"]
    assert "our own error in finding out what depends on what is reported: every channel is asked in its turn" in caplog.messages


# -- what is in doubt


def test_an_incident_does_not_doubt_for_itself_and_the_prober_for_nobody() -> None:
    plan = a_chain(MAIL, "pager")
    prober = an_incident("p1", Cause(CauseKind.PROBER, "berlin", ("abc.example/hub",)))
    assert doubts([HUB], plan).of(HUB) == {}
    assert doubts([prober], plan).of(an_incident()) == {}
    assert doubts([HUB, replace(HUB, id="h2")], plan).of(HUB) == {"mail": WHY.replace("h1", "h2")}
    assert doubts([replace(HUB, muted="maintenance[0]")], plan).of(an_incident()) == {"mail": WHY}


def test_what_was_found_out_of_an_incident_holds_as_long_as_it_is_the_same() -> None:
    plan, open_now = a_chain(MAIL, "pager"), [an_incident("i2", SERVER)]
    doubting = Doubting(lambda: open_now)
    assert doubting.doubts(plan).of(an_incident()) == {}
    open_now[0] = replace(open_now[0], failing=("abc.example/hub",))
    wider = "depends on the server hub, whose failure server:imap explains (incident i2, server:imap)"
    assert doubting.doubts(plan).of(an_incident()) == {"mail": wider}
    assert doubting.doubts(a_chain("mail", "pager")).of(an_incident()) == {}
    open_now.clear()
    assert doubting.doubts(plan).of(an_incident()) == {}


def test_the_decision_names_the_incident_that_puts_a_channel_last() -> None:
    plan = a_chain(MAIL, "pager")
    incident = suppose("", "imap", Level.CRITICAL, NOON)
    found = decide(incident, plan, NOON, doubts([HUB], plan).of(incident))
    assert (found.chains, found.refused) == ((("pager", "mail"),), {})
    assert found.words == ("notify.routes[0] matches", f"mail is asked last: it {WHY}", "told over pager, then mail (notify.routes[0])")
    assert found.late == (f"mail is asked last: it {WHY}",)
