"""The running service: judges results, hands them on, plans anew when configuration or directory change. It opens nothing itself."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from config import ConfigErrors
from config.incidents import maintenances
from config.load import load
from config.notify_plan import notify_plan
from console.board import Board
from console.ports import Numbers, Reloaded
from probe.clock import utc_now
from probe.values import Fault, FaultKind, Result
from probe.wire import Wire
from service.alarms.alarm_desk import AlarmDesk
from service.alarms.alarms import Alarms
from service.alarms.telling import Telling
from service.health.prober_health import ProberHealth
from service.identity import NoKey
from service.known_domains import KnownDomains
from service.logs import configure, facts
from service.planning import resolver_of, secrets_in, with_domains
from service.rounds.awaited import AwaitedTrips
from service.rounds.budget import Purses
from service.rounds.crew import compose
from service.rounds.janitor import Janitor
from service.rounds.round_plan import budgets_of
from service.rounds.rounds import Rounds
from service.rounds.run import LATE_AFTER_SECONDS, judge_check, judge_one_trip
from service.rounds.trips import Trips
from service.rounds.usual_hours import UsualHours
from service.rounds.warm import settle, uncollected, warm
from service.rounds.work import Work
from service.tracking.tracker import Tracker
from service.tracking.ways import Ways
from service.watch_file import mark
from store.backup import backup
from store.ledger import PassageLedger
from store.values import Run, TripRun
from thresholds.incident_values import Mutes
from thresholds.limits import Limits
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from config.plan import Discovered
    from config.settings import Settings
    from probe.values import Check, Trip
    from service.rounds.budget import Budget
    from store.store import Store
    from thresholds.values import Verdict

log = logging.getLogger("mailsonde.serve")

WAIT_SECONDS = 0.2  # for a server's budget, before a run by hand that is limited in time
UNTIL_RESTART: dict[str, Callable[[Settings], Any]] = {  # settings that a reload cannot change -> what is compared
    "store.path": lambda settings: settings.store.path,
    "metrics.listen": lambda settings: settings.metrics.listen,
    "metrics.token": lambda settings: settings.metrics.token,
    "console.listen": lambda settings: settings.console.listen,
    "notify.console_url": lambda settings: bool(settings.notify.console_url),  # whether the links of notices are answered
    "console.token": lambda settings: settings.console.token,
    "site": lambda settings: settings.site,
    "identity.key": lambda settings: settings.identity.key,
    "resolver": resolver_of,
}


class Daemon:
    """One service. Make it on the running loop; it is what the console sees as its `Service`.

    Args:
        file: the configuration.
        settings: what it says now.
        key: signs test messages.
    """

    def __init__(self, file: Path, settings: Settings, store: Store, key: bytes) -> None:
        self.file, self.settings, self.store = file, settings, store
        self.wire = Wire(resolver_of(settings))
        self.health = ProberHealth(self.wire)
        self.board = Board(settings.site)
        self.usual = UsualHours(store, settings.timezone)
        purses = Purses()  # checks and trips spend out of the same budgets
        self.rounds = Rounds(self._probe, self._ran, purses=purses)
        left = settings.store.path.with_suffix(".trips")
        self.trips = Trips(self.wire, key, PassageLedger(store), self._told, left=left, purses=purses)
        self.alarms = Alarms(store, self.probe_now, self.trips.hasten, lambda: self.health.sick)
        self.telling = Telling(
            store, key, settings.timezone, lambda: self.alarms.watch.open, lambda: not (self.broken or store.health.broken)
        )
        self.alarms.changed = self.telling.wake
        self.alarm_desk = AlarmDesk(self.alarms, self.telling, store)
        self.telling.acknowledge = self.alarm_desk.acknowledge
        self.awaited = AwaitedTrips(self._judged_trip, self._show_trip)
        self.janitor = Janitor(self.wire, key)
        self.ways = Ways(self._known_better)
        self.tracking = Tracker(self.ways.heard, (store, settings.site))
        self.work = Work(site=settings.site, key=key)
        self.problem = "the first plan is being made"  # why it does not probe yet
        self.broken = ""  # which part has ended, and why
        self.ask_directory = asyncio.Event()
        self.reloaded = Reloaded(taken_at=utc_now())
        self._late_after: dict[str, float] = {}
        self.domains = KnownDomains(store)
        self._planning = asyncio.Lock()
        self._reloading = asyncio.Lock()  # what was read first is put in force first
        self._at_start = settings
        self.read = mark(file)  # which state of the file was read last

    @property
    def numbers(self) -> Numbers:
        """Return what the metrics ask of the parts."""
        return Numbers(
            store=lambda: self.store.health,
            rounds=lambda: self.rounds.stats,
            trips=lambda: self.trips.stats,
            prober=lambda: self.health.numbers,
            reloaded=lambda: self.reloaded,
            alarms=lambda: self.telling.numbers(self.alarms.levels, self.alarms.opened),
            tracking=self.tracking.numbers,
        )

    # -- what is measured

    async def _probe(self, check: Check) -> Result:
        return await self.wire.run(check, compose(check, self.work.key))

    def _judged(self, result: Result, late_seconds: float = 0.0, *, by_hand: bool = False) -> Run:
        judged = judge_check(self.health.bounded(result), self.work)
        verdict = self.health.doubt(judged.result, judged.verdict)
        bounds = judged.bounds
        return Run(judged.result, verdict, late_seconds, bounds.warning_seconds, bounds.critical_seconds, by_hand)

    def _ran(self, result: Result, late_seconds: float) -> None:
        self.health.saw(result)
        run = self._judged(result, late_seconds)
        self.store.put(run)
        self.board.saw(run)
        self.alarms.heard(run)

    def _judged_trip(self, trip: Trip) -> Verdict:
        late = self._late_after.get(trip.name, LATE_AFTER_SECONDS)
        return judge_one_trip(trip, late, self.work, utc_now(), self.ways.of(trip)).verdict

    def _told(self, trip: Trip) -> None:
        self.ways.saw(trip)
        verdict = self._judged_trip(trip)
        self.awaited.heard(trip, verdict.level)
        self._show_trip(trip, verdict)

    def _show_trip(self, trip: Trip, verdict: Verdict) -> None:
        run = TripRun(trip, self.health.doubt(trip, verdict))
        self.store.put(run)
        self.board.saw_trip(run)
        self.alarms.heard_trip(run, self.ways.of(trip))

    def _known_better(self, trip: Trip) -> None:
        """Judge a trip once more: the servers' logs tell its way now. It is no other trip, so nothing counts it again."""
        run = TripRun(trip, self.health.doubt(trip, self._judged_trip(trip)))
        if run.verdict.level >= Level.WARNING:
            self.store.put(run)
            self.alarms.heard_trip(run, self.ways.of(trip))

    # -- what is planned

    async def start(self) -> None:
        """Plan for the first time. A directory that is away leaves the domains that were known last; it is asked again by the upkeep."""
        if self.settings.discovery is not None:
            await self.domains.recall()
        await self.refresh()
        settle()

    async def refresh(self) -> bool:
        """Ask the directory again and plan by its answer. Returns whether it answered. Raises: NoKey."""
        found = await self.domains.ask(self.settings, self.wire)
        if found is None and not self.work.checks:
            await self._plan()
        if found is None:
            return False
        if found != self.domains.known or not self.work.checks:
            with uncollected():
                await self._plan(domains=found)
            await self.domains.remember()
        return True

    async def _plan(self, settings: Settings | None = None, domains: tuple[Discovered, ...] | None = None) -> None:
        """Put new settings in force, or new domains; what is not given stays. Raises: NoKey."""
        async with self._planning:
            settings = settings or self.settings
            domains = self.domains.known if domains is None else domains
            work = await with_domains(settings, domains if settings.discovery else ())
            await asyncio.to_thread(warm, work)
            self.settings = settings
            self.domains.adopt(domains)
            await self._adopt(work, budgets_of(settings))
        log.info(
            "planned", extra=facts(checks=len(work.checks), trips=len(work.journeys), domains=len({one.domain for one in work.checks}))
        )

    async def _adopt(self, work: Work, budgets: Mapping[str, Budget]) -> None:
        """Let every part have the new work."""
        self.usual.zone = self.settings.timezone
        self.work = replace(work, limits=Limits(self.settings.limits, self.usual))
        self._late_after = {journey.name: journey.late_after_seconds for journey in work.journeys}
        await self.board.replan(work.checks, work.journeys)
        for warning in await self.rounds.replan(work.checks, budgets):
            log.warning("a budget cannot be met: %s", warning)
        self.trips.plan(work.journeys, budgets)
        plan = await asyncio.to_thread(notify_plan, self.settings, work.journeys)
        quiet = Mutes((), maintenances(self.settings), plan.quiet_until)
        await self.alarms.plan(self.work, plan.needs, self.settings.incidents.rules(), quiet)
        self.telling.adopt(plan)
        await self.janitor.replan(work.journeys, work.checks)
        self.tracking.adopt(self.settings.tracking, self.settings.timezone)
        self.problem = "" if work.checks else "no check is planned: the configuration has no domain, and the directory named none yet"

    # -- what the console asks (console.ports.Service)

    def unhealthy(self) -> str:
        """Return why the process should be restarted: one of its parts has ended. What a restart would not mend is no reason."""
        return self.broken

    def unready(self) -> str:
        """Return why it does not probe yet."""
        return self.problem

    async def reload(self) -> str:
        """Read the configuration again; an invalid one leaves all as it is."""
        async with self._reloading:
            self.read = mark(self.file)
            try:
                return await self._read_again()
            except (ConfigErrors, NoKey) as error:
                self.reloaded = replace(self.reloaded, problem=str(error))
                log.error("the configuration was not taken, the old one stays in force: %s", error)  # noqa: TRY400 - the line says all
                return str(error)

    async def _read_again(self) -> str:
        """Put in force what the file says now. Raises: ConfigErrors, NoKey."""
        before = self.settings
        with uncollected():
            settings = await asyncio.to_thread(load, self.file)
            await self._plan(settings)
        self._taken(before, settings, await asyncio.to_thread(secrets_in, settings))
        settle()
        return ""

    def _taken(self, before: Settings, settings: Settings, secrets: set[str]) -> None:
        configure(settings.log.format, settings.log.level, secrets)
        late = [name for name, part in UNTIL_RESTART.items() if part(self._at_start) != part(settings)]
        self.reloaded = Reloaded(taken_at=utc_now())
        if before.discovery != settings.discovery:
            self.ask_directory.set()
        for warning in settings.warnings:
            log.warning("configuration: %s", warning)
        log.info("the configuration was taken", extra=facts(only_at_next_start=", ".join(late)) if late else None)

    async def probe_now(self, check: str, timeout_seconds: float | None = None) -> Run | None:
        """Run one check by hand; it is shown and stored, and counts in no availability."""
        began, limit = utc_now(), timeout_seconds if timeout_seconds is not None else float("inf")
        try:
            async with asyncio.timeout(None if timeout_seconds is None else timeout_seconds + WAIT_SECONDS):
                result = await self.rounds.probe_now(check, limit)
        except TimeoutError:
            cell = self.board.cells.get(check)
            said = "it waited for its server's budget for longer than whoever asked for it would"
            result = Result(cell.check, began, fault=Fault(FaultKind.OURS, "run", said)) if cell is not None else None
        if result is None:
            return None
        run = self._judged(result, by_hand=True)
        self.store.put(run)
        if not self._cut_short(result):
            self.board.saw(run)
            self.alarms.heard(run)
        return run

    def _cut_short(self, result: Result) -> bool:
        """Return whether a time-out says more of who asked than of the server: the schedule would have waited longer."""
        cell, fault = self.board.cells.get(result.check.name), result.fault
        timed_out = fault is not None and fault.kind is FaultKind.TIMEOUT
        return timed_out and cell is not None and result.check.timeout_seconds < cell.check.timeout_seconds

    def limits(self) -> Limits:
        """Return the limits that results are judged by now."""
        return self.work.limits

    async def backup(self, target: Path) -> None:
        """Pack the store, the key and the configuration into one file. Raises: StoreError."""
        key = self.settings.identity.key
        await backup(self.store, target, [self.file, key] if isinstance(key, Path) else [self.file])
