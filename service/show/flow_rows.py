"""What a waterfall's rows say, top to bottom: the prober's part, each stay in a server, each link to the next. Pure; knows no screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from service.show.flow_words import server, span_text
from tracking.look.delays import POSTFIX
from tracking.values import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from tracking.values import Flow, Hop, Line, Link

LETTERS = {
    "#": "in the server",
    "p": "the prober",
    "-": "between two servers",
    "=": "in both, being handed over",
    "!": "arrived before it left: clocks disagree",
}
PART_LETTERS = dict(zip(POSTFIX, "bqct", strict=True))
PARTS = {"b": "before the queue", "q": "in the queue", "c": "connecting", "t": "transmitting"}
LEGEND = {**LETTERS, **PARTS}  # what each letter of a bar stands for
SURE = 0.9995
ROUNDED_SECONDS = 0.05  # by which the parts of a delay may be off
MOST_LINES = 12  # of one stay; more are counted


@dataclass(frozen=True, slots=True)
class Row:
    """One bar and what stands beside it."""

    name: str
    id: str
    begun_at: datetime | None
    seconds: float | None
    letters: Mapping[str, float] = field(default_factory=lambda: {"#": 1.0})  # what the bar is made of, by share
    notes: tuple[str, ...] = ()  # sentences below it
    kind: str = "stay"  # stay, link, prober


def rows_of(flow: Flow) -> list[Row]:
    """Return the rows of the servers."""
    found = []
    for number, hop in enumerate(flow.hops):
        last = number == len(flow.hops) - 1
        found.append(_stay(hop, flow.outcome if last else None))
        if not last:
            found.append(_between(hop, flow.hops[number + 1], flow.uncertainty_seconds))
    return found


def _stay(hop: Hop, outcome: Outcome | None) -> Row:
    told = (hop.software, *_parts(hop.delays), *_clock(hop), *_end(hop, outcome))
    lines = places(hop.lines)
    notes = ("; ".join(part for part in told if part), f"lines {lines}" if lines else "")
    return Row(server(hop), hop.id, hop.arrived_at, hop.seconds, _letters(hop.delays), tuple(note for note in notes if note))


def _letters(delays: Mapping[str, float]) -> dict[str, float]:
    parts = {PART_LETTERS[name]: seconds for name, seconds in delays.items() if name in PART_LETTERS and seconds > 0}
    return parts or {"#": 1.0}


def _parts(delays: Mapping[str, float]) -> list[str]:
    told = [f"{name.replace('_', ' ')} {span_text(seconds)}" for name, seconds in delays.items() if seconds > 0]
    return [", ".join(told)] if told else []


def _clock(hop: Hop) -> list[str]:
    """Return by how much this server's clock was off, where that shows."""
    offset = hop.clock_offset_seconds
    if abs(offset) < 0.0005:
        return []
    return [f"its clock is {span_text(abs(offset))} {'ahead' if offset > 0 else 'behind'}, corrected here"]


def _end(hop: Hop, outcome: Outcome | None) -> list[str]:
    if outcome is None:
        return []
    if outcome is Outcome.RELAYED and hop.to:
        return [f"taken by {hop.to}, whose logs are not in this lake"]
    return ["still there"] if hop.left_at is None and hop.arrived_at is not None and outcome is Outcome.DEFERRED else []


def _between(here: Hop, there: Hop, doubt_seconds: float) -> Row:
    link = here.link
    if link is None:
        return Row("> not tied", "", here.left_at, None, {"-": 1.0}, (f"no rule ties it to {server(there)}",), "link")
    letter = _letter(link.seconds or 0.0, here.delays.get("transmission", 0.0) + doubt_seconds)
    return Row(f"> {link.rule}", _sureness(link), here.left_at, link.seconds, {letter: 1.0}, (), "link")


def _letter(seconds: float, overlap_seconds: float) -> str:
    """Return the letter of a link: the next server has a message from its first command on, this one until the last reply."""
    if seconds >= 0:
        return "-"
    return "=" if -seconds <= overlap_seconds + ROUNDED_SECONDS else "!"


def _sureness(link: Link) -> str:
    return "sure" if link.confidence >= SURE else f"{link.confidence * 100:.0f} % sure"


def places(lines: Iterable[Line]) -> str:
    """Return where lines stand, runs of numbers as one: `mail.log:17-20,25 hub.log:3`."""
    by_file = [(name, [one.line for one in some]) for name, some in groupby(sorted(lines, key=_place), key=lambda one: one.file)]
    return " ".join(f"{name or 'unknown file'}:{_numbers(numbers)}" for name, numbers in by_file)


def _place(line: Line) -> tuple[str, int]:
    return line.file, line.line


def _numbers(numbers: list[int]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number - runs[-1][-1] <= 1:
            runs[-1][-1] = number
        else:
            runs.append([number, number])
    told = [str(first) if first == last else f"{first}-{last}" for first, last in runs]
    return ",".join(told[:MOST_LINES]) + (f" and {len(told) - MOST_LINES:,} more" if len(told) > MOST_LINES else "")
