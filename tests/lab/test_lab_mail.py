"""Mail really flows through the lab: in by each entrance, through mx, hub, edge and LMTP, out by each protocol; and what is refused."""

from __future__ import annotations

import email
import imaplib
import poplib
import re
import smtplib
import ssl
import time
import uuid
from typing import TYPE_CHECKING

import pytest
from scramp import ScramClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Lab

pytestmark = pytest.mark.lab
HOST = "127.0.0.1"
ARRIVES_WITHIN_SECONDS = 15.0


def trust(lab: Lab) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(lab.dir / "tls/ca.pem"))


def enter(lab: Lab, port: str) -> smtplib.SMTP:
    """Open an entrance of mx and sign in where it wants that."""
    if port == "smtps":
        client: smtplib.SMTP = smtplib.SMTP_SSL(HOST, lab.ports[port], context=trust(lab), timeout=10)
    else:
        client = smtplib.SMTP(HOST, lab.ports[port], timeout=10)
        client.starttls(context=trust(lab))
    if port != "smtp":
        client.login("probe@alpha.test", lab.password("alpha.test"))
    return client


def send(lab: Lab, port: str) -> str:
    """Send a message from alpha to beta and return the token in its subject."""
    token = uuid.uuid4().hex
    head = f"From: probe@alpha.test\r\nTo: probe@beta.test\r\nSubject: {token}\r\nMessage-ID: <{token}@alpha.test>\r\n"
    with enter(lab, port) as client:
        assert client.sendmail("probe@alpha.test", ["probe@beta.test"], head + "\r\nhello\r\n") == {}
    return token


def open_imap(lab: Lab, port: str, user: str = "probe@beta.test") -> imaplib.IMAP4:
    client: imaplib.IMAP4
    if port == "imaps":
        client = imaplib.IMAP4_SSL(HOST, lab.ports[port], ssl_context=trust(lab), timeout=10)
    else:
        client = imaplib.IMAP4(HOST, lab.ports[port], timeout=10)
        client.starttls(trust(lab))
    client.login(user, lab.password(user.rpartition("@")[2]))
    return client


def look_imap(lab: Lab, port: str, token: str) -> bytes | None:
    """Return the message with this token as IMAP shows it, or None."""
    client = open_imap(lab, port)
    client.select("INBOX", readonly=True)
    numbers = client.search(None, "SUBJECT", token)[1][0].split()
    found = client.fetch(numbers[0].decode(), "(RFC822)")[1][0] if numbers else None
    client.logout()
    return found[1] if isinstance(found, tuple) else None


def open_pop(lab: Lab, port: str, user: str = "probe@beta.test") -> poplib.POP3:
    client: poplib.POP3
    if port == "pop3s":
        client = poplib.POP3_SSL(HOST, lab.ports[port], context=trust(lab), timeout=10)
    else:
        client = poplib.POP3(HOST, lab.ports[port], timeout=10)
        client.stls(trust(lab))
    try:
        client.user(user)
        client.pass_(lab.password(user.rpartition("@")[2]))
    except poplib.error_proto:
        client.close()
        raise
    return client


def look_pop(lab: Lab, port: str, token: str) -> bytes | None:
    """Return the message with this token as POP3 shows it, or None."""
    client = open_pop(lab, port)
    whole = [b"\r\n".join(client.retr(number + 1)[1]) for number in range(client.stat()[0])]
    client.quit()
    return next((message for message in whole if token.encode() in message), None)


def awaited(look: Callable[[], bytes | None]) -> bytes:
    end = time.monotonic() + ARRIVES_WITHIN_SECONDS
    while (found := look()) is None:
        assert time.monotonic() < end, "the message did not arrive"
        time.sleep(0.1)
    return found


@pytest.mark.parametrize(("entrance", "exit_"), [("submission", "imap"), ("smtps", "imaps"), ("smtp", "pop3"), ("submission", "pop3s")])
def test_a_message_goes_in_by_each_entrance_and_is_found_by_each_protocol(lab: Lab, entrance: str, exit_: str) -> None:
    token = send(lab, entrance)
    look = look_imap if exit_.startswith("imap") else look_pop
    message = email.message_from_bytes(awaited(lambda: look(lab, exit_, token)))
    takers = [re.search(r"\bby (\S+)", line) for line in message.get_all("Received", [])]
    assert [taker and taker[1] for taker in takers] == ["dovecot.lab.test", "edge.lab.test", "hub.lab.test", "mx.lab.test"]
    assert str(message.get_payload()).strip() == "hello"


def test_each_postfix_logs_the_message_in_its_own_log_with_a_long_queue_id(lab: Lab) -> None:
    token = send(lab, "submission")
    awaited(lambda: look_imap(lab, "imap", token))
    for instance in ("mx", "hub", "edge"):
        log = (lab.dir / "log" / f"{instance}.log").read_text("utf-8")
        assert re.search(rf"postfix/cleanup\[\d+\]: [0-9A-Za-z]{{12,}}: message-id=<{token}@alpha.test>", log)


def test_mx_refuses_who_is_unknown_and_what_is_not_ours(lab: Lab) -> None:
    with smtplib.SMTP(HOST, lab.ports["smtp"], timeout=10) as client:
        client.ehlo()
        client.mail("somebody@elsewhere.example")
        unknown = client.rcpt("nobody@beta.test")
        elsewhere = client.rcpt("somebody@elsewhere.example")
    assert unknown == (550, b"5.1.1 <nobody@beta.test>: Recipient address rejected: User unknown in relay recipient table")
    assert elsewhere == (554, b"5.7.1 <somebody@elsewhere.example>: Relay access denied")


def test_submission_wants_tls_and_a_login(lab: Lab) -> None:
    with smtplib.SMTP(HOST, lab.ports["submission"], timeout=10) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        assert client.mail("probe@alpha.test")[0] == 530
    with smtplib.SMTP_SSL(HOST, lab.ports["smtps"], context=trust(lab), timeout=10) as client:
        client.ehlo()
        client.mail("probe@alpha.test")
        assert client.rcpt("probe@beta.test")[0] == 554


def test_mail_to_nowhere_comes_back_as_a_bounce(lab: Lab) -> None:
    token = uuid.uuid4().hex
    with enter(lab, "submission") as client:
        client.sendmail("probe@beta.test", [f"{token}@elsewhere.example"], f"Subject: {token}\r\n\r\nhello\r\n")
    bounce = email.message_from_bytes(awaited(lambda: look_pop(lab, "pop3", token)))
    assert bounce.get_content_type() == "multipart/report"
    assert "5.4.4" in bounce.as_string()


@pytest.mark.parametrize("port", ["pop3", "pop3s"])
def test_a_service_that_the_domain_is_not_permitted_refuses_its_login(lab: Lab, port: str) -> None:
    with pytest.raises(poplib.error_proto, match="Authentication failed"):
        open_pop(lab, port, "probe@gamma.test")
    assert open_imap(lab, "imaps", "probe@gamma.test").logout()[0] == "BYE"


def test_scram_and_cram_work_for_probe_and_not_for_a_salted_password(lab: Lab) -> None:
    client = imaplib.IMAP4_SSL(HOST, lab.ports["imaps"], ssl_context=trust(lab), timeout=10)
    assert {"AUTH=PLAIN", "AUTH=LOGIN", "AUTH=CRAM-MD5", "AUTH=SCRAM-SHA-256"} <= set(client.capabilities)
    scram = ScramClient(["SCRAM-SHA-256"], "probe@alpha.test", lab.password("alpha.test"))
    client.authenticate("SCRAM-SHA-256", scram_answers(scram))
    client.logout()
    second = imaplib.IMAP4_SSL(HOST, lab.ports["imaps"], ssl_context=trust(lab), timeout=10)
    second.login_cram_md5("probe@alpha.test", lab.password("alpha.test"))
    second.logout()
    third = imaplib.IMAP4_SSL(HOST, lab.ports["imaps"], ssl_context=trust(lab), timeout=10)
    with pytest.raises(imaplib.IMAP4.error):
        third.login_cram_md5("admin@alpha.test", lab.password("alpha.test"))
    third.logout()
    assert open_imap(lab, "imaps", "admin@alpha.test").logout()[0] == "BYE"


def scram_answers(scram: ScramClient) -> Callable[[bytes], bytes]:
    """Return what answers a server's SCRAM challenges: first, final, and the verified end (RFC 5802)."""

    def answer(challenge: bytes) -> bytes:
        if not challenge:
            return str(scram.get_client_first()).encode()
        if challenge.startswith(b"v="):
            scram.set_server_final(challenge.decode())
            return b""
        scram.set_server_first(challenge.decode())
        return str(scram.get_client_final()).encode()

    return answer
