"""The messages of DNS (RFC 1035, 2181, 6891) that `probe/dns.py` sends and reads. Refuses what is no answer to the question.

dnspython is the codec; a module of its own, so that a probe of another kind does not pay for its import.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dns import exception, flags, message, rcode

from probe.dialogue import Ask, Move, refuse
from probe.values import FaultKind, Question

if TYPE_CHECKING:
    from collections.abc import Generator

PAYLOAD_BYTES = 1232  # what fits into one datagram on every path (EDNS, RFC 6891; the number of the DNS flag day 2020)

_NO = {  # response codes (RFC 1035, section 4.1.1), and what they mean to who has to repair it
    "NXDOMAIN": (FaultKind.PERMANENT, "there is no such name"),
    "SERVFAIL": (FaultKind.TEMPORARY, "the server failed: its zone is broken, or it cannot reach or verify the zone's own servers"),
    "REFUSED": (FaultKind.PERMANENT, "the server refuses to answer us, or does not hold this zone"),
    "FORMERR": (FaultKind.PERMANENT, "the server did not understand the question"),
    "NOTIMP": (FaultKind.PERMANENT, "the server does not know this sort of question"),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a name server answered."""

    answers: tuple[str, ...]  # records in text (RFC 1035, section 5), sorted; empty = the name has none of this type
    ttl_seconds: int  # the least along the chain of CNAMEs
    cname: str  # the name at the end of the chain; "" = no chain
    authoritative: bool
    truncated: bool

    @property
    def cut_off(self) -> str:
        """Return what to add to "no answer" where there may be one that did not come."""
        return " in the part that came: the answer does not fit into one datagram" if self.truncated else ""


def ask(question: Question, step: str, number: int | None) -> Generator[Move, bytes, Reply]:
    """Ask one question and return the reply to it.

    Raises: Unwelcome for a response code that says no, and for what is no reply to this question.
    """
    try:
        query = message.make_query(question.name, question.type, use_edns=0, payload=PAYLOAD_BYTES, id=number)
    except (exception.DNSException, ValueError) as error:
        raise refuse(FaultKind.OURS, step, f"{question.name} {question.type} cannot be asked: {error}") from None
    said = yield Ask(step, query.to_wire(), len, shown=f"{question.name} {question.type}?", heard=describe)
    reply = _decode(said, step)
    if not isinstance(reply, message.QueryMessage) or not query.is_response(reply):
        raise refuse(FaultKind.PROTOCOL, step, f"its reply is not one to our question: {_outline(reply)}")
    _accept(reply, question, step)
    return _read(reply, step)


def describe(said: bytes) -> str:
    """Return a reply in words, for a transcript."""
    try:
        return message.from_wire(said).to_text()
    except (exception.DNSException, ValueError, IndexError):
        return f"{len(said)} bytes that are no message of DNS"


def _decode(said: bytes, step: str) -> message.Message:
    try:
        return message.from_wire(said)
    except (exception.DNSException, ValueError, IndexError) as error:  # the last two come from inside a record
        why = str(error) or type(error).__name__
        raise refuse(FaultKind.PROTOCOL, step, f"not a message of DNS ({why}): {len(said)} bytes, {said[:40]!r}") from None


def _accept(reply: message.QueryMessage, question: Question, step: str) -> None:
    """Raise for a response code that says no."""
    code = rcode.to_text(reply.rcode())
    if code != "NOERROR":
        kind, meaning = _NO.get(code, (FaultKind.PERMANENT, "the server says no"))
        raise refuse(kind, step, f"{code} for {question.type} of {question.name}: {meaning}")


def _read(reply: message.QueryMessage, step: str) -> Reply:
    try:
        chain = reply.resolve_chaining()
    except exception.DNSException as error:
        raise refuse(FaultKind.PROTOCOL, step, f"its CNAMEs lead nowhere: {error}") from None
    return Reply(
        answers=tuple(sorted(record.to_text() for record in chain.answer or ())),
        ttl_seconds=chain.minimum_ttl,
        cname=chain.canonical_name.to_text() if chain.cnames else "",
        authoritative=bool(reply.flags & flags.AA),
        truncated=bool(reply.flags & flags.TC),
    )


def _outline(reply: message.Message) -> str:
    asked = ", ".join(record.to_text() for record in reply.question) or "no question"
    return f"id {reply.id}, {asked}"
