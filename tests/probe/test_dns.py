"""Questions to name servers and what they can answer, as real messages made with dnspython's server side."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from dns import flags, message, rcode, rrset
from hypothesis import given
from hypothesis import strategies as st

from probe.dialogue import Ask, Dialogue, Note, Unwelcome, rehearse
from probe.dns import address_dialogue, dialogue
from probe.values import Check, Endpoint, Fault, FaultKind, Question, Reading

CHECK = Check("abc.example/dns", "abc.example", "dns", "dns", Endpoint("127.0.0.1", 53))
ID = 7
MX = ("abc.example.", "MX", "20 b.abc.example.", "10 mx.abc.example.")
BROKEN = "the server failed: its zone is broken, or it cannot reach or verify the zone's own servers"


def reply(*records: tuple[str, ...], name: str = "abc.example", kind: str = "MX", code: int = 0, flag: int = 0, ttl: int = 300) -> bytes:
    """Return a name server's reply: each record is a name, a type, and texts of data."""
    answer = message.make_response(message.make_query(name, kind, id=ID))
    answer.flags |= flag
    answer.set_rcode(rcode.Rcode(code))
    answer.answer = [rrset.from_text(owner, ttl - at, "IN", one, *texts) for at, (owner, one, *texts) in enumerate(records)]
    return answer.to_wire()


def ask(question: Question | None = None) -> Dialogue:
    return dialogue(replace(CHECK, question=question), b"", ID)


def readings(talk: Dialogue, *replies: bytes) -> dict[str, Reading]:
    """Answer with whole datagrams (nothing else can arrive) and return what was read."""
    return {move.name: move.value for move in rehearse(talk, list(replies)) if isinstance(move, Note)}


def fault(talk: Dialogue, *replies: bytes) -> Fault:
    with pytest.raises(Unwelcome) as unwelcome:
        rehearse(talk, list(replies))
    return unwelcome.value.fault


def test_the_question_is_the_mx_of_the_domain_unless_configured() -> None:
    first = next(ask())
    assert isinstance(first, Ask)
    assert (first.step, first.shown) == ("query", "abc.example MX?")
    assert first.data == b"\0\7\1\0\0\1\0\0\0\0\0\1\3abc\7example\0\0\x0f\0\1\0\0\x29\4\xd0\0\0\0\0\0\0"
    assert first.framing(b"a datagram") == 10


def test_without_a_number_every_query_has_one_of_its_own() -> None:
    moves = [next(dialogue(CHECK)) for _ in range(20)]
    assert len({move.data[:2] for move in moves if isinstance(move, Ask)}) > 10


def test_answers_and_flags_are_readings() -> None:
    assert readings(ask(), reply(MX, flag=flags.AA)) == {
        "authoritative": True,
        "truncated": False,
        "answers": "10 mx.abc.example., 20 b.abc.example.",
        "ttl": 300,
    }


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("A", "192.0.2.1"),
        ("AAAA", "2001:db8::1"),
        ("TXT", '"v=spf1 -all"'),
        ("SRV", "0 1 993 imap.abc.example."),
        ("TLSA", "3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
    ],
)
def test_every_type_of_question_is_answered_in_text(kind: str, text: str) -> None:
    name = "_993._tcp.abc.example"
    said = readings(ask(Question(name, kind)), reply((f"{name}.", kind, text), name=name, kind=kind))
    assert said["answers"] == text


def test_a_chain_of_cnames_is_followed_within_the_answer() -> None:
    chain = reply(("abc.example.", "CNAME", "b.example."), ("b.example.", "CNAME", "c.example."), ("c.example.", "MX", "5 d."))
    said = readings(ask(), chain)
    assert (said["cname"], said["answers"], said["ttl"]) == ("c.example.", "5 d.", 298)


FAULTS = [
    (reply(code=3), FaultKind.PERMANENT, "NXDOMAIN for MX of abc.example: there is no such name"),
    (reply(code=2), FaultKind.TEMPORARY, f"SERVFAIL for MX of abc.example: {BROKEN}"),
    (reply(code=5), FaultKind.PERMANENT, "REFUSED for MX of abc.example: the server refuses to answer us, or does not hold this zone"),
    (reply(code=9), FaultKind.PERMANENT, "NOTAUTH for MX of abc.example: the server says no"),
    (reply(), FaultKind.PERMANENT, "no MX for abc.example"),
    (
        reply(flag=flags.TC),
        FaultKind.PERMANENT,
        "no MX for abc.example in the part that came: the answer does not fit into one datagram",
    ),
    (b"\0\x08" + reply(MX)[2:], FaultKind.PROTOCOL, "its reply is not one to our question: id 8, abc.example. IN MX"),
    (reply(name="x.example"), FaultKind.PROTOCOL, "its reply is not one to our question: id 7, x.example. IN MX"),
    (
        message.make_query("abc.example", "MX", id=ID).to_wire(),
        FaultKind.PROTOCOL,
        "its reply is not one to our question: id 7, abc.example. IN MX",
    ),
    (b"hello", FaultKind.PROTOCOL, "not a message of DNS (The DNS packet passed to from_wire() is too short.): 5 bytes, b'hello'"),
    (reply(MX) + b"x", FaultKind.PROTOCOL, None),
    (reply(MX)[:-30], FaultKind.PROTOCOL, None),
    (
        reply(("abc.example.", "CNAME", "b.example."), ("b.example.", "CNAME", "abc.example.")),
        FaultKind.PROTOCOL,
        None,
    ),
]


@pytest.mark.parametrize(("said", "kind", "words"), FAULTS, ids=map(str, range(len(FAULTS))))  # records of a set have no order
def test_what_a_name_server_can_say_instead(said: bytes, kind: FaultKind, words: str | None) -> None:
    what = fault(ask(), said)
    assert (what.kind, what.step) == (kind, "query")
    assert what.said.startswith(("not a message of DNS (", "its CNAMEs lead nowhere: ")) if words is None else what.said == words


def test_a_question_that_cannot_be_asked_is_not_the_servers_fault() -> None:
    what = fault(ask(Question("abc..example")))
    assert (what.kind, what.said) == (FaultKind.OURS, "abc..example MX cannot be asked: A DNS label is empty.")


# --- the wire's own step `resolve`


def test_an_address_is_the_first_a_whatever_order_the_server_gives() -> None:
    for texts in (("192.0.2.2", "192.0.2.1"), ("192.0.2.1", "192.0.2.2")):
        said = reply(("abc.example.", "A", *texts), kind="A")
        assert readings(address_dialogue("abc.example", ID), said) == {"address": "192.0.2.1"}


def test_an_address_is_an_aaaa_where_there_is_no_a() -> None:
    said = reply(("abc.example.", "AAAA", "2001:db8::1"), kind="AAAA")
    assert readings(address_dialogue("abc.example", ID), reply(kind="A"), said) == {"address": "2001:db8::1"}


def test_no_address_at_all() -> None:
    what = fault(address_dialogue("abc.example", ID), reply(kind="A"), reply(kind="AAAA"))
    assert what == Fault(FaultKind.PERMANENT, "resolve", "abc.example has no address, neither A nor AAAA")


def test_a_name_that_does_not_exist() -> None:
    what = fault(address_dialogue("abc.example", ID), reply(kind="A", code=3))
    assert what == Fault(FaultKind.PERMANENT, "resolve", "NXDOMAIN for A of abc.example: there is no such name")


@given(st.binary(max_size=120))
def test_any_datagram_is_an_answer_or_a_fault(said: bytes) -> None:
    with suppress(Unwelcome):
        rehearse(ask(), [said])
    with suppress(Unwelcome):
        rehearse(ask(), [reply(MX)[:40] + said])
