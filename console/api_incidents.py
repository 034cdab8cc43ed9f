"""Incidents: those that are open, those that were, the story of each; and the deeds on them, acknowledging and closing."""

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from console.api_alarms import alarms_of
from console.api_answers import agreed, page, understood
from console.api_authors import author_of
from console.api_desk import Desk
from console.api_queries import LevelName, Spanned
from console.api_scenes import known_cause
from console.api_shapes_alarms import AcknowledgeWanted, CloseWanted, IncidentPage, IncidentShape, StoryShape
from console.api_shaping_alarms import incident_shape, story_shape
from notifier.words_matter import moment
from probe.clock import utc_now
from probe.dialogue import printable
from store import incidents
from thresholds.incident_values import Acknowledgement, Incident
from thresholds.values import Level

Id = Annotated[str, Path(max_length=64, pattern=r"^[\w.-]+$")]


def _known(cause: str) -> str:
    try:
        return known_cause(cause)
    except ValueError as error:
        raise PydanticCustomError("unknown_kind", "{said}", {"said": str(error)}) from None


class IncidentsQuery(Spanned):
    """Which incidents; names are exact, times are those at which they opened."""

    open: bool | None = Field(None, description="Those alone that are open, or those that are closed.")
    domain: str = Field("", description="That they touch.")
    cause: Annotated[str, AfterValidator(_known)] = Field("", description="Kind and name, server:imap, or a kind alone.")
    level: LevelName = Field("OK", description="At least as bad.")

    @property
    def wanted(self) -> incidents.WantedIncidents:
        """Return it as the store is asked."""
        return incidents.WantedIncidents(self.open, self.domain, self.cause, Level[self.level], self.since, self.until)


class Incidents:
    """The routes of what is wrong."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = APIRouter(tags=["incidents"])
        routes.add_api_route("/incidents", self.incidents, response_model=IncidentPage)
        routes.add_api_route("/incidents/{incident}", self.story, response_model=StoryShape)
        routes.add_api_route("/incidents/{incident}/acknowledge", self.acknowledge, methods=["POST"], response_model=IncidentShape)
        routes.add_api_route("/incidents/{incident}/close", self.close, methods=["POST"], response_model=IncidentShape)
        return routes

    async def incidents(self, query: Annotated[IncidentsQuery, Query()]) -> Response:
        """Return incidents, the newest first."""
        with understood():
            found = await incidents.find(self._desk.store, self._desk.scope, query.wanted, query.cursor, query.limit)
        return page(self._desk.turns, map(incident_shape, found.incidents), lambda: found.cursor)

    async def story(self, incident: Id) -> StoryShape:
        """Return one incident with all that happened to it, and whom it was told, over what, with which proof."""
        store, scope = self._desk.store, self._desk.scope
        found = await incidents.one(store, scope, incident)
        if found is None:
            raise HTTPException(404, f"there is no incident {incident}")
        changes = await incidents.changes_of(store, scope, incident)
        return story_shape(found, [stored.change for stored in changes], await incidents.deliveries_of(store, scope, incident))

    async def acknowledge(self, incident: Id, wanted: AcknowledgeWanted, request: Request) -> IncidentShape:
        """Take an incident on: it reminds nobody and goes no further until it ends, or until a time."""
        now = utc_now()
        if wanted.until is not None and wanted.until <= now:
            raise HTTPException(400, f"until: {wanted.until.isoformat(timespec='minutes')} is past")
        ack = Acknowledgement(await author_of(request, wanted.by), now, printable(wanted.why), wanted.until)
        with agreed():
            return incident_shape(await self._open(incident, alarms_of(self._desk).acknowledge(incident, ack)))

    async def close(self, incident: Id, wanted: CloseWanted, request: Request) -> IncidentShape:
        """Close an incident by hand; what is still bad of it opens another only after having been well."""
        author = await author_of(request, wanted.by)
        with agreed():
            return incident_shape(await self._open(incident, alarms_of(self._desk).close(incident, author, printable(wanted.why))))

    async def _open(self, incident: str, deed: Awaitable[Incident]) -> Incident:
        """Return what a deed makes of an incident. Raises: ValueError where it closed before, with its end; LookupError: there is none."""
        try:
            return await deed
        except LookupError:
            found = await incidents.one(self._desk.store, self._desk.scope, incident)
            if found is None or found.closed_at is None:
                raise
            at = moment(found.closed_at, self._desk.zone())
            raise ValueError(f"the incident {incident} closed at {at}: {found.ended}") from None
