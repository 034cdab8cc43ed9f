"""Two runs as one JSON object: both whole, and what has changed between them, step by step and line by line."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from service.commands.like import pair_lines, pair_steps
from service.show.json import check_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from probe.values import Line
    from service.commands.like import LinePair, Side, StepPair
    from service.report import JudgedCheck


def print_json(then: Mapping[str, Any], now: JudgedCheck, sides: tuple[Side, Side]) -> None:
    """Print both; `then` is the stored run as the control API shows it."""
    before, after = sides
    whole = {
        "then": then,
        "now": {**check_object(now), "lines": [_line(line) for line in after.lines or ()]},
        "steps": [_step(pair) for pair in pair_steps(before, after)],
        "lines": None if before.lines is None else _compared(before.lines, after.lines or ()),
    }
    sys.stdout.write(f"{json.dumps(whole, indent=2 if sys.stdout.isatty() else None, allow_nan=False)}\n")


def _compared(then: Sequence[Line], now: Sequence[Line]) -> list[dict[str, Any]]:
    return [_pair(pair) for pair in pair_lines(then, now)]


def _pair(pair: LinePair) -> dict[str, Any]:
    return {"step": pair.step, "mark": pair.mark.value, "then": _line(pair.then), "now": _line(pair.now)}


def _line(line: Line | None) -> dict[str, Any] | None:
    if line is None:
        return None
    return {"ours": line.ours, "step": line.step, "text": line.text, "at_seconds": round(line.at_seconds, 6)}


def _step(pair: StepPair) -> dict[str, Any]:
    times = {"then_seconds": pair.then_seconds, "now_seconds": pair.now_seconds, "difference_seconds": pair.difference_seconds}
    return {"name": pair.name} | {name: None if seconds is None else round(seconds, 6) for name, seconds in times.items()}
