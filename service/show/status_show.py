"""`probe status` for a human: the headline, what is odd about the service itself, and below it the checks and trips that are not OK."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from rich.text import Text

from service.health.numbers import CODES
from service.report import plural, tally
from service.show.api_values import judged_check, judged_journey, moment
from service.show.grid import LEVEL_STYLES
from service.show.summary import causes_table
from service.show.table import BAD_ROWS, print_rows
from service.show.trips import trips_table
from service.words import clock, harmless
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from rich.console import Console

    from service.report import JudgedCheck, JudgedTrip
    from service.show.status_ask import Status

NAMED = 5  # servers that are held back, or that may have banned us
TRIP_ROWS = 30
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def print_status(status: Status, console: Console, now: datetime, *, headline: bool = True) -> None:
    """Print the status at a time (aware): what is odd about the service, what is bad the worst first, and a headline above it all."""
    for line in (*(_headline(status, now) if headline else ()), *_odd(status)):
        console.print(line)
    checks = [judged_check(one, now) for one in status.checks if one["level"] != Level.OK.name]
    _print_checks(sorted(checks, key=lambda one: -one.verdict.level), console)
    unseen = sum(count for name, count in status.service["levels"].items() if name != Level.OK.name) - len(checks)
    if unseen > 0:
        console.print(Text(f"and {unseen:,} more that are not OK (--format json lists them all)", "dim"))
    _print_trips([judged_journey(one, now) for one in status.journeys if one["level"] != Level.OK.name], console)


def _print_checks(bad: Sequence[JudgedCheck], console: Console) -> None:
    if len(bad) > BAD_ROWS:
        console.print(causes_table(bad))
    else:
        print_rows(bad, console)


def _print_trips(bad: Sequence[JudgedTrip], console: Console) -> None:
    worst = sorted(bad, key=lambda one: -one.verdict.level)
    if worst:
        console.print(trips_table(worst[:TRIP_ROWS]))
    if len(worst) > TRIP_ROWS:
        console.print(Text(f"and {plural(len(worst) - TRIP_ROWS, 'more trip')} (--format json lists them all)", "dim"))


# -- the headline


def _headline(status: Status, now: datetime) -> Iterator[Text]:
    yield Text(harmless(f"{status.service['site'] or 'probe'}: {counted(status)}"), LEVEL_STYLES[status.level])
    yield Text(harmless(_about(status.service, now)), "dim")


def _odd(status: Status) -> Iterator[Text]:
    return (Text(harmless(words), style) for style, words in odd(status.service))


def counted(status: Status) -> str:
    """Return `28 checks: 26 OK, 2 CRITICAL; 4 trips: 4 OK`."""
    levels = [Level[name] for name, count in status.service["levels"].items() for _ in range(count)]
    journeys = [Level[one["level"]] for one in status.journeys]
    parts = [f"{plural(len(levels), 'check')}: {tally(levels)}"] if levels else ["no checks"]
    if journeys:
        parts.append(f"{plural(len(journeys), 'trip')}: {tally(journeys)}")
    return "; ".join(parts)


def _about(service: Mapping[str, Any], now: datetime) -> str:
    """Return version, age and store."""
    began = moment(service["started_at"])
    parts = [f"Mailsonde {service['version']}, started {clock(began)}, {age((now - began).total_seconds())} ago"]
    if store := service["store"]:
        parts.append(f"store {megabytes(store['file_bytes'])}")
    return "; ".join(parts)


def odd(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is odd about the service itself, each with its style."""
    bad, warning = LEVEL_STYLES[Level.CRITICAL], LEVEL_STYLES[Level.WARNING]
    if service["unhealthy"]:
        yield bad, f"! it should be started again: {service['unhealthy']}"
    if service["unready"]:
        yield bad, f"! it does not probe yet: {service['unready']}"
    if service["sick"]:
        yield bad, f"! the prober itself is in doubt, so all verdicts are: {CODES.get(service['sick'], service['sick'])}"
    yield from ((bad, words) for words in _store(service["store"]))
    if problem := service["configuration_problem"].splitlines():
        more = f" (and {plural(len(problem) - 1, 'more line')}: probe check-config)" if problem[1:] else ""
        yield warning, f"! the configuration was not taken, the old one is in force: {problem[0]}{more}"
    yield from ((warning, words) for words in _places("held back", service["backing_off"]))
    yield from ((warning, words) for words in _places("banned?", service["hints"]))


def _store(store: Mapping[str, Any] | None) -> Iterator[str]:
    if store and store["broken"]:
        yield f"! nothing is stored: {store['broken']}; kept in memory: {plural(store['queued'], 'result')}"
    if store and store["lost"]:
        yield f"! lost on the way to the store since the start: {plural(store['lost'], 'result')}"


def _places(what: str, told: Mapping[str, str]) -> Iterator[str]:
    for place, words in islice(told.items(), NAMED):
        yield f"! {what}: {place}: {words}"
    if len(told) > NAMED:
        yield f"! {what}: and {plural(len(told) - NAMED, 'more server')}"


def age(seconds: float) -> str:
    """Return how long ago in one unit and no more: `3 d`, `12 min`, `40 s`."""
    for size, name in UNITS:
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {name}"
    return f"{max(0.0, seconds):.0f} s"


def megabytes(count: int) -> str:
    """Return a size in MB (10^6 bytes); what is small in kB or bytes."""
    if count < 1_000:
        return f"{count} bytes"
    return f"{count / 1e6:,.1f} MB" if count >= 1_000_000 else f"{count / 1e3:,.0f} kB"
