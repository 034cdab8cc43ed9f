"""CPU of one conversation: ours, the blackbox exporter's, and that of aiosmtplib and aioimaplib, with the same servers in one run.

The commands are recorded from our own dialogue as it runs and given to the exporter, so that both say the same words to the lab's Postfix
and Dovecot. Only the prober's own processor time counts: ours with all that `Wire.run` does, the exporter's with answering the request.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import process_time
from typing import TYPE_CHECKING

import uvloop
import yaml

from bench import blackbox, ground, libraries, table
from config.load import load
from config.plan import plan
from probe.dialogue import Ask
from probe.kinds import KINDS
from probe.values import Security
from probe.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from probe.dialogue import Dialogue
    from probe.values import Check

ROUNDS, WARM_UP, RUNS, AT_ONCE = 3, 20, 400, 8
SERVERS = {"smtp": "smtp", "imap": "imap"}  # what is measured -> server of the lab


def recorded(dialogue: Dialogue, said: list[bytes]) -> Dialogue:
    """Pass a dialogue on and keep what it says."""
    answer = b""
    move = next(dialogue)
    while True:
        if isinstance(move, Ask):
            said.append(move.data)
        answer = yield move
        try:
            move = dialogue.send(answer)
        except StopIteration:
            return


def module(said: list[bytes], kind: str) -> dict[str, object]:
    """Return the exporter's module that says the same."""
    steps: list[dict[str, str]] = []
    for data in [said[0], *filter(None, said)]:  # the greeting is awaited; other silences of ours end in the tagged reply already
        if data:
            steps.append({"send": data.decode().removesuffix("\n")})
        tag = data.split(b" ")[0].decode()
        steps.append({"expect": r"^[23]\d\d " if kind == "smtp" else rf"^{tag} OK" if data else r"^\* OK"})
    return {"prober": "tcp", "timeout": "5s", "tcp": {"query_response": steps}}


def cost(check: Check, said: list[bytes]) -> float:
    """Return our CPU seconds for a conversation; `said` is filled with what was said."""

    async def measure() -> float:
        wire = Wire()
        first = await wire.talk(check, recorded(KINDS[check.kind].dialogue(check, b""), said))
        if first.fault is not None:
            raise SystemExit(f"{check.name}: {first.fault}")
        spent = await timed(lambda: wire.run(check), process_time)
        await wire.close()
        return spent

    return float(uvloop.run(measure()))


async def timed(converse: Callable[[], Awaitable[object]], clock: Callable[[], float]) -> float:
    """Return what the clock says of one conversation, on the average, with AT_ONCE of them under way."""
    for _ in range(WARM_UP):
        await converse()
    began = clock()
    for _ in range(RUNS // AT_ONCE):
        await asyncio.gather(*(converse() for _ in range(AT_ONCE)))
    return (clock() - began) / RUNS


def cost_of_exporter(check: Check, said: list[bytes]) -> float:
    """Return the exporter's CPU seconds for the same conversation."""
    target = f"{check.endpoint.address}:{check.endpoint.port}"

    async def converse(port: int) -> None:
        metrics = await blackbox.ask(port, target, "same")
        if metrics.get("probe_success") != 1:
            raise SystemExit(f"the exporter failed on {check.name}: {metrics}")

    with blackbox.running(yaml.safe_dump({"modules": {"same": module(said, check.kind)}})) as (port, pid):
        return float(uvloop.run(timed(lambda: converse(port), lambda: blackbox.cpu_seconds(pid))))


def checks_of(folder: Path) -> dict[str, Check]:
    """Return the checks to measure: the lab's, in clear text, so that no handshake hides the difference."""
    checks = {check.server: check for check in plan(load(folder / "mailsonde.yml"))[0] if check.domain == "alpha.test"}
    plain = {}
    for what, server in SERVERS.items():
        check = checks[server]
        mailbox = replace(check.mailbox, mechanism="PLAIN") if check.mailbox else None
        endpoint = replace(check.endpoint, security=Security.NONE, address="127.0.0.1")
        plain[what] = replace(check, endpoint=endpoint, mailbox=mailbox)
    return plain


def measure(folder: Path) -> list[list[object]]:
    """Return the rows: what, prober, CPU in ms (median of the rounds), and the ratio to the exporter."""
    rows: list[list[object]] = []
    for what, check in checks_of(folder).items():
        probers: dict[str, list[float]] = {"mailsonde": [], "blackbox": [], libraries.NAMES[what]: []}
        for _ in range(ROUNDS):
            said: list[bytes] = []
            probers["mailsonde"].append(cost(check, said))
            probers["blackbox"].append(cost_of_exporter(check, said))
            probers[libraries.NAMES[what]].append(float(uvloop.run(timed(libraries.converse(check), process_time))))
        middle = {name: sorted(values)[ROUNDS // 2] for name, values in probers.items()}
        rows += [[what, name, 1000 * value, f"{value / middle['blackbox']:.2f}"] for name, value in middle.items()]
    return rows


def main() -> None:
    """Start a lab, measure, print the table."""
    with ground.lab() as folder:
        rows = measure(folder)
    remarks = f"Median of {ROUNDS} rounds of {RUNS} conversations each, {AT_ONCE} at once, in clear text."
    table.show("CPU of one conversation", table.render(["conversation", "prober", "CPU ms", "of blackbox"], rows), remarks)


if __name__ == "__main__":
    main()
