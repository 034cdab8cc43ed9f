"""Reads every result as a witness of what the prober itself depends on: resolver, network, its host's limits. Pure; time is a parameter.

What proves that it works: for the resolver any answer, also "there is no such name"; for the network any sign of the peer, also a refused
connection. Loopback proves nothing of the network, `localhost` nothing of the resolver. A datagram without an answer proves nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from errno import ECONNREFUSED, ECONNRESET, EHOSTDOWN, EHOSTUNREACH, EMFILE, ENETDOWN, ENETUNREACH, ENFILE, ENOBUFS, ENOMEM
from typing import TYPE_CHECKING

from probe.kinds import KINDS
from probe.values import FaultKind
from service.health.streak import Streak

if TYPE_CHECKING:
    from datetime import datetime

    from probe.values import Endpoint, Fault, Result

FRESH_INTERVALS = 2.5  # how long a success speaks for a server: so many of its check's intervals
ANSWERED = (  # a lookup that fails in these words was answered: by getaddrinfo (glibc, musl) and by our own dialogue
    "Name or service not known",
    "No address associated with hostname",
    "Name does not resolve",
    "Name has no usable address",
    "there is no such name",
    "has no address, neither",
)
HEARD = tuple(os.strerror(number) for number in (ECONNREFUSED, ECONNRESET))
UNREACHABLE = tuple(os.strerror(number) for number in (ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN))
EXHAUSTED = tuple(os.strerror(number) for number in (EMFILE, ENFILE, ENOBUFS, ENOMEM))  # of no server; a missing address may be of one
LOOPBACK = ("127.", "::1")
ENOUGH_UNREACHABLE, ENOUGH_SILENT = (
    2,
    3,
)  # different addresses, before the network itself is in doubt: our own kernel says so, or nobody answers
OWN_LIMIT_SECONDS = 10.0  # how long a limit that was hit keeps us in doubt


@dataclass(slots=True)
class Witnesses:
    """What the results of late say of the prober's own surroundings."""

    names: Streak[Endpoint] = field(default_factory=Streak)  # by host
    places: Streak[str] = field(default_factory=Streak)  # by address
    own_limit: str = ""  # the last one that was hit, in words
    own_limit_until: float = float("-inf")  # monotonic second

    def saw(self, result: Result, now: float) -> None:
        """Take one result, at a monotonic second."""
        fault = result.fault
        if fault is not None and fault.kind is FaultKind.OURS:
            self._own(fault, now)
        elif fault is not None and fault.step == "resolve":
            self._looked_up(result, fault, now)
        else:
            self._reached(result, now)

    def network(self, now: float) -> bool:
        """Return whether nothing can be reached."""
        if not self.places.common(now):
            return False
        failing = self.places.failing(now)
        return len(failing) >= ENOUGH_SILENT or sum(words.startswith(UNREACHABLE) for words in failing) >= ENOUGH_UNREACHABLE

    def tried_name(self, endpoint: Endpoint, error: str, at: datetime, until: float) -> None:
        """Take a lookup that we made ourselves to find out; `error` is "" when it gave an address."""
        if not error or any(words in error for words in ANSWERED):
            self.names.worked(endpoint.host, until, endpoint)
        else:
            self.names.failed(endpoint.host, error, at, until)

    def _own(self, fault: Fault, now: float) -> None:
        if fault.said.startswith(EXHAUSTED):
            self.own_limit, self.own_limit_until = fault.said, now + OWN_LIMIT_SECONDS

    def _looked_up(self, result: Result, fault: Fault, now: float) -> None:
        self.tried_name(result.check.endpoint, fault.said or "no answer", result.started_at, _until(result, now))

    def _reached(self, result: Result, now: float) -> None:
        address, endpoint, until = result.readings.get("server_address"), result.check.endpoint, _until(result, now)
        if not isinstance(address, str):
            return
        if endpoint.address is None and endpoint.host not in {address, "localhost"}:
            self.names.worked(endpoint.host, until, endpoint)
        if address.startswith(LOOPBACK):
            return
        words = _unreached(result)
        if words is None:
            self.places.worked(address, until, address)
        elif words:
            self.places.failed(address, words, result.started_at, until)


def _until(result: Result, now: float) -> float:
    return now + FRESH_INTERVALS * result.check.every_seconds


def _unreached(result: Result) -> str | None:
    """Return in what words the peer gave no sign of itself; None = it gave one, "" = nobody can tell."""
    fault = result.fault
    if fault is None:
        return None
    if fault.kind is FaultKind.CONNECT:
        return None if fault.said.startswith(HEARD) else fault.said
    if fault.kind is FaultKind.TIMEOUT and KINDS[result.check.kind].datagram:
        return ""
    return "no answer" if fault.kind is FaultKind.TIMEOUT and fault.step == "connect" else None
