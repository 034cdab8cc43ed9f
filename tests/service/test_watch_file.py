"""A changed configuration file is noticed: once per change, when it is whole, also behind a symbolic link."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from service.watch_file import changes

if TYPE_CHECKING:
    from pathlib import Path

LOOK = 0.01


async def count_during(path: Path, acts: list[object], pause: float = 0.1) -> int:
    """Return how many changes were noticed while the acts were done one after the other."""
    seen = 0

    async def watch() -> None:
        nonlocal seen
        async for _ in changes(path, LOOK):
            seen += 1

    task = asyncio.create_task(watch())
    await asyncio.sleep(pause)
    for act in acts:
        assert callable(act)
        act()
        await asyncio.sleep(pause)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return seen


async def test_each_change_is_noticed_once(tmp_path: Path) -> None:
    file = tmp_path / "mailsonde.yml"
    file.write_text("site: a\n")
    assert await count_during(file, []) == 0
    assert await count_during(file, [lambda: file.write_text("site: berlin\n"), lambda: file.write_text("site: bonn\n")]) == 2


async def test_a_replaced_file_and_a_swapped_link_are_changes(tmp_path: Path) -> None:
    first, second, link = tmp_path / "first", tmp_path / "second", tmp_path / "mailsonde.yml"
    first.write_text("site: a\n")
    second.write_text("site: a\n")
    link.symlink_to(first)

    def swap() -> None:
        fresh = tmp_path / "fresh"
        fresh.symlink_to(second)
        fresh.replace(link)

    assert await count_during(link, [swap]) == 1


@pytest.mark.parametrize("comes_back", [True, False])
async def test_a_file_that_vanishes_is_no_change_until_one_comes(tmp_path: Path, comes_back: bool) -> None:
    file = tmp_path / "mailsonde.yml"
    file.write_text("site: a\n")
    acts: list[object] = [file.unlink]
    if comes_back:
        acts.append(lambda: file.write_text("site: b, quite another\n"))
    assert await count_during(file, acts) == (1 if comes_back else 0)
