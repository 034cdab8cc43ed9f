"""All that the rounds are to run, worked out before any of it is put in force: arithmetic that a thread may do for many checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.budget import Budget, by_place
from service.schedule import Change, Rhythm, Schedule
from service.shortfall import shortfalls

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from probe.values import Check


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
