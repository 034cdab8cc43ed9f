"""LDAP (RFC 4511): StartTLS, simple bind, search of the domain's entry, the entry really compared, unbind. No I/O.

Refuses what is no message of LDAP; referrals are read and never followed (a probe measures the server it was pointed at). A notice of
disconnection (section 4.4.1) ends the conversation with the server's words.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from probe.dialogue import Ask, Dialogue, Move, Note, Skip, Unwelcome, Upgrade, refuse
from probe.framing import SPEAKS
from probe.values import FaultKind, Security

if TYPE_CHECKING:
    from collections.abc import Generator

    from probe.ldap_messages import Reply
    from probe.values import Check, Directory

    _Talk = Generator[Move, bytes, Reply]

UNBIND = b"\x30\x05\x02\x01\x7f\x42\x00"  # message 127, UnbindRequest; made by hand so that parting needs no codec
DISCONNECTION_OID = "1.3.6.1.4.1.1466.20036"
MESSAGE_LIMIT_BYTES = 64 << 10  # an entry with one attribute of it; reading more than this holds everybody else up
CONVERSATION_LIMIT_BYTES = 1 << 20  # all replies to the few questions of a check
MESSAGES_LIMIT = 100  # replies to one search that asked for 10 entries; more is a flood

_SUCCESS, _SIZE_LIMIT_EXCEEDED, _COMPARE_FALSE, _COMPARE_TRUE = 0, 4, 5, 6
_BUSY = 51
_KINDS = {  # result codes (RFC 4511, appendix A) that are not PERMANENT
    3: FaultKind.TEMPORARY,  # timeLimitExceeded
    7: FaultKind.AUTH,  # authMethodNotSupported
    8: FaultKind.AUTH,  # strongerAuthRequired
    13: FaultKind.AUTH,  # confidentialityRequired
    48: FaultKind.AUTH,  # inappropriateAuthentication
    49: FaultKind.AUTH,  # invalidCredentials
    _BUSY: FaultKind.TEMPORARY,
    52: FaultKind.TEMPORARY,  # unavailable
}


def dialogue(check: Check, message: bytes = b"") -> Dialogue:  # noqa: ARG001 - all kinds are called alike
    """Look the check's domain up: bind, search, compare, unbind. Without a `directory` (a URL alone) there is only a bind.

    Args:
        check: says where, as whom, and what must be found.
        message: not used.
    """
    yield from _bounded(_conversation(check))


def _bounded(talk: Dialogue) -> Dialogue:
    """Hold a conversation; raise once its replies together are more than any directory has to say to a check."""
    heard, answer = 0, None
    while True:
        try:
            move = next(talk) if answer is None else talk.send(answer)
        except StopIteration:
            return
        if isinstance(move, Ask) and heard > MESSAGE_LIMIT_BYTES:
            move = replace(move, heard=None)  # told in words when somebody reads it, a reply stays whole until then
        answer = yield move
        heard += len(answer or b"")  # nothing is answered to an Upgrade
        if isinstance(move, Ask) and heard > CONVERSATION_LIMIT_BYTES:
            raise refuse(
                FaultKind.PROTOCOL, move.step, f"replies of more than {CONVERSATION_LIMIT_BYTES} bytes to the questions of one check"
            )


def _conversation(check: Check) -> Dialogue:
    yield from sign_in(check)
    if check.directory is None:
        yield Skip("search", "no domain to look for")
        yield Skip("compare", "no entry to compare")
    else:
        entry = yield from _search(check.directory)
        yield from _compare(entry, check.directory)
    yield PARTING


def sign_in(check: Check) -> Dialogue:
    """Secure the connection, where that is due by StartTLS, and bind; anonymously where there is no DN to bind as."""
    if check.endpoint.security is Security.STARTTLS:
        yield from _starttls()
    yield from _bind(check.directory)


def ldap_message(buffer: bytes) -> int | None:
    """Find the end of one message: a SEQUENCE of definite length (RFC 4511, section 5.1)."""
    size = message_size(buffer[:60], MESSAGE_LIMIT_BYTES)
    return size if size is not None and len(buffer) >= size else None


def message_size(head: bytes, limit_bytes: int) -> int | None:
    """Return the bytes that the message has which begins so, or None for "read more"; 10 bytes are enough, more are for a complaint."""
    if not head.startswith(b"\x30"):
        _reject(head)
        return None
    if len(head) < 2 or len(head) < _head_bytes(head):
        return None
    size = head[1] + 2 if head[1] < 0x80 else _head_bytes(head) + int.from_bytes(head[2 : _head_bytes(head)])
    if size > limit_bytes:
        raise refuse(FaultKind.PROTOCOL, "", f"announced a message of {size} bytes; the limit is {limit_bytes}")
    return size


def _head_bytes(head: bytes) -> int:
    """Return the bytes of a message's tag and length."""
    octets = head[1] & 0x7F if head[1] >= 0x80 else 0
    if octets > 8 or head[1] == 0x80:  # 0x80 is the indefinite form, that LDAP forbids
        raise refuse(FaultKind.PROTOCOL, "", b"not a message of LDAP: " + head)
    return 2 + octets


def _reject(buffer: bytes) -> None:
    """Raise for another protocol, by name; return only while too little has come to name it."""
    for start, other in SPEAKS:
        if buffer.startswith(start):
            raise refuse(FaultKind.PROTOCOL, "", f"speaks {other}, not LDAP")
        if start.startswith(buffer):
            return
    raise refuse(FaultKind.PROTOCOL, "", b"not a message of LDAP: " + buffer[:60])


def _nothing(buffer: bytes) -> None:
    """Frame what never comes: the end of the connection is the answer."""
    if buffer:
        raise refuse(FaultKind.PROTOCOL, "", b"goes on talking after unbind: " + buffer[:60])


PARTING = Ask("unbind", UNBIND, _nothing, shown="UnbindRequest", within_seconds=1.0)  # its answer is that the server closes (4.3)


def _starttls() -> Dialogue:
    from probe import ldap_messages  # noqa: PLC0415 - it imports ldap3, some 80 ms of start, only for those who ask

    reply = yield from _answer("starttls", 1, ldap_messages.starttls(1), "ExtendedRequest StartTLS")
    expect(reply, "extendedResp", "starttls")
    if reply.code != _SUCCESS:
        busy = reply.code == _BUSY  # to everything; whereas "unavailable" is what servers without a certificate say to StartTLS
        raise refuse(FaultKind.TEMPORARY if busy else FaultKind.TLS, "starttls", f"StartTLS: {reply.words}")
    yield Upgrade()


def _bind(directory: Directory | None) -> Dialogue:
    from probe import ldap_messages  # noqa: PLC0415 - as above

    try:
        request = ldap_messages.bind(2, directory)
    except ValueError as error:
        raise refuse(FaultKind.AUTH, "bind", str(error)) from None
    who = directory.bind_dn if directory else ""
    reply = yield from _answer("bind", 2, request, f"BindRequest {who} ***" if who else "BindRequest anonymous")
    expect(reply, "bindResponse", "bind")
    if reply.code != _SUCCESS:
        raise denied(reply, "bind")


def _search(directory: Directory) -> _Talk:
    """Search, and return the entry of the domain; its attribute must hold the value expected."""
    from probe import ldap_messages  # noqa: PLC0415 - as above

    try:
        request = ldap_messages.search(3, directory)
    except ValueError as error:
        raise refuse(FaultKind.OURS, "search", str(error)) from None
    replies = yield from _results(request, f"SearchRequest {directory.base} {directory.filter} {directory.attribute}")
    uris = " ".join(uri for reply in replies for uri in reply.referrals)
    if uris:
        yield Note("referrals", uris)
    entries = _entries(replies, directory)
    yield Note("entries", len(entries))
    entry = next((entry for entry in entries if _holds(entry, directory)), entries[0])
    yield Note("dn", entry.name)
    _look(entry, directory)
    return entry


def _results(request: bytes, shown: str) -> Generator[Move, bytes, list[Reply]]:
    """Return all replies to one search; the last is its result."""
    replies = [(yield from _answer("search", 3, request, shown))]
    while replies[-1].what != "searchResDone":
        if replies[-1].what not in {"searchResEntry", "searchResRef", "intermediateResponse"}:
            expect(replies[-1], "searchResDone", "search")
        if len(replies) >= MESSAGES_LIMIT:
            raise refuse(FaultKind.PROTOCOL, "search", f"more than {MESSAGES_LIMIT} replies to one search that asked for a few entries")
        replies.append((yield from _answer("search", 3, b"", None)))
    return replies


def _entries(replies: list[Reply], directory: Directory) -> list[Reply]:
    """Return the entries found, one or more. That there are more than asked for is no fault when there are some."""
    entries = [reply for reply in replies if reply.what == "searchResEntry"]
    done = replies[-1]
    if done.code != _SUCCESS and not (done.code == _SIZE_LIMIT_EXCEEDED and entries):
        raise denied(done, "search")
    if not entries:
        raise refuse(FaultKind.PERMANENT, "search", f"no entry for {directory.filter} under {directory.base}")
    return entries


def _holds(entry: Reply, directory: Directory) -> bool:
    values = [value.lower() for value in entry.values(directory.attribute)]
    return directory.expected.lower().encode() in values if directory.expected else bool(values)


def _look(entry: Reply, directory: Directory) -> None:
    """Raise where the entry does not hold what was expected."""
    if _holds(entry, directory):
        return
    values = b", ".join(entry.values(directory.attribute)).decode("utf-8", "backslashreplace")
    if not values:
        raise refuse(FaultKind.PERMANENT, "search", f"{entry.name} has no {directory.attribute} that we may read")
    raise refuse(FaultKind.PERMANENT, "search", f"{entry.name}: {directory.attribute} is {values}, not {directory.expected}")


def _compare(entry: Reply, directory: Directory) -> Dialogue:
    """Let the server compare: it does so by its own schema, and on its own copy."""
    from probe import ldap_messages  # noqa: PLC0415 - as above

    if not directory.expected:
        yield Skip("compare", "no value to compare with")
        return
    shown = f"CompareRequest {entry.name} {directory.attribute}={directory.expected}"
    reply = yield from _answer("compare", 4, ldap_messages.compare(4, entry.name, directory), shown)
    expect(reply, "compareResponse", "compare")
    if reply.code == _COMPARE_FALSE:
        raise refuse(FaultKind.PERMANENT, "compare", f"{entry.name}: {directory.attribute} is not {directory.expected}: {reply.words}")
    if reply.code != _COMPARE_TRUE:
        raise denied(reply, "compare")


def _answer(step: str, number: int, data: bytes, shown: str | None) -> _Talk:
    """Send a request (b"" to read on) and return the next reply to it; what nobody asked for is passed over."""
    from probe.ldap_messages import describe  # noqa: PLC0415 - as above

    for _ in range(MESSAGES_LIMIT):
        reply = read(step, (yield Ask(step, data, ldap_message, shown=shown, heard=describe)))
        if reply.number == number:
            return reply
        overhear(step, number, reply)
        data, shown = b"", None
    raise refuse(FaultKind.PROTOCOL, step, f"more than {MESSAGES_LIMIT} unsolicited messages")


def read(step: str, message: bytes) -> Reply:
    """Return one whole message. Raises: Unwelcome where it is none of LDAP's."""
    from probe import ldap_messages  # noqa: PLC0415 - as above

    try:
        return ldap_messages.read(message)
    except ValueError as error:
        raise refuse(FaultKind.PROTOCOL, step, f"not a message of LDAP: {error}: {message[:60]!r}") from None


def overhear(step: str, number: int, reply: Reply) -> None:
    """Take what is no reply to this request: raise for a notice of disconnection, and for a reply to what was not asked."""
    if reply.number != 0:
        raise refuse(FaultKind.PROTOCOL, step, f"answers message {reply.number}, where {number} was asked")
    if reply.name == DISCONNECTION_OID:
        raise refuse(_KINDS.get(reply.code, FaultKind.PERMANENT), step, f"notice of disconnection: {reply.words}")


def expect(reply: Reply, what: str, step: str) -> None:
    """Raise for a reply that is none to this sort of request."""
    if reply.what != what:
        raise refuse(FaultKind.PROTOCOL, step, f"answers with {reply.what}, where {what} is due")


def denied(reply: Reply, step: str) -> Unwelcome:
    """Return the fault for a result that says no."""
    return refuse(_KINDS.get(reply.code, FaultKind.PERMANENT), step, reply.words)
