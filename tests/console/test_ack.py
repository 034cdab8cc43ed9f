"""The links that acknowledge, over a real listener: GET changes nothing, POST acknowledges once; a link that does not go says why."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from console import ack_page
from console.api import remote_app
from console.api_desk import Desk as ApiDesk
from console.listening import Listener
from console.ports import Numbers
from notifier.acklink import sign
from probe.clock import utc_now
from tests.console.api_site import ACK_KEY, said
from tests.console.desk import LOCAL, ask
from tests.store.made_incidents import FULL
from thresholds.incident_values import Acknowledgement

if TYPE_CHECKING:
    from tests.console.api_site import ApiSite
    from tests.console.desk import Answer
    from thresholds.incident_values import Incident

FORM = {"content_type": "application/x-www-form-urlencoded"}


def link(incident: str, hours: float = 1.0, key: bytes = ACK_KEY) -> str:
    return f"/ack/{sign(key, incident, 1, utc_now() + timedelta(hours=hours), 'pager')}"


async def asked(site: ApiSite, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    return await asyncio.to_thread(ask, site.listener.port, path, method, body, **headers)


async def test_looking_changes_nothing_and_pressing_acknowledges(api_site: ApiSite) -> None:
    incident = await api_site.alarms.have_open()
    path = link(incident.id)
    for method in ("GET", "HEAD", "GET"):
        looked = await asked(api_site, path, method)
        assert looked.status == 200
    assert (await api_site.get(f"/incidents/{incident.id}"))["acknowledged"] is None
    assert "server imap" in looked.text
    assert '<button type="submit">Acknowledge</button>' in looked.text
    pressed = await asked(api_site, path, "POST", b"name=Alice", **FORM)
    assert pressed.status == 200
    assert "<h1>Acknowledged</h1>\n<p>By Alice (link over pager), " in pressed.text
    found = await api_site.get(f"/incidents/{incident.id}")
    assert found["acknowledged"]["by"] == "Alice (link over pager)"


async def test_a_link_works_once(api_site: ApiSite) -> None:
    incident = await api_site.alarms.have_open()
    path = link(incident.id)
    answers = await asyncio.gather(*(asked(api_site, path, "POST") for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409]
    assert (await api_site.get(f"/incidents/{incident.id}"))["changes"] == 2
    again = await asked(api_site, path)
    assert again.status == 409
    assert "<h1>This link was used already</h1>" in again.text
    assert "It was acknowledged by link over pager at " in again.text
    another = await asked(api_site, link(incident.id, 2.0))  # that of another notice does
    assert (another.status, "<b>link over pager took it on</b>" in another.text) == (200, True)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_links_that_do_not_go(api_site: ApiSite, method: str) -> None:
    incident = await api_site.alarms.have_open()
    cases = {
        link(incident.id, -1.0): (410, "This link is too old", "This link expired at "),
        link(incident.id, key=b"another key altogether, is it not"): (400, "This link does not work", "This link was not made by this"),
        link(incident.id)[:-3]: (400, "This link does not work", "This link is not whole: copy all of it from the notice."),
        "/ack/x": (400, "This link does not work", "This link is not whole"),
        link("i99999999"): (410, "This incident is gone", "Nothing is remembered of the incident i99999999 any more."),
    }
    for path, (status, title, sentence) in cases.items():
        answer = await asked(api_site, path, method)
        assert (answer.status, f"<h1>{title}</h1>" in answer.text, sentence in answer.text) == (status, True, True), path
        assert "<form" not in answer.text
    assert (await api_site.get(f"/incidents/{incident.id}"))["acknowledged"] is None


async def test_what_is_over_needs_nobody(api_site: ApiSite) -> None:
    incident = await api_site.alarms.have_open()
    await api_site.post(f"/incidents/{incident.id}/close", why="done")
    answer = await asked(api_site, link(incident.id), "POST")
    assert (answer.status, "<h1>It is over</h1>" in answer.text) == (410, True)


async def test_a_page_keeps_its_address_to_itself_and_runs_nothing(api_site: ApiSite) -> None:
    incident = await api_site.alarms.have_open()
    answer = await asked(api_site, link(incident.id))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "<script" not in answer.text


async def test_a_proxy_that_renames_us_keeps_nobody_from_pressing(api_site: ApiSite) -> None:
    incident = await api_site.alarms.have_open()
    answer = await asked(api_site, link(incident.id), "POST", origin="https://mon.isp.example", sec_fetch_site="same-origin")
    assert answer.status == 200


async def test_a_body_that_is_too_large(api_site: ApiSite) -> None:
    answer = await asked(api_site, link("i0"), "POST", b"x" * 70_000, **FORM)
    assert (answer.status, answer.text) == (413, "the body is larger than 65536 bytes\n")


async def test_a_body_that_does_not_say_how_large_it_is(api_site: ApiSite) -> None:
    incident = await api_site.alarms.have_open()
    head = f"POST {link(incident.id)} HTTP/1.1\r\nHost: {LOCAL}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    reader, writer = await asyncio.open_connection(LOCAL, api_site.listener.port)
    writer.write(head.encode() + b"11170\r\n" + b"x" * 70_000 + b"\r\n0\r\n\r\n")
    text = (await asyncio.wait_for(reader.read(), 10.0)).decode()
    writer.close()
    assert text.startswith("HTTP/1.1 413 ")
    assert "<p>What was sent is larger than 65536 bytes. Nothing was acknowledged: open the link again, and press" in text
    assert (await asked(api_site, link(incident.id), "POST", b"name=Alice", **FORM)).status == 200  # it is not used up


async def test_a_form_that_is_not_ours(api_site: ApiSite) -> None:
    incident = await api_site.alarms.have_open()
    path = link(incident.id)
    answer = await asked(api_site, path, "POST", b"&".join([b"name=x"] * 11), **FORM)
    assert (answer.status, "<h1>This is not our form</h1>" in answer.text) == (400, True)
    sentence = "<p>What was sent has more than 10 fields. Nothing was acknowledged: open the link again, and press the button there.</p>"
    assert sentence in answer.text
    assert (await asked(api_site, path, "POST", b"&".join([b"name=x"] * 10), **FORM)).status == 200  # it is not used up


async def test_a_disk_that_fails_in_between_acknowledges_nothing_and_the_link_stays_good(
    api_site: ApiSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = await api_site.alarms.have_open()
    acknowledge, store = api_site.alarms.acknowledge, api_site.desk.store

    async def on_a_failing_disk(of: str, ack: Acknowledgement) -> Incident:
        await store.read(lambda connection: connection.execute("PRAGMA query_only = ON"))  # after the link was looked at
        return await acknowledge(of, ack)

    monkeypatch.setattr(api_site.alarms, "acknowledge", on_a_failing_disk)
    path = link(incident.id)
    answer = await asked(api_site, path, "POST", b"name=Alice", **FORM)
    assert (answer.status, "Nothing was acknowledged." in answer.text) == (503, True)
    (standing,) = api_site.alarms.open()
    assert standing.acknowledged is None
    await store.read(lambda connection: connection.execute("PRAGMA query_only = OFF"))
    monkeypatch.setattr(api_site.alarms, "acknowledge", acknowledge)
    assert (await asked(api_site, path, "POST", b"name=Alice", **FORM)).status == 200


def test_times_are_those_of_the_notices_with_their_zone() -> None:
    here = ack_page.Here("berlin", ZoneInfo("Europe/Berlin"), datetime(2026, 7, 1, 12, 0, tzinfo=UTC))
    whole = replace(FULL, began_at=here.now - timedelta(minutes=5), acknowledged=Acknowledgement("anna", here.now))
    for page in (ack_page.question(whole, here), ack_page.thanks(whole, here)):
        words = page.replace("\N{NO-BREAK SPACE}", " ")
        assert "Since 13:55:00 CEST (1 Jul 2026), 5 min ago, seen from berlin." in words
        assert "14:00:00 CEST (1 Jul 2026)" in words
        assert "UTC" not in words


async def test_a_disk_that_takes_nothing_acknowledges_nothing(api_site: ApiSite) -> None:
    incident = await api_site.alarms.have_open()
    await api_site.desk.store.close()
    for method in ("GET", "POST"):
        answer = await asked(api_site, link(incident.id), method)
        assert (answer.status, "<h1>Try again in a minute</h1>" in answer.text) == (503, True)
        assert "incidents ack" not in answer.text  # the same disk would refuse that, too
        assert "see to the disk of the prober" in answer.text


def test_a_command_in_a_sentence_is_set_as_code() -> None:
    page = ack_page.said("Used", "Take `probe <x>`.")
    assert "<p>Take <code>probe &lt;x&gt;</code>.</p>" in page


async def test_without_a_token_the_links_are_all_there_is(api_site: ApiSite) -> None:
    incident = await api_site.alarms.have_open()
    desk = ApiDesk(api_site.desk.board, Numbers(), api_site.desk, api_site.desk.store, "1", alarms=api_site.alarms, ack_key=ACK_KEY)
    listener = await Listener.on_tcp(remote_app(desk, None), (LOCAL, 0), "console.listen")
    try:
        assert (await asyncio.to_thread(ask, listener.port, link(incident.id))).status == 200
        refused = await asyncio.to_thread(ask, listener.port, "/api/v1/status")
    finally:
        await listener.close()
    words = "links of notices are answered here, and nothing else: with console.token the control API is, too"
    assert said(refused) == (404, words)


async def test_a_service_without_a_key_makes_no_links(api_site: ApiSite) -> None:
    desk = ApiDesk(api_site.desk.board, Numbers(), api_site.desk, api_site.desk.store, "1", alarms=api_site.alarms)
    listener = await Listener.on_tcp(remote_app(desk, None), (LOCAL, 0), "console.listen")
    try:
        assert (await asyncio.to_thread(ask, listener.port, link("i0"))).status == 404
    finally:
        await listener.close()


def test_servers_words_are_words_alone() -> None:
    hostile = replace(
        FULL,
        closed_at=None,
        reasons=("<script>alert(1)</script>", "a\r\nb\x1b[31m", "x" * 10_000),
        failing=tuple(f"d{number}.example/imap" for number in range(15)),
        acknowledged=Acknowledgement("<b>eve</b>", FULL.opened_at),
    )
    here = ack_page.Here("<i>", ZoneInfo("UTC"), FULL.opened_at)
    for page in (ack_page.question(hostile, here), ack_page.thanks(hostile, replace(here, site=""))):
        assert "<script>" not in page
        assert "<b>eve" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "\x1b" not in page
        assert "<li>and 5 more</li>" in page
        assert len(page) < 10_000
