"""Which limit is in force: the most exact one; and when: calendars on the wall clock, with its folds and gaps."""

from datetime import UTC, datetime
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
OFFICE = Calendar("office", BERLIN, (Window(frozenset(range(5)), 480, 1080),))


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


def test_a_limit_holds_in_its_calendar_and_leaves_the_rest_to_others() -> None:
    always, office = Limit(Match(), 1.0), Limit(Match(), 2.0, calendar=OFFICE)
    assert Limits([office, always]).in_force(sample()) is office
    night = Sample("abc.example", "imaps", Aspect.TOTAL, "", 1.0, datetime(2026, 11, 20, 22, tzinfo=UTC))
    assert Limits([office, always]).in_force(night) is always


def test_limits_of_who_has_none_are_false() -> None:
    assert not Limits()
    assert Limits([Limit(Match())])
    assert Limits().in_force(sample()) is None


def test_what_is_remembered_of_names_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thresholds.limits.MOST_NAMES", 3)
    hops = [Limit(Match(Aspect.HOP, f"mx{number}*")) for number in range(8)]
    limits = Limits(hops)
    for number in (*range(8), *range(8)):
        assert limits.in_force(sample(Aspect.HOP, f"mx{number}.strange.example")) is hops[number]
