"""Dependencies from history: who fails with another and never without it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from thresholds.blame_suggest import suggest_dependencies
from thresholds.incident_values import Cell

DAY = datetime(2026, 11, 1, tzinfo=UTC)
CELLS = {
    name: Cell(name, name.partition("/")[0], name.partition("/")[2], "imap", 60.0, needs=("storage",) if name == "a/pop3" else ())
    for name in ("a/imap", "b/imap", "a/directory", "a/storage", "a/pop3")
} | {"trip a": Cell("trip a", "a", "imap", "trip", 300.0)}


def history(**minutes: str) -> list[tuple[str, datetime]]:
    """Return bad runs: server = "10 11 400", in minutes."""
    return [(f"a/{server}", DAY + timedelta(minutes=float(one))) for server, all_of in minutes.items() for one in all_of.split()]


# name -> (server -> minutes of its bad runs), the sentences
STORIES: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "it never fails without": (
        {"imap": "10 11 400 800", "directory": "9 10 401 799 2000"},
        ("imap failed 3 times, 3 of them with directory; directory failed 1 times without it: depends_on: [directory]",),
    ),
    "both ways: by name": (
        {"imap": "10 400 800", "directory": "10 400 800"},
        ("imap failed 3 times, 3 of them with directory: depends_on: [directory]",),
    ),
    "too few": ({"imap": "10 400", "directory": "10 400 800"}, ()),
    "one long trouble is one": ({"imap": "10 11 12 13 14", "directory": "10 11 12 13 14"}, ()),
    "not at the same time": ({"imap": "10 400 800", "directory": "20 420 820"}, ()),
    "mostly alone": ({"imap": "10 100 200 300 400", "directory": "10 100 200"}, ("directory failed 3 times",)),
    "what is configured is not suggested": (
        {"pop3": "10 400 800", "storage": "10 400 800 1200"},
        (),
    ),
    "nothing": ({}, ()),
}


@pytest.mark.parametrize("name", STORIES)
def test_what_is_suggested(name: str) -> None:
    minutes, expected = STORIES[name]
    runs = history(**minutes)
    Random(1).shuffle(runs)  # noqa: S311 - an order, no secret
    words = [one.words for one in suggest_dependencies(runs, CELLS)]
    assert len(words) == len(expected)
    assert all(word.startswith(begin) for word, begin in zip(words, expected, strict=True)), words


def test_trips_and_cells_of_the_past_are_passed_over() -> None:
    times = [DAY + timedelta(hours=hour) for hour in range(5)]
    assert suggest_dependencies([(name, at) for name in ("trip a", "gone/imap", "a/directory") for at in times], CELLS) == ()


def test_the_surest_comes_first() -> None:
    often = " ".join(str(100 * number) for number in range(1, 12))
    runs = history(imap=often + " 5000", pop3=often, directory=often + " 9000 9900")
    assert [(one.server, one.needs) for one in suggest_dependencies(runs, CELLS)] == [
        ("pop3", "directory"),  # and not imap, which fails with the directory as well
        ("imap", "directory"),
    ]
