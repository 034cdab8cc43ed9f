"""How far a measured time is off, at rising load: ours and the blackbox exporter's, in one run, against one server.

The server greets after 20 ms and notes each visit's true length; the error is the measured total less that. Both provers hold the same
conversation (greeting, EHLO, QUIT). Open loop: probes start on time whether or not earlier ones have ended.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Coroutine
from ipaddress import IPv4Address
from math import isnan, nan
from time import monotonic

import uvloop

from bench import blackbox, table
from probe.values import Check, Endpoint
from probe.wire import Wire

RATES = (100, 300, 600, 1_000)  # probes a second
SECONDS = 8
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
Probe = Callable[[str], Coroutine[None, None, tuple[float, float]]]


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


def against_truth(rate: int, measure: Callable[[int, int], Coroutine[None, None, Measured]]) -> list[object]:
    """Run one load and return its row: errors in ms, misses of the own bound, failures."""
    command = [sys.executable, "-m", "bench.delay_server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None  # noqa: S101 - PIPE was asked for
        port = int(server.stdout.readline())
        try:
            found = uvloop.run(measure(rate, port))
        finally:
            server.terminate()
        took: dict[str, float] = json.load(server.stdout)
    good = {address: pair for address, pair in found.items() if not isnan(pair[0]) and address in took}
    errors = [abs(measured - took[address]) for address, (measured, _) in good.items()]
    misses = sum(abs(measured - took[address]) > doubt + 0.005 for address, (measured, doubt) in good.items())
    doubts = [doubt for _, doubt in good.values()]
    quantiles = [1000 * table.quantile(errors, share) for share in (0.5, 0.99)]
    return [len(good), len(found) - len(good), *quantiles, 1000 * max(errors), 1000 * table.quantile(doubts, 0.99), misses]


def main() -> None:
    """Measure at each rate, ours and theirs in turn, and print the table."""
    rows: list[list[object]] = []
    for rate in RATES:
        mine, other = against_truth(rate, ours), against_truth(rate, theirs)
        ratio = float(str(mine[3])) / float(str(other[3]))
        rows += [[rate, "mailsonde", *mine, f"{ratio:.2f}"], [rate, "blackbox", *other[:-2], "-", "-", ""]]
    columns = ["probes/s", "prober", "good", "failed", "p50 ms", "p99 ms", "max ms", "uncertainty p99 ms", "misses", "p99 ratio"]
    remarks = (
        "A miss is a result that is off by more than its own `uncertainty_seconds` + 5 ms. The blackbox exporter states no uncertainty."
    )
    table.show("Error of a measured time", table.render(columns, rows), remarks)


if __name__ == "__main__":
    main()
