"""The nouns of probing: what to probe (Check), and what came of it (Result, Trip). Frozen facts; no I/O, no clock.

Times are aware UTC datetimes, durations float seconds, sizes bytes; every field's name or margin says its unit or RFC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

Reading = str | float | int | bool
NO_READINGS: Mapping[str, Reading] = MappingProxyType({})


class Security(StrEnum):
    """How a conversation is protected; STARTTLS also stands for POP3's STLS and LDAP's StartTLS."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"  # from the first byte (RFC 8314)


class FaultKind(StrEnum):
    """Who broke what. The order is the order in which a conversation can meet them."""

    RESOLVE = "RESOLVE"
    CONNECT = "CONNECT"
    TIMEOUT = "TIMEOUT"
    TLS = "TLS"
    AUTH = "AUTH"
    TEMPORARY = "TEMPORARY"  # SMTP 4yz and its likes: come again
    PERMANENT = "PERMANENT"  # SMTP 5yz, POP3 -ERR, IMAP NO
    PROTOCOL = "PROTOCOL"  # the peer broke its own protocol, or hung up
    OURS = "OURS"  # our own bug; never their outage


class Outcome(StrEnum):
    """How a trip ended: exactly one of ten. When several hold, `probe.outcome.PRECEDENCE` decides."""

    DELIVERED = "delivered"
    LATE = "late"
    DUPLICATE = "duplicate"
    MISPLACED = "misplaced"  # in a spam or quarantine folder
    MODIFIED = "modified"  # body hash or DKIM broken
    BOUNCED = "bounced"
    REJECTED = "rejected"  # refused at submission
    GREYLISTED = "greylisted"  # asked to come again until lost_after
    LOST = "lost"
    UNSURE = "unsure"  # we cannot know


class Secret:
    """A password, token or key. It prints as `***`; only `reveal` gives it, at the place that sends it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself. Never log, store or print what this returns."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens and how it is to be trusted."""

    host: str  # name or IP literal; the name that its certificate must carry
    port: int
    security: Security = Security.NONE
    ca_file: str | None = None  # PEM; None = the system's
    verify: bool = True
    address: str | None = None  # one IP of `host`, when each address is a check of its own

    @property
    def place(self) -> tuple[str, int]:
        """Return what counts our connections, whatever the configuration calls it: host or address, and port."""
        return self.address or self.host, self.port


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The account we test with."""

    address: str  # RFC 5321 Mailbox
    password: Secret | None = None
    user: str | None = None  # login name; None = the address
    mechanism: str | None = None  # SASL mechanism to insist on; None = best offered
    token: Secret | None = None  # OAuth 2.0 bearer token (XOAUTH2, OAUTHBEARER), instead of a password
    junk: tuple[str, ...] = ("Junk", "Spam", "Quarantine")  # folders that count as misplaced

    @property
    def login(self) -> str:
        """Return the name to log in with."""
        return self.user if self.user is not None else self.address


@dataclass(frozen=True, slots=True)
class Directory:
    """What to ask an LDAP server (RFC 4511) about a domain."""

    base: str  # RFC 4514 DN
    filter: str  # RFC 4515, already filled in for this domain; values escaped
    attribute: str = "associatedDomain"  # must be in the entry found ...
    expected: str = ""  # ... and have this value (compared without case)
    bind_dn: str = ""  # "" = anonymous
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask a name server (RFC 1035)."""

    name: str
    type: str = "MX"  # MX, A, AAAA, TLSA, TXT, SRV


@dataclass(frozen=True, slots=True)
class Check:
    """One (domain, server) pair to probe."""

    name: str  # "abc.example/imap"; unique
    domain: str
    server: str  # the server's name in the configuration
    kind: str  # key of probe.kinds.KINDS
    endpoint: Endpoint
    every_seconds: float = 60.0
    timeout_seconds: float = 10.0  # the conversation's one deadline
    mailbox: Mailbox | None = None
    directory: Directory | None = None  # kind ldap
    question: Question | None = None  # kind dns
    send: str = "rcpt"  # smtp, lmtp: "rcpt" (up to RCPT) or "message" (a whole test message)
    recipient: str = ""  # envelope recipient; "" = the mailbox itself
    hello: str = "localhost.localdomain"  # how we name ourselves in EHLO (RFC 5321 section 4.1.4)
    forbidden: bool = False  # the domain is not permitted this service: a login that works is what is wrong


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a conversation."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, where, in the peer's own words."""

    kind: FaultKind
    step: str  # the step under way
    said: str = ""  # at most SAID_LIMIT characters, printable, secrets removed


SAID_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One redacted line of a conversation: who spoke, at which step, what."""

    ours: bool
    step: str
    text: str
    at_seconds: float = 0.0  # since the conversation began


@dataclass(frozen=True, slots=True)
class Result:
    """What one conversation gave. The steps sum to the total."""

    check: Check
    started_at: datetime  # aware, UTC
    steps: tuple[Step, ...] = ()
    readings: Mapping[str, Reading] = field(default_factory=lambda: NO_READINGS)
    fault: Fault | None = None
    message_id: str | None = None  # of the test message sent, RFC 5322 with its angle brackets
    uncertainty_seconds: float = 0.0  # how far the prober itself may have falsified a time
    transcript: Sequence[Line] = ()  # redacted

    @property
    def seconds(self) -> float:
        """Return the total: the sum of the steps."""
        return sum(step.seconds for step in self.steps)


@dataclass(frozen=True, slots=True)
class Relay:
    """One `Received` header (RFC 5321 section 4.4) as a hop: newest last, in the order of the way."""

    server: str | None  # who handed the message over ("from"), as far as the receiver could see
    by: str | None  # who took it
    received_at: datetime | None  # by that server's own clock; None = not stated or not readable
    seconds: float | None  # since the hop before; None = unknown (see probe.received)
    id: str | None = None  # queue or session id where the server states one
    protocol: str | None = None  # ESMTPS, LMTP, ...
    clock_offset_seconds: float | None = None  # that server's clock less ours; None = unknown
    clock_error_seconds: float | None = None  # how far that estimate may be off
    note: str = ""  # why something is unknown


@dataclass(frozen=True, slots=True)
class Trip:
    """One test message from one mailbox to another (often the same). `outcome` is None while under way."""

    name: str  # "abc.example" or the name of the entry under `trips:`
    domain: str  # the receiving domain
    message_id: str
    started_at: datetime
    outcome: Outcome | None = None
    waiting_for: str = ""  # in words, while under way: "the message in INBOX of probe@abc.example"
    submit_seconds: float | None = None  # conversation of submission up to the reply to the message
    transit_seconds: float | None = None  # from that reply until the mailbox showed the message
    retrieve_seconds: float | None = None  # from then until it was read whole
    uncertainty_seconds: float = 0.0
    folder: str | None = None  # where it was found
    relays: tuple[Relay, ...] = ()
    readings: Mapping[str, Reading] = field(default_factory=lambda: NO_READINGS)  # greylisted_seconds, copies, ...
    said: str = ""  # the peer's own words for rejected, greylisted, bounced; why, for unsure
    step: str = ""  # the submission or retrieval step at fault, where there is one
    submitted_at: datetime | None = None  # when the conversation began that handed it over (or tried last); None = not known

    @property
    def total_seconds(self) -> float | None:
        """Return submission plus transit plus retrieval, or None while any is unknown."""
        parts = (self.submit_seconds, self.transit_seconds, self.retrieve_seconds)
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None


@dataclass(frozen=True, slots=True)
class Journey:
    """A trip to be made: where to hand a test message in, and where to see it arrive."""

    name: str
    domain: str  # the receiving domain
    submit: Check  # kind smtp, submission or lmtp; its mailbox is the sender and signs in where one is needed
    fetch: Check  # kind imap or pop3; its mailbox is the recipient
    bounces: Check | None = None  # where the sender's own mail is read, when that is not `fetch`; None = not known
    late_after_seconds: float = 120.0
    lost_after_seconds: float = 86_400.0
    settle_seconds: float = 1.0  # how long to look for a second copy after the first
    every_seconds: float = 300.0

    @property
    def mailboxes(self) -> set[Check]:
        """Return where something of a trip is awaited."""
        return {self.fetch} if self.bounces is None else {self.fetch, self.bounces}
