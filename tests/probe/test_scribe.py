"""The scribe: one group after the other, only the newest word of each trip, and what the disk refuses is not forgotten."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from probe import scribe as scribes
from probe.message import Letter
from probe.outcome import Facts, Limits
from probe.passage import Passage
from probe.scribe import Scribe

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pytest

NOW = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)


def passage(number: int, tries: int = 0) -> Passage:
    letter = Letter("a@abc.example", "b@abc.example", f"{number:032}", NOW)
    return Passage(letter, "abc.example", "abc.example", Limits(), Facts(NOW, NOW), tries=tries)


@dataclass
class Slow:
    """A ledger whose disk answers when it is told to."""

    answers: asyncio.Queue[bool] = field(default_factory=asyncio.Queue)
    groups: list[list[tuple[str, int]]] = field(default_factory=list)

    def answer(self, *stands: int) -> None:
        """Let the disk take (1) or refuse (0) the next groups."""
        for one in stands:
            self.answers.put_nowait(bool(one))

    async def claim(self, names: Collection[str], now: datetime) -> list[Passage]:
        raise AssertionError((names, now))

    async def write(self, passages: Sequence[Passage]) -> bool:
        self.groups.append([(one.letter.token[-1], one.tries) for one in passages])
        return await self.answers.get()


async def test_while_the_disk_is_busy_the_next_group_gathers() -> None:
    ledger = Slow()
    scribe = Scribe(ledger)
    first = scribe.put(passage(1))
    await asyncio.sleep(0)
    later = [scribe.put(passage(1, tries=tries)) for tries in (1, 2)] + [scribe.put(passage(2))]
    await asyncio.sleep(0)
    assert ledger.groups == [[("1", 0)]]
    ledger.answer(1)
    assert await first
    assert not any(written.done() for written in later)
    ledger.answer(1)
    assert await asyncio.gather(*later) == [True] * 3
    assert ledger.groups == [[("1", 0)], [("1", 2), ("2", 0)]]


async def test_what_the_disk_refuses_is_said_kept_and_written_with_the_next() -> None:
    ledger = Slow()
    scribe = Scribe(ledger)
    ledger.answer(0)
    assert not await scribe.put(passage(1))
    assert scribe.owed == 1
    ledger.answer(1)
    assert await scribe.put(passage(2))
    assert (scribe.owed, ledger.groups[1]) == (0, [("1", 0), ("2", 0)])
    await scribe.settle()


async def test_what_the_disk_refused_is_tried_again_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scribes, "RETRY_SECONDS", 0.01)
    ledger = Slow()
    scribe = Scribe(ledger)
    ledger.answer(0, 0, 1)
    assert not await scribe.put(passage(1))
    async with asyncio.timeout(5.0):
        while scribe.owed or len(ledger.groups) < 3:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.01)
    assert ledger.groups == [[("1", 0)]] * 3


async def test_a_newer_word_takes_the_place_of_the_refused_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scribes, "OWED_LIMIT", 2)
    ledger = Slow()
    scribe = Scribe(ledger)
    written = [scribe.put(passage(number)) for number in (1, 2, 3)]
    await asyncio.sleep(0)
    newer = scribe.put(passage(2, tries=1))
    ledger.answer(0, 1)
    assert await asyncio.gather(*written) == [False] * 3
    assert await newer
    assert ledger.groups[1] == [("1", 0), ("3", 0), ("2", 1)]
    await scribe.settle()


async def test_only_so_many_are_kept_for_a_disk_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scribes, "OWED_LIMIT", 2)
    ledger = Slow()
    scribe = Scribe(ledger)
    ledger.answer(0)
    written = [scribe.put(passage(number)) for number in (1, 2, 3)]
    assert await asyncio.gather(*written) == [False] * 3
    assert scribe.owed == 2
    ledger.answer(1)
    await scribe.settle()
    assert (scribe.owed, ledger.groups[-1]) == (0, [("2", 0), ("3", 0)])


async def test_our_own_bug_in_the_ledger_is_told_and_counts_as_refused(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Slow):
        async def write(self, passages: Sequence[Passage]) -> bool:
            raise ZeroDivisionError(str(passages))

    scribe = Scribe(Broken())
    assert not await scribe.put(replace(passage(1)))
    assert "our own error in the ledger of trips" in caplog.text
    await scribe.settle()


async def test_what_is_owed_is_known_until_it_stands() -> None:
    ledger = Slow()
    scribe, token = Scribe(ledger), passage(1).letter.token
    written = scribe.put(passage(1))
    assert scribe.owes(token)
    await asyncio.sleep(0)
    assert scribe.owes(token)  # on its way
    ledger.answer(0, 1)
    assert not await written
    assert scribe.owes(token)
    assert await scribe.put(passage(2))
    assert not scribe.owes(token)


async def test_at_the_end_a_disk_that_hangs_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probe.scribe.SETTLE_SECONDS", 0.05)
    scribe = Scribe(Slow())
    written = scribe.put(passage(1))
    async with asyncio.timeout(5.0):
        await scribe.settle()
        assert not await written
