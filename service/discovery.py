"""Finds domains in the directory: `discovery:` of the configuration -> config.plan.Discovered. Paged (RFC 2696); talks through the wire.

The wire gives it what every probe has: the configured resolver, verified TLS, one deadline for each answer, faults in words. Entries are
read in a thread, for 10,000 of them take a second. What one entry lacks is a warning that names it; what the directory refuses ends it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from config.plan import Discovered, sound
from probe import ldap_pages
from probe.dialogue import printable
from probe.values import Check, Directory, Endpoint
from thresholds.wording import hint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from config.servers import Discovery, Server
    from config.settings import Settings
    from probe.ldap_messages import Reply
    from probe.values import Fault
    from probe.wire import Wire

Found = tuple[tuple[Discovered, ...], tuple[str, ...]]  # the domains, and a sentence for each that cannot be one


class NotDiscovered(Exception):  # noqa: N818 - it names what happened
    """The directory did not give its domains; `str()` is one line that says which server, at which step, and its words."""


async def discover(settings: Settings, wire: Wire) -> Found:
    """Ask the directory for its domains; nothing is found where the configuration has no `discovery:`.

    Returns:
        The domains in the order of the directory, each once and in lower case, and warnings.

    Raises: NotDiscovered in one line.
    """
    discovery = settings.discovery
    if discovery is None:
        return (), ()
    check = _check(settings, discovery)
    pages: list[bytes] = []
    directory = Directory(discovery.base or settings.servers[discovery.server].base, discovery.filter)
    result = await wire.talk(check, ldap_pages.dialogue(check, directory, _wanted(discovery), pages))
    if result.fault is not None:
        raise NotDiscovered(_failed(check, result.fault))
    return await asyncio.to_thread(_read, pages, discovery)


def _check(settings: Settings, discovery: Discovery) -> Check:
    server: Server = settings.servers[discovery.server]
    return Check(
        name=f"discovery/{discovery.server}",
        domain="",
        server=discovery.server,
        kind="ldap",
        endpoint=Endpoint(server.host, server.port, server.security, server.ca_file, server.verify),
        timeout_seconds=server.timeout_seconds or settings.checks.timeout_seconds,
        directory=Directory(discovery.base or server.base, discovery.filter, bind_dn=server.bind_dn, password=server.password),
    )


def _wanted(discovery: Discovery) -> list[str]:
    """Return the attributes to ask for."""
    return [name for name in (discovery.name, discovery.services, discovery.administrator) if name]


def _failed(check: Check, fault: Fault) -> str:
    endpoint = check.endpoint
    where = f"the directory {check.server} ({endpoint.host} port {endpoint.port})"
    return f"no domains discovered: {where} failed at {fault.step}: {fault.kind.value}: {fault.said}{hint(check, fault)}"


def _read(pages: list[bytes], discovery: Discovery) -> Found:
    """Read pages into domains and warnings."""
    domains: dict[str, Discovered] = {}
    warnings: list[str] = []
    for entry in ldap_pages.entries(pages):
        names = _texts(entry, discovery.name)
        if not names:
            warnings.append(f"discovery: {printable(entry.name)} has no {discovery.name} that we may read; skipped")
        for one in _domains(entry, names, discovery):
            domains[one.name] = _joined(domains[one.name], one) if one.name in domains else one
    good, strange = sound(domains.values())
    return good, (*warnings, *strange)


def _domains(entry: Reply, names: Iterable[str], discovery: Discovery) -> Iterator[Discovered]:
    """Yield the domains that one entry names: associatedDomain may have several values."""
    services = tuple(_texts(entry, discovery.services))
    administrator = next(iter(_texts(entry, discovery.administrator)), None)
    for name in names:
        yield Discovered(name.lower().rstrip("."), services, administrator)


def _joined(first: Discovered, second: Discovered) -> Discovered:
    """Return what two entries of one domain say together: what either permits is permitted."""
    services = tuple(dict.fromkeys((*first.services, *second.services)))
    return replace(first, services=services, administrator=first.administrator or second.administrator)


def _texts(entry: Reply, attribute: str | None) -> list[str]:
    values = entry.values(attribute) if attribute else ()
    return [value.decode("utf-8", "backslashreplace").strip() for value in values]
