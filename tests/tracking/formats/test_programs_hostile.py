"""Hostile lines of the programs that log through syslog (FORMATS 13): nothing is lost, nothing is forged, nothing takes long."""

# ruff: noqa: E501  a log line stands as it was written
from __future__ import annotations

import time
from typing import Any

import pytest

from tests.tracking.formats.parsing import parse

SENDMAIL = "Feb 25 04:02:28 h sm-mta[7]: 16P42SNi016765: "
DOVECOT = "Feb 25 04:02:28 h dovecot: "
AMAVIS = "Feb 25 04:02:28 h amavis[7]: "
RSPAMD = "Feb 25 04:02:28 h rspamd[7]: <ab12cd>; task; "
ODD = "\x1b[2J\x07\u202e\u200b<script>=HYPERLINK('x')'; drop table parsed; --\\ %s {0} \ufffd"


def accounted(text: str) -> list[dict[str, Any]]:
    """Parse; the harness checks that no line is told twice. Return the events."""
    parsed = parse("syslog", text)
    lines = {event["n"] for event in parsed.events}
    assert len(lines) + sum(parsed.noise.values()) + len(parsed.unparsed) == len(text.split("\n"))
    return parsed.events


def test_odd_characters_are_kept_as_they_are() -> None:
    """In addresses, Message-IDs, users' names and reasons; what shows them escapes them."""
    events = accounted(
        "\n".join(
            (
                f"{SENDMAIL}from=<{ODD.replace('<script>', '')}@x.example>, size=1, class=0, nrcpts=1, msgid=<{ODD}>, relay=r [192.0.2.1]",
                f"{SENDMAIL}to=<b@y.example>, delay=00:00:00, mailer=esmtp, pri=1, relay=r. [192.0.2.1], dsn=5.0.0, stat={ODD}",
                f"{DOVECOT}lmtp(u)<1><Z8NYOdkBmmUpAwAAUi6ngw>: sieve: msgid=<{ODD}>: stored mail into mailbox 'INBOX'",
                f"{DOVECOT}imap-login: Disconnected (auth failed, 1 attempts): user=<{ODD}>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2",
                f"{AMAVIS}(1-2) Blocked SPAM, [192.0.2.1] <a@x> -> <b@y>, Message-ID: <{ODD.replace('<script>', '')}>, mail_id: abc, size: 7",
                f"{RSPAMD}rspamd_task_write_log: id: <{ODD}>, qid: <4KXlg16kc4zNGFbr>, ip: 192.0.2.1, from: <a@x>, (default: F (no action): [0/1] [])",
            )
        )
    )
    assert [event["event"] for event in events] == ["receive", "fail", "deliver", "login-failed", "agent", "agent"]
    assert [event["message_id"] for event in (events[0], events[2], events[5])] == [f"<{ODD}>"] * 3
    assert (events[1]["said"], events[1].get("link_id")) == (ODD, None)


WHOLE = "Feb 25 04:02:28 h dovecot: lmtp(u)<1><Z8NYOdkBmmUpAwAAUi6ngw>: msgid=<a@x>: saved mail to INBOX"


@pytest.mark.parametrize(
    "tag", ["sm-mta[7]", "dovecot", "amavis[7]", "rspamd[7]", "opendkim[7]", "postgrey[7]", "spamd[7]", "clamav-milter[7]"]
)
def test_a_line_inside_a_line_is_no_line(tag: str) -> None:
    """A whole line of Dovecot's, a priority, another program's id: text of whoever wrote the tag, and delivers nothing."""
    inside = (
        WHOLE,
        f"<22>{WHOLE}",
        f"16P42SNi016765: {WHOLE}",
        f"NOQUEUE: {WHOLE}",
        "",
        ":",
        ": : :",
        "=",
        "<",
        "(1-2) Passed",
        "to=",
        "from=<",
    )
    events = accounted("\n".join(f"Feb 25 04:02:28 h {tag}: {text}" for text in inside))
    assert not {"deliver", "send", "receive"} & {event["event"] for event in events}
    assert not [event for event in events if event.get("internal_message_id") == "Z8NYOdkBmmUpAwAAUi6ngw"]


def test_ten_thousand_recipients_and_a_megabyte() -> None:
    """One event each, in about the time that as many lines take; a line of a megabyte costs no more than its bytes."""
    many = ",".join(f"<user{number}@y.example>" for number in range(10_000))
    started = time.process_time()
    events = accounted(
        f"{SENDMAIL}to={many}, delay=00:00:00, mailer=esmtp, pri=1, relay=r. [192.0.2.1], dsn=2.0.0, stat=Sent (ok)\n"
        f"{AMAVIS}(1-2) Passed CLEAN, [192.0.2.1] <a@x> -> {many}, Queue-ID: 792B6131D7, mail_id: abc, size: 7, queued_as: E8339132AB\n"
        f"{DOVECOT}imap-login: Login: user=<{'x' * 1_000_000}>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2\n"
        f"{SENDMAIL}to={'<' * 1_000_000}\n{DOVECOT}lmtp(u)<1>: msgid={': ' * 400_000}"
    )
    assert time.process_time() - started < 10
    assert [len([event for event in events if event["software"] == name]) for name in ("sendmail", "amavis")] == [10_000, 10_000]
    assert {(event["part"], event["recipient"]) for event in events[:10_000]} == {(at, f"user{at}@y.example") for at in range(10_000)}
    assert [event.get("link_id") for event in events if event.get("link_way")] == ["792B6131D7", "E8339132AB"]
