"""From settings and the domains that are known to all the work of the service: the addresses looked up, the key read.

Done at start, at each reload and whenever the directory names other domains.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from config.plan import plan
from probe.values import Endpoint, Secret
from service.addresses import spread
from service.control_client import socket_of
from service.identity import signing_key
from service.rounds.work import Work
from thresholds.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from config.plan import Discovered
    from config.settings import Settings


def resolver_of(settings: Settings) -> Endpoint | None:
    """Return the name server that probes ask; None = the system's."""
    return Endpoint(settings.resolver.host, settings.resolver.port) if settings.resolver else None


def control_socket(settings: Settings) -> Path:
    """Return the unix socket through which the service is steered: beside its store."""
    return socket_of(settings.store.path)


def _sends(settings: Settings, work: Work) -> bool:
    return bool(work.journeys) or any(server.send == "message" for server in settings.servers.values())


async def with_domains(settings: Settings, found: tuple[Discovered, ...]) -> Work:
    """Return the work with these discovered domains. Raises: NoKey in one line."""
    checks, journeys = await asyncio.to_thread(plan, settings, found)
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


def secrets_in(settings: Settings) -> set[str]:
    """Return every secret that the settings hold, so that the log can hide them."""
    return {secret.reveal() for secret in _secrets(settings)}


def _secrets(part: Any) -> Iterator[Secret]:
    if isinstance(part, Secret):
        yield part
    elif isinstance(part, BaseModel):
        for _, value in part:
            yield from _secrets(value)
    elif isinstance(part, dict | tuple):
        for value in part.values() if isinstance(part, dict) else part:
            yield from _secrets(value)
