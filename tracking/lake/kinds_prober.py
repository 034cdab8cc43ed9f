"""The columns of what the service adds to a lake of its own: trips, rollups, incidents with their changes, maintenance. No I/O.

Each has the site of the prober. A row may come again, changed: of those with the same key the one of the latest commit counts (NEWEST).
"""

from __future__ import annotations

from tracking.schema import columns

TRIPS = columns("""
trip                | VARCHAR   | its name: the domain, or the entry under `trips:`
site                | VARCHAR   | where the prober stands
domain              | VARCHAR   | the receiving domain
message_id          | VARCHAR   | with its brackets: ties it to its flow
started_at          | TIMESTAMP | by the prober's clock
outcome             | VARCHAR   | probe.values.Outcome; only finished trips are kept
submit_seconds      | DOUBLE    |
transit_seconds     | DOUBLE    |
retrieve_seconds    | DOUBLE    |
total_seconds       | DOUBLE    |
uncertainty_seconds | DOUBLE    |
folder              | VARCHAR   |
level               | VARCHAR   |
said                | VARCHAR   |
submitted_at        | TIMESTAMP | when the conversation began that handed it over
""")
ROLLUPS = columns("""
what           | VARCHAR   | check or trip: what was counted
name           | VARCHAR   | of the check (abc.example/imap) or of the trip
site           | VARCHAR   | where the prober stands
domain         | VARCHAR   |
server         | VARCHAR   | of a check: its name in the configuration
kind           | VARCHAR   | of a check: imap, smtp, ..
started_at     | TIMESTAMP | the hour or day (UTC)
period_seconds | INTEGER   | 3600 or 86400
suspects       | BIGINT    | counted here and in nothing that follows
ok             | BIGINT    | runs of a check by their level
unknown        | BIGINT    |
warning        | BIGINT    |
critical       | BIGINT    |
faults         | BIGINT    | of these, those without an answer
outcomes       | VARCHAR   | of trips: JSON, outcome -> how many
answers        | BIGINT    | whose times follow: runs with an answer, trips whose total is known
sum_seconds    | DOUBLE    |
min_seconds    | DOUBLE    |
median_seconds | DOUBLE    | within 2 %
p95_seconds    | DOUBLE    |
p99_seconds    | DOUBLE    |
max_seconds    | DOUBLE    |
bucket_seconds | DOUBLE[]  | the times of the histogram, each within 2 %: rows add up by these
bucket_counts  | BIGINT[]  | how many had each of them
""")
INCIDENTS = columns("""
id              | VARCHAR   | "i" and 8 hexadecimal digits
site            | VARCHAR   | where the prober stands
cause_kind      | VARCHAR   | server, domain, host, path, ..
cause_name      | VARCHAR   |
confidence      | DOUBLE    | 0 to 1
doubt           | VARCHAR   | why it is not sure
evidence        | VARCHAR[] | sentences, the weightiest first
reasons         | VARCHAR[] | what was said of its checks, worst first
level           | VARCHAR   |
began_at        | TIMESTAMP | the first bad verdict
opened_at       | TIMESTAMP |
closed_at       | TIMESTAMP | NULL = it was open at its last change
ended           | VARCHAR   | why it closed
flapping        | BOOLEAN   |
told            | BOOLEAN   | somebody was told of it
acknowledged_by | VARCHAR   |
domains         | VARCHAR[] | whom it touched
cells           | BIGINT    | how many checks and trips it explains
changes         | INTEGER   | how many it has had: it is as the last of them left it
""")
CHANGES = columns("""
incident   | VARCHAR   | incidents.id
number     | INTEGER   | 1, 2, .. within its incident
site       | VARCHAR   | where the prober stands
changed_at | TIMESTAMP |
kind       | VARCHAR   | opened, worsened, reminded, acknowledged, closed, ..
level      | VARCHAR   | of the incident, then
muted      | VARCHAR   | why nobody was told; NULL = it was to be told
""")
MAINTENANCE = columns("""
id             | VARCHAR   | "m" and 8 hexadecimal digits
site           | VARCHAR   | where the prober stands
scene_domain   | VARCHAR   | what was worked on: globs, all must fit
scene_server   | VARCHAR   |
scene_site     | VARCHAR   |
scene_cause    | VARCHAR   |
author         | VARCHAR   |
reason         | VARCHAR   |
made_at        | TIMESTAMP |
begins_at      | TIMESTAMP |
ends_at        | TIMESTAMP | as it came to be, or is planned; begins_at = it was called off
wanted_until   | TIMESTAMP | as it was planned
ended_by       | VARCHAR   | who ended it before its time
""")
PROBER = {"trips": TRIPS, "rollups": ROLLUPS, "incidents": INCIDENTS, "changes": CHANGES, "maintenance": MAINTENANCE}
NEWEST = {
    "trips": "message_id",
    "rollups": "what, name, domain, period_seconds, started_at",
    "incidents": "id",
    "changes": "incident, number",
    "maintenance": "id",
}  # kind -> what names a row
TIME_OF_PROBER = {
    "trips": "started_at",
    "rollups": "started_at",
    "incidents": "opened_at",
    "changes": "changed_at",
    "maintenance": "made_at",
}  # never changed: all that ever was of a row lies in one day
