"""A message by any of its names, and the prober's own trip of it where the service put that into the lake."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from probe.values import Outcome
from tests.tracking.look.real import HOSTILE, ID, MX, lake_of
from tests.tracking.made import NOW, log, take
from thresholds.scope import EVERYTHING, Scope
from tracking import schema
from tracking.errors import TrackError
from tracking.lake.engine import connect
from tracking.lake.kinds import TRIPS
from tracking.lake.reader import asking, open_lake
from tracking.lake.write import Change, Writer
from tracking.look import looked
from tracking.look.message import Message, message

if TYPE_CHECKING:
    from pathlib import Path

TRIP = """
insert into found (trip, domain, message_id, started_at, submitted_at, outcome,
    submit_seconds, transit_seconds, retrieve_seconds, uncertainty_seconds, folder)
values ('way', 'beta.test', $id, $at, $at, 'delivered', 0.2, 1, 0.1, 0.01, 'INBOX')
"""
BEGAN = datetime(2026, 11, 21, 16, 12, 52, tzinfo=UTC)


def asked(lake: Path, name: str, scope: Scope = EVERYTHING) -> Message:
    return asking(lambda: open_lake(lake, scope), lambda con: message(con, lake, (name, 5, True), scope))


def remember(lake: Path) -> None:
    """Put a trip into the lake as the service does: its row, then a commit."""
    pen = Writer(lake, "probe serve", lambda: NOW)
    try:
        with connect(pen.spill) as con:
            con.execute(schema.ddl("found", TRIPS))
            con.execute(TRIP, {"id": f"<{ID}>", "at": BEGAN.replace(tzinfo=None)})
            pen.commit(Change(pen.write(con, "trips", "found")))
    finally:
        pen.close()


def test_the_lakes_own_trips_are_joined(tmp_path: Path) -> None:
    lake = lake_of(tmp_path)
    assert asked(lake, ID).trip is None
    remember(lake)
    trip = asked(lake, MX).trip
    assert trip is not None
    assert (trip.name, trip.domain, trip.message_id, trip.outcome) == ("way", "beta.test", f"<{ID}>", Outcome.DELIVERED)
    assert (trip.started_at, trip.submitted_at) == (BEGAN, BEGAN)
    assert trip.total_seconds == pytest.approx(1.3)
    assert asked(lake, ID, Scope(frozenset({"alpha.test"}))).trip is None  # the trip is of the receiving domain


def test_what_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrackError, match=r"^nothing is known of 'x': neither a Message-ID nor a server's id nor a flow's"):
        asked(lake_of(tmp_path), "x")


def test_lines_of_others_are_masked(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, odd=HOSTILE)
    texts = [line.text or "" for line in asked(lake, ID, Scope(frozenset({"beta.test"}))).lines]
    assert len(texts) == 16
    assert not any("probe@alpha.test" in text for text in texts)
    assert any("to=<probe@beta.test>" in text for text in texts)


def test_who_looked_is_kept_whatever_is_written_later(tmp_path: Path) -> None:
    lake = lake_of(tmp_path)
    looked.record(lake, BEGAN, "anna", {"what": "show", "id": 'a"\nb', "lines": False})
    take(lake, log(tmp_path / "more.log", range(3)))
    looked.record(lake, BEGAN, "bob", {"what": "find", "sender": "a@b"})
    assert (lake / looked.NAME).read_text().splitlines() == [
        '{"at": "2026-11-21T16:12:52+00:00", "who": "anna", "what": "show", "id": "a\\"\\nb"}',
        '{"at": "2026-11-21T16:12:52+00:00", "who": "bob", "what": "find", "sender": "a@b"}',
    ]
