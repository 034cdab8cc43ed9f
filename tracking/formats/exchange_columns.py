"""The columns of Exchange's tracking logs: our names for them, how logs and exports call them, and the forms that versions write.

A file's own header decides which columns it has and in which order. Only where a file has lost its header do the known forms help, by
their number of columns. Names are compared without case, hyphens, underscores and blanks: `date-time`, `DateTime` and `date_time` are one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# our name -> the log's own name, then what exports, portals and the cloud call it
_TABLE = """
stamp              | date-time                 | Timestamp, date_time_utc, Received, Date, origin_timestamp_utc
client_ip          | client-ip                 | FromIP, original_client_ip_address
client_host        | client-hostname           |
server_ip          | server-ip                 | ToIP
server_host        | server-hostname           |
context            | source-context            | Detail
connector          | connector-id              |
source             | source                    |
event              | event-id                  | Event, Status
internal_id        | internal-message-id       |
message_id         | message-id                | MSGID
network_id         | network-message-id        | MessageTraceId
recipients         | recipient-address         | Recipients
statuses           | recipient-status          |
bytes              | total-bytes               | Size
count              | recipient-count           | Number-Recipients
related            | related-recipient-address |
reference          | reference                 | Linked-MSGID
subject            | message-subject           | Subject
sender_address     | sender-address            | Sender
return_path        | return-path               |
info               | message-info              |
directionality     | directionality            | direction
tenant_id          | tenant-id                 |
original_client_ip | original-client-ip        |
original_server_ip | original-server-ip        |
custom_data        | custom-data               | EventData, Data
traffic_type       | transport-traffic-type    |
log_id             | log-id                    |
schema_version     | schema-version            |
time_of_day        | Time                      |
partner            | Partner-Name              |
"""
_ROWS = [[cell.strip() for cell in line.split("|")] for line in _TABLE.strip().splitlines()]
KEYS = tuple(row[0] for row in _ROWS)
DROPPED = ("log_id", "schema_version")  # say nothing of the message, differ on each line; the kept raw line has them
_OWN = [row[1] for row in _ROWS[:30]]
_SINCE_2016, _SINCE_2010, _SINCE_2013 = _OWN[27:], _OWN[22:27], _OWN[11]
_2007 = [name for name in _OWN[:22] if name != _SINCE_2013]
FORMS = {len(form): tuple(form) for form in (_2007, [*_2007, *_SINCE_2010], _OWN[:27], [*_OWN[:27], *_SINCE_2016])}
MOST = 200  # columns: no version writes a quarter of that; more is no header


def plain(name: str) -> str:
    """Return a column's name as names are compared."""
    return re.sub(r"[^0-9a-z]", "", name.lower())


_KEY_OF = {plain(name): row[0] for row in _ROWS for name in (row[1], *row[2].split(",")) if name.strip()}


def keys(names: Sequence[str]) -> list[str | None]:
    """Return our name of each column; None = unknown to us, or named a second time."""
    found: list[str | None] = []
    for name in names:
        key = _KEY_OF.get(plain(name))
        found.append(None if key in found else key)
    return found


def selected(names: Sequence[str], absent: str = "") -> tuple[str, list[str]]:
    """Return the SQL list that gives a row's columns our names, and its parameters.

    Columns that the header does not have are NULL. Those unknown to us become `unknown`: members of a JSON object. Their names are from the
    file, so they are parameters, never SQL. `absent` is what the format writes for no value, beside nothing at all.
    """
    ours = keys(names)
    value = f"nullif(nullif({{}}, ''), '{absent}')"
    known = [f"{value.format(f'c{ours.index(key)}')} as {key}" if key in ours else f"null::varchar as {key}" for key in KEYS]
    strange = [position for position, key in enumerate(ours) if key is None]
    members = [f"? || to_json({value.format(f'c{position}')})::varchar" for position in strange]
    unknown = f"nullif(concat_ws(',', {', '.join(members)}), '')" if members else "null::varchar"
    return ", ".join([*known, f"{unknown} as unknown"]), [f"{json.dumps(names[position])}:" for position in strange]
