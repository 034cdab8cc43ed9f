"""Makes of a slice of the store (store/extract.py) what the lake keeps: named values, times as texts (UTC), durations in seconds. Pure.

What a row is called and what it means: tracking/lake/kinds_prober.py. A row that cannot be read is said in the log, and left out.
"""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING, Any

from store.histogram import value_of
from store.mute_rows import maintenance_of
from store.readable import paired
from store.rows import MICRO, time_of
from store.summary import summary_of, trip_summary_of
from store.trip_rows import trip_of
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from store.summary import Times

    Row = dict[str, Any]


def rows_of(slice_: Mapping[str, Sequence[Sequence[Any]]], site: str) -> dict[str, list[Row]]:
    """Return the rows of a slice: kind of the lake -> rows, each with its site."""
    found: dict[str, list[Row]] = {}
    for name, rows in slice_.items():
        kind, of = READERS[name]
        read = paired(((f"{name} {list(row[:3])}", row) for row in rows), of)
        found.setdefault(kind, []).extend({**row, "site": site} for _, row in read)
    return found


def _trip(row: Sequence[Any]) -> Row:
    run = trip_of(row[1:])
    trip = run.trip
    return {
        "trip": trip.name,
        "domain": trip.domain,
        "message_id": trip.message_id,
        "started_at": _moment(trip.started_at),
        "submitted_at": _moment(trip.submitted_at),
        "outcome": str(trip.outcome),
        "submit_seconds": trip.submit_seconds,
        "transit_seconds": trip.transit_seconds,
        "retrieve_seconds": trip.retrieve_seconds,
        "total_seconds": trip.total_seconds,
        "uncertainty_seconds": trip.uncertainty_seconds,
        "folder": trip.folder or None,
        "level": run.verdict.level.name,
        "said": trip.said or None,
    }


def _change(row: Sequence[Any]) -> Row:
    _, incident, number, at_us, kind, muted, level = row
    named = None if level is None else Level(level).name
    told = {"kind": kind, "level": named, "muted": muted or None}
    return {"incident": incident, "number": number, "changed_at": _at(at_us), **told}


def _incident(row: Sequence[Any]) -> Row:
    known, kind, name, level, began_us, opened_us, closed_us, told, changes, cells, facts = row
    confidence, doubt, evidence, reasons, domains, ended, flapping, by = json.loads(facts)
    return {
        "id": known,
        "cause_kind": kind,
        "cause_name": name,
        "confidence": confidence,
        "doubt": doubt or None,
        "evidence": evidence or [],
        "reasons": reasons or [],
        "level": Level(level).name,
        "began_at": _at(began_us),
        "opened_at": _at(opened_us),
        "closed_at": None if closed_us is None else _at(closed_us),
        "ended": ended or None,
        "flapping": bool(flapping),
        "told": bool(told),
        "acknowledged_by": by,
        "domains": domains or [],
        "cells": cells,
        "changes": changes,
    }


def _maintenance(row: Sequence[Any]) -> Row:
    kept = maintenance_of(row)
    window, scene = kept.mute, kept.mute.scene
    return {
        "id": window.id,
        "scene_domain": scene.domain,
        "scene_server": scene.server,
        "scene_site": scene.site,
        "scene_cause": scene.cause,
        "author": window.author,
        "reason": window.reason,
        "made_at": _moment(kept.made_at),
        "begins_at": _moment(window.begins_at),
        "ends_at": _moment(window.ends_at),
        "wanted_until": _moment(kept.wanted_until),
        "ended_by": kept.ended_by or None,
    }


def _rollup(row: Sequence[Any]) -> Row:
    name, domain, server, kind, period_s, start_s, *counts = row
    summary = summary_of(_unpacked(counts))
    ok, unknown, warning, critical = summary.levels
    about = {"what": "check", "name": name, "domain": domain, "server": server, "kind": kind}
    levels = {"ok": ok, "unknown": unknown, "warning": warning, "critical": critical, "faults": summary.faults}
    return {**about, **_span(period_s, start_s), "suspects": summary.suspects, **levels, **_times(summary.times)}


def _trip_rollup(row: Sequence[Any]) -> Row:
    name, domain, period_s, start_s, *counts = row
    summary = trip_summary_of(_unpacked(counts))
    told = {"suspects": summary.suspects, "outcomes": json.dumps(dict(summary.outcomes), sort_keys=True)}
    return {"what": "trip", "name": name, "domain": domain, **_span(period_s, start_s), **told, **_times(summary.times)}


def _unpacked(counts: Sequence[Any]) -> list[Any]:
    return [*counts[:-1], b64decode(counts[-1])]


def _span(period_s: int, start_s: int) -> Row:
    return {"period_seconds": period_s, "started_at": _at(start_s * MICRO)}


def _times(times: Times) -> Row:
    counts = sorted(times.histogram.counts.items())
    return {
        "answers": times.histogram.count,
        "sum_seconds": times.sum_us / MICRO,
        "min_seconds": None if times.min_us is None else times.min_us / MICRO,
        "median_seconds": times.seconds(0.5),
        "p95_seconds": times.seconds(0.95),
        "p99_seconds": times.seconds(0.99),
        "max_seconds": None if times.max_us is None else times.max_us / MICRO,
        "bucket_seconds": [value_of(bucket) for bucket, _ in counts],
        "bucket_counts": [count for _, count in counts],
    }


def _at(us: int) -> str:
    return _iso(time_of(us))


def _moment(at: datetime | None) -> str | None:
    return None if at is None else _iso(at)


def _iso(at: datetime) -> str:
    """Return an aware UTC time as DuckDB reads a TIMESTAMP."""
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


READERS: dict[str, tuple[str, Callable[[Sequence[Any]], Row]]] = {
    "trips": ("trips", _trip),
    "changes": ("changes", _change),
    "incidents": ("incidents", _incident),
    "maintenance": ("maintenance", _maintenance),
    **dict.fromkeys(("hours", "days"), ("rollups", _rollup)),
    **dict.fromkeys(("trip_hours", "trip_days"), ("rollups", _trip_rollup)),
}
