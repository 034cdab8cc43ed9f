"""Who may ask: a bearer token (RFC 6750) where one is set, no web page of another site, no body above a bound. Answers in one line."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from probe.values import Secret

MOST_BODY_BYTES = 65_536
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def plainly(status: int, said: str, headers: dict[str, str] | None = None) -> Response:
    """Return a refusal as a line of plain text."""
    return PlainTextResponse(f"{said}\n", status, headers)


class Doorkeeper:
    """Stands before an application.

    Args:
        token: what everybody must show; None = nobody need show anything.
        open_paths: paths that need no token.
        refuse: makes the answer of a status, a line and headers.
        foreign: whether web pages of other sites may send something, too: where the right stands in the URL, nobody else's is borrowed.
    """

    def __init__(
        self,
        app: ASGIApp,
        token: Secret | None,
        open_paths: frozenset[str] = frozenset(),
        refuse: Callable[[int, str, dict[str, str] | None], Response] = plainly,
        *,
        foreign: bool = False,
    ) -> None:
        self._app, self._open, self._refuse, self._foreign = app, open_paths, refuse, foreign
        self._wanted = None if token is None else token.reveal().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        refused = self._refusal(scope, Headers(scope=scope))
        if refused is not None:
            await refused(scope, receive, send)
            return
        await self._app(scope, _bounded(receive), send)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if self._wanted is not None and scope["path"] not in self._open and not self._shows_token(headers):
            return self._refuse(
                401, "a token is wanted: Authorization: Bearer TOKEN, and this one is not it", {"www-authenticate": "Bearer"}
            )
        if scope["method"] in CHANGING and not self._foreign and _is_foreign(headers):
            return self._refuse(403, "a web page of another site may not steer this service", None)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MOST_BODY_BYTES:
            return self._refuse(413, f"the body is larger than {MOST_BODY_BYTES} bytes", {"connection": "close"})
        return None

    def _shows_token(self, headers: Headers) -> bool:
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        shown = rest.strip() if scheme.lower() == "bearer" else scheme  # bare, as Prometheus 2.42 sends it to http_sd when no type is said
        return self._wanted is not None and compare_digest(shown.encode(), self._wanted)


def _is_foreign(headers: Headers) -> bool:
    """Say whether a browser sent this for a page of another site (it says so itself; programs send neither header)."""
    if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        return True
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")


def _bounded(receive: Receive) -> Receive:
    """Return a receive that ends, as if the client had gone, when the body becomes too large without having said so."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if seen > MOST_BODY_BYTES else message

    return bounded
