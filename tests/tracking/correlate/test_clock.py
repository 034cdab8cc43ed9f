"""Clocks that are off, drift and jump: found from what passes between the servers."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from tests.tracking.correlate.worlds import START, World, fill, queued
from tracking.correlate.clock import Offset, measure, offset_of
from tracking.correlate.run import correlate
from tracking.correlate.statements import run


def world_of(hub_ahead: list[float], out_ahead: float = 0.0, per_hour: int = 6) -> World:
    """Let messages go mx1 -> hub1 -> out1 for as many hours; the hub's clock is ahead by one number an hour."""
    world = World()
    for hour, ahead in enumerate(hub_ahead):
        for number in range(per_hour):
            at, name = hour * 3600 + number * 300, f"{hour}x{number}"
            world.postfix("mx1", f"A{name}", at, f"<{name}@x>", uncertainty_seconds=0.0)
            world.sends("mx1", f"A{name}", at + 0.3 + number / 10, **queued("hub1", f"B{name}"))
            world.postfix("hub1", f"B{name}", at + 0.1 + number / 20 + ahead, f"<{name}@x>", client="mx1")
            world.sends("hub1", f"B{name}", at + 1 + ahead, **queued("out1", f"C{name}"))
            world.postfix("out1", f"C{name}", at + 0.9 + out_ahead, f"<{name}@x>", client="hub1")
            world.sends("out1", f"C{name}", at + 2 + out_ahead, next_host="elsewhere.example")
    for row in world.rows:
        row["uncertainty_seconds"] = 0.0
    return world


def measured(world: World) -> tuple[tuple[Offset, ...], duckdb.DuckDBPyConnection]:
    con = duckdb.connect(config={"temp_directory": ""})
    con.execute("set TimeZone='UTC'; set threads=1")
    fill(con, world.rows)
    correlate(con)
    return measure(con), con


def test_one_clock_is_ahead_of_two_that_agree() -> None:
    found, con = measured(world_of([40.0] * 3))
    offset, error = offset_of(found, "hub1", START + timedelta(hours=1))
    assert error is not None
    assert offset == pytest.approx(40, abs=error + 0.1)
    assert error < 0.5
    for server in ("mx1", "out1"):
        assert offset_of(found, server, START)[0] == pytest.approx(0, abs=0.5)
    run(con, "corrected")
    (shown,) = con.execute("select min(arrived_at) from hops_corrected where server = 'hub1'").fetchone() or (None,)
    assert abs((shown - START).total_seconds() - 0.1) < 0.5


def test_a_clock_that_drifts_is_one_span_with_a_slope() -> None:
    found, _ = measured(world_of([hour * 0.72 for hour in range(24)]))
    (span,) = (one for one in found if one.server == "hub1")
    assert span.drift_ppm == pytest.approx(200, rel=0.1)


def test_a_clock_that_was_set_makes_two_spans() -> None:
    found, _ = measured(world_of([0.0] * 4 + [90.0] * 4))
    spans = [one for one in found if one.server == "hub1"]
    assert [round(one.offset_seconds / 90) for one in spans] == [0, 1]
    assert spans[0].until <= spans[1].since


def test_nothing_is_known_of_a_server_without_links() -> None:
    assert offset_of((), "mx9", START) == (0.0, None)
