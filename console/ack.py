"""`/ack/TOKEN`: the links of notices that acknowledge, without a sign-in: the token is the right. Forged, used and old ones are refused.

GET shows the incident and changes nothing, for mail scanners follow links; POST acknowledges, once.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse
from starlette.routing import Route

from console import ack_page
from console.doorkeeper import MOST_BODY_BYTES, Doorkeeper
from notifier.acklink import BROKEN, FORGED, verify
from probe.clock import utc_now
from probe.dialogue import printable
from store import used_tokens
from store.errors import StoreError
from store.incidents import one
from thresholds.incident_values import Acknowledgement

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from console.api_desk import Desk
    from notifier.acklink import Claim
    from thresholds.incident_values import Incident

PREFIX = "/ack/"
NAME = 60  # letters
MOST_FIELDS = 10  # of a form
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "same-origin",  # the URL is a right: it goes to no other site
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}
UNTOUCHED = "Nothing was acknowledged: open the link again, and press the button there."
DISK = "No other way acknowledges meanwhile, nor does any notice go out: see to the disk of the prober."
BY_HAND = "Acknowledge with `probe incidents ack`, or from a later notice."


class Refused(Exception):  # noqa: N818 - a fact, as the page tells it
    """A link that does not go (any more): status, title and a sentence."""

    def __init__(self, status: int, title: str, sentence: str) -> None:
        super().__init__(sentence)
        self.page = _answer(status, ack_page.said(title, sentence))


class Acknowledging:
    """Answers the links."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pressing = asyncio.Lock()  # a link that is pressed twice at once works once

    def app(self) -> ASGIApp:
        """Return the application; whoever has a link may use it, from whatever page he comes."""
        routes = [Route(PREFIX + "{token}", self.show), Route(PREFIX + "{token}", self.acknowledge, methods=["POST"])]
        return Doorkeeper(Starlette(routes=routes), None, foreign=True)

    async def show(self, request: Request) -> Response:
        """Show what a link is about, and change nothing."""
        try:
            _, incident = await self._open(request)
        except Refused as refused:
            return refused.page
        except StoreError:
            return _later()
        return _answer(200, ack_page.question(incident, self._here()))

    async def acknowledge(self, request: Request) -> Response:
        """Acknowledge, and use the link up; where the disk does not take it, neither is done."""
        try:
            name = _name(await _body(request))
            async with self._pressing:
                claim, _ = await self._open(request)
                return await self._taken(claim, name)
        except Refused as refused:
            return refused.page
        except StoreError:
            return _later()

    async def _taken(self, claim: Claim, name: str) -> Response:
        """Acknowledge, and say so. Raises: Refused; StoreError: it was not acknowledged, and the link is good for another press."""
        over = f"link over {claim.channel}" if claim.channel else "link"
        done = await self._take(claim, Acknowledgement(f"{name} ({over})" if name else over, utc_now()))
        with suppress(StoreError):  # it is acknowledged; that a second press might do so again harms nobody
            await used_tokens.use(self._desk.store, _hash(claim), utc_now())
        return _answer(200, ack_page.thanks(done, self._here()))

    def _here(self) -> ack_page.Here:
        return ack_page.Here(self._desk.board.site, self._desk.zone(), utc_now())

    async def _open(self, request: Request) -> tuple[Claim, Incident]:
        """Return what a link is good for, and its incident as it is. Raises: Refused, StoreError."""
        claim = self._claim(request.path_params["token"])
        incident = await one(self._desk.store, self._desk.scope, claim.incident)
        if incident is None:
            raise Refused(410, "This incident is gone", f"Nothing is remembered of the incident {claim.incident} any more.")
        if incident.closed_at is not None:
            raise Refused(410, "It is over", f"This incident closed at {self._here().stamp(incident.closed_at)}: {incident.ended}.")
        if await used_tokens.used(self._desk.store, _hash(claim)):
            raise self._used(incident)
        return claim, incident

    def _used(self, incident: Incident) -> Refused:
        ack = incident.acknowledged
        by = f"It was acknowledged by {ack.by} at {self._here().stamp(ack.at)}. " if ack is not None else ""
        return Refused(409, "This link was used already", f"{by}Each link works once. {BY_HAND}")

    def _claim(self, token: str) -> Claim:
        if not self._desk.ack_key or self._desk.alarms is None:
            raise Refused(404, "There are no such links here", "This service makes no links that acknowledge.")
        try:
            return verify(self._desk.ack_key, token, utc_now().astimezone(self._desk.zone()))
        except ValueError as error:
            sentence = f"{str(error)[:1].upper()}{str(error)[1:]}."
            if str(error) in {BROKEN, FORGED}:
                raise Refused(400, "This link does not work", sentence) from None
            raise Refused(410, "This link is too old", sentence) from None

    async def _take(self, claim: Claim, ack: Acknowledgement) -> Incident:
        """Acknowledge. Raises: Refused; StoreError: it is not done."""
        if self._desk.alarms is None:
            raise Refused(404, "There are no such links here", "This service makes no links that acknowledge.")
        try:
            return await self._desk.alarms.acknowledge(claim.incident, ack)
        except (LookupError, ValueError) as error:
            raise Refused(410, "It cannot be acknowledged", str(error.args[0] if error.args else error)) from None


def _hash(claim: Claim) -> str:
    return sha256(claim.use.encode()).hexdigest()


async def _body(request: Request) -> bytes:
    """Return what was sent; one that grows too large ends as if its sender had gone (Doorkeeper). Raises: Refused."""
    try:
        return await request.body()
    except ClientDisconnect:
        raise Refused(413, "That is too much", f"What was sent is larger than {MOST_BODY_BYTES} bytes. {UNTOUCHED}") from None


def _name(body: bytes) -> str:
    """Return the name that a form gives, "" where it gives none. Raises: Refused."""
    try:
        given = parse_qs(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS).get("name", [""])
    except ValueError:
        raise Refused(400, "This is not our form", f"What was sent has more than {MOST_FIELDS} fields. {UNTOUCHED}") from None
    return printable(given[0][:NAME]).strip()


def _later() -> Response:
    sentence = "The service cannot write it down just now: its disk does not take it. Nothing was acknowledged."
    return _answer(503, ack_page.said("Try again in a minute", sentence, DISK))


def _answer(status: int, page: str) -> Response:
    return HTMLResponse(page, status, HEADERS)
