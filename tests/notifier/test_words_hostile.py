"""Whatever servers, directories and people write, a notice keeps its form: one clean line, bounded, no markup. By hypothesis."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from unicodedata import combining

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.values import Links
from notifier.words_clean import CUT, line, lines, middle, plain, some, spoken
from notifier.words_samples import ACK, SAMPLES
from tests.notifier.told import cause, changed, told
from thresholds.incident_values import CauseKind, ChangeKind

EASY = settings(deadline=None, max_examples=60)
NASTY = [
    "\r\nBcc: all@x.example",
    "</td><script>alert(1)</script>",
    "\x1b[2J",
    "\u202egnp.exe",
    "\u2028",
    "\x00",
    "{{ 7*7 }}",
    "é" * 300,
    "a\u0301\u0301\u0301\u0301",
]
hostile = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=40)), max_size=6).map("".join)
names = st.lists(hostile, max_size=30).map(tuple)
SIZE = 60_000  # bytes of a page, at most, whatever it tells of
ESCAPES = set("`{}[]\\|^~")  # what a text message counts twice, or does not know


class Tags(HTMLParser):
    """The tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)


OURS = set().union(*(Tags(told(matter).html).found for matter in SAMPLES.values()))


@EASY
@given(st.sampled_from(CauseKind), st.sampled_from(ChangeKind), st.sampled_from(list(SAMPLES)), names, st.tuples(hostile, hostile))
def test_no_word_of_a_stranger_breaks_out(
    kind: CauseKind, change: ChangeKind, sample: str, many: tuple[str, ...], said: tuple[str, str]
) -> None:
    one, two = said
    matter = cause(SAMPLES[sample], kind=kind, name=one, evidence=many, doubt=two, confidence=0.4)
    fields = {"cells": many, "failing": many[1:], "domains": many, "reasons": many, "limit": one, "ended": two, "muted": one}
    matter = changed(matter, change, said=two, acknowledged=replace(ACK, by=one, why=two), **fields)
    notice = told(replace(matter, channel=two, site=one, links=Links(one, f"https://{two}", two), more=(matter.stored,) * len(many)))
    assert notice.subject.isprintable()
    assert len(notice.subject) <= 120
    assert notice.short.isascii()
    assert notice.short.isprintable()
    assert len(notice.short) <= 160
    assert not ESCAPES & set(notice.short)
    assert all(row.isprintable() for row in notice.text.split("\n"))
    assert all(row.isprintable() for row in notice.html.split("\n"))
    assert Tags(notice.html).found <= OURS
    assert len(notice.html) + len(notice.text) < SIZE


def test_a_megabyte_is_not_told() -> None:
    flood = "x\r\n" * 400_000
    matter = cause(changed(reasons=(flood,) * 50, limit=flood, said=flood), name=flood, evidence=(flood,) * 50, doubt=flood)
    notice = told(matter)
    assert len(notice.subject) <= 120
    assert len(notice.html) + len(notice.text) < SIZE
    assert len(str(notice.facts)) < SIZE * 2


def test_ten_thousand_domains_are_bounded_for_machines() -> None:
    domains = tuple(f"d{number}.example" for number in range(10_000))
    facts = told(changed(domains=domains, failing=domains)).facts
    assert (len(facts["domains"]), facts["domains_count"], facts["failing_count"]) == (1000, 10_000, 10_000)


@EASY
@given(hostile, st.integers(3, 200))
def test_a_line_is_one_clean_line(text: str, most: int) -> None:
    made = line(text, most)
    assert made.isprintable()
    assert len(made) <= most
    assert made == line(made, most)


@pytest.mark.parametrize(
    ("text", "most", "made"),
    [
        ("a\r\n b\t\tc ", 20, "a b c"),
        ("abcdef", 5, "abc.."),
        ("abcde", 5, "abcde"),
        ("safe\u202etxt", 20, "safe txt"),
        ("Z\u0301\u0301\u0301\u0301e", 20, "Z\u0301\u0301e"),
        ("", 5, ""),
    ],
)
def test_a_line(text: str, most: int, made: str) -> None:
    assert line(text, most) == made


def test_stacks_of_accents_do_not_reach_the_line_above() -> None:
    assert sum(map(bool, map(combining, line("a" + "\u0301" * 400)))) == 2


def test_lines_keep_their_indent_and_lose_the_rest() -> None:
    assert lines("a\r\n  - b\x1b[2J  c\n\nd", 100) == "a\n  - b [2J c\n\nd"
    assert lines("ab\n" * 50, 10) == f"ab\nab\nab{CUT}"


@pytest.mark.parametrize(("text", "most", "made"), [("abc", 3, "abc"), ("abcdefgh", 6, "ab..gh"), ("abcdefgh", 7, "abc..gh")])
def test_the_middle_of_a_name_gives_way(text: str, most: int, made: str) -> None:
    assert middle(text, most) == made


@pytest.mark.parametrize(
    ("text", "made"), [("Zürich → `x` [1] {2}", "Zurich -> 'x' (1) (2)"), ("Straße ☃ ½", "Strasse ? 1?2"), ("日本", "??")]
)
def test_plain_letters(text: str, made: str) -> None:
    assert plain(text) == made


def test_lists_as_people_say_them() -> None:
    assert [spoken(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert some([str(number) for number in range(22)]) == [*map(str, range(20)), "and 2 more"]
