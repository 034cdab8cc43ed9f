"""Two runs for a human: what each came to, their steps with the difference, and what was said, side by side or one below the other.

What has changed is marked by a sign before its line, so that it reads without colour.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.text import Text

from service.commands.like import Mark, pair_lines, pair_steps
from service.show.grid import LEVEL_STYLES, grid
from service.show.talk import OURS, THEIRS
from service.words import clock, distinct, harmless, seconds_text, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.table import Table

    from probe.values import Line
    from service.commands.like import LinePair, Side, StepPair

WIDE = 120  # columns from which on two conversations stand side by side
STEP_WIDTH = 14
REASON = 300  # letters
SIGNS = {Mark.SAME: " ", Mark.NUMBERS: "#", Mark.CHANGED: "~", Mark.GONE: "-", Mark.NEW: "+"}
STYLES = {Mark.SAME: "", Mark.NUMBERS: "dim", Mark.CHANGED: "yellow", Mark.GONE: "red", Mark.NEW: "green"}
LEGEND = "~ changed  - gone  + new  # other numbers or ids alone"
NOT_KEPT = "What was said then was not kept: of each check that of the last good run and of each first bad one is."


def print_both(title: str, sides: tuple[Side, Side], console: Console) -> None:
    """Print the stored run and the one made now."""
    then, now = sides
    console.print(Text(harmless(title), "bold"))
    for name, side in (("then", then), ("now ", now)):
        console.print(_told(name, side))
    console.print()
    console.print(_steps(then, now))
    console.print(Text(_sure(then, now), "dim"))
    console.print()
    for line in _talk(then, now, console):
        console.print(line, no_wrap=True, overflow="ignore", crop=False)


def _told(name: str, side: Side) -> Text:
    """Return `then  2026-11-20 09:00:12 CET  CRITICAL  AUTH at login: NO ..`."""
    reasons = "; ".join(shorten(reason, REASON) for reason in distinct(side.reasons))
    told = Text("  ").join((Text(f"{name}  {clock(side.started_at)}"), Text(side.level.name, LEVEL_STYLES[side.level])))
    return told.append(f"  {reasons}") if reasons else told


# -- steps


def _steps(then: Side, now: Side) -> Table:
    table = grid("STEP", "THEN", "NOW", "DIFFERENCE")
    for column in table.columns[1:]:
        column.justify = "right"
    for pair in pair_steps(then, now):
        before, after = _time(pair.then_seconds, pair, then), _time(pair.now_seconds, pair, now)
        table.add_row(Text(harmless(pair.name)), before, after, difference_text(pair.difference_seconds))
    both = (then.seconds, now.seconds)
    total = None if both[0] is None or both[1] is None else both[1] - both[0]
    table.add_row(Text("total", "bold"), seconds_text(both[0]), seconds_text(both[1]), difference_text(total))
    return table


def _time(seconds: float | None, pair: StepPair, side: Side) -> str:
    """Return a step's time, with a ! where the run broke in it."""
    broken = side.fault is not None and side.fault.step == pair.name
    return f"{'! ' if broken else ''}{seconds_text(seconds)}"


def difference_text(seconds: float | None) -> str:
    """Return `+12 ms`, `-3.0 ms`, `0`; `-` where it is unknown."""
    if seconds is None:
        return "-"
    if abs(seconds) < 0.00005:
        return "0"
    return f"{'+' if seconds > 0 else '-'}{seconds_text(abs(seconds))}"


def _sure(then: Side, now: Side) -> str:
    broken = "! broke here; " if then.fault or now.fault else ""
    doubts = f"+-{seconds_text(then.uncertainty_seconds)} then, +-{seconds_text(now.uncertainty_seconds)} now"
    if not then.steps:
        return f"{broken}the times of then are not known: the run has gone by its age"
    return f"{broken}the prober's own doubt: {doubts}"


# -- what was said


def _talk(then: Side, now: Side, console: Console) -> Iterator[Text]:
    if then.lines is None:
        yield from (line for line in Text(NOT_KEPT).wrap(console, console.width))
        return
    pairs = list(pair_lines(then.lines, now.lines or ()))
    if not pairs:
        yield Text("Nothing was said, then or now.")
        return
    changed = {pair.mark for pair in pairs} - {Mark.SAME}
    yield from _beside(pairs, console) if console.width >= WIDE else _below(pairs, console)
    yield Text(LEGEND if changed else "Every line is as it was.", "dim")


def _who(line: Line) -> str:
    return f"{OURS if line.ours else THEIRS} {harmless(line.text)}"


def _head(pair: LinePair, before: str) -> Text:
    """Return sign and step; the step where it changes."""
    name = pair.step if pair.step != before else ""
    return Text(f"{SIGNS[pair.mark]} {harmless(name):<{STEP_WIDTH}.{STEP_WIDTH}} ", STYLES[pair.mark])


def _beside(pairs: Sequence[LinePair], console: Console) -> Iterator[Text]:
    """Yield both conversations in two columns."""
    width = (console.width - STEP_WIDTH - 6) // 2
    yield Text(f"{'':{STEP_WIDTH + 3}}{'THEN':<{width}} | NOW", "dim")
    step = ""
    for pair in pairs:
        columns = [_folded(line, width, console) for line in (pair.then, pair.now)]
        head = _head(pair, step)
        for left, right in zip_longest(*columns, fillvalue=""):
            yield head + Text(f"{left:<{width}} | {right}".rstrip(), STYLES[pair.mark])
            head = Text(" " * (STEP_WIDTH + 3))
        step = pair.step


def _folded(line: Line | None, width: int, console: Console) -> list[str]:
    """Return a line in parts that fit into a column."""
    return [] if line is None else [part.plain for part in Text(_who(line)).wrap(console, width, overflow="fold")]


def _below(pairs: Sequence[LinePair], console: Console) -> Iterator[Text]:
    """Yield one conversation; where the two differ, the line of now stands below the one of then."""
    width, step = console.width - STEP_WIDTH - 8, ""
    for pair in pairs:
        head = _head(pair, step)
        told = [("    ", pair.then)] if pair.mark is Mark.SAME else [("then", pair.then), ("now ", pair.now)]
        for when, line in told:
            for place, part in enumerate(_folded(line, width, console)):
                yield head + Text(f"{when if not place else '    '} {part}".rstrip(), STYLES[pair.mark])
                head = Text(" " * (STEP_WIDTH + 3))
        step = pair.step
