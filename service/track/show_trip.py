"""Finds what the prober itself knows of a message of ours: in the lake, else at the running service, else in its store.

Refused is nothing: where it cannot be had the message is shown without it, and a line says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import click

from probe.values import Check, Endpoint, Result
from service.commands.loop import run_loop
from service.commands.options import CONFIG_FILE
from service.commands.reach import places_of
from service.commands.thresholds_input import opened
from service.control_client import ControlError, NotRunning, at_socket, socket_of
from service.show.api_values import fault_of, moment, steps_of, trip_of
from service.track.options import written
from store import reads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from service.control_client import Control
    from service.show.flow_trip import Probe
    from store.store import Store
    from thresholds.scope import Scope
    from tracking.look.message import Message
    from tracking.values import Flow

    Shape = dict[str, Any]  # of console/api_shapes.py

AROUND = timedelta(minutes=10)  # runs that began so long before or after the message's entrance are looked through


def probe_of(found: Message, scope: Scope, config_file: str | None) -> Probe | None:
    """Return our own trip, or the check that sent this message; None where it is none of ours, or nothing is known."""
    own = [one.flow for one in found.flows if one.flow.probe and one.flow.message_id]
    if not own or found.trip is not None or not written(config_file):
        return found.trip
    try:
        return run_loop(_remembered(own[0], scope, config_file or CONFIG_FILE))
    except (click.ClickException, ControlError) as error:
        click.echo(f"probe: warning: the prober's own part is not shown: {error}", err=True)
        return None


async def _remembered(flow: Flow, scope: Scope, file: str) -> Probe | None:
    store = places_of(file).store
    try:
        return await _known(ByService(at_socket(socket_of(store)), scope), flow)
    except NotRunning:
        if not store.is_file():
            return None
    async with opened(store) as kept:
        return await _known(ByStore(kept, scope), flow)


class Source(Protocol):
    """Where the prober's memory is."""

    async def trip(self, message_id: str) -> Shape | None:
        """Return the trip of a message (TripShape)."""

    def runs(self, domain: str, since: datetime, until: datetime) -> AsyncIterator[Shape]:
        """Yield the runs of a domain's checks (RunShape)."""


async def _known(source: Source, flow: Flow) -> Probe | None:
    message_id = flow.message_id or ""
    trip = await source.trip(message_id)
    if trip is not None:
        return trip_of(trip)
    if flow.entered_at is None:
        return None
    for domain in flow.domains:
        async for run in source.runs(domain, flow.entered_at - AROUND, flow.entered_at + AROUND):
            if run["message_id"] == message_id:
                return _result(run)
    return None


def _result(run: Shape) -> Result:
    check = Check(run["check"], run["domain"], run["server"], run["kind"], Endpoint("", 0))
    told = (steps_of(run), run["readings"], fault_of(run), run["message_id"], run["uncertainty_seconds"])
    return Result(check, moment(run["started_at"]), *told)


@dataclass(frozen=True, slots=True)
class ByService:
    """Asks the running service."""

    control: Control
    scope: Scope

    async def trip(self, message_id: str) -> Shape | None:
        """Return a trip. Raises: ControlError."""
        return _seen(self.control.get("/trips", message_id=message_id)["items"], self.scope)

    async def runs(self, domain: str, since: datetime, until: datetime) -> AsyncIterator[Shape]:
        """Yield runs. Raises: ControlError."""
        if self.scope.allows(domain):
            for run in self.control.items("/runs", domain=domain, since=since.isoformat(), until=until.isoformat()):
                yield run


@dataclass(frozen=True, slots=True)
class ByStore:
    """Asks a store that we have opened."""

    store: Store
    scope: Scope

    async def trip(self, message_id: str) -> Shape | None:
        """Return a trip. Raises: StoreError."""
        from console.api_shaping import trip_shape  # noqa: PLC0415 - only where no service shapes it

        found = await reads.trips(self.store, self.scope, reads.WantedTrips(message_id=message_id))
        return _seen([trip_shape(one).model_dump(mode="json") for one in found.trips], self.scope)

    async def runs(self, domain: str, since: datetime, until: datetime) -> AsyncIterator[Shape]:
        """Yield runs. Raises: StoreError."""
        from console.api_shaping import remembered_shape  # noqa: PLC0415 - as above

        wanted = reads.Wanted(domain=domain, since=since, until=until)
        page = await reads.runs(self.store, self.scope, wanted)
        while True:
            for run in page.runs:
                yield remembered_shape(run).model_dump(mode="json")
            if not page.cursor:
                return
            page = await reads.runs(self.store, self.scope, wanted, page.cursor)


def _seen(trips: Sequence[Shape], scope: Scope) -> Shape | None:
    return next((trip for trip in trips if scope.allows(trip["domain"])), None)
