"""Flows for people: one line each where the screen is wide, three where it is narrow. It streams: ten thousand need no more than ten."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from service.show.flow_words import FLOW_DIGITS, OUTCOME_STYLES, address, fitted, span_text, way
from service.show.table import NARROWEST
from service.words import clock, harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TextIO

    from tracking.look.find import Found

WIDE = 120  # columns; below, a flow has three lines
AT_ONCE = 500  # flows that are drawn together
ENTERED, OUTCOME, TIME, GAP = 23, 10, 9, 2  # cells
_FIXED = ENTERED + OUTCOME + TIME + FLOW_DIGITS + 6 * GAP


def screen_of(file: TextIO) -> Console:
    """Return a console that draws into `file` as if it were this terminal: its width, and its colours where it has some."""
    screen = Console()
    drawn = Console(file=file, width=screen.width, force_terminal=screen.is_terminal, highlight=False, emoji=False, markup=False)
    drawn.width = max(drawn.width, NARROWEST)
    return drawn


def print_flows(found: Iterable[Found], console: Console) -> None:
    """Print flows in the order in which they come."""
    row = _wide(console.width) if console.width >= WIDE else _narrow(console.width)
    if console.width >= WIDE:
        console.print(Text(_heads(console.width), "dim"), soft_wrap=True)
    for some in _batches(found):
        console.print(Text("\n").join(map(row, some)), soft_wrap=True)


def _batches(found: Iterable[Found]) -> Iterator[list[Found]]:
    rest = iter(found)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _widths(width: int) -> tuple[int, int, int]:
    """Return the cells of sender, recipient and way."""
    people = (width - _FIXED) * 3 // 10
    return people, people, width - _FIXED - 2 * people


def _heads(width: int) -> str:
    cells = (ENTERED, OUTCOME, TIME, *_widths(width), FLOW_DIGITS)
    names = ("ENTERED", "OUTCOME", "TIME".rjust(TIME), "SENDER", "RECIPIENT", "WAY", "FLOW")
    return (" " * GAP).join(fitted(name, width) for name, width in zip(names, cells, strict=True)).rstrip()


def _begun(found: Found) -> str:
    at = found.flow.entered_at or found.flow.left_at
    return fitted(clock(at) if at else "at no known time", ENTERED)


def _head(found: Found) -> Text:
    """Return the beginning that both widths share: when, with what end, how long."""
    outcome = found.flow.outcome
    line = Text(f"{_begun(found)}{' ' * GAP}")
    line.append(fitted(str(outcome), OUTCOME), OUTCOME_STYLES[outcome])
    return line.append(f"{' ' * GAP}{span_text(found.flow.end_to_end_seconds):>{TIME}}{' ' * GAP}")


def _wide(width: int) -> Callable[[Found], Text]:
    cells = _widths(width)

    def row(found: Found) -> Text:
        told = (address(found.flow.sender), address(found.flow.recipient), way(found.flow))
        middle = (" " * GAP).join(fitted(text, most) for text, most in zip(told, cells, strict=True))
        return _head(found).append(f"{middle}{' ' * GAP}{found.flow_id[:FLOW_DIGITS]}")

    return row


def _narrow(width: int) -> Callable[[Found], Text]:
    def row(found: Found) -> Text:
        people = f"{address(found.flow.sender)} > {address(found.flow.recipient)}"
        below = [fitted(harmless(text), width - GAP).rstrip() for text in (people, way(found.flow)) if text]
        return _head(found).append(found.flow_id[:FLOW_DIGITS]).append("".join(f"\n{' ' * GAP}{text}" for text in below))

    return row
