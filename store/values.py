"""The nouns of remembering: what is handed to the store (Run, TripRun) and what it gives back (Remembered). Frozen facts, no I/O.

What is given back holds no secret and no endpoint: only what was measured and what it meant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from probe.values import NO_READINGS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from probe.values import Fault, Reading, Result, Step, Trip
    from thresholds.values import Level, Verdict


@dataclass(frozen=True, slots=True)
class Run:
    """One conversation, judged, on its way into the store and onto the screen."""

    result: Result
    verdict: Verdict
    late_seconds: float = 0.0  # how long after it was due it began; 0 for a run by hand
    warning_seconds: float | None = None  # the limit in force for its total; None = there is none of this level
    critical_seconds: float | None = None
    by_hand: bool = False  # asked for by a person or a scrape: it does not count in availability


@dataclass(frozen=True, slots=True)
class TripRun:
    """One trip, judged; stored when it has ended, shown also while it is under way."""

    trip: Trip
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Remembered:
    """One run as the store gives it back."""

    id: int  # of the run, unique in the store
    check: str
    domain: str
    server: str
    kind: str
    started_at: datetime  # aware, UTC
    seconds: float
    uncertainty_seconds: float
    level: Level
    suspect: bool = False
    steps: tuple[Step, ...] = ()
    fault: Fault | None = None
    readings: Mapping[str, Reading] = field(default_factory=lambda: NO_READINGS)
    reasons: tuple[str, ...] = ()
    limit: str = ""  # the one in force, in words
    message_id: str | None = None
