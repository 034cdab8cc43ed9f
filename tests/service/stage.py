"""Rounds on a stage: servers whose answers a test decides, in a world whose time passes at once. Who is probed, waits and ends is real."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from probe.values import Check, Endpoint, Fault, Result
from service.rounds.rounds import Rounds
from tests.service.timeless import World, pass_through

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


def checks(count: int, server: str = "imap", every: float = 60.0, host: str = "mail.isp.example") -> list[Check]:
    return [Check(f"d{one}.example/{server}", f"d{one}.example", server, "imap", Endpoint(host, 143), every) for one in range(count)]


@dataclass
class Stage:
    """Rounds, and servers whose answers the test decides."""

    world: World
    takes: Callable[[Check], float] = lambda _: 0.05  # seconds
    answers: Callable[[Check], Fault | None] = lambda _: None
    begun: list[tuple[str, float]] = field(default_factory=list)
    told: list[tuple[Result, float]] = field(default_factory=list)
    ended: int = 0
    open: Counter[str] = field(default_factory=Counter)
    most_open: int = 0

    def __post_init__(self) -> None:
        self.rounds = Rounds(self.probe, lambda result, late: self.told.append((result, late)), clocks=self.world.look)

    async def probe(self, check: Check) -> Result:
        self.begun.append((check.name, self.world.monotonic))
        started_at = datetime.fromtimestamp(self.world.wall, UTC)
        self.open[check.endpoint.host] += 1
        self.most_open = max(self.most_open, *self.open.values())
        try:
            await asyncio.sleep(self.takes(check))
        finally:
            self.open[check.endpoint.host] -= 1
            self.ended += 1
        return Result(check, started_at, fault=self.answers(check))

    def times(self, name: str) -> list[float]:
        return [at for one, at in self.begun if one == name]

    async def until(self, so: Callable[[], bool]) -> None:
        """Let time pass until something is so."""
        for _ in range(100_000):
            if so():
                return
            await asyncio.sleep(0.1)
        raise AssertionError("it never came about")

    async def act(self, seconds: float) -> None:
        """Let the rounds go on for so long, then end."""
        running = asyncio.create_task(self.rounds.run())
        await asyncio.sleep(seconds)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def play(scene: Callable[[Stage], Coroutine[None, None, None]]) -> Stage:
    """Let a scene be played from its first to its last second; return the stage as it was left."""

    async def main(world: World) -> Stage:
        stage = Stage(world)
        await scene(stage)
        return stage

    stage: Stage = pass_through(main)
    return stage
