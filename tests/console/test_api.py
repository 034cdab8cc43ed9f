"""The control API with a real store and real servers: what is now, what was, what is done, and how it refuses."""

from __future__ import annotations

import asyncio
import tarfile
from typing import TYPE_CHECKING

import pytest

from service.control_client import ControlError
from tests.console.api_site import serving
from tests.console.desk import polite, smtp_check
from tests.service.peers import peer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.console.api_site import ApiSite

# -- now


async def test_status(api_site: ApiSite) -> None:
    api_site.desk.problem = "mailsonde.yml:3:1: sites: unknown key"
    status = await api_site.get("/status")
    assert (status["site"], status["version"], status["checks"], status["journeys"]) == ("berlin", "9.8.7", 13, 1)
    assert status["levels"] == {"OK": 9, "UNKNOWN": 1, "WARNING": 0, "CRITICAL": 3}
    assert status["configuration_problem"] == "mailsonde.yml:3:1: sites: unknown key"
    assert (status["store"]["committed"], status["store"]["broken"]) == (38, "")
    assert status["unhealthy"] == status["unready"] == status["sick"] == ""


async def test_a_check_comes_with_its_last_run(api_site: ApiSite) -> None:
    check = await api_site.get("/check", name="dom00000.example/imap")
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


async def test_a_check_that_never_ran_is_unknown(api_site: ApiSite) -> None:
    check = await api_site.get("/check", name="new.example/imap")
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
async def test_checks_are_chosen_by_globs_and_levels(api_site: ApiSite, query: dict[str, str], count: int) -> None:
    assert len(await api_site.items("/checks", **query)) == count


@pytest.mark.parametrize("limit", [1, 4, 12, 13, 500])
async def test_pages_come_in_order_and_hold_all(api_site: ApiSite, limit: int) -> None:
    found = [one["check"] for one in await api_site.items("/checks", limit=limit)]
    assert found == [check.name for check in api_site.desk.checks]


async def test_a_cursor_of_another_configuration_is_refused(api_site: ApiSite) -> None:
    page = await api_site.get("/checks", limit=2)
    api_site.desk.board.plan(api_site.desk.checks, ())
    with pytest.raises(ControlError, match=r"^cursor: the configuration was read again meanwhile: begin without one$"):
        await api_site.get("/checks", cursor=page["cursor"])


async def test_journeys(api_site: ApiSite) -> None:
    (journey,) = await api_site.items("/journeys", domain="abc*")
    assert (journey["level"], journey["outcomes"]) == ("CRITICAL", {"delivered": 1, "bounced": 1})
    assert (journey["last"]["outcome"], journey["last"]["said"]) == ("bounced", "552 5.2.2 over quota")
    assert [trip["outcome"] for trip in journey["under_way"]] == [None]


async def test_limits_in_force(api_site: ApiSite) -> None:
    found = {one["check"]: one["limit"] for one in await api_site.items("/limits", domain="dom00000.example")}
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
    login = await api_site.items("/limits", aspect="step", name="login", at="2026-12-24T09:00:00+01:00", domain="dom00000.example")
    assert {one["limit"]["origin"] for one in login} == {"thresholds[1]"}
    assert {(one["at"], one["unit"]) for one in login} == {("2026-12-24T08:00:00.000Z", "seconds")}
    (trip,) = await api_site.items("/limits", aspect="trip", name="total")
    assert (trip["check"], trip["limit"]["critical"]) == ("abc.example", 120.0)


async def test_limits_explained(api_site: ApiSite) -> None:
    told = await api_site.get("/limits/explained", check="dom00000.example/imap")
    assert [(one["limit"]["origin"], one["wins"], one["why"]) for one in told] == [("thresholds[0]", True, "the only one that matches now")]


# -- what was


async def test_runs_the_newest_first(api_site: ApiSite) -> None:
    found = await api_site.items("/runs", check="dom00001.example/submission", limit=2)
    assert [run["started_at"] for run in found] == [f"2026-11-21T08:0{minute}:00.123Z" for minute in (2, 1, 0)]
    assert found[0]["fault"] == {"kind": "TIMEOUT", "step": "login", "said": ""}
    assert await api_site.get(f"/runs/{found[0]['run']}") == found[0]


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
async def test_runs_are_chosen(api_site: ApiSite, query: dict[str, str], count: int) -> None:
    assert len(await api_site.items("/runs", **query, limit=7)) == count


async def test_the_conversation_of_a_trouble(api_site: ApiSite) -> None:
    found = await api_site.get("/conversation", check="dom00000.example/submission")
    assert (found["which"], found["level"], found["started_at"]) == ("first_bad", "CRITICAL", "2026-11-21T08:00:00.123Z")
    assert found["lines"] == [{"ours": True, "step": "login", "text": "LOGIN probe@abc.example ***", "at_seconds": 0.0}]
    with pytest.raises(ControlError, match=r"^there is no last_good conversation of 'dom00000.example/submission'$"):
        await api_site.get("/conversation", check="dom00000.example/submission", which="last_good")


async def test_trips_that_have_ended(api_site: ApiSite) -> None:
    assert [trip["outcome"] for trip in await api_site.items("/trips", name="abc.example")] == ["bounced", "delivered"]
    (trip,) = await api_site.items("/trips", outcome="delivered")
    assert await api_site.items("/trips", message_id=trip["message_id"]) == [trip]
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


async def test_a_reload_that_fails_says_all_that_is_wrong(api_site: ApiSite) -> None:
    assert await api_site.post("/reload") == {"done": "the configuration was taken"}
    api_site.desk.problem = "mailsonde.yml:3:1: a: wrong\nmailsonde.yml:4:1: b: wrong too"
    with pytest.raises(ControlError) as error:
        await api_site.post("/reload")
    assert str(error.value) == f"the configuration was not taken:\n{api_site.desk.problem}"
    assert error.value.status == 409


async def test_a_backup_is_written_here_and_nowhere_twice(api_site: ApiSite, tmp_path: Path) -> None:
    target = tmp_path / "backup.tar"
    assert await api_site.post("/backup", path=str(target)) == {"done": f"the store and the keys are in {target}"}
    with tarfile.open(target) as tar:
        assert "store/mailsonde.db" in tar.getnames()
    with pytest.raises(ControlError, match=f"^{target} is already there: name another file$"):
        await api_site.post("/backup", path=str(target))
    with pytest.raises(ControlError, match=r"^path: 'backup.tar' is not absolute$"):
        await api_site.post("/backup", path="backup.tar")
    with pytest.raises(ControlError, match=r"^a backup is written on the service's own host: ask for it there, over its socket$"):
        await asyncio.to_thread(api_site.far.post, "/backup", path=str(tmp_path / "far.tar"))
    assert not (tmp_path / "far.tar").exists()
