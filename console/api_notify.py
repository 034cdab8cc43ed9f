"""Who would be told, how the channels do, and a test over one of them. All through the service."""

from time import monotonic
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from console import api_queries
from console.api_alarms import alarms_of
from console.api_answers import agreed
from console.api_desk import Desk
from console.api_shapes import GivenMoment
from console.api_shapes_alarms import ChannelPage, ChannelWanted, ProofShape, RoutedShape
from console.api_shaping_alarms import channel_shape, routed_shape
from probe.clock import utc_now
from thresholds.values import Level


class RouteQuery(api_queries.Query):
    """What goes wrong, and when."""

    domain: str = Field("", max_length=255, description="Of this domain alone; by default of all.")
    server: str = Field("", max_length=255, description="By its name in the configuration.")
    level: Literal["WARNING", "CRITICAL"] = "CRITICAL"
    at: GivenMoment | None = Field(None, description="When; by default now.")


class Notify:
    """The routes of telling."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = APIRouter(tags=["notify"])
        routes.add_api_route("/notify/channels", self.channels, response_model=ChannelPage)
        routes.add_api_route("/notify/route", self.route, response_model=RoutedShape)
        routes.add_api_route("/notify/test", self.test, methods=["POST"], response_model=ProofShape)
        return routes

    async def channels(self) -> ChannelPage:
        """Return how each channel has done since the start, in the configuration's order."""
        return ChannelPage(items=[channel_shape(one) for one in alarms_of(self._desk).channels()])

    async def route(self, query: Annotated[RouteQuery, Query()]) -> RoutedShape:
        """Return who would be told of a trouble at a time, by default now, by what, and why."""
        with agreed():
            return routed_shape(alarms_of(self._desk).route(query.domain, query.server, Level[query.level], query.at or utc_now()))

    async def test(self, wanted: ChannelWanted) -> ProofShape:
        """Send a notice that says that it is a test, and return the far side's proof that it has arrived."""
        began = monotonic()
        with agreed():
            proof = await alarms_of(self._desk).test(wanted.channel)
        return ProofShape(channel=wanted.channel, proof=proof, seconds=round(monotonic() - began, 3))
