"""What stands below the first line, in text, HTML and facts; and what a template that fails leaves of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from notifier import words_document
from notifier.channels.payload import encoded, payload
from notifier.plain import plain, trial
from notifier.templates import render
from notifier.values import NO_LINKS, Links
from notifier.words_html import COLOURS, GOOD
from notifier.words_parts import page
from notifier.words_samples import BEGAN, SAMPLES
from tests.notifier.told import OPENED, cause, changed, told
from thresholds.incident_values import CauseKind, ChangeKind
from thresholds.incidents_book import UNPROBED
from thresholds.values import Level

if TYPE_CHECKING:
    from pathlib import Path

    from notifier.words_matter import Matter


class Page(HTMLParser):
    """What a page holds: its words, its tags and whatever it would fetch."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        self.fetched += [f"{name}={value}" for name, value in attrs if name in {"src", "srcset", "background"} or name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.words += data.split()


# -- the examples, as docs/notices.md shows them


def test_the_page_is_what_the_words_say() -> None:
    assert words_document.PAGE.read_text("utf-8") == words_document.page(), "run `python -m notifier.words_document`"


def test_the_page_shows_what_machines_really_get() -> None:
    _, machines = words_document.PAGE.read_text("utf-8").split("## For machines")
    shown = json.loads(machines.partition("```json\n")[2].partition("```")[0])
    assert shown == json.loads(encoded(payload(words_document.example(SAMPLES["opened"]))))
    assert (shown["version"], shown["cause"], shown["facts"]["cause"]["kind"]) == (1, "server:imap", "server")
    assert all(f"`{name}`" in machines for name in ("version", "key", "cause", "number", "links", "subject", "short", "text", "facts"))


def test_the_page_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words_document, "PAGE", tmp_path / "notices.md")
    words_document.main()
    assert (tmp_path / "notices.md").read_text("utf-8") == words_document.page()


@pytest.mark.parametrize("name", SAMPLES)
def test_text_and_page_say_the_same(name: str) -> None:
    notice = told(SAMPLES[name])
    page = Page(notice.html)
    words = set(notice.text.replace("  - ", " ").split()) - {"(opens"}
    lost = {word for word in words if word.strip("():") not in " ".join([*page.words, *page.links])}
    assert lost == set()
    assert (notice.text.splitlines()[0], page.fetched) == (notice.subject, [])
    assert not {"script", "img", "link", "iframe", "form", "object"} & set(page.tags)


@pytest.mark.parametrize("name", SAMPLES)
def test_an_example_is_plain_json_for_machines(name: str) -> None:
    notice = told(SAMPLES[name])
    assert json.loads(json.dumps(notice.facts)) == notice.facts
    assert (notice.key, notice.first_key, notice.incident, notice.cause) == ("i1a2b3c4d-1-pager",) * 2 + ("i1a2b3c4d", "server:imap")


# -- what each part says


def says(matter: Matter) -> list[str]:
    return told(matter).text.replace("\n  ", " ").splitlines()


@pytest.mark.parametrize(
    ("confidence", "doubt", "words"),
    [
        (1.0, "", "Cause: the server imap."),
        (1.0, "it has 1 domain", "Cause: the server imap. Likely, not certain: it has 1 domain."),
        (0.6, "", "Cause: the server imap. Likely, not certain (60%)."),
        (0.3, "two fit as well", "Cause: the server imap. A guess: two fit as well."),
    ],
)
def test_how_sure_the_cause_is(confidence: float, doubt: str, words: str) -> None:
    assert words in says(cause(confidence=confidence, doubt=doubt))


def test_a_sick_prober_says_nothing_of_the_mail_system() -> None:
    told_ = cause(kind=CauseKind.PROBER, name="berlin", doubt="", confidence=1.0)
    assert "Cause: the prober itself, berlin: this says nothing of the mail system." in says(told_)


@pytest.mark.parametrize(
    ("many", "failing", "words"),
    [(1, 1, "It explains 1 check that fails: c000"), (3, 2, "It explains 2 checks that fail, of 3 since it began: c000, c001")],
)
def test_what_it_explains_is_counted(many: int, failing: int, words: str) -> None:
    cells = tuple(f"c{number:03}" for number in range(many))
    assert words in says(changed(cells=cells, failing=cells[:failing]))


def test_of_what_it_explains_twenty_are_named() -> None:
    cells = tuple(f"c{number:03}" for number in range(157))
    line = next(line for line in says(changed(cells=cells, failing=cells)) if line.startswith("It explains 157 checks that fail: c000"))
    assert line.endswith("c018, c019, and 137 more")


def test_what_nobody_knows_is_not_told() -> None:
    bare = changed(cause(evidence=()), cells=(), failing=(), reasons=(), limit="", domains=())
    titles = [line.partition(":")[0] for line in says(bare)]
    assert not {"Evidence", "What the worst say", "Limit in force", "History"} & set(titles)
    assert not any(title.startswith("It explain") for title in titles)


def test_an_opening_that_is_told_late_says_since_when() -> None:
    late = changed(opened_at=BEGAN - timedelta(hours=1), said="it was muted until now")
    assert says(late)[2:4] == ["Open since 02:12:05 CET (21 Nov 2026); this is the first word of it.", "It was muted until now."]


def test_flapping_and_muting_are_history() -> None:
    history = next(line for line in says(changed(flapping=True, muted="silence s1: \r\nnight")) if line.startswith("History"))
    assert history == (
        "History: It comes and goes (flapping): it is held open until it has been well for a while. Muted now: silence s1: night."
    )
    assert not any(line.startswith("History") for line in says(changed(flapping=True, said="flapping: closed 3 times within 1 h")))


def test_who_closed_it_and_how_bad_it_was() -> None:
    ended = changed(SAMPLES["closed"], ended="closed by anna: false alarm", worst=Level.CRITICAL, level=Level.WARNING)
    assert says(ended)[2:5] == [
        "Closed by anna: false alarm.",
        "It lasted 28 min, from 03:12:05 CET (21 Nov 2026) to 03:40:05 CET (21 Nov",
        "2026), at worst CRITICAL.",
    ]
    assert says(changed(SAMPLES["closed"], ended=""))[2] == "It is over."
    assert told(changed(SAMPLES["closed"], ended=UNPROBED)).subject.startswith("CLOSED: imap ")


def test_every_form_of_the_end_of_a_swallowed_one_names_the_other() -> None:
    said = "part of i00000001, the whole server imap"
    notice = told(changed(SAMPLES["closed"], ended=said))
    assert all(said in " ".join(form.lower().split()) for form in (notice.subject, notice.short, notice.text, notice.html))
    assert notice.facts["ended"] == said


def test_who_sees_a_part_is_not_told_how_to_silence_it_for_everybody() -> None:
    whole, part = page(OPENED), page(replace(OPENED, partial=True))
    assert (whole.command[:28], part.command) == ("probe incidents ack i1a2b3c4", "")
    assert not any(link.title == "Acknowledge" for link in part.links)
    own = render({"text": "{{ command }}{{ links.acknowledge }}."}, replace(OPENED, partial=True))
    assert own == ({"text": "."}, [])


def test_who_acknowledged_without_a_reason() -> None:
    ack = SAMPLES["acknowledged"].incident.acknowledged
    assert ack is not None
    short = changed(SAMPLES["acknowledged"], acknowledged=replace(ack, why=" ", until=None))
    assert says(short)[2] == "Acknowledged by anna at 03:16:05 CET (21 Nov 2026). Nobody else needs to act"
    assert told(changed(kind=ChangeKind.ACKNOWLEDGED)).text  # an acknowledgement that is gone again leaves nothing to tell


def test_a_summary_names_twenty_and_counts_the_rest() -> None:
    lines = says(replace(OPENED, more=(OPENED.stored,) * 37))
    assert sum(line.startswith("Told with it") for line in lines) == 1
    assert (
        sum(told(replace(OPENED, more=(OPENED.stored,) * 37)).text.count(word) for word in ("  - CRITICAL: imap", "  - and 17 more")) == 21
    )
    assert told(replace(OPENED, more=(OPENED.stored,) * 37)).facts["more_count"] == 37


# -- where to go


def test_what_is_over_is_not_acknowledged() -> None:
    assert "acknowledge" not in told(SAMPLES["closed"]).text.lower().replace("acknowledged", "")
    assert "ack/" not in told(SAMPLES["acknowledged"]).html
    assert "incidents ack" not in told(SAMPLES["acknowledged"]).text


def test_what_was_acknowledged_and_speaks_up_again_can_be_once_more() -> None:
    again = changed(SAMPLES["reminded"], acknowledged=SAMPLES["acknowledged"].incident.acknowledged)
    assert "ack/" in told(again).html


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://x.example/a b", 'https://x.example/"><b>', "https://x.example/\r\nBcc: a", "ftp://x"]
)
def test_only_addresses_of_the_web_are_links(url: str) -> None:
    notice = told(replace(OPENED, links=Links(console=url, runbook=url, acknowledge=url)))
    assert Page(notice.html).links == []
    assert url not in notice.text


def test_without_links_there_is_still_a_command() -> None:
    assert 'probe incidents ack i1a2b3c4d --why "..."' in told(replace(OPENED, links=NO_LINKS)).text


@pytest.mark.parametrize(
    ("name", "colour"),
    [("opened", COLOURS[Level.CRITICAL]), ("opened, and merely slow", COLOURS[Level.WARNING]), ("closed", GOOD), ("a test", GOOD)],
)
def test_the_colour_says_what_the_words_say(name: str, colour: str) -> None:
    assert f"background:{colour}" in told(SAMPLES[name]).html


def test_a_channel_is_tried_with_nothing_broken() -> None:
    stored, _ = trial("pager", datetime(2026, 11, 21, 2, 12, 5, tzinfo=UTC))
    notice = told(replace(SAMPLES["a test"], stored=stored))
    assert notice.subject == "TEST: the channel pager is tried at 03:12:05 CET (21 Nov 2026); nothing is broken"
    assert "This is a test of the channel pager. Nothing is broken, and nothing is to be" in notice.text
    assert notice.facts["mark"] == "TEST"


# -- templates


def test_a_template_takes_the_place_of_its_part_alone() -> None:
    notice = told(OPENED, {"subject": "[{{ site }}] {{ level }}\n{{ symptom }}", "html": "<p>{{ cause.name }} {{ '<b>' }}</p>"})
    assert (notice.subject, notice.html) == ("[berlin] CRITICAL does not answer", "<p>imap &lt;b&gt;</p>")
    assert (notice.text, notice.short) == (told(OPENED).text, told(OPENED).short)


def test_a_template_that_fails_gives_way_and_says_so_at_the_end() -> None:
    notice = told(OPENED, {"subject": "x\n{{ 1 / number.missing }}", "short": "{{ site }}"})
    why = "subject: line 2: 'int object' has no attribute 'missing': these words are our own instead."
    assert (notice.subject, notice.short) == (told(OPENED).subject, "berlin")
    assert " ".join(notice.text.splitlines()[-2:]).endswith(why)
    assert "these words are our own instead." in notice.html


@pytest.mark.parametrize("name", ["a drill", "a test"])
def test_behind_a_test_is_nothing_to_acknowledge(name: str) -> None:
    matter = SAMPLES[name]
    assert matter.links.acknowledge
    found = told(matter)
    assert "This is a test" in found.text
    assert "This is a test" in found.html
    assert (found.links.acknowledge, found.facts["links"]["acknowledge"]) == ("", "")
    assert not [form for form in (found.text, found.html, found.short) if "/ack/" in form or "incidents ack" in form]


def test_times_have_one_form_everywhere() -> None:
    ended = told(changed(SAMPLES["closed"], began_at=datetime(2026, 11, 20, 8, 0, 0, 123456, tzinfo=UTC)))
    every = json.dumps(payload(ended)) + json.dumps(plain(SAMPLES["closed"].stored, "k").facts)
    assert json.loads(json.dumps(payload(ended)))["facts"]["began_at"] == payload(ended)["began_at"] == "2026-11-20T08:00:00.123Z"
    times = re.findall(r"\d{4}-\d\d-\d\dT[^\"]*", every)
    assert len(times) > 7
    assert not [at for at in times if not re.fullmatch(r"[-\d]+T\d\d:\d\d:\d\d\.\d{3}Z", at)]


@pytest.mark.parametrize(
    ("said", "tag", "words"),
    [
        ("now known: hub1 holds up 3 trips", "found", "It is known since {at}: hub1 holds up 3 trips."),
        ("now known: hub1; more", "worse", "It became worse at {at}: now known: hub1; more."),
    ],
)
def test_what_was_found_out_is_not_called_worse(said: str, tag: str, words: str) -> None:
    matter = SAMPLES["worsened"]
    change = replace(matter.stored.change, said=said)
    lines = says(replace(matter, stored=replace(matter.stored, change=change)))
    assert lines[0].startswith(f"CRITICAL ({tag}): ")
    assert words.format(at="03:14:05 CET (21 Nov 2026)") in lines
