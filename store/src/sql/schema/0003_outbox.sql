-- What happened, to be told to others: written in the transaction that did it.
CREATE TABLE event (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    sequence    INTEGER UNIQUE,          -- its place in the order; NULL: has none yet
    happened_at INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    body        BLOB NOT NULL            -- packed JSON
) STRICT;
CREATE INDEX event_without_place ON event (id) WHERE sequence IS NULL;
