"""An event loop whose time jumps to the next timer, and clocks that go with it: a day passes in seconds, and nothing is really waited for.

It replaces the loop's selector alone. What runs on it is the real asyncio and our own real code.
"""

from __future__ import annotations

import asyncio
import selectors
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from service.rounds.clock_steps import Look

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

Answer = TypeVar("Answer")


@dataclass
class World:
    """The clocks of a machine, in seconds."""

    monotonic: float = 1_000.0
    wall: float = 1_792_843_200.0  # 2026-10-24 12:00 UTC: in the night that follows Europe puts its clocks back
    running: float = 5_000.0

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.monotonic += seconds
        self.wall += seconds
        self.running += seconds

    def step(self, seconds: float) -> None:
        """Set the wall clock, as an operator or a first NTP answer does."""
        self.wall += seconds

    def suspend(self, seconds: float) -> None:
        """Sleep as a laptop does."""
        self.wall += seconds
        self.running += seconds

    def look(self) -> Look:
        """Read the clocks."""
        return Look(self.wall, self.monotonic, self.running)


class _Impatient(selectors.SelectSelector):
    """Waits for nothing: what should be waited for passes at once."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout:
            self._world.pass_by(timeout)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, world: World) -> None:
        super().__init__(_Impatient(world))
        self._world = world

    def time(self) -> float:
        return self._world.monotonic


def pass_through(main: Callable[[World], Coroutine[None, None, Answer]]) -> Answer:
    """Run a coroutine in a world of its own."""
    world = World()
    with asyncio.Runner(loop_factory=lambda: _Loop(world)) as runner:
        return runner.run(main(world))
