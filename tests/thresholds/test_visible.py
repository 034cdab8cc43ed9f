"""What a reader sees of an incident that touches others: his own cells and reasons, no sentence that names or counts what is not his."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from thresholds.incident_values import Acknowledgement, Cause, CauseKind, Change, ChangeKind, Incident
from thresholds.scope import EVERYTHING, NOTHING, Scope
from thresholds.values import Level
from thresholds.visible import visible, visible_change

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CELLS = ("Abc.example/imap", "trip abc.example", "trip inbound", "xyz.example/imap")
INCIDENT = Incident(
    "i1",
    Cause(CauseKind.SERVER, "imap", CELLS, ("2 of 2 domains on imap", "the answer took 4.1 s", "xyz.example waits"), doubt="2 checks only"),
    Level.CRITICAL,
    NOON,
    NOON,
    domains=("abc.example", "xyz.example"),
    cells=CELLS,
    failing=CELLS[1:],
    reasons=("Abc.example/imap: mail.isp.example refuses", "xyz.example/imap: took 4.1 s", "trip abc.example: late"),
    limit="thresholds[0], imap*",
    acknowledged=Acknowledgement("anna", NOON, "speaking with Xyz.Example"),
)
CHANGE = Change(INCIDENT, ChangeKind.WORSENED, NOON, 2, said="from WARNING to CRITICAL")
MINE = Scope(frozenset({"abc.example"}))
BOTH = Scope(frozenset({"abc.example", "xyz.example"}))


def seen(incident: Incident = INCIDENT, scope: Scope = MINE) -> Incident:
    found = visible(incident, scope, {"inbound": "abc.example"})
    assert found is not None
    return found


def test_who_sees_everything_sees_it_as_it_is() -> None:
    assert visible(INCIDENT, EVERYTHING) is INCIDENT
    assert visible_change(CHANGE, EVERYTHING) is CHANGE
    assert visible(replace(INCIDENT, domains=()), EVERYTHING) is not None


def test_who_sees_none_of_its_domains_sees_nothing() -> None:
    for scope in (NOTHING, Scope(frozenset({"example", "bc.example"}))):
        assert visible(INCIDENT, scope) is None
        assert visible_change(CHANGE, scope) is None
    assert visible(replace(INCIDENT, domains=()), BOTH) is None


def test_of_many_domains_his_own_are_shown() -> None:
    found = seen()
    assert found.domains == ("abc.example",)
    assert found.cells == found.cause.cells == CELLS[:3]
    assert found.failing == CELLS[1:3]
    assert found.reasons == ("Abc.example/imap: mail.isp.example refuses", "trip abc.example: late")
    assert (found.cause.name, found.cause.evidence, found.cause.doubt) == ("imap", ("the answer took 4.1 s",), "")
    assert found.acknowledged == Acknowledgement("anna", NOON)
    assert "xyz" not in repr(found).lower()


def test_a_journey_of_which_nobody_knows_the_domain_is_hidden() -> None:
    found = visible(INCIDENT, MINE)
    assert found is not None
    assert found.cells == CELLS[:2]


def test_who_sees_all_its_domains_sees_all_its_cells_but_no_count_of_others() -> None:
    found = seen(scope=BOTH)
    assert (found.domains, found.cells, found.reasons) == (INCIDENT.domains, CELLS, INCIDENT.reasons)
    assert found.cause.evidence == ("the answer took 4.1 s", "xyz.example waits")


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("the directory is slow too: 4.1 s", True),
        ("since 12.11.2026, 8 minutes", True),
        ("abc.example alone", True),
        ("mail of ABC.example to probe@abc.example", True),
        ("all of xyz.example.", False),
        ("probe@xyz.example is locked", False),
        ("sub.abc.example", False),
        ("mail.isp.example refuses", False),
        ("bücher.example", False),
        ("intern is slow", False),
        ("12 of 12 domains on imap, 0 of 12 on pop3", False),
        ("11 of the 12", False),
        ("37 other domains are well", False),
        ("what they show: no connection (12), slow (3, 4.1 s at most)", False),
        ("what they show: slow (3, 4.1 s at most)", False),
        ("2 trips that it holds up", False),
        ("3 others that share it are well", False),
        ("from 2 to 4 failing", False),
        ("limit 2 s (thresholds[0], imap*)", True),
        ("one check", True),
    ],
)
def test_which_sentences_are_shown(sentence: str, *, shown: bool) -> None:
    incident = replace(INCIDENT, domains=("abc.example", "Intern"), limit=sentence)
    assert seen(incident).limit == (sentence if shown else "")


@pytest.mark.parametrize(
    ("kind", "name", "shown"),
    [
        (CauseKind.DOMAIN, "xyz.example", "another domain"),
        (CauseKind.CHECK, "xyz.example/imap", "another domain"),
        (CauseKind.ACCOUNT, "abc.example", "abc.example"),
        (CauseKind.CHECK, "trip inbound", "trip inbound"),
        (CauseKind.HOST, "mail.isp.example", "mail.isp.example"),
    ],
)
def test_a_cause_that_is_another_domains_is_not_named(kind: CauseKind, name: str, shown: str) -> None:
    assert seen(replace(INCIDENT, cause=Cause(kind, name))).cause.name == shown


def test_what_is_muted_or_ended_stays_so_when_its_words_are_hidden() -> None:
    ended = replace(INCIDENT, muted="maintenance: moving xyz.example", ended="closed by anna: xyz.example is gone", acknowledged=None)
    found = seen(replace(ended, unheard="now 2 of 2 domains"))
    assert (found.muted, found.ended, found.acknowledged) == ("muted for more than what you may see", "closed", None)
    assert found.unheard == "it has become worse"
    assert seen(replace(ended, muted="silenced by anna", ended="all is well again")).muted == "silenced by anna"


def test_a_change_is_filtered_with_its_incident() -> None:
    found = visible_change(replace(CHANGE, said="now 2 of 2 domains", muted="silenced: xyz.example"), MINE, {"inbound": "abc.example"})
    assert found == replace(CHANGE, incident=seen(), said="", muted="muted for more than what you may see")
    untold = visible_change(CHANGE, MINE)
    assert untold is not None
    assert untold.incident == visible(INCIDENT, MINE)


def test_who_has_swallowed_it_is_told_by_its_id_though_its_cause_is_not_his_to_know() -> None:
    for said, shown in (
        ("part of i2, the whole server imap", "part of i2, the whole server imap"),
        ("part of i2, the whole domain xyz.example", "part of i2"),
    ):
        ended = replace(INCIDENT, ended=said)
        assert seen(ended).ended == shown
        change = visible_change(Change(ended, ChangeKind.CLOSED, NOON, 3, said=said), MINE)
        assert change is not None
        assert (change.said, change.incident.ended) == (shown, shown)
