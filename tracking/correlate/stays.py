"""Events to stays: an id of a server, and of its several lives the one that the time tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.correlate.rules import AMBIGUOUS, CONTRADICTED, ENDS, FILTERS, GUESSED_HOST, RULES, THROUGH_A_GAP
from tracking.correlate.statements import run

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CROWD = 256  # stays that share a Message-ID: more, and it tells nobody apart
CONSTANTS = {
    "guessed": GUESSED_HOST,
    "contradicted": CONTRADICTED,
    "through_a_gap": THROUGH_A_GAP,
    "ambiguous": AMBIGUOUS,
    "crowd": CROWD,
}
OUTCOMES = (
    *(
        ("deliver", "delivered", 90),
        ("send", "relayed", 80),
        ("fail", "bounced", 70),
        ("discard", "discarded", 60),
        ("duplicate", "discarded", 60),
    ),
    *(("quarantine", "discarded", 60), ("reject", "rejected", 50), ("expand", "expanded", 40), ("redirect", "redirected", 40)),
    *(("defer", "deferred", 20), ("waiting", "deferred", 10), ("ended", "unsure", 5)),
)  # how the last leg ended, what that makes of the flow, and which end counts when a recipient has several
_KNOWN = """
create temp table if not exists c_known (name VARCHAR);
create temp table if not exists c_crowds (name VARCHAR);
create or replace temp table c_rules (name VARCHAR, confidence DOUBLE);
create or replace temp table c_ranks (event VARCHAR, leg VARCHAR, rank INTEGER);
create or replace temp table c_outcomes (event VARCHAR, outcome VARCHAR, rank INTEGER);
create or replace temp table c_filters (name VARCHAR);
"""


def prepare(con: DuckDBPyConnection) -> None:
    """Lay the tables of rules beside the events."""
    run(con, "engine")
    con.execute(_KNOWN)
    con.execute(";".join(f"create or replace temp macro {name}() as {value}::double" for name, value in CONSTANTS.items()))
    con.executemany("insert into c_rules values (?, ?)", [(rule.name, rule.confidence) for rule in RULES.values()])
    con.executemany("insert into c_ranks values (?, ?, ?)", [(event, leg, rank) for event, (leg, rank) in ENDS.items()])
    con.executemany("insert into c_outcomes values (?, ?, ?)", OUTCOMES)
    con.executemany("insert into c_filters values (?)", [(name,) for name in FILTERS])


def stays(con: DuckDBPyConnection) -> None:
    """Make `c_stay` and `c_leg` of `events`."""
    run(con, "stays", "legs")
