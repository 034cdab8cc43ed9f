"""Bounces: reports of every style are understood, and nothing else is taken for one."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.dsn import REPORT_LIMIT_BYTES, Bounce, bounce
from probe.message import Letter, build, split

KEY = b"0123456789abcdef0123456789abcdef"
LETTER = Letter("probe@abc.example", "gone@xyz.example", "00112233445566778899aabbccddeeff", datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC))
RAW = build(LETTER, KEY).raw
HEADER = split(RAW)[0].decode()
OTHER = split(build(LETTER, b"another key").raw)[0].decode()

POSTFIX = """\
Return-Path: <>
From: MAILER-DAEMON@mx.xyz.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: probe@abc.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="9F3B1.1763712245/mx.xyz.example"

This is a MIME-encapsulated message.

--9F3B1.1763712245/mx.xyz.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.xyz.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

--9F3B1.1763712245/mx.xyz.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.xyz.example
X-Postfix-Queue-ID: 9F3B1
X-Postfix-Sender: rfc822; probe@abc.example

Final-Recipient: rfc822; gone@xyz.example
Original-Recipient: rfc822;gone@xyz.example
Action: {action}
Status: 5.1.1
Remote-MTA: dns; hub.xyz.example
Diagnostic-Code: smtp; 550 5.1.1 <gone@xyz.example>: Recipient address
    rejected: User unknown in virtual mailbox table

--9F3B1.1763712245/mx.xyz.example
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <probe@abc.example>
{header}

--9F3B1.1763712245/mx.xyz.example--
"""
FAILED = POSTFIX.format(action="failed", header=HEADER)
UNKNOWN_USER = "550 5.1.1 <gone@xyz.example>: Recipient address rejected: User unknown in virtual mailbox table"

EXIM = f"""\
Return-path: <>
X-Failed-Recipients: gone@xyz.example
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.xyz.example>
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  gone@xyz.example
    host hub.xyz.example [192.0.2.9]
    SMTP error from remote mail server after RCPT TO:<gone@xyz.example>:
    550 5.7.1 Relaying denied

------ This is a copy of the message, including all the headers. ------

Return-path: <probe@abc.example>
{HEADER}
"""

QMAIL = f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.xyz.example
Subject: failure notice

Hi. This is the qmail-send program at mx.xyz.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<gone@xyz.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

{HEADER}
"""

BARE = f"""\
From: Postmaster <postmaster@xyz.example>
In-Reply-To: {LETTER.message_id}
Subject: Nachricht unzustellbar

Der Empf\u00e4nger ist hier nicht bekannt.
"""

WARNING = f"""\
Return-Path: <>
From: Mail Delivery Subsystem <MAILER-DAEMON@mx.xyz.example>
Subject: Warning: could not send message for past 4 hours

    **      THIS IS A WARNING MESSAGE ONLY      **
The original message has not yet been delivered.
... while talking to hub.xyz.example.: 451 4.3.2 Please try again later

{HEADER}
"""

QUOTED = POSTFIX.format(action="failed", header=HEADER.replace("=", "=3D"))

REPORTS = {
    "postfix": (FAILED, ("failed", "5.1.1", UNKNOWN_USER, True)),
    "postfix, delayed": (POSTFIX.format(action="delayed", header=HEADER), ("delayed", "5.1.1", UNKNOWN_USER, True)),
    "postfix, success": (POSTFIX.format(action="delivered (to mailbox)", header=HEADER), ("delivered", "5.1.1", UNKNOWN_USER, True)),
    "our header copied to its top": (
        HEADER[HEADER.index("X-Mailsonde:") :] + "\n" + POSTFIX.format(action="failed", header=""),
        ("failed", "5.1.1", UNKNOWN_USER, True),
    ),
    "headers returned quoted-printable": (QUOTED, ("failed", "5.1.1", UNKNOWN_USER, True)),
    "only the message id returned": (
        POSTFIX.format(action="failed", header=f"Message-ID: {LETTER.message_id}"),
        ("failed", "5.1.1", UNKNOWN_USER, False),
    ),
    "a forged header and the message id": (POSTFIX.format(action="failed", header=OTHER), ("failed", "5.1.1", UNKNOWN_USER, False)),
    "exim of old": (EXIM, ("failed", "5.7.1", "550 5.7.1 Relaying denied", True)),
    "qmail": (QMAIL, ("failed", "5.1.1", "Sorry, no mailbox here by that name. (#5.1.1)", True)),
    "prose without a code": (BARE, ("failed", "", "Der Empf\u00e4nger ist hier nicht bekannt.", False)),
    "sendmail's warning": (WARNING, ("delayed", "4.3.2", "451 4.3.2 Please try again later", True)),
}


@pytest.mark.parametrize(("text", "expected"), REPORTS.values(), ids=REPORTS.keys())
@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_understands_a_report(text: str, expected: tuple[str, str, str, bool], line_end: str) -> None:
    found = bounce(re.sub("\r?\n", line_end, text).encode(), KEY)
    assert found == Bounce(LETTER.token, *expected)
    assert found.final == (expected[0] == "failed")


NO_REPORTS = {
    "our own message": RAW.decode(),
    "a report of somebody's message": POSTFIX.format(action="failed", header="Message-ID: <1@abc.example>"),
    "an absence note": f"From: gone@xyz.example\nAuto-Submitted: auto-replied\nIn-Reply-To: {LETTER.message_id}\n\nI am away.\n",
    "a read receipt": FAILED.replace("report-type=delivery-status", "report-type=disposition-notification"),
    "a person who quotes us": f"From: a@xyz.example\nReturn-Path: <a@xyz.example>\n\n> {HEADER}\n",
    "a read receipt with our header at its top": HEADER[HEADER.index("X-Mailsonde:") :]
    + "\nContent-Type: multipart/report; report-type=disposition-notification\n\nread\n",
    "nothing": "",
    "our header beyond what we look into": EXIM.partition("---")[0] + "x" * REPORT_LIMIT_BYTES + "\n" + HEADER,
}


@pytest.mark.parametrize("text", NO_REPORTS.values(), ids=NO_REPORTS.keys())
def test_is_not_misled(text: str) -> None:
    assert bounce(text.encode(), KEY) is None


def test_parts_within_parts_without_end_are_only_text() -> None:
    nested = "".join(f"--b{depth}\nContent-Type: multipart/mixed; boundary=b{depth + 1}\n\n" for depth in range(3000))
    assert bounce(f"Return-Path: <>\nContent-Type: multipart/report; boundary=b0\n\n{nested}{HEADER}\n".encode(), KEY) is not None


@given(st.binary(max_size=400))
def test_whatever_comes_is_read_without_complaint(raw: bytes) -> None:
    assert bounce(b"Return-Path: <>\n\n" + raw, KEY) is None


def test_a_line_without_end_costs_no_time() -> None:
    found = bounce(b"Return-Path: <>\n\n" + HEADER.encode() + b"\n" + b"5.1" * 80_000, KEY)
    assert found is not None
    assert len(found.said) <= 500
