"""Limits out of history: what most answers keep, with room, in round numbers; each with its reason. Pure.

Never less than what the data support: with too few values, or too short a time, nothing is suggested and that is said. What failed has no
time of a service and is left out by whoever shows the samples; so is what the prober itself made doubtful.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from thresholds.survey import Spread
from thresholds.values import Aspect, Match
from thresholds.wording import span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from thresholds.calendars import Calendar
    from thresholds.values import Sample

ENOUGH = 200  # values: the 99th of a hundred is then seen twice
ENOUGH_SECONDS = 86_400.0  # a whole day, with its busy hours
WARNING_FACTOR, CRITICAL_FACTOR = 1.5, 4.0  # over what 99 of 100 keep
EXTREME_FACTOR = 1.5  # over what 999 of 1,000 keep: a critical one should be news
DOUBTS = 3.0  # times the prober's own uncertainty, at least, between what is usual and a limit
LEAST_SECONDS = 0.020
SLACK = 0.01
DIFFERENT = 1.5  # times as long inside a calendar as outside, or the other way round: two limits rather than one
ROUND = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
ROUND_MINUTES = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0, 45.0)
UNITS = ((3_600.0, "h"), (60.0, "m"), (1.0, "s"))
EVERYTHING = "*"

Group = tuple[Aspect, str, str]  # aspect, name, server or trip


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One limit, or why there is none."""

    match: Match
    reason: str
    warning: float | None = None  # seconds or days; both None = nothing is suggested
    critical: float | None = None
    calendar: str = ""  # "" = at all times


def rounded_up(seconds: float) -> float:
    """Return the next round number of seconds (0.35 gives 0.4) that is not less, but for the percent that a quantile may be too much."""
    wanted = seconds * (1 - SLACK)
    if wanted <= 60:
        power = 10.0 ** floor(log10(wanted))
        return min(next(round(one * power, 9) for one in (*ROUND, 10.0) if one * power >= wanted), 60.0)
    if wanted <= 45 * 60:
        return next(one * 60 for one in ROUND_MINUTES if one * 60 >= wanted)
    return float(ceil(wanted / 3_600) * 3_600)


def duration_text(seconds: float) -> str:
    """Return a duration as the configuration writes it: 350ms, 1.5s, 2m."""
    if seconds < 1:
        return f"{round(seconds * 1000, 3):g}ms"
    size, unit = next((size, unit) for size, unit in UNITS if seconds >= size)
    return f"{round(seconds / size, 3):g}{unit}"


class Suggestions:
    """Takes in the samples of answers in the order of time, and makes limits of them."""

    def __init__(self, calendars: Sequence[Calendar] = (), timeouts: Mapping[str, float] | None = None) -> None:
        self._calendars = calendars
        self._timeouts = timeouts or {}  # by server, seconds
        self._all: dict[Group, Spread] = defaultdict(Spread)
        self._inside: dict[tuple[Group, int], Spread] = defaultdict(Spread)  # by place of the calendar
        self._outside: dict[tuple[Group, int], Spread] = defaultdict(Spread)
        self._certificates = Certificates()

    def see(self, sample: Sample) -> None:
        """Take in one sample of a total, of a part of a trip, or of a certificate; others mean nothing here."""
        if sample.aspect is Aspect.CERTIFICATE:
            self._certificates.see(sample)
        elif sample.aspect in {Aspect.TOTAL, Aspect.TRIP}:
            group = _group(sample)
            self._all[group].take(sample)
            for place, calendar in enumerate(self._calendars):
                side = self._inside if calendar.covers(sample.at) else self._outside
                side[group, place].take(sample)

    def done(self) -> list[Suggestion]:
        """Return limits by server, then for trips, then for certificates."""
        groups = sorted(self._all, key=lambda group: (group[0] is Aspect.TRIP, group[2], group[1]))
        return [one for group in groups for one in self._of(group)] + self._certificates.done()

    def _of(self, group: Group) -> list[Suggestion]:
        spread, match = self._all[group], Match(group[0], group[1] or EVERYTHING, server=group[2])
        if spread.count < ENOUGH or spread.seconds < ENOUGH_SECONDS:
            return [Suggestion(match, f"not enough history: {_had(spread)}; {ENOUGH} over {span(ENOUGH_SECONDS)} are needed")]
        split = self._split(group)
        if split is None:
            return [self._made(match, spread, "")]
        inside, outside, calendar = split
        return [self._made(match, outside, "", calendar), self._made(match, inside, calendar)]

    def _split(self, group: Group) -> tuple[Spread, Spread, str] | None:
        """Return what is inside and outside of the calendar that tells most; None where none tells enough."""
        best: tuple[float, tuple[Spread, Spread, str]] | None = None
        for place, calendar in enumerate(self._calendars):
            inside, outside = self._inside[group, place], self._outside[group, place]
            if min(inside.count, outside.count) < ENOUGH:
                continue
            high, low = sorted((inside.quantile(0.99), outside.quantile(0.99)), reverse=True)
            if high >= DIFFERENT * low and (best is None or high / low > best[0]):
                best = (high / low, (inside, outside, calendar.name))
        return best[1] if best else None

    def _made(self, match: Match, spread: Spread, calendar: str, but: str = "") -> Suggestion:
        where = f"in {calendar}: " if calendar else f"outside of {but}: " if but else ""
        usual, rare = spread.quantile(0.99), spread.quantile(0.999)
        warning = rounded_up(max(WARNING_FACTOR * usual, usual + DOUBTS * spread.doubt, LEAST_SECONDS))
        critical: float | None = rounded_up(max(CRITICAL_FACTOR * usual, EXTREME_FACTOR * rare, 2 * warning))
        reason = f"{where}{_had(spread)}; {_shares(spread)}"
        timeout = self._timeouts.get(match.server) if match.aspect is Aspect.TOTAL else None
        if timeout is not None and warning >= timeout:
            return Suggestion(match, f"{reason}; too near to its timeout of {span(timeout)} for a limit below it")
        if timeout is not None and critical is not None and critical >= timeout:
            reason, critical = f"{reason}; its timeout of {span(timeout)} is critical by itself", None
        return Suggestion(match, reason, warning, critical, calendar)


def _group(sample: Sample) -> Group:
    """Return with which others a sample is surveyed: those of its server, round trips together, other trips each for itself."""
    loop = sample.aspect is Aspect.TRIP and sample.server == sample.domain
    return (sample.aspect, sample.name, EVERYTHING if loop else sample.server)


def _had(spread: Spread) -> str:
    return f"{spread.count:,} {'value' if spread.count == 1 else 'values'} over {span(spread.seconds)}"


def _shares(spread: Spread) -> str:
    shares = [f"{text} within {span(spread.quantile(share))}" for share, text in ((0.5, "half"), (0.95, "95 %"), (0.99, "99 %"))]
    return f"{', '.join(shares)}, the longest {span(spread.longest)}"


# -- certificates

DAYS = (14.0, 3.0)  # where no renewal was seen
RENEWED = 1.0  # days more than before: a new certificate
RENEWAL_SHARE = 0.7  # of what was left at a renewal


class Certificates:
    """The days that certificates have left, and with how many they were renewed."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], float] = {}  # by server and domain
        self._renewals: dict[str, list[float]] = defaultdict(list)
        self._least: dict[str, tuple[float, datetime]] = {}

    def see(self, sample: Sample) -> None:
        """Take in the days that are left of one certificate."""
        key = (sample.server, sample.domain)
        before, self._last[key] = self._last.get(key), sample.value
        if before is not None and sample.value > before + RENEWED:
            self._renewals[sample.server].append(before)
        if sample.server not in self._least or sample.value < self._least[sample.server][0]:
            self._least[sample.server] = (sample.value, sample.at)

    def done(self) -> list[Suggestion]:
        """Return one limit for each server whose renewals were seen, and one for all others."""
        made = [_after_renewals(server, self._renewals[server]) for server in sorted(self._least) if self._renewals.get(server)]
        others = {server: least for server, (least, _) in self._least.items() if not self._renewals.get(server)}
        if others:
            server = min(others, key=others.__getitem__)
            made.insert(0, _standard(server, others[server]))
        return made


def _standard(server: str, least: float) -> Suggestion:
    soon = f", which is a {'CRITICAL' if least < DAYS[1] else 'WARNING'} at once" if least < DAYS[0] else ""
    reason = f"no renewal was seen; {server} has the fewest days left, {least:.3g}{soon}"
    return Suggestion(Match(Aspect.CERTIFICATE), reason, *DAYS)


def _after_renewals(server: str, renewals: Sequence[float]) -> Suggestion:
    match = Match(Aspect.CERTIFICATE, server=server)
    least, times = min(renewals), f"{len(renewals)} {'renewal' if len(renewals) == 1 else 'renewals'}"
    warning = float(int(RENEWAL_SHARE * least))
    if warning < 2:
        return Suggestion(match, f"{times} seen, the latest with {least:.3g} days left: too late for a limit before it")
    return Suggestion(match, f"{times} seen, none with less than {least:.3g} days left", warning, max(1.0, float(int(warning / 3))))
