"""Which limit is in force: the most exact one; and when: calendars on the wall clock, with its folds and gaps."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from thresholds.calendars import Calendar, Window
from thresholds.limits import Limits, exactness, fits
from thresholds.values import Aspect, Limit, Match, Sample
from thresholds.wording import amount, span

BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # a Friday, 10:00 in Berlin
ALWAYS = Calendar("always", BERLIN, (Window(frozenset(range(7)), 0, 1440),))
NEVER = Calendar("never", BERLIN)


def sample(aspect: Aspect = Aspect.TOTAL, name: str = "") -> Sample:
    return Sample("abc.example", "imaps", aspect, name, 1.0, AT, site="berlin")


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        (Limit(Match()), Limit(Match(server="imap*"))),
        (Limit(Match(server="imap*")), Limit(Match(server="imaps"))),
        (Limit(Match(server="i*")), Limit(Match(server="imap*"))),
        (Limit(Match(server="imaps", site="berlin")), Limit(Match(domain="*.example"))),
        (Limit(Match(domain="*.example")), Limit(Match(domain="abc.example"))),
        (Limit(Match(site="berlin")), Limit(Match(), calendar=ALWAYS)),
        (Limit(Match()), Limit(Match(site="b*"))),
        (Limit(Match(), calendar=ALWAYS), Limit(Match(server="*s"))),
        (Limit(Match(), warning=1.0), Limit(Match(), warning=2.0)),
        (Limit(Match(server="pop3")), Limit(Match())),
        (Limit(Match(server="imaps"), calendar=NEVER), Limit(Match())),
        (Limit(Match(Aspect.STEP, "login")), Limit(Match())),
    ],
)
def test_the_more_exact_limit_is_in_force(worse: Limit, better: Limit) -> None:
    assert Limits([worse, better]).in_force(sample()) is better
    if worse.match != better.match or worse.calendar is not better.calendar:
        assert Limits([better, worse]).in_force(sample()) is better


def test_a_named_step_comes_before_any_step() -> None:
    named, any_step = Limit(Match(Aspect.STEP, "login")), Limit(Match(Aspect.STEP, "*"))
    assert Limits([named, any_step]).in_force(sample(Aspect.STEP, "login")) is named
    assert Limits([named, any_step]).in_force(sample(Aspect.STEP, "connect")) is any_step


def test_no_limit_for_what_none_speaks_of() -> None:
    assert Limits([Limit(Match(domain="def.example"))]).in_force(sample()) is None


def test_globs_know_no_case() -> None:
    assert fits("IMAP*", "imaps")
    assert not fits("imap", "imaps")
    assert exactness("imap?") < exactness("imaps")


def test_a_match_in_words() -> None:
    assert Match().words == "everything"
    assert Match(Aspect.STEP, "login", "abc.example", "imap*", "berlin").words == "abc.example, imap*, berlin, step login"
    assert Match(Aspect.HOP).words == "every hop"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0005, "0.5 ms"),
        (0.5, "500 ms"),
        (1.234, "1.23 s"),
        (59.96, "60 s"),
        (60, "1 min"),
        (90, "90 s"),
        (150, "2.5 min"),
        (172_800, "2 d"),
    ],
)
def test_spans_as_people_say_them(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_amounts_carry_their_unit() -> None:
    assert [amount(Aspect.QUEUE, 12), amount(Aspect.RESOURCE, 80.0), amount(Aspect.CERTIFICATE, 2.54)] == ["12", "80 %", "2.5 days"]


# -- calendars

OFFICE = Calendar("office", BERLIN, (Window(frozenset(range(5)), 480, 1080),), without=(frozenset({date(2026, 12, 24)}),))
NIGHT = Calendar("night", BERLIN, (Window(frozenset({4}), 22 * 60, 2 * 60),), without=(frozenset({date(2026, 11, 27)}),))
EARLY = Calendar("early", BERLIN, (Window(frozenset({6}), 120, 180),))  # Sundays 02:00-03:00, where clocks change
FAIR = Calendar("fair", BERLIN, dates=frozenset({date(2026, 11, 21)}))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


@pytest.mark.parametrize(
    ("calendar", "utc", "inside"),
    [
        (OFFICE, "2026-11-20T06:59:59", False),
        (OFFICE, "2026-11-20T07:00:00", True),
        (OFFICE, "2026-11-20T16:59:59", True),
        (OFFICE, "2026-11-20T17:00:00", False),
        (OFFICE, "2026-11-21T09:00:00", False),  # Saturday
        (OFFICE, "2026-07-20T06:30:00", True),  # summer: 08:30
        (OFFICE, "2026-12-24T09:00:00", False),  # excepted
        (NIGHT, "2026-11-20T21:00:00", True),  # Friday 22:00
        (NIGHT, "2026-11-21T00:59:00", True),  # Saturday 01:59 still belongs to Friday
        (NIGHT, "2026-11-21T01:00:00", False),
        (NIGHT, "2026-11-20T00:30:00", False),  # Friday 01:30 would belong to Thursday
        (NIGHT, "2026-11-27T22:00:00", False),  # the Friday is excepted, and with it its night
        (NIGHT, "2026-11-28T00:30:00", False),
        (EARLY, "2026-10-25T00:30:00", True),  # 02:30 in summer time ...
        (EARLY, "2026-10-25T01:30:00", True),  # ... and again an hour later: the fold
        (EARLY, "2026-10-25T02:00:00", False),
        (EARLY, "2026-03-29T00:59:59", False),  # 01:59:59 ...
        (EARLY, "2026-03-29T01:00:00", False),  # ... and then 03:00: the gap
        (FAIR, "2026-11-20T23:00:00", True),
        (FAIR, "2026-11-21T22:59:00", True),
        (FAIR, "2026-11-21T23:00:00", False),
    ],
)
def test_calendars(calendar: Calendar, utc: str, inside: bool) -> None:
    assert calendar.covers(moment(utc)) is inside


def test_a_limit_holds_in_its_calendar_and_leaves_the_rest_to_others() -> None:
    always, office = Limit(Match(), 1.0), Limit(Match(), 2.0, calendar=OFFICE)
    assert Limits([office, always]).in_force(sample()) is office
    night = Sample("abc.example", "imaps", Aspect.TOTAL, "", 1.0, moment("2026-11-20T22:00:00"))
    assert Limits([office, always]).in_force(night) is always
