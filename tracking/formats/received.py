"""The `Received` headers of our own test messages, as events that tie the servers' stays together by their queue ids (RFC 5321, 4.4).

The service writes one line a message that came back (`line`), into a file that is followed as any log. A header of a message of ours is
sure: each server that it names took it. It makes no hop of its own, as a filter's line makes none; where the logs of both servers are
here, the ids are the link, whatever the servers' replies said.
"""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from probe.values import Relay
    from tracking.formats.format import Context

_MARK = '{"received": 1, '
_KNOWN = "starts_with(line, '" + _MARK + "') and json_valid(line)"
_RELAYS = """from_json(json_extract(line, '$.relays'), '[{"by": "VARCHAR", "id": "VARCHAR", "at": "VARCHAR"}]')"""
_PAIRS = f"""
create or replace temp table received_pairs as
select n, message_id, place, relays[place] as before, relays[place + 1] as here, try_cast(relays[place + 1].at as timestamp) as time from (
    select n, message_id, relays, unnest(range(1, len(relays))) as place from (
        select n, json_extract_string(line, '$.message_id') as message_id,
               list_filter({_RELAYS}, lambda one: one.by <> '' and one.id <> '' and one.at is not null) as relays
        from landed where {_KNOWN}))
"""
_COLUMNS = "n, part, server, software, time, uncertainty_seconds, event, original, internal_message_id, message_id"
# The same line names the id before and the id here: what was given, what it became.
_EVENTS = f"""
insert into parsed ({_COLUMNS}, link_rule, link_id, link_host, link_way)
select n, place * 2 + second, lower(rtrim(here.by, '.')), 'received', time, 1, 'other', 'Received', message_id || '#' || place, message_id,
       'filter-id', case second when 0 then before.id else here.id end,
       lower(rtrim(case second when 0 then before.by else here.by end, '.')), case second when 0 then 'in' else 'out' end
from received_pairs, unnest([0, 1]) as sides(second) where time is not null
"""
_NOISE = f"insert into noise select n, 'received/untied' from landed where ({_KNOWN}) and n not in (select n from parsed)"


def line(message_id: str, relays: Sequence[Relay]) -> str:
    """Return the line, without its end, that tells how a message of ours came: `relays` as they were read, oldest first."""
    stamps = (relay.received_at and f"{relay.received_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" for relay in relays)
    told = [{"by": relay.by, "id": relay.id, "at": stamp} for relay, stamp in zip(relays, stamps, strict=True)]
    return _MARK + json.dumps({"message_id": message_id, "relays": told})[1:]


class Received:
    """The format of the lines that the service writes of its own messages."""

    name = "received"
    about = "the prober's own: how its test messages came, by their Received headers"

    def recognises(self, head: Sequence[str]) -> bool:
        """Say whether a file that begins with these lines is of this format."""
        return bool(head) and head[0].startswith(_MARK)

    def parse(self, con: DuckDBPyConnection, context: Context) -> str:
        """Turn `landed` into `parsed` and `noise`; nothing is to be carried."""
        con.execute(_PAIRS)
        con.execute(_EVENTS)
        con.execute(_NOISE)
        return context.carry
