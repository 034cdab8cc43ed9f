"""All that has been read so far, and what a file that was found is to it: new, grown, the same, an older copy, truncated or replaced."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tracking.collect.forms import form_of
from tracking.collect.identity import HEAD, beginning, digest, head_of, judge, new_id
from tracking.collect.opening import explain, open_file
from tracking.collect.unpack import Limits, Unpacked
from tracking.collect.values import FileState, Found, Unreadable, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

_SURE = (Verdict.GROWN, Verdict.SAME, Verdict.OLDER)


@contextmanager
def unpacked(path: str, limits: Limits | None = None) -> Iterator[Unpacked]:
    """Open a file for its content. Raises Unreadable, also for what the disk does while it is open."""
    with open_file(path) as file:
        try:
            yield Unpacked(file, limits)
        except OSError as problem:
            raise Unreadable(f"{path}: {explain(path, problem)}") from problem


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a file is, and the state to read it from."""

    verdict: Verdict
    state: FileState | None  # None: it has no whole line yet, there is nothing to read
    notes: tuple[str, ...] = ()  # why not, where that is not its age: a packed file that is cut short or damaged


class Known:
    """The states of all that has been read, to be asked by inode, path and content."""

    def __init__(self, states: Iterable[FileState] = ()) -> None:
        self._states: dict[int, FileState] = {}
        self._by_inode: dict[tuple[int, int], int] = {}
        self._by_path: dict[str, int] = {}
        self._by_head: dict[int, dict[str, set[int]]] = {}
        for state in sorted(states, key=lambda each: each.mtime_ns):
            self.put(state)

    def put(self, state: FileState) -> None:
        """Remember a state, in place of the former one of the same content."""
        self._states[state.file_id] = state
        self._by_inode[state.device, state.inode] = self._by_path[state.path] = state.file_id
        self._by_head.setdefault(state.head_length, {}).setdefault(state.head, set()).add(state.file_id)

    def states(self) -> list[FileState]:
        """Return all states."""
        return list(self._states.values())

    def recognise(self, found: Found, *, flush: bool = False) -> Recognition:
        """Say what a file is. `flush`: a last line without its end counts as whole. Raises Unreadable."""
        hints = self._hints(found)
        for state in hints[:1]:
            if _untouched(state, found):
                return Recognition(Verdict.SAME, state)
        with unpacked(found.path) as content:
            opening = content.read_fully(HEAD)
            for state in (*hints, *self._alike(opening, hints)):
                verdict = judge(state, content, opening)
                if verdict in _SURE and _is_proof(state, found, verdict):
                    return Recognition(verdict, state if verdict is Verdict.OLDER or _lives(state) else moved(state, found))
            begun = fresh(found, content, self._states.keys(), flush=flush or found.finished or bool(content.packing))
            notes = () if begun else tuple(content.notes)
        return Recognition(_changed(hints, found), begun, notes)

    def _hints(self, found: Found) -> list[FileState]:
        """Give the states that this inode and this path had last, the inode's first."""
        names = [self._by_inode.get((found.device, found.inode)) if found.inode else None, self._by_path.get(found.path)]
        states = [self._states[name] for name in dict.fromkeys(names) if name is not None]
        return [state for state in states if found.inode in {0, state.inode} or state.path == found.path]

    def _alike(self, opening: bytes, hints: list[FileState]) -> list[FileState]:
        """Give the states whose head this content has, or of which it may be a beginning; those read furthest first."""
        names = {
            name for length, heads in self._by_head.items() for name in heads.get(digest(opening[:length]), ()) if length <= len(opening)
        }
        if lines := beginning(opening):
            names |= {name for name, state in self._states.items() if state.firsts.startswith(lines)}
        states = (self._states[name] for name in names)
        return sorted((state for state in states if state not in hints), key=lambda state: -state.offset)


def _untouched(state: FileState, found: Found) -> bool:
    """Say whether there is nothing to read: nobody has written to the file since it was read."""
    same = (state.device, state.inode, state.size, state.mtime_ns) == (found.device, found.inode, found.size, found.mtime_ns)
    return same and not owes(state, found)


def owes(state: FileState, found: Found) -> bool:
    """Say whether a last line without its end was left for later, and later has come."""
    return found.finished and not state.finished and state.size > state.offset


def _lives(state: FileState) -> bool:
    """Say whether the file that was read is still where it was: then another one with its content is a copy."""
    try:
        about = Path(state.path).stat()
    except OSError:
        return False
    return (about.st_dev, about.st_ino) == (state.device, state.inode)


def _is_proof(state: FileState, found: Found, verdict: Verdict) -> bool:
    """A head of comments alone is one that many files share: then only the same file goes on."""
    same_file = (state.device, state.inode) == (found.device, found.inode)
    return same_file or verdict is not Verdict.GROWN or not state.comments


def _changed(hints: list[FileState], found: Found) -> Verdict:
    """Say what happened to a known file whose content is another one now."""
    if not hints:
        return Verdict.NEW
    same_file = (hints[0].device, hints[0].inode) == (found.device, found.inode)
    return Verdict.TRUNCATED if same_file and found.size < hints[0].size else Verdict.REPLACED


def continues(state: FileState, found: Found) -> Verdict:
    """Say what a file is to one state. Raises Unreadable."""
    return Known((state,)).recognise(found).verdict


def moved(state: FileState, found: Found) -> FileState:
    """Return the state as of the file that holds its content now."""
    there = replace(state, name=found.name, path=found.path, device=found.device, inode=found.inode)
    return replace(there, size=found.size, mtime_ns=found.mtime_ns)


def fresh(found: Found, content: Unpacked, taken: Collection[int], *, flush: bool) -> FileState | None:
    """Return the state of a content of which nothing has been read; None when it has no whole line yet."""
    content.rewind()
    opening = content.read_fully(HEAD)
    head = head_of(opening, form_of(opening).whole, flush)
    if not head:
        return None
    place = (found.name, found.path, found.device, found.inode, found.size, found.mtime_ns)
    return FileState(new_id(head, content, taken), *place, digest(head), len(head), tail=digest(b""), comments=True)
