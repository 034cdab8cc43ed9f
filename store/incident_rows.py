"""Incidents and their changes as the store writes and reads them: columns for what is asked for, and one line of JSON that holds all. Pure.

An incident may touch sixty thousand cells, so cells that stand in it twice are written once. It refuses lines of a newer version instead
of guessing what they mean.
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from store.rows import microseconds
from thresholds.incident_values import Acknowledgement, Cause, CauseKind, Change, ChangeKind, Incident
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION = 1
SAME = "="  # in the place of cells: those of the incident itself
TIMES = ("began_at", "opened_at", "closed_at", "reminded_at")
LISTS = ("domains", "cells", "failing", "reasons")


class NewerLineError(ValueError):
    """A line was written by a newer version of this program."""


def whole(text: str) -> str:
    """Return a text that every file can hold: half a character, which no encoding takes, becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def incident_line(incident: Incident) -> str:
    """Return the incident as one line of JSON."""
    return _line(_compressed(incident))


def change_line(change: Change) -> str:
    """Return the change, its incident included, as one line of JSON."""
    return _line(_shallow(change) | {"incident": _compressed(change.incident)})


def incident_of(line: str) -> Incident:
    """Return the incident of a line. Raises: NewerLineError; ValueError, KeyError or TypeError when it is no line of ours."""
    return _incident(_parsed(line))


def change_of(line: str) -> Change:
    """Return the change of a line. Raises: as incident_of."""
    found = _parsed(line)
    known = {"incident": _incident(found["incident"]), "kind": ChangeKind(found["kind"]), "at": datetime.fromisoformat(found["at"])}
    return Change(**found | known)


def told_apart(changes: Iterable[Change]) -> list[Incident]:
    """Return each incident of these changes once, as the last of them left it."""
    last: dict[str, Incident] = {}
    for change in changes:
        known = last.get(change.incident.id)
        if known is None or known.changes <= change.incident.changes:
            last[change.incident.id] = change.incident
    return list(last.values())


def incident_values(incident: Incident) -> dict[str, Any]:
    """Return the columns of an incident's row, its line included, and its domains."""
    return {
        "id": incident.id,
        "cause_kind": str(incident.cause.kind),
        "cause_name": whole(incident.cause.name),
        "level": int(incident.level),
        "began": microseconds(incident.began_at),
        "opened": microseconds(incident.opened_at),
        "closed": None if incident.closed_at is None else microseconds(incident.closed_at),
        "told": int(incident.told),
        "acknowledged": int(incident.acknowledged is not None),
        "changes": incident.changes,
        "line": incident_line(incident),
        "domains": json.dumps(incident.domains),
    }


def change_values(change: Change) -> dict[str, Any]:
    """Return the columns of a change's row; one that is muted needs no plan."""
    return {
        "incident": change.incident.id,
        "number": change.number,
        "at": microseconds(change.at),
        "kind": str(change.kind),
        "muted": whole(change.muted),
        "planned": int(bool(change.muted)),
        "line": change_line(change),
    }


def _line(found: dict[str, Any]) -> str:
    return json.dumps({"v": VERSION, **found}, default=_plain, separators=(",", ":"))


def _shallow(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass. `asdict` does the same and copies each cell: a tenth of a second for the largest."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else _shallow(value)


def _compressed(incident: Incident) -> dict[str, Any]:
    cells, cause = incident.cells, incident.cause
    found = _shallow(incident) | {"cause": _shallow(cause) | {"cells": SAME if cause.cells == cells else cause.cells}}
    return found | {"failing": SAME if incident.failing == cells else incident.failing}


def _parsed(line: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(line)
    version = found.pop("v")
    if version > VERSION:
        raise NewerLineError(f"version {version}, and this program knows version {VERSION}")
    return found


def _incident(found: dict[str, Any]) -> Incident:
    cause, acknowledged, cells = found.pop("cause"), found.pop("acknowledged"), found["cells"]
    lists = {name: tuple(cells if found[name] == SAME else found[name]) for name in LISTS}
    worst = found.get("worst")
    levels = {"level": Level(found["level"]), "worst": None if worst is None else Level(worst)}
    incident = Incident(**_dated(found, *TIMES) | lists | levels | {"cause": _cause(cause, cells)})
    return incident if acknowledged is None else replace(incident, acknowledged=Acknowledgement(**_dated(acknowledged, "at", "until")))


def _levels(found: dict[str, Any]) -> dict[str, Level]:
    return {name: Level(found[name]) for name in ("level", "worst") if found.get(name) is not None}


def _cause(found: dict[str, Any], cells: list[str]) -> Cause:
    own = cells if found["cells"] == SAME else found["cells"]
    return Cause(**found | {"kind": CauseKind(found["kind"]), "cells": tuple(own), "evidence": tuple(found["evidence"])})


def _dated(found: dict[str, Any], *names: str) -> dict[str, Any]:
    return found | {name: datetime.fromisoformat(found[name]) for name in names if found[name] is not None}
