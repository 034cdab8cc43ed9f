"""What the console asks of message tracking: declared here, on the left, and handed in by `service`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.histogram import Histogram


@dataclass(frozen=True, slots=True)
class TrackingNumbers:
    """How tracking stands."""

    well: bool  # the logs are followed
    starts: int  # of the process that follows, since the service's own
    state: Mapping[str, Any] = field(default_factory=dict)  # as that process told it last; {} = not yet
    hops: Mapping[str, Histogram] = field(default_factory=dict)  # by server: how long messages stayed
    links: Mapping[str, Histogram] = field(default_factory=dict)  # by `mx1 -> hub1`
    outcomes: Mapping[str, int] = field(default_factory=dict)  # flows that ended, by outcome


class Tracking(Protocol):
    """The service's message tracking, as the control API may use it."""

    def standing(self) -> dict[str, Any]:
        """Return how it stands: following, lake, problem, starts, state."""

    def begin_import(self, order: dict[str, Any]) -> str:
        """Hand an import over; return by what it is asked for. Raises: ValueError, with one sentence."""

    def import_state(self, asked: str) -> dict[str, Any]:
        """Return how an import stands. Raises: LookupError where there is none of this name."""
