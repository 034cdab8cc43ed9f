"""What the console asks of the service: declared here, on the left, and handed in by `service`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from console.ports_tracking import TrackingNumbers
    from store.store import StoreHealth
    from store.values import Run
    from thresholds.incident_values import Acknowledgement, Incident, Maintenance, Mutes, Silence
    from thresholds.limits import Limits
    from thresholds.values import Level


class Service(Protocol):
    """The running service, as the console may use it."""

    def unhealthy(self) -> str:
        """Return why the process should be restarted, in one line; "" = it is healthy."""

    def unready(self) -> str:
        """Return why it does not probe yet, in one line; "" = it is ready."""

    async def reload(self) -> str:
        """Read the configuration again. Returns "" when it was taken, else what is wrong with it, one problem in a line."""

    async def probe_now(self, check: str, timeout_seconds: float | None = None) -> Run | None:
        """Run one configured check at once, within its server's budget, and return what came of it (`by_hand`).

        Args:
            check: its name.
            timeout_seconds: end the conversation sooner than its own timeout would.

        Returns: None = there is no check of this name. Where nothing was asked of the server, because it wants to be left alone, a run with
        the fault OURS that says so.
        """

    def limits(self) -> Limits:
        """Return the limits that results are judged by now."""

    async def backup(self, target: Path) -> None:
        """Pack the store and the keys into `target`, an absolute path where there is no file yet. Raises: StoreError, in one line."""


# -- incidents and telling


@dataclass(frozen=True, slots=True)
class Routed:
    """Who would be told of an incident, by what, and why."""

    chains: tuple[tuple[str, ...], ...] = ()  # channels, each taking over from the one before; refused ones left out; () = nobody is told
    refused: Mapping[str, str] = field(default_factory=dict)  # by channel: why it is not asked, such as that it depends on what is broken
    words: tuple[str, ...] = ()  # sentences, in the order in which it was decided


@dataclass(frozen=True, slots=True)
class ChannelNumbers:
    """How one channel has done since the start."""

    name: str
    kind: str
    sent: int = 0  # proven
    failed: int = 0  # tries that ended without proof
    refused: int = 0  # notices that will never get through here
    taken_over: int = 0  # notices for which the next of the chain was asked
    last_proof_at: datetime | None = None
    last_proof: str = ""  # in the far side's words
    last_error: str = ""  # why the last try failed; "" = it did not
    last_test_at: datetime | None = None  # of the last test that arrived; tests count nowhere else
    last_test: str = ""  # its proof


@dataclass(frozen=True, slots=True)
class AlarmNumbers:
    """How incidents and telling stand, for metrics and pages."""

    open: Mapping[Level, int] = field(default_factory=dict)  # incidents, by level
    opened: Mapping[str, int] = field(default_factory=dict)  # incidents since the start, by the kind of their cause
    outbox_depth: int | None = None  # deliveries and changes that are not settled; None = nobody knows yet
    outbox_oldest_at: datetime | None = None  # since when the oldest of them waits; None = none does
    channels: tuple[ChannelNumbers, ...] = ()
    heartbeat_sent: int | None = None  # None = none is configured
    heartbeat_failed: int = 0
    heartbeat_at: datetime | None = None  # the last that was acknowledged


class Alarms(Protocol):
    """Incidents, what people say of them, and who is told.

    Raises: LookupError when there is nothing of this id or name, ValueError when it cannot be done, each with one sentence;
    StoreError when it cannot be remembered: then it is not done.
    """

    def open(self) -> tuple[Incident, ...]:
        """Return the incidents that are open."""

    async def acknowledge(self, incident: str, ack: Acknowledgement) -> Incident:
        """Let somebody take an incident on; return it as it is then."""

    async def close(self, incident: str, by: str, why: str) -> Incident:
        """Close an incident by hand; return it as it is then."""

    def mutes(self) -> Mutes:
        """Return the silences and windows of maintenance that are in force or to come, those of the configuration included."""

    async def add_silence(self, silence: Silence) -> Silence:
        """Put a silence in force, at once."""

    async def expire_silence(self, silence: str, by: str) -> Silence:
        """End a silence now; return it with its end."""

    async def add_maintenance(self, maintenance: Maintenance) -> Maintenance:
        """Plan a window of maintenance, or begin it."""

    async def cancel_maintenance(self, maintenance: str, by: str) -> Maintenance:
        """Call a window off, or end it now. ValueError for one of the configuration: it is written there."""

    def route(self, domain: str, server: str, level: Level, at: datetime) -> Routed:
        """Return who would be told at a time, were this server to fail for this domain alone ("" = for all)."""

    async def test(self, channel: str) -> str:
        """Send a notice that says that it is a test; return the proof, in the far side's words. ValueError says why there is none."""

    def channels(self) -> tuple[ChannelNumbers, ...]:
        """Return the channels, in the configuration's order."""


# -- numbers


class TallyNumbers(Protocol):
    """What the rounds count as they go."""

    @property
    def missed(self) -> Mapping[str, int]:
        """Runs that never began, by server's name in the configuration."""

    @property
    def held(self) -> Mapping[str, int]:
        """Of these: because the server asked to be left alone."""


class RoundsNumbers(Protocol):
    """How the rounds stand: `service.rounds.stats.Stats` is one."""

    @property
    def running(self) -> int:
        """Conversations under way."""

    @property
    def waiting(self) -> Mapping[str, int]:
        """By server: checks that are due and kept waiting by a budget."""

    @property
    def tally(self) -> TallyNumbers:
        """What they count."""

    @property
    def backing_off(self) -> Mapping[str, str]:
        """By place: why checks are held back, and until when."""

    @property
    def hints(self) -> Mapping[str, str]:
        """By place: that we may be banned there, and why we think so."""

    @property
    def clock_steps(self) -> int:
        """Steps and suspends seen since the start."""


class ProberNumbers(Protocol):
    """How the prober itself is; further plain values are named as console.metrics_table.PROBER has them."""

    @property
    def sick(self) -> bool:
        """Whether it is in doubt of itself."""

    @property
    def sick_reason(self) -> str:
        """Why, in one word; "" = it is well."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """How the last reading of the configuration went."""

    problem: str = ""  # what was wrong with it, one problem in a line; "" = it was taken
    taken_at: datetime | None = None  # when one was last taken, aware


@dataclass(frozen=True, slots=True)
class Numbers:
    """What others measure of themselves, asked at each scrape; each callable must be quick."""

    store: Callable[[], StoreHealth | None] = lambda: None
    rounds: Callable[[], RoundsNumbers | None] = lambda: None
    trips: Callable[[], object | None] = lambda: None  # plain values, named as console.metrics_table.TRIP_NUMBERS has them
    prober: Callable[[], ProberNumbers | None] = lambda: None
    reloaded: Callable[[], Reloaded] = Reloaded
    alarms: Callable[[], AlarmNumbers | None] = lambda: None
    tracking: Callable[[], TrackingNumbers | None] = lambda: None
