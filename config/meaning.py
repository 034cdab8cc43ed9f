"""The settings of what measurements mean: calendars and thresholds, and their translation into limits."""

from collections.abc import Container, Iterable
from datetime import date
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PlainValidator, SkipValidation, ValidationInfo, WithJsonSchema, model_validator

from config import ical, scalars, weekly
from config.fields import STRING, Duration, Factor, Name, Section, Text, Value, Zone, choice, file_there, sources_of
from config.ical import Events
from probe.values import FaultKind, Outcome
from thresholds.calendars import Calendar, Spans, Window
from thresholds.values import FALLING, TRIP_PARTS, UNITS, Aspect, Baseline, Level, Limit, Match

PARTS = list(TRIP_PARTS)
NAMES_OF_ASPECTS: dict[Aspect, list[str]] = {
    Aspect.TRIP: PARTS,
    Aspect.FAULT: [str(one) for one in FaultKind],
    Aspect.OUTCOME: [str(one) for one in Outcome],
}
WITH_HISTORY = {(Aspect.TOTAL, "total"), (Aspect.TRIP, "total")}  # what rollups remember for years; the rest is kept for days
LEVELS = [one.name.lower() for one in Level]
LIKELY_SUFFIXES = {"seconds": ("ms", "s"), "days": ("d",)}
VALUE_WORDS = {"seconds": scalars.DURATION_WORDS, "count": "a number: 100", "percent": "a percentage: 80%", "days": "days: 14d"}


def _days(value: Any, info: ValidationInfo) -> Any:
    found = weekly.days(value)
    if not isinstance(found, str):
        return found
    return ical.read(file_there(sources_of(info).path(found.removeprefix("ical:"))))


WeeklyWindow = Annotated[SkipValidation[Window], BeforeValidator(weekly.window), WithJsonSchema(STRING)]
Days = Annotated[Any, PlainValidator(_days), WithJsonSchema(STRING)]


class CalendarPlan(Section):
    """A named set of times for limits that hold only then."""

    timezone: Zone | None = Field(None, description="Zone of its wall clock. Default: `timezone`.")
    weekly: tuple[WeeklyWindow, ...] = Field(
        (), description="Windows: `mon-fri 08:00-18:00`; `fri 22:00-02:00` runs past midnight; `sat,sun` whole days."
    )
    dates: tuple[Days, ...] = Field(
        (),
        description="Whole days that count besides: `2026-12-24`, `holidays:DE-BE` (ISO 3166 country and region); `ical:FILE` its events.",
    )
    without: tuple[Days, ...] = Field(
        (), alias="except", description="What does not count, whatever else says so: written as in `dates`. Of `ical:FILE` its events."
    )

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if not self.weekly and not self.dates:
            raise ValueError("holds no time; give `weekly` windows or `dates`")
        return self

    def calendar(self, name: str, default: ZoneInfo) -> Calendar:
        """Return it as thresholds know it."""
        zone = self.timezone or default
        return Calendar(
            name, zone, self.weekly, _all_days(self.dates), _all_days(self.without), _spans(self.dates, zone), _spans(self.without, zone)
        )


def _all_days(written: Iterable[date | Container[date] | Events]) -> tuple[Container[date], ...]:
    """Return the whole days among what was written: single ones in one set, then holidays and the all-day events of files."""
    single = frozenset(one for one in written if isinstance(one, date))
    others = [one.days if isinstance(one, Events) else one for one in written if not isinstance(one, date)]
    return (single, *others) if single else tuple(others)


def _spans(written: Iterable[object], zone: ZoneInfo) -> tuple[Spans, ...]:
    """Return the timed events of the files among what was written."""
    return tuple(one.spans(zone) for one in written if isinstance(one, Events))


class MatchPlan(Section):
    """Which samples a threshold speaks of: where, and one aspect (default: the total of a check)."""

    domain: Text = Field("*", description="Domains, as a glob.")
    server: Text = Field("*", description="Servers by their names under `servers`, or trips by theirs, as a glob.")
    site: Text = Field("*", description="Sites of probers, as a glob.")
    step: Text | None = Field(None, description="A stage of a conversation: connect, tls, login, ... as a glob; values are durations.")
    trip: Annotated[str, choice(PARTS), WithJsonSchema({"enum": PARTS})] | None = Field(
        None, description="A part of a trip: total, submit, transit or retrieve; values are durations."
    )
    hop: Text | None = Field(
        None,
        description="The way of a test message up to a server, or its stay there where that one's log is followed; by its name, as a glob.",
    )
    link: Text | None = Field(None, description="The way from one server to the next, as a glob: `mx1 -> *`; values are durations.")
    queue: Text | None = Field(
        None, description="Messages waiting, by the queue's name, as a glob; `mailbox` is the test mailbox; values are counts."
    )
    resource: Text | None = Field(
        None, description="Disk, memory or processor of a host, as a glob; `quota` is the test mailbox's; values are percentages."
    )
    certificate: Text | None = Field(
        None, description="Time until a certificate expires (`certificate: '*'`); values are days, the critical below the warning."
    )
    fault: Annotated[str, choice(NAMES_OF_ASPECTS[Aspect.FAULT]), WithJsonSchema({"enum": NAMES_OF_ASPECTS[Aspect.FAULT]})] | None = Field(
        None, description="A kind of fault; takes a `level`."
    )
    outcome: Annotated[str, choice(NAMES_OF_ASPECTS[Aspect.OUTCOME]), WithJsonSchema({"enum": NAMES_OF_ASPECTS[Aspect.OUTCOME]})] | None = (
        Field(None, description="An outcome of a trip; takes a `level`.")
    )

    @model_validator(mode="after")
    def _one_aspect(self) -> Self:
        given = [aspect.value for aspect in Aspect if getattr(self, aspect.value, None) is not None]
        if len(given) > 1:
            raise ValueError(f"names {' and '.join(given)}, but a threshold speaks of one aspect; write one for each")
        return self

    def match(self) -> Match:
        """Return it as thresholds know it."""
        named = ((aspect, getattr(self, aspect.value, None)) for aspect in Aspect)
        aspect, name = next(((aspect, name) for aspect, name in named if name is not None), (Aspect.TOTAL, "*"))
        return Match(aspect, name, self.domain, self.server, self.site)


class BaselinePlan(Section):
    """A limit as a factor over the median of this hour of the week."""

    warning: Factor | None = Field(None, description="Factor from which it is a WARNING.")
    critical: Factor | None = Field(None, description="Factor from which it is CRITICAL.")
    history_seconds: Duration = Field(
        "14d", alias="history", validate_default=True, description="History that is needed; until then it says not enough history."
    )

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.warning is None and self.critical is None:
            raise ValueError("has neither `warning` nor `critical`")
        if self.warning is not None and self.critical is not None and self.warning > self.critical:
            raise ValueError(f"warning ({self.warning:g}) is above critical ({self.critical:g}); warning comes first")
        return self

    def baseline(self) -> Baseline:
        """Return it as thresholds know it."""
        return Baseline(self.warning, self.critical, self.history_seconds)


def bound(aspect: Aspect, written: str) -> float:
    """Return a value in the aspect's unit. Raises ValueError with what is allowed."""
    unit = UNITS[aspect]
    if written.isdecimal() and unit in LIKELY_SUFFIXES:
        likely = " or ".join(f"{written}{suffix}" for suffix in LIKELY_SUFFIXES[unit])
        raise ValueError(f"`{written}` has no unit; did you mean {likely}?")
    if unit == "seconds":
        return scalars.span(written)
    if unit == "days":
        return scalars.duration(written) / scalars.UNITS["d"]
    try:
        return float(scalars.whole(written.removesuffix("%") if unit == "percent" else written))
    except ValueError:
        raise ValueError(f"`{written}` does not fit {aspect}, whose values are {VALUE_WORDS[unit]}") from None


class Threshold(Section):
    """What is normal for what it matches. The most specific one is in force."""

    match: MatchPlan = Field({}, validate_default=True, description="What it speaks of. Default: the total of every check.")
    calendar: Name | None = Field(None, description="Calendar under `calendars` in which it holds. Default: always.")
    warning: Value | None = Field(None, description="Value above which it is a WARNING (for certificates: below).")
    critical: Value | None = Field(None, description="Value above which it is CRITICAL (for certificates: below).")
    baseline: BaselinePlan | None = Field(None, description="Instead of values: factors over what is usual at this hour of the week.")
    level: Annotated[str, choice(LEVELS), WithJsonSchema({"enum": LEVELS})] | None = Field(
        None, description="With `fault` or `outcome`: what it counts as."
    )

    @model_validator(mode="after")
    def _sense(self) -> Self:
        aspect = self.match.match().aspect
        problem = _strange_level(self, aspect) if aspect not in UNITS else _strange_values(self, aspect)
        if problem:
            raise ValueError(problem)
        return self

    def limit(self, origin: str, calendar: Calendar | None) -> Limit:
        """Return it as thresholds know it."""
        match = self.match.match()
        values = [bound(match.aspect, text) if text is not None else None for text in (self.warning, self.critical)]
        baseline = self.baseline.baseline() if self.baseline is not None else None
        return Limit(match, values[0], values[1], calendar, baseline, Level[self.level.upper()] if self.level else None, origin)


def _strange_level(threshold: Threshold, aspect: Aspect) -> str:
    if threshold.level is None or threshold.warning or threshold.critical or threshold.baseline:
        return f"speaks of {aspect}, so it takes `level` and nothing else: ok, unknown, warning or critical"
    return ""


def _strange_values(threshold: Threshold, aspect: Aspect) -> str:
    given = [text for text in (threshold.warning, threshold.critical) if text is not None]
    if threshold.level is not None:
        return "`level` belongs to `match: {fault: ..}` or `match: {outcome: ..}`; other thresholds take `warning` and `critical`"
    if threshold.baseline is not None and (aspect, threshold.match.trip or "total") not in WITH_HISTORY:
        return (
            "has a baseline, but history is kept of totals alone: of a check (match no `step` or other part), or of a trip (`trip: total`)"
        )
    if bool(given) == (threshold.baseline is not None):
        return "takes `warning` and `critical` values (one of them is enough), or a `baseline`"
    values = [bound(aspect, text) for text in given]
    first, then = ("below", "above") if aspect in FALLING else ("above", "below")
    wrong = len(values) == 2 and (values[0] < values[1] if aspect in FALLING else values[0] > values[1])
    return f"warning ({given[0]}) is {first} critical ({given[1]}); warning comes first, so write it {then} or equal" if wrong else ""
