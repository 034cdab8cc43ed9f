"""What the board keeps of trips: of each journey the last that ended and those under way, and what was counted. No I/O.

A trip that is lost stays under way for a day while newer ones arrive; what a journey is like now, the newest trip says that has anything
to say: one that has ended, or is late already.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from console.histogram import MAIL_SECONDS, Histogram
from console.metrics_text import pairs
from thresholds.values import Level

if TYPE_CHECKING:
    from probe.values import Outcome
    from store.values import TripRun

STAGES = ("total", "submit", "transit", "retrieve")
STALE_INTERVALS = 2.5
MOST_UNDER_WAY = 1_000  # of one journey; above, the oldest is forgotten here (its ledger is not)
MOST_HOPS = 200  # names in Received headers are strangers' words: their number must have an end
OTHER_HOP = "other"
HOST = re.compile(r"\[?[A-Za-z0-9_:.-]{1,255}\]?")


class Stages:
    """How long trips took, by stage."""

    __slots__ = ("by_stage",)

    def __init__(self) -> None:
        self.by_stage = {stage: Histogram(MAIL_SECONDS) for stage in STAGES}

    def saw(self, run: TripRun) -> None:
        """Count the stages of a trip that are known."""
        trip = run.trip
        seconds = (trip.total_seconds, trip.submit_seconds, trip.transit_seconds, trip.retrieve_seconds)
        for stage, known in zip(STAGES, seconds, strict=True):
            if known is not None:
                self.by_stage[stage].saw(known)


class Journeying:
    """One journey: its last trip, those under way, and its counts."""

    __slots__ = ("domain", "every_seconds", "labels", "last", "name", "outcomes", "seen_at", "stages", "under_way")

    def __init__(self, site: str, name: str, domain: str, every_seconds: float) -> None:
        self.name, self.domain, self.every_seconds = name, domain, every_seconds
        self.labels = pairs({"site": site, "domain": domain, "trip": name})
        self.seen_at: float | None = None  # second of the board's clock at which anything was last heard
        self.last: TripRun | None = None  # of those that have ended, the one that began last
        self.under_way: dict[str, TripRun] = {}  # by message id, in the order in which they began
        self.outcomes: Counter[Outcome] = Counter()
        self.stages: Stages | None = None

    def saw(self, run: TripRun, now: float) -> bool:
        """Remember how a trip stands; returns whether this is the news that it has ended."""
        trip = run.trip
        self.seen_at = now
        if trip.outcome is None:
            self.under_way[trip.message_id] = run
            if len(self.under_way) > MOST_UNDER_WAY:
                del self.under_way[next(iter(self.under_way))]
            return False
        self.under_way.pop(trip.message_id, None)
        self.outcomes[trip.outcome] += 1
        if self.last is None or trip.started_at >= self.last.trip.started_at:
            self.last = run
        return True

    def is_fresh(self, now: float) -> bool:
        """Say whether anything was heard within 2.5 intervals."""
        return self.seen_at is not None and now - self.seen_at <= STALE_INTERVALS * self.every_seconds

    @property
    def telling(self) -> TripRun | None:
        """Return the newest trip that has ended or is late; None where there is none yet."""
        late = [run for run in self.under_way.values() if run.verdict.level > Level.UNKNOWN]
        return max((run for run in (self.last, *late) if run is not None), key=lambda run: run.trip.started_at, default=None)


class Hops:
    """How long messages took up to each server on their way."""

    __slots__ = ("by_hop",)

    def __init__(self) -> None:
        self.by_hop: dict[str, Histogram] = {}

    def saw(self, run: TripRun) -> None:
        """Count the hops whose time is known."""
        for relay in run.trip.relays:
            if relay.seconds is not None and relay.by is not None:
                self._hop(relay.by).saw(max(0.0, relay.seconds))

    def _hop(self, name: str) -> Histogram:
        if name not in self.by_hop and (len(self.by_hop) >= MOST_HOPS or not HOST.fullmatch(name)):
            name = OTHER_HOP
        found = self.by_hop.get(name)
        if found is None:
            found = self.by_hop[name] = Histogram(MAIL_SECONDS)
        return found
