"""What it costs to remember 60,000 checks: the reads of the pages, rolling up an hour and a day, forgetting; on a real file.

The file holds an hour of runs (one a minute of each check), a day of their hours, and for a few checks twelve weeks of hours and a year of
days. "hold" is how long one query or slice kept the connection at the most: group commits wait for so long.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, TypeVar

from bench import table
from store.histogram import Histogram, bucket_of
from store.history import history, steps
from store.migrations import schema
from store.reads import Wanted, conversation, runs, states
from store.retention import Keep, forget
from store.rollups import DAY_S, HOUR_S, WRITE, Marks, roll, write_marks
from store.rows import RUN_COLUMNS
from store.store import Store
from store.summary import Summary, Times, summary_row
from store.usual import Asked, usual
from thresholds.scope import EVERYTHING, Scope
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

CHECKS = int(sys.argv[1]) if sys.argv[1:] and sys.argv[1].isdecimal() else 60_000
RUNS, ROUNDS, LONG, FORGET_SECONDS = 60, 5, 20, 30.0
SERVERS = ("submission", "imap", "imaps", "pop3s", "directory", "mx")
HOUR = datetime(2026, 11, 21, 0, tzinfo=UTC)  # of the runs
HOUR_AT = int(HOUR.timestamp())
COPY = """
    INSERT OR REPLACE INTO rollups
    SELECT period_s, check_id, start_s + ?1, suspects, ok, unknown, warning, critical, faults, sum_us, min_us, max_us, median, histogram
    FROM rollups WHERE period_s = 3600 AND start_s = ?2
"""
STATES = "INSERT INTO states SELECT check_id, id, started_us, duration_us, level, suspect, fault_kind FROM runs WHERE id > ?"
T = TypeVar("T")


class Watched(Store):
    """A store that notes how long each query and slice holds the connection."""

    held: float = 0.0

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Ask, and note."""
        return await super().read(lambda connection: self._noted(query, connection))

    async def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do, and note."""
        return await super().transact(lambda connection: self._noted(work, connection))

    def _noted(self, work: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
        began = perf_counter()
        try:
            return work(connection)
        finally:
            self.held = max(self.held, perf_counter() - began)


# -- the file


def a_minute(minute: int, order: list[int], pool: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Yield a run of every check, in the order of their phases, one in a hundred bad."""
    for place, check in enumerate(order):
        start = (HOUR_AT + minute * 60) * 1_000_000 + place * 60_000_000 // len(order)
        duration, bucket, texts = pool[random.randrange(len(pool))]  # noqa: S311 - a made-up duration
        bad = random.random() < 0.01  # noqa: S311 - as above
        fault = ("TIMEOUT", "login", "nothing came", '["nothing came within 10 s"]') if bad else (None, None, None, None)
        level = int(Level.CRITICAL if bad else Level.OK)
        fixed = (minute * len(order) + place + 1, check, 1, start, duration, bucket, level, 0, 0, 1200, 3000, 500_000, 2_000_000)
        yield (*fixed, texts, "[55.2]", *fault, None)


def make_checks(connection: sqlite3.Connection) -> None:
    """Write the checks, the words and the conversations."""
    names = [(number + 1, f"d{number // 6}.example", SERVERS[number % 6]) for number in range(CHECKS)]
    rows = [(number, f"{domain}/{server}", domain, server, server) for number, domain, server in names]
    connection.executemany("INSERT INTO checks VALUES (?, ?, ?, ?, ?)", rows)
    words = '[["resolve","connect","tls","greeting","login","logout"],{"tls_version":"TLSv1.3"},["certificate_days"],"imap*"]'
    connection.execute("INSERT INTO words VALUES (1, ?, ?)", (HOUR_AT * 1_000_000, words))
    lines = '[[1,"login","LOGIN probe ***",1000],[0,"login","OK done",2000]]'
    spoken = [(number, "last_good", 1, 0, 0, lines) for number, *_ in names]
    connection.executemany(
        "INSERT INTO conversations (check_id, which, run_id, started_us, level, lines) VALUES (?, ?, ?, ?, ?, ?)", spoken
    )


def make_rollups(connection: sqlite3.Connection) -> None:
    """Write twelve weeks of hours and a year of days before the runs, for a few checks."""
    values = summary_row(a_summary(60))
    spans = [(HOUR_S, HOUR_AT - HOUR_S * back) for back in range(1, 84 * 24)] + [(DAY_S, HOUR_AT - DAY_S * back) for back in range(1, 366)]
    connection.executemany(WRITE, [(length, start, check, *values) for length, start in spans for check in range(1, LONG + 1)])
    write_marks(connection, Marks(hours_s=HOUR_AT, days_s=HOUR_AT))


def a_summary(count: int) -> Summary:
    """Return an hour that looks like those of the runs."""
    spent = [int(random.lognormvariate(11.5, 0.4)) for _ in range(count)]
    times = Times(sum(spent), min(spent), max(spent), Histogram.of(bucket_of(us / 1e6) for us in spent))
    return Summary(0, (count, 0, 0, 0), 0, times)


async def make(path: Path) -> None:
    """Fill a file as nobody would dare who means to keep it: in one transaction, without the trigger, without waiting for the disk."""
    await (await Store.open(path)).close()
    order = random.sample(range(1, CHECKS + 1), CHECKS)
    durations = [int(random.lognormvariate(11.5, 0.4)) for _ in range(5_000)]
    pool = [(us, bucket_of(us / 1e6), f"[{us // 6},{us // 7},{us // 5},{us // 9},{us // 4},{us // 11}]") for us in durations]
    new_run = f"INSERT INTO runs ({RUN_COLUMNS}) VALUES ({', '.join('?' * 20)})"  # noqa: S608 - a constant
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN; DROP TRIGGER runs_tell_the_state;")
    make_checks(connection)
    make_rollups(connection)
    for minute in range(RUNS):
        connection.executemany(new_run, a_minute(minute, order, pool))
    connection.execute(STATES, (CHECKS * (RUNS - 1),))
    connection.execute(schema()[schema().index("CREATE TRIGGER") : schema().index("END;")] + "END")
    connection.execute("COMMIT")
    connection.close()


# -- what is measured


async def measured(store: Watched, what: str, ask: Callable[[], Awaitable[Any]], rounds: int = ROUNDS) -> tuple[object, ...]:
    """Return a row: how many entries came, wall and processor time of the median round, longest hold."""
    spent, used, entries = [], [], 0
    store.held = 0.0
    for _ in range(rounds):
        began, cpu = perf_counter(), process_time()
        entries = count_of(await ask())
        spent.append(perf_counter() - began)
        used.append(process_time() - cpu)
    print(what, file=sys.stderr)
    return (what, entries, median(spent) * 1e3, median(used) * 1e3, store.held * 1e3)


def count_of(answer: Any) -> int:
    """Return how many entries an answer has."""
    if isinstance(answer, int):
        return answer
    return len(getattr(answer, "runs", answer if isinstance(answer, list) else [answer]))


async def reads(store: Watched) -> list[tuple[object, ...]]:
    """Return the rows of the pages' reads."""
    check, now, mine = "d1.example/imap", HOUR + timedelta(hours=1), Scope(frozenset({"d1.example"}))
    long_ago = now - timedelta(days=84)
    names = [f"d{number // 6}.example/{SERVERS[number % 6]}" for number in range(CHECKS)]
    asks: dict[str, Callable[[], Awaitable[Any]]] = {
        "states of all checks": lambda: states(store, EVERYTHING),
        "states of one domain": lambda: states(store, mine),
        "newest 100 runs of a check": lambda: runs(store, EVERYTHING, Wanted(check=check)),
        "newest 100 runs of a domain": lambda: runs(store, mine, Wanted()),
        "newest 100 runs of all": lambda: runs(store, EVERYTHING, Wanted()),
        "newest 100 bad runs of a server": lambda: runs(store, EVERYTHING, Wanted(server="imap", level=Level.WARNING)),
        "history, an hour by the minute": lambda: history(store, EVERYTHING, check, now - timedelta(hours=1), now),
        "history, 12 weeks by hours, 500 points": lambda: history(store, EVERYTHING, check, now - timedelta(days=83), now, 500),
        "history, a year by days": lambda: history(store, EVERYTHING, check, now - timedelta(days=365), now),
        "steps, an hour": lambda: steps(store, EVERYTHING, check, now - timedelta(hours=1), now),
        "last good conversation": lambda: conversation(store, EVERYTHING, check, "last_good"),
        "usual hours of a check, 12 weeks": lambda: usual(store, EVERYTHING, [check], Asked(long_ago, UTC)),
        f"one usual hour of all checks, {LONG} with a history": lambda: usual(store, EVERYTHING, names, Asked(long_ago, UTC, 9)),
    }
    return [await measured(store, what, ask) for what, ask in asks.items()]


async def keeping(store: Watched) -> list[tuple[object, ...]]:
    """Return the rows of rolling up and forgetting; entries are slices, or runs deleted."""
    rows = [await measured(store, "roll up an hour of all checks", lambda: roll(store, HOUR + timedelta(minutes=63)), 1)]
    await copy_hours(store)
    rows.append(await measured(store, "roll up a day of all checks", lambda: roll(store, HOUR + timedelta(days=1, minutes=3)), 1))
    rows.append(await measured(store, f"forget runs for {FORGET_SECONDS:.0f} s", lambda: forgotten(store), 1))
    return rows


async def copy_hours(store: Store) -> None:
    """Make a whole day of the one hour, so that the day is as heavy as a real one."""
    for hours in range(1, 24):
        await store.transact(lambda connection: connection.execute(COPY, (hours * HOUR_S, HOUR_AT)).rowcount)  # noqa: B023 - awaited at once


async def forgotten(store: Store) -> int:
    """Forget for a while and return how many runs went."""
    count = "SELECT count(*) FROM runs INDEXED BY runs_by_time"
    before = (await Store.read(store, lambda connection: connection.execute(count).fetchone()))[0]
    with suppress(TimeoutError):
        await asyncio.wait_for(forget(store, Keep(60.0, 5 * 365 * DAY_S), HOUR + timedelta(days=2)), FORGET_SECONDS)
    return int(before - (await Store.read(store, lambda connection: connection.execute(count).fetchone()))[0])


async def measure() -> None:
    """Make the file, measure, print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        await make(path)
        store = await Watched.open(path)
        try:
            rows = await reads(store) + await keeping(store)
        finally:
            await store.close()
    remarks = f"{CHECKS:,} checks, {CHECKS * RUNS:,} runs. Entries are rows, points or slices; of forgetting, the runs deleted. "
    remarks += "A hold is wall time, with what else the machine did."
    table.show("Reading and keeping the store", table.render(("what", "entries", "ms", "CPU ms", "longest hold ms"), rows), remarks)


if __name__ == "__main__":
    asyncio.run(measure())
