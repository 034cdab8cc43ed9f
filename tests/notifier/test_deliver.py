"""What is brought over the channels: retries, takeovers, order, summaries, restarts, reloads. The far sides do as they are told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from notifier.deliver import Deliverer, Surroundings
from notifier.values import ChannelPlan, NotDeliveredError, Route
from tests.notifier.memory_outbox import MemoryOutbox
from tests.notifier.stage import NOON, Far, Stage, a_plan, after, opened, words
from thresholds.incident_values import ChangeKind

if TYPE_CHECKING:
    from notifier.values import Notice

DOWN = NotDeliveredError("the smarthost refuses the connection")
NEVER = NotDeliveredError("550 no such user", again=False)
CHAIN = Route((("a", "b"),))


async def test_an_opening_and_its_closing_are_proven() -> None:
    stage = Stage(a_plan(CHAIN))
    first = opened()
    await stage.tell(first)
    assert stage.far["a"].said == ["i1 opened"]
    await stage.tell(after(first, ChangeKind.CLOSED, 1))
    assert stage.far["a"].said == ["i1 opened", "i1 closed"]
    assert stage.far["b"].said == []
    assert [one.said for one in stage.outbox.deliveries] == ["250 taken as 1", "250 taken as 2"]
    assert [notice.first_key for notice in stage.far["a"].heard] == ["i1-1-a", "i1-1-a"]


async def test_a_channel_that_is_down_is_tried_again_and_then_the_next_takes_over() -> None:
    stage = Stage(a_plan(CHAIN))
    stage.far["a"].broken = DOWN
    first = opened()
    await stage.tell(first)
    await stage.pass_(115)
    assert (stage.far["a"].calls, stage.far["b"].said) == (5, [])
    await stage.pass_(10)
    assert stage.far["b"].said == ["i1 opened"]
    assert stage.states("a") == ["taken-over"]
    stage.far["a"].broken = None
    await stage.pass_(900)
    assert stage.far["a"].said == ["i1 opened"]
    await stage.tell(after(first, ChangeKind.CLOSED, 20))
    assert stage.far["a"].said == stage.far["b"].said == ["i1 opened", "i1 closed"]
    tally = stage.deliverer.stats["a"]
    assert (tally.sent, tally.failed, tally.taken_over, tally.last_error) == (2, stage.far["a"].calls - 2, 1, "")


async def test_what_will_never_get_through_is_taken_over_at_once() -> None:
    stage = Stage(a_plan(CHAIN))
    stage.far["a"].broken = NEVER
    await stage.tell(opened())
    assert stage.states("a") == ["refused"]
    assert stage.far["b"].said == ["i1 opened"]
    assert stage.outbox.deliveries[0].said == "550 no such user"
    assert stage.deliverer.stats["a"].refused == 1


async def test_a_channel_that_hangs_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifier.lane.SEND_SECONDS", 0.05)
    stage = Stage(a_plan(Route((("a", "b"), ("c",)))))
    stage.far["a"].hangs = True
    await stage.tell(*(opened(f"i{number}") for number in range(15)))
    assert len(stage.far["c"].said) == 15
    await asyncio.sleep(0.1)
    await stage.settle()
    assert stage.deliverer.stats["a"].last_error == "no proof came within 0.05 s"
    await stage.pass_(125)
    assert len(stage.far["b"].said) == 15
    assert stage.far["a"].most == 1


async def test_what_failed_while_a_channel_was_down_is_told_as_soon_as_it_works() -> None:
    stage = Stage(a_plan(Route((("a",),))))
    stage.far["a"].broken = DOWN
    await stage.tell(opened("i1"), opened("i2"), opened("i3"))
    await stage.pass_(1300)
    stage.far["a"].broken = None
    await stage.tell(opened("i4"))
    assert stage.far["a"].said == ["i4 opened", "i1 opened", "i2 opened", "i3 opened"]


async def test_an_opening_that_was_tried_in_vain_is_told_before_its_closing_and_what_was_never_tried_is_not() -> None:
    stage = Stage(a_plan(Route((("a",),))))
    stage.far["a"].broken = DOWN
    first = opened()
    worse = after(first, ChangeKind.WORSENED, 1)
    await stage.tell(first)
    await stage.tell(worse)
    await stage.tell(after(worse, ChangeKind.CLOSED, 2))
    stage.far["a"].broken = None
    await stage.pass_(60)
    assert stage.far["a"].said == ["i1 opened", "i1 closed"]
    assert stage.states("a") == ["sent", "dropped", "sent"]


async def test_after_a_day_it_is_given_up_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(a_plan(Route((("a",),))))
    stage.far["a"].broken = DOWN
    await stage.tell(opened())
    await stage.pass_(26 * 3600, 900)
    assert stage.states("a") == ["given-up"]
    assert stage.deliverer.stats["a"].given_up == 1
    assert "given up after 102 tries over a: i1-1-a (the smarthost refuses the connection)" in caplog.messages


async def test_a_proof_that_was_lost_is_asked_for_again_with_the_same_key() -> None:
    stage = Stage(a_plan(CHAIN))
    stage.far["a"].deaf = True
    await stage.tell(opened())
    stage.far["a"].deaf = False
    await stage.pass_(6)
    assert [notice.key for notice in stage.far["a"].heard] == ["i1-1-a", "i1-1-a"]


async def test_an_outbox_that_fails_is_asked_again_and_nothing_is_told_twice(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(a_plan(CHAIN))
    stage.outbox.save(opened())
    stage.outbox.broken = "there is no room on the disk"
    await stage.settle()
    assert caplog.messages.count("what is to be told waits: there is no room on the disk") == 1
    stage.outbox.broken = ""
    await stage.settle()
    assert stage.far["a"].said == ["i1 opened"]


async def test_a_proof_that_cannot_be_written_is_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifier.deliver.AGAIN_SECONDS", 0.01)
    stage = Stage(a_plan(CHAIN))
    send = stage.far["a"].send

    async def breaking(notice: Notice) -> str:
        proof = await send(notice)
        stage.outbox.broken = "the disk fails"
        return proof

    monkeypatch.setattr(stage.far["a"], "send", breaking)
    await stage.tell(opened())
    await asyncio.sleep(0.05)
    stage.outbox.broken = ""
    await asyncio.sleep(0.05)
    assert stage.states("a") == ["sent"]
    assert stage.far["a"].calls == 1


async def test_our_own_error_in_a_channel_or_in_the_words_is_logged_and_told_plainly(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(a_plan(CHAIN))

    def broken(*_: object, **__: object) -> Notice:
        raise KeyError("cause")

    stage.deliverer._words = broken
    await stage.tell(opened())
    assert stage.far["a"].heard[0].subject == "CRITICAL: server:imap opened, since 2026-11-21 12:00:00 UTC (i1)"
    stage.far["a"].broken = ValueError("oops")
    await stage.tell(opened("i2"))
    assert stage.far["a"].calls == 3
    assert stage.deliverer.stats["a"].last_error == "our own error in this channel; the log has its traceback"
    assert {"our own error in the words for incident i1", "our own error in the channel a"} <= set(caplog.messages)


async def test_our_own_error_in_planning_tells_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifier.planning.planned", lambda matter: [][matter])
    stage = Stage(a_plan(CHAIN))
    await stage.tell(opened())
    assert [far.said for far in stage.far.values()] == [["i1 opened"]] * 3


async def test_a_channel_that_a_reload_took_away_gives_way_to_the_next() -> None:
    stage = Stage(a_plan(CHAIN))
    stage.far["a"].broken = DOWN
    await stage.tell(opened())
    stage.deliverer.swap(a_plan(CHAIN, channels=("b",)), {"b": stage.far["b"]})
    await stage.pass_(10)
    assert stage.far["a"].closed
    assert stage.far["b"].said == ["i1 opened"]
    assert stage.outbox.deliveries[0].said == "there is no such channel any more"


async def test_a_reload_loses_nothing_that_is_under_way() -> None:
    stage = Stage(a_plan(CHAIN))
    old, new = stage.far["a"], Far()
    held = asyncio.Event()
    send = old.send

    async def slow(notice: Notice) -> str:
        await held.wait()
        return await send(notice)

    old.send = slow  # type: ignore[method-assign]  # a far side that is slow from now on
    await stage.tell(opened())
    stage.deliverer.swap(stage.plan, {"a": new, "b": stage.far["b"]})
    await stage.pass_(20)
    assert not old.closed
    held.set()
    await stage.settle()
    assert (old.said, new.said, old.closed) == (["i1 opened"], [], True)
    await stage.tell(opened("i2"))
    assert new.said == ["i2 opened"]
    assert stage.deliverer.stats["a"].sent == 2


async def test_the_loop_wakes_tells_and_ends_within_two_seconds() -> None:
    outbox, far, hanging = MemoryOutbox(), Far(), Far(hangs=True)
    plan = a_plan(Route((("a",), ("b",))))
    deliverer = Deliverer(outbox, plan, {"a": far, "b": hanging}, words, Surroundings())
    task = asyncio.create_task(deliverer.run())
    await asyncio.sleep(0.05)
    outbox.save(opened())
    deliverer.wake()
    await asyncio.sleep(0.2)
    assert far.said == ["i1 opened"]
    began = asyncio.get_running_loop().time()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.get_running_loop().time() - began < 2.0
    assert far.closed
    assert hanging.closed
    assert (await outbox.due(NOON + timedelta(days=3650)))[0][0].tries == 1


async def test_trying_a_channel_returns_its_proof_or_says_why_there_is_none() -> None:
    stage = Stage(a_plan(CHAIN, channels=("a", ChannelPlan("m", "mqtt", None))))
    assert await stage.deliverer.test("a") == "250 taken as 1"
    assert stage.far["a"].heard[0].facts == {"channel": "a", "mark": "TEST"}
    await stage.deliverer.test("m")
    assert [notice.kind.value for notice in stage.far["m"].heard] == ["opened", "closed"]
    stage.far["a"].broken = DOWN
    with pytest.raises(NotDeliveredError, match="the smarthost refuses the connection"):
        await stage.deliverer.test("a")
    with pytest.raises(LookupError) as caught:
        await stage.deliverer.test("ops")
    assert caught.value.args == ("there is no channel ops; there is: a, m",)
