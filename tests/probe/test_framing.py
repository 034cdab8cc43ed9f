"""Framings: where the first whole reply ends; what can never become one is refused at once, another protocol by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.dialogue import Unwelcome, refuse
from probe.framing import (
    REPLY_LIMIT_BYTES,
    at_step,
    imap_any,
    imap_continuation,
    imap_greeting,
    imap_tagged,
    pop3_challenge,
    pop3_line,
    pop3_multiline,
    smtp_reply,
)
from probe.values import FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.dialogue import Framing


def tagged() -> Framing:
    return imap_tagged(b"a1")


def continuation() -> Framing:
    return imap_continuation(b"a1")


def unasked() -> Framing:
    return imap_any(b"a1")


def _smtp() -> Framing:
    return smtp_reply


def _line() -> Framing:
    return pop3_line


def _challenge() -> Framing:
    return pop3_challenge


def _greeting() -> Framing:
    return imap_greeting


WHOLE: list[tuple[Callable[[], Framing], bytes]] = [  # framing, one whole reply
    (_smtp, b"220 mx.example ESMTP\r\n"),
    (_smtp, b"250\r\n"),
    (_smtp, b"250 \r\n"),
    (_smtp, b"250 bare line feed\n"),
    (_smtp, b"250-mx.example\r\n250-SIZE 1000\r\n250-\r\n250 HELP\r\n"),
    (_smtp, b"250-250 in the text\r\n250-X-\xe4\xf6\xfc 8 bit\r\n250 2.0.0 Ok\r\n"),
    (_smtp, b"550-5.1.1 first code\r\n554 5.1.1 then another: not for a framing to judge\r\n"),
    (_line, b"+OK POP3 ready <1896.697170952@dbc.mtview.ca.us>\r\n"),
    (_line, b"-ERR [AUTH] no\r\n"),
    (_line, b"+OK\r\n"),
    (_challenge, b"+ \r\n"),
    (_challenge, b"+\r\n"),
    (_challenge, b"+ dGVzdA==\r\n"),
    (_challenge, b"+OK Logged in.\r\n"),
    (_challenge, b"-ERR no\r\n"),
    (pop3_multiline, b"-ERR no such message\r\n"),
    (pop3_multiline, b"+OK\r\n.\r\n"),
    (pop3_multiline, b"+OK 2 messages\r\n1 120\r\n2 200\r\n.\r\n"),
    (pop3_multiline, b"+OK\r\nSubject: x\r\n\r\n..\r\n.. dots\r\n a .\r\n.\r\n"),
    (pop3_multiline, b"+OK\r\nbare\n.\r\nis no end\r\n.\r\n"),
    (_greeting, b"* OK [CAPABILITY IMAP4rev1] ready\r\n"),
    (_greeting, b"* ok ready {5}\r\n"),
    (_greeting, b"* PREAUTH hello\r\n"),
    (_greeting, b"* BYE too many\r\n"),
    (_greeting, b"* OK\r\n"),
    (tagged, b"a1 OK done\r\n"),
    (tagged, b"a1 OK bare\n"),
    (tagged, b"a1 NO text that ends in braces {5}\r\n"),
    (tagged, b"* OK text that ends in braces {5}\r\na1 OK\r\n"),
    (tagged, b"* 3 EXISTS\r\n* 1 RECENT\r\n* NO over quota soon\r\na1 OK done\r\n"),
    (tagged, b"* BYE shutting down\r\n"),
    (tagged, b"* 3 EXISTS\r\n* bye shutting down\r\n"),
    (tagged, b"* BYELAW is another word\r\na1 OK\r\n"),
    (tagged, b"* 1 FETCH (BODY[] {17}\r\na1 OK inside\r\n)\r\n UID 7)\r\na1 OK done\r\n"),
    (tagged, b"* 1 FETCH (BODY[] {17+}\r\na1 OK inside\r\n)\r\n UID 7)\r\na1 OK done\r\n"),
    (tagged, b"* 1 FETCH (X {0}\r\n Y {3}\r\n\r\n\r {2}\r\na1)\r\na1 OK done\r\n"),
    (tagged, b'* LIST () "/" "braces{3}"\r\na1 OK done\r\n'),
    (tagged, b'* LIST () "/" {8}\r\na1 OK no\r\na1 OK done\r\n'),
    (tagged, b"* STATUS {3}\r\na\r\n (MESSAGES 1)\r\n* 4 EXISTS\r\na1 BAD what\r\n"),
    (tagged, b"* OK \xe4\xf6\xfc 8 bit\r\na1 OK\r\n"),
    (tagged, b"* X {99999999999999999999999999999999999}\r\na1 OK\r\n"),
    (continuation, b"+ \r\n"),
    (continuation, b"+ idling {4}\r\n"),
    (continuation, b"* 3 EXISTS\r\n+ go on\r\n"),
    (continuation, b"a1 NO no\r\n"),
    (continuation, b"* BYE\r\n"),
    (unasked, b"* 3 EXISTS\r\n"),
    (unasked, b"* 1 FETCH (X {3}\r\n\r\n\r)\r\n"),
    (unasked, b"a1 OK done\r\n"),
    (unasked, b"* BYE\r\n"),
    (unasked, b"+ still here\r\n"),
]


@pytest.mark.parametrize(("make", "reply"), WHOLE)
def test_a_reply_ends_where_it_ends_however_it_arrives(make: Callable[[], Framing], reply: bytes) -> None:
    for behind in (b"", b"\0", b"* 9 EXISTS\r\na1 OK\r\n", b"+OK\r\n.\r\n", b"250 \r\n"):
        assert make()(reply + behind) == len(reply)
    framing = make()
    for end in range(len(reply)):
        assert framing(reply[:end]) is None
    assert framing(reply) == len(reply)


@pytest.mark.parametrize(("make", "reply"), WHOLE)
def test_one_framing_serves_a_whole_exchange(make: Callable[[], Framing], reply: bytes) -> None:
    framing = make()
    assert [framing(reply[:-1]), framing(reply), framing(reply[:-1]), framing(reply)] == [None, len(reply)] * 2


@given(st.sampled_from(WHOLE), st.data())
def test_any_split_gives_the_same_end(case: tuple[Callable[[], Framing], bytes], data: st.DataObject) -> None:
    make, reply = case
    cuts = data.draw(st.lists(st.integers(0, len(reply) - 1), max_size=8).map(sorted))
    framing = make()
    assert [framing(reply[:cut]) for cut in cuts] == [None] * len(cuts)
    assert framing(reply) == len(reply)


REFUSED: list[tuple[Callable[[], Framing], bytes, str]] = [  # framing, what comes, what is said of it
    (_smtp, b"garbage\r\nmore", "not a reply of SMTP: garbage"),
    (_smtp, b"9", "not a reply of SMTP: 9"),
    (_smtp, b"250x", "not a reply of SMTP: 250x"),
    (_smtp, b"199 no\r\n", "not a reply of SMTP: 199 no"),
    (_smtp, b"250-first\r\nsecond", "not a reply of SMTP: second"),
    (_smtp, b"\xff\xfe", "not a reply of SMTP: \\xff\\xfe"),
    (_smtp, b"* OK IMAP ready\r\n", "speaks IMAP, not SMTP"),
    (_smtp, b"+OK ready\r\n", "speaks POP3, not SMTP"),
    (_smtp, b"HTTP/1.1 400 Bad Request\r\n", "speaks HTTP, not SMTP"),
    (_smtp, b"\x15\x03\x01\x00\x02\x02\x46", "speaks TLS (should it be `security: tls`?), not SMTP"),
    (_line, b"\x16\x03\x01\x02\x00", "speaks TLS (should it be `security: tls`?), not POP3"),
    (_line, b"SSH-2.0-OpenSSH_9.2\r\n", "speaks SSH, not POP3"),
    (_line, b"+ \r\n", "not a reply of POP3: +"),
    (_line, b"+OX\r\n", "not a reply of POP3: +OX"),
    (_challenge, b"+x", "not a reply of POP3: +x"),
    (pop3_multiline, b"* OK ", "speaks IMAP, not POP3"),
    (_greeting, b"220 mx.example ESMTP\r\n", "speaks SMTP or FTP, not IMAP"),
    (_greeting, b"220-mx.example ESMTP\r\n", "speaks SMTP or FTP, not IMAP"),
    (_greeting, b"+OK ready\r\n", "speaks POP3, not IMAP"),
    (_greeting, b"* NO\r\n", "not a reply of IMAP: * NO"),
    (_greeting, b"a1 OK\r\n", "not a reply of IMAP: a1 OK"),
    (tagged, b"a2 OK another tag\r\n", "not a reply of IMAP: a2 OK another tag"),
    (tagged, b"* 1 EXISTS\r\nb", "not a reply of IMAP: b"),
    (tagged, b"+ more?\r\n", "not a reply of IMAP: + more?"),
    (tagged, b"*\r\n", "not a reply of IMAP: *"),
    (tagged, b"* X {1048577}\r\n", "announced a literal of 1048577 bytes; the limit is 1048576"),
    (unasked, b"HTTP/1.0 200 OK\r\n", "speaks HTTP, not IMAP"),
]


@pytest.mark.parametrize(("make", "came", "said"), REFUSED)
def test_what_can_not_become_a_reply_is_refused_in_plain_words(make: Callable[[], Framing], came: bytes, said: str) -> None:
    with pytest.raises(Unwelcome) as caught:
        make()(came)
    assert (caught.value.fault.kind, caught.value.fault.step, caught.value.fault.said) == (FaultKind.PROTOCOL, "", said)


def test_a_literal_that_the_limit_allows_is_awaited() -> None:
    assert tagged()(b"* X {%d}\r\n" % REPLY_LIMIT_BYTES) is None


def test_another_protocol_is_awaited_until_it_has_said_its_name() -> None:
    assert smtp_reply(b"HTT") is None
    with pytest.raises(Unwelcome, match="speaks HTTP"):
        smtp_reply(b"HTTP/")


def test_the_driver_tells_the_step_that_a_framing_can_not_know() -> None:
    unknown = refuse(FaultKind.PROTOCOL, "", "x")
    known = refuse(FaultKind.TLS, "starttls", "x")
    assert at_step(unknown, "hello").fault.step == "hello"
    assert at_step(known, "hello") is known


def test_what_was_looked_through_is_not_looked_through_again() -> None:
    class Watched(bytes):
        """Counts the bytes that are searched for a line's end."""

        looked = 0

        def find(self, sub: bytes, start: int = 0, end: int | None = None) -> int:  # type: ignore[override] # counts calls, takes fewer forms
            found = super().find(sub, start, len(self) if end is None else end)
            Watched.looked += (len(self) if found < 0 else found) - start
            return found

    for make, head in ((tagged, b"* X "), (pop3_multiline, b"+OK\r\n")):
        Watched.looked = 0
        flood = head + b"x" * 100_000
        framing = make()
        for end in range(1000, len(flood), 1000):
            framing(Watched(flood[:end]))
        assert Watched.looked < 3 * len(flood)
