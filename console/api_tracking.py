"""What the control API does of message tracking: how it stands, and imports by hand, which the service's own writer does."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from console.api_desk import Desk


class ImportWanted(BaseModel):
    """Logs to be read into the service's lake."""

    model_config = ConfigDict(extra="forbid")

    paths: list[str] = Field(min_length=1, max_length=10_000)  # absolute, on the service's host; globs too
    format: str = "auto"
    options: str = ""
    server: str = ""
    group: str = ""
    timezone: str = "UTC"
    year: int | None = None
    private: bool = False  # other pseudonyms or subjects were asked for than the lake's own


class BegunShape(BaseModel):
    """An import was handed over."""

    id: str


class TrackingShape(BaseModel):
    """How tracking stands."""

    following: bool
    lake: str
    problem: str
    starts: int
    state: dict[str, Any] | None


class ImportShape(BaseModel):
    """How an import stands: how far it is, or what came of it, or why it failed."""

    doing: str = "waiting for its turn"
    done_bytes: int = 0
    total_bytes: int = 0
    lines: int = 0
    report: dict[str, Any] | None = None
    failed: str = ""


class Tracked:
    """The routes of tracking.

    Args:
        near: whether the client is on this host, over the unix socket: he alone may have files read.
    """

    def __init__(self, desk: Desk, *, near: bool) -> None:
        self._desk, self._near = desk, near

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = APIRouter(tags=["tracking"], prefix="/tracking")
        routes.add_api_route("", self.standing, methods=["GET"], response_model=TrackingShape)
        routes.add_api_route("/imports", self.begin, methods=["POST"], response_model=BegunShape)
        routes.add_api_route("/imports/{asked}", self.stand, methods=["GET"], response_model=ImportShape)
        return routes

    async def standing(self) -> TrackingShape:
        """Say how far the service has followed each source."""
        if self._desk.tracking is None:
            return TrackingShape(following=False, lake="", problem="", starts=0, state=None)
        return TrackingShape(**self._desk.tracking.standing())

    async def begin(self, wanted: ImportWanted) -> BegunShape:
        """Have logs read into the lake that the service writes."""
        if not self._near:
            raise HTTPException(403, "logs are read on the service's own host: ask for it there, over its socket")
        relative = next((path for path in wanted.paths if not path.startswith("/")), None)
        if relative is not None:
            raise HTTPException(400, f"paths: {relative[:100]!r} is not absolute")
        if self._desk.tracking is None:
            raise HTTPException(409, "this service follows no logs")
        try:
            return BegunShape(id=self._desk.tracking.begin_import(wanted.model_dump()))
        except ValueError as error:
            raise HTTPException(409, str(error)) from None

    async def stand(self, asked: str) -> ImportShape:
        """Say how far an import is."""
        try:
            state = self._desk.tracking.import_state(asked) if self._desk.tracking is not None else None
        except LookupError:
            state = None
        if state is None:
            raise HTTPException(404, f"there is no import {asked[:20]!r}")
        return ImportShape(**{name: value for name, value in state.items() if name in ImportShape.model_fields})
