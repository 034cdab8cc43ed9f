"""All that the rounds are to run, worked out before any of it is put in force: arithmetic that a thread may do for many checks."""

from __future__ import annotations

from functools import partial
from time import sleep
from typing import TYPE_CHECKING, NamedTuple

from service.rounds.budget import Budget, by_place, shared
from service.rounds.calm import calmly
from service.rounds.schedule import Change, Rhythm, Schedule
from service.rounds.shortfall import shortfalls

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from config.servers import Budget as BudgetPlan
    from config.settings import Settings
    from probe.values import Check


PORTION, PAUSE_SECONDS = 256, 0.001


def budgets_of(settings: Settings) -> dict[str, Budget]:
    """Return the budget of each server of a configuration, by its name; servers of one host and port keep the strictest of theirs."""
    own = {name: _budget(server.budget) for name, server in settings.servers.items()}
    places: dict[tuple[str, int], list[str]] = {}
    for name, server in settings.servers.items():
        places.setdefault((server.host, server.port), []).append(name)
    return {name: shared(names, own) for names in places.values() for name in names}


def _budget(plan: BudgetPlan) -> Budget:
    return Budget(plan.connections, plan.connections_per_minute, plan.logins_per_minute, plan.messages_per_minute)


class RoundPlan(NamedTuple):
    """A plan, ready to be put in force."""

    checks: dict[str, Check]
    change: Change
    budgets: dict[tuple[str, int], Budget]  # by place
    warnings: list[str]  # budgets that the intervals cannot keep


def prepare(schedule: Schedule, checks: Iterable[Check], budgets: Mapping[str, Budget], pause_seconds: float = 0.0) -> RoundPlan:
    """Work out what a schedule would change for these checks.

    Args:
        schedule: is asked, not changed.
        checks: all that are to be run.
        budgets: by the server's name in the configuration.
        pause_seconds: to be made after each few hundred checks, by a thread that is not to crowd out the loop.
    """

    def calmly(many: Iterable[Check]) -> Iterator[Check]:
        for number, check in enumerate(many):
            if pause_seconds and number % PORTION == PORTION - 1:
                sleep(pause_seconds)
            yield check

    wanted = {check.name: check for check in calmly(checks)}
    rhythms = (Rhythm(one.name, one.every_seconds, one.endpoint.place) for one in calmly(wanted.values()))
    change, places = schedule.compare(rhythms), by_place(calmly(wanted.values()), budgets)
    return RoundPlan(wanted, change, places, shortfalls(calmly(wanted.values()), budgets))


async def prepare_beside(schedule: Schedule, checks: Iterable[Check], budgets: Mapping[str, Budget]) -> RoundPlan:
    """Do so in a thread that lets the loop go first: 1,000 probes a second leave a core hardly half free, and it would take that whole."""
    return await calmly(partial(prepare, schedule, checks, budgets, PAUSE_SECONDS))
