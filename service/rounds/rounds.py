"""The thin loop of `probe serve`: who is due is probed, at its time and within its server's budget. It judges nothing and stores nothing.

One timer for all checks (rounds/schedule.py says when), one task for each conversation under way, none for those that wait. Refuses to
pile up: who is still waiting or running when it is due again has missed that run. Our own bug in one check never ends the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from service.logs import facts
from service.rounds.alarm import GRAIN_SECONDS, Alarm
from service.rounds.budget import Purses
from service.rounds.clocks import Clocks, read_clocks
from service.rounds.gate import Seat
from service.rounds.gates import Gates
from service.rounds.round_plan import prepare, prepare_beside
from service.rounds.run import run_one
from service.rounds.schedule import Due, Schedule
from service.rounds.stats import Stats, Tally
from service.rounds.words import backing_off, held_back, marked, tell_pause

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from probe.values import Check, Result
    from service.rounds.backoff import Backoff
    from service.rounds.budget import Budget
    from service.rounds.clock_steps import Look
    from service.rounds.gate import Gate
    from service.rounds.round_plan import RoundPlan

AT_ONCE = 400  # conversations over all servers; each holds a file descriptor, of which a process often has 1,024
LOOK_SECONDS = 1.0  # from one look at the clocks to the next

log = logging.getLogger("mailsonde.rounds")


class Rounds:
    """Probes the planned checks at their times.

    Args:
        probe: runs one check; what the peer does never raises.
        done: is told each result of the schedule, on the loop, with the seconds by which it began late. Must be quick.
        at_once: conversations over all servers.
        clocks: reads the clocks.
        purses: what is left of the servers' budgets, where others spend out of them too.
    """

    def __init__(
        self,
        probe: Callable[[Check], Awaitable[Result]],
        done: Callable[[Result, float], None],
        at_once: int = AT_ONCE,
        clocks: Callable[[], Look] = read_clocks,
        purses: Purses | None = None,
    ) -> None:
        self._probe, self._done, self._at_once = probe, done, at_once
        self._clocks = Clocks(log, clocks)
        self._schedule = Schedule(self._clocks.anchor)
        self._checks: dict[str, Check] = {}
        self._gates = Gates(purses or Purses())
        self._seats: dict[str, Seat] = {}  # one for each check that waits or is under way
        self._tasks: set[asyncio.Task[None]] = set()
        self._alarm = Alarm(self._tick)
        self._running = False
        self._tally = Tally()

    # -- what is planned

    def plan(self, checks: Iterable[Check], budgets: Mapping[str, Budget]) -> list[str]:
        """Replace the set, at any time: who stays keeps its time and its run under way, who is gone is not run again.

        With thousands of checks this holds the loop for long; `replan` does not. `budgets` are by the server's name in the configuration.
        Returns: a sentence for each that the intervals cannot keep.
        """
        return self._adopt(prepare(self._schedule, checks, budgets))

    async def replan(self, checks: Iterable[Check], budgets: Mapping[str, Budget]) -> list[str]:
        """Do as `plan` does, with the arithmetic in a thread while the rounds go on. One at a time."""
        return self._adopt(await prepare_beside(self._schedule, checks, budgets))

    def _adopt(self, plan: RoundPlan) -> list[str]:
        """Put a plan in force and return its warnings."""
        waiting = [seat for gate in self._kept_waiting() for seat in gate.empty()]
        self._checks = plan.checks
        self._schedule.adopt(plan.change, self._clocks.now())
        self._gates.lay(plan.budgets, set(plan.change.gone))
        for seat in waiting:
            self._seat_again(seat)
        for gate in self._kept_waiting():
            self._pump(gate, self._clocks.now())
        self._wind()
        return plan.warnings

    def _kept_waiting(self) -> list[Gate]:
        """Return the gates at which somebody waits."""
        return list(dict.fromkeys(self._gates.of(seat.check) for seat in self._seats.values() if seat.began is None))

    def _seat_again(self, seat: Seat) -> None:
        """Let one that waited wait on, as what it is planned to be now."""
        check = self._checks.get(seat.check.name)
        if check is None:
            self._over(seat)
            return
        seat.check = check if seat.hand is None else replace(check, timeout_seconds=min(check.timeout_seconds, seat.check.timeout_seconds))
        self._gates.of(check).enter(seat)

    # -- the loop

    async def run(self) -> None:
        """Probe at the planned times until cancelled; conversations under way then get their farewell from the wire."""
        self._running = True
        self._wind()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._running = False
            self._alarm.stop()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._tasks.clear()  # one that was cancelled before it began could not do so itself

    def _wind(self) -> None:
        """Have the one timer ring for what comes next."""
        if self._running:
            now = self._clocks.now()
            self._alarm.ask(min(self._schedule.next_at(), self._gates.next_at(), now + LOOK_SECONDS), now)

    def _tick(self) -> None:
        """Begin what is due. A bug here must not end the rounds."""
        try:
            now = self._clocks.look()
            for due in self._schedule.due(now):
                self._come(due, now)
            for gate in self._gates.due(now):
                self._pump(gate, now)
        except Exception:
            log.exception("our own error in the schedule")
        finally:
            self._wind()

    def _come(self, due: Due, now: float) -> None:
        """A check is due. One that is asked by hand just then is run after that: who asks on and on must not take all its runs."""
        check, seat = self._checks[due.name], self._seats.get(due.name)
        owed = seat is not None and seat.hand is not None and seat.owed_at is None
        self._tally.missed[check.server] += max(due.missed, int(seat is not None)) - owed
        if seat is not None:
            if seat.hand is not None:
                seat.owed_at = due.at
            elif seat.began is None:
                seat.due_at = due.at  # it goes on waiting, but for this run
            return
        gate = self._gates.of(check)
        seat, pause = Seat(check, due.at), gate.held(due.name, now)
        if pause is not None:
            self._hold_back(seat, pause)
        else:
            self._enter(gate, seat, now)

    def _hold_back(self, seat: Seat, pause: Backoff) -> None:
        """A run is not made, because the server asked to be left alone."""
        if seat.hand is None:
            self._tally.missed[seat.check.server] += 1
            self._tally.held[seat.check.server] += 1
        elif not seat.hand.done():
            seat.hand.set_result(held_back(seat.check, pause, self._clocks.read()))
        self._over(seat)

    def _enter(self, gate: Gate, seat: Seat, now: float) -> None:
        self._seats[seat.check.name] = seat
        gate.enter(seat)
        self._pump(gate, now)

    def _pump(self, gate: Gate, now: float) -> None:
        """Begin those of a gate that may begin, and see to it that the others are looked at when they may."""
        while gate.waiting:
            if len(self._tasks) >= self._at_once:
                self._gates.crowd(gate)
                return
            wait = gate.wait_seconds(now)
            if wait:
                self._gates.wake(gate, now + max(wait, GRAIN_SECONDS))
                return
            self._begin(gate, gate.begin(now))

    # -- one run

    def _begin(self, gate: Gate, seat: Seat) -> None:
        self._tasks.add(asyncio.get_running_loop().create_task(self._converse(gate, seat)))

    async def _converse(self, gate: Gate, seat: Seat) -> None:
        """Run one check, tell what came of it, and let the next one in."""
        began = seat.began = self._clocks.now()
        self._tally.begun += 1
        try:
            result = marked(await run_one(seat.check, self._probe), self._clocks.since(began))
            self._learn(gate, seat, result)
            self._tell(seat, result, max(0.0, began - seat.due_at))
        except Exception:
            log.exception("our own error with the result of %s", seat.check.name)
        finally:
            gate.end()
            self._over(seat)
            self._tasks.discard(asyncio.current_task())
            self._let_in(gate)

    def _tell(self, seat: Seat, result: Result, late_seconds: float) -> None:
        """Hand a result on to who wants it."""
        if seat.hand is None:
            self._tally.lateness.saw(late_seconds)
            if seat.check.name in self._checks:
                self._done(result, late_seconds)
        elif not seat.hand.done():
            seat.hand.set_result(result)

    def _learn(self, gate: Gate, seat: Seat, result: Result) -> None:
        """Heed what a server lets us know."""
        now = self._clocks.now()
        if (pause := gate.saw(seat, result, now)) is not None:
            tell_pause(log, gate, pause)
        if pause is gate.backoff and pause.pause_seconds:
            for waiting in gate.empty():
                self._hold_back(waiting, pause)
        if gate.reach.saw(result.fault, result.started_at):
            log.warning("we may be banned: %s", gate.reach.hint(gate.where), extra=facts(server=gate.where, said=gate.backoff.said))

    def _over(self, seat: Seat) -> None:
        """A run has ended, or was given up."""
        if self._seats.get(seat.check.name, seat) is seat:
            self._seats.pop(seat.check.name, None)
            self._schedule.ended(seat.check.name)
        seat.over()
        if seat.owed_at is not None and seat.check.name in self._checks and self._running:
            self._schedule.hold(seat.check.name)
            self._come(Due(seat.check.name, seat.owed_at, missed=0, busy=False), self._clocks.now())

    def _let_in(self, gate: Gate) -> None:
        """Room has become free."""
        if not self._running:
            return
        now = self._clocks.now()
        self._gates.crowd(gate)  # behind those that wait longer: one whose queue never ends would take each place that it frees
        while len(self._tasks) < self._at_once and (crowded := self._gates.next_crowded()):
            self._pump(crowded, now)
        self._wind()

    # -- asked from outside

    async def probe_now(self, name: str, timeout_seconds: float = float("inf")) -> Result | None:
        """Run one check by hand, after the run of it that waits or is under way, within its server's budget; `done` is not told.

        `timeout_seconds` ends the conversation sooner than its own would. Returns: None = there is no such check, or it went away.
        Where the server asked to be left alone, the fault OURS says so: nothing was asked.
        """
        loop = asyncio.get_running_loop()
        while (other := self._seats.get(name)) is not None:
            other.watchers.append(loop.create_future())
            await other.watchers[-1]
        check = self._checks.get(name)
        if check is None:
            return None
        hurried = replace(check, timeout_seconds=min(check.timeout_seconds, timeout_seconds))
        return await self._by_hand(Seat(hurried, self._clocks.now(), loop.create_future()))

    async def _by_hand(self, seat: Seat) -> Result | None:
        assert seat.hand is not None  # noqa: S101 - tells the type checker
        gate = self._gates.of(seat.check)
        if (pause := gate.held(seat.check.name, seat.due_at)) is not None:
            return held_back(seat.check, pause, self._clocks.read())
        self._schedule.hold(seat.check.name)
        self._enter(gate, seat, seat.due_at)
        self._wind()
        try:
            return await seat.hand
        except asyncio.CancelledError:
            if self._seats.get(seat.check.name) is seat and seat.began is None:
                self._gates.of(seat.check).leave(seat)
                self._over(seat)
            raise

    @property
    def stats(self) -> Stats:
        """Return how the rounds stand now."""
        now, gates = self._clocks.read(), list(self._gates)
        return Stats(
            planned=len(self._checks),
            running=len(self._tasks),
            waiting=Counter(seat.check.server for seat in self._seats.values() if seat.began is None),
            tally=self._tally,
            backing_off={gate.where: says for gate in gates if (says := backing_off(gate, now))},
            hints={gate.where: says for gate in gates if (says := gate.reach.hint(gate.where))},
            clock_steps=self._clocks.watch.seen,
            last_clock_step=self._clocks.watch.steps[-1] if self._clocks.watch.steps else None,
        )
