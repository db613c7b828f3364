-- What is stored was judged by a database and by the code that reads it; both make a judge.
ALTER TABLE matched RENAME COLUMN database_revision TO judge;

-- Also an image that could not be catalogued is looked at again by a catalogue that may know more.
ALTER TABLE scan ADD COLUMN catalog_revision TEXT NOT NULL DEFAULT '';
UPDATE scan SET catalog_revision = (SELECT i.catalog_revision FROM inventory i WHERE i.scan_id = scan.id)
    WHERE id IN (SELECT scan_id FROM inventory);
ALTER TABLE inventory DROP COLUMN catalog_revision;
