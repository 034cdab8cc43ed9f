"""Find the files that are meant: paths, folders, globs; each rotated series from its oldest file on; each that cannot be read is told.

A folder is walked, links to folders too, each folder once; hidden names and lakes are left out of walks. A file with two names is taken
once. Tar and zip archives are refused: their members have no stable place of their own. Opens each file once to see that it may be read,
unless told not to.
"""

from __future__ import annotations

import glob
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from tracking.collect.opening import explain, open_file, unfit
from tracking.collect.series import Age, age
from tracking.collect.values import Findings, Found, Refused, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".zip", ".7z", ".rar")
_SETTLED_NS = 60 * 10**9  # a file whose successor was written this much later gets no more lines
Each = Found | Refused
LAKE = ("manifest.json", "lock")  # what every lake holds: a folder that has both is no place of logs


def find(patterns: Iterable[str], *, recursive: bool = True, probing: bool = True) -> Findings:
    """Find what the patterns mean. `probing=False` only looks (stat): what may not be read is then refused when it is opened."""
    files: dict[tuple[int, int] | str, Found] = {}
    refused: dict[str, Refused] = {}
    for pattern in patterns:
        for each in _matches(str(pattern), recursive):
            if isinstance(each, Refused):
                refused.setdefault(each.path, each)
            elif probing and (why := _unreadable(each)):
                refused.setdefault(each.name, Refused(each.name, why))
            else:
                files.setdefault((each.device, each.inode) if each.inode else each.path, each)
    return Findings(tuple(ordered(files.values())), tuple(refused.values()))


def _unreadable(file: Found) -> str:
    try:
        open_file(file.path).close()
    except Unreadable as problem:
        return str(problem).removeprefix(f"{file.path}: ")
    return ""


def _matches(pattern: str, recursive: bool) -> Iterator[Each]:
    """Give what one path, folder or glob stands for."""
    if not pattern.strip():
        yield Refused(pattern, "an empty path names no file")
    elif os.path.lexists(pattern) or not glob.has_magic(pattern):
        yield from _look(pattern, recursive)
    elif paths := sorted(glob.glob(pattern, recursive=recursive)):  # noqa: PTH207 Path.glob takes no absolute patterns
        for path in paths:
            if not is_lake(path):
                yield from _look(path, recursive)
    else:
        yield Refused(pattern, "nothing matches")


def _look(path: str, recursive: bool) -> Iterator[Each]:
    try:
        about = Path(path).stat()
    except (OSError, ValueError) as problem:
        yield Refused(printable(path), explain(path, problem) if isinstance(problem, OSError) else "holds a NUL, as no path does")
        return
    if is_lake(path):
        yield Refused(printable(path), "is a lake, not logs: name logs that stand in it one by one")
    elif stat.S_ISDIR(about.st_mode):
        yield from _walk(path, {(about.st_dev, about.st_ino)}, recursive)
    else:
        yield seen(path, about)


def is_lake(path: str) -> bool:
    """Say whether a path is the folder of a lake."""
    return all(os.path.isfile(os.path.join(path, name)) for name in LAKE)  # noqa: PTH113, PTH118 - a NUL in it is no error here


def seen(path: str, about: os.stat_result) -> Each:
    """Say what this path is, that is no folder."""
    name = printable(path)
    if why := unfit(about.st_mode):
        return Refused(name, why)
    if path.lower().endswith(_ARCHIVES):
        return Refused(name, "is an archive of several files: unpack it and give its folder")
    where = Path(os.path.abspath(path))  # noqa: PTH100 resolve() would follow the links by which it is known
    told = age(where.name)
    series = printable(str(where.parent / told.base))
    return Found(str(where), name, about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, series, told.rotated)


def printable(path: str) -> str:
    """Return a name that UTF-8 can hold, whatever bytes the file system has."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _walk(folder: str, above: set[tuple[int, int]], recursive: bool) -> Iterator[Each]:
    """Walk a folder in the order of its names; `above` are the folders walked on the way here."""
    try:
        paths = sorted(str(path) for path in Path(folder).iterdir() if not path.name.startswith("."))
    except OSError as problem:
        yield Refused(printable(folder), explain(folder, problem))
        return
    for path in paths:
        yield from _enter(path, above, recursive)


def _enter(path: str, above: set[tuple[int, int]], recursive: bool) -> Iterator[Each]:
    try:
        about = Path(path).stat()
    except OSError as problem:
        yield Refused(printable(path), explain(path, problem))
        return
    key = (about.st_dev, about.st_ino)
    if not stat.S_ISDIR(about.st_mode):
        yield seen(path, about)
    elif about.st_ino and key in above:
        yield Refused(printable(path), "is a loop of symbolic links: it leads to a folder above itself")
    elif recursive and not is_lake(path):
        yield from _walk(path, above | {key}, recursive)


def ordered(files: Iterable[Found]) -> list[Found]:
    """Bring each series into its order, oldest first; the series in the order of their names."""
    series: dict[str, list[tuple[Age, Found]]] = {}
    for file in files:
        series.setdefault(file.series or file.path, []).append((age(Path(file.path).name), file))
    return [file for _, members in sorted(series.items()) for file in _settled(_series(members))]


def _series(members: list[tuple[Age, Found]]) -> list[Found]:
    """Order one series by name, and by time of writing where names do not say; Oracle's plain name is its oldest."""
    kinds = {told.kind for told, _ in members} - {"plain"}
    youngest = "word" not in kinds
    by_name = len(kinds) < 2

    def key(member: tuple[Age, Found]) -> tuple[bool, tuple[str, int], int, str]:
        told, file = member
        plain = told.kind == "plain"
        return plain if youngest else not plain, told.rank if by_name else ("", 0), file.mtime_ns, file.path

    return [file for _, file in sorted(members, key=key)]


def _settled(files: list[Found]) -> Iterator[Found]:
    """Mark the files of a series that have a successor for long enough."""
    for place, file in enumerate(files):
        later = max((other.mtime_ns for other in files[place + 1 :]), default=0)
        done = file.finished or (file.rotated and later - file.mtime_ns >= _SETTLED_NS)
        yield Found(*_fields(file), finished=done)


def _fields(file: Found) -> tuple[str, str, int, int, int, int, str, bool]:
    return file.path, file.name, file.device, file.inode, file.size, file.mtime_ns, file.series, file.rotated
