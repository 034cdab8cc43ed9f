"""/probe: the multi-target pattern of the blackbox exporter. Runs one configured check by hand and shows it; refuses every other target."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response

from console.board_cells import Cell, Tally
from console.doorkeeper import plainly
from console.metrics import CLASSIC, OPEN_METRICS, wants_open_metrics
from console.metrics_checks import check_families
from console.metrics_counts import family
from console.metrics_table import LOOKUP
from probe.dialogue import printable
from probe.kinds import KINDS
from probe.values import FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from console.board import Board
    from console.ports import Service
    from store.values import Run

OFFSET_SECONDS = 0.5  # before the scrape's own time-out, as the blackbox exporter has it
GRACE_SECONDS = 0.3  # of which the answer itself may take
SHOWN_CHARACTERS = 100  # of a stranger's words


class UnknownTarget(Exception):  # noqa: N818 - a fact in one line, as the client sees it
    """What cannot be probed; `str()` says why."""


def target_of(board: Board, target: str, module: str) -> str:
    """Return the name of the check that a target means: `domain/server`, or a server, then that of its first domain.

    Raises: UnknownTarget.
    """
    if not target:
        raise UnknownTarget("target is missing: say /probe?target=DOMAIN/SERVER, or a server's name")
    cell = board.cells.get(target) or board.cells.get(board.first_of.get(target, ""))
    if cell is None:
        raise UnknownTarget(f"unknown target `{_shown(target)}`: only what is configured is probed, as domain/server or a server's name")
    if module not in {"", cell.check.kind}:
        known = "" if module in KINDS else f"; there is no module `{_shown(module)}`"
        raise UnknownTarget(
            f"target {cell.check.name} is of the kind {cell.check.kind}: leave module empty or say {cell.check.kind}{known}"
        )
    return cell.check.name


def _shown(words: str) -> str:
    return printable(words[:SHOWN_CHARACTERS])


def limit_of(header: str) -> float | None:
    """Return how many seconds a scrape leaves us, None where it does not say (X-Prometheus-Scrape-Timeout-Seconds)."""
    try:
        seconds = float(header)
    except ValueError:
        return None
    return max(0.1, seconds - OFFSET_SECONDS) if 0 < seconds < 86_400 else None


def texts_of(run: Run, site: str, *, open_metrics: bool) -> Iterator[str]:
    """Yield the metrics of one run."""
    check = run.result.check
    cell = Cell(check, site, Tally(site, check.server, check.kind))
    cell.keep(run, 0.0)
    yield from check_families([cell], steps=True, open_metrics=open_metrics)
    lookups = [(cell.labels, step.seconds) for step in run.result.steps if step.name == "resolve"]
    yield from family(LOOKUP.name, lookups, open_metrics=open_metrics)
    if open_metrics:
        yield "# EOF\n"


class Prober:
    """Answers /probe."""

    def __init__(self, board: Board, service: Service) -> None:
        self._board, self._service = board, service

    async def answer(self, request: Request) -> Response:
        """Run what is asked for and show it."""
        limit = limit_of(request.headers.get("x-prometheus-scrape-timeout-seconds", ""))
        try:
            name = target_of(self._board, request.query_params.get("target", ""), request.query_params.get("module", ""))
            run = await asyncio.wait_for(self._service.probe_now(name, limit), limit and limit + GRACE_SECONDS)
        except UnknownTarget as unknown:
            return plainly(400, str(unknown))
        except TimeoutError:
            return plainly(
                503, f"{name} was not probed within the {limit:g} s that this scrape leaves: its server's budget kept it waiting"
            )
        return self._shown(run, name, open_metrics=wants_open_metrics(request.headers.get("accept", "")))

    def _shown(self, run: Run | None, name: str, *, open_metrics: bool) -> Response:
        if run is None:
            return plainly(400, f"unknown target `{_shown(name)}`: it is not configured any more")
        fault = run.result.fault
        if fault is not None and fault.kind is FaultKind.OURS:
            return plainly(503, f"{name} was not probed: {fault.said}")
        text = "".join(texts_of(run, self._board.site, open_metrics=open_metrics))
        return PlainTextResponse(text, headers={"content-type": OPEN_METRICS if open_metrics else CLASSIC})
