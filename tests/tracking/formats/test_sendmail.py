"""Sendmail's lines as they were published (names and addresses replaced), what its ids tell, and what senders try.

Sources: fail2ban's test logs `sendmail-reject` and `sendmail-auth`; PHPMailer issue 2153; the id of 2018 from FORMATS 6; the source of
sendmail 8.16 (deliver.c) for what was nowhere published.
"""

# ruff: noqa: E501  a log line stands as it was written
from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.tracking.formats.parsing import parse
from tracking.formats import sendmail_ids

# one machine's submission queue and server, 2020-10-03 at +02:00
SUBMITTED = """\
Oct  3 15:40:38 2862 sendmail[9468]: 093DecpD009468: Authentication-Warning: localhost.localdomain: www-data set sender to c@e.example using -f
Oct  3 15:40:38 2862 sendmail[9468]: 093DecpD009468: from=c@e.example, size=352, class=0, nrcpts=1, msgid=<KKCJNcATAiWRty3u@v.example>, relay=www-data@localhost
Oct  3 15:40:38 2862 sm-mta[9469]: 093DecOR009469: from=<c@e.example>, size=592, class=0, nrcpts=1, msgid=<KKCJNcATAiWRty3u@v.example>, proto=ESMTP, daemon=MTA-v4, relay=localhost.localdomain [127.0.0.1]
Oct  3 15:40:38 2862 sendmail[9468]: 093DecpD009468: to=c@e.example, ctladdr=c@e.example (33/33), delay=00:00:00, xdelay=00:00:00, mailer=relay, pri=30352, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (093DecOR009469 Message accepted for delivery)
Oct  3 15:40:41 2862 sm-mta[9471]: STARTTLS=client, relay=mail.e.example., version=TLSv1.3, verify=FAIL, cipher=TLS_AES_256_GCM_SHA384, bits=256/256
Oct  3 15:40:44 2862 sm-mta[9471]: 093DecOR009469: to=<c@e.example>, delay=00:00:06, xdelay=00:00:06, mailer=esmtp, pri=120592, relay=mail.e.example. [217.69.254.104], dsn=5.0.0, stat=Service unavailable
Oct  3 15:40:44 2862 sm-mta[9471]: 093DecOR009469: 093DeiOR009471: DSN: Service unavailable
"""
THEN = {"until": datetime(2020, 10, 3, 20, tzinfo=UTC), "timezone": "Europe/Berlin"}
HEAD = "Feb 25 04:02:28 relay1 sm-mta[16665]: "


def told(text: str, *columns: str, **context: Any) -> list[tuple[Any, ...]]:
    """Parse lines, of which none may be left over; return the event and these columns of each event."""
    parsed = parse("syslog", text, **context)
    assert parsed.unparsed == []
    return [(event["event"], *(event.get(column) for column in columns)) for event in parsed.events]


def test_a_message_from_the_submission_queue_to_its_report() -> None:
    """The reply names the id in the other queue; the report names its own, and begins a stay with the null sender."""
    assert told(SUBMITTED, "internal_message_id", "sender", "link_rule", "link_id", "next_host", "begins", **THEN) == [
        ("other", "093DecpD009468", None, None, None, None, None),
        ("receive", "093DecpD009468", "c@e.example", None, None, None, True),
        ("receive", "093DecOR009469", "c@e.example", None, None, None, True),
        ("send", "093DecpD009468", None, "queued-as", "093DecOR009469", "127.0.0.1", None),
        ("other", None, None, None, None, "mail.e.example", None),
        ("fail", "093DecOR009469", None, None, None, "mail.e.example", None),
        ("dsn", "093DecOR009469", None, "notification", "093DeiOR009471", None, None),
        ("receive", "093DeiOR009471", "", None, None, None, True),
    ]


def test_an_id_tells_when_its_message_came() -> None:
    """UTC, whatever the stamp's zone; and so the year of stamps that say none, however old the file looks."""
    arrived = [row[1].isoformat() for row in told(SUBMITTED, "arrived_at", **THEN) if row[1]]
    assert arrived == [*["2020-10-03T13:40:38"] * 5, "2020-10-03T13:40:44"]
    line = "Jun 26 00:01:21 h sendmail[12460]: w5PJ1L0X012460: from=<a@x.example>, size=1, class=0, nrcpts=1, relay=[192.0.2.1]"
    (event,) = parse("syslog", line, until=datetime(2026, 6, 26, tzinfo=UTC), timezone="Asia/Karachi").events
    assert (event["arrived_at"].isoformat(), event["time"].isoformat()) == ("2018-06-25T19:01:21", "2018-06-25T19:01:21")
    assert [
        sendmail_ids.arrived(word, datetime(2026, 6, 26, tzinfo=UTC)) for word in ("w5PJ1L0X", "x2TMXH7Y023221x", "wxPJ1L0X012460")
    ] == [None] * 3
    assert sendmail_ids.arrived("06QDQnNf050437", datetime(2019, 6, 26, tzinfo=UTC)) == datetime(1960, 7, 26, 13, 26, 49, tzinfo=UTC)


REFUSED = """\
Feb 25 03:01:10 kismet sm-acceptingconnections[27713]: s1P819mk027713: ruleset=check_rcpt, arg1=<a@f.example>, relay=128-68.corbina.example [128.68.136.133], reject=550 5.7.1 <a@f.example>... Relaying denied. Proper authentication required.
Feb 24 05:07:40 petermurray sm-mta[716]: s1O57c6H000716: ruleset=check_mail, arg1=<root@srv.example>, relay=202.example [202.53.73.138] (may be forged), reject=553 5.1.8 <root@srv.example>... Domain of sender address root@srv.example does not exist
Feb 24 01:46:44 petermurray sm-mta[24422]: ruleset=check_relay, arg1=leased.example, arg2=217.21.54.82, relay=leased.example [217.21.54.82], reject=421 4.3.2 Connection rate limit exceeded.
Feb 27 10:53:07 strange sm-mta[18001]: u9A0GtpL018001: rejecting commands from example.com [1.2.3.4] due to pre-greeting traffic after 6 seconds
Feb 13 01:16:50 batman sm-mta[25815]: s1D0GoSs025815: [217.193.142.180]: vrfy info [rejected]
Nov  3 11:35:30 Microsoft sendmail[26254]: rA37ZTSC026250: <u@domain.example>... No such user here
Nov  3 11:35:30 Microsoft sendmail[26254]: rA37ZTSC026254: from=<d@domain.example>, size=0, class=0, nrcpts=0, bodytype=8BITMIME, proto=ESMTP, daemon=MTA, relay=dyn.vsi.example [95.32.23.163]
Mar 29 22:51:46 server sm-mta[50438]: 06QDQnNf050438: example.com [IPv6:2001:DB8::1] did not issue MAIL/EXPN/VRFY/ETRN during connection to IPv6
Feb 24 14:00:01 server sendmail[3529566]: xA32R2PQ3529566: [192.0.2.2]: possible SMTP attack: command=AUTH, count=5
Feb 25 04:02:28 relay1 sendmail[16665]: 06I02CNi016765: AUTH failure (LOGIN): authentication failure (-13) SASL(-13): authentication failure: checkpass failed, user=criminal, relay=[192.0.2.100], relay=[192.0.2.4] (may be forged)
Feb 25 04:02:28 relay1 sendmail[16665]: AUTH=server, relay=c.example [192.0.2.4], authid=bob, mech=PLAIN, bits=0
"""


def test_who_is_refused_at_the_door() -> None:
    """By a ruleset, as an unknown user, for talking too early; a message whose recipients all were refused begins nothing."""
    assert told(REFUSED, "client_ip", "sender", "recipient", "status", "user_name") == [
        ("reject", "128.68.136.133", None, "a@f.example", "5.7.1", None),
        ("reject", "202.53.73.138", "root@srv.example", None, "5.1.8", None),
        ("reject", "217.21.54.82", None, None, "4.3.2", None),
        ("disconnect", "1.2.3.4", None, None, None, None),
        ("other", None, None, None, None, None),
        ("reject", None, None, "u@domain.example", None, None),
        ("other", "95.32.23.163", "d@domain.example", None, None, None),
        ("disconnect", "2001:DB8::1", None, None, None, None),
        ("disconnect", "192.0.2.2", None, None, None, None),
        ("login-failed", "192.0.2.4", None, None, None, "criminal"),
        ("login", "192.0.2.4", None, None, None, "bob"),
    ]


STATS = [  # how a delivery line ends, and the event, where it went, the id it was given there
    ("mailer=local, pri=30, dsn=2.0.0, stat=Sent", "deliver", "local", None),
    ("mailer=prog, pri=30, relay=local, dsn=2.0.0, stat=Sent", "deliver", "local", None),
    ("mailer=local, pri=30, relay=local, dsn=4.2.0, stat=Deferred: local mailer (/usr/sbin/mail.local) exited with EX_TEMPFAIL", "defer", "local", None),
    ("mailer=esmtp, pri=30, relay=mx.y.example., dsn=4.0.0, stat=Deferred: Connection refused by mx.y.example.", "defer", "mx.y.example", None),
    ("mailer=esmtp, pri=30, relay=mx.y.example. [192.0.2.5], dsn=5.1.1, reply=550 5.1.1 no <b@y>, stat=User unknown", "fail", "mx.y.example", None),
    ("mailer=esmtp, pri=30, relay=mx.y.example. [192.0.2.5], dsn=2.0.0, stat=Sent (Ok: queued as 4KXlg16kc4zNGFbr)", "send", "mx.y.example", "4KXlg16kc4zNGFbr"),
    ("mailer=esmtp, pri=30, relay=mx.y.example. [192.0.2.5], dsn=2.0.0, stat=Sent (OK id=1xUnFq-0005Yw-06)", "send", "mx.y.example", "1xUnFq-0005Yw-06"),
    ("mailer=lmtp, pri=30, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (<b@y.example> Z8NYOdkBmmUpAwAAUi6ngw Saved)", "send", "127.0.0.1", "Z8NYOdkBmmUpAwAAUi6ngw"),
    ("mailer=esmtp, pri=30, stat=queued", "other", None, None),
    ("mailer=esmtp, pri=30, quarantine=why, not, stat=quarantined", "quarantine", None, None),
]  # fmt: skip


def test_how_deliveries_end() -> None:
    """The status code decides, and what the next server said stands in parentheses."""
    to = f"{HEAD}16P42SNi016765: to=<b@y.example>, delay=1+02:03:04, xdelay=00:00:01, "
    found = told("\n".join(to + end for end, *_ in STATS), "next_host", "link_id", "delay_seconds")
    assert found == [(event, host, link, 93784.0) for _, event, host, link in STATS]


def test_many_recipients_are_many_events() -> None:
    """Lists, quoted parts with commas, programs, and a list that goes on in the next line."""
    rest = "delay=00:00:00, xdelay=00:00:00, mailer=local, pri=1, dsn=2.0.0, stat=Sent"
    lists = [
        '<a@x.example>,<"b, stat=User unknown"@x.example>',
        r"\u,\"|/bin/v u\"".replace('\\"', '"'),
        "<c@x.example>,<d@x.example>, [more]",
    ]
    found = told("\n".join(f"{HEAD}16P42SNi016765: to={each}, {rest}" for each in lists), "part", "recipient")
    assert found == [
        ("deliver", 0, "a@x.example"),
        ("deliver", 1, '"b, stat=User unknown"@x.example'),
        ("deliver", 0, r"\u"),
        ("deliver", 1, '"|/bin/v u"'),
        ("deliver", 0, "c@x.example"),
        ("deliver", 1, "d@x.example"),
    ]


def test_a_message_that_is_split_names_its_new_ids() -> None:
    """In the log of the old id, the new one stands first (deliver.c); its stay begins here."""
    text = f"""\
{HEAD}06I02CNi016765: 06I02CNj016765: clone: owner=<list-owner@x.example>
{HEAD}06I02CNi016765: split: maxrcpts=10, rcpts=21, count=2, id(s)=06I02CNk016765, 06I02CNl016765
"""
    assert told(text, "internal_message_id", "link_rule", "link_id", "link_way") == [
        ("other", "06I02CNi016765", None, None, None),
        ("receive", "06I02CNj016765", "fork", "06I02CNi016765", "in"),
        ("receive", "06I02CNk016765", "fork", "06I02CNi016765", "in"),
        ("receive", "06I02CNl016765", "fork", "06I02CNi016765", "in"),
    ]


# a sendmail 8.17.1.9 of Debian's, LogLevel 14, at the lab (test_sendmail_real)
LOUD = """\
Nov 21 16:38:43 sender.example sendmail[23918]: alias database /etc/mail/aliases rebuilt by root
Nov 21 16:38:43 sender.example sendmail[23918]: NOQUEUE: connect from root@localhost
Nov 21 16:38:44 sender.example sendmail[23918]: 6ALGciDX023918: from=<b@sender.example>, size=88, class=0, nrcpts=1, msgid=<bysmtp@sender.example>, proto=ESMTP, relay=localhost [[UNIX: localhost]]
Nov 21 16:38:44 sender.example sendmail[23918]: 6ALGciDX023918: alias staff => mail, news
Nov 21 16:38:44 sender.example sendmail[23918]: 6ALGciDX023918: /var/mail: unsafe directory path, marked unsafe
Nov 21 16:38:44 sender.example sendmail[23918]: 6ALGciDX023918: smtpquit: mailer local exited with exit value 2
Nov 21 16:38:44 sender.example sendmail[23918]: STARTTLS=client, init=1
Nov 21 16:38:44 sender.example sendmail[23918]: STARTTLS: ClientCertFile missing
Nov 21 16:38:44 sender.example sendmail[23918]: 6ALGciDX023918: to=nosuchuser, delay=00:00:00, mailer=local, pri=0, dsn=5.1.1, reply=550 5.1.1 User unknown, stat=User unknown
Nov 21 16:38:44 sender.example sendmail[23918]: 6ALGciDY023918: SYSERR(root): savemail: cannot save rejected email anywhere
Nov 21 16:38:44 sender.example sendmail[23918]: 6ALGciDX023918: 6ALGciDZ023918: postmaster notify: User unknown
Nov 21 16:38:44 sender.example sendmail[23918]: 6ALGciDX023918: done; delay=00:00:00, ntries=1
"""


def test_what_a_talkative_one_says_besides() -> None:
    """Aliases are known from level 11 on, ends from 10; what has no id and no client is noise."""
    assert told(LOUD, "recipient", "related_recipient", "link_rule", "ends") == [
        ("receive", None, None, None, None),
        ("expand", "mail", "staff", None, None),
        ("expand", "news", "staff", None, None),
        ("other", None, None, None, None),
        ("other", None, None, None, None),
        ("fail", "nosuchuser", None, None, None),
        ("error", None, None, None, None),
        ("dsn", None, None, "notification", None),
        ("receive", None, None, None, None),
        ("other", None, None, None, True),
    ]
    assert parse("syslog", LOUD).noise == {"sendmail/daemon": 4}


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            "from=<a@x.example>, size=9, class=0, nrcpts=1, msgid=<x, relay=evil.example [6.6.6.6]>, proto=ESMTP, relay=r.example [192.0.2.1]",
            {"client_ip": "192.0.2.1", "message_id": "<x, relay=evil.example [6.6.6.6]>"},
        ),
        (
            'from=<"a>, size=1, class=0, nrcpts=1, relay=evil.example"@x.example>, size=9, class=0, nrcpts=1, relay=r.example [192.0.2.1]',
            {"client_ip": "192.0.2.1", "bytes": 9},
        ),
        (
            'to=<"b, delay=00:00:00, stat=Sent"@y.example>, delay=00:00:00, mailer=esmtp, pri=1, relay=r.example, dsn=5.0.0, stat=No (Sent (1xUnFq-0005Yw-06 Message accepted for delivery))',
            {"event": "fail", "recipient": '"b, delay=00:00:00, stat=Sent"@y.example', "link_id": None},
        ),
    ],
)  # fmt: skip
def test_what_a_sender_writes_decides_nothing(line: str, wanted: dict[str, Any]) -> None:
    """Fields inside an address or a Message-ID are no fields."""
    (event,) = parse("syslog", f"{HEAD}16P42SNi016765: {line}").events
    assert {name: event.get(name) for name in wanted} == wanted


def test_a_broken_line_is_kept_aside() -> None:
    """A from without a size, a to without a status; what else has an id is an event, what has none is noise."""
    parsed = parse(
        "syslog", f"{HEAD}16P42SNi016765: from=<a\n{HEAD}16P42SNi016765: to=<b>, delay=x\n{HEAD}16P42SNi016765: grew\n{HEAD}hello"
    )
    assert (len(parsed.events), parsed.noise, len(parsed.unparsed)) == (1, {"sendmail/daemon": 1}, 2)
