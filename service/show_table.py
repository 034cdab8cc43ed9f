"""The report for a human: in ten seconds, what is wrong and where. Worst domains first, one row per server, then the trips.

Colour only where rich finds a terminal (and never with NO_COLOR); nothing but ASCII of our own;
as wide as the terminal, at least 60 columns.
Above `SUMMARY_FROM` checks it counts by server and tells only what is bad; `every=True` lists all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from service.bar import BROKEN, PHASES, bar, legend
from service.grid import LEVEL_STYLES, grid, level_text
from service.report import WORST_FIRST, summarize
from service.show_summary import causes_table, summary_table
from service.show_trips import trips_table
from service.words import clock, distinct, harmless, seconds_text, shorten
from thresholds import Level

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from rich.table import Table

    from probe import Check
    from service.report import JudgedCheck, JudgedTrip, Report

SUMMARY_FROM = 100  # checks; more rows than this nobody reads
BAD_ROWS = 30  # more that are not OK than this are told by what broke them
NARROWEST = 60  # columns
REASON = 180  # letters of one reason in a row
EARLIER = "Earlier trips"
WIDE_BAR, NARROW_BAR = 20, 12  # letters
PHASE_STYLES = dict(zip(PHASES, ("blue", "cyan", "magenta", "green", "yellow", "bright_blue", "white"), strict=True)) | {BROKEN: "bold red"}


def _painted(drawn: str) -> Text:
    text = Text()
    for letter in drawn:
        text.append(letter, PHASE_STYLES[letter])
    return text


def _reason(judged: JudgedCheck) -> Text:
    """Return the reasons in words; of an OK check only what would surprise."""
    doubt = ["suspect: the prober itself was late"] if judged.verdict.suspect else []
    check = judged.result.check
    refused = ["not permitted, and refused"] if check.forbidden and judged.verdict.level is Level.OK else []
    reasons = [shorten(reason, REASON) for reason in distinct(judged.verdict.reasons)]
    return Text("; ".join([*reasons, *refused, *doubt]))


def _by_domain(checks: Sequence[JudgedCheck]) -> list[tuple[str, list[JudgedCheck]]]:
    """Return the checks grouped by domain, domains with the worst first, else in the order of the configuration."""
    groups: dict[str, list[JudgedCheck]] = {}
    for judged in checks:
        groups.setdefault(judged.result.check.domain, []).append(judged)
    return sorted(groups.items(), key=lambda group: -max(one.verdict.level for one in group[1]))


def _server(check: Check) -> str:
    """Return the server as the check's name has it: with its address, where each address is a check of its own."""
    return check.name.removeprefix(f"{check.domain}/")


def checks_table(checks: Sequence[JudgedCheck], width: int) -> Table:
    """Return one row per check under its domain's row."""
    cells = WIDE_BAR if width >= 100 else NARROW_BAR
    table = grid("DOMAIN / SERVER", "LEVEL", "TIME", "STEPS", "REASON")
    for domain, group in _by_domain(checks):
        table.add_row(Text(harmless(domain), "bold"))
        for one in group:
            level = one.verdict.level
            drawn = _painted(bar(one.result, cells))
            name = Text(harmless(f"  {_server(one.result.check)}"))
            table.add_row(name, level_text(level), seconds_text(one.result.seconds), drawn, _reason(one))
    return table


def _bad(report: Report) -> list[JudgedCheck]:
    """Return the checks that are not OK, worst first."""
    return [one for level in WORST_FIRST if level is not Level.OK for one in report.checks if one.verdict.level is level]


def _print_rows(checks: Sequence[JudgedCheck], console: Console) -> None:
    """Print a row for each of these checks, and the legend of their bars."""
    if checks:
        console.print(checks_table(checks, console.width))
        used = "".join({letter for one in checks for letter in bar(one.result, WIDE_BAR)})
        console.print(Text(legend(used), "dim"))


def _print_long(report: Report, console: Console) -> None:
    """Print a long report: each server in a row, then what is bad, one by one as long as that can be read."""
    bad = _bad(report)
    console.print(summary_table(report))
    if len(bad) > BAD_ROWS:
        console.print(causes_table(bad))
        console.print(Text("(--all lists every check)", "dim"))
    else:
        _print_rows(bad, console)


def _print_trips(trips: Sequence[JudgedTrip], console: Console) -> None:
    """Print this run's trips, then under a heading of their own those that earlier runs left in the ledger."""
    own, earlier = [one for one in trips if not one.earlier], [one for one in trips if one.earlier]
    if own:
        console.print(trips_table(own))
    if earlier:
        console.print(Text(EARLIER, "bold"))
        console.print(trips_table(earlier))


def print_table(report: Report, console: Console, *, every: bool = False) -> None:
    """Print the report on `console`; `every` lists all checks and trips, however many."""
    console.print(Text(f"{report.site or 'probe'}, {clock(report.started_at)}", "dim"))
    if len(report.checks) > SUMMARY_FROM and not every:
        _print_long(report, console)
    else:
        _print_rows(report.checks, console)
    _print_trips([one for one in report.trips if every or len(report.trips) <= SUMMARY_FROM or one.verdict.level is not Level.OK], console)
    console.print(Text(harmless(summarize(report)), LEVEL_STYLES[report.level]))


def make_console(*, width: int | None = None, file: TextIO | None = None) -> Console:
    """Return a console for the terminal at hand (or for `file`): rich reads NO_COLOR, COLUMNS and whether it is a terminal."""
    console = Console(width=width, file=file, highlight=False, emoji=False, markup=True)
    console.width = max(console.width, NARROWEST)
    return console
