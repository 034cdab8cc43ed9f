"""The durable ledger of trips under way: a folder with one append-only file per run, each record on the disk before it counts.

A run holds its file by flock; the file of a killed run is free, and the next run that makes the same journeys adopts its trips. It
refuses to stop the probing: what it cannot write or read it says in `complaints`, one clear line each.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Self

from probe.passage import NewerVersionError, Passage, line_of, passage_of, told_line, told_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from pathlib import Path

ROTATE_BYTES = 4_194_304  # a file longer than this gets a successor, and goes once its trips have ended


@dataclass(slots=True)
class _File:
    """A file that we hold."""

    path: Path
    descriptor: int
    open: set[str] = field(default_factory=set)  # tokens that have not ended, or have not been claimed yet
    over: set[str] = field(default_factory=set)  # tokens whose outcome this run has told, once it ends well
    size: int = 0
    torn: bool = False  # its last line is half: the next record begins on a line of its own


class Ledger:
    """The ledger of one run. Use it as a context manager; all its methods are quick but for the disk's own time, and safe in threads."""

    def __init__(self, folder: Path) -> None:
        self.complaints: list[str] = []
        self._lock = Lock()
        self._folder = folder
        self._files: list[_File] = []
        self._own: _File | None = None
        self._homes: dict[str, _File] = {}
        self._adopted: dict[str, Passage] = {}

    def __enter__(self) -> Self:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            paths = sorted(self._folder.glob("*.jsonl"))
            self._own = self._begin()
        except OSError as error:
            self._complain(f"cannot write the ledger in {self._folder}: {error.strerror}; trips of this run will not survive its end")
            return self
        for path in paths:
            self._adopt(path)
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        """Leave the files to the next run, without what was told; a run that fails has told nothing."""
        with self._lock:  # a thread may be writing still for somebody who was cancelled meanwhile
            self._close(well=failure is None)

    def _close(self, *, well: bool) -> None:
        for file in self._files:
            if well and file.open and file.over:
                self._append(file, told_line(file.over))
            if not file.open and (well or not file.over):
                with suppress(OSError):  # a file that stays is adopted by the next run
                    file.path.unlink()
            os.close(file.descriptor)
        self._files.clear()
        self._homes.clear()
        self._own = None

    def claim(self, names: Collection[str], now: datetime) -> list[Passage]:
        """Return the trips that killed runs left: those of the named journeys, and those that nobody has claimed for far too long.

        A trip that had ended, but whose run was killed before it could tell, comes with its outcome.
        """
        claimed = self.left(names, now)
        with self._lock:
            for passage in claimed:
                del self._adopted[passage.letter.token]
                if passage.outcome is not None:
                    self._mark(passage)
        return claimed

    def left(self, names: Collection[str], now: datetime) -> list[Passage]:
        """Return the trips that `claim` would, and claim none."""
        with self._lock:
            return [passage for passage in self._adopted.values() if passage.name in names or forsaken(passage, now)]

    def hand_over(self, passages: Sequence[Passage]) -> None:
        """Take note that these trips stand in another ledger now: no later run finds them here."""
        with self._lock:
            for passage in passages:
                home = self._homes.get(passage.letter.token)
                if home is not None:
                    self._adopted.pop(passage.letter.token, None)
                    home.open.discard(passage.letter.token)
                    home.over.add(passage.letter.token)

    def write(self, *passages: Passage) -> bool:
        """Put the passages on the disk. Returns whether they stand there: only then may their messages be deleted."""
        with self._lock:
            return self._write(passages)

    def _write(self, passages: Sequence[Passage]) -> bool:
        if self._own is not None and self._own.size > ROTATE_BYTES:
            self._rotate()
        for passage in passages:
            if self._own is not None:
                self._homes.setdefault(passage.letter.token, self._own)
        homes = {token: self._homes[token] for token in (passage.letter.token for passage in passages) if token in self._homes}
        for file in {id(home): home for home in homes.values()}.values():
            lines = [line_of(passage) for passage in passages if homes.get(passage.letter.token) is file]
            if not self._append(file, b"".join(lines)):
                return False
        for passage in passages:
            self._mark(passage)
        return len(homes) == len(passages)

    def _mark(self, passage: Passage) -> None:
        token = passage.letter.token
        home = self._homes.get(token)
        if home is not None and passage.outcome is None:
            home.open.add(token)
        elif home is not None:
            home.open.discard(token)
            home.over.add(token)

    def _append(self, file: _File, data: bytes) -> bool:
        try:
            whole = (b"\n" if file.torn else b"") + data
            written = os.write(file.descriptor, whole)
            file.torn = written != len(whole)
            file.size += written
            os.fdatasync(file.descriptor)
        except OSError as error:
            file.torn = True
            self._complain(f"cannot write the ledger {file.path}: {error.strerror}; trips of this run may not survive its end")
            return False
        return not file.torn

    def _begin(self) -> _File:
        """Return a new file of our own, locked before anybody else can take it for an orphan. Raises: OSError."""
        while True:
            path = self._folder / f"{os.getpid()}-{os.urandom(8).hex()}.jsonl"
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_RDWR, 0o600)
            if _lock(descriptor):
                self._sync_folder()
                file = _File(path, descriptor)
                self._files.append(file)
                return file
            os.close(descriptor)

    def _rotate(self) -> None:
        for file in [file for file in self._files if not file.open]:
            with suppress(OSError):
                file.path.unlink()
            os.close(file.descriptor)
            self._files.remove(file)
        self._homes = {token: file for token, file in self._homes.items() if file in self._files}
        try:
            self._own = self._begin()
        except OSError as error:
            self._own = None
            self._complain(f"cannot write the ledger in {self._folder}: {error.strerror}; trips of this run will not survive its end")

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _adopt(self, path: Path) -> None:
        """Take over a file that no living run holds."""
        try:
            descriptor = os.open(path, os.O_APPEND | os.O_RDWR)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):  # its run has ended well in this moment
                self._complain(f"cannot read the ledger {path}: {error.strerror}; its trips stay without an outcome")
            return
        if not _lock(descriptor):
            os.close(descriptor)
            return
        try:
            self._read(_File(path, descriptor))
        except NewerVersionError as newer:
            os.close(descriptor)
            self._complain(f"the ledger {path} is of {newer}: left alone; run the newer program to finish its trips")

    def _read(self, file: _File) -> None:
        data = file.path.read_bytes()
        found: dict[str, Passage] = {}
        *lines, rest = data.split(b"\n")
        told: set[str] = set()
        for number, line in enumerate(lines, 1):
            told.update(told_of(line))
            passage = None if told_of(line) else self._passage(file.path, number, line)
            before = found.get(passage.letter.token) if passage else None
            if passage and (before is None or before.outcome is None):
                found[passage.letter.token] = passage
        found = {token: passage for token, passage in found.items() if token not in told}
        file.size, file.torn = len(data), bool(rest)
        file.open = set(found)
        self._files.append(file)
        self._adopted |= found
        self._homes |= dict.fromkeys(found, file)

    def _passage(self, path: Path, number: int, line: bytes) -> Passage | None:
        """Return the passage of one line, None for an empty or a broken one."""
        try:
            return passage_of(line) if line else None
        except NewerVersionError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError):
            self._complain(f"the ledger {path}, line {number}, cannot be read: skipped")
            return None

    def _complain(self, what: str) -> None:
        if what not in self.complaints:
            self.complaints.append(what)


def _lock(descriptor: int) -> bool:
    """Return whether we hold the file now, and it has not been removed while we took it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(descriptor).st_nlink > 0


def forsaken(passage: Passage, now: datetime) -> bool:
    """Return whether a trip is twice as old as it takes to be lost: no run makes its journey any more."""
    return (now - passage.facts.began_at).total_seconds() > 2 * passage.limits.lost_after_seconds


class OffLoop:
    """The same ledger for an event loop: its disk is waited for in a thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def claim(self, names: Collection[str], now: datetime) -> list[Passage]:
        """Return what killed runs left (`Ledger.claim`)."""
        return await asyncio.to_thread(self._ledger.claim, names, now)

    async def write(self, passages: Sequence[Passage]) -> bool:
        """Put the passages on the disk; return whether they stand there."""
        return await asyncio.to_thread(self._ledger.write, *passages)
