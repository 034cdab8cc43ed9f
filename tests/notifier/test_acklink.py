"""Links that acknowledge: ours say what they may do; others, old ones and pieces of one are refused with a sentence."""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier import acklink
from notifier.acklink import BROKEN, FORGED, Claim, sign, verify

KEY = b"0123456789abcdef"
NOW = datetime(2026, 11, 21, 2, 12, 5, tzinfo=UTC)
EXPIRES = NOW + timedelta(hours=24)
TOKEN = sign(KEY, "i1a2b3c4d", 3, EXPIRES, "ops-mail")


def test_what_we_signed_is_read_back() -> None:
    claim = verify(KEY, TOKEN, NOW)
    assert claim == Claim("i1a2b3c4d", 3, EXPIRES, "ops-mail", TOKEN.partition(".")[2])
    assert re.fullmatch(r"[\w-]+\.[\w-]{22}", TOKEN)
    assert len(TOKEN) < 80


@given(st.text(max_size=40), st.integers(0, 10**6), st.text(max_size=40))
def test_whatever_the_names_it_is_safe_in_an_address(incident: str, number: int, channel: str) -> None:
    token = sign(KEY, incident, number, EXPIRES, channel)
    assert re.fullmatch(r"[\w-]+\.[\w-]{22}", token)
    assert (
        "\n" in incident
        or len(token) > 600
        or incident != incident.encode("utf-8", "replace").decode()
        or verify(KEY, token, NOW).incident == incident
    )


def test_it_ends_with_the_second_in_which_it_expires() -> None:
    assert verify(KEY, TOKEN, EXPIRES - timedelta(microseconds=1)).number == 3
    words = "this link expired at 2026-11-22 02:12:05 UTC: acknowledge with `probe incidents ack i1a2b3c4d`, or from a later notice"
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        verify(KEY, TOKEN, EXPIRES)
    there = words.replace("02:12:05 UTC", "03:12:05 CET")
    with pytest.raises(ValueError, match=f"^{re.escape(there)}$"):
        verify(KEY, TOKEN, EXPIRES.astimezone(ZoneInfo("Europe/Berlin")))


@pytest.mark.parametrize(
    "token",
    ["", ".", "x", TOKEN[:-1], TOKEN[:40], f"{TOKEN}A", TOKEN.replace(".", ""), f".{TOKEN}", f"{TOKEN}.", "ü" + TOKEN, "A" * 10_000_000],
)
def test_a_piece_of_a_link_is_told_to_be_one(token: str) -> None:
    with pytest.raises(ValueError, match=f"^{BROKEN}$"):
        verify(KEY, token, NOW)


def flipped(token: str, place: int) -> str:
    return f"{token[:place]}{'A' if token[place] != 'A' else 'B'}{token[place + 1 :]}"


@pytest.mark.parametrize("place", [place for place, char in enumerate(TOKEN) if char != "."])
def test_no_letter_of_it_can_be_changed(place: int) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(FORGED)}$"):
        verify(KEY, flipped(TOKEN, place), NOW)


def test_another_key_signs_nothing_of_ours() -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(FORGED)}$"):
        verify(b"another key of 16", TOKEN, NOW)


@pytest.mark.parametrize("body", ["i1\n3", "i1\nthree\n1\n", "i1\n3\n99999999999999999999\n", b"\xff\xfe\n1\n1\n"])
def test_a_body_of_another_form_is_refused_even_when_we_signed_it(body: str | bytes) -> None:
    coded = urlsafe_b64encode(body.encode() if isinstance(body, str) else body).rstrip(b"=").decode()
    token = f"{coded}.{acklink._base64(acklink._signature(KEY, coded))}"
    with pytest.raises(ValueError, match=f"^{re.escape(FORGED)}$"):
        verify(KEY, token, NOW)


def test_the_key_serves_this_purpose_alone() -> None:
    body = TOKEN.partition(".")[0]
    bare = acklink._base64(hmac.digest(KEY, body.encode(), "sha256")[:16])
    with pytest.raises(ValueError, match=f"^{re.escape(FORGED)}$"):
        verify(KEY, f"{body}.{bare}", NOW)
