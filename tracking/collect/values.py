"""The nouns of collecting: a file that was found, one that was refused and why, how far a file has been read, and a chunk of its lines."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Self

JSON = dict[str, Any]
UNREAD = -1  # as size: the reading has not come to the file's end


class Unreadable(ValueError):  # noqa: N818 - it names the file's state, and need not be our error
    """A file that cannot be read now: the message is one sentence for its reader, and names the file."""


class Verdict(StrEnum):
    """What a file is to what has been read before."""

    NEW = "new"  # never seen
    GROWN = "grown"  # what has been read is still there, and more
    SAME = "same"  # what has been read, no more: another name, a packed or rotated copy
    OLDER = "older"  # a beginning of what has been read: an older copy
    TRUNCATED = "truncated"  # the same file, emptied and perhaps written anew: to be read from the beginning
    REPLACED = "replaced"  # other content under a known name: to be read from the beginning


@dataclass(frozen=True, slots=True)
class Found:
    """One file to read, as it was when it was found."""

    path: str  # absolute
    name: str  # as it was asked for, safe to print as UTF-8 (not free of control characters)
    device: int
    inode: int  # 0 = the file system has none
    size: int  # bytes on disk, packed
    mtime_ns: int
    series: str = ""  # folder and base name that all of a rotated series share
    rotated: bool = False  # an older one of its series, by its name
    finished: bool = False  # a younger one of its series was written a minute later: nobody appends to this one


@dataclass(frozen=True, slots=True)
class Refused:
    """One path that will not be read."""

    path: str  # as it was asked for or found
    why: str  # a sentence without the path: `no such file or folder`


@dataclass(frozen=True, slots=True)
class Findings:
    """What a search gave: series by series, the oldest file of each first."""

    files: tuple[Found, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class FileState:
    """How far one content has been read, and what proves that a file still holds it. Offsets count unpacked bytes, before cleaning."""

    file_id: int  # 0 to 2**64 - 1: from the head; names the content in the lake
    name: str  # as it was collected last
    path: str
    device: int
    inode: int
    size: int  # bytes on disk when it was read to its end; UNREAD in the midst of it
    mtime_ns: int
    head: str  # hash of the first `head_length` bytes
    head_length: int  # up to 4096; fewer when the file was shorter when first seen
    offset: int = 0  # all before it has been handed out, in whole lines
    line: int = 0  # lines before it
    tail: str = ""  # hash of the up to 256 bytes before the offset
    marks: str = ""  # the same, 8 digits each, at 4096, 8192, 16384, ...: they prove an older copy
    firsts: str = ""  # hashes, 4 digits each, of the lines within the first 4096 bytes, 64 at most: the same for short files
    comments: bool = False  # nothing but lines that begin with # has been read: no proof that two files are one
    unended: bool = False  # the last line was taken without its line end
    finished: bool = False  # it was packed or rotated away, and read to its end
    carry: str = ""  # what the format needs to know for the next chunk; the reader only hands it on

    def json(self) -> JSON:
        """Return it as an object of JSON's own types."""
        return asdict(self)

    @classmethod
    def of(cls, stored: JSON) -> Self:
        """Read what `json` gave; a key that is not ours (of a later version) is left out. Raises TypeError when a needed one is missing."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in stored.items() if key in known})


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines of one file: UTF-8 without CR and NUL, each ended by LF. One without lines only brings notes."""

    file_id: int
    name: str
    path: str
    first_line: int  # number of its first line in the file, from 1
    lines: int
    text: bytes
    state: FileState  # after it; `carry` is still that of the chunk before
    repaired: int  # lines that were not UTF-8, or held a lone CR or a NUL
    cut: int  # lines that were longer than a line may be
    notes: tuple[str, ...]  # what was wrong with the file, a sentence each without its name
    done_bytes: int  # of the file on disk that are behind it: for a progress bar
