"""Trips for a human: outcome, the three times that make the total, and the servers on the way with what is odd about their clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from service.show.grid import grid, level_text
from service.words import clock, distinct, harmless, seconds_text, shorten
from thresholds import Level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from probe import Relay, Trip
    from service.report import JudgedTrip

REASON = 240  # letters of one reason


def _offset(relay: Relay) -> str:
    """Return what is known of a server's clock, where it is further off than our own error."""
    offset, error = relay.clock_offset_seconds, relay.clock_error_seconds or 0.0
    if offset is None or abs(offset) <= error:
        return ""
    direction = "ahead" if offset > 0 else "behind"
    return f"clock {seconds_text(abs(offset))} {direction}, +-{seconds_text(error)}"


def _hop_seconds(seconds: float) -> str:
    """Return a hop's time no finer than its stamps: most servers write whole seconds into `Received`."""
    return f"{seconds:.0f} s" if seconds == round(seconds) else seconds_text(seconds)


def hop_text(relay: Relay) -> str:
    """Return one hop: `mx.abc.example 120 ms (clock 3.00 s ahead, +-10 ms)`."""
    doubts = [doubt for doubt in (_offset(relay), relay.note) if doubt]
    name = relay.by or relay.server or "unnamed"
    time = "" if relay.seconds is None else f" +{_hop_seconds(relay.seconds)}"
    return harmless(f"{name}{time} ({'; '.join(doubts)})" if doubts else f"{name}{time}")


def _outcome(judged: JudgedTrip) -> str:
    """Return how it ended, or what it waits for; where it is not OK its reasons say the latter."""
    trip = judged.trip
    if trip.outcome is not None:
        return f"{trip.outcome.value} in {trip.folder}" if trip.folder else trip.outcome.value
    return f"under way, waiting for {trip.waiting_for}" if trip.waiting_for and judged.verdict.level is Level.OK else "under way"


def _stages(trip: Trip) -> str:
    """Return the times that make the total, with how far the prober may be off."""
    stages = (("submit", trip.submit_seconds), ("transit", trip.transit_seconds), ("retrieve", trip.retrieve_seconds))
    known = [f"{name} {seconds_text(seconds)}" for name, seconds in stages if seconds is not None]
    doubt = f" (+-{seconds_text(trip.uncertainty_seconds)})" if known and trip.uncertainty_seconds else ""
    return f"{', '.join(known)}{doubt}"


def _way(judged: JudgedTrip) -> Text:
    """Return outcome and times; then the reasons, where it is not OK; then the hops."""
    trip, verdict = judged.trip, judged.verdict
    sent = f"sent {clock(trip.started_at)}" if judged.earlier else ""
    text = Text(": ".join(part for part in (sent, harmless(_outcome(judged)), _stages(trip)) if part))
    if verdict.level is not Level.OK:
        text.append("".join(f"\n{shorten(reason, REASON)}" for reason in distinct(verdict.reasons)))
    if verdict.suspect:
        text.append(f"\n{_suspicion(trip.uncertainty_seconds)}")
    if trip.relays:
        text.append(f"\n{' > '.join(hop_text(relay) for relay in trip.relays)}", "dim")
    return text


def _suspicion(seconds: float) -> str:
    """Return why a trip is suspect: for its own uncertainty, or, where it has none, for a prober in doubt, as its reasons say."""
    return f"suspect: its times are sure only to +-{seconds_text(seconds)}, which could change the level" if seconds else "suspect"


def trips_table(trips: Iterable[JudgedTrip]) -> Table:
    """Return one row per trip, the worst first."""
    table = grid("TRIP", "LEVEL", "TIME", "OUTCOME AND WAY")
    for judged in sorted(trips, key=lambda one: -one.verdict.level):
        trip = judged.trip
        table.add_row(Text(harmless(trip.name), "bold"), level_text(judged.verdict.level), seconds_text(trip.total_seconds), _way(judged))
    return table
