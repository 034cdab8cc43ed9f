"""Whose turn it is: by the week on the wall clock, or by a calendar each. Pure; refuses to guess where nobody is on call.

A week of a rota begins at the hour and on the weekday of `since`, on the wall clock of that moment's zone: a change of the clocks moves no
hand-over. Before `since` the weeks are counted backwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notifier.values import Rota

WEEK = timedelta(days=7)
A_MONDAY = datetime(2001, 1, 1, tzinfo=UTC)  # where a rota says neither since nor shifts


@dataclass(frozen=True, slots=True)
class Turn:
    """Who is on call, and how they are reached."""

    who: str  # "" = nobody
    chains: tuple[tuple[str, ...], ...] = ()
    why: str = ""  # in words: "early is on call (rota oncall)"


def on_call(rota: Rota, now: datetime) -> Turn:
    """Return whose turn it is at a moment (aware); a turn of nobody says why."""
    who = _by_shift(rota, now) if rota.shifts else _by_week(rota, now)
    chains = dict(rota.turns).get(who)
    if not who:
        return Turn("", why=f"nobody is on call (rota {rota.name})")
    if chains is None:
        return Turn("", why=f"{who} is on call (rota {rota.name}) and has no channel there")
    return Turn(who, chains, f"{who} is on call (rota {rota.name})")


def _by_shift(rota: Rota, now: datetime) -> str:
    return next((who for calendar, who in rota.shifts if calendar.covers(now)), "")


def _by_week(rota: Rota, now: datetime) -> str:
    if not rota.turns:
        return ""
    since = rota.since or A_MONDAY
    passed = now.astimezone(since.tzinfo).replace(tzinfo=None) - since.replace(tzinfo=None)
    return rota.turns[passed // WEEK % len(rota.turns)][0]
