"""Whatever fails, hangs, comes back or ends in between: what a channel that works hears of an incident is in order and has an end."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifier.values import ChannelPlan, Escalation, NotDeliveredError, Route
from tests.notifier.stage import Far, Stage, a_plan, after, an_incident, opened
from thresholds.incident_values import Cause, CauseKind, Change, ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

DOWN, NEVER = NotDeliveredError("down"), NotDeliveredError("550 never", again=False)
MOODS = ("well", "down", "never", "deaf", "broken")
NEXT = (ChangeKind.WORSENED, ChangeKind.REMINDED, ChangeKind.ACKNOWLEDGED, ChangeKind.CLOSED)
PLAN = a_plan(
    Route((("a", "b", "c"), ("c",)), escalation=(Escalation(300.0, (("b", "d"),)),), repeat_seconds=200.0, go_on=True),
    Route((("d", "a"),), group_by=("cause",), wait_seconds=30.0),
    channels=(ChannelPlan("a", "mail", None, servers=("hub",)), ChannelPlan("b", "mail", None, servers=("web",)), "c", "d"),
)
REPORTED = {name: an_incident(name, Cause(CauseKind.SERVER, name)) for name in ("hub", "web")}  # by other incidents, at times
STEPS = st.one_of(
    st.tuples(st.just("change"), st.integers(0, 2), st.sampled_from(NEXT)),
    st.tuples(st.just("mood"), st.sampled_from("abcd"), st.sampled_from(MOODS)),
    st.tuples(st.just("pass"), st.integers(1, 400), st.just(None)),
    st.tuples(st.just("restart"), st.just(0), st.just(None)),
    st.tuples(st.just("open"), st.sampled_from(((), ("hub",), ("web",), ("hub", "web"))), st.just(None)),
    st.tuples(st.just("disk"), st.booleans(), st.just(None)),
)


@pytest.fixture(autouse=True)
def _hushed() -> Iterator[None]:
    """Thousands of tries need no log."""
    logger = logging.getLogger("mailsonde.notifier")
    logger.disabled = True
    yield
    logger.disabled = False


def be(far: Far, mood: str) -> None:
    far.broken = {"down": DOWN, "never": NEVER, "broken": ValueError("a bug")}.get(mood)
    far.deaf = mood == "deaf"


class World:
    """A stage, and the incidents on it."""

    def __init__(self) -> None:
        self.stage = Stage(PLAN)
        self.last: dict[int, Change] = {}

    async def change(self, which: int, kind: ChangeKind) -> None:
        last = self.last.get(which)
        if last is None:
            self.last[which] = opened(f"i{which}")
        elif last.kind is not ChangeKind.CLOSED:
            self.last[which] = after(last, kind, (self.stage.now - last.incident.opened_at).total_seconds() / 60)
        else:
            return
        await self.stage.tell(self.last[which])

    async def step(self, what: str, one: object, other: object) -> None:
        if what == "change":
            assert isinstance(one, int)
            assert isinstance(other, ChangeKind)
            await self.change(one, other)
        elif what == "mood":
            be(self.stage.far[str(one)], str(other))
        elif what == "pass":
            assert isinstance(one, int)
            await self.stage.pass_(one, 20)
        elif what == "open":
            assert isinstance(one, tuple)
            self.stage.opened = [REPORTED[name] for name in one]
        elif what == "restart":
            await self.interrupted()
        else:
            self.stage.outbox.broken = "the disk is full" if one else ""

    async def interrupted(self) -> None:
        """End the process amid its work."""
        turn = asyncio.create_task(self.stage.deliverer._try_turn())
        for _ in range(3):
            await asyncio.sleep(0)
        turn.cancel()
        await asyncio.gather(turn, return_exceptions=True)
        self.stage.restart()

    async def all_ends_well(self) -> None:
        """Let everything work again, and every incident end."""
        self.stage.outbox.broken = ""
        for far in self.stage.far.values():
            be(far, "well")
        await self.stage.pass_(1200, 100)
        for which in self.last:
            await self.change(which, ChangeKind.CLOSED)
        await self.stage.pass_(2400, 100)


async def lives(steps: list[tuple[str, object, object]]) -> World:
    world = World()
    for step in steps:
        await world.step(*step)
    await world.all_ends_well()
    return world


def of_incident(far: Far, incident: str) -> list[tuple[int, ChangeKind]]:
    """Return number and kind of all that was heard of one incident."""
    heard = [one for notice in far.heard for one in ((notice.incident, notice.number, notice.kind), *notice.facts.get("others", ()))]
    return [(number, kind) for known, number, kind in heard if known == incident]


def was_refused(world: World, channel: str, incident: str, number: int) -> bool:
    """Say whether a channel said of a change that it never takes it."""
    deliveries = world.stage.outbox.deliveries
    return any(one.key == f"{incident}-{number}-{channel}" and one.said == str(NEVER) for one in deliveries)


@given(st.lists(STEPS, max_size=25))
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
def test_what_a_channel_hears_of_an_incident_is_in_order_and_has_an_end(steps: list[tuple[str, object, object]]) -> None:
    world = asyncio.run(lives(steps))
    for name, far in world.stage.far.items():
        assert far.most <= 1
        for incident, last in ((f"i{which}", last) for which, last in world.last.items()):
            heard = of_incident(far, incident)
            assert [number for number, _ in heard] == sorted(number for number, _ in heard)
            if heard and not was_refused(world, name, incident, last.number):
                assert heard[-1] == (last.number, ChangeKind.CLOSED)
    assert all(one.state.value not in {"due", "taken-over"} for one in world.stage.outbox.deliveries)
    assert not asyncio.run(world.stage.outbox.unplanned())
