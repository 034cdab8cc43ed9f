"""A trip's times from its moments: by our own clock where we sent and awaited it, else by wall clocks; and what a set clock cannot do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from probe.arrival import STAMPS_OF_A_TRIP, Moment, measured
from probe.mailbox import Copy
from probe.message import Letter
from probe.outcome import Facts, Handed, Limits, Sighting
from probe.passage import Passage, with_copy
from probe.values import Check, Endpoint, Journey
from probe.way import ENDED_KEPT, Way, Ways

NOW = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)
LETTER = Letter("a@abc.example", "b@abc.example", "0" * 32, NOW)
RAW = b"Received: from a by b with ESMTP id 1; Sat, 21 Nov 2026 08:00:02 +0000\r\n\r\nhello\r\n"
FETCH = Check("abc.example/imap", "abc.example", "imap", "imap", Endpoint("mail.example", 993))
JOURNEY = Journey("abc.example", "abc.example", replace(FETCH, kind="smtp"), FETCH)


def passage(submit_seconds: float | None = 0.5, stamped_at: datetime | None = None, *, fresh: bool = True) -> Passage:
    sighting = Sighting("INBOX", "1", "7", False, "", NOW + timedelta(seconds=4), fresh, stamped_at)  # noqa: FBT003 - its order
    facts = Facts(NOW, NOW, Handed.TAKEN)
    return with_copy(Passage(LETTER, "abc.example", "abc.example", Limits(), facts, submit_seconds=submit_seconds), sighting)


def copy(polled_seconds: float | None) -> Copy:
    return Copy("INBOX", "7.1", RAW, None, polled_seconds)


def held(since: float, stamps: int) -> float:
    assert (since, stamps) == (100.0, STAMPS_OF_A_TRIP)
    return 0.01


def test_who_sent_and_awaited_it_knows_its_times() -> None:
    trip = measured(passage(), copy(0.2), Moment(100.0, 103.0, 103.25), held)
    assert (trip.transit_seconds, trip.retrieve_seconds) == (2.5, 0.25)
    assert trip.uncertainty_seconds == pytest.approx(0.21)
    assert [relay.by for relay in trip.relays] == ["b"]


def test_a_message_that_overtakes_the_answer_is_timed_from_the_beginning() -> None:
    assert measured(passage(None), copy(0.0), Moment(100.0, 100.25, 100.5), held).transit_seconds == 0.25


@pytest.mark.parametrize(("tried", "polled"), [(None, 0.0), (100.0, None)])
def test_who_was_not_there_goes_by_the_servers_stamp(tried: float | None, polled: float | None) -> None:
    trip = measured(passage(fresh=False), copy(polled), Moment(tried, 104.0, 104.5), held)
    assert trip.facts.copies[0].stamped_at == NOW + timedelta(seconds=2)
    assert (trip.transit_seconds, trip.uncertainty_seconds, trip.retrieve_seconds) == (1.5, 2.0, 0.5)


def test_the_servers_own_date_wins_over_the_headers() -> None:
    trip = measured(passage(stamped_at=NOW + timedelta(seconds=3), fresh=False), copy(None), Moment(None, 104.0, 104.5), held)
    assert trip.transit_seconds == 2.5


def test_whoever_sets_the_clock_makes_no_message_late() -> None:
    way = Way(passage(), JOURNEY)
    later = NOW + timedelta(hours=1)
    assert way.at(103.0, later) == later
    way.tried, way.tried_at = 100.0, NOW
    assert way.at(103.0, later) == NOW + timedelta(seconds=3)


def test_ways_are_found_by_token_name_and_mailbox_and_forgotten_in_their_order() -> None:
    ways = Ways()
    made = [Way(replace(passage(), letter=replace(LETTER, token=f"{number:032}")), JOURNEY) for number in range(ENDED_KEPT + 2)]
    for way in made:
        ways.add(way)
    assert (len(ways), made[0].token in ways, ways.get(made[1].token), ways.get("none")) == (len(made), True, made[1], None)
    assert (ways.all(), ways.at(FETCH), ways.named("abc.example"), ways.at(JOURNEY.submit)) == (made, made, made, [])
    for way in made:
        ways.strike(way)
    assert (len(ways), ways.all(), ways.at(FETCH), ways.named("abc.example")) == (0, [], [], [])
    assert [ways.has_ended(way.token) for way in (made[0], made[1], made[2], made[-1])] == [False, False, True, True]
