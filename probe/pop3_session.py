"""A POP3 connection without I/O: capabilities, STLS, login, and what -ERR means. RFC 1939, 2449, 2595, 3206, 5034.

APOP is not used: its MD5 of the password is weaker than any SASL mechanism; a server that offers it has the reading `apop_offered`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from probe import sasl
from probe.dialogue import Ask, Note, Skip, Unwelcome, Upgrade, printable, refuse
from probe.framing import pop3_challenge, pop3_line, pop3_multiline
from probe.values import FaultKind, Security

if TYPE_CHECKING:
    from collections.abc import Generator

    from probe.dialogue import Framing, Move
    from probe.values import Check, Mailbox

AUTH_LINE_BYTES = 255  # RFC 5034, 4: a longer initial response waits for the server's challenge
CODE_KINDS = {  # RFC 2449, 8.1; RFC 3206
    "AUTH": FaultKind.AUTH,
    "SYS/TEMP": FaultKind.TEMPORARY,
    "SYS/PERM": FaultKind.PERMANENT,
    "IN-USE": FaultKind.TEMPORARY,
    "LOGIN-DELAY": FaultKind.TEMPORARY,
}
STEP_KINDS = {"login": FaultKind.AUTH, "starttls": FaultKind.TLS}  # what -ERR without a code means at these steps
_CODE = re.compile(rb"-ERR \[([A-Za-z/-]+)\]")
_TIMESTAMP = re.compile(rb"<[^<>\s]+@[^<>\s]+>")  # RFC 1939, 7: the server knows APOP

Capabilities = dict[str, str]  # name in capitals -> its parameters


def refusal(step: str, reply: bytes) -> Unwelcome | None:
    """Return the fault that a reply means at this step, or None where it is +OK."""
    if reply.startswith(b"+OK"):
        return None
    code = _CODE.match(reply)
    default = STEP_KINDS.get(step, FaultKind.PERMANENT) if reply.startswith(b"-ERR") else FaultKind.PROTOCOL
    kind = CODE_KINDS.get(code[1].decode().upper(), default) if code else default
    return refuse(kind, step, reply.partition(b"\n")[0])


def say(step: str, command: str, framing: Framing = pop3_line, shown: str | None = None) -> Generator[Move, bytes, bytes]:
    """Give a command ("" = await the greeting) and return its reply. Raises: Unwelcome for -ERR."""
    reply = yield Ask(step, f"{command}\r\n".encode() if command else b"", framing, shown=shown)
    fault = refusal(step, reply)
    if fault:
        raise fault
    return reply


def try_optional(step: str, command: str, offers: Capabilities) -> Generator[Move, bytes, bytes]:
    """Give a command of RFC 1939, 7 and return its reply, even the -ERR of a server that may not know it.

    Raises: Unwelcome for -ERR where the server offers this command, or says by a response code that something else is wrong.
    """
    reply = yield Ask(step, f"{command}\r\n".encode(), pop3_multiline())
    fault = refusal(step, reply)
    if fault and (command.partition(" ")[0] in offers or _CODE.match(reply)):
        raise fault
    return reply


def lines_of(reply: bytes) -> list[bytes]:
    """Return the lines of a multi-line reply without its status and its final dot, dots unstuffed (RFC 1939, 3)."""
    return [line.removeprefix(b".") for line in reply.split(b"\r\n")[1:-2]]


def enter(check: Check) -> Generator[Move, bytes, Capabilities | None]:
    """Greet, secure and log in. Returns what the server offers (nothing where it knows no CAPA); None = no mailbox is configured."""
    greeting = yield from say("greeting", "")
    if _TIMESTAMP.search(greeting):
        yield Note("apop_offered", value=True)
    offers = yield from _capabilities("capa")
    if check.endpoint.security is Security.STARTTLS:
        yield from _starttls(offers)
        offers = yield from _capabilities("capa-tls")
    if check.mailbox is None:
        yield Skip("login", "no mailbox is configured")
        return None
    yield from _login(check, check.mailbox, offers)
    return offers or {}


def _capabilities(step: str) -> Generator[Move, bytes, Capabilities | None]:
    """Return what the server can, or None when it knows no CAPA (RFC 2449 is optional)."""
    reply = yield Ask(step, b"CAPA\r\n", pop3_multiline())
    if reply.startswith(b"-"):
        yield Note(step, f"no CAPA: {printable(reply)}")
        return None
    words = (line.decode("utf-8", "backslashreplace").partition(" ") for line in lines_of(reply))
    return {name.upper(): parameters.strip() for name, _, parameters in words}


def _starttls(offers: Capabilities | None) -> Generator[Move, bytes, None]:
    if offers is not None and "STLS" not in offers:
        raise refuse(FaultKind.TLS, "starttls", "STLS is not offered")
    yield from say("starttls", "STLS")
    yield Upgrade()


def _login(check: Check, mailbox: Mailbox, offers: Capabilities | None) -> Generator[Move, bytes, None]:
    encrypted = check.endpoint.security is not Security.NONE
    try:
        mechanism = sasl.choose((offers or {}).get("SASL", "").split(), mailbox, encrypted=encrypted, step="login")
    except Unwelcome:
        if (offers is not None and "USER" not in offers) or mailbox.password is None or mailbox.mechanism is not None:
            raise
        yield from _user_pass(mailbox, mailbox.password.reveal(), encrypted=encrypted)
        return
    reply = yield from sasl.authenticate(mechanism, sasl.Profile(b"AUTH ", pop3_challenge, challenge_of, AUTH_LINE_BYTES))
    fault = refusal("login", reply)
    if fault:
        raise fault
    mechanism.finish()


def challenge_of(reply: bytes) -> bytes | None:
    """Return the challenge of an AUTH exchange (base64, maybe empty), or None when the reply is a status."""
    return reply[1:].strip() if reply[:2] in {b"+ ", b"+\r"} else None


def _user_pass(mailbox: Mailbox, password: str, *, encrypted: bool) -> Generator[Move, bytes, None]:
    if any(char in mailbox.login + password for char in "\r\n\0"):
        raise refuse(FaultKind.AUTH, "login", "login name or password holds a line end or NUL, which POP3's USER and PASS cannot carry")
    yield Note("auth", "USER and PASS")
    if not encrypted:
        yield Note("auth_exposed", value=True)
    yield from say("login", f"USER {mailbox.login}")
    yield from say("login", f"PASS {password}", shown="PASS ***")
