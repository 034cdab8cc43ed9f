"""Follow files that grow: a cheap look (stat only) says which have something to read. Rotation keeps the old file until its end is read.

No thread, no event loop and no clock: whoever follows calls `changed` as often as wanted. A file whose place was taken by another one, or
which shrank or vanished, is looked for under the other names of its series, where what was written since it was read is handed on before
the new file, also when it was packed meanwhile.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tracking.collect.find import find, ordered, seen
from tracking.collect.series import age
from tracking.collect.values import FileState, Found, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

Stat = tuple[int, int, int, int]


def _stat(file: Found | FileState) -> Stat:
    return file.device, file.inode, file.size, file.mtime_ns


class Follower:
    """What patterns mean, watched."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(patterns)
        self._seen: dict[str, Stat] = {}  # by path: as it was when it was handed out
        self._present: dict[str, Found] = {}
        self.refused: tuple[Refused, ...] = ()  # of the last look

    def changed(self, states: Iterable[FileState]) -> list[Found]:
        """Return the files that changed since they were read or handed out, oldest first."""
        known = {state.path: state for state in sorted(states, key=lambda each: each.mtime_ns)}
        findings = find(self._patterns, probing=False)
        self.refused = findings.refused
        files = {file.path: file for file in findings.files}
        for path in self._rotated(files, known):
            for file in _family(path, known[path].mtime_ns):
                files.setdefault(file.path, file)
        self._present = {file.path: file for file in findings.files}
        news = [file for file in files.values() if self._is_news(file, known)]
        self._seen.update((file.path, _stat(file)) for file in news)
        return ordered(news)

    def again(self, file: Found) -> None:
        """Have a file that could not be read handed out once more."""
        self._seen.pop(file.path, None)

    def _is_news(self, file: Found, known: dict[str, FileState]) -> bool:
        stat = _stat(file)
        state = known.get(file.path)
        return self._seen.get(file.path) != stat and (state is None or _stat(state) != stat)

    def _rotated(self, files: dict[str, Found], known: dict[str, FileState]) -> list[str]:
        """Give the paths at which another file stands than the one that was read, or none any more."""
        gone = [path for path in self._present if path not in files and path in known]
        return gone + [path for path, file in files.items() if path in known and _is_another(file, known[path])]


def _is_another(file: Found, state: FileState) -> bool:
    return (file.device, file.inode) != (state.device, state.inode) or file.size < state.size


def _family(path: str, since_ns: int) -> list[Found]:
    """Find the other names of a path's series that were written since."""
    folder, name = os.path.split(path)
    base = age(name).base
    try:
        entries = [entry.path for entry in os.scandir(folder) if entry.name != name and age(entry.name).base == base]
    except OSError:
        return []
    looks = (look for entry in entries if (look := _look(entry)) is not None)
    return [file for file in looks if file.mtime_ns >= since_ns]


def _look(path: str) -> Found | None:
    try:
        file = seen(path, Path(path).stat())
    except OSError:
        return None
    return file if isinstance(file, Found) else None
