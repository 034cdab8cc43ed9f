"""Dates of mail servers: every form that occurs, and no guess where the zone is not known."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.maildate import read_date

READABLE = {
    "Sat, 21 Nov 2026 03:04:05 +0000": "2026-11-21 03:04:05",
    "21 Nov 2026 03:04:05 -0000": "2026-11-21 03:04:05",
    "Sat, 21 Nov 2026 03:04:05 +0530": "2026-11-20 21:34:05",
    "Sat, 21 Nov 2026 03:04:05 -08:00": "2026-11-21 11:04:05",
    "Sat,  1 Nov  2026 3:04:05   GMT": "2026-11-01 03:04:05",
    "Sat, 21-Nov-2026 03:04:05 UTC": "2026-11-21 03:04:05",
    "Saturday, 21 November 26 03:04:05 PST": "2026-11-21 11:04:05",
    "21 Nov 99 03:04:05 MEST": "1999-11-21 01:04:05",
    "21 Nov 126 03:04:05 Z": "2026-11-21 03:04:05",
    "Sat, 21 Nov 2026 03:04:05 GMT+1": "2026-11-21 02:04:05",
    "Sat, 21 Nov 2026 03:04:05 GMT -0330": "2026-11-21 06:34:05",
    "Sat, 21 Nov 2026 03:04:05.123 ACST": "2026-11-20 17:34:05",
    "Sat Nov 21 03:04:05 2026 +0100": "2026-11-21 02:04:05",
    "Sat Nov 21 03:04:05 EDT 2026": "2026-11-21 07:04:05",
    "2026-11-21T03:04:05.678Z": "2026-11-21 03:04:05",
    "2026-11-21 03:04:05 +0100": "2026-11-21 02:04:05",
    "Sat, 21 Nov 2026 23:59:60 +0000": "2026-11-21 23:59:59",
    "Sat, 21 Nov\t2026 03:04:05 +0000 trailing words": "2026-11-21 03:04:05",
}


@pytest.mark.parametrize(("text", "moment"), READABLE.items())
def test_reads(text: str, moment: str) -> None:
    stamp = read_date(text)
    assert stamp.at == datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert (stamp.resolution_seconds, stamp.note) == (1.0, "")


def test_without_seconds_it_is_good_to_a_minute() -> None:
    stamp = read_date("Sat, 21 Nov 2026 03:04 +0000")
    assert (stamp.at, stamp.resolution_seconds) == (datetime(2026, 11, 21, 3, 4, tzinfo=UTC), 60.0)


def test_a_zone_in_a_comment_counts_when_no_other_is_written() -> None:
    assert read_date("21 Nov 2026 03:04:05", "CET").at == datetime(2026, 11, 21, 2, 4, 5, tzinfo=UTC)
    assert read_date("21 Nov 2026 03:04:05 +0000", "CET").at == datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)


UNREADABLE = {
    "": "states no date that can be read",
    "yesterday": "states no date that can be read",
    "Sat, 21 Nov 2026": "states no date that can be read",
    "Sat, 21 Nov 2026 03:04:05": "states no time zone",
    "Sat, 21 Nov 2026 03:04:05 IST": "its time zone 'IST' is not known",
    "Sat, 21 Nov 2026 03:04:05 +9900": "its time zone '+9900' is not known",
    "Sat, 31 Nov 2026 03:04:05 +0000": "its date does not exist",
    "Sat, 21 Foo 2026 03:04:05 +0000": "its date does not exist",
    "Sat, 21 Nov 2026 25:04:05 +0000": "its date does not exist",
    "Sat, 21 Nov 2026 03:04:61 +0000": "its date does not exist",
    "Sat, 1 Jan 0001 00:00:00 +0100": "its date does not exist",
}


@pytest.mark.parametrize(("text", "note"), UNREADABLE.items())
def test_says_why_it_cannot_be_known(text: str, note: str) -> None:
    stamp = read_date(text)
    assert (stamp.at, stamp.note) == (None, note)


@given(st.text(max_size=80), st.text(max_size=20))
def test_never_complains(text: str, comment: str) -> None:
    stamp = read_date(text, comment)
    assert (stamp.at is None) == bool(stamp.note)
