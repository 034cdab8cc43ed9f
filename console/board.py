"""What is now: the last run of every check and trip, and what was counted since the start. Metrics and API read it; it decides nothing.

`saw` is called for every result, a thousand a second: it costs microseconds, and each check about 1 kB. It never keeps a conversation, and
shows nothing that it was not told: a check is unknown until its first run, and again when its last one is older than 2.5 intervals.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING

from console.board_cells import Cell, Tally
from console.board_trips import Hops, Journeying, Stages
from console.histogram import LATENESS_SECONDS, Histogram
from console.metrics_table import MANY_TRIPS, WIDE
from probe.values import FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from probe.values import Check, Journey
    from store.values import Run, TripRun

AT_ONCE = 100  # checks that are planned without a pause: 0.5 ms when they are new


class Board:
    """What is now.

    Args:
        site: where this prober stands; a label on every series.
        clock: seconds that only grow.
    """

    def __init__(self, site: str = "", clock: Callable[[], float] = monotonic) -> None:
        self.site = site
        self.clock = clock
        self.cells: dict[str, Cell] = {}  # by name of the check
        self.tallies: dict[tuple[str, str], Tally] = {}  # by server's name and kind
        self.sizes: Counter[tuple[str, str]] = Counter()  # checks, by server's name and kind
        self.first_of: dict[str, str] = {}  # by server's name: the name of its first domain's check
        self.lateness = Histogram(LATENESS_SECONDS)
        self.journeys: dict[str, Journeying] = {}  # by name of the trip
        self.all_stages = Stages()
        self.hops = Hops()
        self.plans = 0  # how often it was planned: what stood in the order of one plan need not in the next

    @property
    def is_wide(self) -> bool:
        """Say whether there are too many checks to show each step of each."""
        return len(self.cells) > WIDE

    @property
    def has_many_trips(self) -> bool:
        """Say whether there are too many trips to show histograms of each."""
        return len(self.journeys) > MANY_TRIPS

    def plan(self, checks: Iterable[Check], journeys: Iterable[Journey]) -> None:
        """Replace the set at any time: who stays keeps what was seen of it, who is gone vanishes with all its series.

        With 60,000 checks it takes 0.3 s the first time, and 30 ms later: on a loop that probes, use `replan`.
        """
        for _ in self._plan(checks, journeys):
            pass

    async def replan(self, checks: Iterable[Check], journeys: Iterable[Journey]) -> None:
        """Do the same in slices of less than a millisecond; until it returns, the old set is shown."""
        for _ in self._plan(checks, journeys):
            await asyncio.sleep(0)

    def _plan(self, checks: Iterable[Check], journeys: Iterable[Journey]) -> Iterator[None]:
        """Make the new set part by part, and put it in the place of the old one at the end."""
        old, cells, sizes = self.cells, dict[str, Cell](), Counter[tuple[str, str]]()
        first_of: dict[str, str] = {}
        rest = iter(checks)
        while part := list(islice(rest, AT_ONCE)):
            cells.update([(check.name, self._cell(check, old.get(check.name))) for check in part])
            sizes.update([(check.server, check.kind) for check in part])
            for check in part:
                first_of.setdefault(check.server, check.name)
            yield
        trips, rest_of_trips = dict[str, Journeying](), iter(journeys)
        while some := list(islice(rest_of_trips, AT_ONCE)):
            trips.update([(one.name, self._journey(one)) for one in some])
            yield
        self.cells, self.sizes, self.first_of, self.journeys = cells, sizes, first_of, trips
        self.tallies = {key: tally for key, tally in self.tallies.items() if key in sizes}
        self.plans += 1

    def _cell(self, check: Check, old: Cell | None) -> Cell:
        if old is not None and (old.check.domain, old.check.server, old.check.kind) == (check.domain, check.server, check.kind):
            old.check = check
            return old
        key = (check.server, check.kind)
        tally = self.tallies.get(key)
        if tally is None:
            tally = self.tallies[key] = Tally(self.site, *key)
        return Cell(check, self.site, tally)

    def _journey(self, journey: Journey) -> Journeying:
        old = self.journeys.get(journey.name)
        if old is None or old.domain != journey.domain:
            return Journeying(self.site, journey.name, journey.domain, journey.every_seconds)
        old.every_seconds = journey.every_seconds
        return old

    def saw(self, run: Run) -> None:
        """Take a run as the last of its check; one by hand is shown and not counted, or ignored where nothing was asked of the server.

        A check that is not planned is ignored.
        """
        cell = self.cells.get(run.result.check.name)
        if cell is None or (run.by_hand and _came_to_nothing(run)):
            return
        cell.keep(run, self.clock())
        if not run.by_hand:
            self.lateness.saw(run.late_seconds)
            cell.tally.count(run, wide=self.is_wide)

    def saw_trip(self, run: TripRun) -> None:
        """Take how a trip stands: each change while it is under way, and its end."""
        journey = self.journeys.get(run.trip.name)
        if journey is None or not journey.saw(run, self.clock()):
            return
        self.hops.saw(run)
        self.all_stages.saw(run)
        if not self.has_many_trips:
            journey.stages = journey.stages or Stages()
            journey.stages.saw(run)


def _came_to_nothing(run: Run) -> bool:
    return run.result.fault is not None and run.result.fault.kind is FaultKind.OURS
