"""The test message: clean enough for every server, ours beyond doubt, and honest about what was changed on the way."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.message import HEADER_LIMIT_BYTES, Letter, build, header_fields, read, recognise, split, token_of

KEY = b"0123456789abcdef0123456789abcdef"
AT = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
LETTER = Letter("probe@abc.example", "probe@xyz.example", "00112233445566778899aabbccddeeff", AT)
RAW = build(LETTER, KEY).raw
HEAD, BODY = split(RAW)
LONG = Letter(f"{'a' * 64}@{'b' * 60}.{'c' * 60}.example", '"odd; (box) \\" here"@[IPv6:::1]', LETTER.token, AT)


@pytest.mark.parametrize("letter", [LETTER, LONG, replace(LETTER, at=AT.astimezone(timezone(timedelta(hours=5, minutes=30))))])
def test_is_clean_to_the_standard_parser(letter: Letter) -> None:
    message = build(letter, KEY)
    parsed = email.message_from_bytes(message.raw, policy=email.policy.SMTP.clone(raise_on_defect=True))
    assert parsed["Date"].datetime == AT
    assert parsed["From"].addresses[0].addr_spec.replace(" ", "") == letter.sender.replace(" ", "")
    assert parsed["Message-ID"].strip() == message.message_id
    assert (parsed["Auto-Submitted"], parsed["MIME-Version"]) == ("auto-generated", "1.0")
    assert parsed.get_content_type() == "text/plain"
    assert not parsed.defects


def test_has_only_short_seven_bit_lines_that_end_with_crlf() -> None:
    assert RAW.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", RAW)
    assert max(map(len, RAW.split(b"\r\n"))) <= 76
    assert RAW.endswith(b"\r\n")
    assert b"\r\n.\r\n" not in RAW
    assert b"\nFrom " not in RAW


def test_has_each_header_once() -> None:
    names = [line.partition(b":")[0].lower() for line in HEAD.split(b"\r\n") if not line.startswith(b" ")]
    assert len(names) == len(set(names))
    assert {b"date", b"from", b"to", b"subject", b"message-id", b"mime-version", b"auto-submitted", b"x-mailsonde"} <= set(names)


def test_is_the_same_for_the_same_letter_so_that_a_retry_is_the_same_message() -> None:
    assert build(LETTER, KEY) == build(LETTER, KEY)


def test_message_id_carries_the_token() -> None:
    assert build(LETTER, KEY).message_id == "<mailsonde.00112233445566778899aabbccddeeff@abc.example>"
    assert token_of(f"References: {LETTER.message_id}") == LETTER.token
    assert token_of("<someone@else.example>") is None


@pytest.mark.parametrize("letter", [LETTER, LONG])
def test_proves_itself_and_tells_what_was_sent(letter: Letter) -> None:
    mine = read(build(letter, KEY).raw, KEY)
    assert mine is not None
    assert mine.letter == letter
    assert mine.changed == ""


HARMLESS = {
    "line feeds alone": RAW.replace(b"\r\n", b"\n"),
    "blanks at the ends of lines": HEAD + b"\r\n\r\n" + BODY.replace(b"\r\n", b" \t\r\n"),
    "empty lines at the end": RAW + b"\r\n\r\n\r\n",
    "no line end at the end": RAW.rstrip(),
    "headers above": b"Received: from a by b; Sat, 21 Nov 2026 03:04:05 +0000\r\n" + RAW,
    "sender rewritten": RAW.replace(b"From: probe@abc.example", b"From: masked@isp.example"),
    "folded anew": RAW.replace(b"X-Mailsonde: v=1", b"x-mailsonde:\r\n\tv=1"),
    "unfolded with blanks": re.sub(rb"\r\n (?=\S)", b"   ", HEAD) + b"\r\n\r\n" + BODY,
    "dkim found good": b"Authentication-Results: mx.abc.example; dkim=pass header.d=abc.example\r\n" + RAW,
    "dkim not checked": b"Authentication-Results: mx.abc.example; spf=fail; dkim=none\r\n" + RAW,
    "two signatures, one good": b"Authentication-Results: mx.abc.example; dkim=fail (x); dkim=pass\r\n" + RAW,
}


@pytest.mark.parametrize("raw", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_transport_may_do_does_not_count_as_change(raw: bytes) -> None:
    mine = read(raw, KEY)
    assert mine is not None
    assert mine.changed == ""


OTHER_TEXT = b"please sign\n"
OWN_HASHED = OTHER_TEXT + b"Hash of the text above: " + base64.urlsafe_b64encode(hashlib.sha256(OTHER_TEXT).digest()) + b"\n"
CHANGES = {
    "a word": (RAW.replace(b"deleted", b"removed"), "the body was changed"),
    "a blank line inside": (RAW.replace(b"Token:", b"\r\nToken:"), "the body was changed"),
    "a blank at the start of a line": (RAW.replace(b"Token:", b" Token:"), "the body was changed"),
    "a warning on top": (HEAD + b"\r\n\r\n" + b"EXTERNAL MAIL\r\n" + BODY, "the body was changed"),
    "a footer": (RAW + b"--\r\nScanned\r\n", "something was added below the body"),
    "cut short": (RAW[:-60], "the body was changed"),
    "empty": (HEAD + b"\r\n\r\n", "the body was changed"),
    "no body at all": (HEAD, "the body was changed"),
    "a forged own hash": (RAW.replace(b"text above: ", b"text above: x"), "the body was changed"),
    "message id rewritten": (RAW.replace(b"Message-ID: <mailsonde", b"Message-ID: <other"), "its Message-ID was replaced"),
    "a second message id": (b"Message-ID: <1@other.example>\r\n" + RAW, "its Message-ID was replaced"),
    "another text with a hash of its own": (HEAD + b"\r\n\r\n" + OWN_HASHED, "the body was changed"),
    "dkim": (
        b"Authentication-Results: mx.abc.example; dkim=fail\r\n (body hash) header.d=abc.example\r\n" + RAW,
        "its DKIM signature is broken, says mx.abc.example",
    ),
}


@pytest.mark.parametrize(("raw", "said"), CHANGES.values(), ids=CHANGES.keys())
def test_any_other_change_is_told(raw: bytes, said: str) -> None:
    mine = read(raw, KEY)
    assert mine is not None
    assert mine.changed == said


@pytest.mark.parametrize("raw", [*HARMLESS.values(), CHANGES["a footer"][0], CHANGES["dkim"][0]])
def test_our_own_text_under_our_own_message_id_may_be_deleted(raw: bytes) -> None:
    mine = read(raw, KEY)
    assert mine is not None
    assert mine.deletable


SEAL = HEAD[HEAD.index(b"X-Mailsonde:") :]
COPIED = {
    "somebody's": b"From: boss@other.example\r\nMessage-ID: <1@other.example>\r\n" + SEAL + b"\r\n\r\nplease sign\r\n",
    "somebody's, with our text": b"Message-ID: <1@other.example>\r\n" + SEAL + b"\r\n\r\n" + BODY,
    "somebody's, without an id": SEAL + b"\r\n\r\n" + BODY,
    "other text": HEAD + b"\r\n\r\nplease sign\r\n",
    "text above ours": HEAD + b"\r\n\r\nplease sign\r\n\r\n" + BODY,
    "other text with a hash of its own": CHANGES["another text with a hash of its own"][0],
}


@pytest.mark.parametrize("raw", COPIED.values(), ids=COPIED.keys())
def test_a_copy_of_our_header_makes_nobodys_message_deletable(raw: bytes) -> None:
    mine = read(raw, KEY)
    assert mine is not None
    assert mine.changed
    assert not mine.deletable


SEALED = re.sub(r"\s", "", header_fields(RAW, "X-Mailsonde")[0])
OTHERS = {
    "nothing": b"",
    "somebody's mail": b"From: a@b.example\r\nSubject: hello\r\n\r\ntext\r\n",
    "our name in a body": b"Subject: x\r\n\r\n" + RAW,
    "signed with another key": build(LETTER, b"another key").raw,
    "another token": RAW.replace(b"k=0011", b"k=1100"),
    "another time": RAW.replace(b"t=2026", b"t=2027"),
    "truncated signature": b"X-Mailsonde: " + SEALED[:-5].encode() + b"\r\n\r\n",
    "truncated before the signature": b"X-Mailsonde: " + SEALED.partition(";s=")[0].encode() + b"\r\n\r\n",
    "a report with a copy of our header": b"Content-Type: multipart/report; boundary=x\r\n" + SEAL + b"\r\n\r\n" + BODY,
    "no signature": b"X-Mailsonde: v=1;s=\r\n\r\n",
    "empty header": b"X-Mailsonde:\r\n\r\n",
    "8-bit in the signature": b"X-Mailsonde: v=1;s=\xff\xfe\r\n\r\n",
    "something appended to the signature": b"X-Mailsonde: " + SEALED.encode() + b";x=1\r\n\r\n",
    "beyond the limit": b"X: " + b"a" * HEADER_LIMIT_BYTES + b"\r\n" + RAW,
}


@pytest.mark.parametrize("raw", OTHERS.values(), ids=OTHERS.keys())
def test_forged_truncated_or_foreign_is_not_ours(raw: bytes) -> None:
    assert recognise(raw, KEY) is None
    assert read(raw, KEY) is None


def test_a_forged_header_above_ours_does_not_hide_ours() -> None:
    mine = read(b"X-Mailsonde: v=1;s=forged\r\n" + RAW, KEY)
    assert mine is not None
    assert mine.letter == LETTER


def test_a_message_of_another_version_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probe.message._VERSION", "2")
    newer = build(LETTER, KEY).raw
    monkeypatch.undo()
    assert read(newer, KEY) is None


@pytest.mark.parametrize(
    "address",
    ["", "probe", "@abc.example", "a b@abc.example", "a@b\r\nBcc: c@d.example", "a@b.example>", "bär@abc.example", 'a"b@c', '"a\r\n"@c'],
)
def test_refuses_an_address_that_would_break_a_header(address: str) -> None:
    with pytest.raises(ValueError, match="cannot be the address of a test message: write local-part@domain, in ASCII"):
        build(replace(LETTER, recipient=address), KEY)


@pytest.mark.parametrize("token", ["", "short", "UPPERCASEUPPERCASE", "0011223344556677\r\n", "x" * 65])
def test_refuses_a_token_that_is_none(token: str) -> None:
    with pytest.raises(ValueError, match="a token is 16 to 64 of 0-9 and a-z"):
        build(replace(LETTER, token=token), KEY)


@given(st.binary(max_size=300))
def test_whatever_comes_is_read_without_complaint(raw: bytes) -> None:
    assert read(raw, KEY) is None
    assert read(b"X-Mailsonde: " + raw + b"\r\n\r\n", KEY) is None


@given(st.integers(0, len(RAW) - 1), st.integers(1, 255))
def test_no_single_changed_byte_goes_unseen_in_the_body(position: int, change: int) -> None:
    changed = RAW[:position] + bytes([RAW[position] ^ change]) + RAW[position + 1 :]
    mine = read(changed, KEY)
    if (
        mine is not None
        and position > len(HEAD) + 4
        and changed[position : position + 1] not in b" \t\r\n"
        and RAW[position] not in b" \t\r\n"
    ):
        assert mine.changed
