"""What the following process tells the service: how each source stands, how long hops and links took, each of our own messages' ways.

Servers' names are strangers' words: their number has an end. Other people's messages are only counted, never told one by one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

from console.board_trips import HOST
from console.histogram import MAIL_SECONDS, Histogram
from tracking.importing_values import FileReport
from tracking.values import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from service.tracking.orders import JSON
    from tracking.following import Follow, Following
    from tracking.following_times import Ended
    from tracking.importing_values import Progress, Report
    from tracking.lake.manifest import Source
    from tracking.values import Flow, Hop

MOST_SERVERS = 200  # with times of their own; further ones are `other`
OTHER = "other"
STATE_SECONDS = 5.0  # between two states when nothing is new
LINES = 3  # of a hop: file and line, as evidence
REFUSED = 3  # of a source
LINK = " -> "
MOST_FILES = 10_000  # of an import, told one by one
COUNTS = ("lines", "events", "noise", "unparsed", "repaired", "twice", "odd_times", "header_lines")


class Told:
    """Makes news of turns."""

    def __init__(self, follow: Follow, ended: Ended) -> None:
        self._follow, self._ended = follow, ended
        self._names: set[str] = set()
        self._said_at: datetime | None = None

    def turn(self, report: Report) -> Iterator[JSON]:
        """Give the news of one turn: its state where there is anything new, and what has ended."""
        flows = self._ended.news()
        if report.files or flows or self._is_time():
            yield self.state()
        if flows:
            yield {"times": self._times(flows)}
        yield from ({"flow": own_flow(flow)} for flow in flows if flow.probe)

    def under_way(self, far: Progress) -> Iterator[JSON]:
        """Give the state in the midst of a long turn, now and then."""
        if self._is_time():
            yield self.state(far)

    def _is_time(self) -> bool:
        return self._said_at is None or (self._follow.pen.now - self._said_at).total_seconds() >= STATE_SECONDS

    def state(self, far: Progress | None = None) -> JSON:
        """Return how all of it stands."""
        pen = self._follow.pen
        self._said_at = pen.now
        files = self._follow.files_of()
        clocks = self._ended.clocks().latest
        return {
            "state": {
                "at": _iso(pen.now),
                "doing": far.doing if far is not None else "",
                "flows": self._follow.flows,
                "waiting_events": sum(part.rows for part in pen.manifest.of("events") if not part.correlated),
                "lake_bytes": sum(part.bytes for part in pen.manifest.parts),
                "sources": [_source(one, files[one.watch.name]) for one in self._follow.sources],
                "clocks": [
                    {"server": name, "offset_seconds": one.offset_seconds, "error_seconds": one.error_seconds}
                    for name, one in list(clocks.items())[:MOST_SERVERS]
                ],
            }
        }

    def _times(self, flows: Iterable[Flow]) -> JSON:
        """Return how many hops and links took how long, by server and by pair."""
        hops: dict[str, Histogram] = {}
        links: dict[str, Histogram] = {}
        for flow in flows:
            for here, there in zip(flow.hops, (*flow.hops[1:], None), strict=True):
                if here.seconds is not None:
                    hops.setdefault(self._name(_host(here.server)), Histogram(MAIL_SECONDS)).saw(max(0.0, here.seconds))
                if there is not None and here.link is not None and here.link.seconds is not None:
                    name = self._name(f"{_host(here.server)}{LINK}{_host(there.server)}")
                    links.setdefault(name, Histogram(MAIL_SECONDS)).saw(max(0.0, here.link.seconds))
        outcomes = Counter(str(flow.outcome) for flow in flows)
        return {"hops": _counted(hops), "links": _counted(links), "outcomes": dict(outcomes)}

    def _name(self, name: str) -> str:
        if name not in self._names and len(self._names) >= 2 * MOST_SERVERS:
            return OTHER
        self._names.add(name)
        return name


def _host(name: str) -> str:
    """Return a server's name as a label may show it."""
    return name if HOST.fullmatch(name) else OTHER


def _counted(found: dict[str, Histogram]) -> JSON:
    return {name: {"counts": one.counts, "sum": one.sum_seconds} for name, one in found.items()}


def _source(source: Following, files: Iterable[Source]) -> JSON:
    files = list(files)
    last = max((one.last for one in files if one.last is not None), default=None)
    visible = [(one.read_at, one.at) for one in files if one.read_at is not None and one.at is not None]
    read_at, written_at = max(visible, default=(None, None))
    sums = {name: sum(getattr(one, name) for one in files) for name in ("lines", "events", "noise", "unparsed")}
    return {
        "name": source.watch.name,
        "files": len(files),
        **sums,
        "last_at": _iso(last),
        "read_at": _iso(read_at),
        "looked_at": _iso(source.looked_at),
        "lag_seconds": None if read_at is None or written_at is None else (read_at - written_at).total_seconds(),
        "behind_bytes": source.behind_bytes,
        "refused": [f"{path}: {why}" for path, why in list(source.refused.items())[:REFUSED]],
        "refusals": len(source.refused),
    }


def own_flow(flow: Flow) -> JSON:
    """Return the way of one of our own messages."""
    return {
        "message_id": flow.message_id,
        "outcome": str(flow.outcome),
        "uncertainty_seconds": flow.uncertainty_seconds,
        "end_to_end_seconds": flow.end_to_end_seconds,
        "said": flow.said or "",
        "hops": [_hop(one, still=one is flow.hops[-1] and flow.outcome is Outcome.DEFERRED) for one in flow.hops],
    }


def _hop(hop: Hop, *, still: bool) -> JSON:
    return {
        "server": hop.server,
        "id": hop.id,
        "arrived_at": _iso(hop.arrived_at),
        "left_at": None if still else _iso(hop.left_at),  # of a deferred one it is the last try
        "link_seconds": hop.link.seconds if hop.link is not None else None,
        "lines": [[one.file, one.line] for one in hop.lines[-LINES:]],
    }


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def progress(asked: str, far: Progress) -> JSON:
    """Return how far an import by hand is."""
    return {"import": asked, "doing": far.doing, "done_bytes": far.done_bytes, "total_bytes": far.total_bytes, "lines": far.lines}


def imported(asked: str, report: Report) -> JSON:
    """Return what came of it; of very many files the last ones are told as one."""
    files = report.files
    if len(files) > MOST_FILES:
        rest = FileReport(f"{len(files) - MOST_FILES + 1} more files")
        for name in COUNTS:
            setattr(rest, name, sum(getattr(one, name) for one in files[MOST_FILES - 1 :]))
        files = [*files[: MOST_FILES - 1], rest]
    told = {"files": [asdict(one) for one in files], "refused": report.refused[:MOST_FILES]}
    return {"import": asked, "report": {**told, "flows": report.flows, "seconds": report.seconds}}


def failure(said: str, asked: str = "") -> JSON:
    """Return what went wrong, of an import or of the whole process."""
    return {"failed": said, **({"import": asked} if asked else {})}
