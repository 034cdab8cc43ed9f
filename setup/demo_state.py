"""Read the state of a mail system off the metrics page, and put what has changed into lines for a person. No I/O."""

import re
from dataclasses import dataclass

SAMPLE = re.compile(r"^(\w+)\{(.*)\} (\S+)$", re.MULTILINE)
PAIR = re.compile(r'(\w+)="((?:\\.|[^"\\])*)"')
LEVELS = ("OK", "UNKNOWN", "WARNING", "CRITICAL")


@dataclass(frozen=True, slots=True)
class State:
    """What the page says at one moment."""

    configured: int  # checks
    checks: dict[tuple[str, str], str]  # (server, domain) -> level and, where there is one, the fault; those with a result
    trips: dict[str, str]  # trip -> the level of its last message; those that have one
    delivered: int  # test messages since the start
    journeys: int  # trips that are configured

    @property
    def well(self) -> bool:
        """Tell whether every check and every trip has a result, and all are OK."""
        complete = 0 < self.configured == len(self.checks) and 0 < self.journeys == len(self.trips)
        return complete and {*self.checks.values(), *self.trips.values()} == {LEVELS[0]}

    def critical(self, servers: str) -> bool:
        """Tell whether every check of the servers whose names begin so is critical."""
        found = [words for (server, _), words in self.checks.items() if server.startswith(servers)]
        return bool(found) and all(words.startswith(LEVELS[3]) for words in found)


NOTHING = State(0, {}, {}, 0, 0)


def samples(page: str, name: str) -> list[tuple[dict[str, str], float]]:
    """Return the labels and values of a metric's samples."""
    return [(dict(PAIR.findall(labels)), float(value)) for found, labels, value in SAMPLE.findall(page) if found == name]


def state(page: str) -> State:
    """Read a metrics page."""
    faults = {place(labels): f" ({labels['fault']} in {labels['step']})" for labels, _ in samples(page, "mailsonde_fault_info")}
    levels = {place(labels): LEVELS[int(value)] for labels, value in samples(page, "mailsonde_level")}
    outcomes = samples(page, "mailsonde_trip_outcomes_total")
    return State(
        configured=int(sum(value for _, value in samples(page, "mailsonde_checks"))),
        checks={where: level + faults.get(where, "") for where, level in levels.items()},
        trips={labels["trip"]: LEVELS[int(value)] for labels, value in samples(page, "mailsonde_trip_level")},
        delivered=int(sum(value for labels, value in outcomes if labels["outcome"] == "delivered")),
        journeys=len({labels["trip"] for labels, _ in outcomes}),
    )


def place(labels: dict[str, str]) -> tuple[str, str]:
    """Return the server and the domain of a sample."""
    return labels["server"], labels["domain"]


def changed(old: State, new: State) -> list[str]:
    """Return what is other than before, a line for each server and for the trips; one line when all is well."""
    if new.well and not old.well:
        return [f"{'all':<12} OK: {len(new.checks)} checks, {len(new.trips)} trips, {new.delivered} test messages delivered so far"]
    lines = []
    for words, places in grouped({where: words for where, words in new.checks.items() if worth_telling(old.checks.get(where), words)}):
        lines += [f"{server:<12} {words}: {', '.join(sorted(domains))}" for server, domains in sorted(places.items())]
    trips = [f"{trip} {level}" for trip, level in new.trips.items() if worth_telling(old.trips.get(trip), level)]
    return [*lines, *([f"{'trips':<12} {', '.join(trips)}"] if trips else [])]


def worth_telling(before: str | None, now: str) -> bool:
    """Tell whether a level is news: a first OK is none."""
    return now != before and not (before is None and now == LEVELS[0])


def grouped(news: dict[tuple[str, str], str]) -> list[tuple[str, dict[str, list[str]]]]:
    """Return for each wording the servers and their domains that it holds for, OK first."""
    found: dict[str, dict[str, list[str]]] = {}
    for (server, domain), words in news.items():
        found.setdefault(words, {}).setdefault(server, []).append(domain)
    return sorted(found.items(), key=lambda row: (row[0] != LEVELS[0], row[0]))
