"""The checks of a report, a line each under their domain; a reason that does not fit beside its row stands below it, as wide as the screen.

Rich's tables wrap a reason inside its column, which is 27 letters wide on a terminal of 80: too narrow to read a server's words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from service.show.bar import BROKEN, PHASES, bar
from service.show.grid import level_text
from service.words import distinct, harmless, seconds_text, shorten
from thresholds import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from probe import Check
    from service.report import JudgedCheck

REASON = 180  # letters of one reason in a row
WIDE_BAR, NARROW_BAR = 20, 12  # letters
WIDE = 100  # columns from which on there is room for the wide bar
LEVEL_WIDTH, TIME_WIDTH = 8, 7  # CRITICAL, 99.9 ms
BESIDE, BELOW = 44, 4  # columns that a reason must have to be wrapped beside its row; its indent where it stands below
PHASE_STYLES = dict(zip(PHASES, ("blue", "cyan", "magenta", "green", "yellow", "bright_blue", "white"), strict=True)) | {BROKEN: "bold red"}


class Widths(NamedTuple):
    """Columns of a screen."""

    screen: int
    name: int  # of the widest server
    bar: int

    @property
    def before_reason(self) -> int:
        """Return how many columns stand before the reason."""
        return self.name + LEVEL_WIDTH + TIME_WIDTH + self.bar + 8


def print_checks(checks: Sequence[JudgedCheck], console: Console) -> None:
    """Print these checks, domains with the worst first, else in the order of the configuration."""
    names = [_name(one.result.check) for one in checks]
    widths = Widths(console.width, min(max(map(len, names)), console.width // 3), WIDE_BAR if console.width >= WIDE else NARROW_BAR)
    widths = widths._replace(name=max(widths.name, len("DOMAIN / SERVER")))
    head = Text("  ".join(("DOMAIN / SERVER".ljust(widths.name), "LEVEL   ", "   TIME", "STEPS".ljust(widths.bar), "REASON")), "dim")
    for line in (head, *_lines(checks, widths, console)):
        console.print(line, no_wrap=True, overflow="ignore", crop=False)


def _lines(checks: Sequence[JudgedCheck], widths: Widths, console: Console) -> Iterator[Text]:
    for domain, group in _by_domain(checks):
        yield Text(shorten(domain, widths.screen), "bold")
        for one in group:
            yield from _row(one, widths, console)


def _row(judged: JudgedCheck, widths: Widths, console: Console) -> Iterator[Text]:
    """Yield the line of one check, and below it the reason where that is too long to stand beside it."""
    name = _name(judged.result.check)
    if len(name) > widths.name:
        yield Text(shorten(name, widths.screen))
        name = ""
    level = level_text(judged.verdict.level)
    level.pad_right(LEVEL_WIDTH - len(level))
    bar_text = _painted(bar(judged.result, widths.bar))
    bar_text.pad_right(widths.bar - len(bar_text))
    time = Text(seconds_text(judged.result.seconds).rjust(TIME_WIDTH))
    row = Text("  ").join((Text(name.ljust(widths.name)), level, time, bar_text))
    yield from _with_reason(row, _reason(judged), widths, console)


def _with_reason(row: Text, reason: Text, widths: Widths, console: Console) -> Iterator[Text]:
    room = widths.screen - widths.before_reason
    if reason.cell_len <= room:
        yield Text("  ").join((row, reason)) if reason else row
        return
    beside = room >= BESIDE
    indent = widths.before_reason if beside else BELOW
    first, *others = reason.wrap(console, widths.screen - indent, overflow="fold")
    below = [Text(" " * indent).append_text(line) for line in (others if beside else (first, *others))]
    yield from (Text("  ").join((row, first)) if beside else row, *below)


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


def _name(check: Check) -> str:
    """Return the server as the check's name has it: with its address, where each address is a check of its own."""
    return harmless(f"  {check.name.removeprefix(f'{check.domain}/')}")
