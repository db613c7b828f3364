-- Every blob, with what garbage collection and scrubbing must know of it.
CREATE TABLE blob (
    digest     TEXT NOT NULL PRIMARY KEY,
    size       INTEGER,                  -- NULL: announced, and never linked yet
    made_at    INTEGER NOT NULL,         -- when this row was made: another one is another blob
    claimed_at INTEGER NOT NULL,         -- when somebody last began to bring it
    damaged_at INTEGER,                  -- since when its bytes are known to be damaged or gone
    doomed_at  INTEGER                   -- when its removal was begun: nobody may link it
) STRICT, WITHOUT ROWID;
INSERT INTO blob (digest, size, made_at, claimed_at)
    SELECT digest, MAX(size), 0, 0 FROM repository_blob GROUP BY digest;

-- When somebody last relied on a link: pushed it, mounted it, or asked whether it is there.
ALTER TABLE repository_blob ADD COLUMN wanted_at INTEGER NOT NULL DEFAULT 0;

-- Filters on tags that are treated the other way, as a JSON list.
ALTER TABLE repository ADD COLUMN tag_exclusions TEXT NOT NULL DEFAULT '[]';

CREATE TABLE user_account (
    name       TEXT NOT NULL PRIMARY KEY,
    password   TEXT,                     -- a hash in PHC form; NULL: no login by password
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Keys made before there were users are an administrator's.
INSERT INTO user_account (name, created_at)
    SELECT 'admin', MIN(created_at) FROM access_key HAVING COUNT(*) > 0;

CREATE TABLE user_grant (
    user_name TEXT NOT NULL REFERENCES user_account (name) ON DELETE CASCADE,
    role      TEXT NOT NULL,
    pattern   TEXT NOT NULL,
    PRIMARY KEY (user_name, role, pattern)
) STRICT, WITHOUT ROWID;
INSERT INTO user_grant (user_name, role, pattern) SELECT name, 'admin', '*' FROM user_account;

ALTER TABLE access_key RENAME TO access_key_before;
CREATE TABLE access_key (
    id         TEXT NOT NULL PRIMARY KEY,
    user_name  TEXT NOT NULL REFERENCES user_account (name) ON DELETE CASCADE,
    secret     TEXT,                     -- of a key made before secrets were sealed, until it is
    sealed     BLOB,                     -- the secret, encrypted under the key file
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO access_key (id, user_name, secret, created_at)
    SELECT id, 'admin', secret, created_at FROM access_key_before;
DROP TABLE access_key_before;
CREATE INDEX access_key_by_user ON access_key (user_name);

ALTER TABLE token RENAME TO token_before;
CREATE TABLE token (
    hash       TEXT NOT NULL PRIMARY KEY, -- SHA-256 of the token
    user_name  TEXT NOT NULL REFERENCES user_account (name) ON DELETE CASCADE,
    key_id     TEXT REFERENCES access_key (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO token (hash, user_name, key_id, expires_at)
    SELECT hash, 'admin', key_id, expires_at FROM token_before
    WHERE key_id IN (SELECT id FROM access_key);
DROP TABLE token_before;
CREATE INDEX token_by_expiry ON token (expires_at);
CREATE INDEX token_by_user ON token (user_name);
CREATE INDEX token_by_key ON token (key_id);
