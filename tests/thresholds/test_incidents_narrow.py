"""Mail is held up somewhere on its way; later the servers' logs tell where. An incident is narrowed once, never back and forth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.thresholds.story import PROMPT, World, cell, words
from thresholds.blame import causes
from thresholds.incident_values import Cell, Incident, Observation
from thresholds.incidents_narrow import found_out
from thresholds.values import Level, Verdict

RULES = replace(PROMPT, bad=1, of=1, good=1, gather_seconds=4.0)
LATE = Verdict(Level.WARNING, ("the test message is under way for 61 s",))
ENDS = {"a": ("submission", "imap"), "b": ("smtps", "imap"), "c": ("submission", "pop3"), "d": ("smtps", "pop3"), "e": ("lmtp", "web")}
TRIPS = tuple(Cell(f"trip {one}", one, fetch, "trip", 60.0, submit) for one, (submit, fetch) in ENDS.items())
HUB, MX = "hop hub1", "link mx1 -> hub1"
OPENED = "opened=path:smtps, submission -> imap, pop3"


class Followed(World):
    """A world of trips whose way becomes known, with the blame that is real."""

    def __init__(self) -> None:
        super().__init__(rules=RULES, blame=causes, cells=(*TRIPS, cell("a/imap"), cell("b/imap")))

    def late(self, trips: str, *, place: str = "", proven: str = "", message: str = "1") -> str:
        """See these trips late; `place`: where their way says that they are. Return what was told, and how it was said."""
        for one in trips:
            proofs = ((proven or place, f"{proven or place}: hub.log:7"),) if proven or place else ()
            slow = (place,) if place else ()
            self.watch.saw(Observation(f"trip {one}", self.now, LATE, slow=slow, message=f"<{one}{message}>", proofs=proofs))
        return words([*self.review(), *self.pass_time(5.0)], causes=True)

    def well(self, trips: str) -> str:
        for one in trips:
            self.watch.saw(Observation(f"trip {one}", self.now, Verdict(Level.OK)))
        return words(self.review(), causes=True)

    @property
    def one(self) -> Incident:
        (incident,) = self.watch.open
        return incident


@pytest.fixture
def world() -> Followed:
    return Followed()


def test_a_way_whose_trips_turn_out_to_be_in_one_server_is_narrowed_with_its_lines(world: Followed) -> None:
    assert world.late("abc") == OPENED
    assert world.late("abc", place=HUB) == "worsened=hop:hub1"
    assert (world.told[-1].said, world.one.changes) == ("now known: hub1 holds up 3 trips", 2)
    assert world.one.cause.evidence[:2] == ("3 of 3 trips stay long in hub1", "hop hub1: hub.log:7")
    assert world.well("abc") == "closed=hop:hub1"


def test_it_is_told_once_and_what_comes_later_does_not_take_it_back(world: Followed) -> None:
    world.late("abc")
    assert world.late("abc", place=HUB) == "worsened=hop:hub1"
    for message in "2345":
        assert world.late("abc", place=MX, message=message) == "-"
        assert world.late("abc", place=HUB, message=message) == "-"
        assert world.late("abc", message=message * 2) == "-"
    assert world.late("d", message="6") == "-"
    assert (world.one.cause.key, world.one.failing) == ("hop:hub1", ("trip a", "trip b", "trip c", "trip d"))


def test_of_two_trips_under_one_name_that_share_no_more_one_tells_for_both(world: Followed) -> None:
    assert world.late("ab").startswith("opened=path:")
    assert world.late("a", place=HUB) == "worsened=hop:hub1"
    assert world.one.cause.doubt == "that the mail hangs on it is supposed; trip a alone shows it"


def test_a_trip_by_itself_is_named_by_where_it_is(world: Followed) -> None:
    world.well("bcd")
    assert world.late("a") == "opened=check:trip a"
    assert world.late("a", place=MX) == "worsened=link:mx1 -> hub1"
    assert world.told[-1].said == "now known: 1 trip took long from mx1 to hub1"


def test_a_newer_message_whose_way_is_not_known_yet_hides_no_older_one(world: Followed) -> None:
    world.well("bcd")
    assert world.late("a") == "opened=check:trip a"
    for trip in "ab":
        world.watch.saw(Observation(f"trip {trip}", world.now, LATE, slow=(HUB,), message=f"<{trip}2>", proofs=((HUB, "hub.log:8"),)))
    assert world.late("ab", message="3") == "worsened=hop:hub1"
    assert world.one.failing == ("trip a", "trip b")


def test_a_way_that_is_known_and_names_no_place_narrows_nothing(world: Followed) -> None:
    world.late("abc")
    assert world.late("abc", proven=HUB) == "-"
    assert world.one.cause.key == OPENED.removeprefix("opened=")


def test_one_of_many_in_a_server_does_not_rename_all(world: Followed) -> None:
    assert world.late("abcd") == OPENED
    assert world.late("a", place=HUB) == "-"
    assert world.late("bcd", proven=HUB, message="2") == "-"
    assert world.one.cause.key == OPENED.removeprefix("opened=")


def test_what_is_left_when_most_are_well_keeps_the_name_that_was_told(world: Followed) -> None:
    world.late("abcd")
    assert world.well("bcd") == "-"
    assert world.late("a", place=HUB) == "-"
    assert world.well("a") == "closed=path:smtps, submission -> imap, pop3"


def test_more_than_twice_as_many_trips_held_up_elsewhere_take_the_name_over(world: Followed) -> None:
    assert world.late("a", place=HUB) == "opened=hop:hub1"
    assert world.late("bcde", proven=HUB).startswith(("worsened=path:", "opened=path:"))


def test_a_narrower_name_is_kept_through_a_restart(world: Followed) -> None:
    world.late("abc")
    world.late("abc", place=HUB)
    world.do_restart("")
    assert world.late("abcd", message="2") == "-"
    assert world.one.cause.key == "hop:hub1"


def test_before_anything_was_told_it_opens_by_the_narrower_name(world: Followed) -> None:
    for one in "abc":
        world.watch.saw(Observation(f"trip {one}", world.now, LATE, message=f"<{one}>"))
    assert world.late("abc", place=HUB) == "opened=hop:hub1"
    assert world.told[-1].said == ""


def test_where_it_is_muted_it_is_recorded(world: Followed) -> None:
    world.do_quiet("1h")
    world.late("abc")
    assert world.late("abc", place=HUB) == "(worsened=hop:hub1)"


def test_it_became_no_worse_unless_it_did(world: Followed) -> None:
    world.late("abc")
    world.late("abc", place=HUB)
    assert found_out(world.told[-1].said) == "hub1 holds up 3 trips"
    assert found_out(f"{world.told[-1].said}; from WARNING to CRITICAL") == ""
    assert found_out("from WARNING to CRITICAL") == ""
