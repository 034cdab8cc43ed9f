"""One `probe run` from its work to its exit code: once, or again and again with --watch.

Closes every connection politely, also on Ctrl-C.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

import click

from probe.wire import Wire
from service.commands.gather import gather
from service.commands.loop import run_loop
from service.rounds.crew import Crew
from service.rounds.run import Runner, run_once
from service.rounds.warm import settle, warm
from service.show.progress import Progress
from service.show.show import clear_screen, show

if TYPE_CHECKING:
    from service.commands.options import Wanted
    from service.report import Report
    from service.rounds.work import Work


def _complain(sentence: str) -> None:
    click.echo(f"probe: warning: {sentence}", err=True)


async def _measure(work: Work, wire: Wire) -> Report:
    """Run the work once, with a progress bar for those who wait."""
    crew = Crew(work, wire, _complain)
    runner = Runner(crew.probe, crew.travel)
    async with Progress(len(work.checks) + len(work.journeys), "checks and trips", lambda: runner.done):
        return await run_once(work, runner)


async def _watch(work: Work, wire: Wire, wanted: Wanted) -> int:
    """Measure and show, again and again where that is wanted. Returns the exit code of the last report."""
    every_seconds = wanted.every_seconds or work.every_seconds
    while True:
        began = monotonic()
        report = await _measure(work, wire)
        if wanted.watch:
            clear_screen()
        show(report, wanted.form, every=wanted.everything, talk=wanted.talk)
        if not wanted.watch:
            return report.exit_code
        await asyncio.sleep(max(0.0, began + every_seconds - monotonic()))


async def _session(wanted: Wanted) -> int:
    work = await gather(wanted)
    warm(work)
    if wanted.watch:
        settle()
    wire = Wire(work.resolver)
    try:
        return await _watch(work, wire, wanted)
    finally:
        await wire.close()


def session(wanted: Wanted) -> int:
    """Do what the command line wants and return the exit code.

    Raises: click.ClickException with what is wrong with the configuration or the URL; KeyboardInterrupt after Ctrl-C.
    """
    if wanted.like is not None:
        from service.commands.like_work import like  # noqa: PLC0415 - it opens the store; a run needs none

        return run_loop(like(wanted, wanted.like))
    return run_loop(_session(wanted))
