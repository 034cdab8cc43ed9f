"""Rspamd's line of a scan: `id: <..>, qid: <..>, ip: .., from: <..>, (default: F (no action): [1.20/15.00] [..]), ..` (FORMATS 8).

A scan is no hop: the id is the mail server's own. Senders choose the Message-ID, so the last `>, qid: <` counts.
"""

from __future__ import annotations

from tracking.formats.program import Program, Rule, word

LINES = r"""
select n, time, uncertainty, server, instance, program, tag, severity, null::varchar as id,
       regexp_replace(rest, '^(?:#\d+\([\w-]+\) )?<[^<>]*>; ', '') as text
from heads where software = 'rspamd'
"""
_SCAN = (
    r"[\w-]+; rspamd_task_write_log: id: <(?P<mid>.*)>, qid: <(?P<queue>[^<>]*)>, ip: (?P<ip>[^,\s]*)(?:, user: (?P<account>[^,]*))?"
    r", (?:smtp_)?from: <(?P<sender>.*?)>, \((?P<metric>\w+): (?P<flag>\w) \((?P<action>[\w ]+)\): "
    r"\[(?P<score>[^\]]*)\] \[(?P<symbols>.*)\]\)"
    r"(?:, len: (?P<size>\d+))?(?:, time: (?P<took>[\d.]+)ms)?(?P<more>.*)"
)
_NOTHING = "in ('', 'undef', 'unknown')"
SCAN = Rule(
    "scan",
    "contains(text, '; rspamd_task_write_log: id: ')",
    _SCAN,
    word("agent"),
    {
        "original": "action",
        "message_id": f"case when mid {_NOTHING} then null else '<' || mid || '>' end",
        "internal_message_id": f"case when queue {_NOTHING} then null else queue end",
        "link_rule": f"case when queue {_NOTHING} then null else 'filter-id' end",
        "link_id": f"case when queue {_NOTHING} then null else queue end",
        "link_way": f"case when queue {_NOTHING} then null else 'in' end",
        "client_ip": f"case when ip {_NOTHING} then null else ip end",
        "user_name": "nullif(account, '')",
        "sender": "sender",
        "bytes": "try_cast(size as bigint)",
        "delay_seconds": "round(try_cast(took as double) / 1000, 6)",
        "said": "left(concat(action, ' [', score, '] ', symbols), 1000)",
        "recipient": "case when contains(rcpts, ',') then null else nullif(rcpts, '') end",
        "recipient_count": "case when rcpts <> '' then length(rcpts) - length(replace(rcpts, ',', '')) + 1 end",
    },
    (),
    ({"rcpts": "regexp_extract(more, ', rcpts: <([^<>]*)>', 1)"},),
)
PROGRAM = Program("rspamd", (SCAN, Rule("detail", "true")), LINES)
PROGRAMS = ("rspamd", "rspamd_proxy")
