"""Follow files that grow: a cheap look says which have something to read. Rotation keeps the old file until its end is read.

A look is a stat, and of what changed the first bytes. No thread, no event loop and no clock: whoever follows calls `changed` as often as
wanted. A file whose place was taken by another one, or which shrank or vanished, is looked for under the other names of its series: what
was written there since it was read is handed on before the new file, also when it was packed meanwhile, and is watched for an hour,
because its writer may still hold it open.
"""

from __future__ import annotations

import os
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from tracking.collect.find import find, ordered, seen
from tracking.collect.identity import has_head
from tracking.collect.known import owes, unpacked
from tracking.collect.series import age
from tracking.collect.values import FileState, Found, Refused, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

Stat = tuple[int, int, int, int]
_WATCHED_NS = 3600 * 10**9


def _stat(file: Found | FileState) -> Stat:
    return file.device, file.inode, file.size, file.mtime_ns


class Follower:
    """What patterns mean, watched."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [os.path.abspath(pattern) for pattern in patterns]  # noqa: PTH100 as the paths of files are made
        self._seen: dict[str, tuple[int, int, int, int, bool]] = {}  # by path: as it was when it was handed out
        self._present: set[str] | None = None  # the paths that the patterns meant at the last look
        self._old: set[str] = set()  # other names of their series, watched too
        self._shelves: dict[str, dict[str, list[str]]] = {}  # by folder and base name: the series, looked up once a look
        self.refused: tuple[Refused, ...] = ()  # of the last look

    def changed(self, states: Iterable[FileState]) -> list[Found]:
        """Return the files that changed since they were read or handed out, oldest first."""
        known = {state.path: state for state in sorted(states, key=lambda each: each.mtime_ns)}
        findings = find(self._patterns, probing=False)
        self.refused = findings.refused
        files = {file.path: file for file in findings.files}
        self._shelves = {}
        for state in self._read_before(known):
            self._follow(state, files)
        self._present = set(files)
        news = [file for file in (*files.values(), *self._watched(files)) if self._is_news(file, known)]
        self._seen.update((file.path, (*_stat(file), file.finished)) for file in news)
        return ordered(news)

    def again(self, file: Found) -> None:
        """Have a file that could not be read handed out once more."""
        self._seen.pop(file.path, None)

    def _is_news(self, file: Found, known: dict[str, FileState]) -> bool:
        stat = _stat(file)
        state = known.get(file.path)
        if state is not None and _stat(state) == stat and not owes(state, file):
            return False
        return self._seen.get(file.path) != (*stat, file.finished)

    def _read_before(self, known: dict[str, FileState]) -> list[FileState]:
        """Give the states whose files may have moved: those of the last look; at the first, those that a process before us read."""
        if self._present is not None:
            return [known[path] for path in (*self._present, *self._old) if path in known]
        meant = [state for state in known.values() if self.means(state.path)]
        newest = {_series(state.path): state for state in meant}  # `known` goes from the oldest to the newest
        for state in newest.values():
            self._old |= self._family(state)
        return [state for state in meant if not state.finished]

    def means(self, path: str) -> bool:
        """Say whether the patterns mean a path, which need not exist, or the plain name of its series."""
        names = (path, str(Path(*_series(path))))
        return any(name.startswith(place + os.sep) or fnmatchcase(name, place) for name in names for place in self._patterns)

    def _follow(self, state: FileState, files: dict[str, Found]) -> None:
        """Watch a file that was read under the name it has now; where another one stands, all of its series that were written since."""
        file = files.get(state.path) or _look(state.path)
        if file is None or _is_another(file, state):
            self._old |= self._family(state)
        elif state.path not in files:
            self._old.add(state.path)

    def _family(self, state: FileState) -> set[str]:
        """Find the names of a state's series that were written since it was read."""
        folder, base = _series(state.path)
        if folder not in self._shelves:
            self._shelves[folder] = _shelf(folder)
        looks = (_look(path) for path in self._shelves[folder].get(base, ()))
        return {look.path for look in looks if look is not None and look.mtime_ns >= state.mtime_ns}

    def _watched(self, files: dict[str, Found]) -> list[Found]:
        """Look at the files of other names; forget those that are gone, or were not written to for long."""
        newest = max((file.mtime_ns for file in files.values()), default=0)
        looks = [look for path in self._old - files.keys() if (look := _look(path)) is not None]
        self._old = {file.path for file in looks if newest - file.mtime_ns < _WATCHED_NS}
        return looks


def _is_another(file: Found, state: FileState) -> bool:
    """Say whether the file is not the one that was read. One that was emptied and outgrew itself shows it by its first bytes alone."""
    if (file.device, file.inode) != (state.device, state.inode) or file.size < state.size:
        return True
    if _stat(file) == _stat(state):
        return False
    try:
        with unpacked(file.path) as content:
            return not has_head(state, content.read_fully(state.head_length))
    except Unreadable:
        return False


def _series(path: str) -> tuple[str, str]:
    """Return folder and base name of a path's series."""
    return str(Path(path).parent), age(Path(path).name).base


def _shelf(folder: str) -> dict[str, list[str]]:
    """Sort a folder's files into series, by their base names."""
    shelf: dict[str, list[str]] = {}
    with suppress(OSError):
        for entry in os.scandir(folder):
            shelf.setdefault(age(entry.name).base, []).append(entry.path)
    return shelf


def _look(path: str) -> Found | None:
    try:
        file = seen(path, Path(path).stat())
    except OSError:
        return None
    return file if isinstance(file, Found) else None
