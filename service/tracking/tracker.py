"""Message tracking as the service has it: how each source stands, how long hops and links took, and imports by hand that are under way."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from console.histogram import MAIL_SECONDS, Histogram
from console.ports_tracking import TrackingNumbers
from service.tracking.handover import Handover
from service.tracking.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

    from config.tracking import Tracking
    from service.tracking.orders import JSON
    from store.store import Store

MOST_IMPORTS = 20  # whose end is remembered
GONE = "the process that imports has ended: run it again, it goes on where it stopped"


@dataclass(slots=True)
class Handed:
    """An import that was handed over."""

    run: int  # of the process that has it
    news: JSON = field(default_factory=dict)  # the last of it

    @property
    def ended(self) -> bool:
        """Say whether it has come to its end."""
        return "report" in self.news or "failed" in self.news


class Tracker:
    """Hears the process that follows, and answers for it.

    Args:
        way: hears the way of each of our own messages.
        remembered: the store whose trips, rollups, incidents and maintenance the lake gets, and the prober's site; None = nothing does.
    """

    def __init__(self, way: Callable[[JSON], None] = lambda _: None, remembered: tuple[Store, str] | None = None) -> None:
        self._way = way
        self.supervisor = Supervisor(self._heard)
        self._handover = None if remembered is None else Handover(remembered[0], self.supervisor.say, remembered[1])
        self.state: JSON | None = None  # as it was told last
        self.hops: dict[str, Histogram] = {}
        self.links: dict[str, Histogram] = {}
        self.outcomes: Counter[str] = Counter()
        self._imports: dict[str, Handed] = {}
        self._numbers = count(1)

    def adopt(self, tracking: Tracking | None, zone: ZoneInfo) -> None:
        """Follow what a configuration says."""
        self.supervisor.adopt(tracking, zone)
        if not self.supervisor.wanted:
            self.state = None

    async def run(self) -> None:
        """Follow until cancelled."""
        if self._handover is None:
            await self.supervisor.run()
            return
        async with asyncio.TaskGroup() as both:
            both.create_task(self.supervisor.run())
            both.create_task(self._handover.run())

    # -- what the process says

    def _heard(self, news: JSON) -> None:
        if "state" in news:
            self.state = news["state"]
            self.supervisor.problem = ""
        elif "cursor" in news and self._handover is not None:
            self._handover.heard(news["cursor"])
        elif "times" in news:
            self._times(news["times"])
        elif "flow" in news:
            self._way(news["flow"])
        elif "import" in news:
            self._of_import(news)

    def _of_import(self, news: JSON) -> None:
        one = self._imports.get(str(news["import"]))
        if one is not None:
            one.news = news

    def _times(self, times: Mapping[str, Any]) -> None:
        for known, new in ((self.hops, times["hops"]), (self.links, times["links"])):
            for name, told in new.items():
                one = known.setdefault(name, Histogram(MAIL_SECONDS))
                one.sum_seconds += told["sum"]
                one.counts = [have + more for have, more in zip(one.counts, told["counts"], strict=True)]
        self.outcomes.update(times["outcomes"])

    # -- what the console asks (console.ports.Tracking)

    def numbers(self) -> TrackingNumbers | None:
        """Return what metrics show; None where nothing is followed."""
        if not self.supervisor.wanted:
            return None
        told = self.supervisor
        return TrackingNumbers(told.running and not told.problem, told.starts, self.state or {}, self.hops, self.links, self.outcomes)

    def standing(self) -> JSON:
        """Return how it stands, for people and programs."""
        told = self.supervisor
        return {"following": told.wanted, "lake": told.lake, "problem": told.problem, "starts": told.starts, "state": self.state}

    def begin_import(self, order: JSON) -> str:
        """Hand an import over; return by what it is asked for. Raises: ValueError, with one sentence."""
        asked = str(next(self._numbers))
        self.supervisor.say({**order, "import": asked})
        self._imports[asked] = Handed(self.supervisor.starts)
        for old in list(self._imports)[:-MOST_IMPORTS]:
            del self._imports[old]
        return asked

    def import_state(self, asked: str) -> JSON:
        """Return how an import stands. Raises: LookupError where there is none of this name."""
        one = self._imports[asked]
        if one.ended or (self.supervisor.running and self.supervisor.starts == one.run):
            return one.news
        return {"failed": GONE}
