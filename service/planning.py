"""From settings to all the work of the service: the directory asked, the addresses looked up, the key read.

Done at start, at each reload and at each refresh of the discovery; a directory that does not answer is the caller's to live with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from config.plan import plan
from probe.values import Endpoint
from service.addresses import spread
from service.discovery import discover
from service.identity import signing_key
from service.work import Work
from thresholds.limits import Limits

if TYPE_CHECKING:
    from config.plan import Discovered
    from config.settings import Settings
    from probe.wire import Wire


@dataclass(frozen=True, slots=True)
class Planned:
    """The work, and what is odd about it."""

    work: Work
    discovered: tuple[Discovered, ...] = ()
    warnings: tuple[str, ...] = ()


def resolver_of(settings: Settings) -> Endpoint | None:
    """Return the name server that probes ask; None = the system's."""
    return Endpoint(settings.resolver.host, settings.resolver.port) if settings.resolver else None


def _sends(settings: Settings, work: Work) -> bool:
    return bool(work.journeys) or any(server.send == "message" for server in settings.servers.values())


async def planned(settings: Settings, wire: Wire) -> Planned:
    """Return all that this configuration asks for. Raises: NotDiscovered, NoKey, each in one line."""
    found, warnings = await discover(settings, wire)
    return Planned(await with_domains(settings, found), found, warnings)


async def with_domains(settings: Settings, found: tuple[Discovered, ...]) -> Work:
    """Return the work with these discovered domains. Raises: NoKey in one line."""
    checks, journeys = plan(settings, found)
    each = {name for name, server in settings.servers.items() if server.addresses == "each"}
    work = Work(
        checks=await spread(checks, each, resolver_of(settings)),
        journeys=journeys,
        limits=Limits(settings.limits),
        site=settings.site,
        resolver=resolver_of(settings),
        ledger=settings.store.path.with_suffix(".trips"),
        every_seconds=settings.checks.every_seconds,
    )
    if not _sends(settings, work):
        return work
    return replace(work, key=signing_key(settings.identity.key))
