"""`addresses: each`: a server behind several addresses becomes a check for each, so that one bad machine cannot hide behind a good one."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from probe import Check, Endpoint


async def _addresses(host: str, resolver: Endpoint | None) -> list[str]:
    """Return every address of a host, IPv4 and IPv6; none where it cannot be resolved."""
    if resolver is None:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return []
        return list(dict.fromkeys(str(address[0]) for *_, address in found))
    from service.lookup import Lookup, Unanswered  # noqa: PLC0415 - dnspython costs 60 ms; only a resolver of its own needs it

    try:
        return await Lookup(resolver).addresses(host)
    except Unanswered:
        return []


def _at(check: Check, address: str) -> Check:
    return replace(check, name=f"{check.name}@{address}", endpoint=replace(check.endpoint, address=address))


async def spread(checks: Iterable[Check], servers: Collection[str], resolver: Endpoint | None) -> tuple[Check, ...]:
    """Return the checks, those of `servers` once for each address behind their name, called `domain/server@address`.

    A name that has one address, or cannot be resolved, stays one check: that check then tells of it.
    """
    planned = tuple(checks)
    if not servers:
        return planned
    hosts = dict.fromkeys(check.endpoint.host for check in planned if check.server in servers)
    answers = await asyncio.gather(*(_addresses(host, resolver) for host in hosts))
    known = dict(zip(hosts, answers, strict=True))
    return tuple(
        one
        for check in planned
        for addresses in (known.get(check.endpoint.host, []) if check.server in servers else [],)
        for one in ([_at(check, address) for address in addresses] if len(addresses) > 1 else [check])
    )
