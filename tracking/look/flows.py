"""Rows of the lake's `flows` as values: times corrected by each server's clock, delays by name, lines by their file's name. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tracking.look import delays
from tracking.look.clocks import Clocks
from tracking.values import Flow, Hop, Line, Link, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ground:
    """What rows are read by: the files' names and the servers' clocks."""

    files: Mapping[int, str] = field(default_factory=dict)  # file_id -> name as it was collected
    clocks: Clocks = field(default_factory=Clocks)


def flow(row: Row, ground: Ground) -> Flow:
    """Return the flow of one row of the view `flows`."""
    hops = _hops(row["hops"] or [], ground)
    entered, left = (hops[0].arrived_at, hops[-1].left_at) if hops else (None, None)
    return Flow(
        message_id=row["message_id"],
        sender=row["sender"],
        recipient=row["recipient"] or "",
        via=tuple(row["via"] or ()),
        subject=row["subject"],
        size_bytes=row["size_bytes"],
        probe=bool(row["probe"]),
        domains=tuple(row["domains"] or ()),
        entered_at=entered,
        left_at=left,
        end_to_end_seconds=_between(entered, left),
        uncertainty_seconds=_uncertainty(row, ground.clocks),
        outcome=Outcome(row["outcome"]),
        said=row["said"],
        hops=hops,
    )


def _between(begin: datetime | None, end: datetime | None) -> float | None:
    return None if begin is None or end is None else (end - begin).total_seconds()


def _hops(rows: Sequence[Row], ground: Ground) -> tuple[Hop, ...]:
    bare = [_hop(row, ground) for row in rows]
    links = [_link(row, here, there) for row, (here, there) in zip(rows, pairwise(bare), strict=False)]
    return tuple(_tied(hop, link) for hop, link in zip(bare, [*links, None], strict=False))


def _tied(hop: Hop, link: Link | None) -> Hop:
    if link is None:
        return hop
    told = (hop.arrived_at, hop.left_at, hop.seconds, hop.delays, hop.clock_offset_seconds, hop.to)
    return Hop(hop.server, hop.software, hop.id, *told, link, hop.lines)


def _link(row: Row, here: Hop, there: Hop) -> Link | None:
    rule = row["rule"]
    return None if rule is None else Link(rule, row["confidence"], _between(here.left_at, there.arrived_at))


def left_of(row: Row) -> datetime | None:
    """Return when a message left a hop, by that server's own clock (naive UTC)."""
    return delays.left_at(row["arrived_at"], row["left_at"], delays.parts(row["delays"]))


def _hop(row: Row, ground: Ground) -> Hop:
    arrived, left, clocks = row["arrived_at"], left_of(row), ground.clocks
    return Hop(
        server=row["server"] or "",
        software=row["software"] or "",
        id=row["id"] or "",
        arrived_at=clocks.corrected(row["server"], arrived),
        left_at=clocks.corrected(row["server"], left),
        seconds=_between(arrived, left),
        delays=delays.parts(row["delays"]),
        clock_offset_seconds=clocks.offset(row["server"], arrived or left),
        to=row["to"] or "",
        link=None,
        lines=tuple(Line(ground.files.get(one["file_id"], ""), one["line"]) for one in row["lines"] or ()),
    )


def _uncertainty(row: Row, clocks: Clocks) -> float:
    """Return how far the whole time may be off: both ends' stamps, better ones than these where there are, and two different clocks."""
    hops = row["hops"] or []
    told = row["uncertainty_seconds"] or 0.0
    if not hops:
        return float(told)
    first, last = hops[0], hops[-1]
    better = _better(first, last, float(told))
    error = 0.0
    if first["server"] != last["server"]:
        error = clocks.error(first["server"], first["arrived_at"]) + clocks.error(last["server"], last["left_at"])
    return float(told - better + error)


def _better(first: Row, last: Row, told: float) -> float:
    """Return by how much the times of both ends are better than what was told of them; an end whose stamp has a fraction told the truth."""
    fine = last["left_at"] is not None and last["left_at"].microsecond > 0
    entrance = _refined(first["arrived_at"]) if told >= (1 if fine else 2) * delays.STAMP_SECONDS else 0.0
    if fine or told < delays.STAMP_SECONDS:
        return entrance
    return entrance + max(_refined(left_of(last)) - delays.parts(last["delays"]).get(delays.POSTFIX[0], 0.0), 0.0)


def _refined(at: datetime | None) -> float:
    """Return by how much a time is better than a stamp of whole seconds: a queue id and the delays show more."""
    return delays.STAMP_SECONDS - 4 * delays.RESOLUTION_SECONDS if at is not None and at.microsecond else 0.0
