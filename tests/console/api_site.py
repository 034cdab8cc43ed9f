"""A control API over a unix socket and over TCP for the tests: a real store, a real service, and a client of the standard library."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.api import control_app, remote_app
from console.api_desk import UTC_ZONE
from console.api_desk import Desk as ApiDesk
from console.listening import Listener
from console.ports import Numbers, Reloaded
from probe.values import Secret
from service.control_client import Control, at_socket, at_url
from store.backup import backup
from store.store import Store
from tests.console.desk import LOCAL, Answer, Desk, ask
from tests.console.watching import Watching
from thresholds.limits import Limits
from thresholds.values import Aspect, Limit, Match

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from probe.values import Check, Journey

TOKEN = Secret("s3cret-t0ken")
ACK_KEY = b"a key of thirty-two bytes, or so"
LIMITS = Limits(
    [
        Limit(Match(server="imap*"), 0.5, 2.0, origin="thresholds[0]"),
        Limit(Match(Aspect.STEP, "login"), 0.2, origin="thresholds[1]"),
        Limit(Match(Aspect.TRIP, "total"), 30.0, 120.0, origin="thresholds[2]"),
    ]
)


class Serving(Desk):
    """A desk with a store and limits."""

    def __init__(self, checks: Iterable[Check], store: Store) -> None:
        super().__init__(checks, LIMITS)
        self.store = store

    async def backup(self, target: Path) -> None:
        await backup(self.store, target)


@dataclass(frozen=True)
class ApiSite:
    """An API, open on a socket and on TCP."""

    desk: Serving
    alarms: Watching
    socket: Path
    listener: Listener

    @property
    def near(self) -> Control:
        return at_socket(self.socket)

    @property
    def far(self) -> Control:
        return at_url(f"http://{LOCAL}:{self.listener.port}", TOKEN)

    async def get(self, path: str, /, **query: object) -> Any:
        """Ask as a command would, over the socket."""
        return await asyncio.to_thread(self.near.get, path, **query)

    async def post(self, path: str, /, **body: object) -> Any:
        return await asyncio.to_thread(self.near.post, path, **body)

    async def items(self, path: str, /, **query: object) -> list[Any]:
        return await asyncio.to_thread(lambda: list(self.near.items(path, **query)))

    async def raw(self, path: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask over TCP with the token, and see the answer as it is."""
        shown = {"authorization": f"Bearer {TOKEN.reveal()}"} | dict(headers or {})
        return await asyncio.to_thread(ask, self.listener.port, f"/api/v1{path}", method, body, **shown)


def said(answer: Answer) -> tuple[int, str]:
    """Return the status and the detail of a problem, which must be one."""
    problem = json.loads(answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["type"], problem["status"]) == ("about:blank", answer.status)
    return answer.status, problem["detail"]


@asynccontextmanager
async def serving(
    folder: Path, checks: Iterable[Check] = (), journeys: Iterable[Journey] = (), *, zone: ZoneInfo = UTC_ZONE
) -> AsyncIterator[ApiSite]:
    """Have a control API for a block."""
    store = await Store.open(folder / "mailsonde.db")
    desk = Serving(checks, store)
    desk.board.plan(desk.checks, journeys)
    numbers = Numbers(store=lambda: store.health, rounds=lambda: desk.rounds.stats, reloaded=lambda: Reloaded(desk.problem))
    alarms = Watching(store)
    given = ApiDesk(desk.board, numbers, desk, store, "9.8.7", alarms=alarms, ack_key=ACK_KEY, zone=lambda: zone)
    near = await Listener.on_unix(control_app(given), folder / "mailsonde.sock")
    far = await Listener.on_tcp(remote_app(given, TOKEN), (LOCAL, 0), "console.listen")
    try:
        yield ApiSite(desk, alarms, folder / "mailsonde.sock", far)
    finally:
        await asyncio.gather(near.close(), far.close())
        await desk.close()
        await store.close()
