"""Postfix's lines as real servers wrote them and others published them; the source stands above them, names and addresses are replaced."""

# ruff: noqa: E501, ISC004, ERA001  a log line stands as it was written
from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.tracking.formats.parsing import parse

HEAD = "Nov 20 08:00:01 mx1"
SAID = (
    "250 2.6.0 <20240826075311.C900B20E47@relay.localdomain> [InternalId=188729452923887, Hostname=MBX01.example.net] 1961 bytes in 0.102"
)


def one(line: str, **context: Any) -> dict[str, Any]:
    """The only event of a line, without what all have."""
    done = parse("syslog", line, **context)
    assert not done.unparsed
    assert not done.noise
    (event,) = done.events
    return {name: value for name, value in event.items() if name not in {"n", "part", "software", "uncertainty_seconds"}}


# program and text, and the columns that matter
LINES: list[tuple[str, dict[str, Any]]] = [
    # whyscream/postfix-grok-patterns: test/POSTFIX_*.log
    (
        "postfix/smtpd[1]: 4104E3D: client=061238241086.static.isp.example[192.0.2.86]",
        {
            "event": "receive",
            "begins": True,
            "client_host": "061238241086.static.isp.example",
            "client_ip": "192.0.2.86",
            "internal_message_id": "4104E3D",
        },
    ),
    (
        "postfix/smtpd[1]: NOQUEUE: reject: RCPT from static.isp.example[192.0.2.86]: 550 5.1.1 <committee@example.com>: Recipient address rejected: "
        "User unknown in virtual mailbox table; from=<wu@example.net> to=<committee@example.com> proto=ESMTP helo=<client.example>",
        {"event": "reject", "original": "reject RCPT", "sender": "wu@example.net", "recipient": "committee@example.com", "status": "5.1.1"},
    ),
    (
        "postfix/smtpd[1]: lost connection after STARTTLS from unknown[192.0.2.7]",
        {"event": "other", "original": "lost connection", "client_ip": "192.0.2.7"},
    ),
    (
        "postfix/cleanup[1]: 0F5383D: message-id=<544D2523.30609@example.net>",
        {"event": "other", "message_id": "<544D2523.30609@example.net>"},
    ),
    (
        "postfix/cleanup[1]: 4104E3D: milter-header-redirect: header X-Spam-Status: Yes, score=39.3 required=5.0 tests=ADVANCE_FE from "
        "static.isp.example[192.0.2.86]; from=<wu@example.net> to=<chair@example.com> proto=ESMTP helo=<client.example>: tom@example.com",
        {
            "event": "other",
            "sender": "wu@example.net",
            "recipient": "chair@example.com",
            "said": "tom@example.com",
            "client_ip": "192.0.2.86",
        },
    ),
    (
        "postfix/cleanup[1]: 4104E3D: milter-reject: END-OF-MESSAGE from static.isp.example[192.0.2.86]: 5.7.1 Blocked by SpamAssassin; "
        "from=<wu@example.net> to=<chair@example.com> proto=ESMTP helo=<client.example>",
        {"event": "reject", "ends": True, "said": "5.7.1 Blocked by SpamAssassin", "status": "5.7.1"},
    ),
    (
        "postfix/pipe[1]: 153053D: to=<tom@example.com>, orig_to=<admin@example.com>, relay=dovecot, delay=3.4, delays=3.3/0.03/0/0.12, dsn=2.0.0, "
        "status=sent (delivered via dovecot service)",
        {
            "event": "deliver",
            "recipient": "tom@example.com",
            "related_recipient": "admin@example.com",
            "next_host": "local",
            "delay_seconds": 3.4,
        },
    ),
    (
        "postfix/smtp[1]: 7EE668039: to=<admin@example.com>, relay=127.0.0.1[127.0.0.1]:2525, delay=3.6, delays=0.2/0.02/0.04/3.3, dsn=2.0.0, "
        "status=sent (250 2.0.0 Ok: queued as 153053D)",
        {
            "event": "send",
            "link_rule": "queued-as",
            "link_id": "153053D",
            "link_way": "out",
            "link_host": "127.0.0.1",
            "next_ip": "127.0.0.1",
        },
    ),
    (
        "postfix/postscreen[1]: PREGREET 6 after 1.2 from [192.0.2.72]:43421: RSET\\r\\n",
        {"event": "other", "original": "PREGREET", "client_ip": "192.0.2.72"},
    ),
    ("postfix/postscreen[1]: DNSBL rank 3 for [192.0.2.149]:1038", {"event": "other", "original": "DNSBL", "said": "rank 3"}),
    (
        "postfix/postscreen[1]: HANGUP after 63 from [192.0.2.149]:1038 in tests after SMTP handshake",
        {"event": "other", "original": "HANGUP"},
    ),
    (
        "postfix/postscreen[1]: COMMAND TIME LIMIT from [192.0.2.243]:51799 after CONNECT",
        {"event": "other", "original": "COMMAND TIME LIMIT"},
    ),
    (
        "postfix/postscreen[1]: NON-SMTP COMMAND from [192.0.2.51]:45284 after CONNECT: GET http://x/ HTTP/1.1",
        {"original": "NON-SMTP COMMAND"},
    ),
    (
        "postfix/postscreen[1]: NOQUEUE: reject: CONNECT from [1.2.3.4]:1337: too many connections",
        {"event": "reject", "client_ip": "1.2.3.4"},
    ),
    # fail2ban: tests/files/logs/postfix
    (
        "postfix/smtpd[1]: improper command pipelining after DATA from unknown[192.0.2.88]:",
        {"event": "other", "original": "improper command pipelining"},
    ),
    (
        "postfix/smtpd[1]: NOQUEUE: reject: EHLO from host.example[192.0.2.238]: 504 5.5.2 <User>: Helo command rejected: need fully-qualified "
        "hostname; proto=SMTP helo=<User>",
        {"event": "reject", "original": "reject EHLO", "status": "5.5.2"},
    ),
    (
        "postfix/smtpd[1]: NOQUEUE: reject: RCPT from example.com[192.0.2.10]: 450 4.7.1 : Helo command rejected: Host not found; from=<> to=<> proto=ESMTP helo=",
        {"event": "reject", "sender": "", "status": "4.7.1"},
    ),
    # kumina/postfix_exporter: postfix_exporter_test.go
    (
        "postfix/smtpd[1]: warning: laptop.local[192.168.1.2]: SASL PLAIN authentication failed: generic failure",
        {"event": "login-failed", "method": "PLAIN", "said": "generic failure", "client_ip": "192.168.1.2"},
    ),
    ("postfix/smtpd[1]: warning: SASL authentication failure: Password verification failed", {"event": "error", "original": "warning"}),
    (
        "postfix/smtpd[1]: EB4B2C19E2: client=xxx[1.2.3.4], sasl_method=PLAIN, sasl_username=user@domain",
        {"event": "receive", "method": "PLAIN", "user_name": "user@domain"},
    ),
    (
        "postfix/smtp[1]: Verified TLS connection established to mx2.example.net[2001:db8:fe21:2a::6]:25: TLSv1.2 with cipher ECDHE-RSA-AES256 (256/256 bits)",
        {
            "event": "other",
            "original": "Verified TLS",
            "next_ip": "2001:db8:fe21:2a::6",
            "tls": "TLSv1.2 with cipher ECDHE-RSA-AES256 (256/256 bits)",
        },
    ),
    # a mailing list's thread on dovecot.org: an instance of its own, and XFORWARD
    (
        "postfix-inbound/smtpd[11280]: 3pJjgB6dpKz1JBPW: client=relay.example[127.0.0.1], orig_queue_id=3pJjg82Vycz1JBJG, orig_client=out.example[192.0.2.223]",
        {
            "instance": "postfix-inbound",
            "link_rule": "filter-id",
            "link_id": "3pJjg82Vycz1JBJG",
            "link_way": "in",
            "original_client_ip": "192.0.2.223",
        },
    ),
    # a question on Exchange behind Postfix: the reply names the mailbox server behind relay=
    (
        f"postfix/smtp[1]: C900B20E47: to=<jose@example.net>, relay=fsp.example.net[192.0.2.52]:25, delay=0.17, delays=0.02/0.03/0.02/0.1, dsn=2.6.0, "
        f"status=sent ({SAID}, 18,744 KB/sec Queued mail for delivery)",
        {
            "event": "send",
            "link_rule": "internal-id",
            "link_id": "188729452923887",
            "link_host": "mbx01.example.net",
            "next_host": "fsp.example.net",
        },
    ),
    # a parser's test in JavaScript (postfix-parser): sendmail behind Postfix
    (
        "postfix/smtp[1]: 3mPVKl0Mhjz7sXv: to=<susan@example.org>, relay=mpafm.example.org[192.0.2.21]:25, conn_use=2, delay=1.2, "
        "delays=0.76/0.01/0.09/0.34, dsn=2.0.0, status=sent (250 2.0.0 t5UI2nBt018923-t5UI2nBw018923 Message accepted for delivery)",
        {"event": "send", "link_rule": "queued-as", "link_id": "t5UI2nBt018923-t5UI2nBw018923"},
    ),
    # SEKOIA-IO/documentation: samples of Postfix
    (
        "postfix/error[1]: 2298F5F619: to=<admin@corp.example>, relay=none, delay=89758, delays=89758/0.02/0/0, dsn=4.4.1, status=deferred (delivery "
        "temporarily suspended: connect to mail.corp.example[192.0.2.1]:25: Connection timed out)",
        {"event": "defer", "status": "4.4.1", "arrived_at": datetime(2026, 11, 19, 7, 4, 3)},  # noqa: DTZ001 the lake's times are UTC
    ),
    (
        "postfix/smtp[1]: 3D770111AF50: to=<user@corp.example>, relay=none, delay=1.2, delays=1.1/0/0.03/0, dsn=5.4.4, status=bounced (Host or domain "
        "name not found. Name service error for name=corp.example type=AAAA: Host not found)",
        {"event": "fail", "original": "status=bounced", "status": "5.4.4"},
    ),
    (
        "postfix/cleanup[1]: 3D770111AF50: warning: header Subject: Manquants GB Nouvelle version from unknown[10.1.1.1]; from=<foo@corp.example> "
        "to=<first.last@corp.example> proto=ESMTP helo=<SUB.CORP.EXAMPLE>",
        {"event": "other", "subject": "Manquants GB Nouvelle version", "client_ip": "10.1.1.1", "recipient": "first.last@corp.example"},
    ),
    # several published bounces (a Postfix forum's thread, a blog's)
    (
        "postfix/bounce[1]: 0892C41E8CD: sender non-delivery notification: 1EF0041E8CF",
        {"event": "dsn", "link_rule": "notification", "link_id": "1EF0041E8CF"},
    ),
    ("postfix/qmgr[1]: 1EF0041E8CF: from=<>, size=2427, nrcpt=1 (queue active)", {"sender": "", "bytes": 2427, "recipient_count": 1}),
    # FORMATS 3: from Postfix's source
    (
        "postfix/qmgr[1]: 0892C41E8CD: from=<a@b.example>, status=expired, returned to sender",
        {"event": "fail", "original": "status=expired"},
    ),
    ("postfix/pickup[1]: 0892C41E8CD: uid=1000 from=<user>", {"event": "receive", "begins": True, "sender": "user", "source": "PICKUP"}),
    (
        "postfix/local[1]: 0892C41E8CD: to=<a@b.example>, relay=local, delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, status=sent (forwarded as 1EF0041E8CF)",
        {"event": "redirect", "link_rule": "forwarded-as", "link_id": "1EF0041E8CF", "next_host": "local"},
    ),
    (
        "postfix/lmtp[1]: 0892C41E8CD: to=<a@b.example>, relay=mx1.b.example[private/dovecot-lmtp], delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, "
        "status=sent (250 2.0.0 <a@b.example> 6OOoCZRHxF1sSwAAPDGQWw:T2 Saved)",
        {"event": "send", "link_rule": "lmtp-session", "link_id": "6OOoCZRHxF1sSwAAPDGQWw:T2", "next_host": "mx1.b.example"},
    ),
    (
        "postfix/discard[1]: 0892C41E8CD: to=<a@b.example>, relay=none, delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, status=sent (example.com)",
        {"event": "discard"},
    ),
    ("postfix/submission/smtpd[1]: 0892C41E8CD: client=h.example[192.0.2.1]", {"connector": "submission", "program": "smtpd"}),
    (
        "postfix/smtpd[1]: warning: unknown[192.0.2.9]: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=eve",
        {"user_name": "eve"},
    ),
    ("postfix/cleanup[1]: 0892C41E8CD: removed (canceled)", {"ends": True}),
    (
        "postfix/smtp[1]: 0892C41E8CD: host mx.example[192.0.2.3] said: 450 4.2.0 Greylisted (in reply to RCPT TO command)",
        {"next_host": "mx.example"},
    ),
    ("postfix/smtp[1]: connect to mx.example[192.0.2.3]:25: Connection refused", {"event": "error", "next_ip": "192.0.2.3"}),
]


@pytest.mark.parametrize(("line", "wanted"), LINES, ids=[line[:60] for line, _ in LINES])
def test_a_line_is_what_it_says(line: str, wanted: dict[str, Any]) -> None:
    event = one(f"{HEAD} {line}")
    assert {name: event.get(name) for name in wanted} == wanted
    assert event["server"] == "mx1"
    assert event["time"].replace(tzinfo=UTC) == datetime(2026, 11, 20, 8, 0, 1, tzinfo=UTC)


NOISE = [
    ("postfix/smtpd[1]: connect from static.isp.example[192.0.2.86]", "postfix/connect"),
    ("postfix/smtpd[1]: warning: hostname example.com does not resolve to address 192.0.2.32", "postfix/name"),
    (
        "postfix/postscreen[1]: cache btree:/var/lib/postfix-in/postscreen_cache full cleanup: retained=242 dropped=7 entries",
        "postfix/postscreen",
    ),
    ("postfix/postscreen[1]: PASS OLD [2001:db8:0:1::3]:52237", "postfix/postscreen"),
    ("postfix/anvil[1]: statistics: max connection count 10 for (smtp:1.2.3.4) at Sep 11 10:47:30", "postfix/daemon"),
    ("postfix/master[1]: daemon started -- version 3.7.11, configuration /etc/postfix", "postfix/daemon"),
    ("CRON[12]: pam_unix(cron:session): session opened", "other/cron"),
]


@pytest.mark.parametrize(("line", "kind"), NOISE, ids=[kind for _, kind in NOISE])
def test_what_says_nothing_about_mail_is_counted(line: str, kind: str) -> None:
    done = parse("syslog", f"{HEAD} {line}")
    assert (done.events, done.noise, done.unparsed) == ([], {kind: 1}, [])


def test_what_no_rule_knows_is_kept_aside() -> None:
    lines = [
        f"{HEAD} postfix/smtpd[1]: something new",
        "no prefix at all",
        f"{HEAD} postfix/smtp[1]: 0892C41E8CD: to be or not",
        "Foo 99 x y z: w",
    ]
    done = parse("syslog", "\n".join(lines))
    assert done.unparsed == lines
    assert not done.events


_FORGED = '"a>, relay=evil[192.0.2.66]:25, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (250 ok: queued as FACADE01)"@b.example'


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            f"0892C41E8CD: to=<{_FORGED}>, relay=none, delay=1, delays=1/0/0/0, dsn=5.1.1, status=bounced (unknown)",
            {"event": "fail", "recipient": _FORGED, "said": "unknown"},
        ),
        (
            "0892C41E8CD: to=<a@b.example>, relay=mx[192.0.2.1]:25, delay=1, delays=1/0/0/0, dsn=5.0.0, status=bounced (host mx[192.0.2.1] said: 550 "
            "x), relay=evil, status=sent (250 ok: queued as FACADE01) (in reply to RCPT TO command))",
            {"event": "fail", "link_rule": None, "next_host": "mx"},
        ),
        (
            "0892C41E8CD: to=<a@b.example>, relay=mx[192.0.2.1]:25, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (250 queued as FACADE01, "
            "[InternalId=1, Hostname=evil] thanks) queued as 1EF0041E8CF)",
            {"event": "send", "link_rule": "queued-as", "link_id": "1EF0041E8CF", "link_host": "mx"},
        ),
        (
            "0892C41E8CD: to=<a@b.example>, relay=mx[192.0.2.1]:25, delay=1, delays=1/0/0/0, dsn=5",
            {"event": "other", "original": "cut", "recipient": "a@b.example"},
        ),
    ],
    ids=["address", "reply", "two ids", "cut"],
)
def test_only_the_position_counts(text: str, wanted: dict[str, Any]) -> None:
    event = one(f"{HEAD} postfix/smtp[1]: {text}")
    assert {name: event.get(name) for name in wanted} == wanted
