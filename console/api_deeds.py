"""What the control API does: run a check now, read the configuration again, make a backup. Each through the service."""

from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException

from console.api_desk import Desk
from console.api_shapes import BackupWanted, DoneShape, ProbeWanted, RunShape
from console.api_shaping import run_by_hand


class Deeds:
    """The routes of what is done.

    Args:
        near: whether the client is on this host, over the unix socket: he alone may have files written.
    """

    def __init__(self, desk: Desk, *, near: bool) -> None:
        self._desk, self._near = desk, near

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = APIRouter(tags=["deeds"])
        routes.add_api_route("/probe", self.probe, methods=["POST"], response_model=RunShape)
        routes.add_api_route("/reload", self.reload, methods=["POST"], response_model=DoneShape)
        routes.add_api_route("/backup", self.backup, methods=["POST"], response_model=DoneShape)
        return routes

    async def probe(self, wanted: ProbeWanted) -> RunShape:
        """Run one check by hand, within its server's budget, and return what came of it, its conversation included."""
        run = await self._desk.service.probe_now(wanted.check, wanted.timeout_seconds)
        if run is None:
            raise HTTPException(404, f"there is no check {wanted.check[:100]!r}")
        return run_by_hand(run)

    async def reload(self) -> DoneShape:
        """Read the configuration again; one that is wrong is not taken, and all that is wrong with it is said."""
        problem = await self._desk.service.reload()
        if problem:
            raise HTTPException(409, f"the configuration was not taken:\n{problem}")
        return DoneShape(done="the configuration was taken")

    async def backup(self, wanted: BackupWanted) -> DoneShape:
        """Pack the store and the keys into a new file on the service's host, while it runs."""
        if not self._near:
            raise HTTPException(403, "a backup is written on the service's own host: ask for it there, over its socket")
        target = Path(wanted.path)
        if not target.is_absolute():
            raise HTTPException(400, f"path: {wanted.path[:100]!r} is not absolute")
        await self._desk.service.backup(target)
        return DoneShape(done=f"the store and the keys are in {target}")
