"""Webhooks against a receiver that answers, refuses, redirects, hangs, never ends, and shows a stranger's certificate."""

from __future__ import annotations

import hashlib
import hmac
import logging
import ssl
from datetime import UTC, datetime, timedelta
from time import monotonic, time
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from lab.certificates import Order, authority, issue
from lab.ground import free_port
from notifier.channels.http import MOST_BYTES, Call, exchange
from notifier.channels.webhook import Webhook, WebhookSettings
from notifier.values import NotDeliveredError
from probe.values import Secret
from tests.notifier.channels.receiver import ENDLESS, HANG, receiving, status
from tests.notifier.channels.telling import OPENED, hostile

if TYPE_CHECKING:
    from pathlib import Path


def hook(url: str | Secret, **more: Any) -> Webhook:
    return Webhook("ops", WebhookSettings(url, **more))


async def refusal(url: str | Secret, **more: Any) -> tuple[str, bool]:
    """Why a notice did not get through, and whether it is tried again."""
    with pytest.raises(NotDeliveredError) as caught:
        await hook(url, **more).send(OPENED)
    return str(caught.value), caught.value.again


async def test_a_notice_arrives_as_json_and_its_status_is_the_proof() -> None:
    async with receiving() as there:
        assert await hook(f"{there.url}/x").send(OPENED) == f"{there.url} answered 200"
    (request,) = there.requests
    assert request.line == "POST /x HTTP/1.1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == OPENED.key
    told = request.json
    assert (told["kind"], told["level"], told["incident"], told["number"]) == ("opened", "CRITICAL", "i0badcafe", 1)
    assert (told["began_at"], told["cause"]) == ("2026-11-21T02:12:05.000Z", "server:imap")
    assert told["facts"]["domains"] == ["alpha.test", "beta.test"]
    assert told["links"]["acknowledge"] == "https://mailsonde.example/ack/token"


async def test_the_signature_proves_body_and_time() -> None:
    async with receiving() as there:
        await hook(there.url, secret=Secret("shared key"), token=Secret("bearer-1"), headers={"X-Team": "mail"}).send(OPENED)
    (request,) = there.requests
    seconds, code = (part.split("=")[1] for part in request.headers["mailsonde-signature"].split(","))
    assert code == hmac.new(b"shared key", seconds.encode() + b"." + request.body, hashlib.sha256).hexdigest()
    assert abs(int(seconds) - time()) < 60
    assert request.headers["authorization"] == "Bearer bearer-1"
    assert request.headers["x-team"] == "mail"


async def test_a_template_s_text_can_be_the_body() -> None:
    async with receiving() as there:
        await hook(there.url, body="text", content_type="application/json").send(OPENED)
    assert there.requests[0].body.decode() == OPENED.text
    assert there.requests[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("answer", "words", "again"),
    [
        (status("400 Bad Request", '{"error": "no such\r\nfield"}'), 'answered 400: {"error": "no such field"}', False),
        (status("404 Not Found"), "answered 404", False),
        (status("408 Slow"), "answered 408", True),
        (status("425 Early"), "answered 425", True),
        (status("429 Busy", "later"), "answered 429: later", True),
        (status("500 Oh", "\x1b[31moops"), "answered 500: [31moops", True),
        (status("503 Oh", "see https://h.example/t0ken"), "answered 503: see https://***", True),
        (
            status("301 Moved", "", "Location: https://other.example/t0ken?x=1"),
            "answered 301 and redirects to https://other.example: redirects are not followed, mend the URL",
            False,
        ),
        (status("302 Found", "", "Location: /login"), "answered 302 and redirects: redirects are not followed, mend the URL", False),
    ],
)
async def test_what_is_no_2xx_is_no_proof(answer: bytes, words: str, again: bool) -> None:
    async with receiving(answer) as there:
        assert await refusal(there.url) == (f"{there.url} {words}", again)
    assert len(there.requests) == 1


async def test_who_hangs_is_left() -> None:
    async with receiving(HANG) as there:
        began = monotonic()
        assert await refusal(there.url, timeout_seconds=0.3) == (f"{there.url}: no whole answer within 0.3 s", True)
        assert monotonic() - began < 3


async def test_a_gigabyte_costs_64_kib() -> None:
    async with receiving(ENDLESS) as there:
        answer = await exchange(Call(there.url))
        assert len(answer.body) == MOST_BYTES
        why, again = await refusal(there.url)
    assert why.startswith(f"{there.url} answered 500: spam spam")
    assert len(why) < 400
    assert again
    assert there.written < 50_000_000


async def test_who_is_not_there_is_told_when_back() -> None:
    port = free_port()
    channel = hook(f"http://127.0.0.1:{port}/t0ken")
    with pytest.raises(NotDeliveredError, match=f"^http://127.0.0.1:{port}: connection refused$"):
        await channel.send(OPENED)
    async with receiving(port=port) as there:
        assert await channel.send(OPENED) == f"{there.url} answered 200"


async def test_an_address_that_is_a_secret_stays_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    url = Secret(f"http://user:passw0rd@127.0.0.1:{free_port()}/services/t0ken-of-ours?key=k3y")
    why, _ = await refusal(url)
    async with receiving(status("500 Oh", "unknown path /services/t0ken-of-ours for passw0rd")) as there:
        other, _ = await refusal(Secret(f"{there.url}/services/t0ken-of-ours"), token=Secret("passw0rd"))
    shown = why + other + caplog.text
    assert [one for one in ("passw0rd", "t0ken", "k3y") if one in why + caplog.text] == []
    assert "passw0rd" not in shown


async def test_a_strangers_certificate_is_refused_and_our_authority_s_is_not(tmp_path: Path) -> None:
    now = datetime.now(UTC)  # noqa: TID251 - certificates are judged by the real clock
    ours, stranger = authority("ours", now), authority("stranger", now)
    for name, signer in (("ours", ours), ("stranger", stranger)):
        (tmp_path / f"{name}.pem").write_text(issue(Order(("mx.lab.test",), now - timedelta(days=1), now + timedelta(days=1)), signer))
    ca = tmp_path / "ca.pem"
    ca.write_bytes(ours.certificate.public_bytes(Encoding.PEM))
    async with receiving(context=_shown(tmp_path / "stranger.pem")) as there:
        why, again = await refusal(there.url, ca_file=ca)
        assert why.startswith(f"{there.url}: its certificate is not accepted: unable to get local issuer certificate")
        assert again
        assert await hook(there.url, verify=False).send(OPENED)
    async with receiving(context=_shown(tmp_path / "ours.pem")) as there:
        assert await hook(there.url, ca_file=ca).send(OPENED) == f"{there.url} answered 200"


def _shown(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def test_hostile_words_stay_in_their_json() -> None:
    notice = hostile()
    async with receiving() as there:
        await hook(there.url, token=Secret("t")).send(notice)
    (request,) = there.requests
    assert request.headers.keys() == {
        *("host", "accept", "connection", "user-agent", "accept-encoding", "content-length"),
        *("content-type", "idempotency-key", "authorization"),
    }
    assert request.headers["idempotency-key"].startswith("kx=d=aBcc=3a=20evil=40evil=2eexample")
    assert request.json["text"] == notice.text
    assert request.body.isascii()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"headers": {"X Y": "1"}}, "has a header `X Y` that is no name of a header"),
        ({"headers": {"X-A": "1\r\nX-B: 2"}}, "has a header `X-A` whose value is not plain ASCII in one line"),
        ({"secret_headers": {"X-A": Secret("ü")}}, "has a header `X-A` whose value is not plain ASCII in one line"),
        (
            {"headers": {"Host": "x"}},
            "has a header `Host`, which is set by itself; `token`, `secret` and `content_type` decide what it says",
        ),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared
        WebhookSettings("http://127.0.0.1/", **settings)
    assert str(caught.value) == words
