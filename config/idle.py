"""Thresholds that can never be in force: a warning each, for whoever wrote them believes that they are watched. Pure; time is a parameter.

A threshold for another site is none of them: one file may serve several probers.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from thresholds.baselines import weeks_needed
from thresholds.calendars import first_held
from thresholds.limits import fits
from thresholds.values import Aspect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
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
    empty = {name for name, plan in settings.calendars.items() if not _ever_held(settings, name, now)}
    for index, limit in enumerate(limits):
        here = ("thresholds", index)
        if limit.calendar is not None and limit.calendar.name in empty:
            yield (*here, "calendar"), f"calendar {limit.calendar.name} holds at no time in the next {YEARS} years, {NEVER}"
        elif nothing := _matches_nothing(limit.match, settings):
            what = "trip" if nothing == "server" and limit.match.aspect in OF_TRIPS else nothing
            yield (*here, "match", nothing), f"matches no {what}, {NEVER}"
        elif winner := _shadow(limit, limits[index + 1 :]):
            yield here, f"{winner.origin} below says something else of the very same, {NEVER}"


def _ever_held(settings: Settings, name: str, now: datetime) -> bool:
    calendar = settings.calendars[name].calendar(name, settings.timezone)
    return first_held(calendar, now, timedelta(days=YEARS * 366)) is not None


def _matches_nothing(match: Match, settings: Settings) -> str:
    """Return which part of a match fits nothing that this configuration probes: domain, server, or "" for neither."""
    domains, servers = _domains(match, settings), _servers(match, settings)
    if domains and not any(fits(match.domain, name) for name in domains):
        return "domain"
    return "server" if servers is not None and not any(fits(match.server, name) for name in servers) else ""


def _domains(match: Match, settings: Settings) -> list[str]:
    """Return the domains that samples can be of; none where they cannot be known, or where nothing is checked (which is said elsewhere)."""
    if settings.discovery:
        return []
    named = [domain.name for domain in settings.domains]
    ends = [trip.end for trip in settings.trips] if match.aspect not in OF_CHECKS else []
    return named + [end.domain or (end.mailbox.address.rpartition("@")[2] if end.mailbox else "") for end in ends]


def _servers(match: Match, settings: Settings) -> list[str] | None:
    """Return what a match's `server` can be; None = it cannot be known."""
    if match.aspect in OF_CHECKS:
        return list(settings.servers)
    if match.aspect not in OF_TRIPS or (settings.discovery and settings.discovery.roundtrip):
        return None
    return [*(trip.name for trip in settings.trips), *(domain.name for domain in settings.domains if domain.roundtrip)]


def _shadow(limit: Limit, later: Sequence[Limit]) -> Limit | None:
    """Return a later limit of the same match and calendar, which is always in force instead."""
    return next((one for one in reversed(later) if _place(one) == _place(limit) and not _gives_way(one, limit)), None)


def _place(limit: Limit) -> tuple[str | None, ...]:
    match = limit.match
    names = (text.lower() for text in (match.name, match.domain, match.server, match.site))
    return (match.aspect, *names, limit.calendar.name if limit.calendar else None)


def _gives_way(one: Limit, other: Limit) -> bool:
    """Say whether a limit leaves room for the other while its history is not covered."""
    if one.baseline is None:
        return False
    return other.baseline is None or weeks_needed(other.baseline) < weeks_needed(one.baseline)
