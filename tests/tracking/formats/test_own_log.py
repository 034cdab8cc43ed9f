"""Logs that programs write themselves: lines of a Dovecot 2.3.19 and of an rspamd 1.6 (rspamd issue 1959), as they stood in their files."""

# ruff: noqa: E501  a log line stands as it was written
from __future__ import annotations

from datetime import UTC, datetime

from tests.tracking.formats.parsing import parse
from tracking.formats.registry import named, recognise

# a Dovecot of the lab: log_timestamp = "%Y-%m-%d %H:%M:%S.%{usecs} "
DOVECOT = """\
2026-11-21 15:59:19.782260 master: Info: Dovecot v2.3.19.1 (9b53102964) starting up for imap, pop3, lmtp (core dumps disabled)
2026-11-21 16:00:05.081000 lmtp(14443): Info: Connect from 127.0.0.1
2026-11-21 16:00:05.163000 lmtp(probe@gamma.test)<14443><InHSBAXAAWtrOAAAg+zDdQ:T2>: Info: sieve: msgid=<file@out.test>: fileinto action: stored mail into mailbox 'Filed'
2026-11-21 16:00:05.290000 lmtp: Error: postdrop: warning: unable to look up public/pickup: No such file or directory
2026-11-21 16:00:05.599000 lmtp(probe@beta.test)<14443><InHSBAXAAWtrOAAAg+zDdQ:T9:R2>: Info: msgid=<multi@out.test>: saved mail to INBOX
2026-11-21 16:00:08.000100 imap-login: Info: Login: user=<probe@beta.test>, method=PLAIN, rip=127.0.0.1, lip=127.0.0.1, mpid=14536, secured, session=<9jFrdMtgbrd/AAAB>
2026-11-21 16:00:08.100000 imap-login: Info: Disconnected: Connection closed: SSL_accept() failed: error:0A00010B:SSL routines::wrong version number (no auth attempts in 0 secs): user=<>, rip=127.0.0.1, lip=127.0.0.1, TLS handshaking: SSL_accept() failed: error:0A00010B:SSL routines::wrong version number, session=<6ZF3dMtgfsx/AAAB>
2026-11-21 16:00:08.200000 imap(probe@beta.test)<14541><205udMtgbsx/AAAB>: Info: Disconnected: Connection closed (EXPUNGE finished 0.002 secs ago) in=110 out=1863 deleted=1 expunged=1 trashed=0 hdr_count=0 hdr_bytes=0 body_count=1 body_bytes=794
"""
DEFAULT = "Nov 21 14:00:01 imap-login: Info: Login: user=<u@a.example>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2, mpid=7, session=<x>"
RSPAMD = (
    "2017-12-12 02:22:46 #489(normal) <747296>; task; rspamd_task_write_log: id: <a479d022-dcc0-bb9c-0ef6-b3e2cbdcf784@x.example>, "
    "qid: <02331840CC>, ip: 192.0.2.9, from: <s@x.example>, (default: F (no action): [-0.30/15.00] [R_SPF_ALLOW(-0.20){+mx;},"
    "ARC_NA(0.00){}]), len: 2716, time: 251.134ms real, 5.1ms virtual, dns req: 17, digest: <ba7816bf8f01cfea414140de5dae2223>, "
    "rcpts: <u@a.example,v@a.example>"
)


def test_dovecots_own_file_is_recognised_and_understood_to_the_last_line() -> None:
    """Its server is who the source says; its stamps have no zone and are read in the source's."""
    form = recognise(DOVECOT.splitlines())
    assert form
    parsed = parse(form.name, DOVECOT, server="Dovecot.lab.test.", timezone="Europe/Berlin")
    assert (form.name, parsed.unparsed, parsed.noise) == ("dovecot", [], {"dovecot/daemon": 1})
    assert [event["event"] for event in parsed.events] == ["connect", "deliver", "error", "deliver", "login", "disconnect", "disconnect"]
    stored = parsed.events[1]
    assert {name: stored[name] for name in ("server", "program", "internal_message_id", "mailbox")} == {
        "server": "dovecot.lab.test",
        "program": "lmtp",
        "internal_message_id": "InHSBAXAAWtrOAAAg+zDdQ:T2",
        "mailbox": "Filed",
    }
    assert stored["time"] == datetime(2026, 11, 21, 15, 0, 5, 163000, tzinfo=UTC).replace(tzinfo=None)
    assert abs(stored["uncertainty_seconds"] - 1e-6) < 1e-9


def test_a_stamp_as_dovecot_writes_it_by_default() -> None:
    """It has neither year nor server: the file's age tells the year, and nobody the server."""
    assert recognise([DEFAULT]) is named("dovecot")
    (event,) = parse("dovecot", DEFAULT, until=datetime(2026, 11, 22, tzinfo=UTC)).events
    assert (event["event"], event["user_name"], event.get("server")) == ("login", "u@a.example", None)
    assert event["time"].isoformat() == "2026-11-21T14:00:01"


def test_the_name_of_a_program_reads_its_lines_through_syslog_too() -> None:
    """Who says `--format dovecot` of a syslog file is understood."""
    (event,) = parse("dovecot", "Nov 12 08:00:00 mail dovecot: lmtp(113): Connect from 172.22.1.6").events
    assert (event["event"], event["server"]) == ("connect", "mail")


def test_rspamds_own_file() -> None:
    """A scan is tied to the mail server's queue id, and is no hop."""
    form = recognise([RSPAMD])
    assert form
    (event,) = parse(form.name, RSPAMD, server="mx1").events
    wanted = ("event", "internal_message_id", "message_id", "client_ip", "sender", "bytes", "recipient_count", "link_way", "delay_seconds")
    assert [event.get(name) for name in wanted] == [
        *("agent", "02331840CC", "<a479d022-dcc0-bb9c-0ef6-b3e2cbdcf784@x.example>", "192.0.2.9", "s@x.example"),
        *(2716, 2, "in", 0.251134),
    ]


def test_a_line_of_another_shape_is_kept_aside() -> None:
    """No stamp, half a stamp, a stamp alone."""
    parsed = parse("dovecot", f"{DEFAULT}\n  continued\n2026-11-21 16:00\nNov 21 14:00:01\n2026-13-41 16:00:00 imap: Info: x")
    assert (len(parsed.events), len(parsed.unparsed)) == (1, 4)
