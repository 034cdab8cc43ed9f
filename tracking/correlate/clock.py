"""How far each server's clock is off, over time: from the stamps on both sides of strong links, with an error. Values only.

Only differences between clocks can be seen: zero is where most servers agree. An error of None means that links bound it from one side
alone. Times corrected with it carry that error; nothing is clipped, so that a negative time stays visible.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from tracking import schema
from tracking.correlate.statements import run, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from duckdb import DuckDBPyConnection

SLACK_SECONDS = 0.05  # by which an hour's estimate may lie beside the line of its segment, beyond its own error
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Bound:
    """What the links of one hour say: `right` is ahead of `left` by at least, by at most so many seconds."""

    left: str
    right: str
    hour: datetime
    least: float
    most: float | None
    pairs: int

    @property
    def ahead(self) -> float:
        """The middle, or the one bound there is."""
        return self.least if self.most is None else (self.least + self.most) / 2

    @property
    def error(self) -> float | None:
        """Half the distance of the bounds; where they contradict each other the clock moved within the hour, by at least that much."""
        return None if self.most is None else abs(self.most - self.least) / 2


@dataclass(frozen=True, slots=True)
class Point:
    """One server's offset in one hour."""

    hour: datetime
    offset_seconds: float
    error_seconds: float | None
    pairs: int


@dataclass(frozen=True, slots=True)
class Offset:
    """A span over which one line describes a server's clock (`schema.OFFSETS`)."""

    server: str
    since: datetime
    until: datetime
    offset_seconds: float  # at `since`: what to subtract from its stamps
    error_seconds: float | None
    drift_ppm: float
    pairs: int

    def at(self, time: datetime) -> float:
        """Return the offset at a time, in seconds."""
        return self.offset_seconds + self.drift_ppm * (time - self.since).total_seconds() / 1e6


def measure(con: DuckDBPyConnection, since: datetime | None = None, one_in: int = 1) -> tuple[Offset, ...]:
    """Return the offsets that the views or tables `hops` and `legs` tell, and leave them as the temporary table `offsets`.

    Args:
        con: where they are.
        since: only hops that arrived from then on (naive UTC); None = all.
        one_in: only the links of one in so many hops.
    """
    run(con, "engine")
    con.execute(text("bounds"), {"since": since, "one_in": one_in})
    found = offsets(Bound(*row) for row in con.execute("from c_bounds order by all").fetchall())
    con.execute(schema.ddl("offsets", schema.OFFSETS))
    rows = [(o.server, o.since, o.until, o.offset_seconds, o.error_seconds, o.drift_ppm, o.pairs) for o in found]
    if rows:
        con.executemany("insert into offsets values (?, ?, ?, ?, ?, ?, ?)", rows)
    return found


def offsets(bounds: Iterable[Bound]) -> tuple[Offset, ...]:
    """Return the spans of every server that has links, by name and time."""
    hours: dict[datetime, list[Bound]] = defaultdict(list)
    for bound in bounds:
        hours[bound.hour].append(bound)
    series: dict[str, list[Point]] = defaultdict(list)
    for hour in sorted(hours):
        for server, point in _solve(hours[hour]).items():
            series[server].append(point)
    return tuple(span for server in sorted(series) for span in _spans(server, series[server]))


def offset_of(known: Iterable[Offset], server: str, time: datetime) -> tuple[float, float | None]:
    """Return what to subtract from a server's stamp at a time, and its error; zero and None where nothing is known.

    Outside of all spans the nearest one counts.
    """
    spans = [span for span in known if span.server == server]
    if not spans:
        return 0.0, None
    nearest = min(spans, key=lambda span: max(span.since - time, time - span.until, timedelta(0)))
    return nearest.at(min(max(time, nearest.since), nearest.until)), nearest.error_seconds


def _solve(bounds: Sequence[Bound]) -> dict[str, Point]:
    """Spread offsets from the busiest server along the surest links of one hour, then shift them so that most are near zero."""
    both = _both_ways(bounds)
    solved: dict[str, Point] = {}
    while rest := [bound for bound in both if bound.left not in solved]:
        _spread(both, _busiest(rest), solved)
    return solved


def _both_ways(bounds: Sequence[Bound]) -> list[Bound]:
    """Return each bound as seen from either server, the two directions of a pair made one."""
    tied: dict[tuple[str, str], Bound] = {}
    for bound in bounds:
        key = (bound.left, bound.right)
        back = tied.get((bound.right, bound.left))
        tied[key] = bound if back is None else _meet(bound, back)
        tied[bound.right, bound.left] = _turned(tied[key])
    return [tied[key] for key in sorted(tied)]


def _turned(bound: Bound) -> Bound:
    least = -bound.most if bound.most is not None else -bound.least
    return Bound(bound.right, bound.left, bound.hour, least, None if bound.most is None else -bound.least, bound.pairs)


def _meet(one: Bound, back: Bound) -> Bound:
    other = _turned(back)
    mosts = [most for most in (one.most, other.most) if most is not None]
    return Bound(one.left, one.right, one.hour, max(one.least, other.least), min(mosts, default=None), one.pairs + other.pairs)


def _busiest(bounds: Sequence[Bound]) -> str:
    pairs: dict[str, int] = defaultdict(int)
    for bound in bounds:
        pairs[bound.left] += bound.pairs
    return min(pairs, key=lambda server: (-pairs[server], server))


def _spread(bounds: Sequence[Bound], root: str, solved: dict[str, Point]) -> None:
    """Add the points of all servers that links tie to this one, surest first (as Prim did)."""
    group = {root: Point(bounds[0].hour, 0.0, 0.0, sum(bound.pairs for bound in bounds if bound.left == root))}
    while edges := [bound for bound in bounds if bound.left in group and bound.right not in group]:
        best = min(edges, key=lambda bound: (_sum(group[bound.left].error_seconds, bound.error, 1e9), bound.right))
        left = group[best.left]
        error = None if left.error_seconds is None or best.error is None else left.error_seconds + best.error
        group[best.right] = Point(best.hour, left.offset_seconds + best.ahead, error, best.pairs)
    zero = group[_reference(group, root)]
    solved |= {name: _seen_from(zero, point) for name, point in group.items()}


def _seen_from(zero: Point, point: Point) -> Point:
    if point is zero:
        return Point(point.hour, 0.0, 0.0, point.pairs)
    known = point.error_seconds is not None and zero.error_seconds is not None
    error = _sum(point.error_seconds, zero.error_seconds, 0.0) if known else None
    return Point(point.hour, point.offset_seconds - zero.offset_seconds, error, point.pairs)


def _reference(group: dict[str, Point], root: str) -> str:
    """Return the first by name of those that agree, where they are the most (so that it is the same one each hour); else the root."""
    middle = median(sorted(point.offset_seconds for point in group.values()))
    near = [name for name, p in group.items() if abs(p.offset_seconds - middle) <= 2 * (p.error_seconds or 0.0) + SLACK_SECONDS]
    return min(near) if len(group) > 2 and len(near) * 2 > len(group) else root


def _sum(one: float | None, other: float | None, unknown: float) -> float:
    return (unknown if one is None else one) + (unknown if other is None else other)


def _spans(server: str, points: Sequence[Point]) -> list[Offset]:
    """Split a series where no line fits any more: a step, or a clock that was set."""
    spans: list[Offset] = []
    start = 0
    for end in range(1, len(points) + 1):
        if end == len(points) or not _fits(points[start : end + 1]):
            spans.append(_line(server, points[start:end]))
            start = end
    return spans


def _fits(points: Sequence[Point]) -> bool:
    offset, slope = _regress(points)
    return all(
        abs(p.offset_seconds - offset - slope * (p.hour - points[0].hour).total_seconds()) <= (p.error_seconds or 0.0) + SLACK_SECONDS
        for p in points
    )


def _line(server: str, points: Sequence[Point]) -> Offset:
    offset, slope = _regress(points)
    errors = [p.error_seconds for p in points if p.error_seconds is not None]
    span = (points[0].hour, points[-1].hour + HOUR)
    return Offset(server, *span, offset, min(errors, default=None), slope * 1e6, sum(p.pairs for p in points))


def _regress(points: Sequence[Point]) -> tuple[float, float]:
    """Return offset at the first point and slope (seconds per second); no slope that the errors could explain."""
    times = [(p.hour - points[0].hour).total_seconds() for p in points]
    mean_t, mean_o = sum(times) / len(times), sum(p.offset_seconds for p in points) / len(points)
    spread = sum((t - mean_t) ** 2 for t in times)
    slope = sum((t - mean_t) * (p.offset_seconds - mean_o) for t, p in zip(times, points, strict=True)) / spread if spread else 0.0
    noise = median(p.error_seconds or 0.0 for p in points)
    if abs(slope) * times[-1] <= noise:
        return mean_o, 0.0
    return mean_o - slope * mean_t, slope
