"""What is wrong with a configuration, as lines: `file:line:column: path: what is wrong, what is allowed, did you mean`. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Path = tuple[str | int, ...]  # ("domains", 0, "mailbox"): keys and indexes from the root
SECRETS = frozenset({"password", "token", "key", "secret"})  # keys whose value is a secret's source ...
SOURCES = ("env", "file", "command")  # ... which are these
CLOSE = 0.6  # difflib's ratio from which a name counts as a slip of another


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the file, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    file: str
    mark: Mark | None  # None = the file as a whole
    path: Path
    says: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.mark.line}:{self.mark.column}" if self.mark else self.file
        return _one_line(f"{place}: {path_text(self.path)}: {self.says}" if self.path else f"{place}: {self.says}")


def _one_line(text: str) -> str:
    """Return a text whose line breaks and other control characters, such as those of a cited value, are seen and not obeyed."""
    return text if text.isprintable() else "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


class ConfigErrors(Exception):  # noqa: N818 - it carries many errors, and its name says so
    """All that is wrong with one configuration; `str()` gives one line for each, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(in_order(problems))
        super().__init__("\n".join(map(str, self.problems)))


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems in the order of the file, each once."""
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda one: (one.mark.line, one.mark.column) if one.mark else (0, 0))


def path_text(path: Path) -> str:
    """Return a path as people write it: `domains[0].mailbox.address`. What stands where a secret's source belongs is not shown."""
    shown = [part if before not in SECRETS or part in SOURCES else "***" for before, part in zip(("", *path), path, strict=False)]
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in shown)
    return text.removeprefix(".")


def listed(names: Iterable[str], last: str = "or") -> str:
    """Return names as a list in a sentence: `a, b or c`."""
    *rest, final = list(names) or ["nothing"]
    return f"{', '.join(rest)} {last} {final}" if rest else final


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean X?`, or nothing when no known name is close."""
    from difflib import get_close_matches  # noqa: PLC0415 - only what is wrong pays for it: a start should be quick

    lowered = {one.lower(): one for one in known}
    close = get_close_matches(name.lower(), lowered, n=1, cutoff=CLOSE)
    return f"; did you mean {lowered[close[0]]}?" if close else ""
