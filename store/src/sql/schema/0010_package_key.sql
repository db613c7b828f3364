-- A package is looked up under several names: its own, its source's, its product's. What is stored is judged
-- again by the code that does so, which writes the keys.
DROP INDEX package_by_name;
ALTER TABLE package DROP COLUMN ecosystem;
ALTER TABLE package DROP COLUMN name;
ALTER TABLE package ADD COLUMN keys TEXT NOT NULL DEFAULT '[]'; -- JSON, the main key first

CREATE TABLE package_key (
    name       TEXT NOT NULL,
    ecosystem  TEXT NOT NULL,            -- the advisory database's
    package_id INTEGER NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    PRIMARY KEY (name, ecosystem, package_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX package_key_by_package ON package_key (package_id);
