"""What each event of Exchange's tracking logs means, and whose name stands where: one table for all versions (numbers before 2007).

`own` is the column that names the server whose stay it is. For DELIVER and its kin that is the *client*: the mailbox server logs the
internal id under which the hub had the message, and the hub's name with it, also when the two are different machines. `begins` marks the
lines that prove a new stay. Shadow copies (HA..) are `agent`: never a hop, an arrival or a loss. A name outside the table is `other`, and
kept.
"""

from __future__ import annotations

# event-id | canonical | own | begins
_TABLE = """
RECEIVE               | receive    | server | yes
SEND                  | send       | client |
SENDEXTERNAL          | send       | client |
DELIVER               | deliver    | client |
DUPLICATEDELIVER      | duplicate  | client |
DELIVERFAIL           | fail       | client |
FAIL                  | fail       | client |
DSN                   | dsn        | server | yes
DEFER                 | defer      | client |
SUBMITDEFER           | defer      | client |
RESUBMITDEFER         | defer      | client |
THROTTLE              | defer      | server |
SUBMIT                | submit     | client |
SUBMITFAIL            | fail       | client |
RESUBMITFAIL          | fail       | client |
NOTIFYMAPI            | submit     | client | yes
CLIENTSUBMISSION      | submit     | client | yes
NOTIFYSHADOW          | agent      | client |
EXPAND                | expand     | server |
RESOLVE               | resolve    | server |
REDIRECT              | redirect   | server |
DUPLICATEEXPAND       | duplicate  | server |
DUPLICATEREDIRECT     | duplicate  | server |
TRANSFER              | transfer   | server | yes
RESUBMIT              | transfer   | server | yes
HAREDIRECT            | agent      | server |
HAREDIRECTFAIL        | agent      | server |
HARECEIVE             | agent      | server |
HADISCARD             | agent      | server |
AGENTINFO             | agent      | client |
LOAD                  | other      | server |
PROCESS               | agent      | client |
PROCESSMEETINGMESSAGE | agent      | server |
INITMESSAGECREATED    | quarantine | server |
MODERATORAPPROVE      | agent      | server |
MODERATORREJECT       | reject     | server |
MODERATIONEXPIRE      | fail       | server |
MODERATORSALLNDR      | fail       | server |
POISONMESSAGE         | poison     | server |
BADMAIL               | discard    | server |
DROP                  | discard    | client |
SUPPRESSED            | discard    | client |
JOURNALREPORT         | other      | server |
JOURNALED             | other      | server |
"""
# 2000 and 2003: X.400 numbers of Exchange 5.5, connectors from 1000, the transport from 1019. A message enters the queue several times
# (each with a 1019), so no number proves a new stay: the first line does.
_NUMBERS = """
0 receive, 4 submit, 7 send, 9 deliver, 26 expand, 28 redirect, 29 other, 31 other, 43 fail, 50 discard, 51 discard, 52 discard
2 dsn, 8 dsn, 10 dsn, 33 dsn, 34 dsn, 1005 dsn, 1006 dsn, 1007 dsn, 1015 dsn, 1016 dsn, 1017 dsn, 1018 dsn
1000 deliver, 1001 receive, 1002 send, 1003 send, 1004 receive, 1010 other, 1011 send, 1012 receive, 1013 other, 1014 other
1019 receive, 1020 other, 1021 discard, 1022 fail, 1023 other, 1024 other, 1025 other, 1026 fail, 1027 submit, 1028 deliver, 1029 other
1030 fail, 1031 send, 1032 defer, 1033 other, 1034 other, 1035 defer, 1036 other, 1037 defer, 1038 other
1039 discard, 1040 discard, 1041 quarantine, 1042 redirect
"""
# Exchange Online has no server names: a trace is one hop, and its rows say how it ended.
_ONLINE = """
Delivered deliver, Expanded expand, Failed fail, FilteredAsSpam quarantine, GettingStatus other, Pending defer, Quarantined quarantine
Receive receive, Send send, Submit submit, Deliver deliver, Defer defer, Fail fail, Expand expand, Redirect redirect, Resolve resolve
Transfer transfer, Drop discard, Spam agent, Journal other, Malware agent, DLP rule agent, Transport rule agent, Send external send
Custom Rule agent, Advanced hunting other
"""


def _pairs(text: str) -> list[tuple[str, str]]:
    """Read `name meaning, name meaning, ..`; the meaning is the last word."""
    words = [item.strip() for line in text.strip().splitlines() for item in line.split(",")]
    return [(name, meaning) for name, _, meaning in (word.rpartition(" ") for word in words)]


_NAMED = [tuple(cell.strip() for cell in line.split("|")) for line in _TABLE.strip().splitlines()]
EVENTS: dict[str, tuple[str, str, bool]] = {name: (meaning, own, begins == "yes") for name, meaning, own, begins in _NAMED}
EVENTS |= {name: (meaning, "server", False) for name, meaning in (*_pairs(_NUMBERS), *_pairs(_ONLINE))}


def known_events() -> str:
    """Return SQL: the table as rows (event, meaning, own, begins), to join."""
    rows = ", ".join(f"('{name}', '{meaning}', '{own}', {str(begins).lower()})" for name, (meaning, own, begins) in EVENTS.items())
    return f"(values {rows}) as kinds(kind, meaning, own, starts)"
