"""A trip's line in the ledger: nothing is lost on the way to JSON and back, no secret goes there, and newer lines are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from probe.dsn import Bounce
from probe.message import Letter
from probe.outcome import Facts, Handed, Limits, Sighting, Standing
from probe.passage import (
    NewerVersionError,
    Passage,
    _plain,
    answered,
    ended,
    line_of,
    passage_of,
    planned,
    resumed,
    timed_by_walls,
    trip_of,
    with_copy,
)
from probe.values import Check, Endpoint, Fault, FaultKind, Journey, Mailbox, Outcome, Relay, Result, Secret, Step

T0 = datetime(2026, 11, 21, 8, 0, 0, 250_000, tzinfo=UTC)
MAILBOX = Mailbox("probe@abc.example", Secret("hunter2"))
SUBMIT = Check("abc.example/submission", "abc.example", "submission", "submission", Endpoint("mx.example", 587), mailbox=MAILBOX)
FETCH = replace(SUBMIT, name="abc.example/imap", kind="imap", mailbox=replace(MAILBOX, address="probe@xyz.example"))
JOURNEY = Journey("abc.example", "xyz.example", SUBMIT, FETCH, late_after_seconds=9, lost_after_seconds=99, settle_seconds=2)
TOKEN = "00112233445566778899aabbccddeeff"
NEW = planned(JOURNEY, TOKEN, T0)


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


COPY = Sighting("Junk", "4", "77", misplaced=True, changed="", noticed_at=after(5), stamped_at=after(3))
RELAY = Relay("a", "b", after(1), 1.5, "id", "ESMTP", 0.0, 3.0, "note")
FULL = replace(
    NEW,
    facts=replace(NEW.facts, handed=Handed.TAKEN, copies=(COPY,), bounce=Bounce(TOKEN, "delayed", "4.0.0", "451 b\u00e4h", proven=True)),
    tries=3,
    kept_out="451 4.7.1 later",
    submit_seconds=0.5,
    transit_seconds=4.0,
    retrieve_seconds=0.1,
    uncertainty_seconds=0.01,
    relays=(RELAY, replace(RELAY, received_at=None)),
)


def taken(fault: Fault | None = None, *steps: tuple[str, float]) -> Result:
    return Result(SUBMIT, after(1), tuple(Step(*step) for step in steps), fault=fault)


def test_a_new_trip_knows_its_way_and_its_limits() -> None:
    assert NEW.letter == Letter("probe@abc.example", "probe@xyz.example", TOKEN, T0)
    assert NEW.facts == Facts(T0, T0, submitter="mx.example", place="INBOX of probe@xyz.example")
    assert NEW.limits == Limits(9, 99, 2)


@pytest.mark.parametrize(
    "journey", [replace(JOURNEY, submit=replace(SUBMIT, mailbox=None)), replace(JOURNEY, fetch=replace(FETCH, mailbox=None))]
)
def test_a_trip_without_a_mailbox_is_refused(journey: Journey) -> None:
    with pytest.raises(ValueError, match=r"trip abc\.example: it needs a mailbox to send from and one to read"):
        planned(journey, TOKEN, T0)


@pytest.mark.parametrize("passage", [NEW, FULL, ended(FULL, Standing(Outcome.MISPLACED, said="found in Junk"))])
def test_comes_back_from_its_line_as_it_was(passage: Passage) -> None:
    line = line_of(passage)
    assert passage_of(line) == passage
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert b"hunter2" not in line


def test_a_line_of_a_newer_version_is_refused() -> None:
    newer = json.dumps(json.loads(line_of(NEW)) | {"v": 2}).encode()
    with pytest.raises(NewerVersionError, match="version 2, and this program knows version 1"):
        passage_of(newer)


def test_what_is_no_fact_cannot_stand_in_the_ledger() -> None:
    with pytest.raises(TypeError, match="Secret cannot stand in the ledger"):
        _plain(Secret("x"))


def test_tells_the_trip() -> None:
    trip = trip_of(ended(FULL, Standing(Outcome.MISPLACED, said="found in Junk")))
    assert (trip.name, trip.domain, trip.message_id) == ("abc.example", "xyz.example", f"<mailsonde.{TOKEN}@abc.example>")
    assert (trip.outcome, trip.said, trip.folder, trip.total_seconds) == (Outcome.MISPLACED, "found in Junk", "Junk", 4.6)
    assert trip.readings == {"copies": 1, "tries": 3, "greylisted_seconds": 0.0}
    assert trip_of(NEW, "an answer of mx.example").waiting_for == "an answer of mx.example"
    assert trip_of(replace(NEW, kept_out="451", facts=replace(NEW.facts, handed=Handed.AGAIN))).readings == {}


def test_an_adopted_trip_does_not_know_what_it_was_not_told() -> None:
    assert resumed(FULL) == FULL
    facts = resumed(NEW).facts
    assert (facts.handed, facts.said) == (Handed.UNKNOWN, "the run that sent it was stopped before the answer")


def test_the_time_of_submission_ends_with_the_reply_to_the_message() -> None:
    found = answered(NEW, taken(None, ("rcpt", 0.25), ("message", 0.5), ("quit", 8.0)))
    assert (found.submit_seconds, found.tries, found.facts.handed, found.facts.tried_at) == (0.75, 1, Handed.TAKEN, after(1))


def test_a_failing_farewell_is_not_a_failed_submission() -> None:
    found = answered(NEW, taken(Fault(FaultKind.PROTOCOL, "quit", "closed the connection"), ("message", 0.5), ("quit", 8.0)))
    assert (found.submit_seconds, found.facts.handed, found.facts.said, found.step) == (0.5, Handed.TAKEN, "", "")


def test_a_copy_that_was_there_before_the_answer_has_no_transit() -> None:
    early = with_copy(replace(NEW, transit_seconds=0.4), COPY)
    assert answered(early, taken(None, ("message", 0.5))).transit_seconds == 0.0
    assert answered(early, taken(Fault(FaultKind.TIMEOUT, "message", "no answer"))).transit_seconds == 0.4


AGAIN = Fault(FaultKind.TEMPORARY, "rcpt", "451 4.7.1 later")


def test_who_was_asked_to_come_again_stays_so_when_the_server_is_away() -> None:
    first = answered(NEW, taken(AGAIN))
    assert (first.facts.handed, first.kept_out, first.step, first.submit_seconds) == (Handed.AGAIN, "451 4.7.1 later", "rcpt", None)
    second = answered(first, taken(Fault(FaultKind.CONNECT, "connect", "refused")))
    assert (second.facts.handed, second.facts.said, second.kept_out) == (Handed.AGAIN, "CONNECT at connect: refused", "451 4.7.1 later")
    assert answered(second, taken(None, ("message", 1.0))).facts.handed is Handed.TAKEN


def test_what_never_came_so_far_says_what_failed() -> None:
    found = answered(NEW, taken(Fault(FaultKind.CONNECT, "connect", "refused")))
    assert (found.facts.handed, found.facts.said, found.step) == (Handed.UNSENT, "CONNECT at connect: refused", "connect")
    assert answered(NEW, taken(Fault(FaultKind.PERMANENT, "rcpt", ""))).facts.said == "PERMANENT at rcpt: "


def test_without_a_stamp_of_our_own_the_walls_tell_the_transit_with_their_doubt() -> None:
    lay_there = replace(COPY, fresh=False)
    stamped = timed_by_walls(with_copy(replace(NEW, submit_seconds=0.5), lay_there))
    assert (stamped.transit_seconds, stamped.uncertainty_seconds) == (2.5, 2.0)
    unstamped = timed_by_walls(with_copy(replace(NEW, submit_seconds=0.5), replace(lay_there, stamped_at=None)))
    assert (unstamped.transit_seconds, unstamped.uncertainty_seconds) == (4.5, 5.0)
    for unknown in (NEW, with_copy(NEW, lay_there)):
        assert timed_by_walls(unknown) == unknown
