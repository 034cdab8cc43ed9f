"""The columns of all that the lake keeps, and of what a format hands on: one list each, from which the SQL is made.

Types are DuckDB's names of types that Parquet and Spark have too. TIMESTAMP is UTC with microseconds, as the server's own clock said it
(uncorrected: offsets are a table of their own, so that a better estimate rewrites nothing). An absent value is NULL, never ''.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its type, what it holds."""

    name: str
    type: str
    about: str


def columns(text: str) -> tuple[Column, ...]:
    """Read a table of `name | type | about` lines."""
    rows = (line.split("|") for line in text.strip().splitlines())
    return tuple(Column(name.strip(), kind.strip(), about.strip()) for name, kind, about in rows)


PARSED = columns("""
n                      | BIGINT    | the line of the batch that says it (`landed.n`)
part                   | INTEGER   | 0, or which of several events of one line (one per recipient)
server                 | VARCHAR   | whose log it is, as the line or the source's settings name it; lower case, no final dot
software               | VARCHAR   | postfix, exchange, dovecot, exim, sendmail, oracle, amavis, rspamd, ...
instance               | VARCHAR   | which of several of the same software on one server (Postfix's syslog_name where it is not postfix)
program                | VARCHAR   | the part of the software that wrote it: smtpd, qmgr, lmtp, ...
time                   | TIMESTAMP | the line's stamp
uncertainty_seconds    | FLOAT     | how much later than the stamp it may have been (its resolution; 3600 more in an undecided DST fold)
event                  | VARCHAR   | one of tracking.values.CANONICAL
original               | VARCHAR   | what the format itself calls it: RECEIVE, `status=sent`, `<=`
begins                 | BOOLEAN   | this line proves that a new stay begins (client=, pickup, <=, RECEIVE)
ends                   | BOOLEAN   | this line ends the stay (removed, Completed)
arrived_at             | TIMESTAMP | when the stay began, where the line tells it better than its stamp does (long queue id, stamp - delay)
client_ip              | VARCHAR   | the peer that handed the message over; on sending, ourselves
client_host            | VARCHAR   | its name
server_ip              | VARCHAR   | on receiving ourselves, on sending the peer
server_host            | VARCHAR   | its name
source_context         | VARCHAR   | as the format has it
connector              | VARCHAR   | connector, channel, router and transport, listening service
source                 | VARCHAR   | the component that raised it: SMTP, STOREDRIVER, ...
internal_message_id    | VARCHAR   | the server's own id of this stay: queue id, internal message id, session id
message_id             | VARCHAR   | Message-ID with its brackets, as it was logged; NULL when none
recipient              | VARCHAR   | one final address of this event, as it was logged without brackets
status                 | VARCHAR   | of this recipient: enhanced status code, recipient-status
bytes                  | BIGINT    | size of the message
recipient_count        | INTEGER   | as logged
related_recipient      | VARCHAR   | the other address of the pair: the one before alias, rewriting or redirection; the group
reference              | VARCHAR   | ids this event refers to, as logged
subject                | VARCHAR   | as logged
sender                 | VARCHAR   | envelope sender where the format has it (else the header's); '' = the null sender
return_path            | VARCHAR   | as logged
message_info           | VARCHAR   | as logged
directionality         | VARCHAR   | as logged
tenant_id              | VARCHAR   | as logged
original_client_ip     | VARCHAR   | where it first came from, as a server in front tells
original_server_ip     | VARCHAR   | which server took it first
network_id             | VARCHAR   | id of the message across servers (Exchange's network-message-id, lower case, with hyphens)
known_as               | VARCHAR   | another id by which others claim this stay (mapi:GUID:EVENT, Dovecot's session, Oracle's envelope id)
link_rule              | VARCHAR   | the rule that this line proves (`tracking.correlate.rules`): queued-as, internal-id, lmtp-session, ..
link_id                | VARCHAR   | the id that it claims
link_host              | VARCHAR   | the host on which that id means something, as the line names it; NULL = this server
link_way               | VARCHAR   | out: this stay led to that id; in: this stay came from that id
next_host              | VARCHAR   | where it went, as the line names it (relay=, H=); NULL = nowhere; `local` = a mailbox or program here
next_ip                | VARCHAR   | its address
said                   | VARCHAR   | the peer's or the program's words, at most 1000 characters
delay_seconds          | DOUBLE    | since arrival, as logged
delays                 | VARCHAR   | its parts as logged: 0.1/0/0.2/1.1
user_name              | VARCHAR   | who signed in
method                 | VARCHAR   | by which mechanism
tls                    | VARCHAR   | protocol and cipher
mailbox                | VARCHAR   | folder it was put into
extra                  | VARCHAR   | JSON object of what has no column (a log's own unknown columns among it)
""")
EVENTS = (
    Column("file_id", "UBIGINT", "the file: `manifest.files` names it"),
    Column("line", "BIGINT", "its line there, from 1"),
    *(column for column in PARSED if column.name != "n"),
    Column("server_group", "VARCHAR", "the group the source is in (Exchange's administrative group); NULL = none"),
)
NOISE = columns("""
n    | BIGINT  | the line
kind | VARCHAR | why it says nothing about mail: `postfix/anvil`, `slapd`, `blank`, `header`; few and short, they are counted by it
""")
LINES = columns("""
file_id | UBIGINT   | the file: `manifest.files` names it
line    | BIGINT    | its line there, from 1
time    | TIMESTAMP | of its events; NULL when it has none (then the batch's last before it)
state   | VARCHAR   | event, noise or unparsed: the three add up to the lines of the file
kind    | VARCHAR   | of noise; of unparsed: what was expected; NULL for events
text    | VARCHAR   | the line, made safe UTF-8
""")
HOPS = columns("""
hop_id       | VARCHAR   | names the stay whatever the order of imports: a hash of server, software, instance, id and its first own fact
part_of      | VARCHAR   | the component: all stays that ids tie together; recomputed as one
server       | VARCHAR   | canonical name (short and long form of one host are one)
server_group | VARCHAR   |
software     | VARCHAR   |
instance     | VARCHAR   |
id           | VARCHAR   | the server's own id
message_id   | VARCHAR   |
network_id   | VARCHAR   |
sender       | VARCHAR   |
size_bytes   | BIGINT    |
subject      | VARCHAR   |
client_ip    | VARCHAR   |
client_host  | VARCHAR   |
user_name    | VARCHAR   |
arrived_at   | TIMESTAMP | by this server's clock, uncorrected
left_at      | TIMESTAMP | last departure; NULL = still there
uncertainty_seconds | FLOAT |
recipients   | INTEGER   | how many it was sent on to
finished     | BOOLEAN   |
first_at     | TIMESTAMP | of its events: together with server, software, instance and id they tell which events are its own
last_at      | TIMESTAMP |
is_hop       | BOOLEAN   | false: a filter's lines, which tie ids together but are no hop of a flow
keys         | UBIGINT[] | by what later events may prove to belong with it (`tracking.correlate.components`)
""")
LEGS = columns("""
hop_id     | VARCHAR   | the stay that it left
part_of    | VARCHAR   |
recipient  | VARCHAR   | whose copy
via        | VARCHAR   | address it had before in this stay; NULL = the same
event      | VARCHAR   | how it ended: deliver, send, fail, defer, discard, expand, redirect, quarantine, duplicate
time       | TIMESTAMP | uncorrected
said       | VARCHAR   |
status     | VARCHAR   |
next_host  | VARCHAR   | as logged
next_hop   | VARCHAR   | hop_id of the stay that it led to; NULL = outside our logs
rule       | VARCHAR   |
confidence | DOUBLE    |
""")
FLOWS = columns("""
flow_id             | VARCHAR   | hash of entrance hop and final recipient: the same whatever the order of imports
part_of             | VARCHAR   | the component
message_id          | VARCHAR   |
sender              | VARCHAR   |
recipient           | VARCHAR   |
via                 | VARCHAR[] |
subject             | VARCHAR   |
size_bytes          | BIGINT    |
probe               | BOOLEAN   |
domains             | VARCHAR[] | of sender and recipient, lower case
client_ip           | VARCHAR   | who handed it to the entrance
user_name           | VARCHAR   | who signed in there
entry_server        | VARCHAR   |
exit_server         | VARCHAR   |
entered_at          | TIMESTAMP | by the entrance's clock, uncorrected
left_at             | TIMESTAMP | by the exit's clock, uncorrected
uncertainty_seconds | DOUBLE    |
outcome             | VARCHAR   | tracking.values.Outcome
said                | VARCHAR   |
finished            | BOOLEAN   | may still change only through late lines
duplicate           | BOOLEAN   | it arrived more than once
hops                | STRUCT(hop_id VARCHAR, server VARCHAR, software VARCHAR, id VARCHAR, arrived_at TIMESTAMP, left_at TIMESTAMP, delays VARCHAR, "to" VARCHAR, rule VARCHAR, confidence DOUBLE, lines STRUCT(file_id UBIGINT, line BIGINT)[])[] | in the order of the way
""")  # noqa: E501 one type, one line: the reader splits at lines
OFFSETS = columns("""
server         | VARCHAR   | canonical name
since          | TIMESTAMP | from when on this estimate holds (steps and drift split the series)
until          | TIMESTAMP |
offset_seconds | DOUBLE    | what to subtract from its stamps
error_seconds  | DOUBLE    | how far off this may be; NULL = only a lower bound
drift_ppm      | DOUBLE    |
pairs          | BIGINT    | stamps on both sides of links that it rests on
""")
KINDS = {"lines": LINES, "events": EVENTS, "hops": HOPS, "legs": LEGS, "flows": FLOWS, "offsets": OFFSETS}


def _typed(of: tuple[Column, ...]) -> str:
    return ", ".join(f'"{column.name}" {column.type}' for column in of)


def ddl(table: str, of: tuple[Column, ...]) -> str:
    """Return the statement that makes an empty temporary table of these columns."""
    return f"create or replace temp table {table} ({_typed(of)})"
