"""What a backtest found, as a table for people and as JSON for programs. Decides nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.text import Text

from service.report import plural
from service.show.grid import grid, level_text
from service.words import harmless, shorten
from thresholds.wording import span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, tzinfo

    from rich.console import Console
    from rich.table import Table

    from thresholds.backtest import Compared, Side, Trouble

ROWS = 40  # checks without --all
TROUBLES = 20  # gained or lost ones, without --all
REASON = 120  # letters
LEVELS = ("ok", "unknown", "warning", "critical", "suspect")


@dataclass(frozen=True, slots=True)
class Frame:
    """What was replayed."""

    since: datetime  # aware
    until: datetime
    old: str  # a file's name; "" = the verdicts as they were stored
    new: str
    zone: tzinfo  # in which a screen shows times


def _clock(at: datetime, frame: Frame) -> str:
    return at.astimezone(frame.zone).strftime("%Y-%m-%d %H:%M:%S")


def _weight(one: Compared) -> tuple[int, int, int]:
    """Return how much a check changes, most first."""
    return (-len(one.new.alone) - len(one.old.alone), -one.changed, -max(one.old.bad, one.new.bad))


def _share(side: Side, runs: int) -> str:
    return f"{side.bad:,} ({100 * side.bad / runs:.1f} %)" if side.bad else "0"


def checks_table(checks: Sequence[Compared]) -> Table:
    """Return a row per check: how often it was bad and would have been, in how many troubles, and which are gained and lost."""
    table = grid("CHECK", "RUNS", "BAD WAS", "BAD NEW", "TROUBLES WAS", "TROUBLES NEW", "GAINED", "LOST")
    for one in checks:
        cells = (one.name, f"{one.runs:,}", _share(one.old, one.runs), _share(one.new, one.runs), f"{one.old.troubles:,}")
        more = (f"{one.new.troubles:,}", f"{len(one.new.alone):,}", f"{len(one.old.alone):,}")
        table.add_row(*(Text(harmless(cell)) for cell in (*cells, *more)))
    return table


def troubles_table(troubles: Sequence[Trouble], frame: Frame) -> Table:
    """Return a row per trouble that one side alone saw."""
    table = grid("SINCE", "FOR", "CHECK", "LEVEL", "REASON")
    for one in troubles:
        lasted = span((one.until - one.since).total_seconds()) if one.until > one.since else "one run"
        table.add_row(_clock(one.since, frame), lasted, Text(harmless(one.name)), level_text(one.level), Text(shorten(one.reason, REASON)))
    return table


def _told(troubles: Sequence[Trouble], title: str, frame: Frame, console: Console, *, every: bool) -> None:
    shown = troubles if every else troubles[:TROUBLES]
    if shown:
        console.print(Text(f"\n{title}", "bold"))
        console.print(troubles_table(shown, frame))
        _more(len(troubles) - len(shown), console)


def _more(hidden: int, console: Console) -> None:
    if hidden > 0:
        console.print(Text(f"and {hidden:,} more (--all lists every one)", "dim"))


def print_backtest(found: Mapping[str, Compared], frame: Frame, console: Console, *, every: bool = False) -> None:
    """Print what would have been otherwise: the checks that changed most, then the troubles gained and lost, then one sentence."""
    changed = sorted((one for one in found.values() if one.changed or one.old.bad or one.new.bad), key=_weight)
    rows = sorted(found.values(), key=_weight) if every else changed[:ROWS]
    console.print(
        Text(f"{frame.old or 'as it was judged'} -> {frame.new}, {_clock(frame.since, frame)} to {_clock(frame.until, frame)}", "dim")
    )
    if rows:
        console.print(checks_table(rows))
        _more(len(changed) - len(rows), console)
    for title, side in (("Gained: only the new thresholds see these", "new"), ("Lost: only the old ones saw these", "old")):
        troubles = sorted((trouble for one in found.values() for trouble in getattr(one, side).alone), key=lambda one: one.since)
        _told(troubles, title, frame, console, every=every)
    console.print(Text(summary(found)))


def summary(found: Mapping[str, Compared]) -> str:
    """Return all of it in one sentence."""
    checks = found.values()
    runs, was, new = (
        (sum(counts) for counts in zip(*((one.runs, one.old.bad, one.new.bad) for one in checks), strict=True)) if found else (0, 0, 0)
    )
    gained, lost = (sum(len(side.alone) for side in sides) for sides in ((one.new for one in checks), (one.old for one in checks)))
    troubles = f"{plural(sum(one.old.troubles for one in checks), 'trouble')} -> {sum(one.new.troubles for one in checks):,}"
    return f"{plural(len(found), 'check')}, {plural(runs, 'run')}: bad {was:,} -> {new:,}, {troubles} ({gained:,} gained, {lost:,} lost)"


# -- for programs


def as_json(found: Mapping[str, Compared], frame: Frame) -> str:
    """Return one object: the span, and for each check its counts and the troubles that one side alone saw."""
    checks = [_check(one) for one in found.values()]
    head = {"since": _stamp(frame.since), "until": _stamp(frame.until), "old": frame.old or None, "new": frame.new}
    return json.dumps({**head, "checks": checks}, indent=2)


def _stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _check(one: Compared) -> dict[str, Any]:
    sides = {"old": _side(one.old), "new": _side(one.new)}
    gained, lost = ([_trouble(trouble) for trouble in side.alone] for side in (one.new, one.old))
    return {"check": one.name, "runs": one.runs, "changed": one.changed, **sides, "gained": gained, "lost": lost}


def _side(side: Side) -> dict[str, int]:
    return {level: side.counts[level] for level in LEVELS} | {"troubles": side.troubles}


def _trouble(one: Trouble) -> dict[str, Any]:
    return {"since": _stamp(one.since), "until": _stamp(one.until), "level": one.level.name, "reason": one.reason}
