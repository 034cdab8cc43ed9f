"""Channels that see only some domains: what they are told of, and that no other domain's name, count or evidence reaches them."""

from __future__ import annotations

import json
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any

import pytest

from notifier.channels.alertmanager import alert_of
from notifier.channels.command import filled
from notifier.channels.mail import MailSettings, composed
from notifier.channels.payload import encoded, payload
from notifier.plain import plain, trial
from notifier.route import decide
from notifier.sight import narrowed
from notifier.supposing import suppose, unchecked, unreachable
from notifier.values import ChannelPlan, Route, Stored
from notifier.wording import notice
from notifier.words_samples import SAMPLES, ZONE
from notifier.words_variables import VARIABLES
from tests.notifier.stage import NOON, Stage, a_plan, after, opened
from thresholds.incident_values import Acknowledgement, Cause, CauseKind, Cell, Change, ChangeKind, Incident
from thresholds.values import Level

if TYPE_CHECKING:
    from notifier.values import Notice

OWN = ChannelPlan("abc-mail", "mail", None, sees=("abc.example", "*.shop.example"))
FOREIGN = ("xyz", "bakery", "office")
CELLS = ("abc.example/imap", "trip abc.example", "trip office", "bakery.example/imap", "a.shop.example/imap", "xyz.example/imap")
TRIPS = {
    "trip abc.example": Cell("trip abc.example", "abc.example", "imap", "trip", 60.0, "submission", origin="abc.example"),
    "trip office": Cell("trip office", "abc.example", "imap", "trip", 60.0, "submission", origin="xyz.example"),
}
WHOLE = Incident(
    "i1a2b3c4d",
    Cause(
        CauseKind.SERVER,
        "imap",
        CELLS,
        ("86420 of 86420 domains on imap, 0 of 86420 on pop3s", "xyz.example waits longest", "what they show: slow (86420, 4.1 s at most)"),
        0.8,
        "bakery.example alone is on pop3s",
    ),
    Level.CRITICAL,
    NOON,
    NOON,
    domains=("a.shop.example", "abc.example", "bakery.example", "xyz.example"),
    cells=CELLS,
    failing=CELLS,
    reasons=("xyz.example/imap: no answer in login within 86420 s", "abc.example/imap: took 4.1 s, limit 2 s", "trip office: lost"),
    limit="critical 86420 s (thresholds[0], xyz*)",
    acknowledged=Acknowledgement("link over xyz-mail", NOON, "the bakery has called"),
    muted="",
    unheard="now 86420 domains",
)
EVERY = "\n".join(f"{{{{ {name} | tojson }}}}" for name in VARIABLES)
TEMPLATES = dict.fromkeys(("subject", "text", "html", "short"), EVERY)


PLAN = a_plan(channels=(OWN,), trips=TRIPS)


def told(kind: ChangeKind, said: str, templates: dict[str, str]) -> Notice:
    closing: dict[str, Any] = {"closed_at": NOON, "failing": (), "ended": "closed by anna: the bakery is well"}
    stored = Stored(1, Change(replace(WHOLE, **(closing if kind is ChangeKind.CLOSED else {})), kind, NOON, 2, said=said))
    other = Stored(2, Change(replace(WHOLE, id="i2"), ChangeKind.OPENED, NOON, 1, said="86420 domains"))
    seen = [narrowed(one, OWN, PLAN) for one in (stored, other)]
    return notice(seen[0], channel=OWN.name, key="k", zone=ZONE, templates=templates, more=seen[1:])


FORMS = {
    "mail": lambda one: composed(one, MailSettings("smart.example", "a@isp.example", ("b@abc.example",))).as_bytes(policy=default),
    "webhook, mqtt and the command's input": lambda one: encoded(payload(one)),
    "alertmanager": lambda one: encoded([alert_of(one, {})]),
    "command": lambda one: " ".join(filled(f"{{{name}}}", one) for name in ("subject", "short", "cause", "level", "kind")).encode(),
    "apprise and screen": lambda one: f"{one.subject}\n{one.text}\n{one.html}\n{one.short}".encode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("templates", [{}, TEMPLATES], ids=["our words", "every variable"])
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (ChangeKind.OPENED, "86420 domains on imap"),
        (ChangeKind.WORSENED, "now the domain xyz.example"),
        (ChangeKind.REMINDED, "open for 4 h"),
        (ChangeKind.ACKNOWLEDGED, "by link over xyz-mail: the bakery has called"),
        (ChangeKind.CLOSED, "closed by anna: the bakery is well"),
    ],
)
def test_no_form_names_or_counts_what_is_not_theirs(form: str, templates: dict[str, str], kind: ChangeKind, said: str) -> None:
    raw = FORMS[form](told(kind, said, templates))
    parsed = message_from_bytes(raw, policy=default)
    parts = [part.get_content() for part in parsed.walk() if not part.is_multipart()] if form == "mail" else []
    text = "\n".join([raw.decode(), str(parsed["Subject"]), *parts])
    assert not [word for word in (*FOREIGN, "86420", "2 of 4", "of 6") if word in text]
    assert "imap" in text


def test_what_is_theirs_is_told_in_full() -> None:
    found = told(ChangeKind.OPENED, "from WARNING to CRITICAL", {})
    assert found.facts["domains"] == ["a.shop.example", "abc.example"]
    assert (found.facts["domains_count"], found.facts["failing_count"]) == (2, 3)
    assert found.facts["failing"] == ["abc.example/imap", "trip abc.example", "a.shop.example/imap"]
    assert found.facts["reasons"] == ["abc.example/imap: took 4.1 s, limit 2 s"]
    assert (found.cause, found.facts["said"]) == ("server:imap", "from WARNING to CRITICAL")
    assert found.subject.startswith("CRITICAL: imap is slow for a.shop.example and abc.example since ")


@pytest.mark.parametrize(
    ("cause", "key"),
    [
        (Cause(CauseKind.DOMAIN, "xyz.example"), "domain:another domain"),
        (Cause(CauseKind.ACCOUNT, "abc.example"), "account:abc.example"),
        (Cause(CauseKind.CHECK, "trip office"), "check:another domain"),
        (Cause(CauseKind.CHECK, "abc.example/imap"), "check:abc.example/imap"),
        (Cause(CauseKind.PATH, "submission -> imap"), "path:submission -> imap"),
    ],
)
def test_a_cause_is_named_where_it_is_public_or_theirs(cause: Cause, key: str) -> None:
    stored = Stored(1, Change(replace(WHOLE, cause=cause), ChangeKind.OPENED, NOON, 1))
    assert plain(narrowed(stored, OWN, PLAN), "k").cause == key


def test_what_sees_all_and_what_is_a_trial_stay_as_they_are() -> None:
    stored = Stored(1, Change(WHOLE, ChangeKind.OPENED, NOON, 1))
    assert narrowed(stored, replace(OWN, sees=()), PLAN) is stored
    first, _ = trial(OWN.name, NOON)
    assert narrowed(first, OWN, PLAN) is first


def test_of_what_is_wholly_anothers_nothing_is_left() -> None:
    cells = ("xyz.example/imap", "trip office", "trip gone")
    stored = Stored(1, Change(replace(WHOLE, cells=cells, failing=cells, domains=("xyz.example",)), ChangeKind.CLOSED, NOON, 1))
    left = narrowed(stored, OWN, PLAN).change.incident
    assert (left.domains, left.cells, left.failing, left.reasons, left.cause.cells, left.cause.evidence, left.limit) == ((),) * 6 + ("",)


# -- who is told

IMAP = opened()  # of abc.example and xyz.example
XYZ = opened("i2", Cause(CauseKind.CHECK, "xyz.example/imap", ("xyz.example/imap",)))
ABC = ChannelPlan("abc", "mail", None, sees=("abc.example",))
OPS = ChannelPlan("ops", "mail", None)


def test_it_is_refused_what_is_of_others_and_the_reason_is_said() -> None:
    plan = a_plan(Route((("abc",), ("ops",))), channels=(ABC, OPS))
    assert decide(IMAP.incident, plan, NOON).chains == (("abc",), ("ops",))
    found = decide(XYZ.incident, plan, NOON)
    assert (found.chains, found.refused) == ((("ops",),), {"abc": "sees only abc.example"})
    assert "abc is not asked: it sees only abc.example" in found.words
    assert decide(suppose("", "imap", Level.CRITICAL, NOON, ("xyz.example",)), plan, NOON).chains == (("ops",),)
    every = ("xyz.example", "abc.example")
    assert decide(suppose("", "imap", Level.CRITICAL, NOON, every), plan, NOON).chains == (("abc",), ("ops",))


def test_of_a_name_that_is_misspelt_it_is_said() -> None:
    assert unchecked("", "imap", ("abc.example",)) == unchecked("abc.example", "imap", ("abc.example",)) == unchecked("", "", ()) == ()
    assert unchecked("", "imapp", ()) == ("no domain has a check on a server imapp",)
    assert unchecked("abd.example", "imap", ("abc.example",)) == ("abd.example has no check on imap",)


def test_alerts_that_only_it_would_hear_are_found() -> None:
    plan = a_plan(Route((("abc",),)), channels=(ABC, OPS))
    says = "notify.routes[0]: nobody would be told of server:imap, resolver:dns: abc sees only abc.example"
    assert unreachable(plan, ["imap"], NOON) == (says,)


async def test_its_own_is_told_from_the_opening_to_the_end_and_the_rest_goes_to_the_next() -> None:
    stage = Stage(a_plan(Route((("abc", "ops"),)), channels=(ABC, OPS)))
    taken = after(IMAP, ChangeKind.ACKNOWLEDGED, 1)
    for change in (IMAP, XYZ, taken, after(taken, ChangeKind.CLOSED, 2), after(XYZ, ChangeKind.CLOSED, 2)):
        await stage.tell(change)
    assert stage.far["abc"].said == ["i1 opened", "i1 acknowledged", "i1 closed"]
    assert stage.far["ops"].said == ["i2 opened", "i2 closed"]


async def test_it_does_not_take_over_what_it_may_not_see_not_even_where_all_else_is_broken() -> None:
    stage = Stage(a_plan(Route((("ops", "abc"),)), channels=(replace(OPS, servers=("imap",)), ABC)))
    foreign = opened("i2", Cause(CauseKind.SERVER, "imap", ("xyz.example/imap",)))
    await stage.tell(foreign, after(foreign, ChangeKind.CLOSED, 2))
    assert stage.far["abc"].said == []
    assert stage.far["ops"].said == ["i2 closed"]


async def test_who_was_told_hears_of_the_end_though_its_own_was_well_before() -> None:
    stage = Stage(a_plan(Route((("abc",), ("ops",))), channels=(ABC, OPS)))
    rest = replace(IMAP, incident=replace(IMAP.incident, failing=("xyz.example/imap",)))
    reminded = after(rest, ChangeKind.REMINDED, 240)
    taken = after(reminded, ChangeKind.ACKNOWLEDGED, 241)
    for change in (IMAP, reminded, taken, after(taken, ChangeKind.CLOSED, 250)):
        await stage.tell(change)
    assert stage.far["abc"].said == ["i1 opened", "i1 acknowledged", "i1 closed"]
    assert stage.far["ops"].said == ["i1 opened", "i1 reminded", "i1 acknowledged", "i1 closed"]


async def test_a_summary_counts_its_own_alone_and_the_spare_words_hide_as_well() -> None:
    stage = Stage(a_plan(Route((("abc",), ("ops",)), group_by=("level",), wait_seconds=5.0), channels=(ABC, OPS)))
    mine = opened("i3", Cause(CauseKind.CHECK, "abc.example/imap", ("abc.example/imap",)))
    await stage.tell(IMAP, XYZ, mine)
    await stage.pass_(30)
    assert stage.far["abc"].said == ["i1 opened +1"]
    assert stage.far["ops"].said == ["i1 opened +2"]
    private = replace(IMAP.incident, id="i4", cause=replace(IMAP.incident.cause, kind=CauseKind.DOMAIN, name="xyz.example"))
    await stage.tell(replace(IMAP, incident=private))
    await stage.pass_(30)
    assert stage.far["abc"].heard[-1].cause == "domain:another domain"


def test_every_example_can_be_narrowed() -> None:
    for matter in SAMPLES.values():
        found = notice(narrowed(matter.stored, replace(OWN, sees=("nobody.example",)), PLAN), channel="c", key="k", zone=ZONE)
        assert ".example" not in json.dumps(payload(found)).replace("isp.example", "")
