"""Lines of the Oracle (Sun, iPlanet) Messaging Server in all its formats; the source stands above them, names and addresses are replaced."""

# ruff: noqa: E501  a log line stands as it was written
from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.tracking.formats.parsing import parse
from tracking.formats.registry import FORMATS, recognise

DIAGNOSTIC = (
    "dns;thor.siroe.example (TCP|206.184.139.12|2788|192.160.253.66|25) (THOR.SIROE.EXAMPLE -- Server ESMTP [iMS V5.0 #8694]) smtp;"
)
XML = '<en ts="2014-06-02T16:06:33.99" no="Mail1.y.example" pi="72aa.17f0.25622" sc="tcp_local" dc="ims-ms" ac="EES" sz="3" {}od="rfc822;to@y.example" de="to@ims-ms-daemon" ei="0N6J00M04ZX9Q700@mail1.y.example" mi="&lt;1@x.example&gt;" fi="/q/ims-ms/000/ZZf0N.00" ss="mx.x.example ([192.0.2.1])" tr="TCP|10.0.0.1|25|192.0.2.1|4000" ap="SMTP/mx"/>'
LINES: list[tuple[str, dict[str, Any]]] = [
    # Sun Java System Messaging Server 6.3 Administration Guide, "Understanding the MTA Log Entry Format"
    (
        "16-Feb-2007 14:54:13.72 tcp_local ims-ms EE 1 adam@sesta.example rfc822;marlowe@siroe.example marlowe@ims-ms-daemon",
        {"event": "receive", "original": "EE", "begins": True, "sender": "adam@sesta.example", "recipient": "marlowe@siroe.example", "mailbox": "marlowe@ims-ms-daemon", "bytes": 1024},
    ),
    # 6 2005Q4 Administration Guide, "MTA logging examples"
    (
        "19-Jan-1998 19:16:57.64 l            tcp_local    E 1 adam@sesta.example rfc822;marlowe@siroe.example marlowe@siroe.example /imta/queue/tcp_local/ZZ01ISKLSKLZLI90N15M.00 <01ISKLSKC2QC90N15M@sesta.example>",
        {"event": "receive", "internal_message_id": "01ISKLSKLZLI90N15M", "message_id": "<01ISKLSKC2QC90N15M@sesta.example>", "connector": "l/tcp_local", "begins": True},
    ),
    (
        f"19-Jan-1998 19:17:01.16 tcp_local                  D 1 adam@sesta.example rfc822;marlowe@siroe.example marlowe@siroe.example /imta/queue/tcp_local/Z01ISKLSKLZLI90N15M.00 <01ISKLSKC2QC90N15M@sesta.example> {DIAGNOSTIC}250 2.1.5 marlowe@siroe.example and options OK.",
        {"event": "send", "internal_message_id": "01ISKLSKLZLI90N15M", "next_host": "thor.siroe.example", "next_ip": "192.160.253.66", "said": "250 2.1.5 marlowe@siroe.example and options OK.", "status": "2.1.5"},
    ),
    ("19-Jan-1998 19:16:57.64 tcp_local J 0 <> rfc822;x@y.example x@y.example 550 5.1.1 unknown or illegal alias: x@y.example", {"event": "reject", "sender": "", "recipient": "x@y.example", "status": "5.1.1"}),
    ("19-Jan-1998 19:17:01.16 tcp_local    +    O TCP|206.184.139.12|25|192.160.253.66|2788 SMTP", {"event": "connect", "client_ip": "192.160.253.66", "server_ip": "206.184.139.12"}),
    # a post to an iMS mailing list of 2003
    (
        "06-Oct-2003 00:24:03.66 501d.0b.9 ims-ms Q 5 from@x.example rfc822;to@y.example to@ims-ms-daemon <msgid@x.example> Mailbox is busy",
        {"event": "defer", "recipient": "to@y.example", "said": "Mailbox is busy", "message_id": "<msgid@x.example>", "next_host": "local"},
    ),
    ("06-Oct-2003 00:24:03.66 ims-ms D 5  rfc822;to@y.example to@ims-ms-daemon", {"event": "deliver", "sender": "", "recipient": "to@y.example"}),
    ("06-Oct-2003 00:24:03.66 mx1 12a.1.2 tcp_local R 5 a@b.example rfc822;list@y.example bob@y.example dns;mx.y.example (TCP|1.2.3.4|1|5.6.7.8|25) smtp;550 5.7.1 no", {"event": "fail", "server": "mx1", "related_recipient": "list@y.example", "recipient": "bob@y.example", "said": "550 5.7.1 no"}),
    # counted
    ('19-Jan-1998 19:16:57.64 3:mx1 1:l 9:tcp_local E 1 15:"a b"@x.example 22:rfc822;m@siroe.example 15:m@siroe.example 0: 22:<1 2 E 3 x@sesta.exam>', {"sender": '"a b"@x.example', "recipient": "m@siroe.example", "message_id": "<1 2 E 3 x@sesta.exam>", "server": "mx1"}),
    # keys of "To Control Formatting of Log Entries"; a line as fail2ban's test data has them
    (
        XML.format('so="a&lt;b&quot; ac=&quot;D@x.example" '),
        {"event": "receive", "original": "EES", "server": "mail1.y.example", "sender": 'a<b" ac="D@x.example', "client_ip": "192.0.2.1", "client_host": "mx.x.example", "internal_message_id": "0N6J00M04ZX9Q700@mail1.y.example", "message_id": "<1@x.example>", "bytes": 3072},
    ),
    ('<co ts="2014-06-02T16:06:33.99" pi="72aa.17f0.25622" sc="tcp_submit" dr="+" ac="U" tr="TCP|10.0.0.1|25|192.0.2.1|4000" ap="SMTP" mi="Bad password" us="bob"/>', {"event": "login-failed", "user_name": "bob", "client_ip": "192.0.2.1", "said": "Bad password"}),
    ('{"en":{"ac":"D","ts":"2014-06-02T16:06:33.99","sc":"ims-ms","sz":"3","so":"","od":"rfc822;to@y.example","de":"to@ims-ms-daemon","ei":"X@y","qt":"1.25"}}', {"event": "deliver", "delay_seconds": 1.25, "internal_message_id": "X@y"}),
    (
        '{"ts":"2014-06-02T16:06:33.99","sc":"tcp_local","ac":"DES","sz":3,"so":"x@z","od":"rfc822;to@y.example","de":"to@y.example","di":"' + DIAGNOSTIC + '250 2.5.0 Ok, envelope id AB12@mx.y.example and options dsn.","new":1}',
        {"event": "send", "link_rule": "queued-as", "link_id": "AB12@mx.y.example", "link_host": "thor.siroe.example", "link_way": "out"},
    ),
]  # fmt: skip


def one(line: str, **context: Any) -> dict[str, Any]:
    """The only event of a line."""
    done = parse("oracle", line, **context)
    assert (done.unparsed, done.noise) == ([], {})
    (event,) = done.events
    return event


@pytest.mark.parametrize(("line", "columns"), LINES, ids=[str(number) for number in range(len(LINES))])
def test_a_line_means(line: str, columns: dict[str, Any]) -> None:
    """Columns of a published line; each is recognised."""
    event = one(line)
    assert {name: event.get(name) for name in columns} == columns
    assert ("begins" in event, "link_id" in event) == (event["event"] == "receive", "link_id" in columns)
    assert recognise([line]) is FORMATS["oracle"]


def test_stamps_are_local() -> None:
    """Hundredths of a second, in the zone that the source's settings say."""
    event = one(LINES[0][0], timezone="America/New_York")
    assert (event["time"], round(event["uncertainty_seconds"], 3)) == (datetime(2007, 2, 16, 19, 54, 13, 720000), 0.01)  # noqa: DTZ001
    assert one(XML.format(""), timezone="Europe/Berlin", server="Other")["server"] == "other"


def test_inside_a_host_nothing_is_sent() -> None:
    """Aliases go through the channel `process`: neither an arrival nor a departure; then the mailbox."""
    lines = (
        "16-Feb-2007 14:54:13.72 tcp_local process E 1 a@x.example rfc822;list@y.example list@y.example Q1@y",
        "16-Feb-2007 14:54:13.80 process D 1 a@x.example rfc822;list@y.example list@y.example Q1@y ",
        "16-Feb-2007 14:54:13.80 process ims-ms E 1 a@x.example rfc822;list@y.example bob@ims-ms-daemon Q1@y ",
        "16-Feb-2007 14:54:13.90 ims-ms D 1 a@x.example rfc822;list@y.example bob@ims-ms-daemon Q1@y ",
    )
    events = parse("oracle", "\n".join(lines)).events
    assert [event["event"] for event in events] == ["receive", "other", "other", "deliver"]
    assert [event.get("begins") for event in events] == [True, None, None, None]
    assert (events[3]["recipient"], events[3]["related_recipient"], events[3]["internal_message_id"]) == (
        *("bob@y.example", "list@y.example"),
        "Q1@y",
    )


LEFT = (
    "16-Feb-2007 14:54:13.72 tcp_local ims-ms EE",
    "16-Feb-2007 14:54:13.72 tcp_local ims-ms EE 1 adam@sesta.example",
    "99-Feb-2007 14:54:13.72 tcp_local ims-ms EE 1 a@b.example rfc822;c@d.example c@d.example",
    '<en ts="2014-06-02T16:06:33.99" ac="E',
    '<en ts="soon" sc="tcp_local" ac="E" de="x@y"/>',
    '{"ts":"2014-06-02T16:06:33.99","ac":"E"',
    "19-Jan-1998 19:16:57.64 1:l 9:tcp_local E 1 999:a@x.example 2:b 15:m@siroe.example",
    "\x1b[2J",
)


def test_what_is_no_line_is_left() -> None:
    """Half lines, stamps that do not exist, counts that lie."""
    text = "\n".join((*LEFT, "", '<?xml version="1.0"?>', '<he ts="2014-06-02T16:06:33.99" hd="Subject: x"/>'))
    done = parse("oracle", text)
    assert (sorted(done.unparsed), done.events, done.noise) == (sorted(LEFT), [], {"blank": 2, "oracle/header": 1})


def test_words_of_others_are_words() -> None:
    """What a peer said is neither an id nor a link when it does not stand in the server's own place."""
    event = one(
        f"16-Feb-2007 14:54:13.72 tcp_local D 1 a@b.example rfc822;c@d.example c@d.example {DIAGNOSTIC}250 2.0.0 ok envelope id F@x is what I like <fake@x> queued as 4ABCDEF no"
    )
    assert ("link_id" in event, event.get("message_id"), event.get("internal_message_id")) == (False, None, None)
