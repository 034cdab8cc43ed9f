"""LDAP conversations told with real BER, made here by hand: what is found, what is refused, and by whom."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3.operation.unbind import unbind_operation

from probe import ldap_messages, ldap_pages
from probe.dialogue import Ask, Unwelcome, Upgrade, rehearse
from probe.ldap import UNBIND, dialogue, ldap_message, read
from probe.values import Check, Directory, Endpoint, Fault, FaultKind, Secret, Security
from tests.probe.transcripts import Told, tell

if TYPE_CHECKING:
    from probe.dialogue import Dialogue

DOMAIN = Directory(
    "ou=domains,dc=isp", "(associatedDomain=abc.example)", expected="ABC.example", bind_dn="cn=probe", password=Secret("hunter22")
)
CHECK = Check("abc.example/directory", "abc.example", "directory", "ldap", Endpoint("ldap.example", 389), directory=DOMAIN)
DN = b"dc=abc,ou=domains,dc=isp"
NOTICE = b"\x8a\x161.3.6.1.4.1.1466.20036"


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = bytes([len(body)]) if len(body) < 128 else b"\x82" + len(body).to_bytes(2)
    return bytes([tag]) + size + body


def said(number: int, operation: int, code: int, words: bytes = b"", *more: bytes) -> bytes:
    """Return an LDAPResult (RFC 4511, section 4.1.9)."""
    return tlv(0x30, tlv(2, bytes([number])), tlv(operation, tlv(10, bytes([code])), tlv(4), tlv(4, words), *more))


def entry(*values: bytes, dn: bytes = DN) -> bytes:
    attribute = tlv(0x30, tlv(4, b"associatedDomain"), tlv(0x31, *(tlv(4, value) for value in values)))
    return tlv(0x30, tlv(2, b"\3"), tlv(0x64, tlv(4, dn), tlv(0x30, attribute if values else b"")))


def reference(uri: bytes) -> bytes:
    return tlv(0x30, tlv(2, b"\3"), tlv(0x73, tlv(4, uri)))


STARTED, BOUND, DONE, EQUAL = said(1, 0x78, 0), said(2, 0x61, 0), said(3, 0x65, 0), said(4, 0x6F, 6)
FOUND = entry(b"abc.example")
GOOD = [BOUND, FOUND, DONE, EQUAL]


def until_unbind(check: Check) -> Dialogue:
    """Hold the conversation up to the unbind, which no reply answers."""
    talk = dialogue(check)
    move = next(talk)
    while not (isinstance(move, Ask) and move.step == "unbind"):
        try:
            move = talk.send((yield move))
        except StopIteration:  # pragma: no cover - a dialogue that does not part is a failure of its own
            pytest.fail("no unbind")
    assert move.data == UNBIND


def told(*replies: bytes, check: Check = CHECK) -> Told:
    return tell(lambda: until_unbind(check), replies)


def test_a_domain_is_looked_up_compared_and_parted_from() -> None:
    story = told(*GOOD)
    assert (story.steps, story.fault) == (["bind", "search", "compare"], None)
    assert story.readings == {"entries": 1, "dn": DN.decode()}
    assert story.sent == [
        tlv(0x30, b"\2\1\2", tlv(0x60, b"\2\1\3", tlv(4, b"cn=probe"), tlv(0x80, b"hunter22"))),
        tlv(
            0x30,
            b"\2\1\3",
            tlv(
                0x63,
                tlv(4, b"ou=domains,dc=isp"),
                b"\x0a\1\2\x0a\1\0\2\1\x0a\2\1\0\1\1\0",
                tlv(0xA3, tlv(4, b"associatedDomain"), tlv(4, b"abc.example")),
                tlv(0x30, tlv(4, b"associatedDomain")),
            ),
        ),
        tlv(0x30, b"\2\1\4", tlv(0x6E, tlv(4, DN), tlv(0x30, tlv(4, b"associatedDomain"), tlv(4, b"ABC.example")))),
    ]


def test_the_password_never_shows() -> None:
    assert told(*GOOD).shown[0] == "BindRequest cn=probe ***"


def test_the_unbind_made_by_hand_is_the_codecs() -> None:
    assert ldap_messages._message(127, "unbindRequest", unbind_operation()) == UNBIND  # type: ignore[no-untyped-call] # ldap3 has no types here


def test_starttls_comes_before_the_password() -> None:
    secure = replace(CHECK, endpoint=Endpoint("ldap.example", 389, Security.STARTTLS))
    assert told(STARTED, *GOOD, check=secure).steps == ["starttls", "tls", "bind", "search", "compare"]


def test_without_a_directory_the_steps_say_why_they_are_empty() -> None:
    story = told(BOUND, check=replace(CHECK, directory=None))
    assert story.steps == ["bind", "search", "compare"]
    assert story.readings == {"search": "no domain to look for", "compare": "no entry to compare"}
    assert story.shown == ["BindRequest anonymous"]


def test_without_a_value_expected_nothing_is_compared() -> None:
    story = told(BOUND, FOUND, DONE, check=replace(CHECK, directory=replace(DOMAIN, expected="")))
    assert (story.readings["compare"], story.fault) == ("no value to compare with", None)


def test_of_several_entries_the_one_that_holds_the_domain_is_compared() -> None:
    other = entry(b"other.example", dn=b"dc=other")
    story = told(BOUND, other, FOUND, reference(b"ldap://b/"), said(3, 0x65, 4, b"enough"), EQUAL)
    assert story.readings == {"entries": 2, "dn": DN.decode(), "referrals": "ldap://b/"}
    assert story.fault is None


def test_what_nobody_asked_for_is_passed_over() -> None:
    other_notice = said(0, 0x78, 0, b"", b"\x8a\x071.2.3.4")
    assert told(other_notice, *GOOD).fault is None


AUTH, TEMPORARY, PERMANENT, PROTOCOL = FaultKind.AUTH, FaultKind.TEMPORARY, FaultKind.PERMANENT, FaultKind.PROTOCOL
FAULTS = [
    ([said(2, 0x61, 49, b"no such luck")], AUTH, "bind", "invalidCredentials (49): no such luck"),
    ([said(2, 0x61, 8)], AUTH, "bind", "strongerAuthRequired (8)"),
    ([said(2, 0x61, 13, b"TLS first")], AUTH, "bind", "confidentialityRequired (13): TLS first"),
    ([said(2, 0x61, 51, b"try later")], TEMPORARY, "bind", "busy (51): try later"),
    ([said(2, 0x61, 52)], TEMPORARY, "bind", "unavailable (52)"),
    ([said(2, 0x61, 53)], PERMANENT, "bind", "unwillingToPerform (53)"),
    ([said(2, 0x61, 99)], PERMANENT, "bind", "unknown result (99)"),
    ([said(2, 0x61, 10, b"", tlv(0xA3, tlv(4, b"ldap://b/")))], PERMANENT, "bind", "referral (10): ldap://b/"),
    ([said(2, 0x61, 49, b"\xff\xfe")], AUTH, "bind", r"invalidCredentials (49): \xff\xfe"),
    ([BOUND, said(3, 0x65, 32)], PERMANENT, "search", "noSuchObject (32)"),
    ([BOUND, said(3, 0x65, 3)], TEMPORARY, "search", "timeLimitExceeded (3)"),
    ([BOUND, DONE], PERMANENT, "search", "no entry for (associatedDomain=abc.example) under ou=domains,dc=isp"),
    ([BOUND, entry(), DONE], PERMANENT, "search", f"{DN.decode()} has no associatedDomain that we may read"),
    ([BOUND, entry(b"x.example"), DONE], PERMANENT, "search", f"{DN.decode()}: associatedDomain is x.example, not ABC.example"),
    ([BOUND, FOUND, DONE, said(4, 0x6F, 5)], PERMANENT, "compare", f"{DN.decode()}: associatedDomain is not ABC.example: compareFalse (5)"),
    ([BOUND, FOUND, DONE, said(4, 0x6F, 16)], PERMANENT, "compare", "noSuchAttribute (16)"),
    ([said(0, 0x78, 52, b"bye", NOTICE)], TEMPORARY, "bind", "notice of disconnection: unavailable (52): bye"),
    ([BOUND, FOUND, said(0, 0x78, 2, b"", NOTICE)], PERMANENT, "search", "notice of disconnection: protocolError (2)"),
    ([said(9, 0x61, 0)], PROTOCOL, "bind", "answers message 9, where 2 was asked"),
    ([said(2, 0x65, 0)], PROTOCOL, "bind", "answers with searchResDone, where bindResponse is due"),
    ([BOUND, said(3, 0x61, 0)], PROTOCOL, "search", "answers with bindResponse, where searchResDone is due"),
    ([BOUND, *([FOUND] * 100)], PROTOCOL, "search", "more than 100 replies to one search that asked for a few entries"),
    ([tlv(0x30, b"\2\1\2", tlv(0x42))], PROTOCOL, "bind", None),
    ([tlv(0x30, b"rubbish")], PROTOCOL, "bind", None),
    ([b"\x30\x80\0\0"], PROTOCOL, "bind", None),
    ([b"\x30\x84\x7f\xff\xff\xff"], PROTOCOL, "bind", "announced a message of 2147483653 bytes; the limit is 65536"),
    ([b"220 mx.example ESMTP\r\n"], PROTOCOL, "bind", "speaks SMTP or FTP, not LDAP"),
    ([b"\x15\x03\x01\0\2\2\x46"], PROTOCOL, "bind", "speaks TLS (should it be `security: tls`?), not LDAP"),
    ([b"hello"], PROTOCOL, "bind", None),
]


@pytest.mark.parametrize(("replies", "kind", "step", "words"), FAULTS)
def test_what_a_directory_can_say_instead(replies: list[bytes], kind: FaultKind, step: str, words: str | None) -> None:
    fault = told(*replies).fault
    assert fault is not None
    assert (fault.kind, fault.step) == (kind, step)
    assert fault.said.startswith("not a message of LDAP: ") if words is None else fault.said == words


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (2, FaultKind.TLS, "StartTLS: protocolError (2): no"),
        (52, FaultKind.TLS, "StartTLS: unavailable (52): no"),
        (51, TEMPORARY, "StartTLS: busy (51): no"),
    ],
)
def test_starttls_refused(code: int, kind: FaultKind, words: str) -> None:
    secure = replace(CHECK, endpoint=Endpoint("ldap.example", 389, Security.STARTTLS))
    assert told(said(1, 0x78, code, b"no"), check=secure).fault == Fault(kind, "starttls", words)


@pytest.mark.parametrize(
    ("directory", "fault"),
    [
        (replace(DOMAIN, password=None), Fault(AUTH, "bind", "no password is configured for cn=probe")),
        (
            replace(DOMAIN, password=Secret("a\1")),
            Fault(AUTH, "bind", "the password of cn=probe holds characters that SASLprep (RFC 4013) forbids"),
        ),
    ],
)
def test_a_bind_that_cannot_be_sent_is_not_sent(directory: Directory, fault: Fault) -> None:
    story = told(check=replace(CHECK, directory=directory))
    assert (story.sent, story.fault) == ([], fault)


def test_a_filter_that_is_none_is_not_the_directorys_fault() -> None:
    fault = told(BOUND, check=replace(CHECK, directory=replace(DOMAIN, filter="(a=b"))).fault
    assert fault == Fault(FaultKind.OURS, "search", "the filter (a=b is not one (RFC 4515): invalid filter")


def test_an_escaped_value_goes_out_as_itself() -> None:
    story = told(BOUND, DONE, check=replace(CHECK, directory=replace(DOMAIN, filter=r"(cn=a\2a\28\29\5c)")))
    assert tlv(0xA3, tlv(4, b"cn"), tlv(4, rb"a*()\\"[:5])) in story.sent[1]


@given(st.binary(max_size=80))
def test_any_bytes_are_a_message_or_a_fault_in_words(body: bytes) -> None:
    message = tlv(0x30, body)
    assert ldap_message(message) == len(message)
    with suppress(Unwelcome):
        assert read("bind", message).number >= 0


def test_all_replies_together_have_a_limit() -> None:
    large = entry(b"v" * 60_000)
    fault = told(BOUND, *([large] * 18)).fault
    assert fault == Fault(PROTOCOL, "search", "replies of more than 1048576 bytes to the questions of one check")


def test_a_driver_may_answer_an_upgrade_with_nothing() -> None:
    talk = dialogue(replace(CHECK, endpoint=Endpoint("ldap.example", 389, Security.STARTTLS)))
    next(talk)
    assert isinstance(talk.send(STARTED), Upgrade)
    move = next(talk)  # as the wire does
    assert isinstance(move, Ask)
    assert move.step == "bind"


def test_a_transcript_keeps_few_replies_whole() -> None:
    talk, kept = dialogue(CHECK), 0
    move = next(talk)
    for reply in [BOUND, *([entry(b"v" * 60_000)] * 17)]:
        kept += len(reply) if isinstance(move, Ask) and move.heard else 0
        move = talk.send(reply)
    assert kept < 128 << 10


def test_a_result_code_without_end_is_no_message() -> None:
    huge = tlv(0x30, b"\2\1\2", tlv(0x61, tlv(10, b"\x7f" * 3_000), tlv(4), tlv(4)))
    fault = told(huge).fault
    assert fault is not None
    assert (fault.kind, fault.step) == (PROTOCOL, "bind")
    assert "no message of LDAP" in ldap_messages.describe(huge)


ENDLESS = tlv(0xA0, tlv(0x30, tlv(4, b"1.2.840.113556.1.4.319"), tlv(4, tlv(0x30, tlv(2, b"\0"), tlv(4, b"more")))))


def page(number: int) -> bytes:
    """Return a page without entries that says that more follow."""
    return tlv(0x30, tlv(2, bytes([number])), tlv(0x65, tlv(10, b"\0"), tlv(4), tlv(4)), ENDLESS)


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [("PAGES_LIMIT", 4, "more than 4 pages, and still no end"), ("PAGES_LIMIT_BYTES", 150, "pages of more than 150 bytes")],
)
def test_pages_without_end_are_no_directory(monkeypatch: pytest.MonkeyPatch, limit: str, value: int, words: str) -> None:
    monkeypatch.setattr(ldap_pages, limit, value)
    with pytest.raises(Unwelcome) as caught:
        rehearse(ldap_pages.dialogue(CHECK, DOMAIN, ["associatedDomain"], []), [BOUND, *map(page, range(3, 9))])
    assert caught.value.fault == Fault(PROTOCOL, "search", words)


def test_a_reply_is_told_in_words() -> None:
    assert ldap_messages.describe(b"\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\x31\x04\x00\x04\x00") == "bindResponse invalidCredentials (49)"
    assert ldap_messages.describe(b"\x30\x03\x02\x01").startswith("4 bytes that are no message of LDAP: ")
