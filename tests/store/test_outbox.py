"""The outbox in the store: in order per incident and channel, each step done once however often it is asked, and what is proven stands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from notifier.values import DeliveryState as State
from store.incidents import changes_of, deliveries_of, save
from store.outbox import StoreOutbox
from store.store import Store
from tests.store.made_incidents import after, at, delivery, opened
from thresholds.incident_values import Change, ChangeKind
from thresholds.scope import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from notifier.outbox import Outbox
    from notifier.values import Delivery

LATER = at(60)


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "s.db")
    yield opened
    await opened.close()


@pytest.fixture
def outbox(store: Store) -> StoreOutbox:
    outbox: Outbox = StoreOutbox(store)  # it is what the notifier asks for
    assert isinstance(outbox, StoreOutbox)
    return outbox


def told(number: int = 1) -> tuple[Change, Change]:
    """An opening and its closing, two minutes later."""
    first = opened(number)
    return first, after(first, ChangeKind.CLOSED, 2)


async def planned(store: Store, outbox: StoreOutbox, changes: tuple[Change, ...], *chain: str) -> list[Delivery]:
    """Save and plan changes over one chain; return the deliveries that wait, the oldest first."""
    await save(store, changes)
    stored = await outbox.unplanned()
    await outbox.plan([one.id for one in stored], [delivery(one.change, one.id, *(chain or ("mail",))) for one in stored])
    return await due(outbox)


async def due(outbox: StoreOutbox) -> list[Delivery]:
    return [found for found, _ in await outbox.due(LATER)]


async def test_what_is_saved_waits_for_a_plan_and_what_is_muted_does_not(store: Store, outbox: StoreOutbox) -> None:
    first, last = told()
    await save(store, [opened(2, muted="silenced by anna")])
    await save(store, [first, last])
    stored = await outbox.unplanned()
    assert [one.change for one in stored] == [first, last]
    assert [one.id for one in stored] == sorted(one.id for one in stored)
    await outbox.plan([stored[0].id], ())
    assert [one.change for one in await outbox.unplanned()] == [last]
    assert await outbox.due(LATER) == []


async def test_only_the_first_of_an_incident_and_channel_is_due(store: Store, outbox: StoreOutbox) -> None:
    first, last = told()
    (opening,) = await planned(store, outbox, (first, last))
    assert (opening.number, opening.due_at, opening.chain) == (1, first.at, ("mail",))
    assert await outbox.due(at(-1)) == []
    await outbox.settle(opening, replace(opening, tries=1, due_at=at(30), said="no route to host"))
    assert await outbox.due(at(29)) == []  # the closing waits for the opening
    assert await outbox.next_at() == at(30)
    (again,) = await due(outbox)
    await outbox.settle(again, replace(again, state=State.SENT, tries=2, said="250 queued"))
    ((closing, stored),) = await outbox.due(at(2))
    assert (closing.number, stored.change, stored.id) == (2, last, closing.change_id)
    await outbox.settle(closing, replace(closing, state=State.SENT))
    assert (await due(outbox), await outbox.next_at(), await outbox.depth()) == ([], None, 0)


async def test_other_incidents_and_channels_do_not_wait(store: Store, outbox: StoreOutbox) -> None:
    await save(store, [*told(1), *told(2)])
    stored = await outbox.unplanned()
    both = [delivery(one.change, one.id, channel) for one in stored for channel in ("mail", "mqtt")]
    await outbox.plan([one.id for one in stored], both)
    assert {(one.incident, one.channel, one.number) for one in await due(outbox)} == {
        (change.incident.id, channel, 1) for change in (opened(1), opened(2)) for channel in ("mail", "mqtt")
    }


async def test_a_channel_that_hangs_is_left_out(store: Store, outbox: StoreOutbox) -> None:
    await save(store, [opened(1)])
    (stored,) = await outbox.unplanned()
    await outbox.plan([stored.id], [delivery(stored.change, stored.id, channel) for channel in ("mail", "mqtt")])
    assert [one.channel for one, _ in await outbox.due(LATER, {"mail", "sms"})] == ["mqtt"]


async def test_all_of_an_incident_in_the_order_of_their_planning(store: Store, outbox: StoreOutbox) -> None:
    (opening,) = await planned(store, outbox, told())
    await planned(store, outbox, told(2))
    sent = replace(opening, state=State.SENT, tries=1, tried_at=at(1), due_at=None, said="250 queued")
    await outbox.settle(opening, sent)
    first, second = await outbox.of(opening.incident)
    assert first == (sent, (await changes_of(store, EVERYTHING, opening.incident))[0])
    assert (second[0].number, second[0].state) == (2, State.DUE)
    assert [one for one, _ in (first, second)] == await deliveries_of(store, EVERYTHING, opening.incident)
    assert await outbox.of("i99999999") == []


async def test_an_escalation_is_hastened(store: Store, outbox: StoreOutbox) -> None:
    (later,) = await planned(store, outbox, told()[:1], "boss")
    fresh = replace(later, origin="notify.routes[1]", chain=("mail", "boss"), key="i-1-boss", deadline_at=at(9))
    await outbox.settle(later, fresh)
    assert await due(outbox) == [fresh]


async def test_a_plan_is_made_once(store: Store, outbox: StoreOutbox) -> None:
    first, _ = told()
    await save(store, [first])
    (stored,) = await outbox.unplanned()
    for _ in range(2):
        await outbox.plan([stored.id], [delivery(first, stored.id)])
    assert len(await due(outbox)) == 1
    await outbox.plan([], [delivery(first, stored.id, "sms")])  # an escalation, long after the plan
    assert {one.channel for one in await due(outbox)} == {"mail", "sms"}


async def test_a_deadline_is_awaited_until_the_next_has_taken_over(store: Store, outbox: StoreOutbox) -> None:
    first, _ = told()
    (mail,) = await planned(store, outbox, (first,), "mail", "sms")
    assert await outbox.awaited() == []
    await outbox.settle(mail, replace(mail, deadline_at=at(2), due_at=at(5)))
    ((waiting, _),) = await outbox.awaited()
    assert await outbox.next_at() == at(2)
    taken, sms = replace(waiting, state=State.TAKEN_OVER), delivery(first, waiting.change_id, "sms")
    for _ in range(2):  # the answer to the first was not heard
        await outbox.settle(waiting, taken, [replace(sms, chain=("mail", "sms"), deadline_at=at(4))])
    assert await outbox.awaited() == []  # the last of a chain hands on to nobody
    assert sorted(one.channel for one in await due(outbox)) == ["mail", "sms"]


async def test_a_try_that_fails_late_takes_nothing_back(store: Store, outbox: StoreOutbox) -> None:
    first, _ = told()
    (mail,) = await planned(store, outbox, (first,), "mail", "sms")
    sms = delivery(first, mail.change_id, "sms")
    await outbox.settle(mail, replace(mail, state=State.TAKEN_OVER), [sms])
    await outbox.settle(mail, replace(mail, tries=1, due_at=at(9), deadline_at=at(2)))  # the try had begun before
    assert (await outbox.awaited(), len(await due(outbox))) == ([], 2)
    known = next(one for one in await due(outbox) if one.channel == "mail")
    assert (known.state, known.tries, known.due_at) == (State.TAKEN_OVER, 1, at(9))
    await outbox.settle(mail, replace(mail, state=State.REFUSED, tries=2), [sms])
    assert [one.channel for one in await due(outbox)] == ["sms"]


async def test_a_proof_stands_and_what_is_settled_stays_so(store: Store, outbox: StoreOutbox) -> None:
    first, _ = told()
    (mail,) = await planned(store, outbox, (first,))
    await outbox.settle(mail, replace(mail, state=State.GIVEN_UP))
    await outbox.settle(mail, replace(mail, tries=3, due_at=at(1)))
    assert await due(outbox) == []
    for state in (State.SENT, State.REFUSED):
        await outbox.settle(mail, replace(mail, state=state, said="250"))
    state, said = await store.read(lambda connection: connection.execute("SELECT state, said FROM deliveries").fetchone())
    assert (state, said) == (State.SENT, "250")
    await outbox.settle(replace(mail, id=99), mail, [mail])  # of nobody
    assert await due(outbox) == []


async def test_how_much_waits_and_since_when(store: Store, outbox: StoreOutbox) -> None:
    assert (await outbox.depth(), await outbox.oldest()) == (0, None)
    first, last = told()
    await save(store, [first, last])
    assert (await outbox.depth(), await outbox.oldest()) == (2, first.at)
    stored = await outbox.unplanned()
    await outbox.plan([stored[0].id], [replace(delivery(first, stored[0].id), due_at=at(15))])  # an escalation
    assert (await outbox.depth(), await outbox.oldest()) == (2, last.at)
    await outbox.plan([stored[1].id], ())
    assert (await outbox.depth(), await outbox.oldest()) == (1, at(15))
    ((waiting, _),) = await outbox.due(LATER)
    await outbox.settle(waiting, replace(waiting, tries=1, due_at=at(45)))
    assert await outbox.oldest() == first.at


async def test_more_than_one_look_is_gone_through(store: Store, outbox: StoreOutbox) -> None:
    await save(store, [opened(number) for number in range(450)])
    stored = await outbox.unplanned()
    assert [one.change.incident.id for one in stored] == [opened(number).incident.id for number in range(450)]
    await outbox.plan([one.id for one in stored], [delivery(one.change, one.id) for one in stored])
    assert len(await outbox.due(LATER)) == 200


async def test_what_cannot_be_read_is_said_and_holds_up_nobody(store: Store, outbox: StoreOutbox, caplog: pytest.LogCaptureFixture) -> None:
    await planned(store, outbox, told(1))
    await save(store, told(2))
    spoil = """UPDATE changes SET line = iif(number = 1, '{"v":9}', '{]') WHERE incident = 'i00000001' OR number = 1"""
    await store.transact(lambda connection: connection.execute(spoil))
    assert [one.change.number for one in await outbox.unplanned()] == [2]
    assert [await outbox.due(LATER) for _ in range(3)] == [[], [], []]
    assert (await outbox.depth(), await outbox.next_at()) == (1, None)
    told_of = [message for message in caplog.messages if message.startswith("the change")]
    assert told_of == [
        f"the change {number} of incident i00000001 is not told: the change cannot be read from the store" for number in (1, 2)
    ]
    newer = "a row of the store, 3, cannot be read (version 9, and this program knows version 1): it is left alone"
    assert caplog.messages[0] == newer
