"""What the control API works with: the board, the store, the service, and who may see what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from console.turns import Turns
from probe.clock import utc_now
from thresholds.scope import EVERYTHING, Scope

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from console.board import Board
    from console.ports import Alarms, Numbers, Service
    from console.ports_tracking import Tracking
    from store.store import Store

UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that the routes need."""

    board: Board
    numbers: Numbers
    service: Service
    store: Store
    version: str  # of this distribution
    started_at: datetime = field(default_factory=utc_now)  # aware
    turns: Turns = field(default_factory=Turns)  # shared by all who have long work on this loop
    alarms: Alarms | None = None  # None = nobody opens incidents here
    tracking: Tracking | None = None  # None = no logs are followed here
    ack_key: bytes = field(default=b"", repr=False)  # signs the links that acknowledge; b"" = there are none
    zone: Callable[[], ZoneInfo] = lambda: UTC_ZONE  # of times in words: the configuration's, which may change
    scope: Scope = EVERYTHING  # who reaches this API, by the socket or by its token, looks after the whole prober
