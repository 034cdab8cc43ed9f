"""What one notice is about, in one value, and the times and counts that its words are made of. Pure; times absolute, with their zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from notifier.values import NO_LINKS
from notifier.words_clean import NAME, line, middle, spoken
from thresholds.incident_values import ChangeKind
from thresholds.wording import span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from notifier.values import Links, Stored
    from thresholds.incident_values import Change, Incident

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # in English, whatever the locale
DRILL, TEST = "DRILL", "TEST"  # marks of notices behind which nothing is broken
COUNTED = re.compile(r"(\d{1,7}) of (\d{1,7}) domains\b")  # how the first evidence of a cause says how many rest on it
BRIEF = 24  # characters of a domain where there is little room
FEW = 2  # domains that are named rather than counted


@dataclass(frozen=True, slots=True)
class Matter:
    """What one notice is about."""

    stored: Stored
    channel: str
    zone: ZoneInfo
    site: str = ""
    links: Links = NO_LINKS
    mark: str = ""  # DRILL, TEST or ""
    more: Sequence[Stored] = ()  # changes that are told with it
    partial: bool = False  # its reader sees some domains only, and takes nothing on for all

    @property
    def change(self) -> Change:
        """Return the change that is told."""
        return self.stored.change

    @property
    def incident(self) -> Incident:
        """Return the incident as it is after the change."""
        return self.stored.change.incident

    @property
    def ends(self) -> bool:
        """Say whether the incident is over."""
        return self.change.kind is ChangeKind.CLOSED


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Return a time as people say it: `03:12:05 CET (21 Nov 2026)`."""
    local = at.astimezone(zone)
    return f"{local:%H:%M:%S} {_zone(local)} ({local.day} {MONTHS[local.month - 1]} {local.year})"


def brief_moment(at: datetime, zone: ZoneInfo) -> str:
    """Return a time for where there is little room: `03:12:05 CET 21 Nov`."""
    local = at.astimezone(zone)
    return f"{local:%H:%M:%S} {_zone(local)} {local.day} {MONTHS[local.month - 1]}"


def _zone(local: datetime) -> str:
    """Return the zone's short name; of a zone that has but numbers, `UTC+03`."""
    name = local.tzname() or "UTC"
    return f"UTC{name}" if name[0] in "+-" else name


def lasted(incident: Incident, until: datetime) -> str:
    """Return how long it has lasted, in words."""
    return span(max((until - incident.began_at).total_seconds(), 0.0))


def touched(incident: Incident) -> str:
    """Return for whom it is broken: `abc.example`, `12 of 12 domains`; "" = nobody is known."""
    names = incident.domains
    if not names:
        return ""
    if len(names) <= FEW:
        return spoken(line(name, NAME) for name in names)
    return f"{_counted(incident)} domains"


def counted(incident: Incident) -> str:
    """Return the same in brief: `12 of 12 domains`; one by its name, which says more than `1 domain`; "" = nobody is known."""
    if len(incident.domains) == 1:
        return middle(line(incident.domains[0], NAME), BRIEF)
    return f"{_counted(incident)} domains" if incident.domains else ""


def _counted(incident: Incident) -> str:
    """Return how many domains it touches, and of how many, where the evidence says so."""
    many = len(incident.domains)
    found = COUNTED.match(incident.cause.evidence[0]) if incident.cause.evidence else None
    return f"{many} of {found[2]}" if found and int(found[1]) <= many <= int(found[2]) else str(many)
