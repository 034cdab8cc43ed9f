"""What it costs to judge one result: 10 steps and a certificate under 20 limits, compiled, against trying each limit on each sample.

Both in one process and in turn, CPU time; the plain way is what `thresholds` did before decision 0100, three judgements included.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from time import process_time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bench import table
from probe.values import Check, Endpoint, Result, Step
from thresholds.calendars import Calendar, Window
from thresholds.judge import judge_result, level_at, samples_of_result
from thresholds.limits import Limits, matches, rank
from thresholds.values import Aspect, Level, Limit, Match, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STEPS = ("resolve", "connect", "tls", "greeting", "capability", "login", "select", "search", "fetch", "logout")
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
CHECK = Check("abc.example/imap", "abc.example", "imap", "imap", Endpoint("mail.isp.example", 143))
RESULT = Result(CHECK, AT, tuple(Step(name, 0.01) for name in STEPS), {"certificate_days": 80.0}, uncertainty_seconds=0.002)
ROUNDS, RESULTS = 7, 300


def limits() -> list[Limit]:
    """Return 20 limits: of everything, in office hours, of each step, of strangers."""
    office = Calendar("office", ZoneInfo("Europe/Berlin"), (Window(frozenset(range(5)), 480, 1080),))
    general = [Limit(Match(), 0.5, 2.0), Limit(Match(server="imap*"), 1.0, 4.0, office), Limit(Match(Aspect.CERTIFICATE), 14.0, 3.0)]
    steps = [Limit(Match(Aspect.STEP, name), 0.3, 1.0) for name in STEPS]
    glob = Limit(Match(Aspect.STEP, server="imap*"), 0.2, 1.0, office)
    return [*general, *steps, glob, *(Limit(Match(domain=f"d{number}.example"), 1.0, 2.0) for number in range(6))]


def _plain(sample: Sample, found: Sequence[Limit]) -> Level:
    speaking = [one for one in found if matches(one.match, sample) and (one.calendar is None or one.calendar.covers(sample.at))]
    best = max(speaking, key=rank, default=None)
    return sample.level if best is None else level_at(best, sample.value)


def plainly(result: Result, found: Sequence[Limit]) -> Level:
    """Judge by trying every limit, as measured and with the uncertainty up and down."""
    samples = samples_of_result(result)
    shifted = [[replace(one, value=one.value + sign * one.uncertainty) for one in samples] for sign in (0, -1, 1)]
    measured, _less, _more = (max(_plain(one, found) for one in some) for some in shifted)
    return measured


def microseconds(act: Callable[[], object]) -> float:
    """Return the CPU time of one call: the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = process_time()
        for _ in range(RESULTS):
            act()
        best = min(best, process_time() - began)
    return best / RESULTS * 1e6


def main() -> None:
    """Print both."""
    found = limits()
    compiled = Limits(found)
    quick = microseconds(lambda: judge_result(RESULT, compiled, "berlin"))
    slow = microseconds(lambda: plainly(RESULT, found))
    rows = [["compiled", quick, 1.0], ["each limit tried, three times", slow, slow / quick]]
    table.show("Judging one result", table.render(["way", "CPU in us", "ratio"], rows), "10 steps and a certificate under 20 limits.")


if __name__ == "__main__":
    main()
