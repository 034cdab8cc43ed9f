"""A flow is a pure function of the set of events: any split, order and repetition gives the same."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tracking.correlate.worlds import Row, World, fill, made, queued, session, table_of
from tracking import schema
from tracking.correlate.components import touched
from tracking.correlate.run import correlate

if TYPE_CHECKING:
    from collections.abc import Sequence

TABLES = ("hops", "legs", "flows")
QUICK = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


def story() -> list[Row]:
    """Return a world with most of what happens: relays, splits, reuse, bounces, resends, gaps, short names, refusals."""
    world = World()
    for number, mid in enumerate(("<m@x>", "<m@x>", "<n@x>", None)):
        at = number * 40
        world.postfix("mx1.x.example" if number % 2 else "mx1", f"A{number % 3}", at, mid)
        for name in "bc":
            onward = queued("hub1", f"B{number}") if number < 3 else {"next_host": "hub1"}
            world.says("mx1", f"A{number % 3}", "send", at + 1, recipient=f"{name}@y.example", **onward)
        world.says("mx1", f"A{number % 3}", "other", at + 1, ends=True)
        world.postfix("hub1", f"B{number}", at + 1, mid, client="mx1")
        world.sends("hub1", f"B{number}", at + 2, event="deliver", **session("hub1", f"S{number}"))
        world.sends("hub1", f"B{number}", at + 2, event="fail" if number % 2 else "send", recipient="c@y.example", next_host="dark.example")
        world.says("hub1/dovecot", f"S{number}", "deliver", at + 2, recipient="b@y.example", message_id=mid)
    world.says("hub1", "B1", "dsn", 43, link_rule="notification", link_id="D1", link_way="out")
    world.postfix("hub1", "D1", 43, "<d@hub1>", sender="")
    world.sends("hub1", "D1", 44, recipient="a@x.example", **queued("mx1", "E1"))
    world.says("mx1", None, "reject", 5, recipient="b@y.example", said="554 no")
    return world.rows


STORY = story()
WHOLE = made(STORY)


class Lake:
    """A lake in memory: events as they come, and the components that were made last."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Row]] = {"events": [], "hops": [], "legs": [], "flows": []}

    def take(self, rows: Sequence[Row]) -> None:
        """Take a batch: commit its events, find what it touches, correlate that again, replace it."""
        self.kept["events"] += rows
        with duckdb.connect(config={"temp_directory": ""}) as con:
            con.execute("set TimeZone='UTC'; set threads=1")
            fill(con, rows, "fresh")
            fill(con, self.kept["events"], "events")
            fill(con, self.kept["hops"], "hops", schema.HOPS)
            gone = touched(con)
            con.execute("drop table events; create temp view events as from gathered; drop table hops")
            correlate(con)
            for name in TABLES:
                old = [row for row in self.kept[name] if row["part_of"] not in gone]
                self.kept[name] = sorted([*old, *table_of(con, name)], key=repr)


def split(rows: Sequence[Row], cuts: Sequence[int]) -> list[list[Row]]:
    edges = [0, *sorted(cuts), len(rows)]
    return [list(rows[start:end]) for start, end in pairwise(edges)]


@QUICK
@given(st.permutations(STORY), st.lists(st.sampled_from(STORY), max_size=20))
def test_any_order_and_repetition_gives_the_same(rows: list[Row], again: list[Row]) -> None:
    assert made([*rows, *again]) == WHOLE


@QUICK
@given(st.permutations(STORY), st.lists(st.integers(0, len(STORY)), min_size=1, max_size=6), st.booleans())
def test_any_split_gives_what_one_run_over_all_gives(rows: list[Row], cuts: list[int], as_logged: bool) -> None:
    lake = Lake()
    for batch in split(STORY if as_logged else rows, cuts):
        lake.take(batch)
    assert {name: lake.kept[name] for name in TABLES} == WHOLE


@pytest.mark.parametrize("mid", ["<m@x>", None])
def test_what_no_id_ties_is_found_again_by_a_later_batch(mid: str | None) -> None:
    world = World()
    world.postfix("mx1", "A1", 0, mid)
    world.sends("mx1", "A1", 1, next_host="hub1")
    first = len(world.rows)
    world.postfix("hub1", "B1", 1, mid, client="mx1")
    world.sends("hub1", "B1", 2, event="deliver", next_host="local")
    lake = Lake()
    lake.take(world.rows[:first])
    lake.take(world.rows[first:])
    assert {name: lake.kept[name] for name in TABLES} == made(world.rows)
    assert [len(flow["hops"]) for flow in lake.kept["flows"]] == [2]
