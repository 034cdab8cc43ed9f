"""How punctual the service is with 10,000 domains on six servers, each check once a minute; and how fast this machine speaks TLS.

The theory. What is measured is the whole way of a check from its tick to its verdict: schedule, budget, wire, dialogue and judge, in one
process, on a configuration as a user writes it, against sinks in another process. Lateness is the time from the tick to the start of the
conversation, on the monotonic clock; a run that never began is counted as missed, so that no late one hides by not being there. CPU is the
prober's own, of one core.

The second table answers how many TLS conversations a second the machine holds: a closed loop, as fast as they end, against a sink (what the
prober can do) and against the lab's Dovecot (what this machine does, the server's work included).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic, process_time
from typing import TYPE_CHECKING

import uvloop

from bench import blackbox, ground, sinks, table
from config.load import load
from config.plan import plan
from lab.ground import open_ground
from probe.values import Result, Security
from probe.wire import Wire
from service.rounds.budget import Budget
from service.rounds.rounds import Rounds
from service.rounds.warm import settle, warm
from service.rounds.work import Work
from thresholds.judge import judge_result
from thresholds.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from probe.values import Check

SERVERS = ("smtp", "submission", "lmtp", "imap", "pop3", "dns")
SETTLING_SECONDS = 5.0  # before it counts
AT_ONCE, TLS_SECONDS = 32, 10.0
HEAD = """checks: {{every: 60s, timeout: 10s}}
servers:
{servers}
thresholds:
  - {{match: {{server: "*"}}, warning: 500ms, critical: 2s}}
  - {{match: {{server: "imap*"}}, warning: 1s, critical: 4s}}
  - {{match: {{server: "pop*"}}, warning: 1s, critical: 4s}}
domains:
"""
MAILBOX = "{{address: probe@d{0}.example, mechanism: PLAIN, password: {{file: secret}}}}"
DOMAIN = "  - {{name: d{0}.example, servers: [{1}], mailbox: " + MAILBOX + "}}\n"
PUNCTUALITY = (
    "Each check once a minute, in clear text, with a budget of 64 connections at once for each of six servers. CPU is of one core. "
    "Goals: p99 lateness under 100 ms, under 1 GiB."
)
FULL_SPEED = f"IMAP with TLS from the first byte, {AT_ONCE} at once; each signs in and looks into the INBOX, and no TLS session is resumed."


@dataclass
class Seen:
    """What the rounds gave while it counted."""

    late: list[float] = field(default_factory=list)
    unsure: list[float] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)

    def saw(self, result: Result, late_seconds: float) -> None:
        """Count one."""
        self.late.append(late_seconds)
        self.unsure.append(result.uncertainty_seconds)
        if result.fault is not None:
            words = f"{result.fault.kind} at {result.fault.step} of {result.check.kind}: {result.fault.said}"
            self.faults[words] = self.faults.get(words, 0) + 1


def memory_mib() -> float:
    """Return what this process holds in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096 / 2**20


def work_of(ports: Mapping[str, int], domains: int) -> Work:
    """Return the work of a configuration of so many domains, read from a file as a user's is."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "secret").write_text("a password of the sinks")
        (Path(folder) / "secret").chmod(0o600)
        servers = "\n".join(f"  {kind}: {{kind: {kind}, host: 127.0.0.1, port: {ports[kind]}, security: none}}" for kind in SERVERS)
        text = HEAD.format(servers=servers) + "".join(DOMAIN.format(number, ", ".join(SERVERS)) for number in range(domains))
        (Path(folder) / "mailsonde.yml").write_text(text)
        settings = load(str(Path(folder) / "mailsonde.yml"))
        return Work(plan(settings)[0], limits=Limits(settings.limits), site=settings.site)


async def rounds(work: Work, seconds: float, sink: int) -> list[object]:
    """Let the rounds go on for so long and return their row."""
    wire, seen, counts = Wire(), Seen(), [False]

    def done(result: Result, late_seconds: float) -> None:
        judge_result(result, work.limits, work.site)
        if counts[0]:
            seen.saw(result, late_seconds)

    ours = Rounds(wire.run, done)
    ours.plan(work.checks, {name: Budget(connections=64) for name in SERVERS})
    warm(work)
    settle()
    running = asyncio.create_task(ours.run())
    await asyncio.sleep(SETTLING_SECONDS)
    counts[0], missed = True, sum(ours.stats.tally.missed.values())
    began, spent, theirs = monotonic(), process_time(), blackbox.cpu_seconds(sink)
    await asyncio.sleep(seconds)
    took, spent, theirs = monotonic() - began, process_time() - spent, blackbox.cpu_seconds(sink) - theirs
    missed, memory = sum(ours.stats.tally.missed.values()) - missed, memory_mib()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await wire.close()
    return row(work, seen, (missed, took, spent, theirs, memory))


def row(work: Work, seen: Seen, totals: tuple[int, float, float, float, float]) -> list[object]:
    """Return a measurement as cells; `totals` are missed runs, seconds, our CPU seconds, the sinks', MiB."""
    missed, took, spent, theirs, memory = totals
    for words, count in sorted(seen.faults.items(), key=lambda item: -item[1])[:5]:
        print(f"{count} x {words}", file=sys.stderr)
    late = [1_000 * table.quantile(seen.late, share) for share in (0.5, 0.99, 1.0)]
    unsure = 1_000 * table.quantile(seen.unsure, 0.99)
    cpu = [f"{100 * part / took:.0f} %" for part in (spent, theirs)]
    a_second = f"{len(seen.late) / took:.0f}"
    return [len(work.checks), a_second, len(seen.late), sum(seen.faults.values()), missed, *late, unsure, *cpu, f"{memory:.0f}"]


# -- TLS


async def full_speed(check: Check, seconds: float) -> tuple[float, float, int]:
    """Hold conversations as fast as they end; return how many a second, our CPU ms for each, and how many failed."""
    wire, ended, failed = Wire(), 0, 0
    until = monotonic() + seconds

    async def one_after_the_other() -> None:
        nonlocal ended, failed
        while monotonic() < until:
            result = await wire.run(check)
            ended, failed = ended + 1, failed + (result.fault is not None)

    began, spent = monotonic(), process_time()
    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
    took, spent = monotonic() - began, process_time() - spent
    await wire.close()
    return ended / took, 1_000 * spent / ended, failed


def tls(seconds: float) -> list[list[object]]:
    """Return the rows of the second table."""
    with ground.lab() as folder:
        checks = {check.server: check for check in plan(load(folder / "mailsonde.yml"))[0] if check.domain == "alpha.test"}
        check = next(one for one in checks.values() if one.kind == "imap" and one.endpoint.security is Security.TLS)
        check = replace(check, endpoint=replace(check.endpoint, address="127.0.0.1", port=open_ground(folder).backs["imaps"]))
        check = replace(check, mailbox=check.mailbox and replace(check.mailbox, mechanism="PLAIN"))
        with sinks.running(str(folder / "tls" / "imap.pem")) as (ports, _):
            sink = replace(check, endpoint=replace(check.endpoint, port=ports["imaps"]))
            rows = [["sink", *uvloop.run(full_speed(sink, seconds))]]
        return [*rows, ["Dovecot of the lab", *uvloop.run(full_speed(check, seconds))]]


# -- both


def asked() -> argparse.Namespace:
    """Return what the command line wants."""
    parser = argparse.ArgumentParser(description="Measure how punctual the service is.")
    parser.add_argument("--domains", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the rounds are measured")
    parser.add_argument("--no-tls", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep the tables in bench/RESULTS.md")
    return parser.parse_args()


def main() -> None:
    """Measure and show."""
    wanted = asked()
    with sinks.running() as (ports, sink):
        found = uvloop.run(rounds(work_of(ports, wanted.domains), wanted.seconds, sink))
    late = ["late p50 ms", "p99 ms", "max ms", "uncertainty p99 ms"]
    columns = ["checks", "a second", "runs", "faults", "missed", *late, "CPU", "sinks' CPU", "RSS MiB"]
    table.show("Punctuality", table.render(columns, [found]), PUNCTUALITY)
    if not wanted.no_tls:
        gc.unfreeze()
        columns = ["server", "conversations/s", "our CPU ms each", "failed"]
        table.show("TLS at full speed", table.render(columns, tls(TLS_SECONDS)), FULL_SPEED)


if __name__ == "__main__":
    main()
