"""Which files a COPY takes: .dockerignore's patterns, and where each source lands. Decided on relative names; no I/O.

Patterns are those of the builder's reference: `*` within one name, `**` across folders, `!` takes back, the last that matches wins.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from setup.dockerfile import Step, filled, refuse


@dataclass(frozen=True, slots=True)
class Copy:
    """One COPY, its variables filled in."""

    sources: tuple[str, ...]  # relative to the context, or to the root of the stage `origin`
    target: str  # absolute; ends in / where it must be a folder
    origin: str  # name of a stage; "" = the context
    owner: str  # user[:group]; "" = root
    mode: int | None  # of every file; None = as it is


def copy(step: Step, folder: str, values: dict[str, str]) -> Copy:
    """Read a COPY. `folder`: the stage's WORKDIR; `values`: its variables. Raises DockerfileError."""
    *sources, target = (filled(word, values) for word in step.words)
    if not sources:
        raise refuse(step.line, "COPY wants a source and a target")
    if any(mark in source for source in sources for mark in "*?["):
        raise refuse(step.line, "patterns in a COPY are not understood here; name the files")
    if len(sources) > 1 and not target.endswith("/"):
        raise refuse(step.line, "a COPY of several sources wants a folder: end it in /")
    mode = step.flags.get("chmod")
    return Copy(tuple(map(inside, sources)), placed(target, folder), step.flags.get("from", ""), step.flags.get("chown", ""), octal(mode))


def octal(text: str | None) -> int | None:
    """Return a mode of COPY --chmod."""
    return int(text, 8) if text else None


def placed(target: str, folder: str) -> str:
    """Return a target as an absolute path that still shows whether it is a folder."""
    if target in {".", "./"}:
        return f"{folder.rstrip('/')}/"
    return target if target.startswith("/") else f"{folder.rstrip('/')}/{target.removeprefix('./')}"


def inside(source: str) -> str:
    """Return a source as a clean relative name; it cannot leave the context."""
    return "/".join(part for part in PurePosixPath(source).parts if part not in {"/", ".", ".."})


def pattern(line: str) -> re.Pattern[str]:
    """Return the expression for one line of .dockerignore; it matches a name and all that lies below it."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", line.strip().removeprefix("/").rstrip("/"))
    signs = {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    return re.compile("".join(signs.get(part, re.escape(part)) for part in parts) + r"(?:/.*)?")


@dataclass(frozen=True, slots=True)
class Ignored:
    """A .dockerignore."""

    rules: tuple[tuple[bool, re.Pattern[str]], ...]  # in order; True = leave out

    def leaves_out(self, name: str) -> bool:
        """Tell whether a file, named relative to the context, stays outside."""
        verdicts = [leave for leave, expression in self.rules if expression.fullmatch(name)]
        return bool(verdicts) and verdicts[-1]


def ignored(text: str) -> Ignored:
    """Read a .dockerignore."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return Ignored(tuple((not line.startswith("!"), pattern(line.removeprefix("!"))) for line in lines))
