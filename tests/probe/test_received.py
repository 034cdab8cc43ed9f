"""`Received` headers: what each server writes, and the hops that may be concluded from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.received import MOST, relays

SENT = datetime(2026, 11, 21, 8, 0, 0, 400_000, tzinfo=UTC)
ARRIVED = SENT + timedelta(seconds=20)
DATE = "Sat, 21 Nov 2026 08:00:05 +0000"

# header -> server, by, id, protocol
VARIANTS: dict[str, tuple[str, tuple[str | None, str | None, str | None, str | None]]] = {
    "postfix": (
        f"""from out.abc.example (gw.abc.example [192.0.2.7])
	(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
	key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)
	(No client certificate requested)
	by mx1.xyz.example (Postfix) with ESMTPS id 4jW76S0sf8zRhS4
	for <probe@xyz.example>; {DATE} (UTC)""",
        ("gw.abc.example", "mx1.xyz.example", "4jW76S0sf8zRhS4", "ESMTPS"),
    ),
    "postfix, no name found": (
        f"from forged.example (unknown [192.0.2.7]) by mx1.xyz.example (Postfix) with ESMTP id 9F3B1; {DATE}",
        ("192.0.2.7", "mx1.xyz.example", "9F3B1", "ESMTP"),
    ),
    "postfix, from loopback": (
        f"from hub.xyz.example (localhost [127.0.0.1]) by edge.xyz.example (Postfix) with ESMTP id 9F3B1; {DATE}",
        ("hub.xyz.example", "edge.xyz.example", "9F3B1", "ESMTP"),
    ),
    "postfix, local": (f"by mx1.xyz.example (Postfix, from userid 0) id 9F3B1; {DATE}", (None, "mx1.xyz.example", "9F3B1", None)),
    "postfix, ipv6": (
        f"from a.example (unknown [IPv6:2001:db8::25]) by mx1.xyz.example (Postfix) with ESMTP id 9F3B1; {DATE}",
        ("2001:db8::25", "mx1.xyz.example", "9F3B1", "ESMTP"),
    ),
    "exim": (
        f"""from [192.0.2.7]:40712 (helo=out.abc.example) by mx.xyz.example with esmtps  (TLS1.3) tls TLS_AES_256_GCM_SHA384
 (Exim 4.98) (envelope-from <a@abc.example>) id 1tDcZn-000000003Nq-1abc for probe@xyz.example; {DATE}""",
        ("192.0.2.7", "mx.xyz.example", "1tDcZn-000000003Nq-1abc", "esmtps"),
    ),
    "exim, own net": (
        f"from [10.0.0.7] (helo=hub.xyz.example) by mx.xyz.example with esmtp (Exim 4.98) id 1tDcZn-0001; {DATE}",
        ("hub.xyz.example", "mx.xyz.example", "1tDcZn-0001", "esmtp"),
    ),
    "exim, helo first": (
        f"from out.abc.example ([192.0.2.7]:40712 helo=x) by mx.xyz.example with esmtp (Exim 4.98) id 1tDcZn-0001; {DATE}",
        ("192.0.2.7", "mx.xyz.example", "1tDcZn-0001", "esmtp"),
    ),
    "sendmail": (
        f"""from out.abc.example (IDENT:root@gw.abc.example [192.0.2.7])
	by mx.xyz.example (8.17.1/8.17.1) with ESMTPS id 4AL8051P012345
	(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NO)
	for <probe@xyz.example>; {DATE}""",
        ("gw.abc.example", "mx.xyz.example", "4AL8051P012345", "ESMTPS"),
    ),
    "sendmail, may be forged": (
        f"from out.abc.example (bad.example [192.0.2.7] (may be forged)) by mx.xyz.example (8.17.1/8.17.1) with ESMTP id 4AL80; {DATE}",
        ("192.0.2.7", "mx.xyz.example", "4AL80", "ESMTP"),
    ),
    "exchange frontend": (
        f"""from HUB1.xyz.example (10.1.1.5) by EX1.xyz.example (10.1.1.6) with Microsoft SMTP
 Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.1.2507.35 via Frontend Transport; {DATE}""",
        ("HUB1.xyz.example", "EX1.xyz.example", None, "Microsoft SMTP Server"),
    ),
    "exchange mapi": (
        f"from EX1.xyz.example ([fe80::1%3]) by EX1.xyz.example ([::1]) with mapi id 14.03.0123.003; {DATE}",
        ("EX1.xyz.example", "EX1.xyz.example", None, "mapi"),
    ),
    "exchange 2003": (
        f"from out.abc.example ([192.0.2.7]) by mail.xyz.example with Microsoft SMTPSVC(6.0.3790.4675); {DATE}",
        ("192.0.2.7", "mail.xyz.example", None, "Microsoft SMTPSVC"),
    ),
    "gmail, own": (
        f"by 2002:a05:6a10:1234:b0:5a:7c with SMTP id x9csp123; {DATE}",
        (None, "2002:a05:6a10:1234:b0:5a:7c", "x9csp123", "SMTP"),
    ),
    "gmail": (
        """from out.abc.example (out.abc.example. [192.0.2.7]) by mx.google.com with ESMTPS id y12-20020a17.5.2026.11.21
 for <probe@xyz.example> (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256); Sat, 21 Nov 2026 00:00:05 -0800 (PST)""",
        ("out.abc.example", "mx.google.com", "y12-20020a17.5.2026.11.21", "ESMTPS"),
    ),
    "gmail, security note": (
        f"""from mail-a.google.com (mail-a.google.com. [192.0.2.41]) by mx.google.com with SMTPS id z
 for <p@x.example> (Google Transport Security); {DATE}""",
        ("mail-a.google.com", "mx.google.com", "z", "SMTPS"),
    ),
    "dovecot lmtp": (
        f"""from edge.xyz.example ([127.0.0.1]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))
	by imap.xyz.example with LMTP id yKcyJ5VJX2f+GwAA0J78UA:T2 (envelope-from <a@abc.example>) for <probe@xyz.example>; {DATE}""",
        ("edge.xyz.example", "imap.xyz.example", "yKcyJ5VJX2f+GwAA0J78UA:T2", "LMTP"),
    ),
    "qmail, local": ("(qmail 6338 invoked by uid 399); 21 Nov 2026 08:00:05 -0000", (None, None, None, None)),
    "qmail": (
        "from unknown (HELO out.abc.example) (192.0.2.7) by mx.xyz.example with SMTP; 21 Nov 2026 08:00:05 -0000",
        ("192.0.2.7", "mx.xyz.example", None, "SMTP"),
    ),
    "qmail, own net": (
        "from unknown (HELO hub.xyz.example) (10.0.0.7) by mx.xyz.example with SMTP; 21 Nov 2026 08:00:05 -0000",
        ("hub.xyz.example", "mx.xyz.example", None, "SMTP"),
    ),
    "amavis": (
        f"""from mx1.xyz.example ([127.0.0.1]) by localhost (mx1.xyz.example [127.0.0.1])
 (amavisd-new, port 10024) with ESMTP id AbC-dEf_12 for <p@x.example>; {DATE}""",
        ("mx1.xyz.example", "mx1.xyz.example", "AbC-dEf_12", "ESMTP"),
    ),
    "by localhost alone": (
        f"from a (b.example [192.0.2.1]) by localhost (localhost [127.0.0.1]) with SMTP; {DATE}",
        ("b.example", "localhost", None, "SMTP"),
    ),
    "oracle": (
        f"""from out.abc.example ([192.0.2.7]) by ms.xyz.example
 (Oracle Communications Messaging Server 8.1.0.1.20180906 64bit (built Sep  6 2018))
 with ESMTPS id <0TNX00A1BCDEFG00@ms.xyz.example> for probe@xyz.example; {DATE}""",
        ("192.0.2.7", "ms.xyz.example", "0TNX00A1BCDEFG00@ms.xyz.example", "ESMTPS"),
    ),
    "semicolon in a comment": (
        f"from a.example (b.example [192.0.2.1]; x) by c.example (v1; y) with SMTP id 1; {DATE}",
        ("b.example", "c.example", "1", "SMTP"),
    ),
    "comment in a comment, quoted": (
        f"from a.example (b.example [192.0.2.1] (x \\) y)) by c.example with SMTP; {DATE}",
        ("b.example", "c.example", None, "SMTP"),
    ),
    "parenthesis never closed": (
        f"from a.example (b.example [192.0.2.1] by c.example with SMTP id 1; {DATE}",
        ("a.example", "c.example", "1", "SMTP"),
    ),
    "parenthesis never opened": (f"from a.example) by c.example with SMTP id 1; {DATE}", ("a.example", "c.example", "1", "SMTP")),
    "two dates": (
        f"from a.example by c.example with SMTP id 1; Fri, 20 Nov 2026 08:00:05 +0000; {DATE}",
        ("a.example", "c.example", "1", "SMTP"),
    ),
    "no semicolon": (f"from a.example by c.example with SMTP {DATE}", ("a.example", "c.example", None, f"SMTP {DATE}")),
    "8-bit": (f"from b\u00e4r.example by c.example with SMTP id 1; {DATE}", ("b\u00e4r.example", "c.example", "1", "SMTP")),
    "words without meaning": (f"hello by c.example with SMTP; {DATE}", (None, "c.example", None, "SMTP")),
    "no ip in brackets": (f"from a.example ([not.an.ip]) by c.example; {DATE}", ("a.example", "c.example", None, None)),
    "ip that is none": (f"from a.example ([999.1.1.1]) by c.example; {DATE}", ("a.example", "c.example", None, None)),
    "nobody told, own net": (f"from (10.0.0.1) by c.example; {DATE}", ("10.0.0.1", "c.example", None, None)),
    "empty id": (f"from a.example by c.example with SMTP id ; {DATE}", ("a.example", "c.example", None, "SMTP")),
}


def header(*fields: str) -> bytes:
    return "".join("Received: " + field.replace("\n", "\r\n") + "\r\n" for field in fields).encode() + b"Subject: x\r\n\r\n"


@pytest.mark.parametrize(("field", "expected"), VARIANTS.values(), ids=VARIANTS.keys())
def test_reads_what_this_server_writes(field: str, expected: tuple[str | None, ...]) -> None:
    (relay,) = relays(header(field), SENT, ARRIVED)
    assert (relay.server, relay.by, relay.id, relay.protocol) == expected
    assert relay.received_at == datetime(2026, 11, 21, 8, 0, 5, tzinfo=UTC)
    assert (relay.seconds, relay.note, relay.clock_offset_seconds) == (None, "", 0.0)


def test_a_shadow_copy_is_noted() -> None:
    field = f"from a.example (10.1.1.5) by b.example (10.1.1.6) with ShadowRedundancy id 15.1.2507.35; {DATE}"
    (relay,) = relays(header(field), SENT, ARRIVED)
    assert (relay.note, relay.id) == ("a shadow copy sent again: late, perhaps twice", None)


def stamped(by: str, date: str) -> str:
    return f"from peer.example by {by} with SMTP; {date}"


def at(seconds: float) -> str:
    return (SENT + timedelta(seconds=seconds)).strftime("%d %b %Y %H:%M:%S +0000")


OLD, NEW = "mx.example", "hub.example"
# (stamp of the older, stamp of the newer, its server) -> seconds, note of the newer
HOPS: dict[str, tuple[str, str, str, float | None, str]] = {
    "in order": (at(1), at(9), NEW, 8.0, ""),
    "within one second": (at(1), at(1), NEW, 0.0, ""),
    "other zone": (at(1), "21 Nov 2026 00:00:09 -0800 (PST)", NEW, 8.0, ""),
    "wrong way round": (at(9), at(8), NEW, None, "stamped earlier than the hop before: their clocks differ"),
    "one clock, set back": (at(9), at(8), OLD, None, "stamped earlier than the hop before: their clocks differ"),
    "before without a date": ("", at(9), NEW, None, "the hop before states no time"),
    "without a date": (at(1), "", NEW, None, "states no date that can be read"),
    "neither": ("", "", NEW, None, "states no date that can be read"),
    "zone not known": (at(1), "21 Nov 2026 08:00:09 XYZ", NEW, None, "its time zone 'XYZ' is not known"),
    "no seconds": (at(1), "21 Nov 2026 08:00 +0000", NEW, None, "no seconds are written"),
    "an hour ahead": (at(1), at(3605), NEW, None, "its clock is 3595.1 s ahead of ours, give or take 10.5 s"),
    "23 hours behind": (at(1), at(-82_800), NEW, None, "its clock is 82809.9 s behind ours, give or take 10.5 s"),
    "before was ahead": (at(3605), at(9), NEW, None, "the clock of the hop before is wrong"),
    "one clock, ahead": (at(3601), at(3609), OLD, 8.0, "its clock is 3599.1 s ahead of ours, give or take 10.5 s"),
    "half a second ahead": (at(1), at(20.9), NEW, 20.0, ""),
}


@pytest.mark.parametrize(("old", "new", "by", "seconds", "note"), HOPS.values(), ids=HOPS.keys())
def test_a_hop_has_its_seconds_or_the_reason_why_not(old: str, new: str, by: str, seconds: float | None, note: str) -> None:
    older, newer = relays(header(stamped(by, new), stamped(OLD, old)), SENT, ARRIVED)
    assert (older.by, newer.by) == (OLD, by)
    assert (newer.seconds, newer.note) == (seconds, note)
    assert older.seconds is None


def test_hops_of_servers_without_a_name_are_two_clocks() -> None:
    older, newer = relays(header(f"(qmail 2); {at(3609)}", f"(qmail 1); {at(3601)}"), SENT, ARRIVED)
    assert (older.seconds, newer.seconds) == (None, None)


@pytest.mark.parametrize("off", [-86_400.0, -300.0, -30.0, 30.0, 300.0, 5_000_000.0])
def test_the_offset_of_a_wrong_clock_lies_within_its_error(off: float) -> None:
    for true in (0.0, 3.7, 20.0):
        (relay,) = relays(header(stamped(NEW, at(true + off))), SENT, ARRIVED)
        assert relay.clock_offset_seconds is not None
        assert relay.clock_error_seconds is not None
        assert 10.4 < relay.clock_error_seconds < 10.6
        assert abs(relay.clock_offset_seconds - off) <= relay.clock_error_seconds


def test_a_clock_within_what_we_know_is_taken_for_right_with_its_error() -> None:
    (relay,) = relays(header(stamped(NEW, at(5.6))), SENT, ARRIVED)
    assert relay.clock_offset_seconds == 0.0
    assert relay.clock_error_seconds == pytest.approx(14.4)


def test_a_pair_of_exchange_roles_on_one_host_is_two_hops() -> None:
    template = "from {0} (10.1.1.6) by EX1.xyz.example (10.1.1.6) with Microsoft SMTP Server id 15.1.2507.35 via {1}; {2}"
    hops = relays(
        header(template.format("EX1.xyz.example", "Mailbox Transport", at(4)), template.format("HUB1", "Frontend Transport", at(2))),
        SENT,
        ARRIVED,
    )
    assert [(hop.server, hop.by, hop.seconds) for hop in hops] == [
        ("HUB1", "EX1.xyz.example", None),
        ("EX1.xyz.example", "EX1.xyz.example", 2.0),
    ]


def test_hundreds_of_headers_are_cut_to_the_newest() -> None:
    fields = [stamped(f"s{number}.example", at(5)) for number in range(MOST + 100)]
    hops = relays(header(*fields), SENT, ARRIVED)
    assert len(hops) == MOST
    assert hops[-1].by == "s0.example"


def test_no_header_is_no_hop_and_other_names_do_not_count() -> None:
    assert relays(b"X-Received: by a.example; x\r\n\r\nReceived: from a by b; c\r\n", SENT, ARRIVED) == ()


def test_names_without_end_are_cut() -> None:
    (relay,) = relays(header(f"from {'a' * 20_000} by b; {DATE}"), SENT, ARRIVED)
    assert relay.server == "a" * 255


@given(st.lists(st.text(alphabet=' ();\\"[]:.,+-abyfromwithid0123456789\t\u00e4', max_size=120), max_size=4))
def test_whatever_comes_no_hop_is_negative(fields: list[str]) -> None:
    for relay in relays(header(*(f"from x by y {field}; {DATE}" for field in fields)), SENT, ARRIVED):
        assert relay.seconds is None or relay.seconds >= 0


def test_no_word_of_a_header_commands_a_terminal() -> None:
    evil = "\x1b[2J"
    header = f"Received: from {evil}a.example by {evil}mx.example with {evil}SMTP id {evil}7; {DATE}\r\n\r\n".encode()
    (relay,) = relays(header, SENT, ARRIVED)
    shown = r"\x1b[2J"
    assert (relay.server, relay.by, relay.protocol, relay.id) == (f"{shown}a.example", f"{shown}mx.example", f"{shown}SMTP", f"{shown}7")
