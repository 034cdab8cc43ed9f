"""The one file that opens the sockets of probes: resolves, connects, secures, and drives a dialogue, timing every step.

One attempt, no retry, no happy eyeballs: a probe measures, it does not cope. One deadline for the whole conversation.
What the peer does is data and never raises; only our own bugs do.
"""

from __future__ import annotations

import asyncio
import re
from ipaddress import ip_address
from time import monotonic
from typing import TYPE_CHECKING

from probe import dns, trust
from probe.clock import utc_now
from probe.conversation import Conversation, State
from probe.kinds import KINDS
from probe.line import LINGER_SECONDS, Line, OwnLimitError, blame, os_words
from probe.lookup import Lookups
from probe.secrecy import secrets_of
from probe.sentinel import GRAIN_SECONDS, Sentinel
from probe.values import Check, FaultKind, Result, Security

if TYPE_CHECKING:
    from probe.dialogue import Dialogue
    from probe.kinds import Kind
    from probe.values import Endpoint

RESOLVER_SECONDS = 3_600.0  # the deadline of the conversation that wants the address ends it long before


class _Call:
    """One conversation from the name of its server to its farewell."""

    def __init__(self, wire: Wire, check: Check, dialogue: Dialogue) -> None:
        self.check = check
        self.began = monotonic()
        self.unseen = wire.sentinel.unseen_seconds
        self.started_at = utc_now()
        self.kind: Kind = KINDS[check.kind]
        self.conversation = Conversation(dialogue, self.began, secrets_of(check), datagram=self.kind.datagram, in_turn=self.kind.in_turn)
        self.line = Line(self.conversation, wire.forget, tls_first=check.endpoint.security is Security.TLS)
        self._wire = wire
        self._timer: asyncio.TimerHandle | None = None

    def allow(self, deadline: asyncio.Timeout) -> None:
        """End the conversation when its time is over. What we ourselves may have slept of it is not taken from the peer's time.

        An answer that comes in that grace stands, with a total above the timeout; where none comes the peer has had the whole of it.
        """
        loop, seconds = asyncio.get_running_loop(), self.check.timeout_seconds
        slept = self.doubt(self.conversation.stamps() + 1) if self._timer else 0.0
        left = self.began + seconds + min(slept, seconds) - monotonic()
        if left > GRAIN_SECONDS:
            self._timer = loop.call_later(left, self.allow, deadline)
        else:
            deadline.reschedule(loop.time())

    def end(self) -> None:
        """Part from the peer; nothing is timed any more."""
        if self._timer is not None:
            self._timer.cancel()
        self.line.part(self.kind.farewell)

    def doubt(self, stamps: int) -> float:
        """Return how many seconds so many stamps of this conversation may be late."""
        return self._wire.sentinel.worst_since(self.began, stamps, self.unseen)

    async def open(self) -> None:
        """Resolve, connect and, with implicit TLS, secure; from then on the line speaks by itself."""
        address = await self._resolve()
        if address is not None and await self._connect(address) and self.check.endpoint.security is Security.TLS:
            await self._secure()

    async def hold(self) -> None:
        """Stay until the conversation is over; whatever the peer does ends in its fault."""
        while not self.conversation.over:
            await self.line.turn
            if self.conversation.state is State.UPGRADE:
                await self._secure()

    def expire(self) -> None:
        """The one deadline has passed."""
        if self.conversation.step == "resolve":
            self.conversation.fail(FaultKind.TIMEOUT, f"looking up {self.check.endpoint.host}{self._wire.asked}", monotonic())
        self.conversation.time_out(monotonic())

    def result(self, message: bytes) -> Result:
        """Return what came of it."""
        talk = self.conversation
        return Result(
            check=self.check,
            started_at=self.started_at,
            steps=talk.steps(),
            readings=talk.readings,
            fault=talk.fault,
            message_id=_message_id(message),
            uncertainty_seconds=self.doubt(talk.stamps()),
            transcript=talk.transcript(),
        )

    async def _resolve(self) -> str | None:
        """Return the address to connect to, or None with the fault set."""
        endpoint = self.check.endpoint
        try:
            address = endpoint.address or _literal(endpoint.host) or await self._wire.resolve(endpoint)
        except (OSError, UnicodeError) as error:
            self.conversation.fail(blame(error, FaultKind.RESOLVE), os_words(error), monotonic())
            return None
        self.conversation.mark("resolve", monotonic())
        self.conversation.readings["server_address"] = address
        self.conversation.step = "connect"
        return address

    async def _connect(self, address: str) -> bool:
        loop, port = asyncio.get_running_loop(), self.check.endpoint.port
        try:
            if self.kind.datagram:
                await loop.create_datagram_endpoint(lambda: self.line, remote_addr=(address, port))
            else:
                await loop.create_connection(lambda: self.line, address, port)
        except asyncio.CancelledError:
            self.line.abandon()
            raise
        except OSError as error:
            self.conversation.fail(blame(error, FaultKind.CONNECT), f"{os_words(error)} ({address} port {port})", monotonic())
            return False
        self._wire.remember(self.line)
        return True

    async def _secure(self) -> None:
        """Make the TLS handshake on the open connection."""
        talk, endpoint, raw = self.conversation, self.check.endpoint, self.line.transport
        if talk.over or raw is None:
            return
        try:
            context = trust.context_for(endpoint)
        except OSError as error:
            talk.fail(FaultKind.OURS, f"cannot read the CA file {endpoint.ca_file}: {os_words(error)}", monotonic())
            return
        self.line.securing()
        seconds = (
            self.check.timeout_seconds if self._timer is None else 3 * self.check.timeout_seconds
        )  # never before `allow`, grace included
        try:
            transport = await asyncio.get_running_loop().start_tls(
                raw, self.line, context, server_hostname=endpoint.host, ssl_handshake_timeout=seconds
            )
        except (OSError, ValueError) as error:
            now = monotonic()  # before we look for words, which may load a codec
            talk.fail(FaultKind.TLS, trust.say_tls(error, endpoint, self.started_at), now)
            return
        if transport is not None and not talk.over:
            talk.readings.update(trust.read_certificate(transport.get_extra_info("ssl_object"), self.started_at))
            self.line.secured(transport)


class Wire:
    """Runs conversations. Make one per event loop, inside it; `close` it at the end.

    Args:
        resolver: the DNS server to ask for addresses; None = the system's resolver.
    """

    def __init__(self, resolver: Endpoint | None = None) -> None:
        self.sentinel = Sentinel()
        self.sentinel.start()
        self._resolver = resolver
        self._lookups = Lookups()
        self._open: set[Line] = set()

    async def run(self, check: Check, message: bytes = b"") -> Result:
        """Probe one check, within its timeout.

        Args:
            check: what to probe.
            message: the whole test message (RFC 5322, CRLF), for those that send one.
        """
        call = _Call(self, check, KINDS[check.kind].dialogue(check, message))
        try:
            async with asyncio.timeout(None) as deadline:
                call.allow(deadline)
                await call.open()
                await call.hold()
        except TimeoutError:
            call.expire()
        finally:
            call.end()
        return call.result(message)

    async def talk(self, check: Check, dialogue: Dialogue) -> Result:
        """Drive a long conversation (a mailbox's reader): the check's timeout counts for each move, not for the whole."""
        call = _Call(self, check, dialogue)
        call.line.patience = check.timeout_seconds
        try:
            async with asyncio.timeout(check.timeout_seconds):
                await call.open()
        except TimeoutError:
            call.expire()
        try:
            await call.hold()
        finally:
            call.end()
        return call.result(b"")

    async def resolve(self, endpoint: Endpoint) -> str:
        """Return the first address of the endpoint's host. Raises OSError or UnicodeError when there is none."""
        if self._resolver is None or endpoint.host == "localhost":
            return await self._lookups.address(endpoint.host)
        check = Check("resolver", "", "resolver", "dns", self._resolver, timeout_seconds=RESOLVER_SECONDS)
        answer = await self.talk(check, dns.address_dialogue(endpoint.host))
        if answer.fault is not None:
            own = answer.fault.kind is FaultKind.OURS and answer.fault.step == "connect"  # else it is a name that cannot be asked
            raise (OwnLimitError if own else OSError)(f"{answer.fault.said}{self.asked}")
        return str(answer.readings["address"])

    @property
    def asked(self) -> str:
        """Return the words for whom addresses are asked, where it is not the system."""
        return f" (asked {self._resolver.host} port {self._resolver.port})" if self._resolver else ""

    async def close(self) -> None:
        """Let farewells under way be heard, then end."""
        await asyncio.sleep(0)  # a connection that was being made when its conversation was cancelled is closed in this turn
        for _ in range(int(LINGER_SECONDS / 0.01) + 20):
            if not self._open:
                break
            await asyncio.sleep(0.01)
        self.sentinel.stop()

    def remember(self, line: Line) -> None:
        """Keep a connection until it is closed."""
        self._open.add(line)

    def forget(self, line: Line) -> None:
        """A connection is closed."""
        self._open.discard(line)


def _literal(host: str) -> str | None:
    """Return the host where it is an IP address already."""
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def _message_id(message: bytes) -> str | None:
    """Return the Message-ID header's value of a test message."""
    found = re.search(rb"^Message-ID:\s*(<[^>\r\n]+>)", message, re.IGNORECASE | re.MULTILINE)
    return found[1].decode("ascii", "replace") if found else None
