"""Suggested limits as a piece of configuration: YAML that can be pasted, the reason of each limit as a comment above it. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from service.words import harmless
from thresholds.suggest import duration_text
from thresholds.values import Aspect

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from thresholds.suggest import Suggestion
    from thresholds.values import Match

OFFICE = "mon-fri 08:00-18:00"
OFFICE_NAME = "office-hours"


def as_yaml(found: Sequence[Suggestion], since: datetime, until: datetime, zone: tzinfo, *, own_calendar: bool) -> str:
    """Return the snippet. `own_calendar`: the configuration has no calendar, so the one that was assumed is written too."""
    begin, end = (at.astimezone(zone).strftime("%Y-%m-%d %H:%M") for at in (since, until))
    lines = [f"# Suggested by `probe thresholds suggest` from what was measured from {begin} to {end} ({zone})."]
    if not found:
        return "\n".join([*lines, "# Nothing was measured then, so there is nothing to suggest.", ""])
    made = [one for one in found if one.warning is not None or one.critical is not None]
    if own_calendar and any(one.calendar for one in made):
        lines += ["calendars:", f'  {OFFICE_NAME}: {{weekly: ["{OFFICE}"]}}']
    if made:
        lines.append("thresholds:")
    for one in found:
        lines += _entry(one)
    return "\n".join([*lines, ""])


def _entry(one: Suggestion) -> list[str]:
    comment = f"  # {_what(one.match)}: {harmless(one.reason)}"
    if one.warning is None and one.critical is None:
        return [comment]
    parts = [f"match: {{{_match(one.match)}}}"]
    parts += [f"calendar: {one.calendar}"] if one.calendar else []
    values = (("warning", one.warning), ("critical", one.critical))
    parts += [f"{name}: {_value(one.match.aspect, value)}" for name, value in values if value is not None]
    return [comment, f"  - {{{', '.join(parts)}}}"]


def _what(match: Match) -> str:
    name = harmless(match.server) if match.server != "*" else "all" if match.aspect is Aspect.CERTIFICATE else "round trips"
    if match.aspect is Aspect.CERTIFICATE:
        return f"certificates of {name}"
    return name if match.aspect is Aspect.TOTAL else f"{name}, {match.name}"


def _match(match: Match) -> str:
    parts = [] if match.aspect is Aspect.TOTAL else [f"{match.aspect}: {json.dumps(match.name) if match.name == '*' else match.name}"]
    parts += [f"server: {match.server}"] if match.server != "*" else []
    return ", ".join(parts)


def _value(aspect: Aspect, value: float) -> str:
    return f"{value:g}d" if aspect is Aspect.CERTIFICATE else duration_text(value)
