"""What a server cannot work without: `depends_on`, and what those depend on in turn. A circle has no first cause: refused. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from config.servers import Server

Graph = dict[str, tuple[str, ...]]


def graph(servers: Mapping[str, Server | None]) -> Graph:
    """Return what each server names as needed, as far as it is there; a server that is wrong in itself needs nothing."""
    return {name: tuple(one for one in server.depends_on if one in servers) if server else () for name, server in servers.items()}


def needs_of(servers: Mapping[str, Server]) -> Mapping[str, tuple[str, ...]]:
    """Return for each server those that it cannot work without, theirs included: nearest first, itself never among them."""
    direct = graph(servers)
    return {name: tuple(reached(direct, direct[name], name)) for name in direct}


def reached(direct: Graph, first: Iterable[str], itself: str = "") -> Iterator[str]:
    """Yield the servers that are reached from these, these included, each once, without `itself`."""
    seen, waiting = {itself}, list(first)
    while waiting:
        name = waiting.pop(0)
        if name not in seen:
            seen.add(name)
            yield name
            waiting += direct.get(name, ())


def circles(direct: Graph) -> Iterator[tuple[str, ...]]:
    """Yield each way round, once, from the server that the file names first: ("imap", "directory", "imap")."""
    told: set[str] = set()
    for name in direct:
        way = _way_back(direct, name) if name not in told else ()
        if way:
            told.update(way)
            yield way


def _way_back(direct: Graph, name: str) -> tuple[str, ...]:
    """Return the shortest way from a server to itself, both ends named; () = there is none, or it depends on itself directly."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for one in direct.get(way[-1], ()):
            if one == name and len(way) > 1:
                return (*way, name)
            if one not in seen and one != name:
                seen.add(one)
                ways.append((*way, one))
    return ()
