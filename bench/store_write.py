"""What the store takes: results a second with every commit on the disk, what they weigh, and what that does to the event loop.

Lag is how late the loop wakes a task that slept 5 ms. The row of 0 a second is the same loop with nothing to store: the machine's own lag.
"""

from __future__ import annotations

import asyncio
import gc
import random
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, process_time
from typing import TYPE_CHECKING, cast

import uvloop

from bench import table
from probe.values import Check, Endpoint, Line, Result, Step
from store.backup import backup
from store.store import Store
from store.values import Run
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from probe.values import Reading

CHECKS = 60_000
SECONDS = 20.0  # of each paced measurement
RESULTS = int(sys.argv[1]) if sys.argv[1:] and sys.argv[1].isdecimal() else 500_000  # of the measurement at full speed
PACES = (0, 1_000, 3_000)  # results a second
PAGES = ("page_count", "freelist_count", "page_size")
TICK_SECONDS = 0.01  # results come this often
NAP_SECONDS = 0.005
FULL = 10_000  # results that wait: enough for now
START = datetime(2026, 11, 21, tzinfo=UTC)
STEPS = ("resolve", "connect", "tls", "greeting", "login", "select", "search", "logout")
TALK = tuple(Line(bool(number % 2), "login", f"a{number} LOGIN probe@abc.example *** and what a server says to it") for number in range(16))


@dataclass(frozen=True, slots=True)
class Measured:
    """One row."""

    results: int
    seconds: float
    cpu_seconds: float
    lags: list[float]
    lost: int

    def row(self, what: str) -> list[object]:
        """Return the cells, milliseconds and per cent."""
        lags = [1_000 * table.quantile(self.lags, share) for share in (0.5, 0.99, 1.0)]
        cost = 1e6 * self.cpu_seconds / self.results if self.results else ""
        return [what, round(self.results / self.seconds), self.lost, cost, 100 * self.cpu_seconds / self.seconds, *lags]


def templates() -> list[Run]:
    """Return a run for each of 10,000 domains on six servers, as an IMAP conversation over TLS gives them."""
    chance = random.Random(1)  # noqa: S311 - times, no secrets
    runs = []
    for number in range(CHECKS):
        domain, server = f"domain{number // 6}.example", f"imap{number % 6}"
        check = Check(f"{domain}/{server}", domain, server, "imap", Endpoint("mail.isp.example", 993))
        steps = tuple(Step(name, chance.lognormvariate(-6.0, 1.5)) for name in STEPS)
        readings: dict[str, Reading] = {
            "tls_version": "TLSv1.3",
            "tls_cipher": "TLS_AES_256_GCM_SHA384",
            "certificate_expires_at": "2027-02-01T00:00:00Z",
        }
        readings |= {"certificate_days": 71.5, "auth": "PLAIN", "mailbox_messages": number % 50}
        result = Result(check, START, steps, readings, uncertainty_seconds=0.0012, transcript=TALK)
        runs.append(Run(result, Verdict(Level.OK, limit="thresholds[0], imap*: 500 ms, 2 s"), 0.004, 0.5, 2.0))
    return runs


def endless(runs: list[Run]) -> Iterator[Run]:
    """Yield the runs minute after minute, each at its second."""
    for minute in range(sys.maxsize):
        for number, run in enumerate(runs):
            at = START + timedelta(minutes=minute, milliseconds=number)
            yield replace(run, result=replace(run.result, started_at=at))


async def lags_of(work: Coroutine[None, None, int]) -> tuple[int, list[float]]:
    """Do the work; return what it returned, and how late the loop was meanwhile, in seconds."""
    task = asyncio.ensure_future(work)
    lags = []
    while not task.done():
        due = monotonic() + NAP_SECONDS
        await asyncio.sleep(NAP_SECONDS)
        lags.append(max(0.0, monotonic() - due))
    return await task, lags


async def paced(store: Store, results: Iterator[Run], pace: int) -> int:
    """Put so many results a second; return how many that were."""
    began, put = monotonic(), 0
    while (passed := monotonic() - began) < SECONDS:
        due = int(pace * passed)
        store.put(*(next(results) for _ in range(due - put)))
        put = due
        await asyncio.sleep(TICK_SECONDS)
    await store.flush()
    return put


async def backed_up(store: Store, results: Iterator[Run], pace: int) -> int:
    """Do the same while one backup follows the other."""

    async def pack() -> None:
        for number in range(sys.maxsize):
            target = store.path.with_name(f"{number}.tar")
            await backup(store, target)
            target.unlink()

    packing = asyncio.ensure_future(pack())
    put = await paced(store, results, pace)
    packing.cancel()
    await asyncio.gather(packing, return_exceptions=True)
    return put


async def flat_out(store: Store, results: Iterator[Run], count: int) -> int:
    """Put as fast as they are written; return how many that were."""
    for _ in range(count // 100):
        store.put(*(next(results) for _ in range(100)))
        await asyncio.sleep(0.001 if store.health.queued > FULL else 0)
        if store.health.queued > 2 * FULL:
            await store.flush()
    await store.flush()
    return count // 100 * 100


async def introduce(store: Store, results: Iterator[Run]) -> None:
    """Put each check's first run, so slowly that each brings its conversation."""
    for _ in range(CHECKS // 1_000):
        store.put(*(next(results) for _ in range(1_000)))
        await store.flush()


async def measure(store: Store, work: Coroutine[None, None, int]) -> Measured:
    """Return what a work did."""
    lost, began, cpu = store.health.lost, monotonic(), process_time()
    results, lags = await lags_of(work)
    return Measured(results, monotonic() - began, process_time() - cpu, lags, store.health.lost - lost)


def put_cost(runs: list[Run], put: Callable[[Run], None]) -> float:
    """Return the microseconds of one put, without its share of the commit."""
    began = process_time()
    for run in runs[:10_000]:
        put(run)
    return (process_time() - began) * 1e6 / 10_000


async def stored_bytes(store: Store) -> int:
    """Return what the rows take, without what is free in the file."""
    pages = await store.read(lambda connection: [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in PAGES])
    return cast("int", (pages[0] - pages[1]) * pages[2])


async def main() -> None:
    """Measure and show."""
    runs = templates()
    gc.freeze()  # the templates are the bench's own: to walk over them is none of the store's lag
    with tempfile.TemporaryDirectory(prefix="ms-bench-", dir=Path.cwd()) as folder:
        path = Path(folder) / "s.db"
        store, results = await Store.open(path), endless(runs)
        await introduce(store, results)
        before = await stored_bytes(store), store.health.committed
        rows = [(await measure(store, flat_out(store, results, RESULTS))).row("as many as it takes")]
        rows += [(await measure(store, paced(store, results, pace))).row(f"{pace} a second") for pace in PACES]
        rows.append((await measure(store, backed_up(store, results, 1_000))).row("1000 a second, backups all the time"))
        cost = put_cost(runs, store.put)
        await store.flush()
        weight = (await stored_bytes(store) - before[0]) / (store.health.committed - before[1])
        await store.close()
    columns = ["results", "a second", "lost", "CPU us each", "CPU %", "lag p50 ms", "lag p99 ms", "lag max ms"]
    remarks = f"{weight * 1e6 / 2**20:.0f} MiB per million results; one put costs {cost:.1f} us; 60,000 checks, every commit on the disk."
    table.show("Writing the store", table.render(columns, rows), remarks)


if __name__ == "__main__":
    uvloop.run(main())
