"""What round trips cost the service: 1,000 journeys over 200 mailboxes of a real lab, when all goes well and when the mail is held up.

Memory is the process's own (RSS), above what it has when its store is open and nothing is under way. The last row is an outage in which
20,000 trips pile up: taken over from the store by a new process, whose mailboxes cannot be reached.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic, process_time
from typing import TYPE_CHECKING

import uvloop

from bench import ground, table
from lab import faults
from lab.ground import domain_names, open_ground, services
from probe.clock import utc_now
from probe.outcome import Handed
from probe.passage import planned
from probe.values import Check, Endpoint, Journey, Mailbox, Secret, Security
from probe.wire import Wire
from service.rounds.trips import Trips
from store.ledger import PassageLedger
from store.store import Store
from store.values import TripRun
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lab.ground import Ground
    from probe.values import Trip

DOMAINS, EACH, EVERY_SECONDS = 200, 5, 300.0
SECONDS = float(sys.argv[1]) if sys.argv[1:] and sys.argv[1].isdecimal() else 120.0  # of each measurement with the lab
PILED_UP = 20_000
KEY = b"the key of a measurement, 32 byte"
MIB = 1 << 20


def memory() -> float:
    """Return this process's resident memory in MiB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4_096 / MIB


def journeys(place: Ground) -> list[Journey]:
    """Return several journeys to each mailbox, over IMAP where its domain may use it, else POP3."""
    return [one for domain in domain_names(DOMAINS) for one in _of(place, domain)]


def _of(place: Ground, domain: str) -> list[Journey]:
    submit = _check(place, domain, "submission", "mx")
    fetch = _check(place, domain, "imaps", "imap") if "imaps" in services(domain) else _check(place, domain, "pop3s", "pop")
    return [Journey(f"{domain}-{number}", domain, submit, fetch, every_seconds=EVERY_SECONDS) for number in range(EACH)]


def _check(place: Ground, domain: str, server: str, host: str) -> Check:
    security = Security.STARTTLS if server == "submission" else Security.TLS
    endpoint = Endpoint(f"{host}.lab.test", place.ports[server], security, ca_file=str(place.root / "tls/ca.pem"), address="127.0.0.1")
    mailbox = Mailbox(f"probe@{domain}", Secret(place.password(domain)))
    return Check(f"{domain}/{server}", domain, server, server.removesuffix("s"), endpoint, mailbox=mailbox)


@dataclass
class Service:
    """Trips on a store of their own, and what they told."""

    store: Store
    ended: list[Trip] = field(default_factory=list)

    def tell(self, trip: Trip) -> None:
        """Keep a trip as the service does."""
        self.store.put(TripRun(trip, Verdict(Level.OK)))
        if trip.outcome is not None:
            self.ended.append(trip)


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[tuple[Trips, Service]]:
    """Run trips until the block ends."""
    wire, store = Wire(), await Store.open(folder / "bench.db")
    kept = Service(store)
    trips = Trips(wire, KEY, PassageLedger(store), kept.tell)
    running = asyncio.create_task(trips.run())
    try:
        yield trips, kept
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await wire.close()
        await store.close()


async def with_the_lab(place: Ground, folder: Path) -> list[list[object]]:
    """Measure 1,000 journeys, first as they are, then with the mail held up."""
    rows = []
    async with serving(folder) as (trips, kept):
        before = memory()
        trips.plan(journeys(place))
        for what, fault in (("all is well", ""), ("mail is held up", "held")):
            if fault:
                await asyncio.to_thread(faults.inject, place, [fault])
            ended, began, cpu, most_open = len(kept.ended), trips.stats.begun, process_time(), 0
            until = monotonic() + SECONDS
            while monotonic() < until:
                await asyncio.sleep(0.5)
                most_open = max(most_open, trips.stats.mailboxes_open)
            begun, cpu = trips.stats.begun - began, process_time() - cpu
            rows.append([what, begun, len(kept.ended) - ended, trips.stats.under_way, most_open, 1_000 * cpu / begun, memory() - before])
        await asyncio.to_thread(faults.clear, place)
    return rows


async def piled_up(folder: Path) -> list[object]:
    """Measure what many trips under way weigh that cannot be followed."""
    nowhere = Endpoint("127.0.0.1", 9)
    checks = [Check(f"d{number}.test/imap", f"d{number}.test", "imap", "imap", nowhere) for number in range(DOMAINS)]
    boxes = [replace(check, mailbox=Mailbox(f"probe@{check.domain}", Secret("none"))) for check in checks]
    made = [Journey(box.domain, box.domain, replace(box, kind="submission"), box, every_seconds=86_400.0) for box in boxes]
    passages = [planned(made[number % DOMAINS], f"{number:032x}", utc_now()) for number in range(PILED_UP)]
    sent = [replace(one, facts=replace(one.facts, handed=Handed.TAKEN)) for one in passages]
    async with serving(folder) as (trips, _):
        await trips.ledger.write(sent)
        del sent, passages
        before, cpu, began = memory(), process_time(), monotonic()
        trips.plan(made)
        while trips.stats.under_way < PILED_UP:  # noqa: ASYNC110 - what is measured is not to be changed for it
            await asyncio.sleep(0.1)
        took = monotonic() - began
        await asyncio.sleep(10.0)
        used = process_time() - cpu
        return [
            f"an outage, taken over in {took:.1f} s",
            0,
            0,
            trips.stats.under_way,
            trips.stats.mailboxes_open,
            1_000 * used / PILED_UP,
            memory() - before,
        ]


async def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="ms-bench-") as parent:
        last = await piled_up(Path(parent))
    with ground.lab(DOMAINS) as folder, tempfile.TemporaryDirectory(prefix="ms-bench-") as parent:
        rows = await with_the_lab(open_ground(folder), Path(parent))
    columns = ["1,000 journeys, 200 mailboxes", "begun", "ended", "under way", "mailboxes open", "CPU ms/trip", "memory MiB"]
    table.show("Round trips", table.render(columns, [*rows, last]), f"{SECONDS:g} s each; every journey begins a trip every 5 minutes.")


if __name__ == "__main__":
    uvloop.run(main())
