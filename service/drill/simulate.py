"""A drill with one's own configuration: it is said that a server fails, people and machines are told DRILL, and then that it is well again.

It touches no mail server but as a channel, and shows no more than our own chain: from an incident to the proofs of its channels.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

import click

from config import ConfigErrors
from config.load import load
from config.notify_plan import notify_plan
from config.plan import plan as planned
from notifier.route import decide
from notifier.supposing import escalated
from notifier.values import DeliveryState
from notifier.words_matter import DRILL
from probe.clock import utc_now
from probe.values import Fault, FaultKind
from service.alarms.cells import cells_of
from service.alarms.telling import Telling
from service.rounds.work import Work
from store.incident_reads import deliveries_of
from store.incidents import save
from store.store import Store
from thresholds.incident_values import Cell, Observation
from thresholds.incidents import Watch
from thresholds.scope import EVERYTHING
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from config.settings import Settings
    from notifier.values import Delivery, NotifyPlan
    from thresholds.incident_values import Change

SETTLED_SECONDS = 90.0
LOOK_SECONDS = 0.2
ENOUGH_TRIES = 2  # a channel that has failed so often is broken now
SAID = "a drill says that it fails"
CAUTION = "This tries our own chain alone, from an incident to its proof; whether a failure is noticed, `probe drill` shows on a lab."


@dataclass(slots=True)
class Simulation:
    """What is said to happen, and who is told of it."""

    settings: Settings
    plan: NotifyPlan
    server: str

    def cells(self) -> list[Cell]:
        """Return the checks of the server; of one whose domains are all found in the directory, one for all of them."""
        checks, _ = planned(self.settings)
        work = Work(tuple(check for check in checks if check.server == self.server), site=self.settings.site)
        return list(cells_of(work, self.plan.needs)) or [Cell(f"*/{self.server}", "*", self.server, "", 60.0, site=self.settings.site)]

    def opening(self, watch: Watch) -> Change:
        """Return the opening of the incident that it would be."""
        now, cells = utc_now(), self.cells()
        watch.plan(cells, now)
        fault = Fault(FaultKind.CONNECT, "connect", SAID)
        for number in range(watch.rules.bad):
            at = now - timedelta(seconds=watch.rules.again_seconds * (watch.rules.bad - number))
            for cell in cells:
                watch.saw(Observation(cell.name, at, Verdict(Level.CRITICAL, (SAID,)), fault=fault))
        (change,) = watch.review(now + timedelta(seconds=watch.rules.gather_seconds))
        return change

    def closing(self, watch: Watch) -> Change:
        """Return its end."""
        now = utc_now()
        for _ in range(watch.rules.good):
            for cell in self.cells():
                watch.saw(Observation(cell.name, now, Verdict(Level.OK)))
        (change,) = watch.review(now)
        return change


def simulated(config: Path, server: str, *, ask: bool) -> int:
    """Play it; return the exit code. Raises: click.ClickException."""
    try:
        settings = load(config)
    except ConfigErrors as wrong:
        raise click.ClickException(str(wrong)) from wrong
    if server not in settings.servers:
        raise click.ClickException(f"there is no server {server}; there is: {', '.join(settings.servers) or 'none'}")
    plan = replace(notify_plan(settings, planned(settings)[1]), heartbeat=None, quiet_until=None)
    return asyncio.run(_play(Simulation(settings, plan, server), ask=ask))


def _agreed(change: Change, plan: NotifyPlan, *, ask: bool) -> None:
    """Say who will be told, and ask. Raises: click.ClickException, click.Abort."""
    decision = decide(change.incident, plan, utc_now())
    for words in (*decision.words, *(f"{words}: NOT tried here" for words in escalated(decision, plan))):
        click.echo(f"  {words}")
    if ask and decision.chains:
        if not sys.stdin.isatty():
            raise click.ClickException("people are going to be told; say --yes where nobody can be asked")
        click.confirm("Tell them, marked DRILL?", abort=True)


def _at_once(plan: NotifyPlan) -> NotifyPlan:
    """Return a plan without its escalations: nobody waits for them here, and who was told of their absence misses none."""
    return replace(plan, routes=tuple(replace(route, escalation=()) for route in plan.routes))


async def _play(simulation: Simulation, *, ask: bool) -> int:
    watch = Watch(simulation.settings.incidents.rules(), lambda: f"i{token_hex(4)}")
    change = simulation.opening(watch)
    click.echo(f"If {simulation.server} failed now:")
    _agreed(change, simulation.plan, ask=ask)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ms-drill-")))
        store = await Store.open(folder / "drill.db")
        stack.push_async_callback(store.close)
        telling = Telling(store, token_hex(16).encode(), simulation.plan.timezone, lambda: watch.open, lambda: True)
        telling.mark = DRILL
        telling.adopt(replace(_at_once(simulation.plan), console_url=""))
        running = asyncio.get_running_loop().create_task(telling.run())
        stack.push_async_callback(_ended, running)
        opened = await _tell(store, telling, change)
        broken = {one.channel for one in opened if _failed(one)}
        proven = {one.channel for one in opened if one.state is DeliveryState.SENT}
        closed = await _tell(store, telling, simulation.closing(watch), proven) if proven else []
    click.echo(CAUTION)
    return 0 if proven and not broken and not any(map(_failed, closed)) else 2


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _tell(store: Store, telling: Telling, change: Change, among: set[str] | None = None) -> list[Delivery]:
    """Tell one change, print what came of it over each channel (`among` these; None = all), and return how its deliveries stand."""
    began = utc_now()
    await save(store, [change])
    telling.wake()
    click.echo(f"{began:%Y-%m-%d %H:%M:%S} UTC  {change.kind.value}")
    shown: set[str] = set()
    found: list[Delivery] = []
    while (utc_now() - began).total_seconds() < SETTLED_SECONDS and not (found and all(map(_has_shown, found))):
        await asyncio.sleep(LOOK_SECONDS)
        every = [one for one in await deliveries_of(store, EVERYTHING, change.incident.id) if one.number == change.number]
        found = [one for one in every if among is None or one.channel in among]
        for one in found:
            if _has_shown(one) and one.channel not in shown:
                shown.add(one.channel)
                click.echo(f"  {(utc_now() - began).total_seconds():5.1f} s  {one.channel}: {_came_of(one)}: {one.said}")
    return found


def _has_shown(one: Delivery) -> bool:
    """Say whether it is known what a channel does: it is settled, or has failed twice."""
    return one.state is not DeliveryState.DUE or one.tries >= ENOUGH_TRIES


def _failed(one: Delivery) -> bool:
    """Say whether a channel was tried and gave no proof; one that was not asked, or not yet, has not failed."""
    return one.state is DeliveryState.TAKEN_OVER or (one.tries > 0 and one.state is not DeliveryState.SENT)


def _came_of(one: Delivery) -> str:
    return "NOT proven" if _failed(one) else one.state.value
