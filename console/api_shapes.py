"""The shapes of the control API, as its OpenAPI document shows them: what `probe run --format json` prints, and more of the same kind.

Times are RFC 3339 UTC with milliseconds, durations seconds to the microsecond, levels and faults in capitals, outcomes in lower case.
"""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, PlainSerializer
from pydantic_core import PydanticCustomError

from probe.values import Reading
from thresholds.moments import bounded


def rfc3339(at: datetime) -> str:
    """Return an aware time as `2026-11-21T08:00:00.123Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _bounded(at: datetime) -> datetime:
    try:
        return bounded(at)
    except ValueError as error:
        raise PydanticCustomError("out_of_bounds", "{said}", {"said": str(error)}) from None


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(float(seconds), 6)


GivenMoment = Annotated[AwareDatetime, AfterValidator(_bounded)]  # of people: whoever gives one outside the bounds is told
Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str)]
Seconds = Annotated[float, PlainSerializer(_rounded, return_type=float)]

MaybeSeconds = Annotated[float | None, PlainSerializer(_rounded, return_type=float | None)]


class StepShape(BaseModel):
    """One stage of a conversation."""

    name: str
    seconds: Seconds


class FaultShape(BaseModel):
    """What went wrong, where, in the peer's own words."""

    kind: str
    step: str
    said: str


class LineShape(BaseModel):
    """One redacted line of a conversation."""

    ours: bool
    step: str
    text: str
    at_seconds: Seconds


class RunShape(BaseModel):
    """One conversation and what it means."""

    run: int | None = None  # its id in the store; null for one that was not stored, or not yet
    check: str
    domain: str
    server: str
    kind: str
    started_at: Moment
    seconds: Seconds
    uncertainty_seconds: Seconds
    suspect: bool
    steps: list[StepShape]
    readings: dict[str, Reading]
    fault: FaultShape | None
    level: str
    reasons: list[str]
    limit: str  # the one in force, in words; "" = none
    message_id: str | None
    lines: list[LineShape] | None = None  # what was said: of a run by hand, and of a stored one whose conversation was kept


class CheckShape(BaseModel):
    """One configured check and the last that was seen of it."""

    check: str
    domain: str
    server: str
    kind: str
    host: str
    port: int
    security: str
    every_seconds: float
    fresh: bool  # its last run is younger than 2.5 intervals; else its level is UNKNOWN, whatever that run said
    level: str
    last: RunShape | None  # null before its first run


class HopShape(BaseModel):
    """One server on a message's way."""

    server: str | None
    by: str | None
    received_at: Moment | None
    seconds: MaybeSeconds


class TripShape(BaseModel):
    """One test message's way and what it means; its outcome is null while it is under way."""

    trip: str
    domain: str
    message_id: str
    started_at: Moment
    submitted_at: Moment | None = None  # when the conversation began that handed it over; null = not known
    outcome: str | None
    waiting_for: str | None
    submit_seconds: MaybeSeconds
    transit_seconds: MaybeSeconds
    retrieve_seconds: MaybeSeconds
    total_seconds: MaybeSeconds
    uncertainty_seconds: Seconds
    folder: str | None
    hops: list[HopShape]
    said: str
    level: str
    suspect: bool
    reasons: list[str]


class JourneyShape(BaseModel):
    """One configured journey and its trips."""

    trip: str
    domain: str
    every_seconds: float
    level: str  # of the newest trip that has ended or is late; UNKNOWN while there is none
    outcomes: dict[str, int]  # since the start
    last: TripShape | None  # of those that have ended, the one that began last
    under_way: list[TripShape]


class ConversationShape(BaseModel):
    """What was said, redacted."""

    check: str
    which: str  # last_good or first_bad
    run: int
    started_at: Moment
    level: str
    lines: list[LineShape]


class LimitShape(BaseModel):
    """One limit."""

    origin: str  # where it is written: thresholds[0]
    matches: str  # in words: imap*, step login
    calendar: str | None
    warning: float | None  # in the unit of its aspect; of a baseline without enough history: null
    critical: float | None
    level: str | None  # of a limit that sets the level of a fault or an outcome
    words: str  # all of it in words


class InForceShape(BaseModel):
    """Which limit is in force for one check."""

    check: str
    aspect: str
    name: str  # within the aspect: the step, the part of the trip, ..
    unit: str
    at: Moment
    limit: LimitShape | None  # null: none matches


class ExplainedShape(BaseModel):
    """One limit, and what keeps it from being in force or put it there."""

    limit: LimitShape
    wins: bool
    why: str


class StoreShape(BaseModel):
    """How the store is."""

    queued: int
    committed: int
    lost: int
    broken: str  # why nothing is written now; "" = all is well
    file_bytes: int
    last_commit_seconds: Seconds


class StatusShape(BaseModel):
    """How the service is."""

    site: str
    version: str
    started_at: Moment
    timezone: str  # of the configuration: in which people mean times and want them shown; those of this API are UTC
    unhealthy: str  # why it should be restarted; "" = it is well
    unready: str  # why it does not probe yet; "" = it does
    sick: str  # why the prober doubts itself, in one word; "" = it does not
    checks: int
    levels: dict[str, int]  # checks by what they are now
    journeys: int
    backing_off: dict[str, str]  # by place: why checks are held back, and until when
    hints: dict[str, str]  # by place: that we may be banned, and why we think so
    configuration_problem: str  # what was wrong with the configuration as it was last read; "" = it was taken
    configuration_taken_at: Moment | None
    store: StoreShape | None


class CheckPage(BaseModel):
    """Some checks."""

    items: list[CheckShape]
    cursor: str  # where the next page begins; "" = there is none


class RunPage(BaseModel):
    """Some runs, the newest first."""

    items: list[RunShape]
    cursor: str  # as in a page of checks; a page may be short, even empty, and yet have one


class TripPage(BaseModel):
    """Some trips that have ended, the newest first."""

    items: list[TripShape]
    cursor: str


class JourneyPage(BaseModel):
    """Some journeys."""

    items: list[JourneyShape]
    cursor: str


class InForcePage(BaseModel):
    """The limits of some checks."""

    items: list[InForceShape]
    cursor: str


class ProblemShape(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str  # of the status
    status: int
    detail: str  # one line that says what to do; several for a configuration that is wrong in several places


class ProbeWanted(BaseModel):
    """Which check to run."""

    check: str
    timeout_seconds: float | None = Field(None, gt=0, le=3_600)  # end the conversation sooner than its own time-out would


class BackupWanted(BaseModel):
    """Where to put a backup."""

    path: str  # absolute, on the service's host; there must be no such file


class DoneShape(BaseModel):
    """That something was done."""

    done: str  # in words
