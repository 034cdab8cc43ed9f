"""Asks a name server (RFC 1035) about a domain: one question, one datagram, one answer. Refuses what does not answer that question.

The query's id is drawn by dnspython (randomness inside the library, that no time or reading depends on) unless the caller gives one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.dialogue import Note, refuse
from probe.values import FaultKind, Question

if TYPE_CHECKING:
    from probe.dialogue import Dialogue
    from probe.values import Check


def dialogue(check: Check, message: bytes = b"", number: int | None = None) -> Dialogue:  # noqa: ARG001 - all kinds are called alike
    """Ask the check's question (MX of its domain by default); the answers, their TTL and flags become readings.

    Args:
        check: says what to ask.
        message: not used.
        number: the query's id, 0 to 65535; None = drawn.
    """
    from probe import dns_messages  # noqa: PLC0415 - it imports dnspython, some 60 ms of start, only for those who ask

    question = check.question or Question(check.domain)
    reply = yield from dns_messages.ask(question, "query", number)
    yield Note("authoritative", reply.authoritative)
    yield Note("truncated", reply.truncated)
    if reply.cname:
        yield Note("cname", reply.cname)
    if not reply.answers:
        raise refuse(FaultKind.PERMANENT, "query", f"no {question.type} for {question.name}{reply.cut_off}")
    yield Note("answers", ", ".join(reply.answers))
    yield Note("ttl", reply.ttl_seconds)


def address_dialogue(host: str, number: int | None = None) -> Dialogue:
    """Ask for the address of a host: A, and AAAA only where there is no A. Gives the reading `address`, one IP literal.

    Of several addresses it is always the same one, whatever order the server gives: a probe that changes its target cannot be compared
    with the one before.
    """
    from probe import dns_messages  # noqa: PLC0415 - as above

    reply = yield from dns_messages.ask(Question(host, "A"), "resolve", number)
    if not reply.answers:
        reply = yield from dns_messages.ask(Question(host, "AAAA"), "resolve", number)
    if not reply.answers:
        raise refuse(FaultKind.PERMANENT, "resolve", f"{host} has no address, neither A nor AAAA{reply.cut_off}")
    yield Note("address", reply.answers[0])
