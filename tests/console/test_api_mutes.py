"""Silences, maintenance and telling over the control API, with a real store: what is made, ended, listed and refused."""

from __future__ import annotations

import os
import pwd
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from console.api_shapes import rfc3339
from probe.clock import utc_now
from service.control_client import ControlError
from tests.console.api_site import said

if TYPE_CHECKING:
    from tests.console.api_site import ApiSite

PAST = "until: 2026-01-01T00:00+00:00 is past: nothing would be muted"
BOUNDS = "is out of bounds: times lie between 1970-01-01 and 2200-01-01"
NO_KIND = (
    "there is no kind of cause `sevrer`; the kinds are prober, resolver, host, server, path, hop, link, domain, account and check; "
    "did you mean server?"
)
PROOF = "250 2.0.0 Ok: queued as 4jW76S0sf8zRhS4"
ME = pwd.getpwuid(os.geteuid()).pw_name


def in_hours(hours: float) -> str:
    return (utc_now() + timedelta(hours=hours)).isoformat()


async def silenced(site: ApiSite, **words: Any) -> Any:
    return await site.post("/silences", **{"server": "imap", "reason": "new disks", "until": in_hours(2), **words})


# -- silences


async def test_a_silence_is_made_listed_and_ended(api_site: ApiSite) -> None:
    made = await silenced(api_site)
    assert re.fullmatch("s[0-9a-f]{8}", made["id"])
    assert {name: made[name] for name in ("domain", "server", "site", "cause", "author", "reason", "ended_by", "in_force")} == {
        "domain": "*",
        "server": "imap",
        "site": "*",
        "cause": "*",
        "author": ME,
        "reason": "new disks",
        "ended_by": "",
        "in_force": True,
    }
    assert await api_site.items("/silences") == [made]
    ended = await api_site.post(f"/silences/{made['id']}/expire", by="alice")
    assert (ended["id"], ended["in_force"]) == (made["id"], False)
    assert await api_site.items("/silences") == []
    (past,) = await api_site.items("/silences", past=True)
    assert (past["ended_by"], past["in_force"]) == (f"alice ({ME})", False)
    with pytest.raises(ControlError, match=f"^the silence {made['id']} was ended by alice \\({ME}\\) at ") as error:
        await api_site.post(f"/silences/{made['id']}/expire")
    assert error.value.status == 409


@pytest.mark.parametrize(
    ("words", "status", "detail"),
    [
        (
            {"until": "2026-01-01T00:00:00+00:00"},
            400,
            "until: 2026-01-01T00:00+00:00 is past: nothing would be muted",
        ),
        ({"until": "9999-12-31T23:59:59-12:00"}, 400, f"until: 9999-12-31T23:59:59-12:00 {BOUNDS}"),
        ({"reason": ""}, 400, "reason: String should have at least 1 character"),
        ({"until": "soon"}, 400, None),
        ({"sever": "imap"}, 400, "sever: Extra inputs are not permitted"),
        ({"domain": "d" * 256}, 400, "domain: String should have at most 255 characters"),
    ],
)
async def test_a_silence_that_is_none(api_site: ApiSite, words: dict[str, str], status: int, detail: str | None) -> None:
    with pytest.raises(ControlError) as error:
        await silenced(api_site, **words)
    assert (error.value.status, str(error.value)) == (status, detail if detail is not None else str(error.value))


async def test_hostile_words_are_one_printable_line(api_site: ApiSite) -> None:
    made = await silenced(api_site, reason="a\r\nb\x1b[31m\u202ec", by="x\ny")
    assert made["reason"] == "a b\\x1b[31m\\x202ec"
    assert made["author"] == f"x y ({ME})"


# -- maintenance


async def test_a_window_is_planned_listed_and_called_off(api_site: ApiSite) -> None:
    begins = utc_now() + timedelta(hours=1)
    made = await api_site.post("/maintenance", domain="abc.example", reason="new kernel", begins_at=begins.isoformat(), ends_at=in_hours(2))
    assert re.fullmatch("m[0-9a-f]{8}", made["id"])
    assert (made["begins_at"], made["in_force"], made["calendar"], made["author"]) == (rfc3339(begins), False, None, ME)
    listed = await api_site.items("/maintenance")
    assert [(one["id"], one["made_at"] is None) for one in listed] == [(made["id"], False), ("maintenance[0]", True)]
    await api_site.post(f"/maintenance/{made['id']}/cancel")
    assert [one["id"] for one in await api_site.items("/maintenance")] == ["maintenance[0]"]
    past = await api_site.items("/maintenance", past=True)
    assert [(one["id"], one["ended_by"]) for one in past] == [(made["id"], ME), ("maintenance[0]", "")]


async def test_a_window_that_begins_now_is_in_force(api_site: ApiSite) -> None:
    assert (await api_site.post("/maintenance", reason="new kernel", ends_at=in_hours(2)))["in_force"] is True


@pytest.mark.parametrize(
    ("path", "body", "status", "detail"),
    [
        ("/maintenance", b'{"reason": "x"}', 400, "ends_at: Field required"),
        (
            "/maintenance",
            b'{"reason": "x", "begins_at": "2099-01-02T00:00:00Z", "ends_at": "2099-01-01T01:00:00+01:00"}',
            400,
            "ends_at: 2099-01-01T01:00+01:00 is not after begins_at, 2099-01-02T00:00+00:00: nothing would be muted",
        ),
        (
            "/maintenance",
            b'{"reason": "x", "ends_at": "9999-12-31T23:59:59-12:00"}',
            400,
            f"ends_at: 9999-12-31T23:59:59-12:00 {BOUNDS}",
        ),
        (
            "/maintenance",
            b'{"reason": "x", "begins_at": "0001-01-01T00:00:00+14:00", "ends_at": "2099-01-01T01:00:00+01:00"}',
            400,
            f"begins_at: 0001-01-01T00:00:00+14:00 {BOUNDS}",
        ),
        (
            "/silences",
            b'{"reason": "x", "until": "2099-01-01T00:00:00Z", "cause": "sevrer:*"}',
            400,
            f"cause: {NO_KIND}",
        ),
        ("/maintenance/m0/cancel", b"{}", 404, "there is no maintenance m0"),
        ("/silences/s0/expire", b"{}", 404, "there is no silence s0"),
    ],
)
async def test_what_cannot_be_done(api_site: ApiSite, path: str, body: bytes, status: int, detail: str) -> None:
    assert said(await api_site.raw(path, "POST", body, {"content_type": "application/json"})) == (status, detail)


# -- telling


async def test_channels(api_site: ApiSite) -> None:
    pager, mail = await api_site.items("/notify/channels")
    assert (pager["name"], pager["failed"], pager["last_proof_at"], pager["last_error"]) == ("pager", 3, None, "refuses the connection")
    assert (mail["sent"], mail["last_proof_at"], mail["last_proof"]) == (
        2,
        "2026-11-21T08:00:00.123Z",
        "250 2.0.0 Ok: queued as 4jW76S0sf8zRhS4",
    )


async def test_an_alert_never_goes_over_what_it_reports(api_site: ApiSite) -> None:
    about_imap = await api_site.get("/notify/route", server="imap", level="WARNING", at="2026-12-24T03:00:00+01:00")
    assert about_imap["chains"] == [["ops-mail"]]
    assert list(about_imap["refused"]) == ["pager"]
    assert about_imap["words"]
    about_another = await api_site.get("/notify/route", domain="abc.example", server="submission")
    assert (about_another["chains"], about_another["refused"]) == ([["pager", "ops-mail"]], {})


async def test_a_test_gives_the_proof_or_why_there_is_none(api_site: ApiSite) -> None:
    arrived = await api_site.post("/notify/test", channel="ops-mail")
    assert (arrived["channel"], arrived["proof"]) == ("ops-mail", PROOF)
    assert arrived["seconds"] >= 0
    for channel, status, words in (
        ("pager", 409, "pager: 127.0.0.1:9 refuses the connection"),
        ("nobody", 404, "there is no channel nobody"),
    ):
        with pytest.raises(ControlError) as error:
            await api_site.post("/notify/test", channel=channel)
        assert (error.value.status, str(error.value)) == (status, words)
