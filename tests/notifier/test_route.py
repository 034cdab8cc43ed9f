"""Who is told of what, and why: a table of routes, rotas and dependencies, and which alerts would reach nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from notifier.depends import refusal, reported
from notifier.rota import on_call
from notifier.route import decide
from notifier.supposing import escalated, suppose, unreachable
from notifier.values import ChannelPlan, Escalation, Rota, Route
from tests.notifier.stage import BERLIN, NOON, SERVER, a_plan, an_incident
from thresholds.calendars import Calendar, Window
from thresholds.incident_values import Cause, CauseKind, Cell, Scene
from thresholds.values import Level

if TYPE_CHECKING:
    from notifier.values import NotifyPlan

OFFICE = Calendar("office", BERLIN, (Window(frozenset(range(5)), 8 * 60, 18 * 60),))
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TRIP = Cell("trip abc.example", "abc.example", "imap", "trip", 300.0, submits="submission")
A, B = (("a",),), (("b",),)


@pytest.mark.parametrize(
    ("route", "why"),
    [
        (Route(A), ""),
        (Route(A, Scene(domain="ABC.*", server="im*", site="ber*", cause="server:*")), ""),
        (Route(A, Scene(domain="xyz.example", server="pop3")), "it is not about domain xyz.example, server pop3"),
        (Route(A, Scene(cause="domain:*")), "the cause is server:imap"),
        (Route(A, Scene(site="paris")), "the site is berlin"),
        (Route(A, levels=frozenset({Level.WARNING})), "the level is CRITICAL"),
        (Route(A, calendar=OFFICE), "the calendar office does not hold then"),
    ],
)
def test_what_a_route_is_for(route: Route, why: str) -> None:
    found = decide(an_incident(), a_plan(route, site="berlin"), NOON)
    assert found.words[0] == (f"notify.routes[0] does not match: {why}" if why else "notify.routes[0] matches")
    assert found.chains == (() if why else A)


def test_the_first_that_matches_is_taken_and_those_after_it_while_it_goes_on() -> None:
    plan = a_plan(Route(A, calendar=OFFICE, go_on=True), Route(B), Route((("c",),)))
    assert decide(an_incident(), plan, MONDAY).chains == (*A, *B)
    assert decide(an_incident(), plan, NOON).chains == B
    assert decide(an_incident(), plan, MONDAY).origin == "notify.routes[0], notify.routes[1]"


def test_nothing_matches_and_it_says_so() -> None:
    assert decide(an_incident(), a_plan(), NOON).words == ("nobody is told",)


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-03-28 12:00", "early"),
        ("2026-03-30 06:59", "early"),  # the clocks went on by an hour in between: it is handed over at nine on the wall all the same
        ("2026-03-30 07:00", "late"),
        ("2026-04-06 07:00", "early"),
        ("2026-03-22 12:00", "late"),
    ],
)
def test_a_rota_by_week_is_handed_over_on_the_wall_clock(at: str, who: str) -> None:
    rota = Rota("oncall", (("early", A), ("late", B)), datetime(2026, 3, 23, 9, 0, tzinfo=BERLIN))
    assert on_call(rota, datetime.fromisoformat(at).replace(tzinfo=UTC)).who == who


def test_a_rota_by_calendars_and_its_gaps() -> None:
    rota = Rota("oncall", (("early", A),), shifts=((OFFICE, "early"),))
    plan = a_plan(Route(rota="oncall"), Route(rota="gone"), rotas={"oncall": rota})
    assert decide(an_incident(), plan, MONDAY).chains == A
    assert decide(an_incident(), plan, NOON).words == ("notify.routes[0] matches", "nobody is on call (rota oncall)", "nobody is told")
    stranger = on_call(Rota("oncall", (), shifts=((OFFICE, "bob"),)), MONDAY)
    assert stranger.why == "bob is on call (rota oncall) and has no channel there"
    assert on_call(Rota("oncall", ()), NOON).why == "nobody is on call (rota oncall)"
    assert on_call(Rota("oncall", (("early", A), ("late", B))), MONDAY).who
    lost = decide(an_incident(), a_plan(Route(rota="gone")), NOON)
    assert "notify.routes[0] names the rota gone, which is not there" in lost.words


def mail(*servers: str, domains: tuple[str, ...] = ()) -> ChannelPlan:
    return ChannelPlan("mail", "mail", None, servers, domains)


def why(cause: Cause, channel: ChannelPlan, plan: NotifyPlan | None = None) -> str:
    grounds = plan or a_plan(needs={"submission": ("directory",)}, hosts={"submission": "mx1", "imap": "mx2"}, trips={TRIP.name: TRIP})
    return refusal(channel, reported(an_incident("i1", cause), grounds), grounds)


@pytest.mark.parametrize(
    ("kind", "name", "cells", "said"),
    [
        (CauseKind.SERVER, "submission", (), "depends on the server submission, which is what fails"),
        (CauseKind.SERVER, "directory", (), "depends on the server directory, which is what fails"),
        (CauseKind.SERVER, "ldap", ("x/submission",), "depends on the server submission, whose failure server:ldap explains"),
        (CauseKind.SERVER, "imap", ("x/imap",), ""),
        (CauseKind.HOST, "MX1", (), "depends on the server submission, which is part of host:MX1"),
        (CauseKind.HOST, "mx2", ("x/imap",), ""),
        (CauseKind.PATH, "submission -> imap", (), "depends on the server submission, which is part of path:submission -> imap"),
        (CauseKind.HOP, "mx1", (), "depends on the server submission, which is part of hop:mx1"),
        (CauseKind.HOP, "hub", (TRIP.name,), "depends on the server submission, where test messages begin or end that hop:hub holds up"),
        (
            CauseKind.SERVER,
            "imap",
            ("x/imap", TRIP.name),
            "depends on the server submission, where test messages begin or end that server:imap holds up",
        ),
        (
            CauseKind.SERVER,
            "ldap",
            ("x/submission", TRIP.name),
            "depends on the server submission, whose failure server:ldap explains",
        ),
        (CauseKind.HOP, "hub", ("trip other",), ""),
        (CauseKind.RESOLVER, "dns", ("x/submission",), "depends on the server submission, whose failure resolver:dns explains"),
        (CauseKind.CHECK, "x/submission", ("x/submission",), "depends on the server submission, whose failure check:x/submission explains"),
        (CauseKind.ACCOUNT, "x", ("x/submission",), ""),
        (CauseKind.DOMAIN, "ops.example", ("OPS.example/imap",), "depends on the domain ops.example, which is affected"),
        (CauseKind.PROBER, "berlin", ("x/submission", "ops.example/imap"), ""),
    ],
)
def test_an_alert_never_travels_over_what_it_reports(kind: CauseKind, name: str, cells: tuple[str, ...], said: str) -> None:
    assert why(Cause(kind, name, cells), mail("submission", domains=("ops.example",))) == said


def test_a_chain_goes_on_without_the_refused_and_says_why() -> None:
    plan = a_plan(Route((("mail", "pager"), ("mail",))), channels=(mail("imap"), "pager"))
    found = decide(an_incident("i1", SERVER), plan, NOON)
    assert found.chains == (("pager",),)
    assert found.words == (
        "notify.routes[0] matches",
        "mail is not asked: it depends on the server imap, which is what fails",
        "told over pager (notify.routes[0])",
        "mail is not asked: it depends on the server imap, which is what fails",
        "of mail no channel is left (notify.routes[0])",
    )


def test_what_would_be_is_asked_by_domain_and_server() -> None:
    plan = a_plan(Route(A, Scene(domain="abc.*", server="imap")), Route(B))
    assert decide(suppose("abc.example", "imap", Level.CRITICAL, NOON), plan, NOON).chains == A
    assert decide(suppose("", "imap", Level.CRITICAL, NOON), plan, NOON).chains == B


def test_who_would_be_told_later_is_said() -> None:
    later = (Escalation(90.0, (("c", "a"),)), Escalation(900.0, (("mail",),)))
    plan = a_plan(Route(A, escalation=later), channels=("a", "c", mail("imap")))
    assert escalated(decide(an_incident(), plan, NOON), plan) == (
        "after 90 s also over c, then a, while nobody acknowledges (notify.routes[0])",
        "after 15 min nobody more, while nobody acknowledges (notify.routes[0])",
    )


def test_which_alerts_would_reach_nobody() -> None:
    servers = ("imap", "submission")
    hosts = {"imap": "mx", "submission": "mx"}
    alone = a_plan(Route((("mail",),)), channels=(mail("submission"),), hosts=hosts)
    assert unreachable(alone, servers, NOON) == (
        "notify.routes[0]: nobody would be told of server:submission, host:mx, resolver:dns: mail would be refused, for it depends on them",
    )


def test_an_independent_channel_reaches_somebody_and_a_gap_of_the_week_is_told() -> None:
    assert unreachable(a_plan(Route(A)), ("imap",), NOON) == ()
    assert unreachable(a_plan(Route(A, calendar=OFFICE)), ("imap",), NOON) == (
        "notify.routes: nobody would be told of server:imap, resolver:dns: at some times no route that reaches anybody takes them",
    )
    assert unreachable(a_plan(), ("imap",), NOON) == (
        "notify.routes: nobody would be told of server:imap, resolver:dns: no route takes them",
    )
    rota = Rota("oncall", (("early", A), ("late", (("mail",),))), NOON - timedelta(days=1))
    found = unreachable(a_plan(Route(rota="oncall"), channels=("a", mail("imap")), rotas={"oncall": rota}), ("imap",), NOON)
    told = "when late is on call, mail would be refused, for it depends on them"
    assert found == (f"notify.routes[0]: nobody would be told of server:imap, resolver:dns: {told}",)
