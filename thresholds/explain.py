"""Why a limit is in force and the others are not, in words; and which one is in force through a week. Pure; time is a parameter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from thresholds.limits import matches, rank
from thresholds.wording import tell_wanting

if TYPE_CHECKING:
    from datetime import tzinfo

    from thresholds.limits import Limits
    from thresholds.values import Limit, Match, Sample

PARTS = ("domain", "server", "aspect", "calendar", "site")  # the order of specificity, as `rank` has it
SLOT = timedelta(minutes=30)
SLOTS = 48  # a day


@dataclass(frozen=True, slots=True)
class Explained:
    """One limit, and what keeps it from being in force or put it there."""

    limit: Limit  # of a baseline in force: with the values of its hour
    wins: bool
    why: str


def explain(limits: Limits, sample: Sample) -> list[Explained]:
    """Return all limits of a sample's aspect: the one in force first, then those that match by rank, then the others by rank."""
    winner = limits.in_force(sample)
    own = next((limit for limit in limits.ranked if winner is not None and _is(limit, winner)), None)
    of_aspect = [limit for limit in limits.ranked if limit.match.aspect is sample.aspect]
    losers = [limit for limit in of_aspect if limit is not own]
    told = [Explained(limit, wins=False, why=_why_not(limits, limit, own, sample)) for limit in losers]
    if winner is not None:
        told.insert(0, Explained(winner, wins=not winner.wanting, why=_why(limits, winner, own, sample)))
    return sorted(told, key=lambda one: not (_is(one.limit, winner) or matches(one.limit.match, sample)))


def _is(limit: Limit, winner: Limit | None) -> bool:
    """Say whether a limit is the one in force, whose values a baseline may have changed."""
    return winner is not None and (limit is winner or (limit.baseline is not None and _written(limit) == _written(winner)))


def _written(limit: Limit) -> tuple[object, ...]:
    return (limit.origin, limit.match, limit.baseline, id(limit.calendar))


def _in_season(limit: Limit, at: datetime) -> bool:
    return limit.calendar is None or limit.calendar.covers(at)


def _why(limits: Limits, winner: Limit, own: Limit | None, sample: Sample) -> str:
    if winner.wanting:
        return f"{tell_wanting(winner)}, and no other threshold matches: UNKNOWN"
    rivals = [limit for limit in limits.ranked if limit is not own and matches(limit.match, sample) and _in_season(limit, sample.at)]
    weaker = [limit for limit in rivals if own is not None and (rank(limit) <= rank(own))]
    if not weaker:
        return "the only one that matches now" if not rivals else "a stronger baseline gives way while its history is not covered"
    return _beats(winner, weaker[0])


def _why_not(limits: Limits, limit: Limit, own: Limit | None, sample: Sample) -> str:
    strange = _strange(limit.match, sample)
    if strange:
        return strange
    if limit.calendar is not None and not limit.calendar.covers(sample.at):
        return f"calendar {limit.calendar.name} does not hold then"
    if limit.baseline is not None and (own is None or limits.ranked.index(limit) < limits.ranked.index(own)):
        return "a baseline gives way while its history is not covered"
    return _beats(own, limit, loses=True) if own is not None else ""


def _strange(match: Match, sample: Sample) -> str:
    """Return which part of a match does not fit a sample, "" where all fit."""
    for part in ("domain", "server", "name", "site"):
        single = matches(type(match)(match.aspect, **{part: getattr(match, part)}), sample)
        if not single:
            what = str(match.aspect) if part == "name" else part
            return f"does not match: its {what} is {getattr(match, part)}"
    return ""


def _beats(winner: Limit, loser: Limit, *, loses: bool = False) -> str:
    """Return in which part one limit is more specific than the other."""
    for part, more, less in zip(PARTS, rank(winner), rank(loser), strict=True):
        if more != less:
            return _words(part, winner, loser, loses=loses)
    return f"{winner.origin or 'another'} says the same and stands later" if loses else "the last of those that are equally specific"


def _words(part: str, winner: Limit, loser: Limit, *, loses: bool) -> str:
    if part == "calendar":
        return f"{winner.origin} has a calendar" if loses else f"has a calendar, {loser.origin} has none"
    return f"{winner.origin} has a more exact {part}" if loses else f"has a more exact {part} than {loser.origin}"


# -- a week


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a week: the limit in force at the beginning of each half hour of the wall clock; None where there is none."""

    midnight: datetime  # aware
    slots: tuple[Limit | None, ...]  # SLOTS of them


def week_of(limits: Limits, sample: Sample, zone: tzinfo) -> list[Day]:
    """Return the week (Monday to Sunday, on the wall clock of `zone`) around a sample's time.

    A half hour that clocks leap shows what holds at the moment to which they leap; one that they repeat shows its first passing.
    """
    today = sample.at.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    return [_day(limits, sample, datetime.combine(monday + timedelta(days=more), time(), zone)) for more in range(7)]


def _day(limits: Limits, sample: Sample, midnight: datetime) -> Day:
    moments = [(midnight.replace(tzinfo=None) + place * SLOT).replace(tzinfo=midnight.tzinfo).astimezone(UTC) for place in range(SLOTS)]
    return Day(midnight, tuple(limits.in_force(replace(sample, at=at)) for at in moments))
