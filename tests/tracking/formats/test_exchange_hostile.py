"""Exchange rows that break parsers: damaged quotes, half lines, headers, lists, forged replies, wild stamps. Nothing is lost silently."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.tracking.formats.parsing import parse
from tracking.formats.exchange_columns import FORMS

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "#Software: Microsoft Exchange Server\n#Log-type: Message Tracking Log\n#Fields: " + ",".join(FORMS[30]) + "\n"
BASE = {
    "date-time": "2026-11-20T08:00:00.123Z",
    "client-hostname": "EX1",
    "server-hostname": "EX2.corp.example",
    "source": "SMTP",
    "event-id": "RECEIVE",
    "internal-message-id": "71",
    "message-id": "<a@corp.example>",
    "recipient-address": "b@corp.example",
    "total-bytes": "10",
    "message-subject": "figures",
    "return-path": "a@corp.example",
}


def cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"') else text


def row(**changed: str) -> str:
    """Return a line of 30 columns; names with `_` for `-`."""
    values = BASE | {name.replace("_", "-"): value for name, value in changed.items()}
    return ",".join(cell(values.get(name, "")) for name in FORMS[30])


@pytest.fixture(params=[True, False], ids=["fast", "slow"])
def landing(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    """Both ways of reading must say the same."""
    return tmp_path / "landing" if request.param else None


def pick(events: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(event.get(name) for name in names) for event in events]


def test_a_second_header_inside_with_other_columns_in_another_order(landing: Path | None) -> None:
    other = '#Fields: event-id, date-time ,recipient-address,new-column,message-id\nFAIL,2026-11-20T08:00:01.000Z,c@corp.example,"x""y",<b@corp.example>'  # noqa: E501 a line as it is
    found = parse("exchange", f"{HEAD}{row()}\n{other}\n{HEAD}{row(event_id='SEND')}", landing)
    assert not found.unparsed
    assert found.noise == {"exchange/header": 7}
    assert pick(found.events, "original", "recipient", "extra") == [
        ("RECEIVE", "b@corp.example", None),
        ("FAIL", "c@corp.example", '{"new-column":"x\\"y"}'),
        ("SEND", "b@corp.example", None),
    ]


def test_columns_named_twice_or_by_a_hostile_hand(landing: Path | None) -> None:
    head = "#Fields: date-time,event-id,event-id,x') from landed; drop table landed; --\n"
    found = parse("exchange", head + "2026-11-20T08:00:00.123Z,SEND,RECEIVE,1", landing)
    assert pick(found.events, "original", "extra") == [
        ("SEND", '{"event-id":"RECEIVE","x\') from landed; drop table landed; --":"1"}'),
    ]


def test_batches_carry_the_header_and_the_server(landing: Path | None) -> None:
    first = parse("exchange", HEAD + row(), landing)
    second = parse("exchange", row(event_id="LOAD", client_hostname="", server_hostname=""), landing, first_line=5, carry=first.carry)
    assert pick(second.events, "n", "original", "server", "event") == [(5, "LOAD", "ex2.corp.example", "other")]


def test_lines_that_cannot_be_read_stay_unparsed(landing: Path | None) -> None:
    half = row()[:120]
    wild = row(date_time="2026-02-30T08:00:00.123Z"), row(date_time="9999-11-20T08:00:00.123Z"), row(date_time="1970-01-01T00:00:00.000Z")
    found = parse("exchange", "\n".join([HEAD + row(), half, *wild, row(event_id="")]), landing)
    assert len(found.events) == 1
    assert found.unparsed == [half, *wild, row(event_id="")]


def test_an_unbalanced_quote_stays_in_its_own_line(landing: Path | None) -> None:
    lines = [
        row(message_subject="X").replace(",X,", ',say "hello, you,'),
        row(message_subject="X").replace(",X,", ',"open, and, lost,'),
        row(),
    ]
    found = parse("exchange", HEAD + "\n".join(lines), landing)
    assert not found.unparsed
    assert pick(found.events, "subject") == [('say "hello, you',), ("open, and, lost",), ("figures",)]


@pytest.mark.parametrize(
    "subject",
    [
        "# not a comment",
        "00123",
        "true",
        "=HYPERLINK(1)",
        "\x1b[2J\u202egnp.exe",
        "'; drop table parsed; --",
        "a\u2400b",
        '"',
        ",",
        "NULL",
        "<script>",
    ],
)
def test_a_subject_is_text_whatever_it_says(subject: str, landing: Path | None) -> None:
    assert pick(parse("exchange", HEAD + row(message_subject=subject), landing).events, "subject") == [(subject,)]


def test_a_leap_second_and_an_offset(landing: Path | None) -> None:
    rows = row(date_time="2016-12-31T23:59:60.500Z"), row(date_time="2026-11-20T09:00:00.123+01:00")
    found = parse("exchange", HEAD + "\n".join(rows), landing)
    assert [str(event["time"]) for event in found.events] == ["2017-01-01 00:00:00.500000", "2026-11-20 08:00:00.123000"]


REPLY = "250 2.6.0 <a@x> [InternalId=72, Hostname=EX2.corp.example] Queued mail for delivery"
SWAPPED = "250 2.6.0 <a@x> [InternalId=EX2.corp.example, Hostname=72] Queued mail for delivery"
CLAIMS = [
    (f";{REPLY};ClientSubmitTime:", ("internal-id", "72", "ex2.corp.example", "out")),
    (f"08DC1DB12C345BE5;{SWAPPED};ClientSubmitTime:2026-11-20T08:00:00Z", ("internal-id", "72", "ex2.corp.example", "out")),
    (";250 2.0.0 Ok: queued as 4jW76S0sf8zRhS4;ClientSubmitTime:", ("queued-as", "4jW76S0sf8zRhS4", None, "out")),
    (";250 2.1.5 [Hostname=EX2.corp.example];ClientSubmitTime:", (None, None, None, None)),
    ("[InternalId=1, Hostname=evil]", (None, None, None, None)),
]


@pytest.mark.parametrize(("context", "claim"), CLAIMS)
def test_what_a_send_claims(context: str, claim: tuple[str | None, ...], landing: Path | None) -> None:
    found = parse("exchange", HEAD + row(event_id="SEND", source_context=context), landing)
    assert pick(found.events, "link_rule", "link_id", "link_host", "link_way") == [claim]


def test_shadow_copies_claim_nothing(landing: Path | None) -> None:
    rows = [row(event_id=name, source_context=f"EX2=;{REPLY}") for name in ("HAREDIRECT", "HARECEIVE", "HADISCARD", "HAREDIRECTFAIL")]
    found = parse("exchange", HEAD + "\n".join(rows), landing)
    assert set(pick(found.events, "event", "link_rule", "begins")) == {("agent", None, None)}


MOVES = [
    ({"event_id": "TRANSFER", "reference": "70"}, ("transfer", True, "fork", "70", "in", "b@corp.example", None)),
    ({"event_id": "EXPAND", "related_recipient_address": "all@x"}, ("expand", None, None, None, None, "b@corp.example", "all@x")),
    (
        {"event_id": "EXPAND", "recipient_address": "", "related_recipient_address": "all@x"},
        ("expand", None, None, None, None, "all@x", None),
    ),
    ({"event_id": "RESOLVE", "related_recipient_address": "old@x"}, ("resolve", None, None, None, None, "b@corp.example", "old@x")),
    ({"event_id": "REDIRECT", "related_recipient_address": "new@x"}, ("redirect", None, None, None, None, "new@x", "b@corp.example")),
    ({"event_id": "RECEIVE", "source": "AGENT", "reference": "70"}, ("receive", True, "fork", "70", "in", "b@corp.example", None)),
    ({"event_id": "DSN", "reference": "<b@x>"}, ("dsn", True, "notification", "<b@x>", "in", "b@corp.example", None)),
    ({"event_id": "POISONMESSAGE"}, ("poison", None, None, None, None, "b@corp.example", None)),
    ({"event_id": "DUPLICATEDELIVER"}, ("duplicate", None, None, None, None, "b@corp.example", None)),
    ({"event_id": "NEWKIND"}, ("other", None, None, None, None, "b@corp.example", None)),
]


@pytest.mark.parametrize(("changed", "meaning"), MOVES, ids=[changed["event_id"] for changed, _ in MOVES])
def test_what_events_mean(changed: dict[str, str], meaning: tuple[Any, ...], landing: Path | None) -> None:
    found = parse("exchange", HEAD + row(**changed), landing)
    names = ("event", "begins", "link_rule", "link_id", "link_way", "recipient", "related_recipient")
    assert pick(found.events, *names) == [meaning]
    assert found.events[0]["original"] == changed["event_id"]


LED = "[{LED=501 5.1.4 Bad; very};{MSG=};{FQDN=mx.x};{IP=192.0.2.1};{LRT=}]"
STATUSES = [
    ("a@x;b@x", "To;Cc", [("a@x", "To"), ("b@x", "Cc")]),
    ("a@x;b@x", "250 ok; thanks;550 5.1.1 no; never", [("a@x", "250 ok; thanks"), ("b@x", "550 5.1.1 no; never")]),
    ('"a;b"@x;c@x;', "250 1;250 2", [('"a;b"@x', "250 1"), ("c@x", "250 2")]),
    ("a@x", LED, [("a@x", LED)]),
    ("a@x;b@x", f"{LED};{LED}", [("a@x", LED), ("b@x", LED)]),
    ("a@x;b@x;c@x", "250 one", [("a@x", "250 one"), ("b@x", "250 one"), ("c@x", "250 one")]),
    ("a@x;b@x", "", [("a@x", None), ("b@x", None)]),
    (";;", "250", [(None, "250")]),
    ('"open;b@x', "", [('"open', None), ("b@x", None)]),
]


@pytest.mark.parametrize(("recipients", "status", "expected"), STATUSES)
def test_recipients_and_their_statuses(recipients: str, status: str, expected: list[Any], landing: Path | None) -> None:
    found = parse("exchange", HEAD + row(event_id="FAIL", recipient_address=recipients, recipient_status=status), landing)
    assert pick(found.events, "recipient", "status") == expected
    assert [event["part"] for event in found.events] == list(range(len(expected)))


def test_a_shared_status_is_marked_and_the_reason_is_said(landing: Path | None) -> None:
    shared = parse("exchange", HEAD + row(event_id="FAIL", recipient_address="a@x;b@x", recipient_status="550 one"), landing)
    assert pick(shared.events, "said", "extra") == [("550 one", '{"status_shared":true}')] * 2
    led = parse("exchange", HEAD + row(event_id="FAIL", recipient_status=LED), landing)
    assert pick(led.events, "said") == [("501 5.1.4 Bad; very",)]


def test_ten_thousand_recipients_are_quick(landing: Path | None) -> None:
    many = ";".join(f"user{n}@corp.example" for n in range(10_000))
    text = HEAD + row(
        event_id="DELIVER", recipient_address=many, recipient_status="250 " + "x" * 100_000, custom_data="S:k=" + "y" * 100_000
    )
    began = time.process_time()
    found = parse("exchange", text, landing)
    assert time.process_time() - began < 10
    assert [event["recipient"] for event in found.events] == many.split(";")
    assert sum(len(event.get("extra", "")) for event in found.events) < 200_000
    assert max(len(event["status"]) for event in found.events) == 1000


@pytest.mark.parametrize("piece", ['"a,', '"",', '"""x,', "a;", "(", ";250 ", ",", '";"'])
def test_a_megabyte_of_anything_is_quick(piece: str, landing: Path | None) -> None:
    text = HEAD + row() + "\n" + row(message_subject="X", recipient_status="Y").replace(",X,", f",{piece * (1_000_000 // len(piece))},")
    began = time.process_time()
    found = parse("exchange", text, landing)
    assert time.process_time() - began < 10
    assert len(found.events) + len(found.unparsed) == 2


def test_health_mailboxes_are_flagged(landing: Path | None) -> None:
    found = parse("exchange", HEAD + row(recipient_address="HealthMailboxff42d4a@corp.example", message_subject="Probe"), landing)
    assert pick(found.events, "extra") == [('{"health":true}',)]


def test_the_server_that_is_told_speaks_for_all_but_deliveries(landing: Path | None) -> None:
    rows = row(), row(event_id="DELIVER", client_hostname="HUB7"), row(event_id="AGENTINFO")
    found = parse("exchange", HEAD + "\n".join(rows), landing, server="EX2.corp.example", file="MSGTRKMD2026112008-1.LOG")
    assert pick(found.events, "server", "program") == [
        ("ex2.corp.example", "delivery"),
        ("hub7", "delivery"),
        ("ex2.corp.example", "delivery"),
    ]


def test_nothing_but_a_header_and_blank_lines(landing: Path | None) -> None:
    found = parse("exchange", HEAD + "\n\n", landing)
    assert (found.events, found.unparsed, found.noise) == ([], [], {"blank": 2, "exchange/header": 3})
