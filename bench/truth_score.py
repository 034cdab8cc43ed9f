"""Writes a generated network's logs, imports them as the command does, and compares the flows that are found with those that were."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bench.truth_exchange import Exchange
from thresholds.scope import EVERYTHING
from tracking.importing import import_paths
from tracking.importing_values import Options
from tracking.lake.manifest import load
from tracking.lake.reader import open_lake, rows
from tracking.lake.write import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.truth_net import Net, Node
    from bench.truth_values import Ending, Written
    from tracking.importing_values import Report

SURE = 0.9  # a link as confident as that must be right
EXAMPLES = 6
Where = dict[tuple[str, int], int]  # file and line -> the stay that wrote it; stays by number
Key = tuple[str, tuple[int, ...], str]  # recipient, stays, outcome: all that makes a flow right


@dataclass(slots=True)
class Score:
    """How well a world was understood."""

    world: str
    lines: int = 0
    flows: int = 0  # in truth
    right: int = 0  # wholly: each hop, the recipient, the outcome
    missing: int = 0  # none of that recipient begins where this one did
    surplus: int = 0  # found, and of no truth
    merged: int = 0  # flows with stays of several messages
    confident: int = 0  # links that claim to be sure, and are wrong
    unparsed: int = 0
    clock_seconds: float = 0.0  # by how much a difference of two clocks was missed, beyond the error that was stated
    examples: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """A flow as it was found."""

    recipient: str
    stays: tuple[tuple[int, ...], ...]  # of each hop, the true stays whose lines it has: one, if it is right
    outcome: str
    confidences: tuple[float | None, ...]
    rules: tuple[str | None, ...]

    @property
    def key(self) -> Key:
        """What is compared; a hop of several stays is none of them."""
        return self.recipient, tuple(stays[0] if len(stays) == 1 else -1 for stays in self.stays), self.outcome


def written(net: Net, folder: Path) -> Where:
    """Write all logs that are not lost; return which stay each line is of."""
    where: Where = {}
    for name, node in net.nodes.items():
        files: dict[str, list[Written]] = defaultdict(list)
        for line in node.log if node.here == name and name not in net.world.dark else ():
            files[line.file].append(line)
        for file, lines in files.items():
            path = folder / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            header = node.header() if isinstance(node, Exchange) else ""
            _write(path, header, sorted(lines, key=lambda line: line.at), where)
            _touch(path, net, max(line.at for line in lines))
    return where


def _write(path: Path, header: str, lines: list[Written], where: Where) -> None:
    path.write_text(header + "".join(f"{line.text}\n" for line in lines), encoding="utf-8")
    for number, line in enumerate(lines, 1 + header.count("\n")):
        if line.stay:
            where[f"{path.parent.name}/{path.name}", number] = line.stay.number


def _touch(path: Path, net: Net, last: float) -> None:
    """Give a file the age that says the year of its stamps."""
    at = (net.start + timedelta(seconds=last + 3600)).timestamp()
    os.utime(path, (at, at))


def imported(net: Net, folder: Path, lake: Path) -> Report:
    """Import the logs as the command does."""
    pen = Writer(lake, "bench.truth", lambda: net.start + timedelta(days=2))
    try:
        return import_paths(pen, [str(folder)], Options(timezone=net.world.zone))
    finally:
        pen.close()


def found(lake: Path, where: Where) -> list[Found]:
    """Return the flows of a lake, their hops named by the true stays."""
    names = {number: "/".join(source.name.split("/")[-2:]) for number, source in load(lake).files.items()}
    with open_lake(lake, EVERYTHING) as con:
        return [_found(row, names, where) for row in rows(con, "select recipient, outcome, hops from flows")]


def _found(row: dict[str, Any], names: dict[int, str], where: Where) -> Found:
    hops, recipient = row["hops"], (row["recipient"] or "").lower()
    stays = tuple(tuple(sorted(_stays(hop["lines"], names, where))) for hop in hops)
    confidences = tuple(hop["confidence"] for hop in hops)
    return Found(recipient, stays, row["outcome"], confidences, tuple(hop["rule"] for hop in hops))


def _stays(lines: list[dict[str, int]], names: dict[int, str], where: Where) -> set[int]:
    known = (where.get((names[line["file_id"]], line["line"])) for line in lines)
    return {number for number in known if number is not None}


def expected(ending: Ending, dark: tuple[str, ...]) -> list[list[Key]]:
    """Return each way in which a flow may rightly be shown: as one, or in parts where nobody has the logs between."""
    trail, outcome = ending.trail, ending.outcome
    seen = [(stay.number, address.lower()) for stay, address in trail if stay.server not in dark]
    parts = list(_parts(ending, dark))
    if not seen:
        return [[]]
    last = outcome if trail[-1][0].server not in dark else "relayed"
    whole = (ending.recipient.lower() if last == outcome else seen[-1][1], tuple(number for number, _ in seen), last)
    return [[whole], parts] if len(parts) > 1 else [[whole]]


def _parts(ending: Ending, dark: tuple[str, ...]) -> Iterator[Key]:
    """Yield what is left of a trail between the servers without logs."""
    part: list[int] = []
    address = ending.recipient
    for stay, left_as in ending.trail:
        if stay.server not in dark:
            part.append(stay.number)
            address = left_as
        elif part:
            yield address.lower(), tuple(part), "relayed"
            part = []
    if part:
        yield ending.recipient.lower(), tuple(part), ending.outcome


def score(net: Net, lake: Path, where: Where, report: Report) -> Score:
    """Compare."""
    flows, dark = found(lake, where), net.world.dark
    result = Score(net.world.name, lines=report.total("lines"), unparsed=report.total("unparsed"))
    keys = {flow.key: flow for flow in flows}
    wanted: dict[tuple[int, str], list[list[list[Key]]]] = defaultdict(list)
    for ending in net.ends:
        ways = expected(ending, dark)
        if ways[0]:
            wanted[ways[0][0][1][0], ways[0][0][0]].append(ways)
    used = {key for group in wanted.values() for ways in group for way in ways for key in way}
    result.flows = len(wanted)
    begun = {(key[1][0], key[0]) for key in keys}
    for start, group in wanted.items():
        if any(all(key in keys for key in way) for ways in group for way in ways):
            result.right += 1
        else:
            result.missing += start not in begun
            _example(result, net, start, flows, [key for ways in group for way in ways for key in way])
    strange = [flow for key, flow in keys.items() if key not in used]
    result.surplus = len(strange)
    result.examples += [f"of no truth: {_shown(net, flow)}" for flow in strange[:EXAMPLES]]
    _links(result, net, flows)
    return result


def _links(result: Score, net: Net, flows: list[Found]) -> None:
    """Count what is wrong whatever the truth of the flow: merged messages, confident links that are none."""
    steps = ((stay.number for stay, _ in ending.trail) for ending in net.ends)
    edges = {pair for numbers in map(list, steps) for pair in pairwise(numbers)}
    for flow in flows:
        messages = {net.stays[number].message for stays in flow.stays for number in stays}
        result.merged += len(messages) > 1
        for place, stays in enumerate(flow.stays):
            wrong = len(stays) > 1
            confidence = flow.confidences[place]
            if place + 1 < len(flow.stays) and confidence is not None and confidence >= SURE:
                wrong |= not any((one, other) in edges for one in stays for other in flow.stays[place + 1])
            result.confident += wrong
            if wrong and result.confident <= EXAMPLES:
                result.examples.append(f"SURE AND WRONG at hop {place + 1}: {_shown(net, flow)}")


def _example(result: Score, net: Net, start: tuple[int, str], flows: list[Found], keys: list[Key]) -> None:
    """Tell of one flow what was wanted and what was found."""
    if len(result.examples) >= EXAMPLES:
        return
    mine = [flow for flow in flows if start[0] in {number for stays in flow.stays for number in stays} and start[1] == flow.recipient]
    near = mine or [flow for flow in flows if start[0] in {number for stays in flow.stays for number in stays}]
    wanted = " or ".join(f"{_way(net, key[1])}: {key[2]} {key[0]}" for key in keys)
    result.examples.append("\n      ".join([f"wanted {wanted}", *(f"found  {_shown(net, flow)}" for flow in near[:3])]))


def _name(net: Net, number: int) -> str:
    return f"{net.stays[number].server}/{net.stays[number].id}#{number}" if number >= 0 else "?"


def _way(net: Net, numbers: tuple[int, ...]) -> str:
    return " -> ".join(_name(net, number) for number in numbers)


def _shown(net: Net, flow: Found) -> str:
    links = [f" -{rule} {sure}-> " if rule else "" for rule, sure in zip(flow.rules, flow.confidences, strict=True)]
    hops = ["+".join(_name(net, number) for number in stays) or "?" for stays in flow.stays]
    return f"{''.join(hop + link for hop, link in zip(hops, links, strict=True))}: {flow.outcome} {flow.recipient}"


def nodes_of(net: Net) -> list[Node]:
    """Return the servers that have logs."""
    return [node for name, node in net.nodes.items() if node.here == name and node.log and name not in net.world.dark]
