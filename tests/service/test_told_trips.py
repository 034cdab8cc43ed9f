"""One message that is late is one trouble: its first word and each worse one are news, the rest is not."""

from __future__ import annotations

from datetime import UTC, datetime

from probe.values import Outcome, Trip
from service.alarms.told_trips import ToldTrips
from store.values import TripRun
from thresholds.values import Level, Verdict

AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def word(message: str, level: Level, outcome: Outcome | None = None) -> TripRun:
    return TripRun(Trip("abc.example", "abc.example", message, AT, outcome), Verdict(level))


def test_a_message_is_news_when_it_is_late_and_when_it_gets_worse() -> None:
    told = ToldTrips()
    assert told.is_news(word("<1@x>", Level.WARNING))
    assert not told.is_news(word("<1@x>", Level.WARNING))
    assert told.is_news(word("<1@x>", Level.CRITICAL))
    assert told.is_news(word("<2@x>", Level.WARNING))


def test_its_end_is_news_when_it_is_good_or_worse_than_what_was_told() -> None:
    told = ToldTrips()
    for end, news in ((Level.OK, True), (Level.WARNING, False), (Level.CRITICAL, True)):
        assert told.is_news(word("<1@x>", Level.WARNING))
        assert told.is_news(word("<1@x>", end, Outcome.DELIVERED)) is news


def test_an_end_of_which_nothing_was_told_is_news() -> None:
    assert ToldTrips().is_news(word("<1@x>", Level.CRITICAL, Outcome.BOUNCED))
    assert ToldTrips().is_news(word("<1@x>", Level.OK, Outcome.DELIVERED))
