-- Findings are kept once for each package and follow the advisory database by its keys. Packages
-- that come into images together, as those of a base image do, are a set that images share.
DROP TABLE finding;
DROP TABLE assessment;
DROP TABLE image_package;
DROP TABLE package;

-- One row per distinct thing that can be matched.
CREATE TABLE package (
    id        INTEGER PRIMARY KEY,
    key       TEXT NOT NULL UNIQUE,      -- SHA-256 of the JSON
    identity  TEXT NOT NULL,             -- 'deb/curl@1.0': findings of one identity count once
    ecosystem TEXT NOT NULL,             -- the advisory database's key; '': nobody answers for it
    name      TEXT NOT NULL,
    matchable TEXT NOT NULL,             -- JSON
    findings  BLOB,                      -- packed JSON; NULL: none
    gaps      BLOB,                      -- packed JSON; NULL: none
    settled   INTEGER NOT NULL           -- 0: of another revision than the one that was matched
) STRICT;
CREATE INDEX package_by_name ON package (name, ecosystem);
CREATE INDEX package_by_identity ON package (identity);
CREATE INDEX package_unsettled ON package (id) WHERE settled = 0;

-- Every identifier and alias of every finding.
CREATE TABLE finding (
    identifier TEXT NOT NULL,
    package_id INTEGER NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    PRIMARY KEY (identifier, package_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX finding_by_package ON finding (package_id);

-- Packages that came together, with the sum of their findings. No two sets of an image hold packages of one
-- identity, so that the sums of its sets are those of the image.
CREATE TABLE package_set (
    id         INTEGER PRIMARY KEY,
    key        TEXT NOT NULL UNIQUE,     -- SHA-256 of its packages' keys
    changes    INTEGER NOT NULL,         -- how often what is said of its packages has changed
    critical   INTEGER NOT NULL,
    high       INTEGER NOT NULL,
    medium     INTEGER NOT NULL,
    low        INTEGER NOT NULL,
    negligible INTEGER NOT NULL,
    unknown    INTEGER NOT NULL
) STRICT;

CREATE TABLE set_package (
    set_id     INTEGER NOT NULL REFERENCES package_set (id) ON DELETE CASCADE,
    package_id INTEGER NOT NULL REFERENCES package (id),
    PRIMARY KEY (set_id, package_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX set_package_by_package ON set_package (package_id, set_id);

-- The inverted index: which images hold a set.
CREATE TABLE image_set (
    scan_id INTEGER NOT NULL REFERENCES scan (id) ON DELETE CASCADE,
    set_id  INTEGER NOT NULL REFERENCES package_set (id),
    PRIMARY KEY (scan_id, set_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_set_by_set ON image_set (set_id, scan_id);

-- The database revision that all findings are of; one row, or none before the first.
CREATE TABLE matched (
    id                INTEGER PRIMARY KEY,
    database_revision TEXT NOT NULL
) STRICT;

DROP INDEX scan_by_revision;
ALTER TABLE scan DROP COLUMN database_revision;
ALTER TABLE scan DROP COLUMN counts;
-- What was found is put together anew, from the reports of the layers. Until then nothing is known of an
-- image: an inventory without packages would look like one in which nothing was found.
DELETE FROM inventory;
INSERT INTO job (kind, free_at)
    SELECT '{"scan":{"image":"' || image || '"}}', 0 FROM scan WHERE state = 'complete'
    ON CONFLICT DO NOTHING;
UPDATE scan SET state = 'pending' WHERE state = 'complete';
