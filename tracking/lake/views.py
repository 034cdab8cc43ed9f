"""Writes the SQL of the views through which a lake is read: exactly one commit's files, without what was replaced, within a scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.lake.engine import quoted
from tracking.lake.kinds import NEWEST, REPLACED, SHOWN, STORED, names, nothing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tracking.lake.manifest import Manifest, Part

GONE = "_gone"  # temporary table: part_of, sequence of the last commit that replaced it


def source(lake: Path, kind: str, parts: Sequence[Part]) -> str:
    """Return a SELECT of all that these files hold, as they hold it, with the columns of this version: those they lack are NULL."""
    shapes: dict[str, list[str]] = {}
    for part in parts:
        shapes.setdefault(part.shape, []).append(quoted(lake / part.path))
    reads = (f"select * from read_parquet([{', '.join(paths)}], hive_partitioning = false)" for paths in shapes.values())
    return f"select {names(STORED[kind])} from (" + " union all by name ".join([nothing(STORED[kind]), *reads]) + ")"


def living(lake: Path, kind: str, parts: Sequence[Part], tombstones: Sequence[Part]) -> str:
    """Return a SELECT of the rows that no later commit replaced; needs the table GONE."""
    if kind in NEWEST:
        last = f"row_number() over (partition by {NEWEST[kind]} order by sequence desc nulls last) = 1"
        return f"select * from ({source(lake, kind, parts)}) r qualify {last}"
    newest = max((one.sequence for one in tombstones), default=0)
    if kind not in REPLACED or all(part.applied >= newest for part in parts):
        return source(lake, kind, parts)
    dead = f"exists (select 1 from {GONE} g where g.part_of = r.part_of and g.sequence > r.sequence)"
    return f"select * from ({source(lake, kind, parts)}) r where not {dead}"


def gone_table(lake: Path, manifest: Manifest) -> str:
    """Return the statement that makes the table GONE."""
    rows = source(lake, "tombstones", manifest.of("tombstones"))
    return f"create or replace temp table {GONE} as select part_of, max(sequence) as sequence from ({rows}) group by part_of"


_DOMAINS = "(select domain from _scope)"
_SCOPED = {
    "flows": "list_has_any(domains, (select list(domain) from _scope))",
    "hops": "hop_id in (select hop_id from _seen_hops)",
    "legs": "hop_id in (select hop_id from _seen_hops)",
    "events": "(file_id, line) in (select (file_id, line) from _seen_lines)",
    "lines": "(file_id, line) in (select (file_id, line) from _seen_lines)",
    "trips": f"lower(domain) in {_DOMAINS}",
    "rollups": f"lower(domain) in {_DOMAINS}",
    "incidents": "len(domains) > 0 and list_has_all((select list(domain) from _scope), list_transform(domains, lambda x: lower(x)))",
    "changes": "incident in (select id from incidents)",
    "maintenance": "exists (select 1 from _scope s where s.domain glob lower(scene_domain))",
    "offsets": "true",
}  # what a reader of some domains sees of each kind; needs SCOPING
SCOPING = (
    "create or replace temp view _seen as select unnest(hops, max_depth := 2) from flows",
    "create or replace temp view _seen_hops as select distinct hop_id from _seen",
    "create or replace temp view _seen_lines as select distinct l.file_id, l.line from (select unnest(lines) as l from _seen)",
)


def view(kind: str, rows: str, scoped: bool) -> str:
    """Return the statement that makes the view of one kind from the SELECT of its rows."""
    where = f" where {_SCOPED[kind]}" if scoped else ""
    return f"create or replace temp view {kind} as select {names(SHOWN[kind])} from ({rows}) v{where}"
