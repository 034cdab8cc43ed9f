"""Small worlds in a few words: rows of events as formats hand them on, and what the correlation makes of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb

from tracking import schema
from tracking.correlate.run import correlate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

START = datetime(2026, 11, 20, 8)  # noqa: DTZ001 the tables hold naive UTC
Row = dict[str, Any]


class World:
    """A log that writes itself: each call adds one event, one line further."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def says(self, where: str, sid: str | None, event: str, at: float = 0, **columns: object) -> None:
        """Add an event: `mx1` or `mx1/exchange`, the id there, what, seconds since the start."""
        server, _, software = where.partition("/")
        known: Row = {"server": server, "software": software or "postfix", "internal_message_id": sid, "event": event}
        row: Row = {"file_id": 1, "line": len(self.rows) + 1, "part": 0, "uncertainty_seconds": 1.0, "time": START + timedelta(seconds=at)}
        self.rows.append(row | known | columns)

    def postfix(self, server: str, sid: str, at: float, mid: str | None, **columns: object) -> None:
        """Add the arrival of a message at a Postfix."""
        self.says(server, sid, "receive", at, begins=True, client_host=columns.pop("client", None))
        self.says(server, sid, "receive", at, message_id=mid)
        self.says(server, sid, "other", at, **({"sender": "a@x.example", "bytes": 1000} | columns))

    def sends(self, server: str, sid: str, at: float, **columns: object) -> None:
        """Add a hand-over and the end of the stay."""
        self.says(server, sid, columns.pop("event", "send"), at, **({"recipient": "b@y.example"} | columns))  # type: ignore[arg-type]
        self.says(server, sid, "other", at, ends=True)

    def flows(self) -> list[Row]:
        """Correlate all and return the flows."""
        return made(self.rows)["flows"]


def queued(host: str, sid: str, rule: str = "queued-as") -> Mapping[str, str]:
    """Return the columns of a hand-over whose reply names an id."""
    return {
        "next_host": host,
        "link_rule": rule,
        "link_id": sid,
        "link_host": host,
        "link_way": "out",
        "said": f"250 2.0.0 Ok: queued as {sid}",
    }


def session(host: str, sid: str) -> Mapping[str, str]:
    """Return the columns of a hand-over to Dovecot."""
    return dict(queued(host, sid, "lmtp-session")) | {"said": f"250 2.0.0 <b@y.example> {sid} Saved"}


def fill(con: duckdb.DuckDBPyConnection, rows: Iterable[Row], table: str = "events", of: tuple[schema.Column, ...] = schema.EVENTS) -> None:
    """Make a table on a connection and put rows in."""
    con.execute(schema.ddl(table, of))
    values = [[row.get(column.name) for column in of] for row in rows]
    if values:
        con.executemany(f"insert into {table} values ({', '.join('?' * len(of))})", values)  # noqa: S608 names of our own


def made(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Correlate rows; return hops, legs and flows in a stable order."""
    with duckdb.connect(config={"temp_directory": ""}) as con:
        con.execute("set TimeZone='UTC'; set threads=1")
        fill(con, rows)
        correlate(con)
        return {table: table_of(con, table) for table in ("hops", "legs", "flows")}


def table_of(con: duckdb.DuckDBPyConnection, table: str) -> list[Row]:
    """Return the rows of a table as dicts, sorted."""
    found = con.execute(f"select * from {table}")  # noqa: S608 names of our own
    names = [column[0] for column in found.description]
    return sorted((dict(zip(names, row, strict=True)) for row in found.fetchall()), key=repr)


def way(flow: Row) -> str:
    """Return a flow in a line: `mx1 A1 -queued-as-> hub1 B1: delivered b@y.example`."""
    words = [part for hop in flow["hops"] for part in (f"{hop['server']} {hop['id']}", f"-{hop['rule']}->" if hop["rule"] else "")]
    return f"{' '.join(filter(None, words))}: {flow['outcome']} {flow['recipient']}"


def ways(world: World) -> list[str]:
    """Return the flows of a world, each in a line."""
    return sorted(way(flow) for flow in world.flows())


def relay(world: World, chain: str, mid: str | None = "<m@x>", at: float = 0) -> None:
    """Let a message go `mx1 A1 hub1 B1`: each named in the reply to the one before; the last keeps it in a mailbox."""
    names = chain.split()
    stays = list(zip(names[::2], names[1::2], strict=True))
    for place, (server, sid) in enumerate(stays):
        world.postfix(server, sid, at + place, mid, client=stays[place - 1][0] if place else "outside.example")
        onward = dict(queued(*stays[place + 1])) if place + 1 < len(stays) else {"event": "deliver", "next_host": "local"}
        world.sends(server, sid, at + place + 1, **onward)
