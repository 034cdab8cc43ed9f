"""One trip as the ledger knows it: what was sent, what is known since, how it ended; and its line of JSON, forth and back. No I/O.

A line holds the whole of a trip, so that the last whole line of a file is all there is to know; it holds no secret. It refuses lines of a
newer version instead of guessing what they mean.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from probe.dsn import Bounce
from probe.message import Letter
from probe.outcome import Facts, Handed, Limits, Sighting, Standing, arrived_at, count, delay_reading, handed, stand
from probe.values import FaultKind, Outcome, Reading, Relay, Trip

if TYPE_CHECKING:
    from collections.abc import Collection

    from probe.values import Fault, Journey, Result

VERSION = 1


class NewerVersionError(ValueError):
    """A line was written by a newer version of this program."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One trip: everything that must survive a restart."""

    letter: Letter
    name: str  # of the journey
    domain: str  # the receiving one
    limits: Limits
    facts: Facts
    tries: int = 0
    step: str = ""  # of submission, where it was refused
    kept_out: str = ""  # the first reply that asked us to come again
    submit_seconds: float | None = None
    transit_seconds: float | None = None
    retrieve_seconds: float | None = None
    uncertainty_seconds: float = 0.0
    relays: tuple[Relay, ...] = ()
    outcome: Outcome | None = None  # set once, never changed
    said: str = ""


def planned(journey: Journey, token: str, now: datetime) -> Passage:
    """Return a new trip, nothing of it done yet. Raises: ValueError when a mailbox is missing to send from or to read."""
    if journey.submit.mailbox is None or journey.fetch.mailbox is None:
        raise ValueError(f"trip {journey.name}: it needs a mailbox to send from and one to read")
    sender, recipient = journey.submit.mailbox.address, journey.fetch.mailbox.address
    limits = Limits(journey.late_after_seconds, journey.lost_after_seconds, journey.settle_seconds)
    facts = Facts(now, now, submitter=journey.submit.endpoint.host, place=f"INBOX of {recipient}")
    return Passage(Letter(sender, recipient, token, now), journey.name, journey.domain, limits, facts)


def resumed(passage: Passage) -> Passage:
    """Return an adopted trip: nobody knows what came of a submission whose answer a killed run did not write down."""
    if passage.facts.handed is not Handed.BEGUN:
        return passage
    said = "the run that sent it was stopped before the answer"
    return replace(passage, facts=replace(passage.facts, handed=Handed.UNKNOWN, said=said))


def leads_to(passage: Passage, journey: Journey) -> bool:
    """Return whether a journey still ends in the mailbox to which this trip's message was sent."""
    return journey.fetch.mailbox is not None and journey.fetch.mailbox.address == passage.letter.recipient


def forsaken(passage: Passage, *, elsewhere: bool, now: datetime) -> Passage:
    """Return a trip of a former run with its outcome: the one that it has, or the one of a trip that nobody can follow any more.

    Args:
        passage: of a journey that is gone.
        elsewhere: or that now ends in another mailbox.
        now: by the wall clock.
    """
    if passage.outcome is not None:
        return passage
    passage = resumed(passage)
    why = "the trip of this name now ends in another mailbox" if elsewhere else "no trip of this name is configured any more"
    facts = replace(passage.facts, blind=why)
    standing = stand(facts, passage.limits, now)
    return ended(passage, standing if standing.outcome else Standing(Outcome.UNSURE, said=f"cannot read {facts.place}: {why}"))


def with_copy(passage: Passage, copy: Sighting) -> Passage:
    """Return the passage with one more copy seen."""
    return replace(passage, facts=replace(passage.facts, copies=(*passage.facts.copies, copy)))


def answered(passage: Passage, result: Result) -> Passage:
    """Return the passage with what the submission server made of the message; a server that fails at QUIT has taken it."""
    fault = result.fault if result.fault is None or result.fault.step != "quit" else None
    meaning = handed(fault)
    if meaning is Handed.UNSENT and passage.kept_out:
        meaning = Handed.AGAIN  # it asked us to come again, and cannot be reached at present
    said = _said(fault)
    submit_seconds = _until_answer(result) if meaning is Handed.TAKEN else None
    transit = passage.transit_seconds  # set already: the message was there before the answer, timed from the beginning of submission
    return replace(
        passage,
        facts=replace(passage.facts, handed=meaning, said=said, tried_at=result.started_at),
        tries=passage.tries + 1,
        step=fault.step if fault else "",
        kept_out=passage.kept_out or (said if meaning is Handed.AGAIN else ""),
        submit_seconds=submit_seconds,
        transit_seconds=None if transit is None else max(0.0, transit - (submit_seconds or 0.0)),
    )


def _said(fault: Fault | None) -> str:
    """Return the server's words about the message; where it had none, what failed."""
    if fault is None:
        return ""
    about_it = fault.kind in (FaultKind.TEMPORARY, FaultKind.PERMANENT) and fault.said
    return fault.said if about_it else f"{fault.kind} at {fault.step}: {fault.said}"


def _until_answer(result: Result) -> float:
    """Return the seconds up to the server's reply to the message."""
    names = [step.name for step in result.steps]
    whole = names.index("message") + 1 if "message" in names else len(names)
    return sum(step.seconds for step in result.steps[:whole])


def trip_of(passage: Passage, waiting_for: str = "") -> Trip:
    """Return the trip as it is told to the world."""
    folder = passage.facts.copies[0].folder if passage.facts.copies else None
    return Trip(
        name=passage.name,
        domain=passage.domain,
        message_id=passage.letter.message_id,
        started_at=passage.facts.began_at,
        outcome=passage.outcome,
        waiting_for=waiting_for,
        submit_seconds=passage.submit_seconds,
        transit_seconds=passage.transit_seconds,
        retrieve_seconds=passage.retrieve_seconds,
        uncertainty_seconds=passage.uncertainty_seconds,
        folder=next((copy.folder for copy in passage.facts.copies if copy.misplaced), folder),
        relays=passage.relays,
        readings=_readings(passage),
        said=passage.said,
        step=passage.step,
        submitted_at=passage.facts.tried_at,
    )


def ended(passage: Passage, standing: Standing) -> Passage:
    """Return the passage with its outcome, and what is told with it."""
    return replace(passage, outcome=standing.outcome, said=standing.said)


def timed_by_walls(passage: Passage) -> Passage:
    """Return the passage with the transit that wall clocks tell, when we were not looking as the message came; unsure by as much."""
    facts = passage.facts
    if not facts.copies or passage.submit_seconds is None:
        return passage
    first = facts.copies[0]
    came = arrived_at(first, facts)
    transit = max(0.0, (came - facts.tried_at).total_seconds() - passage.submit_seconds)
    doubt = (first.noticed_at - (facts.tried_at if came == first.noticed_at else came)).total_seconds()
    return replace(passage, transit_seconds=transit, uncertainty_seconds=passage.uncertainty_seconds + doubt)


def line_of(passage: Passage) -> bytes:
    """Return the passage as one line of JSON."""
    return json.dumps({"v": VERSION, **asdict(passage)}, default=_plain, separators=(",", ":")).encode("ascii") + b"\n"


def told_line(tokens: Collection[str]) -> bytes:
    """Return the line that says of ended trips that they have been told: no later run tells them again."""
    return json.dumps({"v": VERSION, "told": sorted(tokens)}, separators=(",", ":")).encode("ascii") + b"\n"


def told_of(line: bytes) -> list[str]:
    """Return the tokens of such a line; none when it is another line."""
    head = f'{{"v":{VERSION},"told":['.encode()
    return re.findall(r'"([0-9a-z]+)"', line[len(head) :].decode("latin-1")) if line.startswith(head) and line.endswith(b"]}") else []


def passage_of(line: bytes) -> Passage:
    """Return the passage of a line.

    Raises: NewerVersionError; ValueError, KeyError or TypeError when it is no line of ours.
    """
    found: dict[str, Any] = json.loads(line)
    version = found.pop("v")
    if version > VERSION:
        raise NewerVersionError(f"version {version}, and this program knows version {VERSION}")
    letter, limits, facts = found.pop("letter"), found.pop("limits"), found.pop("facts")
    outcome, relays = found.pop("outcome"), found.pop("relays")
    return Passage(
        letter=Letter(**_dated(letter, "at")),
        limits=Limits(**limits),
        facts=_facts(facts),
        outcome=Outcome(outcome) if outcome else None,
        relays=tuple(Relay(**_dated(relay, "received_at")) for relay in relays),
        **found,
    )


def _facts(found: dict[str, Any]) -> Facts:
    copies = tuple(Sighting(**_dated(copy, "noticed_at", "stamped_at")) for copy in found.pop("copies"))
    bounce = found.pop("bounce")
    whole = _dated(found, "began_at", "tried_at") | {"handed": Handed(found["handed"])}
    return Facts(copies=copies, bounce=Bounce(**bounce) if bounce else None, **whole)


def _dated(found: dict[str, Any], *names: str) -> dict[str, Any]:
    return found | {name: datetime.fromisoformat(found[name]) for name in names if found[name]}


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot stand in the ledger")


def _readings(passage: Passage) -> dict[str, Reading]:
    facts = passage.facts
    readings: dict[str, Reading] = {}
    if facts.copies:
        readings["copies"] = count(facts.copies)
    if passage.kept_out and facts.handed is not Handed.AGAIN:
        readings[delay_reading(passage.kept_out)] = round((facts.tried_at - facts.began_at).total_seconds(), 3)
    if passage.tries > 1:
        readings["tries"] = passage.tries
    return readings
