"""Rows as values: corrected times, links between corrected times, lines by file, how sure the whole is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tracking.look.clocks import Clocks
from tracking.look.document import document
from tracking.look.flows import Ground, flow
from tracking.values import Line, Outcome

AT = datetime(2026, 11, 20, 8, 0, 0, 250_000)  # naive UTC, as the lake has it  # noqa: DTZ001
BEGIN = datetime(2026, 11, 20, 8)  # noqa: DTZ001


def hop(server: str, arrived: datetime | None, left: datetime | None, **more: Any) -> dict[str, Any]:
    return {
        **dict.fromkeys(("delays", "to")),
        "server": server,
        "software": "exchange",
        "id": "7",
        "arrived_at": arrived,
        "left_at": left,
        "rule": "queued-as",
        "confidence": 1.0,
        "lines": [{"file_id": 1, "line": 3}],
        **more,
    }


def row(*hops: dict[str, Any], **more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(("message_id", "sender", "recipient", "via", "subject", "size_bytes", "probe", "domains", "said"))
    return {**empty, "uncertainty_seconds": 0.002, "outcome": "delivered", "hops": list(hops), **more}


def clocks(**offsets: float) -> Clocks:
    span = {"since": BEGIN, "until": BEGIN + timedelta(hours=1), "error_seconds": 0.01, "drift_ppm": 0.0, "pairs": 9}
    return Clocks({"server": server, "offset_seconds": offset, **span} for server, offset in offsets.items())


def seconds(*values: float) -> list[datetime]:
    return [AT + timedelta(seconds=value) for value in values]


def test_each_hop_is_corrected_by_its_own_clock_and_links_by_both() -> None:
    arrived, left, there, gone = seconds(0, 1, 4.5, 5)  # the second clock is 3 s ahead
    found = flow(row(hop("mx1", arrived, left), hop("hub1", there, gone)), Ground({1: "a.log"}, clocks(mx1=0.0, hub1=3.0)))
    mx1, hub1 = found.hops
    assert (mx1.seconds, hub1.seconds, hub1.clock_offset_seconds) == (1.0, 0.5, 3.0)
    assert mx1.link is not None
    assert mx1.link.seconds == pytest.approx(0.5)
    assert hub1.link is None
    assert hub1.arrived_at == AT.replace(tzinfo=UTC) + timedelta(seconds=1.5)
    assert found.end_to_end_seconds == pytest.approx(2.0)
    assert found.uncertainty_seconds == pytest.approx(0.022)  # both stamps, and both clocks
    assert mx1.lines == (Line("a.log", 3),)


def test_one_server_needs_no_other_clock() -> None:
    found = flow(row(hop("mx1", *seconds(0, 1))), Ground({}, clocks(mx1=3.0)))
    assert found.uncertainty_seconds == pytest.approx(0.002)
    assert found.end_to_end_seconds == pytest.approx(1.0)


def test_clocks_that_disagree_stay_visible() -> None:
    arrived, left, there, gone = seconds(0, 1, 0.5, 0.7)
    found = flow(row(hop("mx1", arrived, left), hop("hub1", there, gone)), Ground())
    assert found.hops[0].link is not None
    assert found.hops[0].link.seconds == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("uncertainty", "exit_at", "delays", "left"),
    [
        (2.0, BEGIN + timedelta(seconds=1), "0.1/0/0.2/0.5", 0.18),  # two whole seconds; the exit's part before the queue is left open
        (1.0, AT + timedelta(seconds=1), None, 0.04),  # the exit tells microseconds, the entrance's queue id as well
        (2.0, BEGIN + timedelta(seconds=1), None, 1.04),  # nothing betters the exit
    ],
)
def test_what_is_better_than_a_stamp_makes_it_surer(uncertainty: float, exit_at: datetime, delays: str | None, left: float) -> None:
    found = flow(row(hop("mx1", AT, exit_at, delays=delays), uncertainty_seconds=uncertainty), Ground())
    assert found.uncertainty_seconds == pytest.approx(left)


def test_a_refusal_has_no_hop_and_no_time() -> None:
    found = flow(row(outcome="rejected"), Ground())
    assert (found.outcome, found.hops, found.entered_at, found.end_to_end_seconds) == (Outcome.REJECTED, (), None, None)


def test_the_document_has_the_names_and_order_of_the_design() -> None:
    told = document(flow(row(hop("mx1", *seconds(0, 1)), hop("hub1", *seconds(1.2, 2))), Ground({1: "a.log"})))
    assert list(told) == [
        *("message_id", "sender", "recipient", "via", "subject", "size_bytes", "probe", "domains"),
        *("entered_at", "left_at", "end_to_end_seconds", "uncertainty_seconds", "outcome", "said", "hops"),
    ]
    assert list(told["hops"][0]) == [
        *("server", "software", "id", "arrived_at", "left_at", "seconds", "delays", "clock_offset_seconds", "to", "link", "lines"),
    ]
    assert told["entered_at"] == "2026-11-20T08:00:00.250Z"
    assert told["hops"][0]["link"] == {"rule": "queued-as", "confidence": 1.0, "seconds": 0.2}
    assert told["hops"][1]["link"] is None
