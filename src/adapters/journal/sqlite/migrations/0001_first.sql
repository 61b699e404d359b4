-- The log. Everything else, apart from deliveries, buttons and the outbox, can be rebuilt from it.
CREATE TABLE events (
    seq           INTEGER PRIMARY KEY,
    stream        TEXT    NOT NULL,
    version       INTEGER NOT NULL,
    kind          TEXT    NOT NULL,
    event_version INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    actor         TEXT    NOT NULL,
    body          TEXT    NOT NULL,
    hash          BLOB    NOT NULL,
    UNIQUE (stream, version)
) STRICT;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;

CREATE TRIGGER events_are_never_removed BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never removed');
END;

-- The end of each stream; `incident` is the number in the name of an incident's stream.
CREATE TABLE heads (
    stream   TEXT    PRIMARY KEY,
    version  INTEGER NOT NULL,
    hash     BLOB    NOT NULL,
    incident INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX heads_by_incident ON heads (incident) WHERE incident IS NOT NULL;

CREATE TABLE open_incidents (
    incident INTEGER PRIMARY KEY
) STRICT;

-- Inbound requests. One index serves both questions: what is pending, and what is old enough to go.
CREATE TABLE deliveries (
    id      INTEGER PRIMARY KEY,
    pending INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    key     TEXT    NOT NULL UNIQUE,
    body    TEXT    NOT NULL
) STRICT;

CREATE INDEX deliveries_by_age ON deliveries (pending, at);

-- Buttons, by the SHA-256 of their value.
CREATE TABLE tokens (
    hash      BLOB    PRIMARY KEY,
    incident  INTEGER NOT NULL,
    action    TEXT    NOT NULL,
    issued_at INTEGER NOT NULL,
    burned    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- The outbox. AUTOINCREMENT: a number is never given twice. `outcome` is NULL while the row has not been said.
CREATE TABLE posts (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    platform  TEXT    NOT NULL,
    tenant    TEXT    NOT NULL,
    channel   TEXT    NOT NULL,
    placement TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    outcome   TEXT,
    reason    TEXT,
    body      TEXT
) STRICT;

CREATE INDEX posts_to_say ON posts (platform, tenant, channel, id) WHERE outcome IS NULL;

-- Which message stands in a channel under one of our keys; `message` is a reference as JSON.
CREATE TABLE messages (
    platform TEXT NOT NULL,
    tenant   TEXT NOT NULL,
    channel  TEXT NOT NULL,
    key      TEXT NOT NULL,
    message  TEXT NOT NULL,
    PRIMARY KEY (platform, tenant, channel, key)
) STRICT, WITHOUT ROWID;

-- Made with the journal and never changed: its instance id and the key that seals its buttons.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
