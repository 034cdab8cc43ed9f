"""Runs as the store writes and reads them: what thousands of them share (`words`) stands once, what was measured stands in the run. Pure.

`run_row` is called for every result, a thousand a second: it must cost microseconds. It never touches a Check's secrets or endpoint.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from probe.values import Fault, FaultKind, Step
from store.histogram import bucket_of
from store.values import Remembered
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from probe.values import Line, Reading
    from store.values import Run

MICRO = 1_000_000
DAY_US = 86_400 * MICRO
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
VARYING = frozenset({"queued_as", "quota", "answers", "left_out", "not_deleted"})  # texts that differ from run to run, as numbers do

Identity = tuple[str, str, str, str]  # name, domain, server, kind
Words = tuple[tuple[str, ...], tuple[tuple[str, "Reading"], ...], tuple[str, ...], str]  # the columns of words.text

RUN_COLUMNS = (
    "id, check_id, words_id, started_us, duration_us, bucket, level, suspect, by_hand, late_us, uncertainty_us, warning_us, critical_us, "
    "steps, readings, fault_kind, fault_step, fault_said, reasons, message_id"
)
# What `remembered` reads; put WHERE and ORDER BY behind it.
REMEMBERED = (
    "SELECT r.id, c.name, c.domain, c.server, c.kind, r.started_us, r.duration_us, r.uncertainty_us, r.level, r.suspect, w.text, r.steps, "
    "r.readings, r.fault_kind, r.fault_step, r.fault_said, r.reasons, r.message_id "
    "FROM runs AS r JOIN checks AS c ON c.id = r.check_id JOIN words AS w ON w.id = r.words_id"
)


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run on its way into the table: everything but the ids, which the writer gives."""

    identity: Identity
    words: Words
    values: tuple[Any, ...]  # RUN_COLUMNS from started_us on
    conversation: tuple[str, str] | None = None  # 'last_good' or 'first_bad', lines

    @property
    def started_us(self) -> int:
        """Return when it began."""
        return int(self.values[0])

    @property
    def level(self) -> int:
        """Return its level."""
        return int(self.values[3])


def microseconds(at: datetime) -> int:
    """Return an aware time as the store holds it."""
    return (at - EPOCH) // _MICROSECOND


def time_of(us: int) -> datetime:
    """Return a stored time as an aware one. Raises: OverflowError when it lies outside the calendar."""
    return EPOCH + timedelta(microseconds=us)


def micro(seconds: float | None) -> int | None:
    """Return a duration as the store holds it; None stays None."""
    return None if seconds is None else round(seconds * MICRO)


def compact(value: Any) -> str:
    """Return JSON without a needless byte."""
    return json.dumps(value, separators=(",", ":"))


def run_row(run: Run, kept: str | None = None) -> RunRow:
    """Return the row of a run; `kept` says as what its conversation is to be kept, None = not at all."""
    result, verdict = run.result, run.verdict
    check, fault = result.check, result.fault
    steps = [round(step.seconds * MICRO) for step in result.steps]
    rare, names, often = _parted(result.readings)
    words = (tuple([step.name for step in result.steps]), rare, names, verdict.limit)
    duration = round(result.seconds * MICRO)
    values = (
        microseconds(result.started_at),
        duration,
        bucket_of(duration / MICRO),
        int(verdict.level),
        int(verdict.suspect),
        int(run.by_hand),
        round(run.late_seconds * MICRO),
        round(result.uncertainty_seconds * MICRO),
        micro(run.warning_seconds),
        micro(run.critical_seconds),
        compact(steps),
        compact(often) if often else None,
        *((str(fault.kind), fault.step, fault.said) if fault is not None else (None, None, None)),
        compact(verdict.reasons) if verdict.reasons else None,
        result.message_id,
    )
    conversation = (kept, lines_text(result.transcript)) if kept is not None else None
    return RunRow((check.name, check.domain, check.server, check.kind), words, values, conversation)


def _parted(readings: Mapping[str, Reading]) -> tuple[tuple[tuple[str, Reading], ...], tuple[str, ...], list[Reading]]:
    """Return the readings that rarely change, the names of the others, and their values."""
    rare, names, often = [], [], []
    for name, value in readings.items():
        if (isinstance(value, str | bool)) and name not in VARYING:
            rare.append((name, value))
        else:
            names.append(name)
            often.append(value)
    return tuple(rare), tuple(names), often


def words_text(words: Words) -> str:
    """Return words as their table holds them."""
    steps, rare, names, limit = words
    return compact([steps, dict(rare), names, limit])


def lines_text(lines: Sequence[Line]) -> str:
    """Return a redacted conversation as its table holds it."""
    return compact([[int(line.ours), line.step, line.text, round(line.at_seconds * MICRO)] for line in lines])


@lru_cache(4_096)
def _words_of(text: str) -> tuple[list[str], dict[str, Reading], list[str], str]:
    steps, rare, names, limit = json.loads(text)
    return steps, rare, names, limit


def remembered(row: Sequence[Any]) -> Remembered:
    """Return the run of one row of a query that begins with REMEMBERED."""
    run_id, check, domain, server, kind, started, duration, uncertainty, level, suspect, text, steps, readings, *rest = row
    fault_kind, fault_step, fault_said, reasons, message_id = rest[:5]
    names, rare, often, limit = _words_of(text)
    return Remembered(
        id=run_id,
        check=check,
        domain=domain,
        server=server,
        kind=kind,
        started_at=time_of(started),
        seconds=duration / MICRO,
        uncertainty_seconds=uncertainty / MICRO,
        level=Level(level),
        suspect=bool(suspect),
        steps=tuple(Step(name, us / MICRO) for name, us in zip(names, json.loads(steps), strict=True)),
        fault=Fault(FaultKind(fault_kind), fault_step, fault_said) if fault_kind is not None else None,
        readings=rare | dict(zip(often, json.loads(readings or "[]"), strict=True)),
        reasons=tuple(json.loads(reasons or "[]")),
        limit=limit,
        message_id=message_id,
    )
