"""How an incident ends whose cells are explained by another in the end: by what its cause's own cells do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.thresholds.story import CELLS, PROMPT, World, cell
from tests.thresholds.test_incidents_naming import Scripted, last
from thresholds.incident_values import Cause, CauseKind, Cell
from thresholds.incidents_own import own_cells

if TYPE_CHECKING:
    from thresholds.blame import Facts

TRIPS = tuple(Cell(f"trip-{domain}", domain, "imap", "trip", 300.0, submits="submission") for domain in "ab")


@pytest.fixture
def world() -> Scripted:
    made = Scripted()
    made.watch.plan((*CELLS, *TRIPS), made.now)
    made.review()
    return made


def test_a_server_that_is_well_again_ends_well_though_another_explains_the_last_trip(world: Scripted) -> None:
    world.when("a/imap:critical+b/imap:critical+trip-a:critical 4s", server_imap="a/imap b/imap trip-a")
    world.when("trip-b:critical 4s", server_imap="a/imap b/imap trip-a", path_s="trip-b")
    assert world.when("a/imap:ok+b/imap:ok 4s", path_s="trip-a trip-b") == "closed=server:imap"
    assert last(world).said == "it is well again; what it held up besides fails for another reason"
    assert world.failing() == {"path:s": "trip-a trip-b"}
    assert world.when("trip-a:ok+trip-b:ok") == "closed=path:s"
    assert last(world).said == "all is well again"


def test_a_server_whose_checks_another_explains_is_part_of_that_though_the_last_trip_got_well(world: Scripted) -> None:
    world.when("a/imap:critical+b/imap:critical+trip-a:critical 4s", server_imap="a/imap b/imap trip-a")
    world.when("a/pop3:critical 4s", server_imap="trip-a", host_h="a/imap b/imap a/pop3")
    assert world.failing() == {"server:imap": "trip-a", "host:h": "a/imap a/pop3 b/imap"}
    assert world.when("trip-a:ok") == "closed=server:imap"
    assert last(world).said == "part of i00000002, the whole host h"


def test_what_comes_and_goes_is_held_open_though_another_explains_what_is_left(world: Scripted) -> None:
    world.rules = world.watch.rules = replace(world.rules, flap_count=1, steady_seconds=60.0)
    world.when("a/imap:critical 4s a/imap:ok", server_imap="a/imap")
    world.when("a/imap:critical+trip-a:critical 4s", server_imap="a/imap trip-a")
    world.when("trip-b:critical 4s", server_imap="a/imap trip-a", path_s="trip-b")
    assert world.when("a/imap:ok 4s", path_s="trip-a trip-b") == "-"
    assert world.when("1m") == "closed=server:imap"


def counting(facts: Facts) -> tuple[Cause, ...]:
    """A blame that says of the one server how many fail."""
    cells = tuple(sorted(facts.bad))
    return (Cause(CauseKind.SERVER, "imap", cells, (f"{len(cells)} of 4 domains on imap",)),)


def evidence(story: str) -> tuple[str, ...]:
    world = World(replace(PROMPT, bad=1, of=1, good=1), counting)
    for word in story.split():
        world.hear(word)
    return world.watch.open[0].cause.evidence


@pytest.mark.parametrize(
    ("story", "count"),
    [
        ("a/imap:critical+b/imap:critical", 2),
        ("a/imap:critical+b/imap:critical b/imap:ok", 2),  # the first line still says for a and b
        ("a/imap:critical+b/imap:critical b/imap:ok b/imap:critical", 2),
        ("a/imap:critical b/imap:critical+c/imap:critical", 3),
        ("a/imap:critical b/imap:critical+c/imap:critical b/imap:ok restart d/imap:critical b/imap:critical", 4),
    ],
)
def test_the_evidence_is_of_all_whom_the_first_line_names(story: str, count: int) -> None:
    assert evidence(story) == (f"{count} of 4 domains on imap",)


CHECK = replace(cell("a/imap"), host="h", account="a")
NEEDS = replace(cell("a/pop3"), needs=("imap",))
TRIP = replace(TRIPS[0], origin="c")


@pytest.mark.parametrize(
    ("kind", "name", "own"),
    [
        (CauseKind.SERVER, "imap", [CHECK]),
        (CauseKind.SERVER, "directory", [CHECK, NEEDS, TRIP]),  # none is its own: all are
        (CauseKind.HOST, "h", [CHECK]),
        (CauseKind.PATH, "submission -> imap", [TRIP]),
        (CauseKind.HOP, "hub1", [TRIP]),
        (CauseKind.LINK, "mx1 -> hub1", [TRIP]),
        (CauseKind.DOMAIN, "c", [TRIP]),
        (CauseKind.DOMAIN, "a", [CHECK, NEEDS, TRIP]),
        (CauseKind.ACCOUNT, "a", [CHECK, NEEDS, TRIP]),
        (CauseKind.CHECK, "a/pop3", [NEEDS]),
        (CauseKind.PROBER, "berlin", [CHECK, NEEDS, TRIP]),
        (CauseKind.RESOLVER, "dns", [CHECK, NEEDS, TRIP]),
    ],
)
def test_which_cells_are_a_causes_own(kind: CauseKind, name: str, own: list[Cell]) -> None:
    assert own_cells(Cause(kind, name), [CHECK, NEEDS, TRIP]) == own
