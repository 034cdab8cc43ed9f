"""Incidents over the control API, with a real watch and a real store: lists, stories, deeds, who did them, and how it refuses."""

from __future__ import annotations

import asyncio
import os
import pwd
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from console import api_authors
from console.api_shaping_alarms import MOST_NAMES, incident_shape
from notifier.values import DeliveryState
from probe.clock import utc_now
from service.control_client import ControlError
from store.outbox import StoreOutbox
from tests.console.api_site import said
from tests.store.made_incidents import FULL, NOON, at, delivery, opened
from thresholds.incident_values import Change, ChangeKind
from thresholds.values import Level

if TYPE_CHECKING:
    from tests.console.api_site import ApiSite

BOUNDS = "is out of bounds: times lie between 1970-01-01 and 2200-01-01"
ME = pwd.getpwuid(os.geteuid()).pw_name
CLOSED = Change(replace(FULL, id="i0000000f", changes=2), ChangeKind.CLOSED, at(9), 2, said="all is well again")


async def test_an_incident_in_all_its_parts(api_site: ApiSite) -> None:
    await api_site.alarms.have(CLOSED)
    (found,) = await api_site.items("/incidents")
    assert found == {
        "id": "i0000000f",
        "cause": {
            "kind": "server",
            "name": "imap",
            "evidence": ["imap refuses the connection"],
            "confidence": 0.9,
            "doubt": "one of its neighbours is slow too",
            "cells": ["abc.example/imap", "trip abc.example", "xyz.example/imap"],
        },
        "level": "CRITICAL",
        "began_at": "2026-11-21T11:59:51.123Z",
        "opened_at": "2026-11-21T12:00:00.123Z",
        "closed_at": "2026-11-21T12:09:00.123Z",
        "ended": "all is well again",
        "seconds": 549.0,
        "domains": ["abc.example", "xyz.example"],
        "cells": ["abc.example/imap", "trip abc.example", "xyz.example/imap"],
        "failing": ["abc.example/imap", "trip abc.example"],
        "domain_count": 2,
        "cell_count": 3,
        "failing_count": 2,
        "reasons": ["abc.example/imap: refuses the connection", "xyz.example/imap: took 4.1 s, limit 2 s"],
        "limit": "thresholds[0], imap*",
        "flapping": True,
        "acknowledged": {"by": "anna", "at": "2026-11-21T12:03:00.123Z", "why": "on it", "until": "2026-11-21T14:00:00.123Z"},
        "told": True,
        "muted": "",
        "reminded_at": "2026-11-21T12:05:00.123Z",
        "changes": 2,
    }


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, ["i00000003", "i00000002", "i0000000f"]),
        ({"open": True}, ["i00000003", "i00000002"]),
        ({"open": False}, ["i0000000f"]),
        ({"domain": "xyz.example"}, ["i00000003", "i0000000f"]),
        ({"cause": "server:imap"}, ["i00000003", "i0000000f"]),
        ({"cause": "check"}, ["i00000002"]),
        ({"since": "2026-11-21T12:02:30Z"}, ["i00000003"]),
        ({"until": "2026-11-21T12:02:30Z", "open": True}, ["i00000002"]),
        ({"level": "WARNING", "cause": "hop"}, []),
    ],
)
async def test_incidents_are_chosen(api_site: ApiSite, query: dict[str, object], ids: list[str]) -> None:
    await api_site.alarms.have(CLOSED, opened(2, 2), opened(3, 3, ("abc.example", "xyz.example")))
    assert [one["id"] for one in await api_site.items("/incidents", **query, limit=2)] == ids


async def test_the_story_of_one(api_site: ApiSite) -> None:
    await api_site.alarms.have(opened(4))
    outbox = StoreOutbox(api_site.desk.store)
    (stored,) = await outbox.unplanned()
    made = delivery(stored.change, stored.id, "ops-mail")
    await outbox.plan([stored.id], [made])
    ((due, _),) = await outbox.due(at(1))
    await outbox.settle(due, replace(due, state=DeliveryState.SENT, tries=2, said="250 2.0.0 Ok", tried_at=at(1)))
    await api_site.post("/incidents/i00000004/acknowledge", why="at it")
    story = await api_site.get("/incidents/i00000004")
    assert [(one["number"], one["kind"], one["level"], one["by"]) for one in story["history"]] == [
        (1, "opened", "CRITICAL", ""),
        (2, "acknowledged", "CRITICAL", ME),
    ]
    (told,) = story["deliveries"]
    assert {name: told[name] for name in ("number", "channel", "state", "tries", "said", "tried_at")} == {
        "number": 1,
        "channel": "ops-mail",
        "state": "sent",
        "tries": 2,
        "said": "250 2.0.0 Ok",
        "tried_at": "2026-11-21T12:01:00.123Z",
    }


async def test_whoever_acknowledges_is_named_by_the_kernel_or_by_the_token(api_site: ApiSite) -> None:
    incident = await api_site.alarms.have_open()
    near = await api_site.post(f"/incidents/{incident.id}/acknowledge", why="a\nb")
    assert (near["acknowledged"]["by"], near["acknowledged"]["why"], near["acknowledged"]["until"]) == (ME, "a b", None)
    spoken = await api_site.post(f"/incidents/{incident.id}/acknowledge", by="alice")
    assert spoken["acknowledged"]["by"] == f"alice ({ME})"
    until = (utc_now() + timedelta(hours=2)).isoformat()
    far = await asyncio.to_thread(api_site.far.post, f"/incidents/{incident.id}/acknowledge", until=until)
    assert far["acknowledged"]["by"] == "token"
    assert far["acknowledged"]["until"] is not None


async def test_a_directory_that_hangs_keeps_nobody_from_acknowledging(api_site: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_authors, "PATIENCE_SECONDS", 0.0)
    incident = await api_site.alarms.have_open()
    found = await api_site.post(f"/incidents/{incident.id}/acknowledge")
    assert found["acknowledged"]["by"] == f"user {os.geteuid()}"


async def test_closing_by_hand(api_site: ApiSite) -> None:
    incident = await api_site.alarms.have_open()
    closed = await api_site.post(f"/incidents/{incident.id}/close", why="the disk was replaced")
    assert closed["closed_at"] is not None
    assert "the disk was replaced" in closed["ended"]
    assert ME in closed["ended"]
    assert await api_site.items("/incidents", open=True) == []


@pytest.mark.parametrize(
    ("path", "body", "status", "detail"),
    [
        ("/incidents/i0/acknowledge", b"{}", 404, "no open incident i0; `probe incidents list` shows those that are open"),
        ("/incidents/i0/close", b'{"why": "x"}', 404, "no open incident i0; `probe incidents list` shows those that are open"),
        ("/incidents/i0/close", b"{}", 400, "why: Field required"),
        ("/incidents/i0/close", b'{"why": ""}', 400, "why: String should have at least 1 character"),
        ("/incidents/i0/acknowledge", b'{"wy": "x"}', 400, "wy: Extra inputs are not permitted"),
        ("/incidents/i0/acknowledge", b'{"until": "2026-01-01T00:00:00Z"}', 400, "until: 2026-01-01T00:00+00:00 is past"),
        ("/incidents/i0/acknowledge", b'{"until": "9999-12-31T23:59:59-12:00"}', 400, f"until: 9999-12-31T23:59:59-12:00 {BOUNDS}"),
        ("/incidents/i0/acknowledge", b'{"until": "9999-12-31T23:59:59Z"}', 400, f"until: 9999-12-31T23:59:59+00:00 {BOUNDS}"),
        ("/incidents/i0/acknowledge", b'{"until": "2026-01-01T00:00:00"}', 400, "until: Input should have timezone info"),
    ],
)
async def test_what_cannot_be_done(api_site: ApiSite, path: str, body: bytes, status: int, detail: str) -> None:
    assert said(await api_site.raw(path, "POST", body, {"content_type": "application/json"})) == (status, detail)


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/incidents/i0", 404, "there is no incident i0"),
        ("/incidents/%0a", 400, "incident: String should match pattern '^[\\w.-]+$'"),
        ("/incidents?cursor=x", 400, "'x' is not a cursor: begin without one, then use the one that came with the page before"),
        ("/incidents?level=BAD", 400, "level: Input should be 'OK', 'UNKNOWN', 'WARNING' or 'CRITICAL'"),
    ],
)
async def test_what_cannot_be_said(api_site: ApiSite, path: str, status: int, detail: str) -> None:
    assert said(await api_site.raw(path)) == (status, detail)


async def test_a_disk_that_takes_nothing(api_site: ApiSite) -> None:
    incident = await api_site.alarms.have_open()
    await api_site.desk.store.close()
    with pytest.raises(ControlError) as error:
        await api_site.post(f"/incidents/{incident.id}/acknowledge")
    assert (error.value.status, str(error.value)) == (503, "the store is closed")


def test_an_incident_of_everything_names_some_and_counts_all() -> None:
    names = tuple(f"d{number:05}.example/imap" for number in range(60_000))
    wide = replace(FULL, cells=names, failing=names, domains=names, cause=replace(FULL.cause, cells=names), level=Level.WARNING)
    shape = incident_shape(wide)
    assert {len(shape.cells), len(shape.failing), len(shape.domains), len(shape.cause.cells)} == {MOST_NAMES}
    assert (shape.cell_count, shape.failing_count, shape.domain_count) == (60_000, 60_000, 60_000)
    assert shape.opened_at == NOON
