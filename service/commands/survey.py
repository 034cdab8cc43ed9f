"""What the DNS says of an address's mail services, and what has to be guessed. MX (RFC 5321, 7505) and SRV (RFC 2782, 6186, 8314).

Asks name servers, and connects to ports only to learn whether anybody answers there: it sends nothing and signs in nowhere. What it could
not find out it says; it never turns a guess into a fact.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from probe.kinds import KINDS
from probe.values import Security
from service.lookup import Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.lookup import Lookup, SrvRecord

CONNECT_SECONDS = 3.0
MX_KEPT = 4  # servers; the rest are backups of backups
SMTP_PORT = 25


@dataclass(frozen=True, slots=True)
class Found:
    """One server, and how we came to believe in it."""

    name: str  # under `servers:`
    kind: str
    host: str
    port: int
    security: Security
    why: str  # where it comes from, in words
    answers: bool = True  # whether the port answered


@dataclass(frozen=True, slots=True)
class Survey:
    """All that was found out about one domain, and what was not."""

    domain: str
    found: tuple[Found, ...] = ()
    missing: tuple[str, ...] = ()  # sentences


@dataclass(frozen=True, slots=True)
class Family:
    """One service as SRV records and habits name it."""

    kind: str
    words: str
    srv: tuple[tuple[str, Security], ...]
    habits: tuple[str, ...]  # labels before the domain


FAMILIES = (
    Family("submission", "submission of mail", (("_submissions", Security.TLS), ("_submission", Security.STARTTLS)), ("smtp", "mail")),
    Family("imap", "IMAP", (("_imaps", Security.TLS), ("_imap", Security.STARTTLS)), ("imap", "mail")),
    Family("pop3", "POP3", (("_pop3s", Security.TLS), ("_pop3", Security.STARTTLS)), ("pop3", "pop", "mail")),
)


async def survey(domain: str, lookup: Lookup) -> Survey:
    """Return what can be found out about a domain within some seconds. Raises: Unanswered when no name server answers at all."""
    mail, mail_missing = await _mail_exchangers(domain, lookup)
    parts = await asyncio.gather(*(_family(domain, family, lookup, [one.host for one in mail]) for family in FAMILIES))
    found = [*mail, *(one for some, _ in parts for one in some)]
    missing = [*mail_missing, *(sentence for _, some in parts for sentence in some)]
    checked = await asyncio.gather(*(_try(one, lookup) for one in found))
    return Survey(domain, tuple(checked), (*missing, *_silent(checked)))


def _silent(found: Iterable[Found]) -> list[str]:
    return [f"{one.name}: {one.host} port {one.port} does not answer from here" for one in found if not one.answers]


async def _mail_exchangers(domain: str, lookup: Lookup) -> tuple[list[Found], list[str]]:
    """Return the servers that take mail for the domain, best first."""
    records = await lookup.mx(domain)
    if not records and not await lookup.addresses(domain):
        return [], [f"{domain} has no MX record and no address: nobody takes mail for it"]
    if not records:
        why = f"no MX record: by RFC 5321 the address of {domain} itself takes its mail"
        return [Found("mx", "smtp", domain, SMTP_PORT, Security.NONE, why)], []
    if any(host == "" for _, host in records):
        return [], [f"{domain} says with a null MX (RFC 7505) that it takes no mail"]
    kept = records[:MX_KEPT]
    names = ["mx"] if len(kept) == 1 else [f"mx{place}" for place in range(1, len(kept) + 1)]
    found = [
        Found(name, "smtp", host, SMTP_PORT, Security.NONE, f"MX record of {domain}, preference {preference}")
        for name, (preference, host) in zip(names, kept, strict=True)
    ]
    left = [f"{len(records) - MX_KEPT} more MX records are left out"] if len(records) > MX_KEPT else []
    return found, left


async def _family(domain: str, family: Family, lookup: Lookup, exchangers: list[str]) -> tuple[list[Found], list[str]]:
    """Return the servers of one service: as its SRV records say, else as habits suggest and a port confirms."""
    found, denied = [], []
    for label, security in family.srv:
        records = await lookup.srv(f"{label}._tcp.{domain}")
        if records and not records[0].host:
            denied.append(f"{label}._tcp.{domain} says that this service is not offered")
        elif records:
            found.append(_from_srv(f"{label}._tcp.{domain}", family.kind, security, records))
    if found or denied:
        return list({one.name: one for one in reversed(found)}.values())[::-1], denied  # of two that turn out to be one, the first
    return await _guess(domain, family, lookup, exchangers)


def _from_srv(name: str, kind: str, security: Security, records: list[SrvRecord]) -> Found:
    best = records[0]
    others = ", ".join(f"{one.host}:{one.port}" for one in records[1:])
    found = Found(_name(kind, security), kind, best.host, best.port, security, f"SRV record {name}{f'; also {others}' if others else ''}")
    return _coherent(found)


def _coherent(found: Found) -> Found:
    """Return it with the security that its port speaks, where a record says another: 465, 993 and 995 are TLS, 143 and 110 are not."""
    ports = KINDS[found.kind]
    means = {ports.tls_port: Security.TLS, ports.port: Security.STARTTLS}.get(found.port, found.security)
    if means is found.security:
        return found
    why = f"{found.why}; assumed: {means.value}, for that is what port {found.port} speaks"
    return replace(found, name=_name(found.kind, means), security=means, why=why)


def _name(kind: str, security: Security) -> str:
    return f"{kind}s" if security is Security.TLS else kind


async def _guess(domain: str, family: Family, lookup: Lookup, exchangers: list[str]) -> tuple[list[Found], list[str]]:
    """Try the usual names and ports; the first that answers is taken, and said to be a guess."""
    hosts = dict.fromkeys([*(f"{label}.{domain}" for label in family.habits), *exchangers])
    kind = KINDS[family.kind]
    candidates = [
        Found(_name(family.kind, security), family.kind, host, port, security, f"guessed: no SRV record, but {host} answers on port {port}")
        for host in hosts
        for port, security in ((kind.tls_port, Security.TLS), (kind.port, Security.STARTTLS))
        if port is not None
    ]
    tried = await asyncio.gather(*(_try(one, lookup) for one in candidates))
    answering = [one for one in tried if one.answers]
    if answering:
        return answering[:1], []
    return [], [f"{family.words}: no SRV record, and none of {', '.join(hosts)} answers on its ports; if there is such a server, add it"]


async def _try(found: Found, lookup: Lookup) -> Found:
    """Return it with whether its port answers."""
    try:
        addresses = await lookup.addresses(found.host)
    except Unanswered:
        addresses = []
    answers = [await _connects(address, found.port) for address in addresses[:1]]
    return replace(found, answers=any(answers))


async def _connects(address: str, port: int) -> bool:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(address, port)
    except OSError:  # TimeoutError is one
        return False
    writer.close()
    return True
