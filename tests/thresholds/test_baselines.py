"""Baselines: the limit that an hour of the week makes, what it says until its history is covered, and to whom it gives way."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from probe.values import Check, Endpoint, Result, Step
from thresholds.baselines import hour_of_week, resolved, weeks_needed
from thresholds.calendars import Calendar
from thresholds.judge import judge_result
from thresholds.limits import Limits
from thresholds.values import Aspect, Baseline, Level, Limit, Match, Sample, Usual, Verdict

BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
CHECK = Check("abc.example/imap", "abc.example", "imap", "imap", Endpoint("mail.isp.example", 143))
SLOW = Result(CHECK, AT, (Step("connect", 0.2), Step("login", 1.0)))
TWICE = Limit(Match(), baseline=Baseline(2.0, 4.0), origin="thresholds[0]")
PLAIN = Limit(Match(), 1.0, 2.0, origin="thresholds[1]")
ENOUGH = Usual(0.5, 2, 20)


class Known:
    """A history that knows one thing of every hour, and whom it was asked about."""

    def __init__(self, usual: Usual | None) -> None:
        self.known, self.asked = usual, list[Sample]()

    def usual(self, sample: Sample) -> Usual | None:
        self.asked.append(sample)
        return self.known


def test_a_baseline_is_a_factor_over_what_is_usual() -> None:
    verdict = judge_result(SLOW, Limits([TWICE], Known(ENOUGH)))
    assert verdict == Verdict(
        Level.WARNING,
        ("took 1.2 s, limit 1 s (2x the usual 500 ms of this hour of the week; thresholds[0], everything)",),
        "warning 1 s, critical 2 s (thresholds[0], everything)",
    )
    assert judge_result(SLOW, Limits([TWICE], Known(Usual(0.2, 2, 20)))).reasons == (
        "took 1.2 s, limit 800 ms (4x the usual 200 ms of this hour of the week; thresholds[0], everything)",
    )
    assert judge_result(SLOW, Limits([TWICE], Known(Usual(0.7, 2, 20)))).level is Level.OK


@pytest.mark.parametrize(
    ("usual", "says"),
    [
        (None, "not enough history: none of this hour of the week"),
        (Usual(0.5, 1, 20), "not enough history: this hour was seen in 1 of 2 weeks"),
        (Usual(0.5, 2, 4), "not enough history: 4 of 5 values of this hour of the week"),
    ],
)
def test_without_enough_history_it_is_unknown_and_says_what_is_missing(usual: Usual | None, says: str) -> None:
    verdict = judge_result(SLOW, Limits([TWICE], Known(usual)))
    limit = f"{says} (thresholds[0], everything)"
    assert verdict == Verdict(Level.UNKNOWN, (f"took 1.2 s; {limit}",), limit)


def test_without_enough_history_it_gives_way_to_the_next_limit() -> None:
    more_exact = replace(TWICE, match=Match(server="imap"))
    assert judge_result(SLOW, Limits([PLAIN, more_exact])).limit == "warning 1 s, critical 2 s (thresholds[1], everything)"
    assert judge_result(SLOW, Limits([PLAIN, more_exact], Known(ENOUGH))).limit == "warning 1 s, critical 2 s (thresholds[0], imap)"
    assert judge_result(SLOW, Limits([PLAIN, TWICE], Known(ENOUGH))).limit == "warning 1 s, critical 2 s (thresholds[0], everything)"
    assert judge_result(SLOW, Limits([TWICE, PLAIN], Known(ENOUGH))).limit == "warning 1 s, critical 2 s (thresholds[1], everything)"


def test_a_worse_reason_hides_no_missing_history() -> None:
    verdict = judge_result(SLOW, Limits([TWICE, Limit(Match(Aspect.STEP, "login"), 0.5)]))
    assert verdict.level is Level.WARNING
    assert verdict.reasons == (
        "took 1 s in login, limit 500 ms (step login)",
        "took 1.2 s; not enough history: none of this hour of the week (thresholds[0], everything)",
    )


def test_the_history_is_asked_only_where_a_baseline_may_be_in_force() -> None:
    never = Calendar("never", BERLIN)
    history = Known(ENOUGH)
    judge_result(SLOW, Limits([PLAIN, replace(TWICE, calendar=never), replace(TWICE, match=Match(Aspect.STEP, "login"))], history))
    assert [(sample.aspect, sample.name) for sample in history.asked] == [(Aspect.STEP, "login")]


def test_it_stays_clear_of_the_median_of_the_very_fast() -> None:
    assert resolved(TWICE, Usual(0.001, 2, 20)).warning == pytest.approx(0.011)
    assert resolved(TWICE, Usual(1.0, 2, 20)).critical == 4.0
    queue = Limit(Match(Aspect.QUEUE), baseline=Baseline(2.0))
    assert resolved(queue, Usual(3.0, 2, 20)).warning == 6.0
    assert resolved(queue, Usual(3.0, 2, 20)).critical is None


def test_a_plain_limit_is_what_it_is() -> None:
    assert resolved(PLAIN, ENOUGH) is PLAIN


@pytest.mark.parametrize(("days", "weeks"), [(0.5, 1), (7, 1), (8, 2), (14, 2), (30, 5)])
def test_a_history_is_counted_in_weeks(days: float, weeks: int) -> None:
    assert weeks_needed(Baseline(2.0, history_seconds=days * 86_400)) == weeks


@pytest.mark.parametrize(
    ("utc", "hour"),
    [
        ("2026-11-23T00:00:00", 1),  # Monday 01:00 in Berlin
        ("2026-11-22T22:59:59", 6 * 24 + 23),
        ("2026-07-20T06:30:00", 8),  # summer
        ("2026-10-25T00:30:00", 6 * 24 + 2),  # 02:30 ...
        ("2026-10-25T01:30:00", 6 * 24 + 2),  # ... and again
    ],
)
def test_the_hour_of_the_week_is_that_of_the_wall_clock(utc: str, hour: int) -> None:
    assert hour_of_week(datetime.fromisoformat(f"{utc}+00:00"), BERLIN) == hour
