//! Repositories and the blobs that they hold.

use model::{Digest, RepositoryName};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::scan;
use super::value::{Count, Text, Time, limit};
use crate::metadata::Answer;
use crate::record::Repository;

const COLUMNS: &str = "SELECT name, created_at, tag_mutability, scan_on_push FROM repository";

fn read(row: &Row<'_>) -> rusqlite::Result<Repository> {
    Ok(Repository {
        name: row.get::<_, Text<_>>(0)?.0,
        created_at: row.get::<_, Time>(1)?.0,
        tag_mutability: row.get(2)?,
        scan_on_push: row.get(3)?,
    })
}

/// The row number of a repository.
pub fn id(transaction: &Transaction<'_>, name: &RepositoryName) -> Answer<Option<i64>> {
    let mut statement = transaction.prepare_cached("SELECT id FROM repository WHERE name = ?1")?;
    Ok(statement
        .query_row([name.as_str()], |row| row.get(0))
        .optional()?)
}

pub fn create(transaction: &Transaction<'_>, repository: &Repository) -> Answer<bool> {
    let sql = "INSERT INTO repository (name, created_at, tag_mutability, scan_on_push)
               VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    let created = transaction.prepare_cached(sql)?.execute(params![
        repository.name.as_str(),
        Time(repository.created_at),
        repository.tag_mutability,
        repository.scan_on_push,
    ])?;
    Ok(created == 1)
}

pub fn get(transaction: &Transaction<'_>, name: &RepositoryName) -> Answer<Option<Repository>> {
    let sql = format!("{COLUMNS} WHERE name = ?1");
    let mut statement = transaction.prepare_cached(&sql)?;
    Ok(statement.query_row([name.as_str()], read).optional()?)
}

pub fn list(
    transaction: &Transaction<'_>,
    after: Option<&RepositoryName>,
    rows: usize,
) -> Answer<Vec<Repository>> {
    let sql = format!("{COLUMNS} WHERE name > ?1 ORDER BY name LIMIT ?2");
    let mut statement = transaction.prepare_cached(&sql)?;
    let after = after.map_or("", RepositoryName::as_str);
    let found = statement.query_map(params![after, limit(rows)], read)?;
    Ok(found.collect::<Result<_, _>>()?)
}

pub fn set_scan_on_push(
    transaction: &Transaction<'_>,
    name: &RepositoryName,
    scan_on_push: bool,
) -> Answer<bool> {
    let sql = "UPDATE repository SET scan_on_push = ?2 WHERE name = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    Ok(statement.execute(params![name.as_str(), scan_on_push])? == 1)
}

pub fn delete(transaction: &Transaction<'_>, name: &RepositoryName) -> Answer<bool> {
    let Some(id) = id(transaction, name)? else {
        return Ok(false);
    };
    let mut statement =
        transaction.prepare_cached("SELECT digest FROM manifest WHERE repository_id = ?1")?;
    let digests = statement.query_map([id], |row| Ok(row.get::<_, Text<Digest>>(0)?.0))?;
    let digests: Vec<Digest> = digests.collect::<Result<_, _>>()?;
    transaction
        .prepare_cached("DELETE FROM repository WHERE id = ?1")?
        .execute([id])?;
    for digest in &digests {
        scan::forget_if_unheld(transaction, digest)?;
    }
    Ok(true)
}

pub fn link_blob(
    transaction: &Transaction<'_>,
    name: &RepositoryName,
    digest: &Digest,
    size: u64,
) -> Answer<bool> {
    let Some(id) = id(transaction, name)? else {
        return Ok(false);
    };
    let sql = "INSERT INTO repository_blob (repository_id, digest, size) VALUES (?1, ?2, ?3)
               ON CONFLICT DO UPDATE SET size = excluded.size WHERE size <> excluded.size";
    transaction
        .prepare_cached(sql)?
        .execute(params![id, digest.as_str(), Count(size)])?;
    Ok(true)
}

pub fn linked_blob(
    transaction: &Transaction<'_>,
    name: &RepositoryName,
    digest: &Digest,
) -> Answer<Option<u64>> {
    let sql = "SELECT b.size FROM repository_blob b JOIN repository r ON r.id = b.repository_id
               WHERE r.name = ?1 AND b.digest = ?2";
    let mut statement = transaction.prepare_cached(sql)?;
    let size = |row: &Row<'_>| Ok(row.get::<_, Count>(0)?.0);
    Ok(statement
        .query_row([name.as_str(), digest.as_str()], size)
        .optional()?)
}

pub fn unlink_blob(
    transaction: &Transaction<'_>,
    name: &RepositoryName,
    digest: &Digest,
) -> Answer<bool> {
    let sql = "DELETE FROM repository_blob WHERE digest = ?2
               AND repository_id = (SELECT id FROM repository WHERE name = ?1)";
    let mut statement = transaction.prepare_cached(sql)?;
    Ok(statement.execute([name.as_str(), digest.as_str()])? == 1)
}
