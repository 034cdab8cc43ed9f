"""The nouns of the doctor: a window of lines that is looked at, a finding with its commands, the block of one source. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Weight(StrEnum):
    """What a finding costs."""

    CRITICAL = "critical"  # nothing of it can be followed
    WARNING = "warning"  # some messages cannot be followed, or not surely
    HINT = "hint"  # all can be followed; it could be told better


WORST_FIRST = tuple(Weight)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a source lacks."""

    name: str  # stable, for programs: short-queue-ids
    weight: Weight
    says: str  # what is so, and what it costs: one sentence, without the source's name
    commands: tuple[str, ...] = ()  # what to do, in order, to be copied; a capital word is to be replaced
    server: str = ""  # whose; "" = all of the source
    example: str = ""  # a line that lacks it, as it was written: not safe to print


@dataclass(frozen=True, slots=True)
class Window:
    """Whole lines from one place of one file."""

    name: str  # of the file, as it was asked for
    first_line: int  # its number in the file; of a file's end it is only higher than all before
    text: bytes  # clean UTF-8 lines
    until: datetime  # when the file was written last
    begins: bool  # the file's beginning: what the format carried from another window says nothing


@dataclass(frozen=True, slots=True)
class Block:
    """One source: what was seen of it, and what it lacks."""

    source: str  # path of the file, or of the series' newest
    files: int = 1
    bytes: int = 0  # of all its files, on disk
    format: str = ""  # "" = none is known
    software: tuple[str, ...] = ()  # whose lines say something
    servers: tuple[str, ...] = ()
    first_at: datetime | None = None  # aware UTC; of what was looked at
    last_at: datetime | None = None
    lines: int = 0  # looked at
    events: int = 0  # of these: lines that say something
    noise: int = 0
    unparsed: int = 0
    findings: tuple[Finding, ...] = ()  # worst first
    in_use: bool = True  # not rotated, not packed: somebody should be writing it
    mailboxes: bool = False  # somebody delivers into mailboxes here
    hands_to: tuple[str, ...] = ()  # to which local software messages are handed, by the lines: dovecot, mailbox-delivery


def worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """Order findings: the worst first, then by name and server."""
    return tuple(sorted(findings, key=lambda one: (WORST_FIRST.index(one.weight), one.name, one.server)))
