"""Following: what is due is read, what cannot be read is tried again, imports share the writer, our own messages are told at each step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.tracking.made import SMALL, count, log, message
from tracking.errors import TrackError
from tracking.following import Follow, Following, Watch
from tracking.following_times import Ended
from tracking.importing_values import Options
from tracking.lake.write import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tracking.importing_values import Progress

BEGIN = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


class World:
    """A lake, logs, and a clock that a test moves."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.at = folder, BEGIN
        self.pen = Writer(folder / "lake", "probe serve", lambda: self.at)

    def follow(self, *watches: Watch) -> Follow:
        return Follow(self.pen, watches, Options(sizes=SMALL), {})

    def watch(self, name: str = "mx", **how: object) -> Watch:
        return Watch(name, (str(self.folder / f"{name}.log*"),), **how)  # type: ignore[arg-type]

    def write(self, name: str, *numbers: int) -> None:
        with (self.folder / f"{name}.log").open("a") as file:
            file.writelines(f"{line}\n" for number in numbers for line in message(number, name))

    def passes(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.pen.close()


def test_what_is_written_is_read_in_the_next_turn(world: World) -> None:
    follow = world.follow(world.watch(), world.watch("hub"))
    world.write("mx", 1, 2)
    world.write("hub", 5)
    assert (follow.turn().total("lines"), follow.flows) == (21, 3)
    world.write("mx", 3)
    assert follow.turn().total("lines") == 0  # not due yet
    world.passes(1)
    assert (follow.turn().total("lines"), follow.flows) == (7, 4)
    found = follow.files_of()
    assert {name: sum(one.lines for one in files) for name, files in found.items()} == {"mx": 21, "hub": 7}
    follow.close()
    assert count(world.folder / "lake", "select count(*) from flows") == 4


def test_a_source_is_looked_at_by_its_own_rhythm(world: World) -> None:
    watch = world.watch(cron="0 9 * * *", options=Options(timezone="Europe/Berlin"))
    follow = world.follow(watch)
    follow.turn()
    (source,) = follow.sources
    assert source.due == datetime(2026, 11, 21, 8, 0, tzinfo=UTC)  # nine in Berlin has passed today
    assert follow.next_due() == source.due


def test_a_clock_that_was_set_back_keeps_nothing_waiting(world: World) -> None:
    source = Following(world.watch(every_seconds=10.0), follower=None, due=BEGIN + timedelta(seconds=10))  # type: ignore[arg-type]
    assert not source.is_due(BEGIN)
    assert source.is_due(BEGIN - timedelta(hours=1))


def test_what_cannot_be_read_is_told_until_it_can(world: World) -> None:
    follow = world.follow(world.watch())
    odd = world.folder / "mx.log"
    odd.write_text("this is\nno log\n")
    follow.turn()
    (source,) = follow.sources
    ((path, why),) = source.refused.items()
    assert (path, why[:30]) == (str(odd), "no format is known that begins")
    odd.unlink()
    world.write("mx", 1)
    world.passes(1)
    assert (follow.turn().total("lines"), source.refused) == (7, {})


def test_a_pattern_that_means_nothing_yet_is_told(world: World) -> None:
    follow = world.follow(world.watch())
    follow.turn()
    assert follow.sources[0].refused == {str(world.folder / "mx.log*"): "nothing matches"}


def test_an_import_goes_through_the_same_writer_and_following_goes_on(world: World) -> None:
    follow = world.follow(world.watch())
    world.write("mx", 1)
    paths = [str(log(world.folder / f"old{number}.txt", range(20 * number, 20 * number + 2), f"h{number}")) for number in (1, 2)]
    told: list[Progress] = []

    def between(far: Progress) -> None:
        told.append(far)
        follow.turn()

    report = follow.take_in([*paths, str(world.folder / "none")], Options(), between)
    assert (report.total("lines"), report.refused) == (28, [(str(world.folder / "none"), "no such file or folder")])
    assert (len(told), told[-1].done_bytes) == (2, told[-1].total_bytes)
    assert (report.flows, world.pen.manifest.imports[-1].lines) == (5, 28)  # with the one that was followed meanwhile
    assert count(world.folder / "lake", "select count(*) from flows") == 5


def test_an_import_by_a_wrong_name_is_refused_before_anything_is_read(world: World) -> None:
    follow = world.follow(world.watch())
    with pytest.raises(ValueError, match=r"^there is no format 'nonsense'"):
        follow.take_in([str(world.folder)], Options(format="nonsense"), lambda _: None)
    with pytest.raises(TrackError, match=r"^there is no time zone 'Berlin'"):
        follow.take_in([str(world.folder)], Options(timezone="Berlin"), lambda _: None)


def test_each_flow_is_told_once_and_our_own_at_each_step(world: World) -> None:
    follow, ended = world.follow(world.watch()), Ended(world.pen)
    token = "mailsonde.0123456789abcdef0123456789abcdef"
    own = [line.replace("7.mx@example.org", f"{token}@example.org") for line in message(7, "mx", minute=29)]
    world.write("mx", 1)
    with (world.folder / "mx.log").open("a") as file:
        file.writelines(f"{line}\n" for line in own[:4])
    follow.turn()
    assert [(flow.probe, str(flow.outcome)) for flow in ended.news()] == [(False, "relayed"), (True, "deferred")]
    follow.upkeep()
    ended.skip()
    assert ended.news() == []
    with (world.folder / "mx.log").open("a") as file:
        file.writelines(f"{line}\n" for line in own[4:])
    world.passes(1)
    follow.turn()
    assert [(flow.probe, str(flow.outcome)) for flow in ended.news()] == [(True, "relayed")]
    ended.close()
