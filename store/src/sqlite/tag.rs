//! Tags.

use model::{Digest, RepositoryName, Tag};
use rusqlite::{Transaction, params};

use super::value::{Text, limit};
use crate::metadata::Answer;

pub fn list(
    transaction: &Transaction<'_>,
    name: &RepositoryName,
    after: Option<&str>,
    rows: usize,
) -> Answer<Vec<(Tag, Digest)>> {
    let sql = "SELECT t.name, m.digest FROM tag t JOIN manifest m ON m.id = t.manifest_id
               WHERE t.repository_id = (SELECT id FROM repository WHERE name = ?1) AND t.name > ?2
               ORDER BY t.name LIMIT ?3";
    let mut statement = transaction.prepare_cached(sql)?;
    let given = params![name.as_str(), after.unwrap_or(""), limit(rows)];
    let found = statement.query_map(given, |row| {
        Ok((row.get::<_, Text<_>>(0)?.0, row.get::<_, Text<_>>(1)?.0))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

pub fn set(transaction: &Transaction<'_>, repository: i64, tag: &Tag, manifest: i64) -> Answer<()> {
    let sql = "INSERT INTO tag (repository_id, name, manifest_id) VALUES (?1, ?2, ?3)
               ON CONFLICT DO UPDATE SET manifest_id = excluded.manifest_id";
    let mut statement = transaction.prepare_cached(sql)?;
    statement.execute(params![repository, tag.as_str(), manifest])?;
    Ok(())
}

pub fn delete(transaction: &Transaction<'_>, name: &RepositoryName, tag: &Tag) -> Answer<bool> {
    let sql = "DELETE FROM tag WHERE name = ?2
               AND repository_id = (SELECT id FROM repository WHERE name = ?1)";
    let mut statement = transaction.prepare_cached(sql)?;
    Ok(statement.execute([name.as_str(), tag.as_str()])? == 1)
}

/// The tags of a manifest, sorted.
pub fn of_manifest(transaction: &Transaction<'_>, manifest: i64) -> Answer<Vec<Tag>> {
    let sql = "SELECT name FROM tag WHERE manifest_id = ?1 ORDER BY name";
    let mut statement = transaction.prepare_cached(sql)?;
    let found = statement.query_map([manifest], |row| Ok(row.get::<_, Text<_>>(0)?.0))?;
    Ok(found.collect::<Result<_, _>>()?)
}
