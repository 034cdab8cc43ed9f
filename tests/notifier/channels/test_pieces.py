"""What of an address may be a secret, in every form in which a far side can show it; and what is none."""

from __future__ import annotations

from base64 import b64encode

import pytest

from notifier.channels.http import Call, ask
from notifier.channels.pieces import blanked
from notifier.channels.webhook import Webhook, WebhookSettings
from notifier.heartbeat import Heartbeat, beat_of
from notifier.values import HeartbeatPlan, NotDeliveredError
from probe.values import Secret
from tests.notifier.channels.receiver import receiving, status
from tests.notifier.channels.telling import OPENED

PATH = "/services/T0AAAA/B0BBBB/ZZtopsecretZZ?k=qs3cretqs"
BASIC = b64encode(b"alice:p/ss w0rd").decode()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"Cannot POST {PATH}", "Cannot POST ***"),
        ("Cannot POST /services/T0AAAA/B0BBBB/ZZtopsecretZZ", "Cannot POST ***"),
        ("no token ZZtopsecretZZ, no k qs3cretqs, no team t0aaaa", "no token ***, no k ***, no team ***"),
        (f"Authorization: Basic {BASIC}", "Authorization: Basic ***"),
        ("p%2Fss%20w0rd is p/ss w0rd of alice", "*** is *** of alice"),
        ("it broke off at ZZtopse", "it broke off at ***"),
        ("hooks.example takes no k", "hooks.example takes no k"),
    ],
)
def test_an_address_in_pieces(said: str, shown: str) -> None:
    url = f"https://alice:p%2Fss%20w0rd@hooks.example{PATH}"
    assert blanked(said, [url]).replace("?***", "") == shown


@pytest.mark.parametrize(
    ("secret", "said", "shown"),
    [
        (
            "https://h.example/bot123456:AAtokenAA/send",
            "bad token AAtokenAA of 123456, cannot send",
            "bad token *** of 123456, cannot send",
        ),
        ("https://h.example/a/b?c=d", "a b c d, and /a/b too", "a b c d, and *** too"),
        ("https://h.example/?t0ken1", "t0ken1", "***"),
        ("https://h.example/gr%C3%BC%C3%9Fe-x", "grüße-x GR%C3%BC%C3%9FE-X", "*** ***"),
        ("Basic YWxpY2U6cGFzcw==", "what is YWxpY2U6cGFzcw==?", "what is ***?"),
        ("https://h.example", "h.example", "h.example"),
        ("", "nothing", "nothing"),
    ],
)
def test_what_counts(secret: str, said: str, shown: str) -> None:
    assert blanked(said, [secret]) == shown


ECHOES = {
    "the body": status("404 Not Found", f"Cannot POST {PATH} Basic {BASIC.rstrip('=')} p/ss w0rd"),
    "a garbled status": f"HTTP/1.1 {PATH} ZZtopsecretZZ\r\n\r\n".encode(),
    "a garbled header": f"HTTP/1.1 200 OK\r\n{PATH} {BASIC}\r\n\r\n".encode(),
    "whither it points": status("302 Found", "", "Location: http://T0AAAA.B0BBBB.ZZtopsecretZZ.qs3cretqs.evil/"),
}


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("kept", [str, Secret])
async def test_nothing_of_an_address_comes_back(echo: str, kept: type[str | Secret]) -> None:
    async with receiving(ECHOES[echo]) as there:
        url = kept(f"http://alice:p%2Fss%20w0rd@127.0.0.1:{there.port}{PATH}")
        with pytest.raises(NotDeliveredError) as caught:
            await Webhook("ops", WebhookSettings(url)).send(OPENED)
        beat = Heartbeat(60.0, beat_of(HeartbeatPlan(60.0, url), {}), lambda: True)
        await beat.once()
    assert beat.last_error
    for why in (str(caught.value), beat.last_error):
        parts = ("t0aaaa", "b0bbbb", "topsecret", "qs3cret", "w0rd", BASIC[:8].lower())
        assert [part for part in parts if part in why.lower()] == [], why


async def test_what_all_know_is_no_secret() -> None:
    async with receiving(status("404 Not Found", "no alerts at /prefix/t0ken")) as there:
        with pytest.raises(NotDeliveredError) as caught:
            await ask(Call(f"{there.url}/prefix/t0ken/", path="/api/v2/alerts"))
    assert str(caught.value) == f"{there.url} answered 404: no alerts at ***"
    assert there.requests[0].line == "POST /prefix/t0ken/api/v2/alerts HTTP/1.1"
