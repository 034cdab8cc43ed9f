"""Judging again what was measured: one line per story of verdicts, what is gained and lost, and baselines that learn on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from thresholds.backtest import Backtest, Compared, Replayed
from thresholds.learned import MOST_VALUES, Learned
from thresholds.limits import Limits
from thresholds.values import Aspect, Baseline, Level, Limit, Match, Sample, Usual, Verdict

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)  # a Monday
WORDS = {".": Level.OK, "?": Level.UNKNOWN, "w": Level.WARNING, "c": Level.CRITICAL}
STRICT, LOOSE = Limits([Limit(Match(), 0.3, 1.0, origin="strict")]), Limits([Limit(Match(), 1.0, 3.0, origin="loose")])


def sample(seconds: float, at: datetime = START, uncertainty: float = 0.0) -> Sample:
    return Sample("abc.example", "imap", Aspect.TOTAL, "", seconds, at, uncertainty=uncertainty)


def run(seconds: float, at: datetime = START, verdict: Verdict | None = None, *, doubtful: bool = False) -> Replayed:
    return Replayed("abc.example/imap", at, [sample(seconds, at)], verdict or Verdict(Level.OK), doubtful)


def stored(word: str) -> Verdict:
    level = WORDS[word.lower()]
    return Verdict(level, (level.name,) if level else (), suspect=word.isupper())


def compared(old: str, new: str) -> Compared:
    """Judge a story as stored (`old`; upper case = suspect) again by limits that give `new`."""
    values = {".": 0.1, "w": 0.5, "c": 2.0}
    test = Backtest(STRICT)
    for minute, (was, now) in enumerate(zip(old, new, strict=True)):
        at = START + timedelta(minutes=minute)
        test.see(Replayed("abc.example/imap", at, [sample(values[now.lower()], at)], stored(was), doubtful=now.isupper()))
    return test.done()["abc.example/imap"]


@pytest.mark.parametrize(
    ("old", "new", "troubles", "gained", "lost"),
    [
        ("....", "....", (0, 0), 0, 0),
        (".ww.", ".ww.", (1, 1), 0, 0),
        ("....", ".ww.", (0, 1), 1, 0),
        (".ww.", "....", (1, 0), 0, 1),
        (".ww.", "..w.", (1, 1), 0, 0),  # seen later, but seen
        ("ww...", "...ww", (1, 1), 1, 1),
        ("w.w.w", ".....", (3, 0), 0, 3),
        ("wwwww", ".w.w.", (1, 2), 0, 0),  # one long trouble is two now
        ("w?w", "...", (1, 0), 0, 1),  # not to know is no end
        ("wWw", "...", (1, 0), 0, 1),  # nor is doubt
        ("?W?", "...", (0, 0), 0, 0),  # and neither begins anything
        ("...", ".W.", (0, 0), 0, 0),
        (".ww", "..w", (1, 1), 0, 0),  # still under way at the end
        ("..w", "...", (1, 0), 0, 1),
        ("ww.", "www", (1, 1), 0, 0),
    ],
)
def test_troubles_gained_and_lost(old: str, new: str, troubles: tuple[int, int], gained: int, lost: int) -> None:
    found = compared(old, new)
    assert (found.old.troubles, found.new.troubles) == troubles
    assert (len(found.new.alone), len(found.old.alone)) == (gained, lost)


def test_a_gained_trouble_says_when_how_bad_and_why() -> None:
    (trouble,) = compared("......", ".wwcw.").new.alone
    assert (trouble.since, trouble.until) == (START + timedelta(minutes=1), START + timedelta(minutes=4))
    assert (trouble.level, trouble.reason) == (Level.CRITICAL, "took 2 s, limit 1 s (strict, everything)")


def test_what_is_counted() -> None:
    found = compared("..wcW?", ".wwwC.")
    assert found.old.counts == {"ok": 2, "warning": 1, "critical": 1, "suspect": 1, "unknown": 1}
    assert found.new.counts == {"ok": 2, "warning": 3, "suspect": 1}
    assert (found.runs, found.changed, found.old.bad, found.new.bad) == (6, 4, 2, 3)


def test_old_limits_take_the_place_of_what_was_stored() -> None:
    test = Backtest(LOOSE, STRICT)
    test.see(run(0.5, verdict=Verdict(Level.CRITICAL)))
    found = test.done()["abc.example/imap"]
    assert (found.old.counts, found.new.counts) == ({"warning": 1}, {"ok": 1})


def test_a_stored_verdict_without_a_reason_still_has_a_name() -> None:
    test = Backtest(LOOSE)
    test.see(run(0.5, verdict=Verdict(Level.CRITICAL)))
    assert test.done()["abc.example/imap"].old.alone[0].reason == "CRITICAL"


def test_checks_stay_apart() -> None:
    test = Backtest(STRICT)
    test.see(run(0.5))
    test.see(Replayed("def.example/imap", START, [sample(0.1)], Verdict(Level.OK)))
    assert {name: one.new.bad for name, one in test.done().items()} == {"abc.example/imap": 1, "def.example/imap": 0}


# -- what a replay learns


def test_a_replay_learns_what_is_usual_and_judges_by_it() -> None:
    learned = Learned(BERLIN)
    twice = Limit(Match(), baseline=Baseline(2.0), origin="twice")
    test = Backtest(Limits([twice], learned), learned=learned)
    for week in range(2):
        for minute in range(10):
            test.learn(run(0.5, START + timedelta(weeks=week, minutes=minute)))
    for value in (0.9, 1.1):
        test.see(run(value, START + timedelta(weeks=2)))
    test.see(run(9.0, START + timedelta(weeks=2, hours=1)))  # another hour, of which nothing is known
    assert test.done()["abc.example/imap"].new.counts == {"ok": 1, "warning": 1, "unknown": 1}


def test_only_totals_are_learned() -> None:
    learned = Learned(BERLIN)
    test = Backtest(STRICT, learned=learned)
    others = [Sample("abc.example", "imap", Aspect.STEP, "login", 1.0, START), Sample("x", "x", Aspect.TRIP, "transit", 1.0, START)]
    test.learn(Replayed("abc.example/imap", START, [*others, Sample("x", "x", Aspect.TRIP, "total", 3.0, START)], Verdict(Level.OK)))
    later = START + timedelta(weeks=1)
    assert learned.usual(Sample("x", "x", Aspect.TRIP, "total", 0.0, later)) == Usual(3.0, 1, 1)
    assert learned.usual(Sample("x", "x", Aspect.TRIP, "transit", 0.0, later)) is None
    assert learned.usual(Sample("abc.example", "imap", Aspect.STEP, "login", 0.0, later)) is None


def test_the_hour_under_way_is_not_usual_yet() -> None:
    learned = Learned(BERLIN)
    for minute in range(60):
        learned.learn(sample(5.0, START + timedelta(minutes=minute)))
        assert learned.usual(sample(0.0, START + timedelta(minutes=minute))) is None
    assert learned.usual(sample(0.0, START + timedelta(weeks=1))) == Usual(5.0, 1, 60)
    assert learned.usual(sample(0.0, START + timedelta(hours=1))) is None


def test_the_hour_is_that_of_the_wall_clock_in_winter_and_in_summer() -> None:
    learned = Learned(BERLIN)
    learned.learn(sample(1.0, datetime(2026, 10, 23, 7, 30, tzinfo=UTC)))  # Friday 09:30 in summer
    assert learned.usual(sample(0.0, datetime(2026, 10, 30, 8, 30, tzinfo=UTC))) == Usual(1.0, 1, 1)  # Friday 09:30 in winter


def test_old_values_make_room_for_new_ones() -> None:
    learned = Learned(BERLIN)
    for week in range(10):
        for second in range(60):
            learned.learn(sample(float(week), START + timedelta(weeks=week, seconds=second)))
    found = learned.usual(sample(0.0, START + timedelta(weeks=10)))
    assert found == Usual(5.0, 10, MOST_VALUES)  # 512 values: of the first week none, of the second a part
