"""Which samples `probe thresholds show` speaks of: the checks or trips of a configuration that fit the command line. Pure.

With a discovery the domains are not known here: a domain that is named exactly is taken at its word.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click

from config.plan import plan
from thresholds.limits import WILD
from thresholds.values import Aspect, Sample

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from config.settings import Settings

OF_TRIPS = frozenset({Aspect.TRIP, Aspect.HOP, Aspect.LINK, Aspect.OUTCOME})
NAMED = 12  # names that an error lists


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the command line names."""

    aspect: Aspect = Aspect.TOTAL
    name: str = ""
    domain: str = "*"
    server: str = "*"
    site: str | None = None  # None = the configuration's


def samples_of(settings: Settings, chosen: Chosen, at: datetime) -> list[Sample]:
    """Return one sample, of no value, for each check or trip that fits. Raises: click.ClickException."""
    pairs = [
        (domain, server) for domain, server in _pairs(settings, chosen) if _fits(chosen.domain, domain) and _fits(chosen.server, server)
    ]
    if not pairs:
        raise click.ClickException(_nothing(settings, chosen))
    site = settings.site if chosen.site is None else chosen.site
    return [Sample(domain, server, chosen.aspect, chosen.name, 0.0, at, site) for domain, server in dict.fromkeys(pairs)]


def _fits(pattern: str, text: str) -> bool:
    return fnmatchcase(text.lower(), pattern.lower())


def _pairs(settings: Settings, chosen: Chosen) -> list[tuple[str, str]]:
    checks, journeys = plan(settings)
    if chosen.aspect in OF_TRIPS:
        return [(one.domain, one.name) for one in journeys] + _undiscovered_trips(settings, chosen)
    known = [(one.domain, one.server) for one in checks]
    if settings.discovery and not WILD & set(chosen.domain):
        known += [(chosen.domain, server) for server in settings.discovery.servers.values()]
    return known


def _undiscovered_trips(settings: Settings, chosen: Chosen) -> list[tuple[str, str]]:
    loops = settings.discovery is not None and settings.discovery.roundtrip is not None
    return [(chosen.domain, chosen.domain)] if loops and not WILD & set(chosen.domain) else []


def _nothing(settings: Settings, chosen: Chosen) -> str:
    pairs = _pairs(settings, chosen)
    what = "trip" if chosen.aspect in OF_TRIPS else "check"
    if not pairs:
        hint = "; with a discovery, name the domain exactly" if settings.discovery else ""
        return f"the configuration has no {what}{hint}"
    domains, servers = (_names(names) for names in zip(*pairs, strict=True))
    return f"no {what} fits; domains: {domains}; {'trips' if what == 'trip' else 'servers'}: {servers}"


def _names(names: Iterable[str]) -> str:
    known = list(dict.fromkeys(names))
    more = f" and {len(known) - NAMED:,} more" if len(known) > NAMED else ""
    return f"{', '.join(known[:NAMED])}{more}"
