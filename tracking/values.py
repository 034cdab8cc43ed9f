"""The nouns of tracking: one stay in one server (Hop), how it was tied to the next (Link), one message to one recipient (Flow).

Events have no class: they live as rows, by the million (`tracking.schema.EVENTS`). Times are aware UTC datetimes, durations float seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

CANONICAL = (
    *("receive", "submit", "resolve", "expand", "redirect", "transfer", "send", "deliver", "defer", "fail", "dsn", "duplicate", "poison"),
    *("reject", "discard", "quarantine", "agent", "connect", "disconnect", "login", "login-failed", "error", "other"),
)  # what an event can mean, whatever its format calls it; `error`: a server's own trouble; `other`: known to the format, nothing to a flow


class Outcome(StrEnum):
    """What became of a flow, as far as the lines tell."""

    DELIVERED = "delivered"  # in a mailbox
    RELAYED = "relayed"  # taken by a server whose logs we do not have
    BOUNCED = "bounced"
    REJECTED = "rejected"  # refused at the entrance
    DEFERRED = "deferred"  # still trying
    EXPANDED = "expanded"  # the group itself; its members have flows of their own
    REDIRECTED = "redirected"
    DISCARDED = "discarded"  # by a filter, a rule, as poison or duplicate
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Line:
    """Where a log line stood when it was read."""

    file: str  # the file's name as it was collected
    line: int  # from 1


@dataclass(frozen=True, slots=True)
class Link:
    """How a hop was tied to the next one."""

    rule: str  # `tracking.correlate.rules.RULES`
    confidence: float  # 0 to 1
    seconds: float | None  # from leaving here to arriving there, both corrected; negative when the clocks disagree


@dataclass(frozen=True, slots=True)
class Hop:
    """One stay of a message in one server."""

    server: str
    software: str  # the format's name for it: postfix, exchange, dovecot, ...
    id: str  # the server's own id of the stay: queue id, internal message id, session
    arrived_at: datetime | None  # corrected
    left_at: datetime | None  # corrected; None while it is there
    seconds: float | None
    delays: Mapping[str, float]  # parts of the stay that the server itself measured, in seconds
    clock_offset_seconds: float  # what was subtracted from this server's stamps
    to: str  # the server it went to, as this one names it; "" = nowhere
    link: Link | None  # to the next hop; None on the last
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """One message to one final recipient, from entrance to exit: the object that `probe track flows` prints."""

    message_id: str | None
    sender: str | None  # envelope sender; "" = the null sender
    recipient: str
    via: tuple[str, ...]  # groups and aliases it came through, first first
    subject: str | None
    size_bytes: int | None
    probe: bool  # one of our own test messages
    domains: tuple[str, ...]  # of sender and recipient, in lower case: whose flow it is
    entered_at: datetime | None
    left_at: datetime | None
    end_to_end_seconds: float | None
    uncertainty_seconds: float
    outcome: Outcome
    said: str | None  # the last word of who took, kept or refused it
    hops: tuple[Hop, ...]
