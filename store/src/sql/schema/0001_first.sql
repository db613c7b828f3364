-- Times are microseconds since 1970-01-01T00:00:00Z; digests are 'algorithm:hex'; JSON that is
-- packed is compressed by zstd.

CREATE TABLE repository (
    id             INTEGER PRIMARY KEY,
    name           TEXT NOT NULL UNIQUE,
    created_at     INTEGER NOT NULL,
    tag_mutability TEXT NOT NULL,
    scan_on_push   INTEGER               -- NULL: nobody said
) STRICT;

CREATE TABLE repository_blob (
    repository_id INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    digest        TEXT NOT NULL,
    size          INTEGER NOT NULL,
    PRIMARY KEY (repository_id, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX repository_blob_by_digest ON repository_blob (digest);

CREATE TABLE upload (
    id            TEXT NOT NULL PRIMARY KEY,
    repository_id INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    started_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_by_repository ON upload (repository_id);

CREATE TABLE manifest (
    id            INTEGER PRIMARY KEY,
    repository_id INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    digest        TEXT NOT NULL,
    media_type    TEXT NOT NULL,
    artifact_type TEXT,
    subject       TEXT,
    annotations   TEXT,
    image_size    INTEGER NOT NULL,
    pushed_at     INTEGER NOT NULL,
    bytes         BLOB NOT NULL,
    UNIQUE (repository_id, digest)
) STRICT;
CREATE INDEX manifest_by_digest ON manifest (digest);
CREATE INDEX manifest_by_subject ON manifest (repository_id, subject, digest)
    WHERE subject IS NOT NULL;

CREATE TABLE manifest_blob (
    manifest_id INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    digest      TEXT NOT NULL,
    PRIMARY KEY (manifest_id, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_blob_by_digest ON manifest_blob (digest);

CREATE TABLE manifest_child (
    manifest_id INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    digest      TEXT NOT NULL,
    PRIMARY KEY (manifest_id, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_child_by_digest ON manifest_child (digest);

CREATE TABLE tag (
    repository_id INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    manifest_id   INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    PRIMARY KEY (repository_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_by_manifest ON tag (manifest_id, name);

-- One scan per manifest digest, whatever repositories hold it.
CREATE TABLE scan (
    id                INTEGER PRIMARY KEY,
    image             TEXT NOT NULL UNIQUE,
    state             TEXT NOT NULL,
    detail            TEXT NOT NULL DEFAULT '',
    requested_at      INTEGER NOT NULL,
    completed_at      INTEGER,
    database_revision TEXT,              -- NULL: there are no findings
    counts            TEXT NOT NULL DEFAULT '[0,0,0,0,0,0]'
) STRICT;
CREATE INDEX scan_by_revision ON scan (database_revision);

CREATE TABLE inventory (
    scan_id          INTEGER PRIMARY KEY REFERENCES scan (id) ON DELETE CASCADE,
    catalog_revision TEXT NOT NULL,
    inventory        BLOB NOT NULL       -- packed JSON
) STRICT;

-- One row per distinct thing that can be matched.
CREATE TABLE package (
    id        INTEGER PRIMARY KEY,
    key       TEXT NOT NULL UNIQUE,      -- SHA-256 of the JSON
    ecosystem TEXT NOT NULL,             -- 'debian:12', or the package type
    name      TEXT NOT NULL,             -- the name that advisories speak of
    matchable TEXT NOT NULL              -- JSON
) STRICT;
CREATE INDEX package_by_name ON package (ecosystem, name);

-- The inverted index: which images hold a package.
CREATE TABLE image_package (
    scan_id    INTEGER NOT NULL REFERENCES scan (id) ON DELETE CASCADE,
    package_id INTEGER NOT NULL REFERENCES package (id),
    PRIMARY KEY (scan_id, package_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_package_by_package ON image_package (package_id, scan_id);

-- What a database revision says of a package.
CREATE TABLE assessment (
    id                INTEGER PRIMARY KEY,
    package_id        INTEGER NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    database_revision TEXT NOT NULL,
    findings          BLOB,              -- packed JSON; NULL: none
    gaps              BLOB,              -- packed JSON; NULL: none
    UNIQUE (package_id, database_revision)
) STRICT;
CREATE INDEX assessment_by_revision ON assessment (database_revision);

-- Every identifier and alias of every finding.
CREATE TABLE finding (
    identifier    TEXT NOT NULL,
    assessment_id INTEGER NOT NULL REFERENCES assessment (id) ON DELETE CASCADE,
    PRIMARY KEY (identifier, assessment_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX finding_by_assessment ON finding (assessment_id);

CREATE TABLE layer_report (
    layer            TEXT NOT NULL PRIMARY KEY,
    catalog_revision TEXT NOT NULL,
    report           BLOB NOT NULL
) STRICT;

CREATE TABLE job (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     TEXT NOT NULL UNIQUE,       -- JSON: the same work is queued once
    free_at  INTEGER NOT NULL,           -- the end of the lease, or the earliest time to try
    attempts INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE access_key (
    id         TEXT NOT NULL PRIMARY KEY,
    secret     TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    hash       TEXT NOT NULL PRIMARY KEY, -- SHA-256 of the token
    key_id     TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX token_by_expiry ON token (expires_at);
