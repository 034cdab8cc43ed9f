"""Mail through the lab's Postfix as smarthost, read again in the recipient's mailbox; and against a smarthost that is down or refuses."""

from __future__ import annotations

import asyncio
import email
import email.policy
from contextlib import asynccontextmanager
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from lab import certificates, servers
from lab.ground import free_port
from notifier.channels.mail import Mail, MailSettings, composed, message_id
from notifier.values import NotDeliveredError
from probe.values import Secret, Security
from tests.notifier.channels.receiver import listening
from tests.notifier.channels.telling import CLOSED, OPENED, hostile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from email.message import EmailMessage

    from tests.conftest import Lab

HOST, SENDER, ONCALL = "127.0.0.1", "probe@alpha.test", "probe@beta.test"


@pytest.fixture(autouse=True)
async def settled() -> AsyncIterator[None]:
    """TLS connections part in the background, with a word from either side: the loop stays for it."""
    yield
    await asyncio.sleep(0.1)


def smarthost(lab: Lab, entrance: str = "submission", **more: Any) -> Mail:
    security = Security.TLS if entrance == "smtps" else Security.STARTTLS
    wanted = MailSettings(
        HOST,
        SENDER,
        (ONCALL,),
        lab.ports[entrance],
        security,
        user=SENDER,
        password=Secret(lab.password("alpha.test")),
        ca_file=lab.dir / "tls/ca.pem",
    )
    return Mail("ops-mail", replace(wanted, **more))


async def arrived(lab: Lab, word: str) -> EmailMessage:
    """Return the message in the recipient's mailbox that holds a word."""
    until = monotonic() + 20
    while monotonic() < until:
        for path in (lab.dir / "mail/beta.test/probe").rglob("new/*"):
            raw = path.read_bytes()
            if word.encode() in raw:
                return email.message_from_bytes(raw, policy=email.policy.default)
        await asyncio.sleep(0.1)
    pytest.fail(f"no message with {word}")


async def refusal(channel: Mail) -> tuple[str, bool]:
    with pytest.raises(NotDeliveredError) as caught:
        await channel.send(OPENED)
    return str(caught.value), caught.value.again


@pytest.mark.lab
@pytest.mark.parametrize("port", ["submission", "smtps"])
async def test_a_notice_arrives_and_the_servers_250_is_its_proof(lab: Lab, port: str) -> None:
    key = f"i0badcafe-1-{uuid4().hex}"
    proof = await smarthost(lab, port).send(replace(OPENED, key=key, first_key=key))
    assert proof.startswith(f"127.0.0.1:{lab.ports[port]} said: 250 2.0.0 Ok: queued as ")
    message = await arrived(lab, key)
    assert message["From"] == "Mailsonde <probe@alpha.test>"
    assert message["To"] == ONCALL
    assert message["Subject"] == OPENED.subject
    assert message["Message-ID"] == f"<{key}@alpha.test>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["References"] is None
    assert message["Date"].datetime == OPENED.at
    assert message.get_content_type() == "multipart/alternative"
    text, page = message.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert text.get_content().strip() == OPENED.text.strip()
    assert page.get_content_type() == "text/html"
    assert page.get_content().strip() == OPENED.html
    assert message.defects == []


@pytest.mark.lab
async def test_the_closing_hangs_in_the_thread(lab: Lab) -> None:
    first, last = (f"{uuid4().hex}-ops" for _ in range(2))
    await smarthost(lab).send(replace(CLOSED, key=last, first_key=first))
    message = await arrived(lab, f"<{last}@")
    assert message["References"] == message["In-Reply-To"] == f"<{first}@alpha.test>"


@pytest.mark.lab
async def test_hostile_words_arrive_as_words(lab: Lab) -> None:
    word = uuid4().hex
    notice = replace(hostile(), key=f"k\r\nBcc: x@y\r\n{word}", subject=f"{word}\r\nBcc: evil@evil.example\r\n\r\n<b>\x00\u202e\ud800")
    await smarthost(lab).send(notice)
    message = await arrived(lab, word)
    assert message["Bcc"] is None
    assert message["Subject"].startswith(f"{word} Bcc: evil@evil.example <b>")
    assert message["Subject"].isprintable()
    assert message.defects == []
    text = message.get_body(("plain",))
    assert text is not None
    assert set(text.get_content()) - set("\n") == set("".join(filter(str.isprintable, text.get_content())))


@pytest.mark.lab
async def test_what_the_smarthost_refuses_is_for_good(lab: Lab) -> None:
    place = f"127.0.0.1:{lab.ports['submission']}"
    why, again = await refusal(smarthost(lab, password=Secret("wr0ng-passw0rd")))
    assert (why.startswith(f"{place} refused it: 535 5.7.8 Error: authentication failed"), again) == (True, False)
    assert "wr0ng" not in why
    why, again = await refusal(smarthost(lab, to=("nobody@beta.test",)))
    assert (why.startswith(f"{place} refused 1 of 1 recipients: 550 5.1.1 <nobody@beta.test>"), again) == (True, False)
    proof = await smarthost(lab, to=(ONCALL, "nobody@beta.test")).send(OPENED)
    assert "250 2.0.0 Ok: queued as" in proof
    assert "; not for nobody@beta.test: 550 5.1.1 <nobody@beta.test>" in proof


@pytest.mark.lab
async def test_a_smarthost_that_is_down_takes_it_when_it_is_back(lab: Lab) -> None:
    channel, back = smarthost(lab), f"127.0.0.1:{lab.ground.backs['submission']}"
    servers.stop(lab.ground, "mx")
    try:
        why, again = await refusal(smarthost(lab, port=lab.ground.backs["submission"]))
        assert (why, again) == (f"{back}: connection refused", True)
        why, again = await refusal(channel)
        assert again
        assert "\n" not in why
    finally:
        servers.start(lab.ground, "mx")
    assert "said: 250" in await channel.send(OPENED)


@pytest.mark.lab
async def test_a_certificate_that_is_not_good_stops_it(lab: Lab) -> None:
    certificates.swap(lab.ground, "mx", "unknown-ca")
    servers.reload(lab.ground, "mx")
    try:
        why, again = await _once_reloaded(lab)
        assert "its certificate is not accepted: " in why
        assert again
    finally:
        certificates.swap(lab.ground, "mx", "good")
        servers.reload(lab.ground, "mx")


async def _once_reloaded(lab: Lab) -> tuple[str, bool]:
    """Return the refusal; Postfix's processes that are under way show the old certificate for a moment."""
    for _ in range(50):
        try:
            await smarthost(lab).send(OPENED)
        except NotDeliveredError as error:
            return str(error), error.again
        await asyncio.sleep(0.1)
    pytest.fail("the certificate was never refused")


@asynccontextmanager
async def speaking(*replies: str) -> AsyncIterator[int]:
    """Listen and say these replies, one for each line that comes; then hang."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in replies:
            writer.write(f"{reply}\r\n".encode())
            if not await reader.readline():
                break
        await reader.read()

    async with listening(serve) as port:
        yield port


@pytest.mark.parametrize(
    ("replies", "words", "again"),
    [
        (("220 hi", "250 hi", "452 4.3.1 disk\x1b full"), "refused it: 452 4.3.1 disk full", True),
        (("220 hi", "250 hi", "250 ok", "250 ok", "354 go"), ": no answer in time", True),
        (("554 5.7.1 go away",), "refused it: 554 5.7.1 go away", False),
        ((), ": no answer in time", True),
    ],
)
async def test_who_refuses_or_hangs_is_quoted(replies: tuple[str, ...], words: str, again: bool) -> None:
    async with speaking(*replies) as port:
        plain = MailSettings(HOST, SENDER, (ONCALL,), port, Security.NONE, timeout_seconds=0.4)
        why, more = await refusal(Mail("ops-mail", plain))
    assert (why.replace(f"127.0.0.1:{port}", "").strip(), more) == (words, again)


async def test_starttls_that_is_not_offered_is_no_reason_to_go_on_in_clear() -> None:
    async with speaking("220 hi", "250 hi", "500 what?") as port:
        why, _ = await refusal(Mail("ops-mail", MailSettings(HOST, SENDER, (ONCALL,), port, timeout_seconds=1)))
    assert "STARTTLS" in why


async def test_nobody_there() -> None:
    port = free_port()
    why, again = await refusal(Mail("ops-mail", MailSettings(HOST, SENDER, (ONCALL,), port, Security.NONE)))
    assert (why, again) == (f"127.0.0.1:{port}: connection refused", True)


def test_the_same_notice_makes_the_same_message() -> None:
    settings = MailSettings(HOST, SENDER, (ONCALL,))
    first, second = (composed(OPENED, settings) for _ in range(2))
    assert first.items()[:-1] == second.items()[:-1]  # the last is Content-Type, with a separator of its own
    assert message_id("a b>\r\n<é", "x.example") == "<a=20b=3e=d=a=3c=e9@x.example>"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"to": ()}, "has no recipient; give `to` an address"),
        ({"to": ("nobody",)}, "`nobody` is no address; one looks like oncall@isp.example"),
        ({"sender": "x@y\r\nBcc: z@y"}, "`x@y Bcc: z@y` is no address; one looks like oncall@isp.example"),
        ({"user": "u"}, "has a `user` or a `password` but not both; they sign in together"),
        (
            {"user": "u", "password": Secret("p"), "security": Security.NONE},
            "would send its password in clear; take `security: starttls` or `security: tls`",
        ),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared
        MailSettings(**({"host": HOST, "sender": SENDER, "to": (ONCALL,)} | settings))
    assert str(caught.value) == words
