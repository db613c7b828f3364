-- Policies, exceptions and VEX documents, each with all its versions. What they say is not known
-- here.
CREATE TABLE gate_document (
    kind    TEXT NOT NULL,               -- 'policy', 'exception', 'vex'
    name    TEXT NOT NULL,
    version INTEGER NOT NULL,            -- from 1 on
    form    TEXT NOT NULL,               -- the media type of the text; '' where it was deleted
    text    TEXT,                        -- NULL: this version is that it was deleted
    who     TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    latest  INTEGER NOT NULL,            -- whether there is no later one
    PRIMARY KEY (kind, name, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX gate_document_latest ON gate_document (kind, name) WHERE latest = 1;

-- Images that may be pulled whatever policies say.
CREATE TABLE gate_pass (
    id         TEXT NOT NULL PRIMARY KEY,
    repository TEXT NOT NULL,
    digest     TEXT NOT NULL,
    who        TEXT NOT NULL,
    reason     TEXT NOT NULL,
    begins_at  INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX gate_pass_by_end ON gate_pass (ends_at);

-- How often any of these has changed, in a row that is there from the first change on.
CREATE TABLE gate_change (
    id      INTEGER PRIMARY KEY,         -- 1
    version INTEGER NOT NULL
) STRICT;
