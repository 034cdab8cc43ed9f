"""Forgets incidents that closed long ago, each with all that hangs on it. It forgets none that is open, or of which somebody is to be told.

Silences and windows of maintenance stay for ever: there are few, and reports ask for them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

# ?1 microseconds before which all goes, ?2 how many at the most
OLD = """
    SELECT number, id FROM incidents INDEXED BY incidents_closed WHERE closed_us IS NOT NULL AND closed_us < ?1
        AND NOT EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_waiting WHERE incident = incidents.id AND settled = 0)
        AND NOT EXISTS (SELECT 1 FROM changes INDEXED BY changes_by_incident WHERE incident = incidents.id AND planned = 0)
    ORDER BY closed_us LIMIT ?2
"""
GOING = (  # :numbers, :ids
    "DELETE FROM deliveries WHERE incident IN (SELECT value FROM json_each(:ids))",
    "DELETE FROM changes WHERE incident IN (SELECT value FROM json_each(:ids))",
    """
    DELETE FROM incident_domains WHERE (domain, opened_us, incident) IN (
        SELECT touched.domain, incidents.opened_us, number FROM json_each(:numbers) AS old CROSS JOIN incidents ON number = old.value
        CROSS JOIN incident_domains AS touched INDEXED BY incident_domains_by_incident ON touched.incident = number)
    """,
    "DELETE FROM incidents WHERE number IN (SELECT value FROM json_each(:numbers))",
)
OLD_TOKENS = "DELETE FROM used_tokens WHERE hash IN (SELECT hash FROM used_tokens WHERE used_us < ? ORDER BY used_us LIMIT ?)"


def forgetting(before_us: int) -> Callable[[sqlite3.Connection, int], bool]:
    """Return a work that forgets so many of the incidents that closed before then; it returns whether there may be more."""

    def forget(connection: sqlite3.Connection, many: int) -> bool:
        old = connection.execute(OLD, (before_us, many)).fetchall()
        values = {"numbers": json.dumps([number for number, _ in old]), "ids": json.dumps([known for _, known in old])}
        for statement in GOING:
            connection.execute(statement, values)
        return len(old) == many

    return forget
