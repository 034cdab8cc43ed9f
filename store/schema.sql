-- What is remembered, as it stands at schema version 2 (PRAGMA user_version; store/migrations.py leads older files here).
--
-- Times end in _us: microseconds since 1970-01-01 UTC; durations too, as whole microseconds. Levels are thresholds.values.Level (0 OK,
-- 1 UNKNOWN, 2 WARNING, 3 CRITICAL). No secret, no endpoint and no unredacted line ever stands here. Text that begins as a list or an
-- object is JSON. One connection writes; foreign keys are not enforced (they would cost a look-up per row): store/rows.py keeps them true.

-- -- checks -------------------------------------------------------------------------------------------------------------------------

CREATE TABLE checks (                         -- every check that was ever run: a name keeps its id for ever
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,             -- "abc.example/imap"
    domain  TEXT NOT NULL COLLATE NOCASE,     -- what a Scope asks for
    server  TEXT NOT NULL,                    -- its name in the configuration
    kind    TEXT NOT NULL                     -- key of probe.kinds.KINDS
);
CREATE INDEX checks_by_domain ON checks (domain);

-- -- runs: 1,000 a second at the most, kept for days: every byte counts ---------------------------------------------------------------

CREATE TABLE words (                          -- what thousands of runs have in common, written once a day
    id      INTEGER PRIMARY KEY,
    born_us INTEGER NOT NULL,                 -- a day began; no run that refers to it began later than born_us + 1 day: then it may go
    text    TEXT NOT NULL                     -- [[names of the steps], {readings that rarely change}, [names of the other readings], "limit in force"]
);

CREATE TABLE runs (
    id             INTEGER PRIMARY KEY,       -- rises in the order of the commits
    check_id       INTEGER NOT NULL,          -- checks.id
    started_us     INTEGER NOT NULL,
    duration_us    INTEGER NOT NULL,          -- the total: the sum of the steps
    bucket         INTEGER NOT NULL,          -- store.histogram.bucket_of(duration in seconds)
    level          INTEGER NOT NULL,
    suspect        INTEGER NOT NULL,          -- 1 = the prober's own uncertainty could change the level
    by_hand        INTEGER NOT NULL,          -- 1 = asked for by a person or a scrape: it does not count in availability
    late_us        INTEGER NOT NULL,          -- how long after it was due it began
    uncertainty_us INTEGER NOT NULL,
    warning_us     INTEGER,                   -- the limit in force for the total; NULL = there is none of this level
    critical_us    INTEGER,
    words_id       INTEGER NOT NULL,          -- words.id
    steps          TEXT NOT NULL,             -- [microseconds of each step], in the order of the names in words
    readings       TEXT,                      -- [readings that differ from run to run], in the order of their names in words; NULL = none
    fault_kind     TEXT,                      -- probe.values.FaultKind; NULL = an answer
    fault_step     TEXT,
    fault_said     TEXT,                      -- the peer's own words, at most 500 characters, secrets removed
    reasons        TEXT,                      -- [sentences, worst first]; NULL = none
    message_id     TEXT                       -- of the test message sent; NULL = none
);
-- One check's runs, and all that a rollup wants of them: read from the index alone, five times cheaper than from the table (decision 0085).
CREATE INDEX runs_by_check ON runs (check_id, started_us, duration_us, bucket, level, suspect, by_hand, fault_kind);
CREATE INDEX runs_by_time ON runs (started_us);             -- all runs of a span: rollups, retention
CREATE INDEX runs_bad ON runs (started_us) WHERE level >= 2;  -- the few that everybody asks for

CREATE TABLE conversations (                  -- redacted: of each check the last good run, and the first bad run of each of its last troubles
    id         INTEGER PRIMARY KEY,
    check_id   INTEGER NOT NULL,
    which      TEXT NOT NULL CHECK (which IN ('last_good', 'first_bad')),
    run_id     INTEGER NOT NULL,              -- runs.id; the run itself may have gone by age
    started_us INTEGER NOT NULL,
    level      INTEGER NOT NULL,
    lines      TEXT NOT NULL                  -- [[1 = ours, step, text, microseconds since it began], ..]
);
CREATE UNIQUE INDEX conversations_by_check ON conversations (check_id, which, run_id, started_us);
CREATE UNIQUE INDEX conversations_last_good ON conversations (check_id) WHERE which = 'last_good';  -- renewed in its place

-- -- trips that have ended ------------------------------------------------------------------------------------------------------------

CREATE TABLE trips (
    id             INTEGER PRIMARY KEY,
    name           TEXT NOT NULL,             -- "abc.example", or the name of the entry under `trips:`
    domain         TEXT NOT NULL COLLATE NOCASE, -- the receiving one: what a Scope asks for
    message_id     TEXT NOT NULL UNIQUE,      -- a trip that is told twice is stored once: the first word stands
    started_us     INTEGER NOT NULL,
    outcome        TEXT NOT NULL,             -- probe.values.Outcome
    level          INTEGER NOT NULL,
    suspect        INTEGER NOT NULL,
    submit_us      INTEGER,                   -- NULL = unknown
    transit_us     INTEGER,
    retrieve_us    INTEGER,
    total_us       INTEGER,
    bucket         INTEGER,                   -- store.histogram.bucket_of(total in seconds); NULL = unknown
    uncertainty_us INTEGER NOT NULL,
    limit_words    TEXT NOT NULL,             -- the limit in force; "" = none
    details        TEXT NOT NULL              -- {folder, relays, readings, said, step, reasons} as store/rows.py writes and reads them
);
CREATE INDEX trips_by_name ON trips (name, started_us);
CREATE INDEX trips_by_domain ON trips (domain, started_us);
CREATE INDEX trips_by_time ON trips (started_us);

-- -- trips under way: their ledger (store/ledger.py) ---------------------------------------------------------------------------------------

CREATE TABLE passages (                       -- a row stays until the end of its trip stands in `trips`
    token       TEXT PRIMARY KEY,             -- of the message: random, never used twice
    name        TEXT NOT NULL,                -- of the journey
    message_id  TEXT NOT NULL,                -- as in trips
    began_us    INTEGER NOT NULL,
    forsaken_us INTEGER NOT NULL,             -- from then on any run may end it, whichever journeys it makes
    ended       INTEGER NOT NULL,             -- 1 = its line holds an outcome, which no later word changes
    line        TEXT NOT NULL                 -- all that is known of it, as probe/passage.py writes and reads it
) WITHOUT ROWID;
CREATE INDEX passages_by_name ON passages (name);
CREATE INDEX passages_over ON passages (message_id) WHERE ended = 1;  -- the few that wait to be stored among trips

-- -- the last state of every check ----------------------------------------------------------------------------------------------------

CREATE TABLE states (                         -- kept by a trigger: whoever stores a run cannot forget it (decision 0085: small transactions)
    check_id    INTEGER PRIMARY KEY,
    run_id      INTEGER NOT NULL,             -- the run itself may have gone by age
    started_us  INTEGER NOT NULL,
    duration_us INTEGER NOT NULL,
    level       INTEGER NOT NULL,
    suspect     INTEGER NOT NULL,
    fault_kind  TEXT
);
CREATE TRIGGER runs_tell_the_state AFTER INSERT ON runs BEGIN
    INSERT INTO states VALUES (new.check_id, new.id, new.started_us, new.duration_us, new.level, new.suspect, new.fault_kind)
    ON CONFLICT (check_id) DO UPDATE SET
        run_id = excluded.run_id, started_us = excluded.started_us, duration_us = excluded.duration_us,
        level = excluded.level, suspect = excluded.suspect, fault_kind = excluded.fault_kind
    WHERE excluded.started_us >= states.started_us;
END;

-- -- rollups: what is kept for years (store/rollups.py makes them, of what is stored and nothing else) ------------------------------------

CREATE TABLE rollups (                        -- an hour or a day (UTC) of one check; runs by hand are left out
    period_s   INTEGER NOT NULL,              -- 3600 or 86400
    check_id   INTEGER NOT NULL,
    start_s    INTEGER NOT NULL,              -- seconds since 1970-01-01 UTC
    suspects   INTEGER NOT NULL,              -- counted here and in nothing that follows
    ok         INTEGER NOT NULL,              -- runs by their level
    unknown    INTEGER NOT NULL,
    warning    INTEGER NOT NULL,
    critical   INTEGER NOT NULL,
    faults     INTEGER NOT NULL,              -- of these, those without an answer; their times are no times of a service and are left out of
    sum_us     INTEGER NOT NULL,              -- the times of the answers
    min_us     INTEGER,                       -- NULL = there was no answer
    max_us     INTEGER,
    median     INTEGER,                       -- bucket of the median
    histogram  BLOB NOT NULL,                 -- store.histogram.Histogram.to_bytes
    PRIMARY KEY (period_s, check_id, start_s)
) WITHOUT ROWID;

CREATE TABLE trip_rollups (                   -- an hour or a day (UTC) of one trip, by when it started
    period_s  INTEGER NOT NULL,
    name      TEXT NOT NULL,
    domain    TEXT NOT NULL COLLATE NOCASE,
    start_s   INTEGER NOT NULL,
    suspects  INTEGER NOT NULL,               -- counted here and in nothing that follows
    outcomes  TEXT NOT NULL,                  -- {outcome: how many}
    sum_us    INTEGER NOT NULL,               -- the total times, where they are known
    min_us    INTEGER,
    max_us    INTEGER,
    histogram BLOB NOT NULL,
    PRIMARY KEY (period_s, name, domain, start_s)
) WITHOUT ROWID;
CREATE INDEX trip_rollups_by_time ON trip_rollups (period_s, start_s);  -- retention

-- -- incidents: one row as it is now, one per thing that happened to it, one per channel that tells of that --------------------------------

CREATE TABLE incidents (
    number       INTEGER PRIMARY KEY,         -- rises as they open
    id           TEXT NOT NULL UNIQUE,        -- "i" and 8 hexadecimal digits
    cause_kind   TEXT NOT NULL,               -- thresholds.incident_values.CauseKind
    cause_name   TEXT NOT NULL,
    level        INTEGER NOT NULL,
    began_us     INTEGER NOT NULL,
    opened_us    INTEGER NOT NULL,            -- never changed
    closed_us    INTEGER,                     -- NULL = it is open
    told         INTEGER NOT NULL,            -- 1 = its opening was told: then its closing is
    acknowledged INTEGER NOT NULL,            -- 1 = somebody has taken it on
    changes      INTEGER NOT NULL,            -- how many it has had: an older word never replaces a newer one
    line         TEXT NOT NULL                -- all of it, as store/incident_rows.py writes and reads it
);
CREATE INDEX incidents_by_time ON incidents (opened_us);
CREATE INDEX incidents_open ON incidents (opened_us) WHERE closed_us IS NULL;        -- the few that everybody asks for
CREATE INDEX incidents_closed ON incidents (closed_us) WHERE closed_us IS NOT NULL;  -- the memory of those that flap; retention

CREATE TABLE incident_domains (               -- whom it ever touched: what a Scope asks for
    domain    TEXT NOT NULL COLLATE NOCASE,
    opened_us INTEGER NOT NULL,               -- as in incidents
    incident  INTEGER NOT NULL,               -- incidents.number
    PRIMARY KEY (domain, opened_us, incident)
) WITHOUT ROWID;
CREATE INDEX incident_domains_by_incident ON incident_domains (incident, domain);

CREATE TABLE changes (                        -- written with their incident, in one transaction: the outbox
    id       INTEGER PRIMARY KEY,             -- rises
    incident TEXT NOT NULL,                   -- incidents.id
    number   INTEGER NOT NULL,                -- 1, 2, .. within its incident
    at_us    INTEGER NOT NULL,
    kind     TEXT NOT NULL,                   -- thresholds.incident_values.ChangeKind
    muted    TEXT NOT NULL,                   -- why it is not told; "" = it is
    planned  INTEGER NOT NULL,                -- 1 = it has its deliveries, or nobody is to be told
    line     TEXT NOT NULL                    -- all of it, its incident as it was then included
);
CREATE UNIQUE INDEX changes_by_incident ON changes (incident, number);
CREATE INDEX changes_unplanned ON changes (id) WHERE planned = 0;

CREATE TABLE deliveries (                     -- notifier.values.Delivery
    id          INTEGER PRIMARY KEY,
    change_id   INTEGER NOT NULL,             -- changes.id
    incident    TEXT NOT NULL,                -- incidents.id
    number      INTEGER NOT NULL,             -- changes.number: of one incident and channel they go in this order
    channel     TEXT NOT NULL,
    chain       TEXT NOT NULL,                -- [channels, each takes over from the one before]
    origin      TEXT NOT NULL,
    key         TEXT NOT NULL,
    state       TEXT NOT NULL,                -- notifier.values.DeliveryState
    settled     INTEGER NOT NULL,             -- 1 = it is not tried again
    awaited     INTEGER NOT NULL,             -- 1 = it is due, and another channel takes over at its deadline
    tries       INTEGER NOT NULL,
    due_us      INTEGER NOT NULL,             -- the next try; 0 = at once
    deadline_us INTEGER,                      -- NULL = there is none
    tried_us    INTEGER,                      -- when the last try ended; NULL = there was none
    said        TEXT NOT NULL                 -- the proof, or why the last try failed
);
CREATE INDEX deliveries_by_incident ON deliveries (incident, channel);
CREATE INDEX deliveries_waiting ON deliveries (incident, channel, number, id) WHERE settled = 0;
CREATE INDEX deliveries_due ON deliveries (due_us, id) WHERE settled = 0;
CREATE INDEX deliveries_awaited ON deliveries (deadline_us) WHERE awaited = 1;

-- -- what people have said of incidents: kept for ever -------------------------------------------------------------------------------------

CREATE TABLE silences (
    id         TEXT PRIMARY KEY,              -- "s" and 8 hexadecimal digits
    scene      TEXT NOT NULL,                 -- {domain, server, site, cause}: globs
    author     TEXT NOT NULL,
    reason     TEXT NOT NULL,
    made_us    INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,              -- as it was wanted
    ended_us   INTEGER,                       -- ended by hand before that; NULL = it was not
    ended_by   TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX silences_by_end ON silences (coalesce(ended_us, expires_us));

CREATE TABLE maintenances (                   -- those that were not configured: once each, no part of availability
    id        TEXT PRIMARY KEY,               -- "m" and 8 hexadecimal digits
    scene     TEXT NOT NULL,                  -- as in silences
    author    TEXT NOT NULL,
    reason    TEXT NOT NULL,
    made_us   INTEGER NOT NULL,
    begins_us INTEGER NOT NULL,
    ends_us   INTEGER NOT NULL,               -- as it was wanted
    ended_us  INTEGER,                        -- cancelled; at or before begins_us: it never was
    ended_by  TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX maintenances_by_end ON maintenances (coalesce(ended_us, ends_us));

CREATE TABLE used_tokens (                    -- links that acknowledge, each once
    hash    TEXT PRIMARY KEY,                 -- of the token: whoever reads the file cannot use one
    used_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX used_tokens_by_time ON used_tokens (used_us);

-- -- what there is one of -------------------------------------------------------------------------------------------------------------

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
