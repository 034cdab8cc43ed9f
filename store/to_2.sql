-- From schema version 1 to 2: incidents, their outbox, and what people have said of them. What the columns mean: schema.sql.

CREATE TABLE incidents (
    number       INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    cause_kind   TEXT NOT NULL,
    cause_name   TEXT NOT NULL,
    level        INTEGER NOT NULL,
    began_us     INTEGER NOT NULL,
    opened_us    INTEGER NOT NULL,
    closed_us    INTEGER,
    told         INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL,
    changes      INTEGER NOT NULL,
    line         TEXT NOT NULL
);
CREATE INDEX incidents_by_time ON incidents (opened_us);
CREATE INDEX incidents_open ON incidents (opened_us) WHERE closed_us IS NULL;
CREATE INDEX incidents_closed ON incidents (closed_us) WHERE closed_us IS NOT NULL;

CREATE TABLE incident_domains (
    domain    TEXT NOT NULL COLLATE NOCASE,
    opened_us INTEGER NOT NULL,
    incident  INTEGER NOT NULL,
    PRIMARY KEY (domain, opened_us, incident)
) WITHOUT ROWID;
CREATE INDEX incident_domains_by_incident ON incident_domains (incident, domain);

CREATE TABLE changes (
    id       INTEGER PRIMARY KEY,
    incident TEXT NOT NULL,
    number   INTEGER NOT NULL,
    at_us    INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    muted    TEXT NOT NULL,
    planned  INTEGER NOT NULL,
    line     TEXT NOT NULL
);
CREATE UNIQUE INDEX changes_by_incident ON changes (incident, number);
CREATE INDEX changes_unplanned ON changes (id) WHERE planned = 0;

CREATE TABLE deliveries (
    id          INTEGER PRIMARY KEY,
    change_id   INTEGER NOT NULL,
    incident    TEXT NOT NULL,
    number      INTEGER NOT NULL,
    channel     TEXT NOT NULL,
    chain       TEXT NOT NULL,
    origin      TEXT NOT NULL,
    key         TEXT NOT NULL,
    state       TEXT NOT NULL,
    settled     INTEGER NOT NULL,
    awaited     INTEGER NOT NULL,
    tries       INTEGER NOT NULL,
    due_us      INTEGER NOT NULL,
    deadline_us INTEGER,
    tried_us    INTEGER,
    said        TEXT NOT NULL
);
CREATE INDEX deliveries_by_incident ON deliveries (incident, channel);
CREATE INDEX deliveries_waiting ON deliveries (incident, channel, number, id) WHERE settled = 0;
CREATE INDEX deliveries_due ON deliveries (due_us, id) WHERE settled = 0;
CREATE INDEX deliveries_awaited ON deliveries (deadline_us) WHERE awaited = 1;

CREATE TABLE silences (
    id         TEXT PRIMARY KEY,
    scene      TEXT NOT NULL,
    author     TEXT NOT NULL,
    reason     TEXT NOT NULL,
    made_us    INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    ended_us   INTEGER,
    ended_by   TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX silences_by_end ON silences (coalesce(ended_us, expires_us));

CREATE TABLE maintenances (
    id        TEXT PRIMARY KEY,
    scene     TEXT NOT NULL,
    author    TEXT NOT NULL,
    reason    TEXT NOT NULL,
    made_us   INTEGER NOT NULL,
    begins_us INTEGER NOT NULL,
    ends_us   INTEGER NOT NULL,
    ended_us  INTEGER,
    ended_by  TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX maintenances_by_end ON maintenances (coalesce(ended_us, ends_us));

CREATE TABLE used_tokens (
    hash    TEXT PRIMARY KEY,
    used_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX used_tokens_by_time ON used_tokens (used_us);
