"""Why a limit is in force and why the others are not, in words; and the week of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from thresholds.calendars import Calendar, Window
from thresholds.explain import SLOTS, explain, week_of
from thresholds.limits import Limits
from thresholds.values import Aspect, Baseline, Limit, Match, Sample, Usual

BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
OFFICE = Calendar("office", BERLIN, (Window(frozenset(range(5)), 480, 1080),))
ALL = Limit(Match(), 1.0, origin="all")
OPEN = Limit(Match(), 1.0, calendar=OFFICE, origin="open")
IMAPS = Limit(Match(server="imaps"), 2.0, origin="imaps")
GLOB = Limit(Match(server="imap*"), 2.0, origin="glob")
USUAL = Limit(Match(server="imaps"), baseline=Baseline(2.0), origin="usual")


class Enough:
    def usual(self, _sample: Sample) -> Usual:
        return Usual(0.5, 2, 20)


def sample(at: datetime = FRIDAY, aspect: Aspect = Aspect.TOTAL) -> Sample:
    return Sample("abc.example", "imaps", aspect, "", 0.0, at, "berlin")


def told(limits: Limits, at: datetime = FRIDAY) -> list[str]:
    return [f"{'>' if one.wins else ' '} {one.limit.origin}: {one.why}" for one in explain(limits, sample(at))]


@pytest.mark.parametrize(
    ("limits", "at", "lines"),
    [
        ([ALL], FRIDAY, ["> all: the only one that matches now"]),
        ([ALL, IMAPS], FRIDAY, ["> imaps: has a more exact server than all", "  all: imaps has a more exact server"]),
        ([IMAPS, GLOB], FRIDAY, ["> imaps: has a more exact server than glob", "  glob: imaps has a more exact server"]),
        ([ALL, OPEN], FRIDAY, ["> open: has a calendar, all has none", "  all: open has a calendar"]),
        ([ALL, OPEN], NIGHT, ["> all: the only one that matches now", "  open: calendar office does not hold then"]),
        (
            [ALL, Limit(Match(), 3.0, origin="last")],
            FRIDAY,
            ["> last: the last of those that are equally specific", "  all: last says the same and stands later"],
        ),
        (
            [ALL, Limit(Match(domain="abd.*"), 3.0, origin="abd"), Limit(Match(site="bonn"), 3.0, origin="bonn")],
            FRIDAY,
            [
                "> all: the only one that matches now",
                "  abd: does not match: its domain is abd.*",
                "  bonn: does not match: its site is bonn",
            ],
        ),
        ([OPEN], NIGHT, ["  open: calendar office does not hold then"]),
        (
            [ALL, USUAL],
            FRIDAY,
            [
                "> all: a stronger baseline gives way while its history is not covered",
                "  usual: a baseline gives way while its history is not covered",
            ],
        ),
        ([USUAL], FRIDAY, ["  usual: not enough history: none of this hour of the week, and no other threshold matches: UNKNOWN"]),
        ([Limit(Match(Aspect.STEP), 1.0, origin="step")], FRIDAY, []),
    ],
)
def test_reasons(limits: list[Limit], at: datetime, lines: list[str]) -> None:
    assert told(Limits(limits), at) == lines


def test_a_name_within_an_aspect_that_does_not_fit_is_told_as_the_aspect() -> None:
    limits = Limits([Limit(Match(Aspect.STEP, "login"), 1.0, origin="login"), Limit(Match(Aspect.STEP), 2.0, origin="any")])
    found = explain(limits, Sample("abc.example", "imaps", Aspect.STEP, "connect", 0.0, FRIDAY))
    assert [one.why for one in found] == ["the only one that matches now", "does not match: its step is login"]


def test_a_baseline_in_force_comes_with_its_values() -> None:
    found = explain(Limits([ALL, USUAL], Enough()), sample())
    assert [(one.limit.origin, one.limit.warning, one.wins) for one in found] == [("usual", 1.0, True), ("all", 1.0, False)]
    assert found[0].why == "has a more exact server than all"


def test_the_week_is_that_of_the_wall_clock() -> None:
    days = week_of(Limits([ALL, OPEN]), sample(), BERLIN)
    assert [day.midnight.date() for day in days] == [date(2026, 11, number) for number in range(16, 23)]
    strips = ["".join("o" if limit is OPEN else "." for limit in day.slots) for day in days]
    office = "." * 16 + "o" * 20 + "." * 12
    assert strips == [office] * 5 + ["." * SLOTS] * 2


@pytest.mark.parametrize(("day", "gap"), [(datetime(2026, 3, 29, 12, tzinfo=UTC), True), (datetime(2026, 10, 25, 12, tzinfo=UTC), False)])
def test_a_week_in_which_clocks_change_has_as_many_half_hours(day: datetime, gap: bool) -> None:
    early = Limit(Match(), 1.0, calendar=Calendar("early", BERLIN, (Window(frozenset({6}), 120, 180),)), origin="early")
    sunday = week_of(Limits([early]), sample(day), BERLIN)[6]
    assert len(sunday.slots) == SLOTS
    assert [limit is early for limit in sunday.slots[3:7]] == ([False] * 4 if gap else [False, True, True, False])


def test_a_week_without_a_limit_is_empty() -> None:
    assert {limit for day in week_of(Limits(), sample(), BERLIN) for limit in day.slots} == {None}
