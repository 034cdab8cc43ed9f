"""What a scene means, which mutes hold when, and in what words an incident is muted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from thresholds.calendars import Calendar, Window
from thresholds.incident_values import Cause, CauseKind, Cell, Maintenance, Mutes, Scene, Silence
from thresholds.mutes import NO_MUTES, in_force, maintained, matches, muting, next_end

NOW = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)  # a Friday
HOUR = timedelta(hours=1)
IMAP = Cell("abc.example/imap", "abc.example", "imap", "imap", 60.0, site="berlin")
POP3 = Cell("abd.example/pop3", "abd.example", "pop3", "pop3", 60.0, site="bonn")
CAUSE = Cause(CauseKind.SERVER, "imap", ("abc.example/imap",))
OURS = Cause(CauseKind.PROBER, "berlin")
NOON = Calendar("noon", ZoneInfo("Europe/Berlin"), (Window(frozenset(range(7)), 13 * 60, 14 * 60),))  # 12:00 to 13:00 UTC in winter


def silence(scene: Scene, *, ends: timedelta = HOUR, made: timedelta = -HOUR) -> Silence:
    return Silence("s1", scene, "anna", "known", NOW + made, NOW + ends)


def work(scene: Scene = Scene(), **more: Any) -> Maintenance:  # noqa: B008 - a frozen value, the same for each
    return replace(Maintenance("m1", scene, "new disks"), **more)


@pytest.mark.parametrize(
    ("scene", "cell", "cause", "meant"),
    [
        (Scene(), IMAP, CAUSE, True),
        (Scene(), IMAP, None, True),
        (Scene(), None, OURS, True),
        (Scene(domain="ABC.*"), IMAP, CAUSE, True),
        (Scene(domain="abd.example"), IMAP, CAUSE, False),
        (Scene(server="im?p"), IMAP, CAUSE, True),
        (Scene(server="pop3"), IMAP, CAUSE, False),
        (Scene(site="b*n"), IMAP, CAUSE, True),
        (Scene(site="bonn"), IMAP, CAUSE, False),
        (Scene(cause="server:imap"), IMAP, CAUSE, True),
        (Scene(cause="server:*"), IMAP, CAUSE, True),
        (Scene(cause="server:pop3"), IMAP, CAUSE, False),
        (Scene(cause="server:*"), IMAP, None, False),  # the cause is not known
        (Scene(cause="server:imap", domain="abd.example"), IMAP, CAUSE, False),  # all must fit
        (Scene(site="berlin"), None, OURS, True),
        (Scene(site="bonn"), None, OURS, False),
        (Scene(domain="abc.example"), None, OURS, False),  # nothing of theirs is concerned
        (Scene(server="imap"), None, OURS, False),
        (Scene(site="berlin"), None, None, False),
    ],
)
def test_what_a_scene_means(scene: Scene, cell: Cell | None, cause: Cause | None, *, meant: bool) -> None:
    assert matches(scene, cell, cause) is meant


@pytest.mark.parametrize(
    ("window", "holds"),
    [
        (work(), True),
        (work(begins_at=NOW, ends_at=NOW + HOUR), True),
        (work(begins_at=NOW + HOUR), False),
        (work(ends_at=NOW), False),  # its end is no more in it
        (work(calendar=NOON), True),
        (work(calendar=replace(NOON, windows=())), False),
        (work(calendar=NOON, begins_at=NOW + HOUR), False),
    ],
)
def test_when_a_window_holds(window: Maintenance, *, holds: bool) -> None:
    assert in_force(window, NOW) is holds


def test_a_cell_that_is_being_worked_on() -> None:
    window = work(Scene(server="imap"), begins_at=NOW, ends_at=NOW + HOUR)
    assert maintained(IMAP, [work(Scene(server="pop3")), window], NOW) is window
    assert maintained(IMAP, [window], NOW + HOUR) is None
    assert maintained(IMAP, [work(Scene(cause="server:imap"))], NOW) is None


@pytest.mark.parametrize(
    ("mutes", "words"),
    [
        (NO_MUTES, ""),
        (Mutes(quiet_until=NOW + HOUR), "quiet until 2026-11-20 13:00 UTC"),
        (Mutes(quiet_until=NOW), ""),
        (Mutes((silence(Scene()),)), "silenced by anna until 2026-11-20 13:00 UTC: known"),
        (Mutes((silence(Scene(), ends=timedelta(0)),)), ""),
        (Mutes((silence(Scene(), made=HOUR, ends=2 * HOUR),)), ""),  # not yet
        (Mutes((silence(Scene(domain="abc.*")),)), ""),  # of half of it
        (Mutes((), (work(ends_at=NOW + HOUR),)), "maintenance until 2026-11-20 13:00 UTC: new disks"),
        (Mutes((), (work(calendar=NOON, ends_at=NOW + 9 * HOUR),)), "maintenance: new disks"),  # until when, its calendar says
        (Mutes((), (work(ends_at=NOW),)), ""),
        (
            Mutes((silence(Scene(server="imap")),), (work(Scene(server="pop3")),)),
            "silenced by anna until 2026-11-20 13:00 UTC: known; maintenance: new disks",
        ),
    ],
)
def test_in_what_words_an_incident_is_muted(mutes: Mutes, words: str) -> None:
    assert muting(CAUSE, [IMAP, POP3], mutes, NOW) == words


def test_an_incident_about_us_is_muted_by_what_names_nothing_of_theirs() -> None:
    assert muting(OURS, [], Mutes((silence(Scene(cause="prober:*")),)), NOW)
    assert not muting(OURS, [], Mutes((silence(Scene(server="imap")),)), NOW)


def test_of_many_mutes_three_are_named() -> None:
    cells = [replace(IMAP, domain=name) for name in "abcd"]
    found = Mutes(tuple(replace(silence(Scene(domain=name)), reason=f"of {name}") for name in "abcd"))
    assert [words.rpartition(": ")[2] for words in muting(CAUSE, cells, found, NOW).split("; ")] == ["of a", "of b", "of c"]


@pytest.mark.parametrize(
    ("mutes", "ends"),
    [
        (NO_MUTES, None),
        (Mutes((silence(Scene()), silence(Scene(), ends=2 * HOUR), silence(Scene(), ends=-HOUR / 2))), NOW + HOUR),
        (Mutes(quiet_until=NOW + HOUR), NOW + HOUR),
        (Mutes(quiet_until=NOW - HOUR), None),
        (Mutes((), (work(ends_at=NOW + HOUR), work(ends_at=NOW))), NOW + HOUR),
        (Mutes((), (work(),)), None),  # it does not end by itself
        (Mutes((), (work(calendar=NOON, ends_at=NOW + HOUR),)), NOW + timedelta(seconds=30)),  # calendars are asked each minute
    ],
)
def test_when_something_that_mutes_may_cease_to(mutes: Mutes, ends: datetime | None) -> None:
    assert next_end(mutes, NOW) == ends
