"""How the control API answers: pages of many items, sliced like scrapes, and problems as problem+json (RFC 9457) in one line."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from fnmatch import translate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from console.streaming import Streamed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

    from fastapi.exceptions import RequestValidationError
    from pydantic import BaseModel
    from starlette.requests import Request
    from starlette.responses import Response

    from console.turns import Turns
    from store.errors import StoreError

T = TypeVar("T")
AT_ONCE = 100  # items that are passed over before the turn is offered to others
MOST_ITEMS = 500  # on one page
PROBLEM = "application/problem+json"
CURSOR = re.compile(r"(\d{1,9})\.(\d{1,9})")


# -- problems


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Return what went wrong, and what to do."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(body, status, {**(headers or {}), "content-type": PROBLEM})


async def http_problem(request: Request, error: HTTPException) -> Response:
    """Return an error that has a status as a problem."""
    said = str(error.detail)
    if error.status_code == 404 and said == HTTPStatus(404).phrase:
        said = f"there is nothing at {request.url.path[:100]}; see /api/v1/openapi.json"
    return problem(error.status_code, said, dict(error.headers or {}))


async def wrong_request(_: Request, error: RequestValidationError) -> Response:
    """Return what is wrong with a request, parameter by parameter, in one line."""
    return problem(400, "; ".join(_wrong(one) for one in error.errors()))


def _wrong(error: Mapping[str, Any]) -> str:
    place = error["loc"]
    if error["type"] == "json_invalid":
        return f"the body is no JSON: {error['ctx']['error'].lower()} at its character {int(place[-1]) + 1}"
    if error["type"] == "missing" and tuple(place) == ("body",):
        return "the body is empty: a JSON object is wanted, {} at least"
    return f"{_where(place)}: {error['msg']}"


def _where(place: Sequence[int | str]) -> str:
    """Return the parameter's name alone: whether it stands in the query or in the body, the sender knows."""
    named = [str(part) for part in place if part not in {"query", "path", "body"}]
    return ".".join(named) or "the body"


async def store_problem(_: Request, error: StoreError) -> Response:
    """Return that the store cannot do it, in its own words."""
    return problem(503, str(error))


@contextmanager
def agreed() -> Iterator[None]:
    """Turn what cannot be done into a refusal: 404 for what there is not, 409 for what does not go."""
    try:
        yield
    except LookupError as error:
        raise HTTPException(404, str(error.args[0] if error.args else error)) from None
    except ValueError as error:
        raise HTTPException(409, str(error)) from None


@contextmanager
def understood() -> Iterator[None]:
    """Turn what makes no sense to the store, such as a cursor that is none, into a refusal."""
    try:
        yield
    except ValueError as error:
        raise HTTPException(400, str(error)) from None


# -- pages


class Wanted(Protocol):
    """Which page is wanted."""

    limit: int
    cursor: str


class Walk(Generic[T]):
    """Goes through things in their order, from a cursor to the end of a page.

    Args:
        things: all there are.
        fits: whether one is to be shown.
        plan: a number of the configuration from which they come; a cursor of another one is refused, for all may have moved.
        wanted: how many, and from where.

    Raises: HTTPException for a cursor that is none.
    """

    def __init__(self, things: Sequence[T], fits: Callable[[T], bool], plan: int, wanted: Wanted) -> None:
        self._things, self._fits, self._plan, self._most = things, fits, plan, wanted.limit
        self._start = _start(wanted.cursor, plan) if wanted.cursor else 0
        self.cursor = ""  # where the next page begins, once this one is through; "" = there is none

    def shaped(self, shape: Callable[[T], BaseModel]) -> Iterator[BaseModel | None]:
        """Yield what is to be shown, and None now and then where much is not."""
        found = 0
        for place in range(self._start, len(self._things)):
            thing = self._things[place]
            if not self._fits(thing):
                if place % AT_ONCE == 0:
                    yield None
                continue
            if found == self._most:
                self.cursor = f"{self._plan}.{place}"
                return
            found += 1
            yield shape(thing)


def _start(cursor: str, plan: int) -> int:
    parts = CURSOR.fullmatch(cursor)
    if parts is None:
        raise HTTPException(400, f"cursor: {cursor[:40]!r} is none: begin without one, then use the one that came with the page before")
    if int(parts[1]) != plan:
        raise HTTPException(409, "cursor: the configuration was read again meanwhile: begin without one")
    return int(parts[2])


def page(turns: Turns, items: Iterator[BaseModel | None], cursor: Callable[[], str]) -> Response:
    """Return a page that is written while it is made; `cursor` is asked at its end."""
    return Streamed(_streamed(turns, _texts(items, cursor)), {"content-type": "application/json"})


def _texts(items: Iterator[BaseModel | None], cursor: Callable[[], str]) -> Iterator[str]:
    before = '{"items":['
    for item in items:
        if item is None:
            yield ""
            continue
        yield before + item.model_dump_json()
        before = ","
    yield f'{"" if before == "," else before}],"cursor":{json.dumps(cursor())}}}'


async def _streamed(turns: Turns, texts: Iterator[str]) -> AsyncIterator[bytes]:
    async for text in turns.texts(texts):
        yield text.encode("utf-8", "replace")


def fitting(pattern: str) -> Callable[[str], bool]:
    """Return whether a text fits a glob, without case; the empty one fits all."""
    if not pattern:
        return lambda _: True
    compiled = re.compile(translate(pattern.lower()))
    return lambda text: compiled.match(text.lower()) is not None
