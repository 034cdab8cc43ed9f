"""Files that root makes in another's folder are that other's: a service that is not root must be able to go on with them."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from store.files import open_or_make
from store.store import Store

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = 65_534
ROOT_ALONE = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@ROOT_ALONE
async def test_what_root_makes_belongs_to_the_folders_owner(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    store = await Store.open(folder / "s.db")
    names = [folder / name for name in ("s.db", "s.db-wal", "s.db.lock")]
    assert [(path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) for path in names] == [(NOBODY, 0o600)] * 3
    await store.close()


@ROOT_ALONE
def test_a_link_that_the_owner_laid_gives_nothing_away(tmp_path: Path) -> None:
    folder, precious = tmp_path / "state", tmp_path / "precious"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    (folder / "s.db.lock").symlink_to(precious)
    with pytest.raises(FileNotFoundError):
        open_or_make(folder / "s.db.lock")
    precious.write_text("root's")
    os.close(open_or_make(folder / "s.db.lock"))
    assert precious.stat().st_uid == 0
