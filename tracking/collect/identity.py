"""Which content a file holds, whatever its name: hashes of its head, of the bytes before an offset, and of places between.

A name, an inode and a time of writing are hints; the content is the proof. A state (values.FileState) is proved by its head (first bytes,
up to 4096, unpacked) and its tail (the 256 bytes before the offset). A file that is shorter than what was read is an older copy when every
mark it reaches agrees. Two contents with one head differ in their tails; the second one gets an id from a longer head.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from tracking.collect.values import FileState, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from tracking.collect.unpack import Unpacked

_BOM = b"\xef\xbb\xbf"
HEAD, WINDOW, FIRSTS, LONGEST_HEAD = 4096, 256, 64, 1 << 22


def digest(data: bytes) -> str:
    """Return 16 hexadecimal digits for a head or a tail."""
    return blake2b(data, digest_size=8).hexdigest()


def _mark(data: bytes) -> str:
    return blake2b(data, digest_size=4).hexdigest()


@dataclass(frozen=True, slots=True)
class Trail:
    """What is remembered of the bytes up to an offset, to prove them later."""

    offset: int = 0
    before: bytes = b""  # the up to 256 bytes before the offset
    marks: str = ""
    firsts: str = ""
    comments: bool = True  # nothing but lines that begin with # so far

    def after(self, data: bytes) -> Trail:
        """Go on over the next bytes."""
        end = self.offset + len(data)
        new = [
            _mark((self.before + data[max(0, place - self.offset - WINDOW) : place - self.offset])[-WINDOW:])
            for place in _places(self.offset, end)
        ]
        firsts = self.firsts if self.offset >= HEAD else (self.firsts + _firsts(data, HEAD - self.offset))[: 4 * FIRSTS]
        comments = self.comments and all(line[:1] in b"#" for line in data.removeprefix(_BOM).split(b"\n", 99))
        return Trail(end, (self.before + data[-WINDOW:])[-WINDOW:], self.marks + "".join(new), firsts, comments)


def _places(after: int, until: int) -> Iterable[int]:
    """Give the places of marks in (after, until]."""
    place = HEAD
    while place <= until:
        if place > after:
            yield place
        place *= 2


def _firsts(data: bytes, room: int) -> str:
    """Hash the whole lines that end within the first `room` bytes."""
    return "".join(_mark(line)[:4] for line in data[:room].split(b"\n")[:-1])


def head_of(opening: bytes, whole: Callable[[bytes], int], flush: bool) -> bytes:
    """Return what identifies a content that begins so (up to 4096 bytes): all, or its whole lines when it is shorter."""
    return opening if flush or len(opening) >= HEAD else opening[: whole(opening)]


def new_id(head: bytes, content: Unpacked, taken: Collection[int]) -> int:
    """Return the id of a new content: from its head, or, where another content has the same, from as much more as it takes."""
    data, length = head, HEAD
    while (name := int(digest(data), 16)) in taken and length < LONGEST_HEAD and len(data) == length:
        length *= 2
        content.rewind()
        data = content.read_fully(length)
    spare = 0
    while name in taken:
        spare += 1
        name = int(digest(data + b"#%d" % spare), 16)
    return name


def windows(content: Unpacked, places: Iterable[int]) -> dict[int, bytes]:
    """Read the up to 256 bytes before each of these places (ascending), from the beginning on; places behind the end are left out."""
    content.rewind()
    found, back = dict[int, bytes](), b""
    for place in sorted(set(places)):
        begin = max(content.position, place - WINDOW)
        if begin > content.position:
            back = b""
        if not content.skip_to(begin):
            break
        back = (back + content.read_fully(place - begin))[-WINDOW:]
        if content.position < place:
            break
        found[place] = back[-min(WINDOW, place) :] if place else b""
    return found


def has_head(state: FileState, opening: bytes) -> bool:
    """Say whether a content that begins so begins as the state's did."""
    return len(opening) >= state.head_length and digest(opening[: state.head_length]) == state.head


def judge(state: FileState, content: Unpacked, opening: bytes) -> Verdict | None:
    """Say what the content is to the state by its bytes alone: grown, same, older, or None for another one."""
    if not opening or not state.offset:
        return Verdict.GROWN if opening and has_head(state, opening) else None
    if not has_head(state, opening):
        return Verdict.OLDER if _is_beginning(state, opening) else None
    tail = windows(content, [state.offset]).get(state.offset)
    if tail is None:
        return _older(state, content, opening)
    if digest(tail) != state.tail:
        return None
    return Verdict.GROWN if content.read(1) else Verdict.SAME


def beginning(opening: bytes) -> str:
    """Return what the `firsts` of every state begin with, of which this content, shorter than a head, is a beginning; "" = of none."""
    return _firsts(opening, HEAD)[: 4 * FIRSTS] if len(opening) < HEAD else ""


def _is_beginning(state: FileState, opening: bytes) -> bool:
    lines = beginning(opening)
    return bool(lines) and state.firsts.startswith(lines)


def _older(state: FileState, content: Unpacked, opening: bytes) -> Verdict | None:
    """Judge a content that has the head and ends before the offset: by all marks that it reaches."""
    if len(opening) < HEAD:
        return Verdict.OLDER if _is_beginning(state, opening) else None
    places = list(_places(0, state.offset))
    known = dict(zip(places, (state.marks[at : at + 8] for at in range(0, len(state.marks), 8)), strict=False))
    read = windows(content, places)
    return Verdict.OLDER if all(_mark(data) == known.get(place) for place, data in read.items()) else None
