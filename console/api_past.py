"""What was: runs, conversations and trips, from the store. Every question goes there with a Scope."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from console.api_answers import page, understood
from console.api_desk import Desk
from console.api_queries import ConversationQuery, RunsQuery, TripsQuery
from console.api_shapes import ConversationShape, RunPage, RunShape, TripPage
from console.api_shaping import conversation_shape, remembered_shape, remembered_with, trip_shape
from store import reads
from thresholds.values import Level

MOST_ID = 2**63 - 1


class Past:
    """The routes of what was."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = APIRouter(tags=["past"])
        routes.add_api_route("/runs", self.runs, response_model=RunPage)
        routes.add_api_route("/runs/{run}", self.run, response_model=RunShape)
        routes.add_api_route("/conversation", self.conversation, response_model=ConversationShape)
        routes.add_api_route("/trips", self.trips, response_model=TripPage)
        return routes

    async def runs(self, query: Annotated[RunsQuery, Query()]) -> Response:
        """Return runs, the newest first: of one check, domain, server or kind, by their exact names, and at least as bad."""
        wanted = reads.Wanted(query.check, query.domain, query.server, query.kind, Level[query.level], query.since, query.until)
        with understood():
            found = await reads.runs(self._desk.store, self._desk.scope, wanted, query.cursor, query.limit)
        return page(self._desk.turns, map(remembered_shape, found.runs), lambda: found.cursor)

    async def run(self, run: Annotated[int, Path(ge=1, le=MOST_ID)]) -> RunShape:
        """Return one run, with its conversation where that was kept."""
        found = await reads.run(self._desk.store, self._desk.scope, run)
        if found is None:
            raise HTTPException(404, f"there is no run {run}: it may have gone by its age")
        return remembered_with(found, await reads.conversation_of(self._desk.store, self._desk.scope, run))

    async def conversation(self, query: Annotated[ConversationQuery, Query()]) -> ConversationShape:
        """Return what was said in a check's last good run, or in the run with which its last trouble began; secrets are hidden."""
        found = await reads.conversation(self._desk.store, self._desk.scope, query.check, query.which)
        if found is None:
            raise HTTPException(404, f"there is no {query.which} conversation of {query.check[:100]!r}")
        return conversation_shape(found)

    async def trips(self, query: Annotated[TripsQuery, Query()]) -> Response:
        """Return trips that have ended, the newest first. Those under way stand under /journeys."""
        wanted = reads.WantedTrips(query.name, query.domain, query.outcome or "", query.message_id, query.since, query.until)
        with understood():
            found = await reads.trips(self._desk.store, self._desk.scope, wanted, query.cursor, query.limit)
        return page(self._desk.turns, map(trip_shape, found.trips), lambda: found.cursor)
