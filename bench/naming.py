"""What it costs the loop to name a cause: 60,000 cells of a service's watch, of which 10,000 go bad, more go bad, and all get well again.

The service's own `Alarms` on a real store; nobody is probed, so each hold that the sentinel sees is theirs, or the machine's: beside it
stands what the loop's own thread computed at most without a pause. In turn: one server that takes no connection, and logins that are
refused to half of the domains on two servers. A watch that hears good verdicts alone is the first row.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, thread_time
from typing import TYPE_CHECKING

import uvloop

from bench import table
from probe.clock import utc_now
from probe.sentinel import Sentinel
from probe.values import Check, Endpoint, Fault, FaultKind, Mailbox, Result, Step
from service.alarms.alarms import Alarms
from service.rounds.work import Work
from store.store import Store
from store.values import Run
from thresholds.incident_values import Mutes, Rules
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

DOMAINS, BAD, MORE = 10_000, 10_000, 500
SERVERS = {"smtp": 25, "submission": 587, "lmtp": 24, "imap": 143, "pop3": 110, "directory": 389}
KINDS = {"directory": "ldap"}
LOGINS = frozenset({"submission", "imap", "pop3"})
A_SECOND, AT_ONCE, BEAT_SECONDS = 2_000, 10, 0.002
QUIET_SECONDS = 8.0  # after the last verdict: gathering, naming, and the storing of what changed without a word
RULES = Rules(flap_count=1_000)
REFUSED = Fault(FaultKind.CONNECT, "connect", "Connection refused")
DENIED = Fault(FaultKind.AUTH, "login", "authentication failed")


@dataclass(slots=True)
class Site:
    """One watch at work."""

    alarms: Alarms
    sentinel: Sentinel
    checks: list[Check]
    longest: float = 0.0  # seconds of CPU of the loop's thread between two wakings, at most, in this phase

    async def watch(self) -> None:
        """Note how long the loop computes before it wakes who sleeps; waits for a processor or the interpreter are no part of it."""
        before = thread_time()
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            now = thread_time()
            self.longest, before = max(self.longest, now - before), now

    async def hear(self, checks: Iterable[Check], fault: Fault | None) -> None:
        """Let their results come, so many a second."""
        began = monotonic()
        for number, check in enumerate(checks):
            self.alarms.heard(run(check, fault))
            if not number % AT_ONCE:
                await asyncio.sleep(max(0.0, began + number / A_SECOND - monotonic()))

    async def phase(self, what: str, checks: list[Check], fault: Fault | None, times: int = RULES.bad) -> list[object]:
        """Let the same come so often, and return the row of what it did to the loop."""
        began, held, self.longest = monotonic(), self.sentinel.held_seconds, 0.0
        for _ in range(times):
            await self.hear(checks, fault)
            await asyncio.sleep(1.0)  # two verdicts of one moment would count as one
        await asyncio.sleep(QUIET_SECONDS)
        longest = [self.sentinel.worst_since(began, count) for count in (1, 10)]
        share = (self.sentinel.held_seconds - held) / (monotonic() - began)
        causes = ", ".join(f"{one.cause.key} ({len(one.failing)})" for one in self.alarms.watch.open)
        return [what, len(checks), causes or "-", *(1_000 * seconds for seconds in (self.longest, *longest)), 100 * share]


def checks() -> list[Check]:
    """Return the checks of all domains."""
    names = [f"dom{number:05}.example" for number in range(DOMAINS)]
    boxes = {name: Mailbox(f"probe@{name}") for name in names}
    return [
        Check(
            f"{name}/{server}",
            name,
            server,
            KINDS.get(server, server),
            Endpoint(f"{server}.isp.example", port),
            mailbox=boxes[name] if server in LOGINS else None,
        )
        for name in names
        for server, port in SERVERS.items()
    ]


def run(check: Check, fault: Fault | None) -> Run:
    """Return a run that is good, or fails so."""
    verdict = Verdict(Level.OK) if fault is None else Verdict(Level.CRITICAL, (f"{fault.step}: {fault.said}",))
    return Run(Result(check, utc_now(), (Step("connect", 0.01),), fault=fault), verdict)


@asynccontextmanager
async def site(path: Path, every: list[Check]) -> AsyncIterator[Site]:
    """Have a watch at work on a store of its own."""
    store = await Store.open(path)
    alarms = Alarms(store, _probe, lambda _: None, lambda: "")
    needs = {name: ("directory",) for name in SERVERS if name != "directory"}
    await alarms.plan(Work(tuple(every), site="bench"), needs, RULES, Mutes())
    sentinel, running = Sentinel(), asyncio.create_task(alarms.run())
    for check in every:
        alarms.heard(run(check, None))
    gc.collect()
    gc.freeze()  # as the service does when it has planned
    sentinel.start()
    there = Site(alarms, sentinel, every)
    tasks = [running, asyncio.create_task(there.watch())]
    try:
        yield there
    finally:
        sentinel.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await store.close()


async def _probe(_check: str) -> None:
    """Probe nobody: what is asked again says the same as the next result."""


async def outage(there: Site, what: str, hit: Callable[[Check], bool], fault: Fault) -> list[list[object]]:
    """Return the rows of one outage."""
    bad = [check for check in there.checks if hit(check)][:BAD]
    rest = [check for check in there.checks if not hit(check)]
    rows = [await there.phase(what, bad, fault)]
    rows.append(await there.phase("and 500 others take no connection", rest[:: len(rest) // MORE][:MORE], REFUSED))
    rows.append(await there.phase("all get well", [*bad, *rest[:: len(rest) // MORE][:MORE]], None))
    return rows


async def measure(folder: Path) -> list[list[object]]:
    """Return all rows."""
    every = checks()
    async with site(folder / "bench.db", every) as there:
        rows = [await there.phase("all is well", every[:BAD], None)]
        rows += await outage(there, "imap takes no connection", lambda check: check.server == "imap", REFUSED)
        half = frozenset(check.domain for check in every[: len(every) // 2])
        rows += await outage(there, "logins refused", lambda check: check.server in {"imap", "pop3"} and check.domain in half, DENIED)
    return rows


def main() -> None:
    """Measure and print."""
    logging.getLogger().addHandler(logging.NullHandler())
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rows = runner.run(measure(Path(folder)))
    columns = ["what comes, twice", "cells", "incidents (failing)", "longest work ms", "longest hold ms", "the ten longest ms", "held up %"]
    remarks = (
        f"{DOMAINS * len(SERVERS):,} cells, {A_SECOND:,} verdicts a second, each twice. Work is CPU of the loop's own thread without a "
        "pause.\nA hold is how long the loop could wake nobody, as the sentinel bounds it, waits for a processor included: compare with "
        "the first row."
    )
    table.show("Naming causes", table.render(columns, rows), remarks)


if __name__ == "__main__":
    main()
