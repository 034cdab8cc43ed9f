"""What the console asks of the service: declared here, on the left, and handed in by `service`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from store.store import StoreHealth
    from store.values import Run
    from thresholds.limits import Limits


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


class TallyNumbers(Protocol):
    """What the rounds count as they go."""

    @property
    def missed(self) -> Mapping[str, int]:
        """Runs that never began, by server's name in the configuration."""

    @property
    def held(self) -> Mapping[str, int]:
        """Of these: because the server asked to be left alone."""


class RoundsNumbers(Protocol):
    """How the rounds stand: `service.rounds_stats.Stats` is one."""

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
