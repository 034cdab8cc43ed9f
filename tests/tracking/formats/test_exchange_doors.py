"""Exchange's other doors: logs of 2000 and 2003, exports of Get-MessageTrackingLog, Exchange Online's traces."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.tracking.formats.parsing import parse
from tracking.formats.exchange_records import MOST, gather
from tracking.formats.registry import recognise

# the columns as KB 246965 lists them; the line's shape as a published log template has it
NAMES_2003 = [
    "Date",
    "Time",
    "client-ip",
    "Client-hostname",
    "Partner-Name",
    "Server-hostname",
    "server-IP",
    "Recipient-Address",
    "Event-ID",
    "MSGID",
    "Priority",
    "Recipient-Report-Status",
    "total-bytes",
    "Number-Recipients",
    "Origination-time",
    "Encryption",
    "service-Version",
    "Linked-MSGID",
    "Message-Subject",
    "Sender-Address",
]
HEAD_2003 = "# Message Tracking Log File\n# Exchange System Attendant Version 6.5.7638.1\n# " + "\t".join(NAMES_2003) + "\n"


def line_2003(event: str, time: str = "7:5:9 GMT", partner: str = "server.company.example") -> str:
    mid = "SRV9KuERIqVDokS00004d8e@company.example"
    return (
        f"2009-1-5\t{time}\t10.1.2.3\tXYZ-PC\t{partner}\tSERVERXYZ\t10.1.2.9\tto@other.example\t{event}\t{mid}\t0\t0\t114311\t6\t"
        "2009-1-5 7:5:8 GMT\t0\tVersion: 6.0.3790.4675\t-\t=?iso-8859-9?Q?RE:_mail?=\tfrom@company.example"
    )


def of(events: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(event.get(name) for name in names) for event in events]


def test_a_message_through_exchange_2003() -> None:
    numbers = ("1019", "1025", "1024", "1033", "1034", "1020", "1031")
    found = parse("exchange-2003", HEAD_2003 + "\n".join(map(line_2003, numbers)))
    assert found.noise == {"exchange/header": 3}
    assert [event["event"] for event in found.events] == ["receive", "other", "other", "other", "other", "other", "send"]
    sent = found.events[-1]
    assert of([sent], "server", "next_host", "bytes", "recipient_count") == [("serverxyz", "server.company.example", 114311, 6)]
    assert of([sent], "message_id", "reference", "sender") == [("SRV9KuERIqVDokS00004d8e@company.example", None, "from@company.example")]
    assert str(sent["time"]) == "2009-01-05 07:05:09"
    assert sent["uncertainty_seconds"] == 1
    assert '"Origination-time":"2009-1-5 7:5:8 GMT"' in sent["extra"]


def test_2003_local_delivery_half_lines_and_the_carried_header() -> None:
    first = parse("exchange-2003", HEAD_2003 + line_2003("1028", partner="STORE"))
    assert of(first.events, "event", "next_host") == [("deliver", "local")]
    half = line_2003("1028")[:60]
    second = parse("exchange-2003", f"{line_2003('1030')}\n{half}\n{line_2003('9999')}", first_line=5, carry=first.carry)
    assert of(second.events, "n", "event", "original") == [(5, "fail", "1030"), (7, "other", "9999")]
    assert second.unparsed == [half]


COLUMNS = "Timestamp,ClientIp,ClientHostname,ServerIp,ServerHostname,Source,EventId,InternalMessageId,MessageId,Recipients,RecipientStatus,TotalBytes,Sender"  # noqa: E501 a line as it is
HEAD = f"#TYPE Microsoft.Exchange.Management.TransportLogSearchTasks.MessageTrackingEvent\n{COLUMNS}\n"


def exported(stamp: str, recipients: str = "b@corp.example", status: str = "250 ok", event: str = "DELIVER") -> str:
    return f'"{stamp}",,"EX1",,"EX1","STOREDRIVER","{event}","71","<a@x>","{recipients}","{status}","10","a@corp.example"'


TIMES = [
    ("20.11.2026 08:00:05", "2026-11-20 07:00:05"),
    ("11/20/2026 8:00:05 PM", "2026-11-20 19:00:05"),
    ("20/11/2026 08:00:05", "2026-11-20 07:00:05"),
    ("20-11-2026 8:00:05", "2026-11-20 07:00:05"),
    ("2026-11-20 08:00:05", "2026-11-20 07:00:05"),
    ("2026-07-20T08:00:05.123Z", "2026-07-20 08:00:05.123000"),
    ("20. 11. 2026 8:00:05", "2026-11-20 07:00:05"),
]


@pytest.mark.parametrize(("stamp", "moment"), TIMES)
def test_regional_stamps_are_of_the_zone_that_is_told(stamp: str, moment: str) -> None:
    found = parse("exchange-export", HEAD + exported(stamp), timezone="Europe/Berlin")
    assert [str(event["time"]) for event in found.events] == [moment]
    assert of(found.events, "event", "server", "recipient", "sender") == [("deliver", "ex1", "b@corp.example", "a@corp.example")]


def test_the_hour_that_comes_twice_is_uncertain() -> None:
    found = parse(
        "exchange-export", HEAD + exported("25.10.2026 02:30:00") + "\n" + exported("25.10.2026 03:30:00"), timezone="Europe/Berlin"
    )
    assert [(str(event["time"]), event["uncertainty_seconds"]) for event in found.events] == [
        ("2026-10-25 00:30:00", 3601),
        ("2026-10-25 02:30:00", 1),
    ]


def test_day_and_month_are_told_from_the_whole_file() -> None:
    found = parse("exchange-export", HEAD + exported("05/11/2026 08:00:00") + "\n" + exported("13/11/2026 08:00:00"))
    assert [event["time"].month for event in found.events] == [11, 11]
    again = parse("exchange-export", exported("06/11/2026 08:00:00"), first_line=5, carry=found.carry)
    assert again.events[0]["time"].day == 6


def test_no_stamp_is_from_after_the_file() -> None:
    found = parse("exchange-export", HEAD + exported("12/11/2026 08:00:00"), until=datetime(2026, 11, 20, tzinfo=UTC))
    assert found.events[0]["time"].month == 11


def test_stamps_that_cannot_be_told_are_refused_or_told_by_the_user() -> None:
    text = HEAD + exported("05/11/2026 08:00:00")
    with pytest.raises(
        ValueError, match=r"^export\.csv: cannot tell day from month in stamps like '05/11/2026 08:00:00': say which with --dates "
    ):
        parse("exchange-export", text, file="export.csv")
    assert parse("exchange-export", text, options="month-first").events[0]["time"].month == 5


def test_two_cultures_in_one_file_are_refused() -> None:
    text = HEAD + exported("13/11/2026 08:00:00") + "\n" + exported("11/13/2026 08:00:00")
    with pytest.raises(ValueError, match="some stamps have the day first and some the month"):
        parse("exchange-export", text)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no time zone 'Nowhere/Land': name one like Europe/Berlin"):
        parse("exchange-export", HEAD + exported("20.11.2026 08:00:05"), timezone="Nowhere/Land")


LISTS = [
    ("a@x;b@x", ["a@x", "b@x"], ""),
    ("a@x,b@x", ["a@x", "b@x"], ""),
    ("a@x b@x", ["a@x", "b@x"], ""),
    ("{a@x, b@x}", ["a@x", "b@x"], ""),
    ("{a@x, b@x...}", ["a@x", "b@x"], "recipients_cut"),
    ("System.String[]", [None], "recipients_lost"),
]


@pytest.mark.parametrize(("recipients", "expected", "flag"), LISTS)
def test_lists_as_exporters_join_them(recipients: str, expected: list[str | None], flag: str) -> None:
    found = parse("exchange-export", HEAD + exported("20.11.2026 08:00:05", recipients, "System.String[]"))
    assert [event.get("recipient") for event in found.events] == expected
    assert all(("recipients_" in event.get("extra", "")) == bool(flag) and flag in event.get("extra", "") for event in found.events)


def test_semicolons_of_a_culture() -> None:
    text = (COLUMNS + "\n" + exported("20.11.2026 08:00:05")).replace(",", ";")
    assert of(parse("exchange-export", text).events, "recipient", "bytes") == [("b@corp.example", 10)]


LONG = exported("20.11.2026 08:00:05", status="550 first\nsecond, quoted\n\nlast", event="FAIL")
TEXT = HEAD + exported("20.11.2026 08:00:04") + "\n" + LONG + "\n" + exported("20.11.2026 08:00:06")


def test_a_field_of_several_lines_stands_at_its_last() -> None:
    found = parse("exchange-export", TEXT)
    assert not found.unparsed
    assert found.noise == {"exchange/continued": 3, "exchange/header": 2}
    assert of(found.events, "n", "original", "said") == [
        (3, "DELIVER", "250 ok"),
        (7, "FAIL", "550 first\nsecond, quoted\n\nlast"),
        (8, "DELIVER", "250 ok"),
    ]


@pytest.mark.parametrize("cut", range(3, 8))
def test_a_batch_may_cut_it_anywhere(cut: int) -> None:
    lines, whole = TEXT.split("\n"), parse("exchange-export", TEXT)
    first = parse("exchange-export", "\n".join(lines[:cut]) + "\n")
    second = parse("exchange-export", "\n".join(lines[cut:]), first_line=cut + 1, carry=first.carry)
    assert [*first.events, *second.events] == whole.events
    assert not first.unparsed
    assert not second.unparsed


def test_a_quote_that_nobody_closes_does_not_swallow_the_file() -> None:
    damaged = exported("20.11.2026 08:00:05").replace('"71"', '"71')
    found = parse("exchange-export", HEAD + damaged + "\n" + "\n".join([exported("20.11.2026 08:00:06")] * (MOST + 50)))
    assert len(found.events) == MOST + 51
    assert found.events[0].get("internal_message_id") is None
    assert not found.unparsed


def test_two_damaged_lines_do_not_become_one_record() -> None:
    lines = [(1, 'a,"b'), (2, "c,d"), (3, 'e",f,g'), (4, 'x,"y'), (5, 'z"')]
    found = gather(lines, (), (2, ","))
    assert found.whole == {5: 'x,"y\nz"'}
    assert found.beginnings == [4]
    assert not found.open


TRACE = '"Received","SenderAddress","RecipientAddress","Subject","Status","ToIP","FromIP","Size","MessageId","MessageTraceId"\n'


def test_a_trace_of_exchange_online_is_one_hop() -> None:
    row = '"2026-11-20T08:00:05.1234567Z","a@x.example","b@y.example","hi","Delivered",,"192.0.2.7","4711","<m@x>","2FD37DCA12345BFB175D08DC1DB88F52"'  # noqa: E501 a line as it is
    found = parse("exchange-online", TRACE + row)
    assert of(found.events, "event", "original", "server", "network_id") == [
        ("deliver", "Delivered", "exchange-online", "2fd37dca-1234-5bfb-175d-08dc1db88f52"),
    ]
    assert of(found.events, "sender", "recipient", "bytes", "client_ip") == [("a@x.example", "b@y.example", 4711, "192.0.2.7")]
    assert str(found.events[0]["time"]) == "2026-11-20 08:00:05.123456"


HEADS = [
    (HEAD_2003, "exchange-2003"),
    (HEAD, "exchange-export"),
    ((COLUMNS + "\n").replace(",", ";"), "exchange-export"),
    (TRACE, "exchange-online"),
    ("MessageId,MessageTraceId,Date,Event,Action,Detail,Data\n", "exchange-online-detail"),
    ("date_time_utc,client_ip,source_context,event_id,message_id,recipient_address\n", "exchange-online-report"),
]


@pytest.mark.parametrize(("head", "name"), HEADS)
def test_recognised(head: str, name: str) -> None:
    found = recognise(head.split("\n"))
    assert found is not None
    assert found.name == name
