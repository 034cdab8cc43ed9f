"""Incidents, silences and windows out of the store, in the control API's shapes: for commands that read where no service runs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from console.api_incidents import IncidentsQuery
from console.api_mutes import silences_of, windows_of
from console.api_shaping_alarms import incident_shape, story_shape
from probe.clock import utc_now
from store.incidents import changes_of, deliveries_of, find, one
from thresholds.scope import EVERYTHING

if TYPE_CHECKING:
    from service.commands.alarms_ask import Shape
    from store.store import Store

MOST = 500  # on one page


async def incidents(store: Store, query: dict[str, Any], limit: int) -> list[Shape]:
    """Return the newest incidents that a query of the API wants. Raises: StoreError."""
    times = {name: datetime.fromisoformat(query[name]) for name in ("since", "until") if query[name]}
    wanted = IncidentsQuery(**{name: value for name, value in query.items() if value is not None and name not in times} | times).wanted
    found: list[Shape] = []
    cursor = ""
    while len(found) < limit:
        page = await find(store, EVERYTHING, wanted, cursor, min(MOST, limit - len(found)))
        found += [incident_shape(incident).model_dump(mode="json") for incident in page.incidents]
        cursor = page.cursor
        if not cursor:
            break
    return found


async def story(store: Store, incident: str) -> Shape:
    """Return one incident with all that happened to it. Raises: click.ClickException where there is none, StoreError."""
    found = await one(store, EVERYTHING, incident)
    if found is None:
        raise click.ClickException(f"there is no incident {incident}")
    changes = [stored.change for stored in await changes_of(store, EVERYTHING, incident)]
    shape = story_shape(found, changes, await deliveries_of(store, EVERYTHING, incident))
    return shape.model_dump(mode="json")


async def silences(store: Store, *, past: bool) -> list[Shape]:
    """Return the silences; `past`: those that are over, too. Raises: StoreError."""
    return [one.model_dump(mode="json") for one in await silences_of(store, EVERYTHING, utc_now(), past=past)]


async def windows(store: Store, *, past: bool) -> list[Shape]:
    """Return the windows of maintenance likewise; those that stand in the configuration are not here. Raises: StoreError."""
    return [one.model_dump(mode="json") for one in await windows_of(store, EVERYTHING, utc_now(), past=past)]
