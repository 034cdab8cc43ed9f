"""Silences and maintenance: what is in force or to come, what was, and the deeds that begin and end them."""

from datetime import datetime
from secrets import token_hex
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException

from console.api_alarms import alarms_of, scene_of
from console.api_answers import agreed
from console.api_authors import author_of
from console.api_desk import Desk
from console.api_scenes import unwatched
from console.api_shapes_alarms import (
    EndWanted,
    MaintenancePage,
    MaintenanceShape,
    MaintenanceWanted,
    SilencePage,
    SilenceShape,
    SilenceWanted,
)
from console.api_shaping_alarms import maintenance_shape, silence_shape
from probe.clock import utc_now
from probe.dialogue import printable
from store import mutes
from store.store import Store
from thresholds.incident_values import Maintenance, Silence
from thresholds.scope import Scope

PastToo = Annotated[bool, Query(description="Those that are over, too.")]


class Mutes:
    """The routes of what is not told."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = APIRouter(tags=["mutes"])
        routes.add_api_route("/silences", self.silences, response_model=SilencePage)
        routes.add_api_route("/silences", self.silence, methods=["POST"], response_model=SilenceShape)
        routes.add_api_route("/silences/{silence}/expire", self.expire, methods=["POST"], response_model=SilenceShape)
        routes.add_api_route("/maintenance", self.windows, response_model=MaintenancePage)
        routes.add_api_route("/maintenance", self.plan, methods=["POST"], response_model=MaintenanceShape)
        routes.add_api_route("/maintenance/{window}/cancel", self.cancel, methods=["POST"], response_model=MaintenanceShape)
        return routes

    async def silences(self, past: PastToo = False) -> SilencePage:
        """Return the silences that are in force, the newest first."""
        return SilencePage(items=await silences_of(self._desk.store, self._desk.scope, utc_now(), past=past))

    async def silence(self, wanted: SilenceWanted, request: Request) -> SilenceShape:
        """Have nothing told of the incidents that fit, from now until a time; they are opened, recorded and closed as ever."""
        now = utc_now()
        _to_come("until", wanted.until, now)
        author = await author_of(request, wanted.by)
        silence = Silence(f"s{token_hex(4)}", scene_of(wanted), author, printable(wanted.reason), now, wanted.until)
        with agreed():
            made = silence_shape(await alarms_of(self._desk).add_silence(silence), now)
        return made.model_copy(update={"warnings": unwatched(silence.scene, self._desk.board)})

    async def expire(self, silence: str, wanted: EndWanted, request: Request) -> SilenceShape:
        """End a silence now: what is still wrong is told."""
        author = await author_of(request, wanted.by)
        with agreed():
            return silence_shape(await alarms_of(self._desk).expire_silence(silence, author), utc_now())

    async def windows(self, past: PastToo = False) -> MaintenancePage:
        """Return the windows of maintenance that are in force or to come, the newest first, then those of the configuration."""
        now = utc_now()
        kept = await windows_of(self._desk.store, self._desk.scope, now, past=past)
        known = {one.id for one in kept}
        written = [one for one in alarms_of(self._desk).mutes().maintenances if one.id not in known]
        return MaintenancePage(items=[*kept, *(maintenance_shape(one, now) for one in written)])

    async def plan(self, wanted: MaintenanceWanted, request: Request) -> MaintenanceShape:
        """Plan a window of maintenance: it is measured, nothing of it is told, and it is no part of availability."""
        now = utc_now()
        begins_at = wanted.begins_at or now
        _to_come("ends_at", wanted.ends_at, now)
        if wanted.ends_at <= begins_at:
            raise HTTPException(400, f"ends_at: {_said(wanted.ends_at)} is not after begins_at, {_said(begins_at)}: nothing would be muted")
        author = await author_of(request, wanted.by)
        window = Maintenance(f"m{token_hex(4)}", scene_of(wanted), printable(wanted.reason), author, begins_at, wanted.ends_at)
        with agreed():
            made = maintenance_shape(await alarms_of(self._desk).add_maintenance(window), now)
        return made.model_copy(update={"warnings": unwatched(window.scene, self._desk.board)})

    async def cancel(self, window: str, wanted: EndWanted, request: Request) -> MaintenanceShape:
        """Call a window off, or end it now."""
        author = await author_of(request, wanted.by)
        with agreed():
            return maintenance_shape(await alarms_of(self._desk).cancel_maintenance(window, author), utc_now())


async def silences_of(store: Store, scope: Scope, now: datetime, *, past: bool) -> list[SilenceShape]:
    """Return the silences that are remembered; `past`: those that are over, too. Raises: StoreError."""
    found = await mutes.silences(store, scope, None if past else now)
    return [silence_shape(kept.mute, now, kept.ended_by) for kept in found]


async def windows_of(store: Store, scope: Scope, now: datetime, *, past: bool) -> list[MaintenanceShape]:
    """Return the windows of maintenance that are remembered, likewise. Raises: StoreError."""
    found = await mutes.maintenances(store, scope, None if past else now)
    return [maintenance_shape(kept.mute, now, kept) for kept in found]


def _to_come(name: str, end: datetime, now: datetime) -> None:
    """Refuse an end that is past. Raises: HTTPException."""
    if end <= now:
        raise HTTPException(400, f"{name}: {_said(end)} is past: nothing would be muted")


def _said(at: datetime) -> str:
    """Return a time as it came, its zone included."""
    return at.isoformat(timespec="minutes")
