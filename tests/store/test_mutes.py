"""What people made of silence and maintenance stays for ever: who, why, until when, and how it really ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from store import used_tokens
from store.mutes import add_maintenance, add_silence, cancel_maintenance, expire_silence, in_force, maintenances, mutes, silences
from store.store import Store, StoreError
from tests.store.made_incidents import ABC, XYZ, at
from thresholds.calendars import Calendar
from thresholds.incident_values import Maintenance, Mutes, Scene, Silence
from thresholds.scope import EVERYTHING, NOTHING, Scope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

QUIET = Silence("s00000001", Scene("abc.*", "imap*", "berlin", "server:*"), "anna", "known: the disk", at(0), at(60))
WINDOW = Maintenance("m00000001", Scene(server="imap"), "new disks", "ben", at(30), at(90))


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "s.db")
    await add_silence(opened, QUIET)
    await add_maintenance(opened, WINDOW, at(1))
    yield opened
    await opened.close()


async def test_both_come_back_as_they_were_made(store: Store) -> None:
    (silence,), (window,) = await silences(store, EVERYTHING), await maintenances(store, EVERYTHING)
    assert (silence.mute, silence.made_at, silence.wanted_until, silence.ended_at) == (QUIET, at(0), at(60), None)
    assert (window.mute, window.made_at, window.wanted_until, window.ended_by) == (WINDOW, at(1), at(90), "")


async def test_what_holds_when(store: Store) -> None:
    held = {minute: await in_force(store, EVERYTHING, at(minute)) for minute in (-1, 0, 30, 59, 60, 89, 90)}
    assert {minute: (len(found.silences), len(found.maintenances)) for minute, found in held.items()} == {
        -1: (0, 0),
        0: (1, 0),
        30: (1, 1),
        59: (1, 1),
        60: (0, 1),
        89: (0, 1),
        90: (0, 0),
    }
    assert await mutes(store, at(2)) == Mutes((QUIET,), (WINDOW,))  # what is to come, too
    assert await mutes(store, at(90)) == Mutes()


async def test_a_silence_that_is_expired_keeps_what_was_wanted(store: Store) -> None:
    assert await expire_silence(store, QUIET.id, "ben", at(20)) == replace(QUIET, expires_at=at(20))
    (kept,) = await silences(store, EVERYTHING)
    assert (kept.mute.expires_at, kept.wanted_until, kept.ended_at, kept.ended_by) == (at(20), at(60), at(20), "ben")
    assert await silences(store, EVERYTHING, at(20)) == []
    assert len((await in_force(store, EVERYTHING, at(19))).silences) == 1


@pytest.mark.parametrize(("minute", "end"), [(10, 30), (45, 45)])
async def test_a_window_is_called_off_or_cut_short(store: Store, minute: int, end: int) -> None:
    assert await cancel_maintenance(store, WINDOW.id, "ben", at(minute)) == replace(WINDOW, ends_at=at(end))
    assert (await mutes(store, at(minute))).maintenances == ()
    assert len((await in_force(store, EVERYTHING, at(40))).maintenances) == (minute == 45)
    (kept,) = await maintenances(store, EVERYTHING)
    assert (kept.wanted_until, kept.ended_at) == (at(90), at(minute))


async def test_what_is_not_there_or_over_is_said(store: Store) -> None:
    with pytest.raises(LookupError, match=r"^'?there is no silence s9'?$"):
        await expire_silence(store, "s9", "ben", at(1))
    with pytest.raises(ValueError, match=r"^the silence s00000001 ended at 2026-11-21 13:00 UTC$"):
        await expire_silence(store, QUIET.id, "ben", at(60))
    await cancel_maintenance(store, WINDOW.id, "ben", at(45))
    with pytest.raises(ValueError, match=r"^the maintenance m00000001 was ended by ben at 2026-11-21 12:45 UTC$"):
        await cancel_maintenance(store, WINDOW.id, "anna", at(46))


async def test_what_cannot_be_kept_is_refused(store: Store) -> None:
    refusals = {
        "there is a silence s00000001 already": add_silence(store, QUIET),
        "a silence ends after it begins": add_silence(store, replace(QUIET, id="s2", expires_at=QUIET.made_at)),
        "there is a maintenance m00000001 already": add_maintenance(store, WINDOW, at(1)),
        "a maintenance ends after it begins": add_maintenance(store, replace(WINDOW, id="m2", ends_at=at(30)), at(1)),
        "a maintenance needs a time at which it begins and one at which it ends": add_maintenance(
            store, replace(WINDOW, id="m2", begins_at=None), at(1)
        ),
        "a maintenance that comes again belongs into the configuration, under maintenance": add_maintenance(
            store, replace(WINDOW, id="m2", calendar=Calendar("weekly", ZoneInfo("UTC"))), at(1)
        ),
    }
    for told, refusal in refusals.items():
        with pytest.raises(ValueError) as refused:  # noqa: PT011 - compared whole
            await refusal
        assert str(refused.value) == told
    assert len(await silences(store, EVERYTHING)) == len(await maintenances(store, EVERYTHING)) == 1


async def test_times_out_of_bounds_are_refused(store: Store) -> None:
    edge = datetime.fromisoformat("9999-12-31T23:59:59-12:00")
    told = "^9999-12-31T23:59:59-12:00 is out of bounds: times lie between 1970-01-01 and 2200-01-01$"
    with pytest.raises(ValueError, match=told):
        await add_silence(store, replace(QUIET, id="s2", expires_at=edge))
    with pytest.raises(ValueError, match=told):
        await add_maintenance(store, replace(WINDOW, id="m2", ends_at=edge), at(1))


@pytest.mark.parametrize("broken", ["expires_us = 253402343999000000", "scene = 'x'", 'scene = \'{"colour": "*"}\''])
async def test_a_row_that_cannot_be_read_hides_no_other(store: Store, caplog: pytest.LogCaptureFixture, broken: str) -> None:
    await add_silence(store, replace(QUIET, id="s00000002"))
    change = f"UPDATE silences SET {broken} WHERE id = 's00000002'"  # noqa: S608 - words of the test
    await store.transact(lambda connection: connection.execute(change))
    assert await mutes(store, at(2)) == Mutes((QUIET,), (WINDOW,))
    (line,) = caplog.messages
    assert line.startswith("a row of the store, s00000002, cannot be read (")
    with pytest.raises(ValueError, match=r"^the silence s00000002 cannot be read, and so mutes nothing: it is left alone$"):
        await expire_silence(store, "s00000002", "ben", at(20))
    assert (await expire_silence(store, QUIET.id, "ben", at(20))).id == QUIET.id


async def test_a_reader_sees_the_mutes_that_may_concern_him(store: Store) -> None:
    mine, other = Scope(frozenset({ABC})), Scope(frozenset({XYZ}))
    for scope, expected in ((mine, (1, 1)), (other, (0, 1)), (NOTHING, (0, 0))):
        assert (len(await silences(store, scope)), len(await maintenances(store, scope))) == expected
        held = await in_force(store, scope, at(40))
        assert (len(held.silences), len(held.maintenances)) == expected


async def test_they_outlive_the_process_and_hold_whatever_was_typed(store: Store, tmp_path: Path) -> None:
    await add_silence(store, replace(QUIET, id="s00000002", made_at=at(2), reason="half \ud800 a letter\n\x00"))
    await store.close()
    again = await Store.open(tmp_path / "s.db")
    assert [kept.mute.reason for kept in await silences(again, EVERYTHING)] == ["half ? a letter\n\x00", QUIET.reason]
    await again.close()
    with pytest.raises(StoreError, match=r"^the store is closed$"):
        await add_silence(again, replace(QUIET, id="s3"))


async def test_a_token_is_used_once_also_after_a_restart(store: Store, tmp_path: Path) -> None:
    assert not await used_tokens.used(store, "a" * 64)
    assert [await used_tokens.use(store, "a" * 64, at(minute)) for minute in (0, 1)] == [True, False]
    assert await used_tokens.use(store, "b" * 64, at(1))
    await store.close()
    again = await Store.open(tmp_path / "s.db")
    assert await used_tokens.used(again, "a" * 64)
    assert not await used_tokens.use(again, "a" * 64, at(0) + timedelta(days=1))
    await again.close()
