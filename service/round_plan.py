"""All that the rounds are to run, worked out before any of it is put in force: arithmetic that a thread may do for many checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.budget import Budget, by_place
from service.schedule import Change, Rhythm, Schedule
from service.shortfall import shortfalls

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from config.servers import Budget as BudgetPlan
    from config.settings import Settings
    from probe.values import Check


def budgets_of(settings: Settings) -> dict[str, Budget]:
    """Return the budget of each server of a configuration, by its name."""
    return {name: _budget(server.budget) for name, server in settings.servers.items()}


def _budget(plan: BudgetPlan) -> Budget:
    return Budget(plan.connections, plan.connections_per_minute, plan.logins_per_minute, plan.messages_per_minute)


class RoundPlan(NamedTuple):
    """A plan, ready to be put in force."""

    checks: dict[str, Check]
    change: Change
    budgets: dict[tuple[str, int], Budget]  # by place
    warnings: list[str]  # budgets that the intervals cannot keep


def prepare(schedule: Schedule, checks: Iterable[Check], budgets: Mapping[str, Budget]) -> RoundPlan:
    """Work out what a schedule would change for these checks; `budgets` go by the server's name in the configuration."""
    wanted = {check.name: check for check in checks}
    change = schedule.compare(Rhythm(one.name, one.every_seconds, one.endpoint.place) for one in wanted.values())
    return RoundPlan(wanted, change, by_place(wanted.values(), budgets), shortfalls(wanted.values(), budgets))
