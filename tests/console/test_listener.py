"""The metrics listener over real sockets: what each page answers, and who is let in."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from console.listener import PAGES
from probe.values import Secret
from tests.console.desk import listening, overrun, polite, silent, smtp_check
from tests.console.made_board import a_run, some_checks
from tests.service.peers import peer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.console.desk import Site

TOKEN = Secret("s3cret-t0ken")
PLAIN = "text/plain; charset=utf-8"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with listening(some_checks()) as one:
        for check in one.desk.checks:
            one.desk.board.saw(a_run(check))
        yield one


async def test_metrics_come_as_text(site: Site) -> None:
    answer = await site.ask("/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'probe_success{site="berlin",domain="dom00000.example",server="imap",kind="imap"} 1\n' in answer.text


@pytest.mark.parametrize(
    ("accept", "open_metrics"),
    [
        ("application/openmetrics-text", True),
        (
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5",
            True,
        ),
        ("text/plain, application/openmetrics-text;q=0.5", False),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;q=nonsense", False),
        ("text/html, */*", False),
    ],
)
async def test_open_metrics_come_to_who_likes_them_best(site: Site, accept: str, open_metrics: bool) -> None:
    answer = await site.ask("/metrics", accept=accept)
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0" if open_metrics else "text/plain")
    assert answer.text.endswith("# EOF\n") is open_metrics


@pytest.mark.parametrize(("takes", "packed"), [("gzip", True), ("deflate, gzip;q=1.0", True), ("gzip;q=0", False), ("identity", False)])
async def test_metrics_are_packed_for_who_takes_it(site: Site, takes: str, packed: bool) -> None:
    answer = await site.ask("/metrics", accept_encoding=takes)
    assert answer.headers.get("content-encoding") == ("gzip" if packed else None)
    text = gzip.decompress(answer.body).decode() if packed else answer.text
    assert len(list(text_string_to_metric_families(text))) > 20


async def test_a_head_has_no_body(site: Site) -> None:
    answer = await site.ask("/metrics", "HEAD")
    assert (answer.status, answer.text) == (200, "")


async def test_sd_lists_every_target(site: Site) -> None:
    answer = await site.ask("/sd")
    groups = json.loads(answer.text)
    assert [group["targets"] for group in groups] == [[check.name] for check in site.desk.checks]
    named = {"site": "berlin", "domain": "dom00000.example", "server": "imap", "kind": "imap"}
    assert groups[0]["labels"] == {f"__meta_mailsonde_{name}": value for name, value in named.items()}
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


async def test_sd_of_nothing_is_an_empty_list() -> None:
    async with listening() as site:
        assert json.loads((await site.ask("/sd")).text) == []


async def test_health_and_readiness(site: Site) -> None:
    for path, well in (("/-/healthy", "healthy"), ("/-/ready", "ready")):
        answer = await site.ask(path)
        assert (answer.status, answer.text) == (200, f"{well}\n")
    site.desk.ill, site.desk.not_ready = "the rounds have ended", "the directory has not answered yet"
    ill, waiting = await site.ask("/-/healthy"), await site.ask("/-/ready")
    assert (ill.status, ill.text) == (503, "not healthy: the rounds have ended\n")
    assert (waiting.status, waiting.text) == (503, "not ready: the directory has not answered yet\n")


async def test_a_reload_is_asked_for_by_post_alone(site: Site) -> None:
    taken = await site.ask("/-/reload", "POST")
    assert (taken.status, taken.text, site.desk.reloads) == (200, "the configuration was taken\n", 1)
    site.desk.problem = "mailsonde.yml:3:1: sites: unknown key"
    refused = await site.ask("/-/reload", "POST")
    assert (refused.status, refused.text) == (500, "the configuration was not taken:\nmailsonde.yml:3:1: sites: unknown key\n")
    got = await site.ask("/-/reload")
    assert (got.status, got.text, set(got.headers["allow"].split(", "))) == (405, "GET is not what /-/reload takes\n", {"POST", "PUT"})
    assert site.desk.reloads == 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-origin", "origin": "http://prober.example", "host": "prober.example"}, 200),
    ],
)
async def test_a_page_of_another_site_steers_nothing(site: Site, headers: dict[str, str], status: int) -> None:
    answer = await site.ask("/-/reload", "POST", None, **headers)
    assert answer.status == status
    if status == 403:
        assert (answer.text, site.desk.reloads) == ("a web page of another site may not steer this service\n", 0)


async def test_the_first_page_lists_the_others(site: Site) -> None:
    text = (await site.ask("/")).text
    assert "<h1>Mailsonde 9.8.7</h1>" in text
    for page in PAGES:
        path = page.removeprefix("POST ").partition("?")[0]
        assert page in text
        assert (await site.ask(path, "POST" if page.startswith("POST") else "GET")).status in {200, 400}, path


async def test_another_page_is_not_there(site: Site) -> None:
    answer = await site.ask("/api/v1/status")
    assert (answer.status, answer.text) == (404, "there is no page '/api/v1/status' here; / lists those there are\n")


# -- who is let in


@pytest.mark.parametrize(
    "shown", ["", "Bearer wrong", "Bearer", "Basic s3cret-t0ken", "Bearer s3cret-t0ken2", "Bearer s3cret-t0ken 2", "Bearer s3cret-t0ke\xff"]
)
async def test_without_the_token_nobody_is_let_in(shown: str) -> None:
    async with listening(token=TOKEN) as site:
        for path in ("/", "/metrics", "/sd", "/probe?target=mx", "/-/reload", "/nothing"):
            answer = await site.ask(path, authorization=shown)
            assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
            assert answer.text == "a token is wanted: Authorization: Bearer TOKEN, and this one is not it\n"
        assert [(await site.ask(path)).status for path in ("/-/healthy", "/-/ready")] == [200, 200]


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  ", ""])
async def test_with_the_token_one_is_let_in(scheme: str) -> None:
    async with listening(token=TOKEN) as site:
        answer = await site.ask("/metrics", authorization=f"{scheme}{TOKEN.reveal()}")
        assert answer.status == 200
        assert TOKEN.reveal() not in answer.text


# -- /probe


async def test_probe_runs_what_is_asked_for() -> None:
    with peer(polite) as server:
        async with listening([smtp_check(server.port), smtp_check(server.port, "def.example")]) as site:
            by_name, by_server = await site.ask("/probe?target=def.example/mx&module=smtp"), await site.ask("/probe?target=mx")
            assert (by_name.status, by_server.status) == (200, 200)
            assert 'probe_success{site="berlin",domain="def.example",server="mx",kind="smtp"} 1\n' in by_name.text
            assert 'probe_success{site="berlin",domain="abc.example",server="mx",kind="smtp"} 1\n' in by_server.text
            for phase in ("connect", "greeting", "hello", "quit"):
                assert (
                    f'probe_smtp_duration_seconds{{site="berlin",domain="def.example",server="mx",kind="smtp",phase="{phase}"}}'
                    in by_name.text
                )
            assert "probe_dns_lookup_time_seconds{" in by_name.text
            assert by_name.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
            families = {one.name for one in text_string_to_metric_families(by_name.text)}
            assert "mailsonde_check_info" not in families
            assert len([line for line in server.heard if b"QUIT" in line]) == 2


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "target is missing: say /probe?target=DOMAIN/SERVER, or a server's name"),
        (
            "target=evil.example:25",
            "unknown target `evil.example:25`: only what is configured is probed, as domain/server or a server's name",
        ),
        ("target=a%0d%0aX:%201", "unknown target `a X: 1`: only what is configured is probed, as domain/server or a server's name"),
        (f"target={'x' * 5_000}", f"unknown target `{'x' * 100}`: only what is configured is probed, as domain/server or a server's name"),
        ("target=mx&module=imap", "target abc.example/mx is of the kind smtp: leave module empty or say smtp"),
        (
            "target=mx&module=http_2xx",
            "target abc.example/mx is of the kind smtp: leave module empty or say smtp; there is no module `http_2xx`",
        ),
    ],
)
async def test_probe_refuses_what_is_not_configured(query: str, said: str) -> None:
    async with listening([smtp_check(1)]) as site:
        answer = await site.ask(f"/probe?{query}")
        assert (answer.status, answer.text, answer.headers["content-type"]) == (400, f"{said}\n", PLAIN)
        assert site.desk.rounds.stats.tally.begun == 0


async def test_a_silent_server_is_its_own_fault_within_the_scrapes_time() -> None:
    with peer(silent) as server:
        async with listening([smtp_check(server.port)]) as site:
            answer = await site.ask("/probe?target=mx", x_prometheus_scrape_timeout_seconds="0.8")
            assert answer.status == 200
            assert 'probe_success{site="berlin",domain="abc.example",server="mx",kind="smtp"} 0\n' in answer.text
            assert 'kind="smtp",fault="TIMEOUT",step="greeting"} 1\n' in answer.text
            assert 'probe_duration_seconds{site="berlin",domain="abc.example",server="mx",kind="smtp"} 0.3' in answer.text


async def test_a_server_that_wants_to_be_left_alone_is_not_blamed() -> None:
    with peer(overrun) as server:
        async with listening([smtp_check(server.port)]) as site:
            assert (await site.ask("/probe?target=mx")).status == 200
            answer = await site.ask("/probe?target=mx")
            assert answer.status == 503
            assert answer.text.startswith("abc.example/mx was not probed: ")
            assert "421 4.7.0 too many connections" in answer.text
