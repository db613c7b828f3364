//! Tags.

use std::collections::HashMap;

use model::{Digest, RepositoryName, Tag};

use super::Transaction;
use super::row::{Value, given};
use crate::metadata::Answer;

pub fn list(
    t: &mut dyn Transaction,
    name: &RepositoryName,
    after: Option<&str>,
    limit: usize,
) -> Answer<Vec<(Tag, Digest)>> {
    let sql = "SELECT t.name, m.digest FROM tag t JOIN manifest m ON m.id = t.manifest_id
               WHERE t.repository_id = (SELECT id FROM repository WHERE name = ?1) AND t.name > ?2
               ORDER BY t.name LIMIT ?3";
    let rows = t.query(sql, &given![name, after.unwrap_or(""), limit])?;
    let pair = |mut row: super::row::Row| Ok((row.parse(0)?, row.parse(1)?));
    rows.into_iter().map(pair).collect()
}

/// The manifest that a tag points at.
pub fn target(t: &mut dyn Transaction, repository: i64, tag: &Tag) -> Answer<Option<Digest>> {
    let sql = "SELECT m.digest FROM tag t JOIN manifest m ON m.id = t.manifest_id
               WHERE t.repository_id = ?1 AND t.name = ?2";
    let row = t.first(sql, &given![repository, tag])?;
    row.map(|mut row| row.parse(0)).transpose()
}

pub fn set(t: &mut dyn Transaction, repository: i64, tag: &Tag, manifest: i64) -> Answer<()> {
    let sql = "INSERT INTO tag (repository_id, name, manifest_id) VALUES (?1, ?2, ?3)
               ON CONFLICT (repository_id, name)
               DO UPDATE SET manifest_id = excluded.manifest_id";
    t.execute(sql, &given![repository, tag, manifest])?;
    Ok(())
}

pub fn delete(t: &mut dyn Transaction, name: &RepositoryName, tag: &Tag) -> Answer<bool> {
    let sql = "DELETE FROM tag WHERE name = ?2
               AND repository_id = (SELECT id FROM repository WHERE name = ?1)";
    Ok(t.execute(sql, &given![name, tag])? == 1)
}

/// The tags of manifests, sorted, by the manifest's number.
pub fn of_manifests(t: &mut dyn Transaction, manifests: &[i64]) -> Answer<HashMap<i64, Vec<Tag>>> {
    let sql = "SELECT name FROM tag WHERE manifest_id = ?1 ORDER BY name";
    let given: Vec<Vec<Value>> = manifests.iter().map(|id| given![*id].to_vec()).collect();
    let answers = t.query_each(sql, &given)?;
    let tags = |rows: Vec<super::row::Row>| -> Answer<Vec<Tag>> {
        rows.into_iter().map(|mut row| row.parse(0)).collect()
    };
    let pairs = manifests.iter().zip(answers);
    pairs.map(|(id, rows)| Ok((*id, tags(rows)?))).collect()
}
