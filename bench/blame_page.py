"""Words docs/blame.md from what `make blame` found: hits, times, the table, and what was named instead. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.blame_plan import SAMPLE, TWELVE, Case
from bench.table import quantile, render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Found = dict[str, dict[str, Any]]  # case -> a Seen as JSON
HEAD = """# Blame: fault in, cause out

Written by `make blame` on {date}. On the real lab (3 domains, checks every {check:g} s, trips every {trip:g} s) a fault is put in force,
and what the service names is compared with what the fault is; then it is mended, and all must close. {twelve} faults are tried singly and
in all pairs, {sample} others singly, chosen by a seed. A hit: each fault that can be seen is named by its own cause, and nothing else is.
"""
REMARKS = """
Some faults hide others: while no name is found, no login works; then only the one that hides is expected. A cause with a star may have any
name. Detection is the time from the command that breaks something, which the lab takes a second or more to do, to the opening of the
incident that names it; the goal is one interval plus 10 s: {check:g} s for what a check shows, {trip:g} s for what only a trip shows.

A name server that answers nobody is called `prober:SITE` on purpose: while the prober finds no name at all it can blame nobody by name,
nor tell that server's death from a broken way to it, so it holds every result of that time in doubt and says first that no name can be
looked up. Where other names are found meanwhile blame calls it `resolver:NAME`, and the prober only where connections fail too and no
check got through.

The lab of this page follows no logs, so what happens between submission and mailbox is called `path:..`. With `tracking:` the servers' own
logs tell where on that way a message is, and the cause is `hop:hub` or `link:mx -> hub` with file and line
([tracking](tracking.md), [0192](decisions/0192-ways-by-logs-are-judged-as-the-trip.md)); `tests/service/test_lab_tracking.py` tries that.
"""


def hit(case: Case, seen: Mapping[str, Any]) -> bool:
    """Say whether a case was told right."""
    keys = set(seen["named"])
    return not case.missing(keys) and not case.strange(keys)


def detection(case: Case, seen: Mapping[str, Any]) -> list[float]:
    """Return for each fault that was named how long it took, in seconds."""
    times = []
    for globs in case.wanted:
        alone = Case(case.faults, (globs,), globs)
        named = [seconds for key, seconds in seen["named"].items() if not alone.missing({key})]
        times += [min(named)] if named else []
    return times


def page(cases: Sequence[Case], found: Found, date: str, seconds: tuple[float, float]) -> str:
    """Return the whole page.

    Args:
        cases: all; those without a finding were not tried.
        found: what was seen.
        date: of the measurement.
        seconds: intervals of checks and of trips.
    """
    tried = [case for case in cases if case.name in found]
    check, trip = seconds
    head = HEAD.format(date=date, check=check, trip=trip, twelve=len(TWELVE), sample=SAMPLE)
    parts = [head, _summary(tried, found), REMARKS.format(check=check + 10, trip=trip + 10), _matrix(tried, found), _singles(tried, found)]
    return "\n".join([*parts, _misses(tried, found)]).rstrip("\n") + "\n"


def _summary(tried: Sequence[Case], found: Found) -> str:
    rows = [
        _row(name, some, found)
        for name, some in (
            (f"the {len(TWELVE)}, singly", [case for case in tried if len(case.faults) == 1 and case.faults[0] in TWELVE]),
            ("others, singly", [case for case in tried if len(case.faults) == 1 and case.faults[0] not in TWELVE]),
            ("pairs", [case for case in tried if len(case.faults) == 2]),
        )
        if some
    ]
    return render(["faults", "hits", "detection p50, s", "max, s", "all closed after p50, s", "max, s"], rows) + "\n"


def _row(name: str, some: Sequence[Case], found: Found) -> list[object]:
    times = [time for case in some for time in detection(case, found[case.name])]
    closed = [found[case.name]["closed_seconds"] for case in some if found[case.name]["closed_seconds"] is not None]
    hits = sum(hit(case, found[case.name]) for case in some)
    return [name, f"{hits} of {len(some)}", *_spread(times), *_spread(closed)]


def _spread(values: Sequence[float]) -> list[object]:
    return [f"{quantile(values, 0.5):.1f}", f"{max(values):.1f}"] if values else ["-", "-"]


def _matrix(tried: Sequence[Case], found: Found) -> str:
    """Return the table of the twelve: the diagonal is each alone."""
    marks = {frozenset(case.faults): "hit" if hit(case, found[case.name]) else "**miss**" for case in tried}
    numbers = [str(number) for number in range(1, len(TWELVE) + 1)]
    rows = [
        [
            f"{number} `{fault}`",
            *(marks.get(frozenset((fault, other)), "-") if place >= index else "" for place, other in enumerate(TWELVE)),
        ]
        for index, (number, fault) in enumerate(zip(numbers, TWELVE, strict=True))
    ]
    return "## The twelve, alone (diagonal) and in pairs\n\n" + render(["fault", *numbers], rows) + "\n"


def _singles(tried: Sequence[Case], found: Found) -> str:
    rows = [_single(case, found[case.name]) for case in tried if len(case.faults) == 1]
    return "## Each alone\n\n" + render(["fault", "expected", "named", "after, s", "closed after, s"], rows) + "\n"


def _single(case: Case, seen: Mapping[str, Any]) -> list[object]:
    times, closed = detection(case, seen), seen["closed_seconds"]
    wanted = " or ".join(f"`{glob}`" for glob in case.wanted[0])
    after = f"{times[0]:.1f}" if times else "-"
    return [f"`{case.name}`", wanted, _keys(seen["named"]), after, f"{closed:.1f}" if closed is not None else "never"]


def _keys(named: Mapping[str, float]) -> str:
    return ", ".join(f"`{key}`" for key in sorted(named)) or "nothing"


def _misses(tried: Sequence[Case], found: Found) -> str:
    """Return what was named instead, with the first of its evidence."""
    lines = []
    for case in tried:
        seen = found[case.name]
        if not hit(case, seen):
            keys = set(seen["named"])
            wrong = [f"not named: {one}" for one in case.missing(keys)] + [f"named as well: {one}" for one in case.strange(keys)]
            words = [f"  - `{key}`: {seen['words'].get(key, '')}" for key in sorted(keys)]
            lines += [f"- `{case.name}`: {'; '.join(wrong)}", *words]
    return "## Misses\n\n" + ("\n".join(lines) or "None.") + "\n"
