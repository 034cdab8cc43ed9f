"""The nouns of telling: Route, ChannelPlan, Delivery, Notice, Proof. Frozen facts, no I/O. No secret in clear."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from thresholds.incident_values import EVERYWHERE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from probe.values import Secret
    from thresholds.calendars import Calendar
    from thresholds.incident_values import Cell, Change, ChangeKind, Scene
    from thresholds.values import Level


class NotDeliveredError(Exception):
    """A channel could not deliver; str() says why, in one line without a secret.

    Args:
        why: in words.
        again: whether trying again may help; False = this notice never gets through here (400, 5yz): the next takes over at once.
    """

    def __init__(self, why: str, *, again: bool = True) -> None:
        super().__init__(why)
        self.again = again


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """One configured channel."""

    name: str  # "ops-mail"
    kind: str  # key of notifier.kinds.CHANNELS
    settings: Any  # the frozen dataclass of its kind
    servers: tuple[str, ...] = ()  # that it depends on (`depends_on`), those that these need included
    domains: tuple[str, ...] = ()  # that it depends on
    deadline_seconds: float = 120.0  # without proof by then the next channel of the chain takes over; this one goes on trying
    per_minute: int = 20  # notices; what is more is told in one summary
    templates: Mapping[str, str] = field(default_factory=dict)  # "subject", "text", "html", "short" -> Jinja; what is missing is ours
    sees: tuple[str, ...] = ()  # domains, as globs, that it may be told of (notifier.sight); () = all there are


@dataclass(frozen=True, slots=True)
class Escalation:
    """Who is told when nobody has acknowledged."""

    after_seconds: float
    to: tuple[tuple[str, ...], ...]  # chains, as in Route


@dataclass(frozen=True, slots=True)
class Route:
    """Who is told of what. The first that matches is taken, and those after it while `go_on`."""

    to: tuple[tuple[str, ...], ...] = ()  # chains: each channel takes over from the one before; () = nobody
    scene: Scene = EVERYWHERE
    levels: frozenset[Level] = frozenset()  # at which it matches; empty = every level
    calendar: Calendar | None = None  # None = at all times
    rota: str = ""  # whose turn it is decides: key of the rotas; its people's chains are taken instead of `to`
    group_by: tuple[str, ...] = ()  # "cause", "domain", "server", "level": changes that share these are told together
    wait_seconds: float = 0.0  # for more of a group, before its first notice
    repeat_seconds: float | None = None  # reminders at most this often; None = all of them
    escalation: tuple[Escalation, ...] = ()
    go_on: bool = False
    origin: str = ""  # "notify.routes[0]"


@dataclass(frozen=True, slots=True)
class Rota:
    """Whose turn it is: by week, one after the other, or by a calendar each."""

    name: str
    turns: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]  # (who, chains); week after week in this order
    since: datetime | None = None  # a moment at which the first one's turn began, in the zone in whose mornings it is handed over
    shifts: tuple[tuple[Calendar, str], ...] = ()  # instead of the weeks: who is on while a calendar is in season


@dataclass(frozen=True, slots=True)
class HeartbeatPlan:
    """Where we say that we live, so that others notice our death: a URL, or a topic of an mqtt channel."""

    every_seconds: float = 60.0
    url: str | Secret = ""  # that is asked with GET
    channel: str = ""  # of kind mqtt ...
    topic: str = ""  # ... and the topic there; "" = the channel's own, and /heartbeat


@dataclass(frozen=True, slots=True)
class DrillPlan:
    """When channels are tried: each time the calendar begins to hold."""

    calendar: Calendar
    channels: tuple[str, ...]  # by name


@dataclass(frozen=True, slots=True)
class NotifyPlan:
    """All that the configuration says of telling."""

    channels: tuple[ChannelPlan, ...]
    routes: tuple[Route, ...]
    timezone: ZoneInfo  # of the times in our words
    rotas: Mapping[str, Rota] = field(default_factory=dict)
    quiet_until: datetime | None = None
    heartbeat: HeartbeatPlan | None = None
    drill: DrillPlan | None = None
    console_url: str = ""  # where links of notices lead, without a slash at its end; "" = no links
    runbooks: Mapping[str, str] = field(default_factory=dict)  # cause as a glob ("server:imap", "*") -> URL; the first that fits
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # server -> those that it cannot work without, theirs included
    site: str = ""  # where we stand: scenes of routes may name it
    hosts: Mapping[str, str] = field(default_factory=dict)  # server -> host, as written
    trips: Mapping[str, Cell] = field(default_factory=dict)  # name of a trip's cell -> the cell: which servers its way leads over


class DeliveryState(StrEnum):
    """How a delivery stands."""

    DUE = "due"  # waits for its time
    SENT = "sent"  # proven
    TAKEN_OVER = "taken-over"  # the next channel of the chain was asked; this one is tried on
    REFUSED = "refused"  # will never get through here
    GIVEN_UP = "given-up"  # tried for a day
    DROPPED = "dropped"  # not wanted any more: overtaken by the closing before it was ever tried, or acknowledged before it escalated


@dataclass(frozen=True, slots=True)
class Delivery:
    """One change on its way over one channel."""

    id: int  # of the row; 0 = not stored yet
    change_id: int
    incident: str  # its id
    number: int  # of the change within its incident: deliveries of one incident on one channel go in this order
    channel: str
    chain: tuple[str, ...]  # the whole chain that it belongs to
    origin: str  # of the route that wanted it
    key: str  # idempotence: the same for each try
    state: DeliveryState = DeliveryState.DUE
    tries: int = 0
    due_at: datetime | None = None  # the next try
    deadline_at: datetime | None = None  # without proof by then the next of the chain takes over
    said: str = ""  # the proof, or why the last try failed
    tried_at: datetime | None = None  # when that was said


@dataclass(frozen=True, slots=True)
class Stored:
    """A change as the outbox gives it back."""

    id: int
    change: Change


@dataclass(frozen=True, slots=True)
class Links:
    """Where a reader may go from a notice; "" = there is no such place."""

    console: str = ""
    runbook: str = ""
    acknowledge: str = ""  # signed, for one use


NO_LINKS = Links()


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told over one channel: words and facts."""

    key: str  # idempotence
    kind: ChangeKind
    incident: str  # its id
    number: int
    level: Level
    cause: str  # "server:imap"
    began_at: datetime
    at: datetime
    subject: str  # one line
    text: str  # plain
    html: str  # whole page, self-contained
    short: str  # at most 160 characters
    facts: Mapping[str, Any]  # for machines: plain JSON values
    links: Links = NO_LINKS
    first_key: str = ""  # of the incident's first notice over this channel: mail threads hang on it
