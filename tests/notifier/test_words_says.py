"""The first line: what is broken for whom since when; and what of it survives where there is little room."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from notifier.values import Stored
from notifier.words_matter import DRILL, TEST, Matter, brief_moment, moment
from notifier.words_says import short, subject
from notifier.words_symptoms import STRANGE, SYMPTOMS, symptom
from probe.values import FaultKind, Outcome
from thresholds.incident_values import Acknowledgement, Cause, CauseKind, Change, ChangeKind, Incident
from thresholds.incidents_book import SOUND, UNPROBED, WELL
from thresholds.values import Level
from thresholds.wording import FAULTS, OUTCOMES, TIMES

BERLIN = ZoneInfo("Europe/Berlin")
BEGAN = datetime(2026, 11, 21, 2, 12, 5, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 2, 40, 5, tzinfo=UTC)
DOMAINS = tuple(f"d{number:02}.example" for number in range(12))
SILENT = "no answer in greeting within 10 s"
SINCE = "since 03:12:05 CET (21 Nov 2026)"


def matter(kind: CauseKind, name: str, reason: str = SILENT, change: ChangeKind = ChangeKind.OPENED, **fields: Any) -> Matter:
    known = {"level": Level.CRITICAL, "domains": DOMAINS, "reasons": (f"d00.example/imap: {reason}",), **fields}
    evidence = known.pop("evidence", ())
    incident = Incident("i1a2b3c4d", Cause(kind, name, evidence=evidence), began_at=BEGAN, opened_at=BEGAN, **known)
    return Matter(Stored(1, Change(incident, change, BEGAN, 1)), "pager", BERLIN, "berlin")


ONE = ("abc.example",)
CELLS = ("abc.example/imap", "abc.example/pop3s", "abc.example/smtp", "abc.example/submission")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (matter(CauseKind.SERVER, "imap", evidence=("12 of 12 domains on imap",)), "imap does not answer for 12 of 12 domains"),
        (matter(CauseKind.SERVER, "imap", evidence=("11 of 14 domains on imap",)), "imap does not answer for 12 of 14 domains"),
        (matter(CauseKind.SERVER, "imap", evidence=("3 of 5 domains on imap",)), "imap does not answer for 12 domains"),
        (matter(CauseKind.SERVER, "imap", domains=DOMAINS[:2]), "imap does not answer for d00.example and d01.example"),
        (matter(CauseKind.SERVER, "imap", domains=()), "imap does not answer"),
        (matter(CauseKind.SERVER, "imap", "took 4.1 s, limit 2 s"), "imap is slow for 12 domains"),
        (matter(CauseKind.SERVER, "imap", "the test message never arrived"), "mail over imap does not arrive for 12 domains"),
        (matter(CauseKind.PROBER, "berlin"), "the prober itself (berlin) is sick or cut off"),
        (matter(CauseKind.PROBER, ""), "the prober itself (here) is sick or cut off"),
        (matter(CauseKind.RESOLVER, "dns", "the name x could not be resolved"), "the name server dns resolves no names for 12 domains"),
        (matter(CauseKind.HOST, "mail.isp.example", "no connection to x"), "the host mail.isp.example takes no connection for 12 domains"),
        (
            matter(CauseKind.PATH, "submission -> imap", "the test message came late", domains=ONE),
            "mail from submission to imap comes late for abc.example",
        ),
        (
            matter(CauseKind.HOP, "mx1", "the test message took 9 s to mx1, limit 5 s", domains=ONE),
            "mail through mx1 is slow for abc.example",
        ),
        (matter(CauseKind.DOMAIN, "abc.example", failing=CELLS[:2]), "abc.example does not answer on imap and pop3s"),
        (matter(CauseKind.DOMAIN, "abc.example", failing=CELLS), "abc.example does not answer on 4 servers"),
        (
            matter(CauseKind.ACCOUNT, "abc.example", "the login was refused in login", cells=CELLS[:1]),
            "the test mailbox of abc.example is refused its login on imap",
        ),
        (matter(CauseKind.ACCOUNT, "abc.example", "quota is at 97 %, limit 95 %"), "the test mailbox of abc.example runs out of quota"),
        (matter(CauseKind.CHECK, "abc.example/imap", domains=ONE), "imap does not answer for abc.example"),
        (matter(CauseKind.CHECK, "trip inbound", "the test message bounced: 550 no", domains=ONE), "mail of trip inbound bounces"),
        (matter(CauseKind.CHECK, "abc.example/imap", "something new", domains=ONE), "imap is not as it should be for abc.example"),
    ],
)
def test_what_is_broken_for_whom(told: Matter, words: str) -> None:
    assert subject(told) == f"CRITICAL: {words} {SINCE}"


ACK = Acknowledgement("anna", BEGAN, "on it")


@pytest.mark.parametrize(
    ("change", "fields", "words"),
    [
        (ChangeKind.OPENED, {"level": Level.WARNING}, f"WARNING: imap does not answer for 12 domains {SINCE}"),
        (ChangeKind.WORSENED, {}, f"CRITICAL (worse): imap does not answer for 12 domains {SINCE}"),
        (ChangeKind.REMINDED, {}, f"STILL CRITICAL: imap does not answer for 12 domains {SINCE}"),
        (ChangeKind.ACKNOWLEDGED, {"acknowledged": ACK}, f"ACKNOWLEDGED by anna: imap does not answer for 12 domains {SINCE}"),
        (ChangeKind.ACKNOWLEDGED, {}, f"ACKNOWLEDGED: imap does not answer for 12 domains {SINCE}"),
        (
            ChangeKind.CLOSED,
            {"closed_at": LATER, "ended": WELL},
            "OK: imap is well again for 12 domains since 03:40:05 CET (21 Nov 2026), after 28 min",
        ),
        (
            ChangeKind.CLOSED,
            {"closed_at": LATER, "ended": SOUND},
            "OK: imap is well again for 12 domains since 03:40:05 CET (21 Nov 2026), after 28 min",
        ),
        (
            ChangeKind.CLOSED,
            {"closed_at": LATER, "ended": UNPROBED},
            "CLOSED: imap is no longer probed for 12 domains at 03:40:05 CET (21 Nov 2026), after 28 min",
        ),
    ],
)
def test_each_kind_of_change(change: ChangeKind, fields: dict[str, Any], words: str) -> None:
    assert subject(matter(CauseKind.SERVER, "imap", change=change, **fields)) == words


def test_every_fault_outcome_and_value_has_words_of_its_own() -> None:
    filled = {"host": "mail.x", "step": "login", "timeout": "10 s", "folder": "Junk", "value": "4", "name": "mailbox"}
    for template in (*FAULTS.values(), *OUTCOMES.values(), *TIMES.values()):
        sentence = template.format(**filled)
        assert symptom((sentence,)) is symptom((f"abc.example/imap: {sentence}: 550 no",)) is not STRANGE, sentence
    assert {symptom((FAULTS[kind].format(**filled),)).says for kind in FaultKind} <= {one.says for one in SYMPTOMS if not one.mail}
    assert all(symptom((OUTCOMES[outcome].format(**filled),)).mail for outcome in Outcome)


def test_no_reason_has_no_words() -> None:
    assert symptom(()) is STRANGE


def test_a_drill_and_a_test_say_so_first() -> None:
    told = matter(CauseKind.SERVER, "imap")
    assert subject(replace(told, mark=DRILL)) == f"DRILL: CRITICAL: imap does not answer for 12 domains {SINCE}"
    tried = "TEST: the channel pager is tried at 03:12:05 CET (21 Nov 2026); nothing is broken"
    assert subject(replace(told, mark=TEST)) == short(replace(told, mark=TEST)) == tried


def test_several_are_counted() -> None:
    told = matter(CauseKind.SERVER, "imap")
    assert subject(replace(told, more=(told.stored,) * 37)) == f"CRITICAL: imap does not answer for 12 domains {SINCE}, and 37 more"


def test_a_name_gives_way_before_what_matters() -> None:
    name = f"{'very-' * 30}long.example"
    assert (
        subject(matter(CauseKind.HOST, name))
        == "CRITICAL: the host very-very-very-very..y-very-long.example does not answer for 12 domains since 03:12:05 CET 21 Nov"
    )
    tight = matter(
        CauseKind.ACCOUNT, name, "the login was refused in login", ChangeKind.ACKNOWLEDGED, acknowledged=replace(ACK, by="a" * 90)
    )
    assert subject(tight) == "ACKNOWLEDGED: the test mailbox of very-..ample is refused its login since 03:12:05 CET 21 Nov"
    assert len(subject(tight)) <= 120


def test_a_text_message_holds_the_id_and_as_much_of_the_reason_as_fits() -> None:
    told = matter(CauseKind.SERVER, "imap", f"{SILENT}: {'é`{' * 50}")
    first = f"CRITICAL: imap does not answer for 12 domains {SINCE} (i1a2b3c4d): d00.example/imap: {SILENT}: "
    assert short(told) == f"{first}{('e' + chr(39) + '(') * 50}"[:158] + ".."
    long = matter(CauseKind.HOST, f"{'n' * 60}.example", domains=("ü" * 50,))
    assert "nnn.example does not answer for uuuuuuuuuuu..uuuuuuuuuuu since 03:12:05 CET 21 Nov (i1a2b3c4d)" in short(long)
    assert len(short(long)) <= 160


@pytest.mark.parametrize(
    ("zone", "long", "brief"),
    [
        ("Europe/Berlin", "03:12:05 CET (21 Nov 2026)", "03:12:05 CET 21 Nov"),
        ("UTC", "02:12:05 UTC (21 Nov 2026)", "02:12:05 UTC 21 Nov"),
        ("America/Sao_Paulo", "23:12:05 UTC-03 (20 Nov 2026)", "23:12:05 UTC-03 20 Nov"),
    ],
)
def test_times_name_their_zone(zone: str, long: str, brief: str) -> None:
    assert (moment(BEGAN, ZoneInfo(zone)), brief_moment(BEGAN, ZoneInfo(zone))) == (long, brief)


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    hours = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    assert [moment(at, BERLIN)[:13] for at in hours] == ["02:30:00 CEST", "02:30:00 CET "]


def test_the_end_of_one_that_another_has_swallowed_says_which_and_what_that_is() -> None:
    ended = matter(CauseKind.CHECK, "b/imap", change=ChangeKind.CLOSED, ended="part of i00000001, the whole server imap", closed_at=LATER)
    said = "is part of i00000001, the whole server imap"
    assert said in subject(ended)
    assert said in short(ended)
    alone = matter(CauseKind.CHECK, "b/imap", change=ChangeKind.CLOSED, ended="part of i00000001", closed_at=LATER)
    assert "is part of i00000001 for 12 domains" in subject(alone)
    way = "part of i00000001, now " + "x" * 300
    assert "is part of i00000001, " in short(matter(CauseKind.CHECK, "b/imap", change=ChangeKind.CLOSED, ended=way, closed_at=LATER))


MANY_WAYS = "smtps, submission -> imap, imaps, pop3s"
STUCK = "the test message is under way for 8 s, limit 5 s"


def test_a_way_is_cut_between_servers_and_the_year_goes_first() -> None:
    three = matter(CauseKind.PATH, MANY_WAYS, STUCK, domains=DOMAINS[:3])
    said = "CRITICAL: mail from smtps +1 to imap +2 does not arrive in time for 3 domains since 03:12:05 CET 21 Nov"
    assert subject(three) == said
    mail = "mail from smtps, submission to imap, imaps, pop3s"
    assert short(three).startswith(f"CRITICAL: {mail} does not arrive in time for 3 domains {SINCE} (i1a2b3c4d)")
    one = matter(CauseKind.PATH, MANY_WAYS, STUCK, domains=("alpha.test",))
    assert subject(one) == said.replace("3 domains", "alpha.test")
    short_way = matter(CauseKind.PATH, "smtps, submission -> imap", STUCK, domains=DOMAINS[:3])
    assert subject(short_way) == f"CRITICAL: mail from smtps, submission to imap does not arrive in time for 3 domains {SINCE}"
    link = matter(CauseKind.LINK, "mx1.very-long-name.example -> hub1.very-long-name.example", STUCK, domains=ONE)
    assert "mail from mx1.. to hub1.. does not" in subject(replace(link, mark=DRILL))


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        ("closed by anna: it is only the old disk", "was closed by anna"),
        ("closed by anna", "was closed by anna"),
        ("closed", "was closed"),  # all that may be seen of it
        (UNPROBED, "is no longer probed"),
    ],
)
def test_every_end_has_a_verb(ended: str, words: str) -> None:
    alone = matter(CauseKind.CHECK, "evil", domains=ONE, change=ChangeKind.CLOSED, ended=ended, closed_at=LATER)
    assert subject(alone) == f"CLOSED: evil {words} at 03:40:05 CET (21 Nov 2026), after 28 min"
    ours = matter(CauseKind.PROBER, "lab", change=ChangeKind.CLOSED, ended=ended, closed_at=LATER)
    assert subject(ours) == f"CLOSED: the prober itself (lab) {words} at 03:40:05 CET (21 Nov 2026), after 28 min"
