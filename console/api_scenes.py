"""What a person's words about causes, domains and servers fit: a kind of cause that there is not is refused, what is not watched is told.

Pure. A mute of something that is watched only tomorrow may be meant, so it is made; a kind can never come to be.
"""

from __future__ import annotations

from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from probe.dialogue import printable
from thresholds.incident_values import CauseKind
from thresholds.limits import fits

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from console.board import Board
    from thresholds.incident_values import Scene

KINDS = tuple(kind.value for kind in CauseKind)
MOST = 100  # letters that are repeated
CLOSE = 0.6  # of difflib, from which on a name may have been meant
NAMED_BY = {"server": "server", "domain": "domain", "account": "domain"}  # kinds of causes whose names are known beforehand


def known_cause(written: str) -> str:
    """Return a glob over causes, or a kind alone, as it came. Raises: ValueError for a kind that there is not."""
    kind = written.partition(":")[0].lower()
    if not kind or any(fnmatchcase(one, kind) for one in KINDS):
        return written
    said = printable(kind)[:MOST]
    raise ValueError(f"there is no kind of cause `{said}`; the kinds are {', '.join(KINDS[:-1])} and {KINDS[-1]}{_meant(kind, KINDS)}")


def unwatched(scene: Scene, board: Board) -> list[str]:
    """Return a sentence for each part of a scene that fits nothing that is watched now; none while nothing is planned yet."""
    known = {
        "domain": {cell.check.domain for cell in board.cells.values()} | {one.domain for one in board.journeys.values()},
        "server": {cell.check.server for cell in board.cells.values()},
        "site": {board.site} - {""},
    }
    return [f"{said}, so it mutes nothing now{_meant(glob, names)}" for said, glob, names in _strange(scene, known)]


def _strange(scene: Scene, known: Mapping[str, Collection[str]]) -> Iterator[tuple[str, str, Collection[str]]]:
    for what, glob in (("domain", scene.domain), ("server", scene.server), ("site", scene.site)):
        if known[what] and not any(fits(glob, name) for name in known[what]):
            yield f"`{printable(glob)[:MOST]}` fits no {what} that is watched", glob, known[what]
    kind, _, name = scene.cause.partition(":")
    names = known[NAMED_BY[kind.lower()]] if kind.lower() in NAMED_BY else ()
    if names and name and not any(fits(name, one) for one in names):
        yield f"`{printable(scene.cause)[:MOST]}` fits no {NAMED_BY[kind.lower()]} that is watched", name, names


def _meant(written: str, known: Collection[str]) -> str:
    close = get_close_matches(written.lower(), known, n=1, cutoff=CLOSE)
    return f"; did you mean {close[0]}?" if close else ""
