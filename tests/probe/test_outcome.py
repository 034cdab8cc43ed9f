"""The ten outcomes of a trip, each reached from facts alone, and what a trip waits for before it has one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from probe.dsn import Bounce
from probe.outcome import (
    PRECEDENCE,
    Facts,
    Handed,
    Limits,
    Sighting,
    count,
    delay_reading,
    handed,
    retry_after_seconds,
    stand,
)
from probe.values import Fault, FaultKind, Outcome

T0 = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)
LIMITS = Limits(late_after_seconds=120, lost_after_seconds=3600, settle_seconds=2)


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


SENT = Facts(T0, T0, Handed.TAKEN, submitter="mx.example", place="INBOX of probe@abc.example")
COPY = Sighting("INBOX", "1", "77", misplaced=False, changed="", noticed_at=after(3))
FAILED = Bounce("token", "failed", "5.1.1", "550 5.1.1 unknown", proven=True)
DELAYED = replace(FAILED, action="delayed", said="451 try later")


def seen(*copies: Sighting) -> Facts:
    return replace(SENT, copies=copies)


SPAM = replace(COPY, folder="Junk", misplaced=True)
CHANGED = replace(COPY, uid="2", changed="the body was changed")
LATE = replace(COPY, noticed_at=after(500))
LAY_THERE = replace(LATE, fresh=False)

# facts, seconds since T0 -> outcome, said
ENDED: dict[str, tuple[Facts, float, Outcome, str]] = {
    "delivered": (seen(COPY), 5, Outcome.DELIVERED, ""),
    "delivered though the answer was lost": (replace(seen(COPY), handed=Handed.UNKNOWN, said="reset"), 5, Outcome.DELIVERED, ""),
    "delivered after greylisting, by its own clock": (replace(seen(LATE), tried_at=after(450)), 502, Outcome.DELIVERED, ""),
    "delivered while we were not looking": (seen(replace(LAY_THERE, stamped_at=after(4))), 502, Outcome.DELIVERED, ""),
    "late": (seen(LATE), 502, Outcome.LATE, ""),
    "late, by the server's clock": (seen(replace(LAY_THERE, stamped_at=after(400))), 502, Outcome.LATE, ""),
    "late, for nobody says when it came": (seen(LAY_THERE), 502, Outcome.LATE, ""),
    "not before it was sent": (seen(replace(LAY_THERE, stamped_at=after(-9999))), 502, Outcome.DELIVERED, ""),
    "not after we found it": (seen(replace(LAY_THERE, noticed_at=after(60), stamped_at=after(9999))), 62, Outcome.DELIVERED, ""),
    "duplicate": (seen(COPY, replace(COPY, uid="2")), 5, Outcome.DUPLICATE, ""),
    "duplicate, one of them late": (seen(COPY, replace(LATE, uid="2")), 5, Outcome.DUPLICATE, ""),
    "once, under a new UIDVALIDITY": (seen(COPY, replace(COPY, epoch="78")), 5, Outcome.DELIVERED, ""),
    "misplaced": (seen(SPAM), 5, Outcome.MISPLACED, "found in Junk"),
    "misplaced before duplicate": (seen(COPY, SPAM), 5, Outcome.MISPLACED, "found in Junk"),
    "modified before misplaced": (seen(SPAM, CHANGED), 5, Outcome.MODIFIED, "the body was changed"),
    "bounced before modified": (replace(seen(CHANGED), bounce=FAILED), 3, Outcome.BOUNCED, "550 5.1.1 unknown"),
    "bounced": (replace(SENT, bounce=FAILED), 1, Outcome.BOUNCED, "550 5.1.1 unknown"),
    "rejected": (replace(SENT, handed=Handed.REFUSED, said="550 no"), 0, Outcome.REJECTED, "550 no"),
    "rejected before all": (replace(seen(CHANGED), bounce=FAILED, handed=Handed.REFUSED, said="550 no"), 9, Outcome.REJECTED, "550 no"),
    "greylisted": (replace(SENT, handed=Handed.AGAIN, said="451 4.7.1 later"), 3600, Outcome.GREYLISTED, "451 4.7.1 later"),
    "lost": (SENT, 3600, Outcome.LOST, ""),
    "lost after a warning": (replace(SENT, bounce=DELAYED), 3600, Outcome.LOST, "451 try later"),
    "unsure: cannot look": (
        replace(SENT, blind="AUTH at login: NO"),
        3600,
        Outcome.UNSURE,
        "cannot read INBOX of probe@abc.example: AUTH at login: NO",
    ),
    "unsure: nobody knows": (
        replace(SENT, handed=Handed.UNKNOWN, said="reset the connection"),
        3600,
        Outcome.UNSURE,
        "nobody knows whether mx.example took it: reset the connection",
    ),
    "unsure: not sent": (
        replace(SENT, handed=Handed.UNSENT, said="CONNECT at connect: refused"),
        0,
        Outcome.UNSURE,
        "not sent: CONNECT at connect: refused",
    ),
}


@pytest.mark.parametrize(("facts", "seconds", "outcome", "said"), ENDED.values(), ids=ENDED.keys())
def test_ends(facts: Facts, seconds: float, outcome: Outcome, said: str) -> None:
    standing = stand(facts, LIMITS, after(seconds))
    assert (standing.outcome, standing.said, standing.waiting_for, standing.until) == (outcome, said, "", None)


MESSAGE = "the message in INBOX of probe@abc.example"
# facts, seconds since T0 -> waiting for, until (seconds since T0)
WAITING: dict[str, tuple[Facts, float, str, float]] = {
    "an answer": (replace(SENT, handed=Handed.BEGUN), 1, "an answer of mx.example", 3600),
    "an answer, though it is there": (replace(seen(COPY), handed=Handed.BEGUN), 9, "an answer of mx.example", 3600),
    "to be let in": (replace(SENT, handed=Handed.AGAIN, said="451 later"), 3599, "mx.example to let it in: 451 later", 3600),
    "the message": (SENT, 3599, MESSAGE, 3600),
    "the message, let in late": (replace(SENT, tried_at=after(100)), 3650, MESSAGE, 3700),
    "a second copy": (seen(COPY), 4.9, "a second copy in INBOX of probe@abc.example, in case there is one", 5),
    "unable to look": (
        replace(SENT, blind="AUTH at login: NO"),
        9,
        f"{MESSAGE} (cannot read INBOX of probe@abc.example: AUTH at login: NO)",
        3600,
    ),
    "perhaps taken": (replace(SENT, handed=Handed.UNKNOWN, said="reset"), 9, f"{MESSAGE} (mx.example may not have taken it: reset)", 3600),
    "delayed": (replace(SENT, bounce=DELAYED), 9, f"{MESSAGE} (delayed: 451 try later)", 3600),
}


@pytest.mark.parametrize(("facts", "seconds", "waiting_for", "until"), WAITING.values(), ids=WAITING.keys())
def test_waits_for(facts: Facts, seconds: float, waiting_for: str, until: float) -> None:
    standing = stand(facts, LIMITS, after(seconds))
    assert (standing.outcome, standing.waiting_for, standing.until) == (None, waiting_for, after(until))


SUBMISSIONS = {
    None: Handed.TAKEN,
    Fault(FaultKind.PERMANENT, "rcpt", "550 no"): Handed.REFUSED,
    Fault(FaultKind.TEMPORARY, "rcpt", "451 later"): Handed.AGAIN,
    Fault(FaultKind.TIMEOUT, "message"): Handed.UNKNOWN,
    Fault(FaultKind.PROTOCOL, "message", "closed the connection"): Handed.UNKNOWN,
    Fault(FaultKind.PROTOCOL, "data", "closed the connection"): Handed.UNSENT,
    Fault(FaultKind.TIMEOUT, "greeting"): Handed.UNSENT,
    Fault(FaultKind.CONNECT, "connect"): Handed.UNSENT,
    Fault(FaultKind.AUTH, "auth", "535 no"): Handed.UNSENT,
}


@pytest.mark.parametrize(("fault", "meaning"), SUBMISSIONS.items())
def test_what_a_fault_of_submission_means(fault: Fault | None, meaning: Handed) -> None:
    assert handed(fault) is meaning


def test_precedence_is_the_contract() -> None:
    assert [outcome.value for outcome in PRECEDENCE] == ["rejected", "bounced", "modified", "misplaced", "duplicate", "late", "delivered"]


def test_every_outcome_is_reached_by_a_row() -> None:
    assert {row[2] for row in ENDED.values()} == set(Outcome)


def test_retries_become_rare_but_never_rarer_than_five_minutes() -> None:
    assert [retry_after_seconds(tries) for tries in (1, 2, 3, 6, 7, 5000)] == [5, 10, 20, 160, 300, 300]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("451 4.7.1 Greylisted", "greylisted_seconds"),
        ("450 4.2.0 greylisted", "greylisted_seconds"),
        ("451 later", "greylisted_seconds"),
        ("421 4.7.0 slow down", "greylisted_seconds"),
        ("451 4.3.0 Temporary lookup failure", "deferred_seconds"),
        ("452 4.3.1 Insufficient system storage", "deferred_seconds"),
    ],
)
def test_a_server_in_trouble_is_not_called_greylisting(said: str, name: str) -> None:
    assert delay_reading(said) == name


def test_copies_in_two_folders_count_apart() -> None:
    assert count((COPY, SPAM, replace(COPY, uid="2"), replace(SPAM, epoch="80"))) == 3
    assert count(()) == 0
