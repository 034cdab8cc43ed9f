"""The headers of our own messages tie the servers' stays together by queue ids, where the servers' replies did not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from probe.received import relays
from tests.tracking.correlate.worlds import START, World, made
from tests.tracking.formats.parsing import parse
from tracking.formats.received import line
from tracking.formats.registry import FORMATS, recognise

HEADER = (
    b"Received: from mx2.b.example (mx2.b.example [192.0.2.2]) by Store.c.example (Postfix) with ESMTPS id 4S7;\r\n"
    b"\tFri, 20 Nov 2026 09:00:03 +0100\r\n"
    b"Received: from mx1.a.example ([192.0.2.1]) by mx2.b.example with esmtps (TLS1.3) tls X (Exim 4.98)\r\n"
    b"\t(envelope-from <a@a.example>) id 1xUnFq-000000005Yw-06aB for b@c.example; Fri, 20 Nov 2026 08:00:02 +0000\r\n"
    b"Received: from client.example (client.example [192.0.2.9]) by mx1.a.example (8.17.1/8.17.1) with ESMTPS id w5PJ1L0X012460;\r\n"
    b"\tFri, 20 Nov 2026 08:00:01 GMT\r\n"
)
SENT = datetime(2026, 11, 20, 8, tzinfo=UTC)
MESSAGE_ID = "<probe-1@mailsonde.example>"


def told() -> str:
    """The line of a message that came through three servers."""
    return line(MESSAGE_ID, relays(HEADER, SENT, SENT + timedelta(seconds=5)))


def test_each_header_names_the_id_before_it() -> None:
    """Two events a pair of servers: what it was given, what it became."""
    assert recognise([told()]) is FORMATS["received"]
    done = parse("received", told())
    assert (done.noise, done.unparsed) == ({}, [])
    facts = [(event["server"], event["link_way"], event["link_host"], event["link_id"], event["time"].second) for event in done.events]
    assert facts == [
        ("mx2.b.example", "in", "mx1.a.example", "w5PJ1L0X012460", 2),
        ("mx2.b.example", "out", "mx2.b.example", "1xUnFq-000000005Yw-06aB", 2),
        ("store.c.example", "in", "mx2.b.example", "1xUnFq-000000005Yw-06aB", 3),
        ("store.c.example", "out", "store.c.example", "4S7", 3),
    ]
    assert done.events[0]["internal_message_id"] == done.events[1]["internal_message_id"] != done.events[2]["internal_message_id"]


def test_what_ties_nothing_is_noise() -> None:
    """A message of one header; a header without id between others; half a line."""
    lonely = line(MESSAGE_ID, relays(HEADER[-150:], SENT, SENT))
    half = told()[:-20]
    done = parse("received", f"{lonely}\n{half}\n")
    assert (done.noise, done.unparsed, done.events) == ({"received/untied": 1}, [half], [])


def _servers(world: World) -> None:
    """mx1 hands to mx2, which says no id; each knows only its own, and neither logs a Message-ID."""
    for server, sid, at in (("mx1.a.example", "w5PJ1L0X012460", 1), ("mx2.b.example", "1xUnFq-000000005Yw-06aB", 2)):
        world.postfix(server, sid, at, None)
        world.sends(server, sid, at + 0.5, next_host="mx2.b.example" if at == 1 else "far.example", said="250 accepted")


def _with_headers(world: World) -> list[dict[str, Any]]:
    events = parse("received", told()).events
    return [*world.rows, *({**event, "file_id": 2, "line": event.pop("n")} for event in events)]


def test_the_ids_link_what_replies_did_not() -> None:
    """Without the headers sender, recipient and time are a guess; with them it is sure, and there is no hop more."""
    world = World()
    _servers(world)
    assert START.hour == SENT.hour
    (guessed,) = made(world.rows)["flows"]
    (sure,) = made(_with_headers(world))["flows"]
    rules = [[(hop["server"], hop["rule"]) for hop in flow["hops"]] for flow in (guessed, sure)]
    assert rules[0] == [("mx1.a.example", "envelope"), ("mx2.b.example", None)]
    assert rules[1] == [("mx1.a.example", "filter-id"), ("mx2.b.example", None)]


def test_headers_alone_are_no_flow() -> None:
    """Where no server's logs are here, there is nothing to tie."""
    assert made(_with_headers(World()))["flows"] == []
