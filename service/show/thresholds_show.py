"""`probe thresholds show` on the screen: which limit is in force for each check, or for one check why, and through the week."""

from __future__ import annotations

from string import ascii_letters
from typing import TYPE_CHECKING

from rich.text import Text

from probe.values import FaultKind, Outcome
from service.show.grid import grid
from service.words import harmless
from thresholds.explain import explain, week_of
from thresholds.judge import DEFAULT_LEVELS
from thresholds.values import Aspect
from thresholds.wording import amount, tell_limit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from rich.console import Console
    from rich.table import Table

    from thresholds.explain import Day, Explained
    from thresholds.limits import Limits
    from thresholds.values import Limit, Sample

NO_LIMIT = "."
MORE = "?"  # beyond the letters of the alphabet
ROWS = 100  # checks without --all
STRANGERS = 10  # thresholds that do not even match, without --all
HOURS = "".join(f"{hour:02d}    " for hour in range(0, 24, 3)).rstrip()
NONE = "no threshold"


def of_what(sample: Sample) -> str:
    """Return what a sample is of: `abc.example/imap, step login`."""
    name = sample.server if sample.server == sample.domain else f"{sample.domain}/{sample.server}"
    return f"{name}, {sample.aspect}{f' {sample.name}' if sample.name else ''}"


def clock(at: datetime, zone: tzinfo) -> str:
    """Return a time on a wall clock: `Fri 2026-11-20 09:00:00 CET`."""
    return at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M:%S %Z")


def _bounds(limit: Limit) -> tuple[str, str]:
    """Return both values as they are, as factors, or as the level that a fault counts as."""
    if limit.level is not None:
        return limit.level.name, ""
    factors = limit.baseline if limit.wanting else None
    pair = (factors.warning, factors.critical) if factors else (limit.warning, limit.critical)
    told = [(f"{value:g}x usual" if factors else amount(limit.match.aspect, value)) if value is not None else "-" for value in pair]
    return told[0], told[1]


def _row(limit: Limit) -> tuple[str, ...]:
    return (*_bounds(limit), limit.calendar.name if limit.calendar else "", limit.match.words)


# -- many


def print_overview(samples: Sequence[Sample], limits: Limits, console: Console, *, every: bool = False) -> None:
    """Print one row for each sample: the limit in force for it."""
    table = grid("WHAT", "THRESHOLD", "WARNING", "CRITICAL", "CALENDAR", "MATCHES")
    shown = samples if every else samples[:ROWS]
    for sample in shown:
        limit = limits.in_force(sample)
        cells = (limit.origin, *_row(limit)) if limit is not None else (NONE,)
        table.add_row(*(Text(harmless(cell)) for cell in (of_what(sample), *cells)))
    console.print(table)
    if len(shown) < len(samples):
        console.print(Text(f"and {len(samples) - len(shown):,} more (--all lists every one)", "dim"))


# -- one


def print_one(sample: Sample, limits: Limits, console: Console, zone: tzinfo, *, every: bool = False) -> None:
    """Print which limit is in force for a sample and why, why the others are not, and the week around it."""
    console.print(Text(harmless(f"{of_what(sample)}, at {clock(sample.at, zone)}"), "bold"))
    told = explain(limits, sample)
    if not told:
        console.print(Text(f"no threshold speaks of {sample.aspect}: {_otherwise(sample)}"))
        return
    strange = [one for one in told if one.why.startswith("does not match")]
    hidden = [] if every else strange[STRANGERS:]
    if not any(one.wins for one in told):
        console.print(Text(f"no threshold is in force: {'it is UNKNOWN' if told[0].limit.wanting else _otherwise(sample)}"))
    console.print(_reasons_table(told, {id(one) for one in hidden}))
    if hidden:
        console.print(Text(f"and {len(hidden):,} more that do not match (--all lists every one)", "dim"))
    console.print(Text(f"\nThe week from {clock(week_of(limits, sample, zone)[0].midnight, zone)}, a letter for each half hour:"))
    print_week(week_of(limits, sample, zone), sample.at.astimezone(zone), console)


def _otherwise(sample: Sample) -> str:
    """Return what holds without a threshold."""
    defaults = {(Aspect.FAULT, str(kind)): level for kind, level in DEFAULT_LEVELS.items() if isinstance(kind, FaultKind)}
    defaults |= {(Aspect.OUTCOME, str(one)): level for one, level in DEFAULT_LEVELS.items() if isinstance(one, Outcome)}
    level = defaults.get((sample.aspect, sample.name))
    return "whatever is measured is OK" if level is None else f"it counts as {level.name}"


def _reasons_table(told: Sequence[Explained], hidden: set[int]) -> Table:
    table = grid("", "THRESHOLD", "WARNING", "CRITICAL", "CALENDAR", "MATCHES", "WHY")
    for one in told:
        if id(one) not in hidden:
            style = "bold green" if one.wins else "dim" if one.why.startswith("does not match") else ""
            cells = (">" if one.wins else "", one.limit.origin, *_row(one.limit), f"in force: {one.why}" if one.wins else one.why)
            table.add_row(*(Text(harmless(cell), style) for cell in cells))
    return table


def print_week(days: Sequence[Day], now: datetime, console: Console) -> None:
    """Print a strip of letters for each day, the half hour of `now` turned round, and what each letter means."""
    letters: dict[str, str] = {}
    console.print(Text(f"     {HOURS}", "dim"))
    for day in days:
        strip = Text("".join(_letter(limit, letters) for limit in day.slots))
        if day.midnight.date() == now.date():
            place = now.hour * 2 + now.minute // 30
            strip.stylize("reverse", place, place + 1)
            strip.append(f"  <- {now:%H:%M} is {strip.plain[place]}", "dim")
        console.print(Text(f"{day.midnight:%a}  ").append_text(strip))
    for words, letter in letters.items():
        console.print(Text(f"  {letter}  {words}"))
    if any(limit is None for day in days for limit in day.slots):
        console.print(Text(f"  {NO_LIMIT}  {NONE}"))


def _letter(limit: Limit | None, letters: dict[str, str]) -> str:
    """Return the letter of a limit, a new one where it has none yet."""
    if limit is None:
        return NO_LIMIT
    calendar = f", in {limit.calendar.name}" if limit.calendar else ""
    return letters.setdefault(f"{tell_limit(limit)}{calendar}", ascii_letters[len(letters)] if len(letters) < len(ascii_letters) else MORE)
