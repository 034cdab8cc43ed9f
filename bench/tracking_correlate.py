"""How fast events become flows: a million messages over Postfix, Postfix and Dovecot (7 events each), memory bounded.

python -m bench.tracking_correlate [--messages 1000000] [--memory 1GiB]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time

import duckdb

from tracking import schema
from tracking.correlate.run import STAGES, correlate

# one message: client=, message-id=, delivery with `queued as`, removed; on the hub client= and delivery with a session; Dovecot's saved
_EVENTS = """
insert into events by name
with message as (select i, timestamp '2026-11-20' + to_microseconds(i * 86000) as t0, format('<{}.{}@x{}.example>', i, i * 7919, i % 97) as mid,
    format('user{}@y{}.example', i % 50021, i % 31) as rcpt, format('4jW{:08X}z', i) as a, format('4jX{:08X}z', i) as b, format('sess{:018d}', i) as s
    from range($messages) t(i))
select i + 1 as file_id, 1::bigint as line, 0 as part, 'mx1.x.example' as server, 'postfix' as software, a as internal_message_id, t0 as time, 'receive' as event,
    true as begins, null::boolean as ends, null as message_id, null as recipient, null as sender, null::bigint as bytes, null as next_host, null as link_rule, null as link_id,
    null as link_host, null as link_way, null as said, 'client.example' as client_host, '203.0.113.9' as client_ip, null as delays, 1.0 as uncertainty_seconds from message
union all select i + 1, 2, 0, 'mx1.x.example', 'postfix', a, t0, 'receive', null, null, mid, null, 's@x.example', 4000, null, null, null, null, null, null, null, null, null, 1 from message
union all select i + 1, 3, 0, 'mx1.x.example', 'postfix', a, t0 + interval 1 second, 'send', null, null, null, rcpt, null, null, 'hub1.x.example', 'queued-as', b, 'hub1.x.example', 'out',
    '250 2.0.0 Ok: queued as ' || b, null, null, '0.1/0/0.1/0.8', 1 from message
union all select i + 1, 4, 0, 'mx1.x.example', 'postfix', a, t0 + interval 1 second, 'other', null, true, null, null, null, null, null, null, null, null, null, null, null, null, null, 1 from message
union all select i + 1, 5, 0, 'hub1.x.example', 'postfix', b, t0 + interval 1 second, 'receive', true, null, mid, null, null, 4400, null, null, null, null, null, null, 'mx1.x.example', '10.0.0.1',
    null, 1 from message
union all select i + 1, 6, 0, 'hub1.x.example', 'postfix', b, t0 + interval 2 seconds, 'deliver', null, true, null, rcpt, null, null, 'hub1.x.example', 'lmtp-session', s, 'hub1.x.example', 'out',
    '250 2.0.0 <' || rcpt || '> ' || s || ' Saved', null, null, '0.1/0/0.1/0.8', 1 from message
union all select i + 1, 7, 0, 'hub1.x.example', 'dovecot', s, t0 + interval 2 seconds, 'deliver', null, null, mid, rcpt, null, null, null, null, null, null, null, 'saved mail to INBOX', null, null,
    null, 1 from message
"""  # noqa: E501 one row of the union is one line of a log


def main() -> None:
    """Print the seconds of each stage, the rate, the memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--memory", default="1GiB")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con:
        con.execute("set TimeZone='UTC'; set threads=2")
        con.execute(f"set temp_directory='{folder}'; set memory_limit='{given.memory}'")
        _measure(con, given.messages, folder)


def _measure(con: duckdb.DuckDBPyConnection, messages: int, folder: str) -> None:
    con.execute(schema.ddl("made", schema.EVENTS))
    con.execute(_EVENTS.replace("into events", "into made"), {"messages": messages})
    con.execute(f"copy made to '{folder}/events.parquet'; drop table made; create temp view events as from '{folder}/events.parquet'")
    began, cpu = time.monotonic(), time.process_time()
    correlate(con, lambda stage: print(f"  {stage:<12}{time.monotonic() - began:7.2f} s", flush=True))
    took, worked = time.monotonic() - began, time.process_time() - cpu
    (flows,), (whole,) = con.execute("select count(*) from flows union all select count(*) from flows where len(hops) = 3").fetchall()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{messages:,} messages, {7 * messages:,} events: {took:.1f} s ({worked:.1f} s of CPU), {7 * messages / took:,.0f} events/s")
    print(f"{flows:,} flows, {whole:,} of them whole; peak {peak:.0f} MiB; stages {', '.join(STAGES)}")


if __name__ == "__main__":
    main()
