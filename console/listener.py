"""The metrics listener: /metrics, /probe, /sd, /-/healthy, /-/ready, /-/reload and a page that lists them. Nothing else is on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from console.doorkeeper import Doorkeeper, plainly
from console.listener_probe import Prober
from console.metrics import CLASSIC, OPEN_METRICS, Exposition, encoded, takes_gzip, wants_open_metrics
from console.metrics_checks import sliced
from console.streaming import Streamed
from console.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from console.board import Board
    from console.board_cells import Cell
    from console.ports import Numbers, Service
    from probe.values import Secret

OPEN_PATHS = frozenset({"/-/healthy", "/-/ready"})  # what supervisors ask, without a token
PAGES = {
    "/metrics": "every series, as text or OpenMetrics",
    "/probe?target=DOMAIN/SERVER": "one check, run now (target may also be a server's name; module its kind, or empty)",
    "/sd": "every target, for http_sd_configs",
    "/-/healthy": "200 while the process is well",
    "/-/ready": "200 once it probes",
    "POST /-/reload": "read the configuration again",
}
HOME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Mailsonde</title></head>
<body><h1>Mailsonde {version}</h1><table>
{rows}
</table></body></html>
"""


class Pages:
    """What the listener answers.

    Args:
        version: of this distribution.
        turns: shared by all who have long work on this loop.
    """

    def __init__(self, board: Board, numbers: Numbers, service: Service, version: str, turns: Turns | None = None) -> None:
        self._board, self._service, self._version = board, service, version
        self._exposition = Exposition(board, numbers, version)
        self._turns = turns or Turns()
        self._prober = Prober(board, service)

    def app(self, token: Secret | None = None) -> ASGIApp:
        """Return the application; `token` is what everybody must show, but for the health pages."""
        routes = [
            Route("/", self.home),
            Route("/metrics", self.metrics),
            Route("/probe", self._prober.answer),
            Route("/sd", self.targets),
            Route("/-/healthy", self.healthy),
            Route("/-/ready", self.ready),
            Route("/-/reload", self.reload, methods=["POST", "PUT"]),
        ]
        handlers = {404: _refused, 405: _refused}
        return Doorkeeper(Starlette(routes=routes, exception_handlers=handlers), token, OPEN_PATHS)  # type: ignore[arg-type] # as Starlette says

    async def home(self, _: Request) -> Response:
        """List the pages."""
        return HTMLResponse(HOME.format(version=self._version, rows="\n".join(map(_row, PAGES.items()))))

    async def metrics(self, request: Request) -> Response:
        """Show every series."""
        open_metrics = wants_open_metrics(request.headers.get("accept", ""))
        return self._streamed(request, self._exposition.texts(open_metrics=open_metrics), OPEN_METRICS if open_metrics else CLASSIC)

    async def targets(self, request: Request) -> Response:
        """List every target as Prometheus's http_sd wants it."""
        return self._streamed(request, targets(list(self._board.cells.values()), self._board.site), "application/json; charset=utf-8")

    async def healthy(self, _: Request) -> Response:
        """Say whether the process is well."""
        return _state(self._service.unhealthy(), "healthy")

    async def ready(self, _: Request) -> Response:
        """Say whether it probes."""
        return _state(self._service.unready(), "ready")

    async def reload(self, _: Request) -> Response:
        """Read the configuration again."""
        problem = await self._service.reload()
        return plainly(500, f"the configuration was not taken:\n{problem}") if problem else plainly(200, "the configuration was taken")

    def _streamed(self, request: Request, texts: Iterator[str], kind: str) -> Response:
        gzip = takes_gzip(request.headers.get("accept-encoding", ""))
        headers = {"content-type": kind, "vary": "accept, accept-encoding"} | ({"content-encoding": "gzip"} if gzip else {})
        if request.method == "HEAD":
            return Response(headers=headers)
        return Streamed(encoded(texts, self._turns, gzip=gzip), headers)


def targets(cells: list[Cell], site: str) -> Iterator[str]:
    """Yield the JSON of http_sd: one group per target, since their labels differ."""
    comma = "[\n"
    for part in sliced(cells):
        groups = [json.dumps({"targets": [cell.check.name], "labels": _labels(cell, site)}) for cell in part]
        yield comma + ",\n".join(groups)
        comma = ",\n"
    yield "[]\n" if comma == "[\n" else "\n]\n"


def _labels(cell: Cell, site: str) -> dict[str, str]:
    """Return what relabelling may use."""
    named = {"site": site, "domain": cell.check.domain, "server": cell.check.server, "kind": cell.check.kind}
    return {f"__meta_mailsonde_{name}": value for name, value in named.items()}


def _state(problem: str, well: str) -> Response:
    return plainly(503, f"not {well}: {problem}") if problem else plainly(200, well)


def _row(page: tuple[str, str]) -> str:
    path, words = page
    shown = f'<a href="{path}">{path}</a>' if path.startswith("/") else path
    return f"<tr><td><code>{shown}</code></td><td>{words}</td></tr>"


async def _refused(request: Request, error: HTTPException) -> Response:
    said = f"there is no page {request.url.path[:100]!r} here; / lists those there are"
    if error.status_code == 405:
        said = f"{request.method} is not what {request.url.path} takes"
    return plainly(error.status_code, said, dict(error.headers or {}))
