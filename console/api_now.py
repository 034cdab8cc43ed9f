"""What is now: status, checks, journeys and limits in force. From the board and the service; asks no store."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from console.api_answers import AT_ONCE, Walk, fitting, page
from console.api_desk import Desk
from console.api_queries import ChecksQuery, ExplainQuery, JourneysQuery, LimitsQuery
from console.api_shapes import (
    CheckPage,
    CheckShape,
    ExplainedShape,
    InForcePage,
    InForceShape,
    JourneyPage,
    StatusShape,
    StoreShape,
)
from console.api_shaping import check_shape, journey_shape, level_of, limit_shape
from console.board_cells import Cell
from console.board_trips import Journeying
from probe.clock import utc_now
from thresholds.explain import explain
from thresholds.values import UNITS, Aspect, Level, Sample

OF_TRIPS = frozenset({Aspect.TRIP, Aspect.HOP, Aspect.OUTCOME})


class Now:
    """The routes of what is now."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = APIRouter(tags=["now"])
        routes.add_api_route("/status", self.status, response_model=StatusShape)
        routes.add_api_route("/checks", self.checks, response_model=CheckPage)
        routes.add_api_route("/check", self.check, response_model=CheckShape)
        routes.add_api_route("/journeys", self.journeys, response_model=JourneyPage)
        routes.add_api_route("/limits", self.limits, response_model=InForcePage)
        routes.add_api_route("/limits/explained", self.explained, response_model=list[ExplainedShape])
        return routes

    async def status(self) -> StatusShape:
        """Return how the service is."""
        desk, numbers = self._desk, self._desk.numbers
        rounds, prober, store, reloaded = numbers.rounds(), numbers.prober(), numbers.store(), numbers.reloaded()
        return StatusShape(
            site=desk.board.site,
            version=desk.version,
            started_at=desk.started_at,
            timezone=desk.zone().key,
            unhealthy=desk.service.unhealthy(),
            unready=desk.service.unready(),
            sick=prober.sick_reason if prober is not None else "",
            checks=len(desk.board.cells),
            levels=await self._levels(),
            journeys=len(desk.board.journeys),
            backing_off=dict(rounds.backing_off) if rounds is not None else {},
            hints=dict(rounds.hints) if rounds is not None else {},
            configuration_problem=reloaded.problem,
            configuration_taken_at=reloaded.taken_at,
            store=StoreShape.model_validate(store, from_attributes=True) if store is not None else None,
        )

    async def _levels(self) -> dict[str, int]:
        """Return how many checks have each level now."""
        found: Counter[str] = Counter({level.name: 0 for level in Level})
        cells, now = list(self._desk.board.cells.values()), self._desk.board.clock()

        def count() -> Iterator[str]:
            for start in range(0, len(cells), AT_ONCE):
                found.update([level_of(cell, now).name for cell in cells[start : start + AT_ONCE]])
                yield ""

        async for _ in self._desk.turns.texts(count()):
            pass
        return dict(found)

    async def checks(self, query: Annotated[ChecksQuery, Query()]) -> Response:
        """Return the checks that fit these globs and are at least as bad, each with its last run, in the order of the configuration."""
        board, least = self._desk.board, Level[query.level]
        now, fits = board.clock(), _fits(query)
        walk = Walk(list(board.cells.values()), lambda cell: fits(cell) and level_of(cell, now) >= least, board.plans, query)
        return page(self._desk.turns, walk.shaped(lambda cell: check_shape(cell, now)), lambda: walk.cursor)

    async def check(self, name: Annotated[str, Query(description="DOMAIN/SERVER")]) -> CheckShape:
        """Return one check with its last run."""
        return check_shape(self._cell(name), self._desk.board.clock())

    def _cell(self, name: str) -> Cell:
        cell = self._desk.board.cells.get(name)
        if cell is None:
            raise HTTPException(404, f"there is no check {name[:100]!r}")
        return cell

    async def journeys(self, query: Annotated[JourneysQuery, Query()]) -> Response:
        """Return the journeys that fit these globs, each with its last trip and those under way."""
        board, of_domain, of_name = self._desk.board, fitting(query.domain), fitting(query.name)
        walk = Walk(list(board.journeys.values()), lambda one: of_domain(one.domain) and of_name(one.name), board.plans, query)
        return page(self._desk.turns, walk.shaped(journey_shape), lambda: walk.cursor)

    async def limits(self, query: Annotated[LimitsQuery, Query()]) -> Response:
        """Return which limit is in force for each check (for trips, hops and outcomes: for each journey) at a time, by default now."""
        board, limits, at = self._desk.board, self._desk.service.limits(), query.at or utc_now()
        of_domain, of_server = fitting(query.domain), fitting(query.server)
        things: list[Cell | Journeying] = [*(board.journeys if query.aspect in OF_TRIPS else board.cells).values()]
        walk = Walk(things, lambda one: of_domain(_pair(one)[0]) and of_server(_pair(one)[1]), board.plans, query)

        def shape(thing: Cell | Journeying) -> InForceShape:
            found = limits.in_force(Sample(*_pair(thing), query.aspect, query.name, 0.0, at, board.site))
            named = {"check": _name(thing), "aspect": query.aspect, "name": query.name, "unit": UNITS.get(query.aspect, ""), "at": at}
            return InForceShape.model_validate(named | {"limit": found and limit_shape(found)})

        return page(self._desk.turns, walk.shaped(shape), lambda: walk.cursor)

    async def explained(self, query: Annotated[ExplainQuery, Query()]) -> list[ExplainedShape]:
        """Return the limits of an aspect for one check: the one in force first, and why each is or is not."""
        check = self._cell(query.check).check
        sample = Sample(check.domain, check.server, query.aspect, query.name, 0.0, query.at or utc_now(), self._desk.board.site)
        told = explain(self._desk.service.limits(), sample)
        return [ExplainedShape(limit=limit_shape(one.limit), wins=one.wins, why=one.why) for one in told]


def _fits(query: ChecksQuery) -> Callable[[Cell], bool]:
    of_domain, of_server, of_kind = fitting(query.domain), fitting(query.server), fitting(query.kind)
    return lambda cell: of_domain(cell.check.domain) and of_server(cell.check.server) and of_kind(cell.check.kind)


def _pair(thing: Cell | Journeying) -> tuple[str, str]:
    """Return the domain and the server, or the trip, that a limit's match speaks of."""
    return (thing.check.domain, thing.check.server) if isinstance(thing, Cell) else (thing.domain, thing.name)


def _name(thing: Cell | Journeying) -> str:
    return thing.check.name if isinstance(thing, Cell) else thing.name
