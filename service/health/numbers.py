"""What the prober says of itself: why it is in doubt, and the numbers for metrics and pages. Frozen facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Reason(NamedTuple):
    """Why the prober is in doubt."""

    code: str  # a key of CODES; "" = it is well
    words: str  # one sentence


WELL = Reason("", "")
CODES = {  # what a metric's label may say, and what it means
    "files": "a limit of the prober's own host was hit, of open files as a rule",
    "control": "the control probe fails",
    "held": "the event loop is held up for most of the time",
    "slow": "the control probe is slow",
    "network": "nothing can be reached",
    "resolver": "no name can be looked up",
}


@dataclass(frozen=True, slots=True)
class HealthNumbers:
    """The prober's own state at one moment. Totals count from the start."""

    loop_lag_seconds: float  # the longest hold of the last 15 s, one that has not ended yet included
    loop_holds_total: int
    loop_held_seconds_total: float
    processor_wait_seconds_total: float  # ready to run and not running, by the kernel's count (Linux; else 0)
    gc_pauses_total: int
    gc_full_pauses_total: int  # of these: of all generations
    gc_pause_seconds_total: float
    gc_longest_pause_seconds: float  # ever
    control_probe_seconds: float | None  # the last one that ended well; None = none yet
    control_probe_failures_total: int
    suspect_verdicts_total: int
    doubted_verdicts_total: int  # of these: because the prober was sick
    sick: bool
    sick_reason: str  # a key of CODES; "" = well
    sick_seconds_total: float
    open_files: int  # about: the lowest descriptor that is free
    open_files_limit: int
