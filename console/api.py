"""The control API, `/api/v1`: over the unix socket beside the store for this host, and over TCP for who has the token.

Over TCP the links that acknowledge are answered, too: `/ack/TOKEN`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from console.ack import PREFIX, Acknowledging
from console.api_answers import http_problem, problem, store_problem, wrong_request
from console.api_deeds import Deeds
from console.api_incidents import Incidents
from console.api_mutes import Mutes
from console.api_notify import Notify
from console.api_now import Now
from console.api_past import Past
from console.api_shapes import ProblemShape
from console.api_tracking import Tracked
from console.doorkeeper import Doorkeeper
from store.errors import StoreError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from console.api_desk import Desk
    from probe.values import Secret

ROOT = "/api/v1"
LINKS_ALONE = "links of notices are answered here, and nothing else: with console.token the control API is, too"


def api(desk: Desk, *, near: bool) -> FastAPI:
    """Return the API itself, without a keeper of its door; `near`: it is reached over the unix socket alone."""
    made = FastAPI(
        title="Mailsonde",
        version=desk.version,
        summary="The control API of a prober",
        openapi_url=f"{ROOT}/openapi.json",
        docs_url=None,  # its pages would load scripts from elsewhere
        redoc_url=None,
        responses={400: {"model": ProblemShape}, 404: {"model": ProblemShape}, 409: {"model": ProblemShape}, 503: {"model": ProblemShape}},
    )
    for routes in (Now(desk), Past(desk), Incidents(desk), Mutes(desk), Notify(desk), Deeds(desk, near=near), Tracked(desk, near=near)):
        made.include_router(routes.router(), prefix=ROOT)
    handlers = {HTTPException: http_problem, RequestValidationError: wrong_request, StoreError: store_problem}
    for kind, handler in handlers.items():
        made.add_exception_handler(kind, handler)  # type: ignore[arg-type] # each takes its own kind, as FastAPI says
    return made


def control_app(desk: Desk) -> ASGIApp:
    """Return the API for the unix socket: whoever could connect may do everything."""
    return Doorkeeper(api(desk, near=True), None, refuse=problem)


class Front:
    """What the listener on TCP shows: the links of notices that acknowledge, to everybody; the API to who has the token.

    Args:
        token: None = the API is not shown at all.
    """

    def __init__(self, desk: Desk, token: Secret | None) -> None:
        self._links = Acknowledging(desk).app()
        self._api = None if token is None else Doorkeeper(api(desk, near=False), token, refuse=problem)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        app: ASGIApp = self._links if scope["path"].startswith(PREFIX) else self._api or problem(404, LINKS_ALONE)
        await app(scope, receive, send)


def remote_app(desk: Desk, token: Secret | None) -> ASGIApp:
    """Return what is shown over TCP."""
    return Front(desk, token)
