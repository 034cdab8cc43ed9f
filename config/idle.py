"""Thresholds that can never be in force: a warning each, for whoever wrote them believes that they are watched. Pure; time is a parameter.

A threshold for another site is none of them: one file may serve several probers.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from thresholds.baselines import weeks_needed
from thresholds.calendars import first_held
from thresholds.limits import WILD, fits
from thresholds.values import Aspect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from config.errors import Path
    from config.settings import Settings
    from thresholds.values import Limit, Match

OF_CHECKS = frozenset({Aspect.TOTAL, Aspect.STEP, Aspect.CERTIFICATE, Aspect.FAULT})  # their `server` is a name under `servers`
OF_TRIPS = frozenset({Aspect.TRIP, Aspect.HOP, Aspect.OUTCOME})  # ... and here the name of a trip
YEARS = 2  # ahead, in which a calendar must hold once
NEVER = "so this threshold never applies"


def idle(settings: Settings, now: datetime) -> Iterator[tuple[Path, str]]:
    """Yield (path, sentence) for each threshold that can never be in force."""
    limits = settings.limits
    empty = {name for name in settings.calendars if not _ever_held(settings, name, now)}
    names = _Names(settings)
    shadows = _shadows(limits)
    for index, limit in enumerate(limits):
        here = ("thresholds", index)
        if limit.calendar is not None and limit.calendar.name in empty:
            yield (*here, "calendar"), f"calendar {limit.calendar.name} holds at no time in the next {YEARS} years, {NEVER}"
        elif nothing := names.missing(limit.match):
            what = "trip" if nothing == "server" and limit.match.aspect in OF_TRIPS else nothing
            yield (*here, "match", nothing), f"matches no {what}, {NEVER}"
        elif index in shadows:
            yield here, f"{shadows[index].origin} below says something else of the very same, {NEVER}"


def _ever_held(settings: Settings, name: str, now: datetime) -> bool:
    calendar = settings.calendars[name].calendar(name, settings.timezone)
    return first_held(calendar, now, timedelta(days=YEARS * 366)) is not None


class _Names:
    """What there is to match. Ten thousand domains and as many thresholds may meet here, so each pattern is tried once."""

    def __init__(self, settings: Settings) -> None:
        self._known = {
            ("domain", True): _domains(settings, of_checks=True),
            ("domain", False): _domains(settings, of_checks=False),
            ("server", True): _lowered(settings.servers),
            ("server", False): _trips(settings),
        }
        self._tried: dict[tuple[str, bool, str], bool] = {}

    def missing(self, match: Match) -> str:
        """Return which part of a match fits nothing that this configuration probes: domain, server, or "" for neither."""
        of_checks = match.aspect in OF_CHECKS
        parts = [("domain", match.domain)]
        parts += [("server", match.server)] if of_checks or match.aspect in OF_TRIPS else []  # of hosts and queues nothing is known
        return next((part for part, pattern in parts if not self._fits_any(part, of_checks, pattern.lower())), "")

    def _fits_any(self, part: str, of_checks: bool, pattern: str) -> bool:
        key = (part, of_checks, pattern)
        if key not in self._tried:
            known = self._known[part, of_checks]
            self._tried[key] = known is None or pattern in known or any(fits(pattern, name) for name in known if WILD & set(pattern))
        return self._tried[key]


def _lowered(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def _domains(settings: Settings, *, of_checks: bool) -> frozenset[str] | None:
    """Return the domains that samples can be of; None where they cannot be known, or where nothing is checked (which is said elsewhere)."""
    if settings.discovery:
        return None
    ends = [] if of_checks else [trip.end for trip in settings.trips]
    others = (end.domain or (end.mailbox.address.rpartition("@")[2] if end.mailbox else "") for end in ends)
    return _lowered([*(domain.name for domain in settings.domains), *others]) or None


def _trips(settings: Settings) -> frozenset[str] | None:
    """Return the names of all trips; None where they cannot be known."""
    if settings.discovery and settings.discovery.roundtrip:
        return None
    return _lowered([*(trip.name for trip in settings.trips), *(domain.name for domain in settings.domains if domain.roundtrip)])


# -- one that another hides


def _shadows(limits: Sequence[Limit]) -> dict[int, Limit]:
    """Return by place each limit that a later one of the same match and calendar always hides, with that one."""
    last: dict[tuple[str | None, ...], list[Limit]] = {}
    found: dict[int, Limit] = {}
    for index, limit in reversed(list(enumerate(limits))):
        later = last.setdefault(_place(limit), [])
        winner = next((one for one in later if not _gives_way(one, limit)), None)
        if winner is not None:
            found[index] = winner
        else:
            later.append(limit)
    return found


def _place(limit: Limit) -> tuple[str | None, ...]:
    match = limit.match
    names = (text.lower() for text in (match.name, match.domain, match.server, match.site))
    return (match.aspect, *names, limit.calendar.name if limit.calendar else None)


def _gives_way(one: Limit, other: Limit) -> bool:
    """Say whether a limit leaves room for the other while its history is not covered."""
    if one.baseline is None:
        return False
    return other.baseline is None or weeks_needed(other.baseline) < weeks_needed(one.baseline)
