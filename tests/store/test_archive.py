"""Packing itself: only a store that stands still is packed, and what fails or is broken off leaves nothing behind."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from store.archive import pack
from store.backup import backup
from store.store import Store, StoreError
from tests.store.killable import run_number
from tests.store.test_bad_disk import MAY_MOUNT, root

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """Return a store of some length that nobody has open."""
    store = await Store.open(tmp_path / "s.db")
    store.put(*(run_number(number) for number in range(20_000)))
    assert await store.flush()
    await store.close()
    return tmp_path / "s.db"


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_store_that_changes_meanwhile_is_not_packed(path: Path) -> None:
    def disturb(_: int) -> None:
        with path.open("ab") as file:
            file.write(b"\0")

    with pytest.raises(StoreError) as error:
        pack(path, [], path.with_name("b.tar"), disturb)
    assert str(error.value) == f"{path} changed while it was packed: try again"
    assert names(path.parent) == ["s.db", "s.db.lock"]


def test_the_manifest_is_last_and_tells_of_each_file(path: Path) -> None:
    told: list[int] = []
    pack(path, [], path.with_name("b.tar"), told.append)
    with tarfile.open(path.with_name("b.tar")) as tar:
        assert tar.getnames() == ["store/s.db", "manifest.json"]
        manifest = json.load(tar.extractfile("manifest.json") or io.BytesIO())
    assert manifest["files"]["store/s.db"]["bytes"] == path.stat().st_size == sum(told)


@MAY_MOUNT
def test_a_full_disk_leaves_no_half_a_backup(path: Path) -> None:
    small = path.with_name("small")
    small.mkdir()
    root("mount", "-t", "tmpfs", "-o", "size=64k", "none", small)
    try:
        with pytest.raises(StoreError) as error:
            pack(path, [], small / "b.tar")
        assert str(error.value) == f"{small / 'b.tar'} cannot be packed: No space left on device"
        assert names(small) == []
    finally:
        root("umount", "-l", small)


def test_the_packing_process_says_why_it_failed(path: Path) -> None:
    asked = json.dumps({"store": str(path), "keys": [], "target": str(path)})
    done = subprocess.run([sys.executable, "-m", "store.archive"], input=asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, f"- {path} is already there: name another file\n", "")


def test_the_packing_process_ends_when_nobody_asks() -> None:
    done = subprocess.run([sys.executable, "-m", "store.archive"], input="", cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


async def test_a_backup_that_is_broken_off_leaves_nothing_and_the_next_one_goes_well(path: Path) -> None:
    store = await Store.open(path)
    for seconds in (0.0, 0.05, 0.1, 0.15, 0.2):
        packing = asyncio.create_task(backup(store, path.with_name("b.tar")))
        await asyncio.sleep(seconds)
        packing.cancel()
        await asyncio.gather(packing, return_exceptions=True)
        path.with_name("b.tar").unlink(missing_ok=True)  # it was quicker
        assert names(path.parent) == ["s.db", "s.db-wal", "s.db.lock"]
        assert await store.read(lambda connection: connection.execute("PRAGMA wal_autocheckpoint").fetchone()) != (0,)
    await backup(store, path.with_name("b.tar"))
    await store.close()
