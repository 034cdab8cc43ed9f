"""SMTP, submission and LMTP without I/O: greeting to recipient, or a whole test message. RFC 5321, 6409, 2033, 3207, 4954, 3463, 6531.

Each command is a step of its own and none is pipelined, so that each is timed. A server that says no ends the dialogue with the fault;
the wire then says QUIT.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from probe import sasl
from probe.dialogue import Ask, Note, Skip, Upgrade, printable, refuse
from probe.framing import smtp_reply
from probe.values import FaultKind, Security

if TYPE_CHECKING:
    from collections.abc import Generator

    from probe.dialogue import Dialogue, Move, Unwelcome
    from probe.values import Check, Mailbox

COMMAND_LINE_BYTES = 512  # RFC 5321 section 4.5.3.1.4; RFC 4954 allows AUTH lines up to 12,288
AUTH_LINE_BYTES = 12_288
SIZE_DIGITS = 20  # RFC 1870 section 4; Python refuses to read a number of thousands
_ENHANCED = re.compile(rb"^[245]\d\d[ -]([245]\.\d{1,3}\.\d{1,3})\b")
_QUEUED_AS = re.compile(rb"queued as (\w+)", re.IGNORECASE)

Reply = bytes
Offers = dict[str, str]  # EHLO keyword in capitals -> its parameters


@dataclass(frozen=True, slots=True)
class Code:
    """A reply's meaning: its three digits, and the enhanced status (RFC 3463) where it has one."""

    digits: int
    enhanced: str  # "4.7.1", or ""


def code_of(reply: Reply) -> Code:
    """Return the meaning of a whole reply."""
    found = _ENHANCED.match(reply)
    return Code(int(reply[:3]), found[1].decode() if found else "")


def offers_of(reply: Reply) -> Offers:
    """Return what an EHLO reply offers; the first line is the server's name and no offer."""
    lines = [line[4:].decode("utf-8", "replace").strip() for line in reply.splitlines()[1:]]
    words = (re.split("[ =]", line, maxsplit=1) for line in lines if line)  # "AUTH=PLAIN": an old form that servers still send
    return {word.upper(): "".join(rest).strip() for word, *rest in words}


def dialogue(check: Check, message: bytes = b"") -> Dialogue:
    """Speak SMTP (kinds smtp and submission) or LMTP to a server.

    Args:
        check: what to probe; `send: message` and a message make it send one, otherwise it stops after RCPT.
        message: the whole test message, RFC 5322 with CRLF.
    """
    yield from _say("greeting", "", 2)
    offers = yield from _hello(check, "hello")
    if check.endpoint.security is Security.STARTTLS:
        if "STARTTLS" not in offers:
            raise refuse(FaultKind.TLS, "starttls", "STARTTLS is not offered")
        yield from _starttls()
        offers = yield from _hello(check, "hello-tls")
    yield from _read_offers(check, offers)
    yield from _authenticate(check, offers)
    yield from _envelope(check, offers, message)
    yield from _say("quit", "QUIT", 2)


def _say(step: str, line: str, good: int) -> Generator[Move, bytes, Reply]:
    """Send one line and return its reply. Raises: Unwelcome for a reply of another class than `good`."""
    reply = yield Ask(step, f"{line}\r\n".encode() if line else b"", smtp_reply)
    yield from _judge(step, reply, good)
    return reply


def _judge(step: str, reply: Reply, good: int) -> Generator[Move, bytes, None]:
    code = code_of(reply)
    if code.digits // 100 == good:
        return
    yield Note("reply_code", code.digits)
    if code.enhanced:
        yield Note("enhanced_status", code.enhanced)
    raise _unwelcome(step, code, reply)


def _unwelcome(step: str, code: Code, reply: Reply) -> Unwelcome:
    """Return the fault that a refusing reply means."""
    about_login = step == "auth" or code.digits in {530, 535} or code.enhanced in {"5.7.8", "5.7.9"}
    if code.digits // 100 == 4:
        return refuse(FaultKind.TEMPORARY, step, reply)
    if code.digits // 100 == 5:
        # 502 and 503 to AUTH: the server cannot or will not speak of it now; that is not about who we are.
        return refuse(FaultKind.AUTH if about_login and code.digits not in {502, 503} else FaultKind.PERMANENT, step, reply)
    return refuse(FaultKind.PROTOCOL, step, f"unexpected reply: {printable(reply)}")


def _hello(check: Check, step: str) -> Generator[Move, bytes, Offers]:
    verb = "LHLO" if check.kind == "lmtp" else "EHLO"
    return offers_of((yield from _say(step, f"{verb} {check.hello}", 2)))


def _starttls() -> Generator[Move, bytes, None]:
    reply = yield Ask("starttls", b"STARTTLS\r\n", smtp_reply)
    if code_of(reply).digits // 100 != 2:
        kind = FaultKind.TEMPORARY if reply.startswith(b"421") else FaultKind.TLS  # 454: TLS not available now
        raise refuse(kind, "starttls", reply)
    yield Upgrade()


def _read_offers(check: Check, offers: Offers) -> Generator[Move, bytes, None]:
    size = offers.get("SIZE", "")
    if size.isascii() and size.isdigit() and len(size) <= SIZE_DIGITS:
        yield Note("size_limit_bytes", int(size))
    if check.endpoint.security is Security.NONE and {"PLAIN", "LOGIN"} & set(offers.get("AUTH", "").upper().split()):
        yield Note("auth_offered_in_clear", value=True)


def _authenticate(check: Check, offers: Offers) -> Generator[Move, bytes, None]:
    """Log in, where this is a submission server and the mailbox has a secret. An MX or LMTP server knows no logins."""
    mailbox = check.mailbox
    if check.kind != "submission":
        return
    if mailbox is None or (mailbox.password is None and mailbox.token is None):
        yield Skip("auth", "no password or token is configured")
        return
    encrypted = check.endpoint.security is not Security.NONE
    mechanism = sasl.choose(offers.get("AUTH", "").split(), mailbox, encrypted=encrypted)
    profile = sasl.Profile(b"AUTH ", smtp_reply, _challenge, AUTH_LINE_BYTES)
    reply = yield from sasl.authenticate(mechanism, profile)
    yield from _judge("auth", reply, 2)
    mechanism.finish()


def _challenge(reply: Reply) -> bytes | None:
    return reply[4:].strip() if reply.startswith(b"334") else None


def _envelope(check: Check, offers: Offers, message: bytes) -> Generator[Move, bytes, None]:
    mailbox = check.mailbox
    if mailbox is None:
        for step in ("mail", "rcpt"):
            yield Skip(step, "no mailbox is configured")
        return
    utf8 = _needs_utf8(check, mailbox, offers)
    yield from _say("mail", f"MAIL FROM:<{_path(mailbox.address)}>{utf8}", 2)
    yield from _say("rcpt", f"RCPT TO:<{_path(check.recipient or mailbox.address)}>", 2)
    if check.send == "message" and message:
        yield from _transmit(message)


def _needs_utf8(check: Check, mailbox: Mailbox, offers: Offers) -> str:
    """Return the MAIL parameter that these addresses need (RFC 6531). Raises: Unwelcome when the server does not offer it."""
    if (mailbox.address + check.recipient).isascii():
        return ""
    if "SMTPUTF8" not in offers:
        raise refuse(FaultKind.PERMANENT, "mail", f"SMTPUTF8 is not offered, and {mailbox.address} {check.recipient} needs it")
    return " SMTPUTF8"


def _path(address: str) -> str:
    """Return the address for an envelope. Raises: Unwelcome for what would end the line or the path: it must not reach the wire."""
    if any(char in "<>" or not char.isprintable() for char in address):
        raise refuse(FaultKind.OURS, "mail", f"not an address: {address!r}")
    return address


def _transmit(message: bytes) -> Generator[Move, bytes, None]:
    yield from _say("data", "DATA", 3)
    shown = f"[test message of {len(message)} bytes]"
    reply = yield Ask("message", stuff(message), smtp_reply, shown=shown)  # LMTP: one reply for each recipient, and ours is one
    yield from _judge("message", reply, 2)
    queued = _QUEUED_AS.search(reply)
    if queued:
        yield Note("queued_as", queued[1].decode())


def stuff(message: bytes) -> bytes:
    """Return the message as DATA sends it: dots doubled at line starts, and the final dot (RFC 5321 section 4.5.2)."""
    stuffed = re.sub(rb"(^|\r\n)\.", rb"\1..", message)
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")
