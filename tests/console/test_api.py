"""The control API with a real store and real servers: what is now, what was, what is done, and how it refuses."""

from __future__ import annotations

import asyncio
import json
import tarfile
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from console import api_answers, api_shapes
from probe.values import Outcome
from service.control_client import ControlError
from tests.console.api_site import TOKEN, said, serving
from tests.console.desk import polite, smtp_check
from tests.console.made_board import AT, a_check, a_journey, a_run, a_timeout, a_trip, some_checks
from tests.service.peers import peer
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from pydantic import BaseModel

    from tests.console.api_site import ApiSite

CHECKS = [*some_checks(3), a_check("new.example")]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[ApiSite]:
    """Three domains whose submission hangs, one that is new, and a journey."""
    async with serving(tmp_path, CHECKS, [a_journey()]) as one:
        for check in CHECKS[:-1]:
            for minutes in range(3):
                made = a_timeout(check) if check.server == "submission" else a_run(check)
                run = replace(made, result=replace(made.result, started_at=AT + timedelta(minutes=minutes)))
                one.desk.board.saw(run)
                one.desk.store.put(run)
        for trip in (
            a_trip(Outcome.DELIVERED, 0),
            a_trip(Outcome.BOUNCED, 5, Level.CRITICAL, said="552 5.2.2 over quota"),
            a_trip(None, 10),
        ):
            one.desk.board.saw_trip(trip)
            one.desk.store.put(trip)
        await one.desk.store.flush()
        yield one


# -- now


async def test_status(site: ApiSite) -> None:
    site.desk.problem = "mailsonde.yml:3:1: sites: unknown key"
    status = await site.get("/status")
    assert (status["site"], status["version"], status["checks"], status["journeys"]) == ("berlin", "9.8.7", 13, 1)
    assert status["levels"] == {"OK": 9, "UNKNOWN": 1, "WARNING": 0, "CRITICAL": 3}
    assert status["configuration_problem"] == "mailsonde.yml:3:1: sites: unknown key"
    assert (status["store"]["committed"], status["store"]["broken"]) == (38, "")
    assert status["unhealthy"] == status["unready"] == status["sick"] == ""


async def test_a_check_comes_with_its_last_run(site: ApiSite) -> None:
    check = await site.get("/check", name="dom00000.example/imap")
    assert check["last"] | {"steps": ..., "readings": ...} == {
        "run": None,
        "check": "dom00000.example/imap",
        "domain": "dom00000.example",
        "server": "imap",
        "kind": "imap",
        "started_at": "2026-11-21T08:02:00.123Z",
        "seconds": 0.050068,
        "uncertainty_seconds": 0.0004,
        "suspect": False,
        "steps": ...,
        "readings": ...,
        "fault": None,
        "level": "OK",
        "reasons": [],
        "limit": "thresholds[0], imap*",
        "message_id": None,
        "lines": None,
    }
    assert check["last"]["steps"][3] == {"name": "login", "seconds": 0.034568}
    assert check["last"]["readings"]["certificate_days"] == 70.25
    assert (check["fresh"], check["level"], check["host"], check["port"]) == (True, "OK", "mail.isp.example", 143)


async def test_a_check_that_never_ran_is_unknown(site: ApiSite) -> None:
    check = await site.get("/check", name="new.example/imap")
    assert (check["fresh"], check["level"], check["last"]) == (False, "UNKNOWN", None)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 13),
        ({"domain": "DOM*"}, 12),
        ({"domain": "dom00001.example", "server": "imap*"}, 2),
        ({"kind": "ldap"}, 3),
        ({"level": "UNKNOWN"}, 4),
        ({"level": "CRITICAL"}, 3),
        ({"server": "[!i]*", "level": "CRITICAL"}, 3),
        ({"domain": "nobody.example"}, 0),
    ],
)
async def test_checks_are_chosen_by_globs_and_levels(site: ApiSite, query: dict[str, str], count: int) -> None:
    assert len(await site.items("/checks", **query)) == count


@pytest.mark.parametrize("limit", [1, 4, 12, 13, 500])
async def test_pages_come_in_order_and_hold_all(site: ApiSite, limit: int) -> None:
    found = [one["check"] for one in await site.items("/checks", limit=limit)]
    assert found == [check.name for check in CHECKS]


async def test_a_cursor_of_another_configuration_is_refused(site: ApiSite) -> None:
    page = await site.get("/checks", limit=2)
    site.desk.board.plan(CHECKS, ())
    with pytest.raises(ControlError, match=r"^cursor: the configuration was read again meanwhile: begin without one$"):
        await site.get("/checks", cursor=page["cursor"])


async def test_journeys(site: ApiSite) -> None:
    (journey,) = await site.items("/journeys", domain="abc*")
    assert (journey["level"], journey["outcomes"]) == ("CRITICAL", {"delivered": 1, "bounced": 1})
    assert (journey["last"]["outcome"], journey["last"]["said"]) == ("bounced", "552 5.2.2 over quota")
    assert [trip["outcome"] for trip in journey["under_way"]] == [None]


async def test_limits_in_force(site: ApiSite) -> None:
    found = {one["check"]: one["limit"] for one in await site.items("/limits", domain="dom00000.example")}
    assert found["dom00000.example/submission"] is None
    assert found["dom00000.example/imap"] == {
        "origin": "thresholds[0]",
        "matches": "imap*",
        "calendar": None,
        "warning": 0.5,
        "critical": 2.0,
        "level": None,
        "words": "warning 500 ms, critical 2 s (thresholds[0], imap*)",
    }
    login = await site.items("/limits", aspect="step", name="login", at="2026-12-24T09:00:00+01:00", domain="dom00000.example")
    assert {one["limit"]["origin"] for one in login} == {"thresholds[1]"}
    assert {(one["at"], one["unit"]) for one in login} == {("2026-12-24T08:00:00.000Z", "seconds")}
    (trip,) = await site.items("/limits", aspect="trip", name="total")
    assert (trip["check"], trip["limit"]["critical"]) == ("abc.example", 120.0)


async def test_limits_explained(site: ApiSite) -> None:
    told = await site.get("/limits/explained", check="dom00000.example/imap")
    assert [(one["limit"]["origin"], one["wins"], one["why"]) for one in told] == [("thresholds[0]", True, "the only one that matches now")]


# -- what was


async def test_runs_the_newest_first(site: ApiSite) -> None:
    found = await site.items("/runs", check="dom00001.example/submission", limit=2)
    assert [run["started_at"] for run in found] == [f"2026-11-21T08:0{minute}:00.123Z" for minute in (2, 1, 0)]
    assert found[0]["fault"] == {"kind": "TIMEOUT", "step": "login", "said": ""}
    assert await site.get(f"/runs/{found[0]['run']}") == found[0]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 36),
        ({"level": "CRITICAL"}, 9),
        ({"domain": "dom00002.example"}, 12),
        ({"since": "2026-11-21T08:02:00Z"}, 12),
        ({"until": "2026-11-21T09:01:00+01:00"}, 12),
        ({"server": "imap", "kind": "ldap"}, 0),
    ],
)
async def test_runs_are_chosen(site: ApiSite, query: dict[str, str], count: int) -> None:
    assert len(await site.items("/runs", **query, limit=7)) == count


async def test_the_conversation_of_a_trouble(site: ApiSite) -> None:
    found = await site.get("/conversation", check="dom00000.example/submission")
    assert (found["which"], found["level"], found["started_at"]) == ("first_bad", "CRITICAL", "2026-11-21T08:00:00.123Z")
    assert found["lines"] == [{"ours": True, "step": "login", "text": "LOGIN probe@abc.example ***", "at_seconds": 0.0}]
    with pytest.raises(ControlError, match=r"^there is no last_good conversation of 'dom00000.example/submission'$"):
        await site.get("/conversation", check="dom00000.example/submission", which="last_good")


async def test_trips_that_have_ended(site: ApiSite) -> None:
    assert [trip["outcome"] for trip in await site.items("/trips", name="abc.example")] == ["bounced", "delivered"]
    (trip,) = await site.items("/trips", outcome="delivered")
    assert (trip["total_seconds"], [hop["by"] for hop in trip["hops"]]) == (1.16, ["mx.isp.example", "store.isp.example"])


# -- what is done


async def test_a_check_is_run_by_hand(tmp_path: Path) -> None:
    with peer(polite) as server:
        async with serving(tmp_path, [smtp_check(server.port)]) as site:
            run = await site.post("/probe", check="abc.example/mx")
            assert (run["check"], run["level"], run["fault"]) == ("abc.example/mx", "OK", None)
            assert [line["text"] for line in run["lines"] if not line["ours"]][:1] == ["220 mx.isp.example ESMTP"]
            with pytest.raises(ControlError, match=r"^there is no check 'abc.example/nothing'$"):
                await site.post("/probe", check="abc.example/nothing")


async def test_a_reload_that_fails_says_all_that_is_wrong(site: ApiSite) -> None:
    assert await site.post("/reload") == {"done": "the configuration was taken"}
    site.desk.problem = "mailsonde.yml:3:1: a: wrong\nmailsonde.yml:4:1: b: wrong too"
    with pytest.raises(ControlError) as error:
        await site.post("/reload")
    assert str(error.value) == f"the configuration was not taken:\n{site.desk.problem}"
    assert error.value.status == 409


async def test_a_backup_is_written_here_and_nowhere_twice(site: ApiSite, tmp_path: Path) -> None:
    target = tmp_path / "backup.tar"
    assert await site.post("/backup", path=str(target)) == {"done": f"the store and the keys are in {target}"}
    with tarfile.open(target) as tar:
        assert "store/mailsonde.db" in tar.getnames()
    with pytest.raises(ControlError, match=f"^{target} is already there: name another file$"):
        await site.post("/backup", path=str(target))
    with pytest.raises(ControlError, match=r"^path: 'backup.tar' is not absolute$"):
        await site.post("/backup", path="backup.tar")
    with pytest.raises(ControlError, match=r"^a backup is written on the service's own host: ask for it there, over its socket$"):
        await asyncio.to_thread(site.far.post, "/backup", path=str(tmp_path / "far.tar"))
    assert not (tmp_path / "far.tar").exists()


# -- refusals


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/nothing", 404, "there is nothing at /api/v1/nothing; see /api/v1/openapi.json"),
        ("/check?name=x", 404, "there is no check 'x'"),
        ("/check", 400, "name: Field required"),
        ("/runs/999999", 404, "there is no run 999999: it may have gone by its age"),
        ("/runs/0", 400, "run: Input should be greater than or equal to 1"),
        ("/runs/99999999999999999999", 400, "run: Input should be less than or equal to 9223372036854775807"),
        ("/runs?cursor=x", 400, "'x' is not a cursor: begin without one, then use the one that came with the page before"),
        ("/checks?cursor=x", 400, "cursor: 'x' is none: begin without one, then use the one that came with the page before"),
        ("/checks?limit=0", 400, "limit: Input should be greater than or equal to 1"),
        ("/checks?limit=501", 400, "limit: Input should be less than or equal to 500"),
        ("/checks?level=BAD", 400, "level: Input should be 'OK', 'UNKNOWN', 'WARNING' or 'CRITICAL'"),
        ("/checks?doman=x", 400, "doman: Extra inputs are not permitted"),
        ("/runs?since=2026-11-21T08:00:00", 400, "since: Input should have timezone info"),
        ("/limits?aspect=colour", 400, None),
        ("/status", 405, "Method Not Allowed"),
    ],
)
async def test_what_is_wrong_is_said_in_one_line(site: ApiSite, path: str, status: int, detail: str | None) -> None:
    answer = await site.raw(path, "POST" if status == 405 else "GET")
    told = said(answer)
    assert told == (status, detail if detail is not None else told[1])
    assert "\n" not in told[1]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "the body: Field required"),
        (b"{", "1: JSON decode error"),
        (b"[]", None),
        (b'{"check": 5}', "check: Input should be a valid string"),
        (b'{"check": "x", "timeout_seconds": -1}', "timeout_seconds: Input should be greater than 0"),
        (b"\xff\xfe", None),
    ],
)
async def test_a_body_that_is_wrong(site: ApiSite, body: bytes, detail: str | None) -> None:
    told = said(await site.raw("/probe", "POST", body, {"content_type": "application/json"}))
    assert told == (400, detail if detail is not None else told[1])


async def test_a_body_that_is_too_large(site: ApiSite) -> None:
    answer = await site.raw("/probe", "POST", b"{" + b" " * 70_000, {"content_type": "application/json"})
    assert said(answer) == (413, "the body is larger than 65536 bytes")


async def test_without_the_token_nobody_is_let_in_over_tcp(site: ApiSite) -> None:
    for path in ("/status", "/openapi.json", "/nothing"):
        answer = await site.raw(path, headers={"authorization": "Bearer wrong"})
        assert said(answer) == (401, "a token is wanted: Authorization: Bearer TOKEN, and this one is not it")
        assert TOKEN.reveal() not in answer.text


async def test_a_web_page_steers_nothing(site: ApiSite) -> None:
    answer = await site.raw("/reload", "POST", headers={"origin": "https://evil.example"})
    assert said(answer) == (403, "a web page of another site may not steer this service")
    assert site.desk.reloads == 0


async def test_a_store_that_cannot_is_a_503(site: ApiSite) -> None:
    await site.desk.store.close()
    assert said(await site.raw("/runs")) == (503, "the store is closed")


async def test_openapi_names_every_route_and_every_shape(site: ApiSite) -> None:
    document = json.loads((await site.raw("/openapi.json")).text)
    assert document["info"] == {"title": "Mailsonde", "summary": "The control API of a prober", "version": "9.8.7"}
    paths = {path.removeprefix("/api/v1") for path in document["paths"]}
    now, past = (
        {"/status", "/checks", "/check", "/journeys", "/limits", "/limits/explained"},
        {"/runs", "/runs/{run}", "/conversation", "/trips"},
    )
    assert paths == now | past | {"/probe", "/reload", "/backup"}
    described = [one for path in document["paths"].values() for one in path.values() if one["responses"]["200"]["content"]]
    assert all(one["description"].endswith(".") for one in described)
    for name in ("CheckPage", "RunPage", "TripPage", "JourneyPage", "InForcePage", "StatusShape", "ConversationShape"):
        assert name in document["components"]["schemas"]


SHAPES: dict[str, type[BaseModel]] = {
    "/checks": api_shapes.CheckPage,
    "/journeys": api_shapes.JourneyPage,
    "/limits": api_shapes.InForcePage,
    "/runs": api_shapes.RunPage,
    "/trips": api_shapes.TripPage,
}


@pytest.mark.parametrize("path", SHAPES)
async def test_what_is_streamed_is_what_openapi_promises(site: ApiSite, path: str) -> None:
    document = json.loads((await site.raw("/openapi.json")).text)
    schema = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": f"#/components/schemas/{SHAPES[path].__name__}"}
    found = await site.get(path)
    assert json.loads(SHAPES[path].model_validate(found).model_dump_json()) == found
    assert found["items"]


def test_a_page_of_nothing_is_whole_json() -> None:
    assert json.loads("".join(api_answers._texts(iter([None, None]), lambda: "1.2"))) == {"items": [], "cursor": "1.2"}
