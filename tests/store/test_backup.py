"""Backup while the store is written, and restore: what comes back is one moment of the store, whole, and everything else is refused."""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
import shutil
import sqlite3
import stat
import tarfile
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from store.backup import backup, restore
from store.migrations import VERSION
from store.store import Store, StoreError
from tests.store.killable import run_number
from tests.store.made_runs import GOOD, runs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

KEY = b"-----BEGIN PRIVATE KEY-----\n"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "s.db")
    store.put(*(run_number(number) for number in range(1_000)))
    assert await store.flush()
    yield store
    await store.close()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "probe.key"
    path.write_bytes(KEY)
    return path


def found_below(folder: Path, name: str) -> list[Path]:
    return list(folder.rglob(name))


def left_over(folder: Path) -> list[Path]:
    return found_below(folder, "*.partial")


async def packed(store: Store, tmp_path: Path, *keys: Path) -> Path:
    target = tmp_path / "b.tar"
    await backup(store, target, keys)
    return target


async def count(path: Path) -> int:
    store = await Store.open(path)
    found = await runs(store)
    await store.close()
    return len(found)


def whole(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_what_was_flushed_before_the_backup_comes_back_and_writing_goes_on(store: Store, key: Path, tmp_path: Path) -> None:
    async def write() -> None:
        for number in range(1_000, 1_000_000):
            store.put(run_number(number))
            await store.flush()

    writing = asyncio.create_task(write())
    told: list[int] = []
    await backup(store, tmp_path / "b.tar", [key], told.append)
    await asyncio.sleep(0.05)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert await store.flush()
    assert store.health.committed > 1_010
    assert stat.S_IMODE((tmp_path / "b.tar").stat().st_mode) == 0o600
    assert not left_over(tmp_path)

    folder = tmp_path / "restored"
    placed = restore(tmp_path / "b.tar", folder)
    assert placed == [folder / "s.db", folder / "keys" / "probe.key"]
    assert placed[1].read_bytes() == KEY
    assert [stat.S_IMODE(path.stat().st_mode) for path in placed] == [0o600, 0o600]
    whole(placed[0])
    assert 1_000 <= await count(placed[0]) < store.health.committed
    assert sorted(path.name for path in folder.iterdir()) == ["keys", "s.db", "s.db.lock"]


async def test_the_log_is_moved_into_the_file_again_after_a_backup(store: Store, tmp_path: Path) -> None:
    before = await store.read(lambda connection: connection.execute("PRAGMA wal_autocheckpoint").fetchone())
    await packed(store, tmp_path)
    assert await store.read(lambda connection: connection.execute("PRAGMA wal_autocheckpoint").fetchone()) == before


async def test_a_backup_of_a_closed_store_and_a_second_at_once_are_refused(store: Store, tmp_path: Path) -> None:
    done = await asyncio.gather(*(backup(store, tmp_path / f"{name}.tar") for name in "ab"), return_exceptions=True)
    assert [str(one) for one in done if one is not None] == ["another backup is under way: wait until it has ended"]
    await store.close()
    with pytest.raises(StoreError, match=r"^the store is closed$"):
        await backup(store, tmp_path / "c.tar")


async def refused(store: Store, target: Path, *keys: Path) -> str:
    with pytest.raises(StoreError) as error:
        await backup(store, target, keys)
    assert not left_over(target.parent)
    return str(error.value)


async def test_what_cannot_be_packed_is_told_and_leaves_nothing(store: Store, key: Path, tmp_path: Path) -> None:
    there, none, other = tmp_path / "there.tar", tmp_path / "none" / "b.tar", tmp_path / "other" / key.name
    there.touch()
    other.parent.mkdir()
    shutil.copy(key, other)
    assert await refused(store, there) == f"{there} is already there: name another file"
    assert await refused(store, none) == f"{none}.partial cannot be packed: No such file or directory"
    target = tmp_path / "b.tar"
    assert await refused(store, target, tmp_path / "no.key") == f"{tmp_path / 'no.key'} cannot be packed: No such file or directory"
    assert await refused(store, target, key, other) == "two key files are called probe.key: a backup can hold one of a name"
    assert not target.exists()
    await packed(store, tmp_path, key)


async def test_a_damaged_store_is_not_packed_as_if_it_were_whole(store: Store, tmp_path: Path) -> None:
    rows = "WITH row(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM row WHERE n < 900) SELECT n, hex(zeroblob(500)) FROM row"
    await store.transact(lambda connection: connection.execute(f"INSERT INTO meta {rows}"))
    await store.close()
    data = bytearray((tmp_path / "s.db").read_bytes())
    half = len(data) // 2
    data[half:] = b"\xff" * (len(data) - half)
    (tmp_path / "s.db").write_bytes(data)
    again = await Store.open(tmp_path / "s.db")
    told = await refused(again, tmp_path / "b.tar")
    assert told.startswith(f"{tmp_path / 's.db'} is damaged (")
    assert told.endswith("): put a good backup in its place")
    await again.close()


# -- back again


def refusal(archive: Path, folder: Path, *, force: bool = False) -> str:
    before = sorted(path.name for path in folder.iterdir()) if folder.exists() else None
    with pytest.raises(StoreError) as error:
        restore(archive, folder, force=force)
    assert (sorted(path.name for path in folder.iterdir()) if folder.exists() else None) == before
    return str(error.value)


def remade(archive: Path, change: dict[str, bytes | None]) -> Path:
    """Return a copy of an archive with members changed, added, or (None) left out; `manifest.json` stays last."""
    with tarfile.open(archive) as tar:
        members = {member.name: source.read() for member in tar if (source := tar.extractfile(member))}
    manifest = members.pop("manifest.json")
    target = archive.with_name("remade.tar")
    with tarfile.open(target, "w") as tar:
        for name, data in (members | {"manifest.json": manifest} | change).items():
            if data is not None:
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    return target


async def test_a_folder_that_is_not_empty_needs_force(store: Store, key: Path, tmp_path: Path) -> None:
    archive, folder = await packed(store, tmp_path, key), tmp_path / "full"
    folder.mkdir()
    assert not (folder / "s.db").exists()
    other = await Store.open(folder / "s.db")
    other.put(GOOD)
    assert await other.flush()
    assert refusal(archive, folder) == f"{folder} is not empty: name an empty folder, or use --force to replace what is there"
    in_use = f"{folder / 's.db'} is in use by process {os.getpid()}: speak to that one, or end it first"
    assert refusal(archive, folder, force=True) == in_use
    shutil.copy(folder / "s.db-wal", tmp_path / "old-wal")
    await other.close()
    shutil.copy(tmp_path / "old-wal", folder / "s.db-wal")  # as a crash leaves it: it must not be played into the restored store
    restore(archive, folder, force=True)
    whole(folder / "s.db")
    assert await count(folder / "s.db") == 1_000


async def test_what_is_no_good_backup_is_refused_and_leaves_the_folder_as_it_was(store: Store, key: Path, tmp_path: Path) -> None:
    archive, folder = await packed(store, tmp_path, key), tmp_path / "restored"
    data = archive.read_bytes()
    bad = tmp_path / "bad.tar"
    foreign = f"{bad} is not a backup of Mailsonde: name a file that `probe backup` made"
    bad.write_text("a letter to the editor\n" * 100)
    assert refusal(bad, folder) == foreign
    bad.write_bytes(b"")
    assert refusal(bad, folder) == foreign
    for length in (len(data) // 2, 5_120, len(data) - 12_288):
        bad.write_bytes(data[:length])
        assert refusal(bad, folder) == f"{bad} is not whole, it ends too early: take another backup"
    spoiled = bytearray(data)
    spoiled[data.index(KEY)] ^= 1
    bad.write_bytes(spoiled)
    assert refusal(bad, folder) == f"{bad} is damaged: keys/probe.key is not as it was packed; take another backup"
    missing = tmp_path / "no.tar"
    assert refusal(missing, folder) == f"{missing} cannot be unpacked: No such file or directory"


async def test_names_that_lead_out_of_the_folder_are_refused(store: Store, tmp_path: Path) -> None:
    archive, folder = await packed(store, tmp_path), tmp_path / "restored"
    for name in ("../evil", "keys/../../evil", "/evil", "keys/..", "keys/", "store"):
        made = remade(archive, {"manifest.json": None, name: b"x"})
        assert refusal(made, folder) == f"{made} is not a backup of Mailsonde: name a file that `probe backup` made"
    assert not found_below(tmp_path, "evil")


def restored_or_told(archive: Path, folder: Path) -> list[Path] | str:
    try:
        return restore(archive, folder)
    except StoreError as error:
        return str(error)


async def test_an_archive_with_any_byte_spoiled_is_refused_or_holds_the_same(store: Store, key: Path, tmp_path: Path) -> None:
    data = (await packed(store, tmp_path, key)).read_bytes()
    bad, chance = tmp_path / "bad.tar", random.Random(7)  # noqa: S311 - places, no secrets
    ends = [*range(512), *range(len(data) - 14_000, len(data))]  # where the headers are; in between is one long file
    for number in range(150):
        at = chance.choice(ends)
        spoiled = bytearray(data)
        spoiled[at] ^= 1 << chance.randrange(8)
        bad.write_bytes(spoiled)
        folder = tmp_path / f"restored{number}"
        came = restored_or_told(bad, folder)
        if isinstance(came, str):
            assert came.startswith(str(bad)), at
            assert not folder.exists(), at
        else:
            assert [path.read_bytes() for path in came] == [data[512 : 512 + came[0].stat().st_size], KEY], at


async def test_a_newer_backup_is_refused(store: Store, tmp_path: Path) -> None:
    archive, folder = await packed(store, tmp_path), tmp_path / "restored"
    made = remade(archive, {"manifest.json": json.dumps({"format": 2, "files": {}}).encode()})
    assert refusal(made, folder) == f"{made} was made by a newer Mailsonde (format 2, this one knows 1): use that one"
    await store.transact(lambda connection: connection.execute("PRAGMA user_version = 7"))
    told = f"{store.path} was written by a newer Mailsonde (schema 7, this one knows {VERSION}): run that one, or restore an older backup"
    assert await refused(store, tmp_path / "newer.tar") == told
