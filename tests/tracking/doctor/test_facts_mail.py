"""The doctor's facts on lines of real servers (the source stands above them, names and addresses replaced): lacking a thing, and having it."""

# ruff: noqa: E501  a log line stands as it was written
from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.tracking.doctor.examining import doctored

if TYPE_CHECKING:
    from pathlib import Path

# a message through Postfix: whyscream/postfix-grok-patterns, and Postfix 3.7 of our lab with long ids
SHORT = """\
2026-11-20T08:00:01.123456+01:00 mx1 postfix/smtpd[1]: 4104E3D: client=061238241086.static.isp.example[192.0.2.86]
2026-11-20T08:00:01.223456+01:00 mx1 postfix/cleanup[2]: 4104E3D: message-id=<544D2523.30609@example.net>
2026-11-20T08:00:01.323456+01:00 mx1 postfix/qmgr[3]: 4104E3D: from=<wu@example.net>, size=3582, nrcpt=1 (queue active)
2026-11-20T08:00:02.123456+01:00 mx1 postfix/smtp[4]: 4104E3D: to=<chair@example.com>, relay=hub1.example.com[192.0.2.9]:25, delay=1, delays=0.2/0/0.3/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4F9D195432C)
2026-11-20T08:00:02.223456+01:00 mx1 postfix/qmgr[3]: 4104E3D: removed
"""
LONG = SHORT.replace("4104E3D", "4jWxnL69s7zZYLh")
# Postfix 3.7 of our lab, under syslog's older stamps: in UTC
ZONED = "Nov 21 17:24:58 mx1 postfix/smtpd[29585]: 4jWzbt1GKfzYRRV: client=unknown[192.0.2.1]"
# Dovecot 2.3: a published log of imap and lmtp (pastebin 0BeV7HL9, dovecot.org's own examples)
LOGIN = "2026-11-20T08:00:03.000001+01:00 mx1 dovecot: imap-login: Login: user=<anna@example.com>, method=PLAIN, rip=127.0.0.1, lip=127.0.0.1, mpid=126803, secured"
SESSION = ", session=<GIYZ4Z+GaCt/AAAB>"
OUT = "2026-11-20T08:00:04.000001+01:00 mx1 dovecot: imap(anna@example.com)<126731><wGrb4J+GCc16C4kE>: Disconnected: Logged out in=166 out=10854 deleted=1 expunged=1 trashed=0 hdr_count=0 hdr_bytes=0 body_count=0 body_bytes=0"
EXPUNGED = "2026-11-20T08:00:04.000002+01:00 mx1 dovecot: imap(anna@example.com)<126731><wGrb4J+GCc16C4kE>: expunge: box=INBOX, uid=76, msgid=<1@example.net>, size=1032"
SAVED = "2026-11-20T08:00:05.000001+01:00 mx1 dovecot: lmtp(anna@example.com)<9812><6OOoCZRHxF1sSwAAPDGQWw>: msgid=<544D2523.30609@example.net>: saved mail to INBOX"
# Exim 4.74 (pastebin xe52Ud13) and 4.86 (pastebin RLRVjvLw)
EXIM = """\
2026-11-20 08:00:01 1PqsgA-000CU6-GO <= root@mx.example.com U=root P=local S=1457 id=adc132f30c622ff2@example.com
2026-11-20 08:00:02 1PqsgA-000CU6-GO => snor@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.16]
2026-11-20 08:00:02 1PqsgA-000CU6-GO Completed
"""
EXIM_TOLD = """\
2026-11-20 08:00:01.123 +0100 1avJcc-0003Py-15 <= fizah@example.com H=(Fizah) [192.0.2.102]:1543 P=esmtpa A=dovecot_login:fizah@example.com S=3455353 id=010401d1@example.com T="RE: Works" for anna@example.net
2026-11-20 08:00:02.456 +0100 1avJcc-0003Py-15 => anna@example.net R=dkim_lookuphost T=dkim_remote_smtp H=mx.example.net [192.0.2.27] X=TLSv1.2:ECDHE-RSA-AES128-GCM-SHA256:128 CV=yes C="250 2.0.0 OK 1458889573 vy4si17489309pab.124 - gsmtp"
2026-11-20 08:00:02.567 +0100 1avJcc-0003Py-15 Completed
"""


# sendmail 8.17 (a forum's log, names replaced)
SENDMAIL = """\
Nov 20 08:00:{number:02d} mx1 sm-mta[12460]: 5AK701{number:02d}012460: from=<bob@example.net>, size=1032, class=0, nrcpts=1, msgid=<{number}@example.net>, proto=ESMTP, daemon=MTA, relay=mx.example.net [192.0.2.8]
"""
SENT = """\
Nov 20 08:00:{number:02d} mx1 sm-mta[12462]: 5AK701{number:02d}012460: to=<anna@example.com>, delay=00:00:01, xdelay=00:00:01, mailer=local, pri=31032, dsn=2.0.0, stat=Sent
"""
DOVECOT = "{stamp} imap-login: Info: Login: user=<anna@example.com>, method=PLAIN, rip=192.0.2.5, lip=192.0.2.9, mpid=126803, TLS, session=<GIYZ4Z+GaCt/AAAB>"


def each(line: str, times: int = 3) -> str:
    """The line so many times."""
    return f"{line}\n" * times


def exim(text: str, times: int = 6) -> str:
    """Several messages of Exim."""
    return "".join(text.replace("-GO", f"-G{number}").replace("-15", f"-1{number}") for number in range(times))


def numbered(text: str, times: int) -> str:
    """Several messages of sendmail."""
    return "".join(text.format(number=number) for number in range(times))


# fact, the lines that lack it, the lines that have it
TABLE = [
    ("short-queue-ids", SHORT, LONG),
    ("short-queue-ids", SHORT, SHORT + LONG),  # switched on meanwhile
    ("stamps-of-another-zone", each(ZONED.replace("17:24", "19:24")), each(ZONED)),
    ("stamps-of-another-zone", each(ZONED.replace("17:24", "11:54")), each(ZONED.replace("17:24", "17:31"))),  # the clock itself is off
    ("stamps-without-year", re.sub(r"2026-11-20T(\S{8})\S+", r"Nov 20 \1", SHORT), SHORT),
    ("stamps-without-zone", LONG.replace("+01:00", ""), LONG),
    ("stamps-of-seconds", LONG.replace(".123456", "").replace(".223456", "").replace(".323456", ""), LONG),
    ("logins-without-session", each(LOGIN), each(LOGIN + SESSION)),
    ("logins-without-session", each(LOGIN), each(LOGIN, 2)),  # too few to say so
    ("mail-log-off", each(OUT), each(OUT) + each(EXPUNGED, 1)),
    ("mail-log-off", each(OUT), each(OUT.replace("deleted=1 expunged=1", "deleted=0 expunged=0"))),
    ("deliveries-without-session", each(SAVED.replace("<6OOoCZRHxF1sSwAAPDGQWw>", "")), each(SAVED)),
    ("deliveries-without-message-id", each(SAVED.replace("msgid=<544D2523.30609@example.net>: ", "")), each(SAVED)),
    ("sends-without-confirmation", exim(EXIM), exim(EXIM_TOLD)),
    ("arrivals-without-recipients", exim(EXIM), exim(EXIM_TOLD)),
    ("arrivals-without-subject", exim(EXIM), exim(EXIM_TOLD)),
    ("exim-stamps-of-seconds", exim(EXIM), exim(EXIM_TOLD)),
    ("exim-stamps-without-zone", exim(EXIM), exim(EXIM_TOLD)),
    ("deliveries-not-logged", numbered(SENDMAIL, 20), numbered(SENDMAIL + SENT, 20)),
    ("deliveries-not-logged", numbered(SENDMAIL, 20), numbered(SENDMAIL, 19)),
    (
        "dovecot-stamps-without-year",
        each(DOVECOT.format(stamp="Nov 20 08:00:01")),
        each(DOVECOT.format(stamp="2026-11-20 08:00:01.202281")),
    ),
    (
        "dovecot-stamps-without-zone",
        each(DOVECOT.format(stamp="2026-11-20 08:00:01.202281")),
        each(DOVECOT.format(stamp="2026-11-20T08:00:01+0100")),
    ),
]


@pytest.mark.parametrize(("name", "lacking", "having"), TABLE, ids=lambda each: each if len(each) < 40 else "")
def test_what_lacks_is_found_and_what_is_there_is_not(tmp_path: Path, name: str, lacking: str, having: str) -> None:
    (tmp_path / "lacking").mkdir()
    (tmp_path / "having").mkdir()
    found = {one.name: one for one in doctored(tmp_path / "lacking", {"a.log": lacking})["a.log"].findings}
    assert found[name].commands
    assert name not in {one.name for one in doctored(tmp_path / "having", {"a.log": having})["a.log"].findings}


def test_a_server_that_tells_all_lacks_nothing(tmp_path: Path) -> None:
    text = LONG + each(LOGIN + SESSION) + each(OUT) + each(EXPUNGED) + each(SAVED)
    assert doctored(tmp_path, {"mail.log": text, "mainlog": exim(EXIM_TOLD)})["mail.log"].findings == ()
    assert doctored(tmp_path, {})["mainlog"].findings == ()


def test_each_server_is_told_apart(tmp_path: Path) -> None:
    text = LONG + SHORT.replace(" mx1 ", " mx2 ")
    (one,) = doctored(tmp_path, {"mail.log": text})["mail.log"].findings
    assert (one.name, one.server) == ("short-queue-ids", "mx2")


def messages(count: int, lost: frozenset[int] = frozenset(), delay: float = 0.5) -> str:
    """Messages of Postfix, a second each; of the lost ones the queue manager's line was thrown away."""
    lines = []
    for number in range(count):
        at = f"2026-11-20T08:{number // 60:02d}:{number % 60:02d}"
        name = f"4jWxnL{number:04d}".translate(str.maketrans("aeiou", "bbbbb")) + "zZYLh"
        lines += [f"{at}.1Z mx1 postfix/smtpd[1]: {name}: client=a.example[192.0.2.1]"]
        lines += [] if number in lost else [f"{at}.2Z mx1 postfix/qmgr[3]: {name}: from=<a@example.net>, size=100, nrcpt=1 (queue active)"]
        to = f"to=<b@example.com>, relay=hub[192.0.2.9]:25, delay={delay}, delays=0/0/0/{delay}, dsn=2.0.0, status=sent (250 ok)"
        lines += [f"{at}.9Z mx1 postfix/smtp[4]: {name}: {to}", f"{at}.9Z mx1 postfix/qmgr[3]: {name}: removed"]
    return "".join(f"{line}\n" for line in lines)


def test_lines_that_are_missing_are_seen_by_what_must_be_there(tmp_path: Path) -> None:
    (one,) = doctored(tmp_path, {"mail.log": messages(60, frozenset({20, 30, 40}))})["mail.log"].findings
    assert one.name == "lines-missing"
    assert one.says.startswith("lines are missing: of 55 deliveries whose messages came while this was written, 3 have no line of")
    assert "postconf -e maillog_file=" in one.commands[0]


@pytest.mark.parametrize("text", [messages(60), messages(60, frozenset({0, 1, 2})), messages(60, frozenset(range(60)), delay=7200.0)])
def test_what_came_before_the_log_began_is_not_missing(tmp_path: Path, text: str) -> None:
    assert doctored(tmp_path, {"mail.log": text})["mail.log"].findings == ()


# rootusers.com on journald, NVIDIA's Cumulus documentation and rsyslog's own source on rsyslog: the form of their words
DROPPED = [
    ("suppressed-by-journald", "mx1 systemd-journald[312]: Suppressed 7124 messages from postfix@-.service"),
    ("suppressed-by-journald", "mx1 journal: Suppressed 7124 messages from /system.slice/system-postfix.slice/postfix@-.service"),
    ("", "mx1 journal: Suppressed 7124 messages from /system.slice/named.service"),
    ("dropped-by-rsyslog", "mx1 rsyslogd-2177: imjournal: begin to drop messages due to rate-limiting"),
    ("dropped-by-rsyslog", "mx1 rsyslogd: imjournal: 84667 messages lost due to rate-limiting (20000 allowed within 600 seconds)"),
    ("dropped-by-rsyslog", "mx1 rsyslogd[9]: imuxsock[pid: 51, name: /usr/lib/postfix/sbin/smtpd] from <mx1:postfix/smtpd>: begin to drop messages due to rate-limiting"),
    ("", "mx1 rsyslogd: imuxsock[pid 22830]: begin to drop messages due to rate-limiting"),
    ("", "mx1 postfix/smtpd[7]: warning: rsyslogd: imjournal: 3 messages lost due to rate-limiting"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "line"), DROPPED)
def test_lines_thrown_away_by_the_host(tmp_path: Path, name: str, line: str) -> None:
    block = doctored(tmp_path, {"mail.log": f"{LONG}2026-11-20T08:00:05.1+01:00 {line}\n"})["mail.log"]
    assert [one.name for one in block.findings] == ([name] if name else [])


def test_the_version_decides_the_command(tmp_path: Path) -> None:
    lacking = each(SAVED.replace("<6OOoCZRHxF1sSwAAPDGQWw>", ""))
    newer = LOGIN.replace("Login:", "Logged in:") + SESSION + "\n"
    old = doctored(tmp_path, {"a.log": lacking + LOGIN + SESSION + "\n", "b.log": lacking + newer})
    assert old["a.log"].findings[0].commands[0].startswith('mail_log_prefix = "%s(%u)<%{pid}><%{session}>: "')
    assert old["b.log"].findings[0].commands[0].startswith('mail_log_prefix = "%{service}(%{user})<%{process:pid}><%{session}>: "')
