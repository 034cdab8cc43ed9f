"""From settings, and the domains that a directory knows, to checks and journeys. Pure: it asks nobody.

`addresses: each` is expanded by the service, which can resolve names.

A domain that is written in the configuration wins over a discovered one of the same name. A server that a directory maps but does not
permit to a domain becomes a `forbidden` check: there, a login that works is what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from config.roles import ROLES, Need
from config.scalars import domain_name
from probe.dialogue import printable
from probe.values import Check, Directory, Endpoint, Journey, Mailbox, Question

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from config.servers import Discovery, Domain, Loop, MailboxTemplate, Server, TripEnd, TripPlan
    from config.servers import Mailbox as MailboxPlan
    from config.settings import Settings

MADE_FOR_FILTERS = str.maketrans({char: f"\\{ord(char):02x}" for char in "\\*()\x00"})  # RFC 4515 section 3


@dataclass(frozen=True, slots=True)
class Discovered:
    """A domain as a directory knows it."""

    name: str  # as the directory writes it; `plan` refuses what is no domain name
    services: tuple[str, ...] = ()  # what it is permitted, as the directory writes it
    administrator: str | None = None  # who looks after it: a DN or an address, as the directory writes it


@dataclass(frozen=True, slots=True)
class _Tenant:
    """A domain from either source, ready to be planned."""

    name: str
    servers: tuple[str, ...]
    mailbox: Mailbox | None
    loop: Loop | None
    forbidden: frozenset[str] = frozenset()


def plan(settings: Settings, discovered: Iterable[Discovered] = ()) -> tuple[tuple[Check, ...], tuple[Journey, ...]]:
    """Return every check and every journey, in the order of the configuration, then of the directory.

    Raises: ValueError for a discovered name that is no domain name; `sound` sorts them out before.
    """
    tenants = list(_tenants(settings, discovered))
    checks = [check for tenant in tenants for check in _checks(settings, tenant)]
    loops = [journey for tenant in tenants for journey in _loops(settings, tenant)]
    by_name = {tenant.name: tenant for tenant in tenants}
    return tuple(checks), (*loops, *(_journey(settings, trip, by_name) for trip in settings.trips))


def sound(discovered: Iterable[Discovered]) -> tuple[tuple[Discovered, ...], tuple[str, ...]]:
    """Return the discovered domains whose names are domain names, and a sentence for each of the others."""
    good, strange = [], []
    for one in discovered:
        try:
            domain_name(one.name)
            good.append(one)
        except ValueError:
            strange.append(f"the directory names `{printable(one.name)}`, which is no exact domain name, so it is not checked")
    return tuple(good), tuple(strange)


def escape_filter(value: str) -> str:
    """Return a value as an LDAP filter may hold it (RFC 4515)."""
    return value.translate(MADE_FOR_FILTERS)


# -- domains


def _mailbox(account: MailboxPlan | None) -> Mailbox | None:
    if account is None:
        return None
    return Mailbox(account.address, account.password, account.user, account.mechanism, account.token, account.junk)


def _filled(account: MailboxTemplate | None, domain: str) -> Mailbox | None:
    if account is None:
        return None
    address, user = account.address.replace("{domain}", domain), account.user and account.user.replace("{domain}", domain)
    return Mailbox(address, account.password, user, account.mechanism, account.token, account.junk)


def _tenants(settings: Settings, discovered: Iterable[Discovered]) -> Iterator[_Tenant]:
    written = {domain.name for domain in settings.domains}
    yield from map(_written, settings.domains)
    if settings.discovery is not None:
        found = {domain_name(one.name): one for one in discovered}
        yield from (_found(name, one, settings.discovery) for name, one in found.items() if name not in written)


def _written(domain: Domain) -> _Tenant:
    return _Tenant(domain.name, domain.servers, _mailbox(domain.mailbox), domain.roundtrip)


def _found(name: str, domain: Discovered, discovery: Discovery) -> _Tenant:
    mapped = dict.fromkeys(discovery.servers.values())
    services = {service.lower() for service in domain.services}
    permitted = {server for service, server in discovery.servers.items() if discovery.services is None or service.lower() in services}
    loop = discovery.roundtrip
    if loop is not None and not {loop.submit, loop.fetch} <= permitted:
        loop = None
    return _Tenant(name, tuple(mapped), _filled(discovery.mailbox, name), loop, frozenset(mapped) - permitted)


# -- checks


def _checks(settings: Settings, tenant: _Tenant) -> Iterator[Check]:
    for name in tenant.servers:
        check = _check(settings, tenant.name, name, tenant.mailbox)
        yield replace(check, forbidden=True) if name in tenant.forbidden else check


def _check(settings: Settings, domain: str, name: str, mailbox: Mailbox | None) -> Check:
    server, common = settings.servers[name], settings.checks
    return Check(
        name=f"{domain}/{name}",
        domain=domain,
        server=name,
        kind=server.kind,
        endpoint=_endpoint(server.host, server.port, server.security, server.ca_file, server.verify),
        every_seconds=server.every_seconds or common.every_seconds,
        timeout_seconds=server.timeout_seconds or common.timeout_seconds,
        mailbox=mailbox if ROLES[server.kind].needs is not Need.NOTHING else None,
        directory=_directory(server, domain) if server.kind == "ldap" else None,
        question=Question(server.query.name.replace("{domain}", domain), server.query.type) if server.kind == "dns" else None,
        send=server.send,
    )


@cache
def _endpoint(*about: Any) -> Endpoint:
    """Return one and the same value for the checks of all domains: there may be tens of thousands."""
    return Endpoint(*about)


def _directory(server: Server, domain: str) -> Directory:
    return Directory(
        base=server.base.replace("{domain}", domain),
        filter=server.filter.replace("{domain}", escape_filter(domain)),
        attribute=server.attribute,
        expected=domain,
        bind_dn=server.bind_dn,
        password=server.password,
    )


# -- journeys


def _submit(settings: Settings, domain: str, server: str, sender: Mailbox | None, recipient: Mailbox | None) -> Check:
    check = _check(settings, domain, server, sender)
    return replace(check, send="message", recipient=recipient.address if recipient is not None else "")


def _loops(settings: Settings, tenant: _Tenant) -> Iterator[Journey]:
    if tenant.loop is None:
        return
    common = settings.roundtrip
    yield Journey(
        name=tenant.name,
        domain=tenant.name,
        submit=_submit(settings, tenant.name, tenant.loop.submit, tenant.mailbox, tenant.mailbox),
        fetch=_check(settings, tenant.name, tenant.loop.fetch, tenant.mailbox),
        late_after_seconds=common.late_after_seconds,
        lost_after_seconds=common.lost_after_seconds,
        every_seconds=common.every_seconds,
    )


def _end(end: TripEnd, tenants: dict[str, _Tenant]) -> tuple[str, Mailbox | None]:
    """Return the domain and the mailbox of one end of a trip."""
    if end.mailbox is not None:
        return end.mailbox.address.rpartition("@")[2], _mailbox(end.mailbox)
    domain = end.domain or ""
    return domain, tenants[domain].mailbox


def _journey(settings: Settings, trip: TripPlan, tenants: dict[str, _Tenant]) -> Journey:
    common = settings.roundtrip
    (origin, sender), (domain, recipient) = _end(trip.start, tenants), _end(trip.end, tenants)
    loop = tenants[origin].loop if trip.start.domain is not None else None
    bounces = trip.start.bounces or (loop.fetch if loop is not None else None)
    return Journey(
        name=trip.name,
        domain=domain,
        submit=_submit(settings, origin, trip.start.server, sender, recipient),
        fetch=_check(settings, domain, trip.end.server, recipient),
        bounces=_check(settings, origin, bounces, sender) if bounces is not None else None,
        late_after_seconds=trip.late_after_seconds or common.late_after_seconds,
        lost_after_seconds=trip.lost_after_seconds or common.lost_after_seconds,
        every_seconds=trip.every_seconds or common.every_seconds,
    )
