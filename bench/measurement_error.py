"""How far a measured time is off, at rising load: ours and the blackbox exporter's, in turn, against one kind of server.

The theory. A prober's total should be what the server took and nothing else. What the server took is the sum over its replies of the time
from command to reply, stamped by the kernel at the server's socket (bench/delay_server.py says how, and what it cannot know); with that
sum even a late server is the truth. The error is the measured total less the truth of that very connection: all that the prober adds, be
it before it connects, between a reply's arrival and its own next command, or after the last reply. Of the exporter only its total is
known, so totals are compared. Both hold the same conversation (greeting, EHLO, QUIT) over loopback, whose microseconds count as error.

Open loop: probes start on time whether or not earlier ones have ended; the time that the exporter is asked late is not in its total. Both
probers, the server and what asks the exporter share one machine. Rounds alternate, so that a disturbance from outside shows as spread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from ipaddress import IPv4Address
from math import isnan, nan
from statistics import median
from time import monotonic

import uvloop

from bench import blackbox, delay_server, table
from probe.values import Check, Endpoint
from probe.wire import Wire

RATES = (100, 300, 600, 1_000)  # probes a second
ROUNDS, SECONDS = 3, 4
ALLOWANCE_SECONDS = 0.005  # a result may be off by its own uncertainty and this
FIRST = int(IPv4Address("127.1.0.1"))
MODULES = r"""
modules:
  delay:
    prober: tcp
    timeout: 5s
    tcp:
      query_response:
        - {expect: "^220 "}
        - {send: "EHLO localhost.localdomain\r"}
        - {expect: "^250 "}
        - {send: "QUIT\r"}
        - {expect: "^221 "}
"""
Measured = dict[str, tuple[float, float]]  # address -> (measured seconds, what the prober says it may be off)
Off = tuple[float, float]  # seconds: how far a result is off, and how far it says that it may be
Probe = Callable[[str], Coroutine[None, None, tuple[float, float]]]
Measure = Callable[[int, int], Coroutine[None, None, Measured]]


async def load(rate: int, probe: Probe) -> Measured:
    """Start `rate` probes a second, each at an address of its own."""
    found: Measured = {}

    async def one(address: str) -> None:
        found[address] = await probe(address)

    began = monotonic()
    tasks = []
    for number in range(rate * SECONDS):
        await asyncio.sleep(max(0.0, began + number / rate - monotonic()))
        tasks.append(asyncio.create_task(one(str(IPv4Address(FIRST + number)))))
    await asyncio.gather(*tasks)
    return found


async def ours(rate: int, port: int) -> Measured:
    """Measure with our own wire."""
    wire = Wire()

    async def probe(address: str) -> tuple[float, float]:
        endpoint = Endpoint(address, port)
        result = await wire.run(Check("x/delay", "x", "delay", "smtp", endpoint, timeout_seconds=5.0))
        return (result.seconds, result.uncertainty_seconds) if result.fault is None else (nan, 0.0)

    found = await load(rate, probe)
    await wire.close()
    return found


async def theirs(rate: int, port: int) -> Measured:
    """Measure with the blackbox exporter."""
    with blackbox.running(MODULES) as (listening, _):

        async def probe(address: str) -> tuple[float, float]:
            metrics = await blackbox.ask(listening, f"{address}:{port}", "delay")
            return (metrics["probe_duration_seconds"], 0.0) if metrics.get("probe_success") == 1 else (nan, 0.0)

        return await load(rate, probe)


def off_by(found: Measured, took: delay_server.Took) -> list[Off]:
    """Return how far each good result is off, unsigned (a total too short is as wrong as one too long), with its uncertainty."""
    good = {address: pair for address, pair in found.items() if address in took and not isnan(pair[0])}
    return [(abs(seconds - sum(took[address])), doubt) for address, (seconds, doubt) in good.items()]


def one_round(rate: int, measure: Measure) -> tuple[list[Off], int]:
    """Run one load; return errors with uncertainties, and how many results have none: they failed, or the server has no truth of them."""
    with delay_server.running() as (port, took):
        found: Measured = uvloop.run(measure(rate, port))
    good = off_by(found, took)
    return good, len(found) - len(good)


def summary(rounds: list[tuple[list[Off], int]]) -> list[object]:
    """Return the cells of one prober at one rate: counts, errors in ms (p50 and p99 the median of the rounds), uncertainty, misses."""
    pooled = [pair for good, _ in rounds for pair in good]
    halves, tails = ([1000 * table.quantile([error for error, _ in good], share) for good, _ in rounds] for share in (0.5, 0.99))
    doubt = 1000 * table.quantile([doubt for _, doubt in pooled], 0.99)
    misses = sum(error > doubt + ALLOWANCE_SECONDS for error, doubt in pooled)
    spread = f"{min(tails):.3g} - {max(tails):.3g}"
    return [len(pooled), sum(bad for _, bad in rounds), median(halves), median(tails), spread, 1000 * max(pooled)[0], doubt, misses]


def compare(rate: int) -> list[list[object]]:
    """Measure at one rate, ours and theirs in turn; return both rows."""
    mine, other = [], []
    for _ in range(ROUNDS):
        mine.append(one_round(rate, ours))
        other.append(one_round(rate, theirs))
    left, right = summary(mine), summary(other)
    ratio = float(str(left[3])) / float(str(right[3]))
    return [[rate, "mailsonde", *left, f"{ratio:.2f}"], [rate, "blackbox", *right[:-2], "-", "-", ""]]


def main() -> None:
    """Measure at each rate and print the table."""
    rows = [row for rate in RATES for row in compare(rate)]
    columns = [
        "probes/s",
        "prober",
        "good",
        "failed",
        "p50 ms",
        "p99 ms",
        "p99 by round",
        "max ms",
        "doubt p99 ms",
        "misses",
        "p99 ratio",
    ]
    remarks = (
        f"{ROUNDS} rounds of {SECONDS} s each, in turn; p50 and p99 are the median of the rounds.\n"
        "Doubt is the result's own `uncertainty_seconds`; a miss is off by more than that + 5 ms. The blackbox exporter states none."
    )
    table.show("Error of a measured time", table.render(columns, rows), remarks)


if __name__ == "__main__":
    main()
