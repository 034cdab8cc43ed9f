"""What a reload costs with 10,000 domains of 6 servers, all written in the file: its time, its CPU, and how long it holds up the loop.

The service is built in this process, but its rounds do not run: nobody is probed, and each hold that the sentinel sees is the reload's own.
First one that changes nothing, then one in which a hundredth of the domains has gone and as many have come.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import tempfile
from pathlib import Path
from time import monotonic, process_time
from typing import NamedTuple

import uvloop

from bench import table
from config.load import load
from service.daemon import Daemon
from store.store import Store

DOMAINS, CHANGED = 10_000, 100
SERVERS = {"smtp": 25, "submission": 587, "lmtp": 24, "imap": 143, "pop3": 110, "dns": 53}


class Cost(NamedTuple):
    """What one reload took."""

    seconds: float
    cpu_seconds: float
    longest_hold_seconds: float


def configuration(first: int) -> str:
    """Return a configuration of DOMAINS domains, the first of them with this number."""
    servers = "\n".join(f"  {kind}: {{kind: {kind}, host: 127.0.0.1, port: {port}, security: none}}" for kind, port in SERVERS.items())
    names = ", ".join(SERVERS)
    domains = "\n".join(
        f"  - {{name: d{number}.example, servers: [{names}], mailbox: {{address: probe@d{number}.example, password: {{env: PATH}}}}}}"
        for number in range(first, first + DOMAINS)
    )
    return f"site: bench\nservers:\n{servers}\ndomains:\n{domains}\nstore: {{path: bench.db}}\n"


async def reload(daemon: Daemon) -> Cost:
    """Reload once, and measure it. Raises: RuntimeError where the configuration was not taken."""
    began, cpu = monotonic(), process_time()
    if problem := await daemon.reload():
        raise RuntimeError(problem)
    return Cost(monotonic() - began, process_time() - cpu, daemon.wire.sentinel.worst_since(began))


async def measure(folder: Path) -> tuple[float, list[Cost]]:
    """Return the seconds until the first plan stood, and what the two reloads took."""
    file = folder / "mailsonde.yml"
    file.write_text(configuration(0))
    began = monotonic()
    store = await Store.open(folder / "bench.db")
    daemon = Daemon(file, load(file), store, b"0" * 32)
    await daemon.start()
    started = monotonic() - began
    costs = [await reload(daemon)]
    file.write_text(configuration(CHANGED))
    costs.append(await reload(daemon))
    await daemon.wire.close()
    await store.close()
    return started, costs


def main() -> None:
    """Measure and print."""
    logging.getLogger().addHandler(logging.NullHandler())
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        started, costs = runner.run(measure(Path(folder)))
    rows = [[name, *cost] for name, cost in zip(("nothing has changed", f"{CHANGED} domains gone, {CHANGED} new"), costs, strict=True)]
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    remarks = (
        f"{DOMAINS:,} domains, {DOMAINS * len(SERVERS):,} checks. From nothing to the first plan: {started:.1f} s. At most {mib:.0f} MiB."
    )
    table.show("Reloading", table.render(["reload", "s", "s of CPU", "longest hold of the loop, s"], rows), remarks)


if __name__ == "__main__":
    main()
