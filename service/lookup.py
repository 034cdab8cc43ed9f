"""Questions to name servers for `probe init`: MX, SRV and addresses. "No such record" is an empty list; no answer at all is Unanswered."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import dns.asyncresolver
import dns.exception
import dns.resolver

if TYPE_CHECKING:
    from probe import Endpoint

LIFETIME_SECONDS = 5.0


class Unanswered(Exception):  # noqa: N818 - it names what happened
    """No name server gave an answer; `str()` says which was asked for what."""


@dataclass(frozen=True, slots=True)
class SrvRecord:
    """One SRV record (RFC 2782)."""

    host: str  # "" = the service is not offered
    port: int
    priority: int
    weight: int


def _plain(name: Any) -> str:
    return str(name.to_text(omit_final_dot=True)).lower().removesuffix(".")


class Lookup:
    """Asks one name server, or the system's.

    Args:
        resolver: address and port; None = as /etc/resolv.conf says.

    Raises: Unanswered when the system names no name server.
    """

    def __init__(self, resolver: Endpoint | None) -> None:
        try:
            self._resolver = dns.asyncresolver.Resolver(configure=resolver is None)
        except dns.resolver.NoResolverConfiguration:
            raise Unanswered("this system names no name server (/etc/resolv.conf); give one with --resolver HOST:PORT") from None
        if resolver is not None:
            self._resolver.nameservers, self._resolver.port = [resolver.host], resolver.port
        self._resolver.lifetime = LIFETIME_SECONDS

    async def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            return list(await self._resolver.resolve(name, kind))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError):
            servers = ", ".join(f"{one} port {self._resolver.port}" for one in self._resolver.nameservers)
            raise Unanswered(f"no name server answers for {name} {kind}; asked: {servers}") from None

    async def mx(self, domain: str) -> list[tuple[int, str]]:
        """Return preference and host of each MX record, best first; host "" is the null MX."""
        return sorted((record.preference, _plain(record.exchange)) for record in await self._ask(domain, "MX"))

    async def srv(self, name: str) -> list[SrvRecord]:
        """Return the SRV records, best first."""
        records = [SrvRecord(_plain(one.target), one.port, one.priority, one.weight) for one in await self._ask(name, "SRV")]
        return sorted(records, key=lambda one: (one.priority, -one.weight, one.host))

    async def addresses(self, host: str) -> list[str]:
        """Return the IPv4, then the IPv6 addresses of a host; an address is its own."""
        try:
            return [str(ip_address(host))]
        except ValueError:
            pass
        return [record.address for kind in ("A", "AAAA") for record in await self._ask(host, kind)]
