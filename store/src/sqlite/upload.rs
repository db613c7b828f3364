//! Uploads under way.

use model::{Digest, RepositoryName};
use rusqlite::{OptionalExtension, Transaction, params};

use super::repository;
use super::value::{Text, Time};
use crate::UploadId;
use crate::metadata::Answer;
use crate::record::UploadRow;

pub fn create(transaction: &Transaction<'_>, upload: &UploadRow) -> Answer<bool> {
    let Some(repository) = repository::id(transaction, &upload.repository)? else {
        return Ok(false);
    };
    let sql = "INSERT INTO upload (id, repository_id, started_at) VALUES (?1, ?2, ?3)";
    let started_at = Time(upload.started_at);
    transaction.prepare_cached(sql)?.execute(params![
        upload.id.as_str(),
        repository,
        started_at
    ])?;
    Ok(true)
}

pub fn get(transaction: &Transaction<'_>, id: &UploadId) -> Answer<Option<UploadRow>> {
    let sql =
        "SELECT r.name, u.started_at FROM upload u JOIN repository r ON r.id = u.repository_id
               WHERE u.id = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    let row = statement.query_row([id.as_str()], |row| {
        Ok(UploadRow {
            id: id.clone(),
            repository: row.get::<_, Text<_>>(0)?.0,
            started_at: row.get::<_, Time>(1)?.0,
        })
    });
    Ok(row.optional()?)
}

pub fn delete(transaction: &Transaction<'_>, id: &UploadId) -> Answer<()> {
    let mut statement = transaction.prepare_cached("DELETE FROM upload WHERE id = ?1")?;
    statement.execute([id.as_str()])?;
    Ok(())
}

pub fn finish(
    transaction: &Transaction<'_>,
    id: &UploadId,
    name: &RepositoryName,
    digest: &Digest,
    size: u64,
) -> Answer<bool> {
    delete(transaction, id)?;
    repository::link_blob(transaction, name, digest, size)
}
