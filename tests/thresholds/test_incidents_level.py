"""What an incident says is of the level that it has: slow once and then silent is not yet CRITICAL, and so it is slow."""

from __future__ import annotations

import pytest

from tests.thresholds.story import World
from tests.thresholds.test_incidents import live
from thresholds.incident_values import Rules

SLOW, SILENT = ("WARNING", "a/imap: took 1.2 s", "warning 1 s"), ("CRITICAL", "a/imap: no connection", "critical 2 s")


def told(world: World) -> list[tuple[str, str, str]]:
    incidents = [change.incident for change in world.told]
    return [(incident.level.name, incident.reasons[0], incident.limit) for incident in incidents]


@pytest.mark.parametrize(
    ("story", "levels"),
    [
        ("warning critical", [SLOW]),
        ("warning critical critical", [SLOW, SILENT]),
        ("critical warning", [SLOW]),
        ("critical critical warning", [SILENT]),
        ("critical#1 warning#2 critical#2 ack", [SLOW, SILENT, SILENT]),
    ],
)
def test_the_words_are_of_the_level(story: str, levels: list[tuple[str, str, str]]) -> None:
    assert told(live(story)) == levels


def test_what_is_open_says_what_its_level_is_made_of() -> None:
    world = live("critical critical warning b/imap:critical b/imap:critical")
    assert world.watch.open[0].reasons == ("a/imap: no connection", "b/imap: no connection")


def test_after_a_restart_one_verdict_changes_no_words_before_it_changes_the_level() -> None:
    world = live("critical critical restart warning b/imap:critical b/imap:critical")
    assert next(one for one in world.watch.open if "a/imap" in one.cells).reasons[-1] != "a/imap: took 1.2 s"
    assert live("warning warning restart critical", World()).watch.open[0].reasons == ("a/imap: took 1.2 s",)


def test_a_worse_verdict_than_the_level_is_repeated_while_causes_gather_so_that_one_page_says_it_all() -> None:
    world = live("warning critical", World(Rules()))
    assert world.again == [3.0, 3.0]
    live("critical 4s", world)
    assert told(world) == [SILENT]
