"""Asks a service how it is: its own state, the checks, the trips. Of many bad checks no more than can be read."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from service.control_client import ControlError
from service.report import EXIT_CODES
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.control_client import Control

PAGE = 500  # items that are asked for at once
MOST = 2_000  # checks that a table tells of; beyond that it counts
TROUBLES = ("unhealthy", "unready", "sick")  # of the service itself: while it has one, nobody knows


@dataclass(frozen=True, slots=True)
class Status:
    """What a service said: the shapes of console/api_shapes.py as they came."""

    service: dict[str, Any]  # StatusShape
    checks: list[dict[str, Any]]  # CheckShape
    journeys: list[dict[str, Any]]  # JourneyShape, all of them

    @property
    def level(self) -> Level:
        """Return the worst level of checks and trips; at least UNKNOWN while the service itself is in trouble."""
        levels = [Level[name] for name, count in self.service["levels"].items() if count]
        levels += [Level[one["level"]] for one in self.journeys]
        return max(levels + ([Level.UNKNOWN] if self.troubled else []), default=Level.UNKNOWN)

    @property
    def troubled(self) -> bool:
        """Say whether the service itself is in trouble."""
        store = self.service["store"]
        return any(self.service[name] for name in TROUBLES) or bool(store and store["broken"])

    @property
    def exit_code(self) -> int:
        """Return 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."""
        return EXIT_CODES[self.level]


def ask(control: Control, *, every: bool) -> Status:
    """Return how the service is, with all of its checks or with those alone that are not OK. Raises: ControlError."""
    try:
        return _ask(control, every=every)
    except ControlError as error:
        if error.status != 409:  # the configuration was read again between two pages
            raise
        return _ask(control, every=every)


def _ask(control: Control, *, every: bool) -> Status:
    service = control.get("/status")
    if every:
        checks = list(control.items("/checks", limit=PAGE))
    else:
        checks = list(islice(control.items("/checks", limit=PAGE, level=least(service["levels"])), MOST))
    return Status(service, checks, list(control.items("/journeys", limit=PAGE)))


def least(levels: Mapping[str, int], most: int = MOST) -> str:
    """Return the least level that is not OK of which, with all that are worse, there are no more than `most`: the worst are told first."""
    counted, found = levels["CRITICAL"], "CRITICAL"
    for name in ("WARNING", "UNKNOWN"):
        counted += levels[name]
        if counted > most:
            break
        found = name
    return found
