-- How far the outbox has come: one row, made with the first event that gets a place.
CREATE TABLE outbox (
    id        INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    placed    INTEGER NOT NULL,          -- the last place that was given
    forgotten INTEGER NOT NULL           -- events up to this place were removed
) STRICT;

-- Who is told what happened, and how far that has come.
CREATE TABLE subscription (
    name          TEXT NOT NULL PRIMARY KEY,
    made_at       INTEGER NOT NULL,
    target        TEXT NOT NULL,
    shape         TEXT NOT NULL,
    filter        TEXT NOT NULL,         -- JSON
    digest_minute INTEGER,               -- of the day in UTC; NULL: each event by itself
    sealed        BLOB,                  -- the secret, encrypted under the key file
    paused        INTEGER NOT NULL,
    delivered     INTEGER NOT NULL,      -- events up to this place were taken, or do not concern it
    delivered_at  INTEGER,               -- when something was taken last
    digested_at   INTEGER NOT NULL,      -- up to when digests tell
    attempts      INTEGER NOT NULL,      -- failures since something was taken
    error         TEXT,                  -- the last of them
    free_at       INTEGER NOT NULL,      -- the end of the lease, or the earliest time to try
    lease         INTEGER NOT NULL       -- how often it was leased: the number of the lease
) STRICT, WITHOUT ROWID;
