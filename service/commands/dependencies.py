"""Which servers seem to need which: what has failed together, read from the service or from its store, for `depends_on` to be written."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from config import ConfigErrors
from config.load import load
from config.needs import needs_of
from config.plan import plan
from service.alarms.cells import cells_of
from service.commands.alarms_ask import read
from service.rounds.work import Work
from store.reads import Wanted, runs
from thresholds.blame_suggest import suggest_dependencies
from thresholds.scope import EVERYTHING
from thresholds.values import Level

if TYPE_CHECKING:
    from service.commands.reach import Where
    from store.store import Store
    from thresholds.blame_suggest import Suggestion

MOST = 100_000  # bad runs that are looked at, the newest
PAGE = 500


def dependencies(where: Where, since: str) -> tuple[Suggestion, ...]:
    """Return what the history suggests. `since`: a time as the API takes it. Raises: click.ClickException."""
    try:
        settings = load(Path(where.file))
    except ConfigErrors as wrong:
        raise click.ClickException(str(wrong)) from wrong
    bad = read(
        where,
        lambda control: [
            (str(run["check"]), datetime.fromisoformat(run["started_at"]))
            for run in islice(control.items("/runs", level="WARNING", since=since, limit=PAGE), MOST)
        ],
        lambda store: _remembered(store, datetime.fromisoformat(since)),
    )
    servers = {name: server for name, server in settings.servers.items() if server is not None}
    work = Work(plan(settings)[0], site=settings.site)
    cells = {cell.name: cell for cell in cells_of(work, needs_of(servers))}
    return suggest_dependencies(bad, cells)


async def _remembered(store: Store, since: datetime) -> list[tuple[str, datetime]]:
    """Return cell and time of each bad run. Raises: StoreError."""
    found: list[tuple[str, datetime]] = []
    cursor = ""
    while len(found) < MOST:
        page = await runs(store, EVERYTHING, Wanted(level=Level.WARNING, since=since), cursor, PAGE)
        found += [(run.check, run.started_at) for run in page.runs]
        cursor = page.cursor
        if not cursor:
            break
    return found
