"""Who looked what up: one JSON line each in the lake's `looked.jsonl`, appended at once, kept for KEEP, never shown by the product.

Its lock is held by who appends and by who shortens it: shortening replaces the file, and no line that is being written is lost by that.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from tracking.lake.durable import discarded_on_error
from tracking.lake.traces import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

NAME = "looked.jsonl"
KEEP = timedelta(days=90)
MODE = 0o640


def record(lake: Path, at: datetime, who: str, asked: Mapping[str, object]) -> None:
    """Append who asked what. Raises: OSError where the lake takes nothing from him."""
    told = {name: value for name, value in asked.items() if value not in (None, "", (), [], False)}
    line = json.dumps({"at": at.isoformat(timespec="seconds"), "who": who, **told}, default=str) + "\n"
    with _held(lake / NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT) as handle:
        os.write(handle, line.encode())


def forget(lake: Path, now: datetime) -> int:
    """Leave out what is older than KEEP; return how many lines that was. Raises: OSError."""
    before = now - KEEP

    def young(line: str) -> str:
        return "" if _is_older(line, before) else line

    return _rewritten(lake, young, skip=lambda first: bool(young(first)))


def erase(lake: Path, addresses: Sequence[str]) -> int:
    """Let the searches for these addresses name `erased` in their place; return how many lines did name them. Raises: OSError."""
    wanted = [(re.compile(pattern(address)), "erased@" + address.rpartition("@")[2]) for address in addresses]

    def clean(line: str) -> str:
        try:
            told = json.loads(line)
        except ValueError:
            return str(_without(line, wanted))
        cleaned = _without(told, wanted)
        return line if cleaned == told else json.dumps(cleaned) + "\n"

    return _rewritten(lake, clean)


def _without(value: Any, wanted: Sequence[tuple[re.Pattern[str], str]]) -> Any:
    """Return what a line says without the addresses; twice, for two that share the sign between them."""
    if isinstance(value, str):
        for found, instead in (*wanted, *wanted):
            value = found.sub(partial(_instead, instead), value)
        return value
    if isinstance(value, list):
        return [_without(one, wanted) for one in value]
    return {name: _without(one, wanted) for name, one in value.items()} if isinstance(value, dict) else value


def _is_older(line: str, before: datetime) -> bool:
    """Say whether a line is from before then; one that says no time is old enough to go."""
    try:
        return datetime.fromisoformat(json.loads(line)["at"]).astimezone(UTC) < before
    except (ValueError, KeyError, TypeError):
        return True


def _rewritten(lake: Path, change: Callable[[str], str], skip: Callable[[str], bool] = lambda _: False) -> int:
    """Replace the file by what `change` makes of each line; not where `skip` says of the first that nothing is to be done."""
    path = lake / NAME
    if not path.exists():
        return 0
    with _held(path, os.O_RDONLY) as handle, os.fdopen(os.dup(handle), encoding="utf-8", errors="replace") as file:
        first = file.readline()
        if not first or skip(first):
            return 0
        old = [first, *file]
        new = [change(line) for line in old]
        changed = sum(1 for one, other in zip(old, new, strict=True) if one != other)
        if changed:
            _replace(path, "".join(new), os.fstat(handle))
        return changed


def _replace(path: Path, text: str, like: os.stat_result) -> None:
    """Replace the file at once; it stays with its owner, and for the same readers."""
    temporary = path.with_name(f"{path.name}.tmp")
    with discarded_on_error(temporary):
        temporary.write_text(text, "utf-8")
        with suppress(PermissionError):
            os.chown(temporary, like.st_uid, like.st_gid)
        temporary.chmod(like.st_mode & 0o777)
        temporary.rename(path)


def _instead(erased: str, hit: re.Match[str]) -> str:
    return f"{hit[1] or ''}{hit[2] or ''}{erased}{hit[3]}"


@contextmanager
def _held(path: Path, flags: int) -> Iterator[int]:
    """Open the file and hold its lock; one that was replaced meanwhile is opened again."""
    while True:
        handle = os.open(path, flags, MODE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_current(handle, path):
                yield handle
                return
        finally:
            os.close(handle)


def _is_current(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
