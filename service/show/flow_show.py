"""One message for people: who, what, how it ended; then a waterfall of its way, servers and links on one axis of time.

Letters, not blocks (as the bars of checks), nothing but ASCII of our own; what came from outside commands no terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from service.show.flow_bars import Axis, axis_of, bar, scale
from service.show.flow_rows import LEGEND, Row, rows_of
from service.show.flow_trip import Joint, with_probe
from service.show.flow_words import OUTCOME_STYLES, address, fitted, is_backwards, size_text, span_text
from service.show.hanging import print_hanging
from service.words import clock, harmless, here

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from rich.console import Console

    from service.show.flow_trip import Probe
    from tracking.values import Flow

WIDE = 110  # columns; below, each bar has a line of its own
NAME, ID, AT, TIME, GAP = 30, 26, 12, 9, 2  # cells; name and id take no more than they need
LABEL = 9  # cells of a fact's name
WRAPPED = frozenset({"subject", "said", "outcome"})
BACKWARDS = "less than no time: a server's clock contradicts itself or another's"
STYLES = {"stay": "", "link": "dim", "prober": "cyan"}


def print_flow(flow: Flow, console: Console, probe: Probe | None = None) -> None:
    """Print one flow; with the prober's own part where it is a message of ours."""
    _print_facts(flow, console)
    joint = with_probe(rows_of(flow), flow, probe)
    if joint.rows:
        console.print()
        _print_rows(joint.rows, console)
    _print_sum(joint, console)


def _print_facts(flow: Flow, console: Console) -> None:
    """Print each fact; ids and addresses whole, so that they can be copied, sentences wrapped."""
    for name, text in _told(flow):
        line = Text().append(f"{name:<{LABEL}}", "dim").append_text(text)
        if name in WRAPPED:
            line = _hanging(line, console)
        console.print(line, soft_wrap=True)


def _hanging(text: Text, console: Console) -> Text:
    first, *rest = text.wrap(console, console.width - 1, overflow="fold")
    below: Iterable[Text] = Text(" ").join(line for line in rest).wrap(console, console.width - LABEL - 1, overflow="fold") if rest else []
    lines = [first, *(Text(" " * LABEL).append(line) for line in below)]
    for line in lines:
        line.rstrip()
    return Text("\n").join(lines)


def _told(flow: Flow) -> Iterator[tuple[str, Text]]:
    yield "message", Text(harmless(flow.message_id or "without a Message-ID"), "bold")
    yield "from", Text(harmless(address(flow.sender)))
    via = f", by way of {', '.join(flow.via)}" if flow.via else ""
    yield "to", Text(harmless(f"{address(flow.recipient or None)}{via}"))
    if flow.subject is not None:
        yield "subject", Text(harmless(flow.subject))
    if flow.size_bytes is not None:
        yield "size", Text(size_text(flow.size_bytes))
    yield "outcome", _ended(flow)
    if flow.said:
        yield "said", Text(harmless(flow.said))


def _ended(flow: Flow) -> Text:
    text = Text().append(str(flow.outcome), OUTCOME_STYLES[flow.outcome])
    if flow.end_to_end_seconds is not None:
        text.append(f" after {span_text(flow.end_to_end_seconds)}{_doubt(flow.uncertainty_seconds)}")
    if at := flow.entered_at or flow.left_at:
        text.append(f", entered {clock(at)}" if flow.entered_at else f", at {clock(at)}")
    return text.append(f"; {BACKWARDS}", "yellow") if is_backwards(flow) else text


def _doubt(seconds: float) -> str:
    return f" (+-{span_text(seconds)})" if seconds else ""


# -- the waterfall


def _print_rows(rows: Sequence[Row], console: Console) -> None:
    wide = console.width >= WIDE
    name, number = _widths(rows)
    cells = console.width - (name + number + AT + TIME + 4 * GAP if wide else GAP) - 1
    axis = axis_of(rows, cells)
    if axis is None:
        return
    console.print(Text(_above(axis, (name, number) if wide else None), "dim"), soft_wrap=True)
    for row in rows:
        console.print(_wide(row, axis, (name, number)) if wide else _narrow(row, axis, console.width), soft_wrap=True)
        for note in row.notes:
            _print_note(note, console, GAP if wide else 2 * GAP)
    _print_legend(rows, axis, console)


def _widths(rows: Sequence[Row]) -> tuple[int, int]:
    names, ids = max(cell_len(row.name) for row in rows), max(cell_len(row.id) for row in rows)
    return min(max(names, len("SERVER")), NAME), min(max(ids, len("ID")), ID)


def _above(axis: Axis, widths: tuple[int, int] | None) -> str:
    """Return the heads and the scale; the day and its zone stand above the times."""
    zone = here(axis.begin).strftime("%Z")
    if widths is None:
        return f"{clock(axis.begin)}\n{' ' * GAP}{scale(axis)}"
    heads = (("SERVER", widths[0]), ("ID", widths[1]), (f"SINCE {zone}", AT))
    return "".join(f"{fitted(head, cells)}{' ' * GAP}" for head, cells in heads) + f"{'TIME':>{TIME}}{' ' * GAP}{scale(axis)}"


def _at(at: datetime | None) -> str:
    return here(at).strftime("%H:%M:%S.%f")[:AT] if at else ""


def _wide(row: Row, axis: Axis, widths: tuple[int, int]) -> Text:
    told = ((row.name, widths[0]), (row.id, widths[1]), (_at(row.begun_at), AT))
    line = Text("".join(f"{fitted(text, cells)}{' ' * GAP}" for text, cells in told), STYLES[row.kind])
    return line.append(f"{span_text(row.seconds):>{TIME}}{' ' * GAP}{bar(row, axis)}")


def _narrow(row: Row, axis: Axis, width: int) -> Text:
    head = f"{row.name}  {row.id}" if row.id else row.name
    text = Text(fitted(head, width).rstrip(), STYLES[row.kind])
    return text.append(f"\n{' ' * GAP}{_at(row.begun_at) or '-':<{AT}} {span_text(row.seconds):>{TIME}}\n{' ' * GAP}{bar(row, axis)}")


def _print_note(note: str, console: Console, indent: int) -> None:
    lines = Text(harmless(note), "dim").wrap(console, console.width - indent, overflow="fold")
    for line in lines:
        line.rstrip()
        console.print(Text(" " * indent).append(line), soft_wrap=True)


def _print_legend(rows: Sequence[Row], axis: Axis, console: Console) -> None:
    """Print what the letters stand for, none of them broken."""
    used = {letter for row in rows for letter in bar(row, axis)}
    lines = [""]
    for letter, words in LEGEND.items():
        if letter in used:
            told = f"{lines[-1]}  {letter} {words}".strip()
            lines[-1:] = [told] if len(told) < console.width else [lines[-1], f"{letter} {words}"]
    console.print(Text("\n".join(lines), "dim"), soft_wrap=True)


def _print_sum(joint: Joint, console: Console) -> None:
    for sentence in joint.sentences:
        print_hanging(harmless(sentence), console)
