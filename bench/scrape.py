"""What a scrape of 60,000 checks costs, and what it does to the probes that run meanwhile.

One loop holds the board, the listener and the wire, as the service does; 1,000 results a second come in. On it, 100 probes a second hold a
conversation with bench/delay_server.py, which knows how long each of them really took; the client that scrapes is a process of its own. The
error of a probe is its total less that truth; it is suspect when its own uncertainty could carry it over a limit 3 ms away. Lag is how
late the loop wakes a task that slept 1 ms. For comparison, prometheus-client renders 180,000 series (three for each check) in a thread.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address
from time import monotonic, perf_counter
from typing import TYPE_CHECKING

import uvloop
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from bench import delay_server, table
from console.board import Board
from console.listener import Pages
from console.listening import Listener
from console.ports import Numbers
from probe.values import Check, Endpoint, Result, Step
from probe.wire import Wire
from store.values import Run
from thresholds.judge import judge_result
from thresholds.limits import Limits
from thresholds.values import Level, Limit, Match, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from probe.values import Reading

DOMAINS = 10_000
SERVERS = {"submission": "submission", "imap": "imap", "imaps": "imap", "pop3s": "pop3", "directory": "ldap", "mx": "smtp"}
STEPS = ("resolve", "connect", "tls", "greeting", "capability", "login", "select", "search", "fetch", "logout")
RATE, SECONDS = 100, 10  # probes a second, and for how long
TICK_SECONDS, RESULTS_PER_TICK = 0.01, 10
FIRST = int(IPv4Address("127.2.0.1"))
CLOSE_LIMITS = Limits([Limit(Match(), critical=delay_server.DELAY_SECONDS + 0.005)])
CLIENT = """
import http.client, json, sys, time
port, path, coding = int(sys.argv[1]), sys.argv[2], sys.argv[3]
while True:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    began, size = time.perf_counter(), 0
    connection.request("GET", path, headers={"accept-encoding": coding})
    answer = connection.getresponse()
    while data := answer.read(1 << 20):
        size += len(data)
    print(json.dumps([time.perf_counter() - began, size]), flush=True)
    connection.close()
    time.sleep(0.1)
"""


class Idle:
    """A service of which only the numbers are asked."""

    def unhealthy(self) -> str:
        """Return that it is well."""
        return ""

    def unready(self) -> str:
        """Return that it probes."""
        return ""

    async def reload(self) -> str:
        """Do nothing."""
        return ""

    async def probe_now(self, check: str, timeout_seconds: float | None = None) -> Run | None:  # noqa: ARG002 - the port's signature
        """Know no check."""
        return None

    def limits(self) -> Limits:
        """Return none."""
        return Limits()

    async def backup(self, target: Path) -> None:
        """Do nothing."""


@dataclass(slots=True)
class Seen:
    """What was measured during one row."""

    lags: list[float] = field(default_factory=list)
    results: dict[str, Result] = field(default_factory=dict)  # by address dialled
    scrapes: list[tuple[float, int]] = field(default_factory=list)  # seconds, bytes


def runs() -> list[Run]:
    """Return a run of every check, each with readings and times of its own."""
    now = datetime.now(UTC)  # noqa: TID251 - a benchmark reads the clock
    checks = [
        Check(f"dom{number:05}.example/{server}", f"dom{number:05}.example", server, kind, Endpoint("mail.isp.example", 143))
        for number in range(DOMAINS)
        for server, kind in SERVERS.items()
    ]
    return [_run(check, place, now) for place, check in enumerate(checks)]


def _run(check: Check, place: int, now: datetime) -> Run:
    steps = tuple(Step(name, 0.0012345 * (place % 17 + turn)) for turn, name in enumerate(STEPS))
    readings: dict[str, Reading] = {
        "tls_version": "TLSv1.3",
        "certificate_expires_at": "2027-01-31T00:00:00Z",
        "certificate_days": 70 + place / 1e6,
    }
    return Run(Result(check, now, steps, readings, uncertainty_seconds=place / 1e9), Verdict(Level.OK, limit="imap*"), 0.002, 0.5, 2.0)


# -- what goes on at the same time


async def watch(seen: Seen) -> None:
    """Note how late the loop wakes."""
    while True:
        began = perf_counter()
        await asyncio.sleep(0.001)
        seen.lags.append(perf_counter() - began - 0.001)


async def feed(board: Board, every: list[Run]) -> None:
    """Let results come, 1,000 a second."""
    place = 0
    while True:
        for run in every[place : place + RESULTS_PER_TICK]:
            board.saw(run)
        place = (place + RESULTS_PER_TICK) % len(every)
        await asyncio.sleep(TICK_SECONDS)


async def probe(seen: Seen, wire: Wire, port: int, row: int) -> None:
    """Probe the server that knows the truth, 100 times a second, each time at an address of its own."""
    began, tasks = monotonic(), []
    for number in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, began + number / RATE - monotonic()))
        address = str(IPv4Address(FIRST + row * RATE * SECONDS + number))
        tasks.append(asyncio.create_task(_probe(seen, wire, address, port)))
    await asyncio.gather(*tasks)


async def _probe(seen: Seen, wire: Wire, address: str, port: int) -> None:
    check = Check("x/delay", "x", "delay", "smtp", Endpoint(address, port), timeout_seconds=5.0)
    seen.results[address] = await wire.run(check)


@asynccontextmanager
async def clients(count: int, port: int, coding: str, seen: Seen) -> AsyncIterator[None]:
    """Have so many processes that scrape again and again."""
    started = [await _client(port, coding) for _ in range(count)]
    readers = [asyncio.create_task(_read(process, seen)) for process in started]
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        await asyncio.gather(*readers)


async def _client(port: int, coding: str) -> asyncio.subprocess.Process:
    command = [sys.executable, "-c", CLIENT, str(port), "/metrics", coding]
    return await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)


async def _read(process: asyncio.subprocess.Process, seen: Seen) -> None:
    assert process.stdout is not None  # noqa: S101 - tells the type checker
    async for line in process.stdout:
        seconds, size = json.loads(line)
        seen.scrapes.append((seconds, size))
    await process.wait()


@asynccontextmanager
async def library(seen: Seen) -> AsyncIterator[None]:
    """Let prometheus-client render its series in a thread, again and again."""
    registry = CollectorRegistry()
    gauges = [Gauge(f"probe_{name}", "As ours.", ["site", "domain", "server", "kind"], registry=registry) for name in ("a", "b", "c")]
    for number in range(DOMAINS):
        for server, kind in SERVERS.items():
            for gauge in gauges:
                gauge.labels("berlin", f"dom{number:05}.example", server, kind).set(0.0012345 * (number % 17 + 1))
    gc.collect()
    gc.freeze()

    async def again() -> None:
        while True:
            began = perf_counter()
            size = len(await asyncio.to_thread(generate_latest, registry))
            seen.scrapes.append((perf_counter() - began, size))
            await asyncio.sleep(0.1)

    task = asyncio.create_task(again())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def nobody() -> AsyncIterator[None]:
    """Do not scrape."""
    yield


# -- a row


async def measure(board: Board, every: list[Run], row: int, scrape: Callable[[int, Seen], object], port: int) -> Seen:
    """Probe while somebody scrapes; return what was seen."""
    seen, wire = Seen(), Wire()
    listener = await Listener.on_tcp(Pages(board, Numbers(), Idle(), "bench").app(), ("127.0.0.1", 0), "bench")
    side = [asyncio.create_task(feed(board, every))]
    try:
        async with scrape(listener.port, seen):  # type: ignore[attr-defined] # one of the above
            side.append(asyncio.create_task(watch(seen)))
            await probe(seen, wire, port, row)
    finally:
        for task in side:
            task.cancel()
        await asyncio.gather(*side, return_exceptions=True)
        await listener.close()
        await wire.close()
    return seen


def cells(what: str, seen: Seen, took: delay_server.Took) -> list[object]:
    """Return a row: scrapes, their time and size, the loop's lag, errors of probes, and how many were in doubt."""
    good = {address: one for address, one in seen.results.items() if one.fault is None and address in took}
    errors = [1_000 * abs(one.seconds - sum(took[address])) for address, one in good.items()]
    suspects = sum(judge_result(one, CLOSE_LIMITS).suspect for one in good.values())
    times, sizes = [one[0] for one in seen.scrapes], [one[1] for one in seen.scrapes]
    scrape = [len(times), table.quantile(times, 0.5), max(times), max(sizes) / 1e6] if times else [0, "", "", ""]
    lags = [1_000 * table.quantile(seen.lags, share) for share in (0.5, 0.99, 1.0)]
    return [what, *scrape, *lags, len(good), *(table.quantile(errors, share) for share in (0.5, 0.99, 1.0)), suspects]


ROWS: dict[str, Callable[[int, Seen], object]] = {
    "nobody scrapes": lambda _port, _seen: nobody(),
    "text": lambda port, seen: clients(1, port, "identity", seen),
    "gzip, as Prometheus asks": lambda port, seen: clients(1, port, "gzip", seen),
    "gzip, three at once": lambda port, seen: clients(3, port, "gzip", seen),
    "prometheus-client, in a thread": lambda _port, seen: library(seen),
}
COLUMNS = ["scraped", "scrapes", "s p50", "s max", "MB", "lag p50 ms", "p99", "max", "probes", "error p50 ms", "p99", "max", "suspects"]


def main() -> None:
    """Measure each row and print the table."""
    every, board = runs(), Board("berlin")
    board.plan([run.result.check for run in every], ())
    for run in every:
        board.saw(run)
    gc.collect()
    gc.freeze()  # as the service does
    found = []
    for row, (what, scrape) in enumerate(ROWS.items()):
        with delay_server.running() as (port, took):
            seen: Seen = uvloop.run(measure(board, every, row, scrape, port))
        found.append(cells(what, seen, took))
    remarks = (
        f"{len(every):,} checks; {SECONDS} s and {RATE * SECONDS:,} probes for each row, scraped again 0.1 s after each scrape.\n"
        "Other work on the machine shows in every row: compare with the first."
    )
    table.show("Scrapes", table.render(COLUMNS, found), remarks)


if __name__ == "__main__":
    main()
