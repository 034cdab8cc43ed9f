"""What strangers write into Exim's lines stays what strangers wrote; and how syslog changes the lines."""

# ruff: noqa: E501  a log line stands as it was written
from __future__ import annotations

from typing import Any

import pytest

from tests.tracking.formats.parsing import parse

STAMP = "2026-11-21 16:06:20"
ID = "1xUnbX-00088c-2F"


def one(text: str) -> dict[str, Any]:
    """The only event of a line."""
    done = parse("exim", f"{STAMP} {text}")
    assert (done.unparsed, done.noise) == ([], {})
    (event,) = done.events
    return event


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (  # a HELO that looks like fields
            f"{ID} <= a@b.example H=(x S=1 id=fake@x) [192.0.2.1] P=esmtp S=300 id=true@b.example",
            {"bytes": 300, "message_id": "<true@b.example>", "client_ip": "192.0.2.1"},
        ),
        (  # a subject that looks like fields
            rf'{ID} <= a@b.example H=c.example [192.0.2.1] P=esmtp S=300 id=true@b.example T="x\" S=1 id=fake@x from <evil@x> for evil@x" from <a@b.example> for d@e.example',
            {"bytes": 300, "message_id": "<true@b.example>", "recipient": "d@e.example"},
        ),
        (  # an address with all that an address may hold
            f'{ID} <= "a> H=evil [192.0.2.66] S=1"@b.example H=c.example [192.0.2.1] P=esmtp S=300 id=m@b.example',
            {"sender": '"a> H=evil [192.0.2.66] S=1"@b.example', "client_ip": "192.0.2.1", "bytes": 300},
        ),
        (  # a certificate's name
            f'{ID} <= a@b.example H=c.example [192.0.2.1] P=esmtps DN="CN=x, A=plain:root S=1" S=300 id=m@b.example',
            {"bytes": 300, "user_name": None},
        ),
        (  # a reply that claims to have ended, and to be two
            rf'{ID} => d@e.example R=r T=t H=mx.e.example [192.0.2.9] C="250 OK id=1xUnbX-00088l-2r\" QT=9d H=evil [192.0.2.66]" QT=2s',
            {"next_ip": "192.0.2.9", "delay_seconds": 2.0, "link_id": None},
        ),
        (  # an id in front of the last words
            rf'{ID} => d@e.example R=r T=t H=mx.e.example [192.0.2.9] C="250-OK id=1xUnbX-00088l-2r\\n250 2.0.0 accepted"',
            {"link_id": None, "said": r"250-OK id=1xUnbX-00088l-2r\n250 2.0.0 accepted"},
        ),
        (f'{ID} ** "q: r"@e.example R=r T=t H=mx.e.example [192.0.2.9]: 550 to=<x>: => y@z.example C="250 OK id={ID}"', {"event": "fail", "recipient": '"q: r"@e.example', "link_id": None}),
        (f"{ID} == d@e.example R=r T=t defer (-44) H=mx.e.example [192.0.2.9]: 451 later ** x@y.example: gone", {"event": "defer", "recipient": "d@e.example", "next_ip": "192.0.2.9"}),
        ('H=(a rejected RCPT <x@y>: z) [192.0.2.1] F=<"> rejected"@b.example> rejected RCPT <d@e.example>: no', {"recipient": "d@e.example", "client_ip": "192.0.2.1", "said": "no"}),
        ("login authenticator failed for (1.1.1.1: 535 [192.0.2.66]) [192.0.2.1]: 535 no (set_id=x (set_id=root)", {"client_ip": "192.0.2.1"}),
    ],
)  # fmt: skip
def test_only_the_place_counts(text: str, columns: dict[str, Any]) -> None:
    """Fields stand where Exim puts them."""
    event = one(text)
    assert {name: event.get(name) for name in columns} == columns


LEFT = (
    f"{STAMP} {ID} <= a@b.example P=local",
    f"{STAMP} {ID} => ",
    f"{STAMP} {ID} == d@e.example R=r T=t",
    f"2026-13-41 16:06:20 {ID} Completed",
    f"9999-99-99 99:99:99 {ID} Completed",
    f"{STAMP}",
    f"{STAMP} [",
    f"{STAMP} +0100",
    "\x1b[2J\u202e\u200b",
    "2026-11-21",
)


def test_what_is_no_line_is_left() -> None:
    """Half lines, dates that do not exist, bytes of nothing: unparsed, never a failure."""
    done = parse("exim", "\n".join(LEFT))
    assert (sorted(done.unparsed), done.events) == (sorted(LEFT), [])


def test_long_and_many() -> None:
    """A megabyte of subject, ten thousand recipients, quotes that nobody closes."""
    many = " ".join(f"r{number}@e.example" for number in range(10_000))
    lines = (
        f'{STAMP} {ID} <= a@b.example P=local S=3 T="{"x" * 1_000_000}" from <a@b.example> for d@e.example',
        f"{STAMP} {ID} <= a@b.example P=local S=3 from <a@b.example> for {many}",
        f'{STAMP} {ID} => "{"(" * 50_000}@e.example R=r T=t',
        f'{STAMP} {ID} => d@e.example R=r T=t C="{"(" * 50_000}',
    )
    done = parse("exim", "\n".join(lines))
    assert sum(event["event"] == "receive" for event in done.events) == 10_001
    assert len(done.unparsed) <= 1


HEAD = "Nov 20 08:00:01 mx3 exim[13]:"


def syslog(*texts: str) -> Any:
    """What becomes of texts through syslog."""
    return parse("syslog", "\n".join(f"{HEAD} {text}" for text in texts))


def test_syslog_says_server_and_time() -> None:
    """Exim's own stamp, where it stands too, is passed over."""
    done = syslog(f"{ID} Completed", f"2026-11-20 08:00:01 {ID} Completed", f"2026-11-20 08:00:01.123 +0100 [13] {ID} Completed")
    assert [(event["server"], event["internal_message_id"], event["ends"]) for event in done.events] == [("mx3", ID, True)] * 3


def test_split_texts_are_put_together() -> None:
    """In pieces of up to 870 characters; what follows a line's end are a rejected message's header fields."""
    rejected = (
        f"[1/{{}}] 2026-11-20 08:00:01 {ID} H=(x) [192.0.2.1] F=<a@b.example> rejected af",
        "[2/{}] ter DATA: spa",
    )
    main = [*(text.format(3) for text in rejected), "[3/3] m"]
    rejectlog = [*(text.format(5) for text in rejected), r"[3\5] m", r"[4\5] Envelope-to: <c@d.example>", "[5/5] P Received: from x"]
    done = syslog(*main, *rejectlog, "[2/2] a piece alone")
    (event,) = done.events
    assert (event["event"], event["said"], event["internal_message_id"]) == ("reject", "spam", ID)
    assert done.noise == {"exim/continued": 6, "exim/rejectlog": 1}
    assert [line[len(HEAD) + 1 :] for line in done.unparsed] == ["[2/2] a piece alone"]


def test_a_rejection_told_twice_is_one() -> None:
    """Exim writes it for mainlog and rejectlog; two rejections are four lines."""
    text = "H=(x) [192.0.2.1] F=<a@b.example> rejected RCPT <c@d.example>: no"
    done = syslog(*[text] * 4)
    assert (len(done.events), done.noise) == (2, {"exim/rejectlog": 2})
