-- Who did or wanted what. Rows are added and never changed.
CREATE TABLE audit (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    happened_at INTEGER NOT NULL,
    actor       TEXT NOT NULL,           -- a user's name, or the one that was claimed
    key_id      TEXT,                    -- no reference: the key may be gone
    client      TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    action      TEXT NOT NULL,
    repository  TEXT,                    -- NULL: the registry
    object      TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    reason      TEXT NOT NULL,
    details     TEXT NOT NULL            -- JSON
) STRICT;
CREATE INDEX audit_by_time ON audit (happened_at, id);
CREATE INDEX audit_by_outcome ON audit (outcome, id);
