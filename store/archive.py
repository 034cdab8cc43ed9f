"""The file of a backup: a tar (POSIX.1-2001) of the store, the keys and, last, a manifest with each file's length and SHA-256. No asyncio.

It packs a store that does not change meanwhile (`store.backup` sees to that) and unpacks what is whole, undamaged and not too new; all else
is refused in one line. As `python -m store.archive` it packs in a process of its own: hashing must not slow the probes.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import sys
import tarfile
from contextlib import closing, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from store.errors import StoreError
from store.files import open_or_make, sync_folder
from store.migrations import version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MANIFEST = "manifest.json"
FOLDERS = ("store", "keys")  # the first level of names in the tar
FORMAT = 1
CHUNK_BYTES = 1_048_576
NICE = 10


class _Hashed:
    """A file that is read through, with what it came to: its length, its hash, and who hears of the progress."""

    def __init__(self, file: BinaryIO, heard: Callable[[int], None]) -> None:
        self._file = file
        self._heard = heard
        self._sum = hashlib.sha256()
        self.bytes = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._sum.update(data)
        self.bytes += len(data)
        self._heard(len(data))
        return data

    @property
    def entry(self) -> dict[str, Any]:
        return {"bytes": self.bytes, "sha256": self._sum.hexdigest()}


def pack(store: Path, keys: Sequence[Path], target: Path, heard: Callable[[int], None] = lambda _: None) -> None:
    """Write the backup; it appears under its name only when it is whole and on the disk. `heard` is told the bytes as they are packed.

    Raises: StoreError when a key cannot be read, the target cannot be written, the store is damaged or changed meanwhile.
    """
    names = [f"keys/{key.name}" for key in keys]
    for name in names:
        if names.count(name) > 1:
            raise StoreError(f"two key files are called {PurePosixPath(name).name}: a backup can hold one of a name")
    if target.exists():
        raise StoreError(f"{target} is already there: name another file")
    partial = target.with_name(f"{target.name}.partial")
    try:
        with _new_file(partial) as file:
            _pack_all(file, {f"store/{store.name}": store, **dict(zip(names, keys, strict=True))}, heard)
        partial.rename(target)
        sync_folder(target.parent)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink()
        if isinstance(error, OSError):
            raise StoreError(f"{error.filename or target} cannot be packed: {error.strerror}") from None
        raise


def _new_file(path: Path) -> BinaryIO:
    with suppress(FileNotFoundError):
        path.unlink()
    return os.fdopen(open_or_make(path), "wb")


def _pack_all(file: BinaryIO, sources: Mapping[str, Path], heard: Callable[[int], None]) -> None:
    store = next(iter(sources.values()))
    before = _stamp(store)
    _examine(store, f"{store}")
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        entries = {name: _pack_one(tar, name, path, heard) for name, path in sources.items()}
        if _stamp(store) != before:
            raise StoreError(f"{store} changed while it was packed: try again")
        text = json.dumps({"format": FORMAT, "files": entries}, indent=1).encode()
        tar.addfile(_member(MANIFEST, len(text)), io.BytesIO(text))
    file.flush()
    os.fsync(file.fileno())


def _pack_one(tar: tarfile.TarFile, name: str, path: Path, heard: Callable[[int], None]) -> dict[str, Any]:
    with path.open("rb") as source:
        hashed = _Hashed(source, heard)
        tar.addfile(_member(name, os.fstat(source.fileno()).st_size), hashed)
        return hashed.entry


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _examine(path: Path, called: str) -> None:
    """Refuse a store that is damaged or newer than we are. It is read as it lies there, without its log and without a lock."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            version_of(connection, Path(called))
            (first,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        first = str(error)
    if first != "ok":
        raise StoreError(f"{called} is damaged ({' '.join(first.split())}): put a good backup in its place")


# -- back again


def unpack(archive: Path, folder: Path, heard: Callable[[int], None] = lambda _: None) -> list[PurePosixPath]:
    """Put the files of a backup into an empty folder, and check each. Returns: their names in it, the store first.

    Raises: StoreError when the archive is not ours, not whole, damaged, too new, or the folder cannot be written.
    """
    try:
        with tarfile.open(archive, "r:") as tar:
            manifest, found = _unpack_all(tar, archive, folder, heard)
    except (tarfile.TarError, ValueError) as error:
        short = "unexpected end" in str(error)
        raise StoreError(_not_whole(archive) if short else _not_ours(archive)) from None
    except OSError as error:
        raise StoreError(f"{error.filename or folder} cannot be unpacked: {error.strerror}") from None
    _compare(archive, manifest, found)
    names = sorted((PurePosixPath(name) for name in found), key=lambda name: FOLDERS.index(name.parts[0]))
    _examine(folder / names[0], f"the store in {archive}")
    return names


def _not_whole(archive: Path) -> str:
    return f"{archive} is not whole, it ends too early: take another backup"


def _not_ours(archive: Path) -> str:
    return f"{archive} is not a backup of Mailsonde: name a file that `probe backup` made"


def _unpack_all(tar: tarfile.TarFile, archive: Path, folder: Path, heard: Callable[[int], None]) -> tuple[Any, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, Any]] = {}
    for member in tar:
        source = tar.extractfile(member) if member.isfile() else None
        if source is None:
            raise StoreError(_not_ours(archive))
        if member.name == MANIFEST:
            return json.loads(source.read(CHUNK_BYTES)), found
        name = _safe(member.name, archive)
        found[name] = _unpack_one(source, folder / name, member.size, heard)
    raise StoreError(_not_whole(archive) if found else _not_ours(archive))


def _safe(name: str, archive: Path) -> str:
    """Return a name of one of our two forms; any other could lead out of the folder."""
    parts = name.split("/")
    if len(parts) != 2 or parts[0] not in FOLDERS or parts[1] in {"", ".", ".."} or not name.isprintable():
        raise StoreError(_not_ours(archive))
    return name


def _unpack_one(source: Any, path: Path, size: int, heard: Callable[[int], None]) -> dict[str, Any]:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    hashed = _Hashed(source, heard)
    with _new_file(path) as file:
        while hashed.bytes < size and (data := hashed.read(CHUNK_BYTES)):
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return hashed.entry


def _compare(archive: Path, manifest: Any, found: Mapping[str, Mapping[str, Any]]) -> None:
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(files, dict):
        raise StoreError(_not_ours(archive))
    if manifest.get("format") != FORMAT:
        newer = f"(format {manifest.get('format')}, this one knows {FORMAT})"
        raise StoreError(f"{archive} was made by a newer Mailsonde {newer}: use that one")
    if not any(name.startswith("store/") for name in found):
        raise StoreError(_not_ours(archive))
    wrong = sorted(name for name in files.keys() | found.keys() if files.get(name) != found.get(name))
    if wrong:
        raise StoreError(f"{archive} is damaged: {wrong[0]} is not as it was packed; take another backup")


# -- a process of its own


def main() -> int:
    """Pack what the first line of the input says; print `+ BYTES` as they are packed, and `- WHY` when it fails. Returns the exit code."""
    line = sys.stdin.readline()
    if not line:  # whoever wanted it has gone
        return 1
    asked = json.loads(line)
    os.nice(NICE)
    try:
        pack(Path(asked["store"]), [Path(key) for key in asked["keys"]], Path(asked["target"]), _Progress())
    except StoreError as error:
        print(f"- {error}", flush=True)  # noqa: T201 - this is how the parent hears of it
        return 1
    return 0


class _Progress:
    """Prints `+ BYTES` for every 64 chunks."""

    def __init__(self) -> None:
        self._untold = 0

    def __call__(self, count: int) -> None:
        self._untold += count
        if self._untold >= 64 * CHUNK_BYTES:
            print(f"+ {self._untold}", flush=True)  # noqa: T201 - this is how the parent hears of it
            self._untold = 0


if __name__ == "__main__":
    sys.exit(main())
