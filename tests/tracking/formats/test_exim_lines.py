"""Exim's lines as real servers wrote them; the source stands above them, names and addresses are replaced."""

# ruff: noqa: E501  a log line stands as it was written
from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.tracking.formats.parsing import parse
from tracking.formats.registry import FORMATS, recognise

TLS = "X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=yes"
TAKEN = r'C="250- 324 byte chunk, total 324\\n250 OK id=1xUnbX-00088l-2r"'


def one(line: str, **context: Any) -> dict[str, Any]:
    """The only event of a line, without what all have."""
    done = parse("exim", line, **context)
    assert (done.unparsed, done.noise) == ([], {})
    (event,) = done.events
    return event


# text behind the stamp, and the columns that matter
LINES: list[tuple[str, dict[str, Any]]] = [
    # Exim's specification, chapter on log files
    (
        "16ZCW1-0005MB-00 <= kryten@dwarf.example H=mailer.example [192.168.123.123] U=exim P=smtp S=5678 id=1.2.3@dwarf.example",
        {"event": "receive", "begins": True, "client_host": "mailer.example", "client_ip": "192.168.123.123", "bytes": 5678, "message_id": "<1.2.3@dwarf.example>", "sender": "kryten@dwarf.example"},
    ),
    (
        "16ZCW1-0005MB-00 => marv <marv@hitch.example> R=localuser T=local_delivery",
        {"event": "deliver", "recipient": "marv@hitch.example", "next_host": "local", "connector": "localuser/local_delivery"},
    ),
    (
        "16ZCW1-0005MB-00 => monk@holistic.example R=dnslookup T=remote_smtp H=holistic.example [192.168.234.234]",
        {"event": "send", "recipient": "monk@holistic.example", "next_host": "holistic.example", "next_ip": "192.168.234.234"},
    ),
    ("10HmaX-0005vi-00 => :blackhole: <hole@nowhere.example> R=blackhole_router", {"event": "discard", "recipient": "hole@nowhere.example"}),
    ("10HmaX-0005vi-00 => discarded (system filter)", {"event": "discard", "original": "=>"}),
    ("16ZCW1-0005MB-00 == marvin@end.example R=dnslookup T=smtp defer (146): Connection refused", {"event": "defer", "recipient": "marvin@end.example", "said": "Connection refused"}),
    ("16ZCW1-0005MB-00 ** jim@trek99.example <jim@trek99.film>: unknown mail domain", {"event": "fail", "recipient": "jim@trek99.example", "related_recipient": "jim@trek99.film", "said": "unknown mail domain"}),
    (
        "16ZCW1-0005MB-00 ** ace400@ace.example R=dnslookup T=remote_smtp H=ace.example [192.168.234.5]: SMTP error from remote mail server after RCPT TO:<ace400@ace.example>: 550 5.1.1 no such user",
        {"event": "fail", "status": "5.1.1", "next_host": "ace.example", "said": "SMTP error from remote mail server after RCPT TO:<ace400@ace.example>: 550 5.1.1 no such user"},
    ),
    ("16ZCW1-0005MB-00 Completed QT=2m3.5s", {"event": "other", "ends": True, "delay_seconds": 123.5}),
    ("16ZCW1-0005MB-00 Message is frozen", {"event": "other", "original": "Message is frozen"}),
    ("16ZCW1-0005MB-00 rejected from [127.0.0.1] (ph10): syntax error in 'From' header", {"event": "reject", "ends": True, "said": "syntax error in 'From' header"}),
    # a 4.96 as Debian builds it, run by us with all that it can log
    (
        r'[31286] 1xUnbX-00088c-2F <= ann@c.example H=(client.example) [127.0.0.1]:37192 I=[127.0.0.1]:3525 P=esmtp L.- S=312 M8S=0 RT=0.003s id=m1@c.example T="\"Hi\" \\ there T=\"x\"" from <ann@c.example> for bob@b.example',
        {"event": "receive", "recipient": "bob@b.example", "subject": '"Hi" \\ there T="x"', "message_id": "<m1@c.example>", "server_ip": "127.0.0.1", "source": "esmtp", "begins": True},
    ),
    (
        f"1xUnbX-00088c-2F => rita@mx1.a.example <boxed@a.example> F=<ann@c.example> P=<ann@c.example> R=onward T=onward S=324 H=mx2.b.example [127.0.0.1]:3526 I=[127.0.0.1]:33090 L K {TAKEN} QT=0.267s DT=0.082s",
        {"event": "send", "related_recipient": "boxed@a.example", "link_rule": "queued-as", "link_id": "1xUnbX-00088l-2r", "link_host": "mx2.b.example", "delay_seconds": 0.267, "bytes": 324},
    ),
    ("1xUnbY-000892-1s => /var/mail/f i l e <filed@a.example> F=<ann@a.example> P=<ann@a.example> R=aliases T=file S=350", {"event": "deliver", "mailbox": "/var/mail/f i l e", "recipient": "filed@a.example"}),
    ("1xUnbY-00088o-0A == rita@a.example R=local T=box defer (-1) DT=0.034s: Tainted '/box/rita' not permitted", {"event": "defer", "said": "Tainted '/box/rita' not permitted", "extra": '{"code":-1}'}),
    ("1xUnbY-00089I-2a ** bouncer@a.example F=<ann@a.example> R=aliases: gone away DT=0.000s", {"event": "fail", "said": "gone away", "sender": "ann@a.example"}),
    (f'1xUnbY-00089I-2a -> b@y.example R=r T=t H=y.example [2001:db8::1] {TLS} C="250 2.0.0 Ok: queued as 4Xyz1z23zabc"', {"link_id": "4Xyz1z23zabc", "next_ip": "2001:db8::1", "original": "->", "tls": TLS.split(maxsplit=1)[0][2:]}),
    ("1xUoIU-000545-2g => ann <group@a.example> R=local T=box", {"event": "deliver", "recipient": "ann@a.example", "related_recipient": "group@a.example"}),
    # from the test data of fail2ban, its file exim
    (
        "auth_plain authenticator failed for (rom182) [193.0.2.45]:41556 I=[10.0.0.1]:25: 535 Incorrect authentication data (set_id=webmaster)",
        {"event": "login-failed", "user_name": "webmaster", "client_ip": "193.0.2.45", "method": "auth_plain"},
    ),
    ("plain authenticator failed for ([192.168.2.102]) [91.0.2.71]: 535 Incorrect authentication data", {"event": "login-failed", "client_ip": "91.0.2.71"}),
    ("H=(yak.example) [202.0.2.178]:3755 I=[1.2.3.4]:25 F=menace@list.example rejected RCPT dir@ml3.example: relay not permitted", {"event": "reject", "sender": "menace@list.example", "recipient": "dir@ml3.example", "said": "relay not permitted"}),
    ("1PLKOW-00046U-EW F=a@b.example H=adsl.example (droolindog.example) [93.0.2.231] I=[10.10.10.32]:25 P=esmtp temporarily rejected by local_scan(): Temporary local problem", {"event": "reject", "original": "temporarily rejected by", "ends": True, "client_ip": "93.0.2.231"}),
    ('[7513] SMTP protocol error in "AUTH LOGIN" H=(ylmf-pc) [45.0.2.167]:60723 I=[172.0.2.6]:587 AUTH command used when not advertised', {"event": "error", "client_ip": "45.0.2.167"}),
    ("H=stampa.example (srv.stampa.example) [193.0.2.211] sender verify fail for <user@example.com>: Unrouteable address", {"event": "other", "client_ip": "193.0.2.211"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "columns"), LINES, ids=[text[:40] for text, _ in LINES])
def test_a_line_means(text: str, columns: dict[str, Any]) -> None:
    """Columns of a published line, and nothing else of those that decide about flows."""
    event = one(f"2026-11-21 16:06:20.100 {text}")
    assert {name: event.get(name) for name in columns} == columns
    for name in ("ends", "link_id", "begins"):
        assert name in columns or name not in event


def test_each_recipient_that_a_line_names_is_an_event() -> None:
    """`for` lists them; with it a bounce names what it is about, on that message's side."""
    line = (
        '2026-11-21 16:06:20 1xUnbY-00089L-2l <= <> R=1xUnbY-00089I-2a U=mail P=local S=1457 T="x" from <> for ann@a.example bob@a.example'
    )
    first, report, second = parse("exim", line).events
    assert (first["recipient"], second["recipient"], first["sender"]) == ("ann@a.example", "bob@a.example", "")
    assert (report["internal_message_id"], report["link_rule"], report["link_id"], report["event"]) == (
        *("1xUnbY-00089I-2a", "notification", "1xUnbY-00089L-2l"),
        "dsn",
    )


NOISE = (
    "Start queue run: pid=31285",
    "exim 4.96 daemon started: pid=27655, -q1h, listening for SMTP on [127.0.0.1]:3525",
    "cwd=/var/spool/exim4 4 args: /usr/sbin/exim4 -Mc 1xUnbX-00088c-2F",
    "SMTP connection from [127.0.0.1]:52500 I=[127.0.0.1]:3525 (TCP/IP connection count = 1)",
    "no MAIL in SMTP connection from host.example.com (SERVER) [192.0.2.1]:1418 I=[172.89.0.6]:25 D=34s C=EHLO,AUTH",
)


def test_what_says_nothing_of_mail_is_counted() -> None:
    """Noise has kinds; text that nobody knows is left."""
    text = "\n".join(f"2026-11-21 16:06:20 {line}" for line in (*NOISE, "something else"))
    done = parse("exim", text)
    assert done.noise == {"exim/arguments": 1, "exim/connection": 2, "exim/daemon": 1, "exim/queue-run": 1}
    assert done.unparsed == ["2026-11-21 16:06:20 something else"]


def test_a_rejectlog_is_noise() -> None:
    """Its rejections stand in the mainlog too."""
    text = "2026-11-21 16:06:20 H=(x) [192.0.2.1] F=<a@b.example> rejected RCPT <c@d.example>: no\n  Envelope-from: <a@b.example>"
    assert parse("exim", text, file="/var/log/exim4/rejectlog.1").noise == {"exim/rejectlog": 2}


@pytest.mark.parametrize(
    ("stamp", "queue_id", "arrived"),
    [
        ("2026-11-21 16:06:19.712", "1xUnbX-00088c-2F", datetime(2026, 11, 21, 16, 6, 19, 695000)),  # noqa: DTZ001  1/200 s
        ("2026-11-21 16:06:19", "1xUnbX-00088c-8d", datetime(2026, 11, 21, 16, 6, 19, 267500)),  # noqa: DTZ001  1/2000 s
        ("2026-11-21 16:06:19.500", "1xUnbX-00000000888-3rM5", datetime(2026, 11, 21, 16, 6, 19, 501000)),  # noqa: DTZ001  never behind the stamp
        ("2026-11-21 16:06:20", "1xUnbX-00000000888-3rM5", datetime(2026, 11, 21, 16, 6, 19, 920085)),  # noqa: DTZ001  1/1000000 s
        ("2026-11-21 18:06:19", "1xUnbX-00088c-2F", None),  # another zone
    ],
)
def test_an_id_says_when_reception_began(stamp: str, queue_id: str, arrived: datetime | None) -> None:
    """The id's time, where the stamp agrees."""
    assert one(f"{stamp} {queue_id} <= a@b.example P=local S=3").get("arrived_at") == arrived


@pytest.mark.parametrize(
    ("line", "time", "resolution"),
    [
        ("2026-11-20 08:00:01 +0100 1xUnbX-00088c-2F Completed", datetime(2026, 11, 20, 7, 0, 1), 1.0),  # noqa: DTZ001 naive UTC
        ("2026-11-20 08:00:01.25 [12] 1xUnbX-00088c-2F Completed", datetime(2026, 11, 20, 7, 0, 1, 250000), 0.01),  # noqa: DTZ001
        ("2026-07-20 08:00:01 1xUnbX-00088c-2F Completed", datetime(2026, 7, 20, 6, 0, 1), 1.0),  # noqa: DTZ001
    ],
)
def test_stamps_are_local_where_they_say_no_zone(line: str, time: datetime, resolution: float) -> None:
    """Zone, fraction and process id are options of Exim's."""
    event = one(line, timezone="Europe/Berlin")
    assert (event["time"], round(event["uncertainty_seconds"], 6)) == (time, resolution)


def test_the_server_is_who_made_message_ids() -> None:
    """Only a message without Message-ID names the server; the next batch remembers."""
    line = "2026-11-21 16:06:20 1xUnbY-00089L-2l <= <> U=mail P=local S=1457 id*=E1xUnbY-00089L-2l@MX1.a.example"
    done = parse("exim", line)
    assert done.events[0]["server"] == "mx1.a.example"
    later = parse("exim", "2026-11-21 16:06:20 1xUnbY-00089L-2l Completed", carry=done.carry)
    assert later.events[0]["server"] == "mx1.a.example"
    assert one(line, server="Box.Example.")["server"] == "box.example"


def test_files_are_recognised() -> None:
    """By lines of Exim's, not by its stamps alone."""
    assert recognise(["2026-11-21 16:06:20 Start queue run: pid=31285"]) is FORMATS["exim"]
    assert recognise(["2026-11-21 16:06:20 something else", "", "a"]) is None
