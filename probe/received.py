"""`Received` headers as hops (RFC 5321 section 4.4), in the variants that real servers write.

Refuses to guess: a hop whose clocks cannot be trusted has no seconds but a note that says why; it is never negative and never 23 hours.
All headers count, for our message leaves us without any. A hop's seconds are the difference of two different clocks of 1 s resolution.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from probe.dialogue import printable
from probe.maildate import Stamp, read_date
from probe.message import header_fields
from probe.values import Relay

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

MOST = 500  # hops we keep, the newest; servers give up on a loop after 100 (RFC 5321 section 6.3)
_FIELD_LIMIT = 8_192  # characters of one header that we look into
_COMMENT_LIMIT = 400  # characters of a comment in which we look for names; the searches take its square
_WORD_LIMIT = 255  # characters of a name, an id
_SLACK_SECONDS = 1.0  # the resolution of a stamp: a clock within it is not called wrong
_CLAUSES = frozenset({"from", "by", "via", "with", "id", "for"})
_MARK = re.compile(r"\\.|[()]", re.DOTALL)
_WORD = re.compile(r";|[^\s;]+")
_PEER = re.compile(r"(?:\S+@)?(?P<name>[^\s\[\]@]+) \[(?:IPv6:)?(?P<ip>[0-9A-Fa-f.:]+)", re.IGNORECASE)
_IP = re.compile(r"\[?(?:IPv6:)?(?P<ip>(?=[^\s\]]*[.:])[0-9A-Fa-f.:]+)\b", re.IGNORECASE)
_HELO = re.compile(r"\b(?:HELO |EHLO |helo=)(\S+)", re.IGNORECASE)
_NAMELESS = frozenset({"unknown", "localhost", "localhost.localdomain", "userid"})
_MICROSOFT = ("microsoft", "mapi", "https", "shadowredundancy")
_OWN_NETS = tuple(
    ipaddress.ip_network(net) for net in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1", "fe80::/10", "fc00::/7")
)


@dataclass(frozen=True, slots=True)
class _Clause:
    words: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Hop:
    relay: Relay
    stamp: Stamp
    trusted: bool  # the clock was within what we know ourselves


def relays(header: bytes, sent_at: datetime, arrived_at: datetime) -> tuple[Relay, ...]:
    """Return the hops of a message of ours, oldest first.

    Every server took it between `sent_at` (we began to submit it) and `arrived_at` (we saw it), both by our clock: a stamp outside
    shows by how much that server's clock is off, within half the time that the message was under way.
    """
    fields = header_fields(header, "Received")[:MOST]
    hops = [_clocked(*_parse(field[:_FIELD_LIMIT]), sent_at, arrived_at) for field in reversed(fields)]
    return tuple(_timed(hops[index - 1] if index else None, hop) for index, hop in enumerate(hops))


def _parse(field: str) -> tuple[Relay, Stamp]:
    clauses, date = _clauses(field)
    by, peer = clauses.get("by", _Clause()), clauses.get("from", _Clause())
    protocol = _protocol(clauses.get("with", _Clause()).words)
    stamp = read_date(" ".join(date.words), " ".join(date.comments))
    note = "a shadow copy sent again: late, perhaps twice" if protocol == "ShadowRedundancy" else ""
    queue = _id(clauses.get("id", _Clause()), protocol or "")
    relay = Relay(_shown(_server(peer)), _shown(_receiver(by)), stamp.at, None, _shown(queue), _shown(protocol))
    return relay, replace(stamp, note="; ".join(part for part in (note, stamp.note) if part))


def _shown(word: str | None) -> str | None:
    """Return a server's word for human eyes: a header may hold what commands a terminal."""
    return word if word is None else printable(word)


def _clauses(field: str) -> tuple[dict[str, _Clause], _Clause]:
    """Return the clauses by their first word, and what follows the last `;` outside comments: the date."""
    pieces = list(_pieces(field if _comments(field) is not None else re.sub(r"[()]", " ", field)))
    ends = [index for index, piece in enumerate(pieces) if piece == (";", False)]
    last = ends[-1] if ends else len(pieces)
    found: dict[str, list[tuple[str, bool]]] = {}
    name = ""
    for text, comment in pieces[:last]:
        if not comment and text.lower() in _CLAUSES and text.lower() not in found:
            name = text.lower()
            found[name] = []
        else:
            found.setdefault(name, []).append((text, comment))
    return {key: _clause(part) for key, part in found.items()}, _clause(pieces[last + 1 :] if ends else pieces)


def _clause(pieces: list[tuple[str, bool]]) -> _Clause:
    words = tuple(text for text, comment in pieces if not comment)
    return _Clause(words, tuple(text[:_COMMENT_LIMIT] for text, comment in pieces if comment))


def _comments(field: str) -> list[tuple[int, int]] | None:
    """Return where comments of depth 0 begin and end, None when parentheses do not match: then they mean nothing."""
    depth, start, spans = 0, 0, []
    for mark in _MARK.finditer(field):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if depth < 0:
            return None
        if mark[0] == "(" and depth == 1:
            start = mark.start()
        elif mark[0] == ")" and depth == 0:
            spans.append((start, mark.end()))
    return spans if depth == 0 else None


def _pieces(field: str) -> Iterator[tuple[str, bool]]:
    """Yield words and `;` of depth 0 (False) and whole comments without their parentheses (True)."""
    at = 0
    for start, end in _comments(field) or ():
        yield from ((word, False) for word in _WORD.findall(field[at:start]))
        yield field[start + 1 : end - 1].strip(), True
        at = end
    yield from ((word, False) for word in _WORD.findall(field[at:]))


def _server(peer: _Clause) -> str | None:
    """Return who handed over: the name the receiver looked up, else the address it saw, else (in our own nets) the name it was told."""
    told = _told(peer)
    for seen_by_receiver in (*(word for word in peer.words[:1] if word.startswith("[")), *peer.comments):
        seen = _PEER.search(seen_by_receiver)
        name = seen["name"].rstrip(".") if seen else ""
        if name and name.lower() not in _NAMELESS and "may be forged" not in seen_by_receiver:
            return name[:_WORD_LIMIT]
        address = seen or _IP.match(seen_by_receiver)
        if address and (not _ours(address["ip"]) or not told):
            return address["ip"]
    return told


def _told(peer: _Clause) -> str | None:
    """Return the name that the peer gave in HELO. Exim and qmail write it into a comment when an address or looked-up name comes first."""
    word = peer.words[0].rstrip(".") if peer.words else ""
    if word and word.lower() not in _NAMELESS and not word.startswith("["):
        return word[:_WORD_LIMIT]
    helo = next((found[1] for comment in peer.comments if (found := _HELO.search(comment))), "")
    return helo[:_WORD_LIMIT] or None


def _ours(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return True
    return any(ip in net for net in _OWN_NETS)


def _receiver(by: _Clause) -> str | None:
    """Return the server that wrote the header; one that calls itself localhost may give its name in a comment (amavis)."""
    word = by.words[0].rstrip(".") if by.words else ""
    if word.lower() in _NAMELESS:
        names = (seen["name"] for comment in by.comments if (seen := _PEER.match(comment)))
        word = next((name for name in names if name.lower() not in _NAMELESS), word)
    return word[:_WORD_LIMIT] or None


def _protocol(words: tuple[str, ...]) -> str | None:
    lower = [word.lower() for word in words]
    end = lower.index("tls") if "tls" in lower else len(words)  # Exim: with esmtps (TLS1.3) tls CIPHER
    return " ".join(words[:end])[:_WORD_LIMIT] or None


def _id(clause: _Clause, protocol: str) -> str | None:
    """Return the queue or session id. Exchange writes its product version there, which is none."""
    if not clause.words or protocol.lower().startswith(_MICROSOFT):
        return None
    return clause.words[0].strip("<>")[:_WORD_LIMIT] or None


def _clocked(relay: Relay, stamp: Stamp, sent_at: datetime, arrived_at: datetime) -> _Hop:
    """Return the hop with what one trip can tell of its clock: an interval, of which we state middle and half-width."""
    if stamp.at is None:
        return _Hop(replace(relay, note=stamp.note), stamp, trusted=False)
    least = (stamp.at - arrived_at).total_seconds()
    most = (stamp.at - sent_at).total_seconds() + stamp.resolution_seconds
    if least <= _SLACK_SECONDS and most >= -_SLACK_SECONDS:
        known = replace(relay, clock_offset_seconds=0.0, clock_error_seconds=max(abs(least), abs(most)), note=stamp.note)
        return _Hop(known, stamp, trusted=True)
    offset, error = (least + most) / 2, (most - least) / 2
    words = f"its clock is {abs(offset):.1f} s {'ahead of' if offset > 0 else 'behind'} ours, give or take {error:.1f} s"
    note = "; ".join(part for part in (stamp.note, words) if part)
    return _Hop(replace(relay, clock_offset_seconds=offset, clock_error_seconds=error, note=note), stamp, trusted=False)


def _timed(before: _Hop | None, hop: _Hop) -> Relay:
    """Return the relay with its seconds, or with the reason why they are not known. The first has no hop before it."""
    if before is None or hop.stamp.at is None:
        return hop.relay
    if before.stamp.at is None:
        return _noted(hop.relay, "the hop before states no time")
    seconds = (hop.stamp.at - before.stamp.at).total_seconds()
    why = _untimed(before, hop, seconds)
    return replace(hop.relay, seconds=seconds) if why is None else _noted(hop.relay, why)


def _untimed(before: _Hop, hop: _Hop, seconds: float) -> str | None:
    """Return why the time between two stamps says nothing ("" = the hop's own note says it), None when it counts."""
    two_clocks = hop.relay.by is None or hop.relay.by != before.relay.by
    reasons = (
        (max(before.stamp.resolution_seconds, hop.stamp.resolution_seconds) > 1, "no seconds are written"),
        (two_clocks and not hop.trusted, ""),
        (two_clocks and not before.trusted, "the clock of the hop before is wrong"),
        (seconds < 0, "stamped earlier than the hop before: their clocks differ"),
    )
    return next((why for holds, why in reasons if holds), None)


def _noted(relay: Relay, why: str) -> Relay:
    return replace(relay, note="; ".join(part for part in (relay.note, why) if part))
