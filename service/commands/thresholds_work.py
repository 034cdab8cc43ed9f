"""What the subcommands of `probe thresholds` do: choose, replay, suggest. From their words to text on standard output."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from config.weekly import window
from probe.clock import utc_now
from service.commands.backtest_replay import Source
from service.commands.backtest_suggest import OFFICE, OFFICE_NAME, as_yaml
from service.commands.loop import run_loop
from service.commands.options import CONFIG_FILE
from service.commands.thresholds_choose import Chosen, samples_of
from service.commands.thresholds_input import opened, settings_of, time_of, timeouts_of, times_of
from service.show.backtest_show import Frame, as_json, print_backtest
from service.show.progress import Progress
from service.show.thresholds_show import print_one, print_overview
from thresholds.backtest import Backtest
from thresholds.baselines import WEEK_SECONDS, weeks_needed
from thresholds.calendars import Calendar
from thresholds.learned import Learned
from thresholds.limits import Limits
from thresholds.suggest import Suggestions
from thresholds.values import Aspect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime

    from config.settings import Settings
    from thresholds.backtest import Compared, Replayed
    from thresholds.suggest import Suggestion

NO_WAYS = "thresholds on a `link` are left out: a stored trip tells only the hops of its headers, not its way by the servers' logs"


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, as it stands on the command line, and the store that it is read from."""

    since: str
    until: str
    store: str | None  # None = the configuration's


def show(config_file: str | None, written: str, chosen: Chosen, *, every: bool) -> None:
    """Print which limit is in force."""
    from service.show.table import make_console  # noqa: PLC0415 - rich, for a screen alone

    settings = settings_of(config_file)
    samples = samples_of(settings, chosen, time_of("--at", written, settings, utc_now()))
    limits, console = Limits(settings.limits), make_console()
    if len(samples) == 1:
        print_one(samples[0], limits, console, settings.timezone, every=every)
    else:
        print_overview(samples, limits, console, every=every)


# -- backtest


def backtest(new_file: str | None, old_file: str | None, span: Span, form: str, *, every: bool) -> None:
    """Replay what is stored and print what would have been otherwise."""
    settings = settings_of(new_file)
    old = settings_of(old_file) if old_file else None
    since, until = times_of(span.since, span.until, settings, utc_now())
    if any(limit.match.aspect is Aspect.LINK for limit in (*settings.limits, *(old.limits if old else ()))):
        click.echo(f"probe: warning: {NO_WAYS}", err=True)
    found = run_loop(_replayed(settings, old, (since, until), _path(settings, span)))
    frame = Frame(since, until, old_file or "", new_file or CONFIG_FILE, settings.timezone)
    if form == "json":
        click.echo(as_json(found, frame))
        return
    from service.show.table import make_console  # noqa: PLC0415 - as above

    print_backtest(found, frame, make_console(), every=every)


def _path(settings: Settings, span: Span) -> Path:
    return Path(span.store) if span.store else settings.store.path


async def _replayed(settings: Settings, old: Settings | None, times: tuple[datetime, datetime], path: Path) -> Mapping[str, Compared]:
    learned = Learned(settings.timezone)
    test = Backtest(Limits(settings.limits, learned), Limits(old.limits, learned) if old else None, learned)
    since, until = times
    async with opened(path) as store:
        source = Source(store, settings.site, timeouts_of(settings), settings.roundtrip.late_after_seconds)
        begin = since - _history_of(settings, old)
        async with Progress(await source.count(begin, until), "runs", lambda: source.done):
            async for one in _all(source, begin, until):
                (test.learn if one.at < since else test.see)(one)
    return test.done()


def _history_of(settings: Settings, old: Settings | None) -> timedelta:
    """Return how long before the time in question the replay must begin to know what is usual."""
    limits = (*settings.limits, *(old.limits if old else ()))
    weeks = max((weeks_needed(limit.baseline) for limit in limits if limit.baseline), default=0)
    return timedelta(seconds=weeks * WEEK_SECONDS)


async def _all(source: Source, since: datetime, until: datetime) -> AsyncIterator[Replayed]:
    async for run in source.runs(since, until):
        yield run
    async for trip in source.trips(since, until):
        yield trip


# -- suggest


def suggest(config_file: str | None, span: Span) -> None:
    """Print limits made of what is stored."""
    settings = settings_of(config_file)
    since, until = times_of(span.since, span.until, settings, utc_now())
    found = run_loop(_suggested(settings, since, until, _path(settings, span)))
    click.echo(as_yaml(found, since, until, settings.timezone, own_calendar=not settings.calendars), nl=False)


def _calendars(settings: Settings) -> list[Calendar]:
    """Return the calendars by which hours may differ: the configuration's, or office hours where it has none."""
    if settings.calendars:
        return [plan.calendar(name, settings.timezone) for name, plan in settings.calendars.items()]
    return [Calendar(OFFICE_NAME, settings.timezone, (window(OFFICE),))]


async def _suggested(settings: Settings, since: datetime, until: datetime, path: Path) -> list[Suggestion]:
    made = Suggestions(_calendars(settings), timeouts_of(settings))
    async with opened(path) as store:
        source = Source(store, settings.site, timeouts_of(settings), settings.roundtrip.late_after_seconds)
        async with Progress(await source.count(since, until), "runs", lambda: source.done):
            async for one in _all(source, since, until):
                if not one.verdict.suspect and not one.doubtful:
                    for sample in one.samples:
                        made.see(sample)
    return made.done()
