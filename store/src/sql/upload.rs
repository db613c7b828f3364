//! Uploads under way.

use super::row::{Row, given};
use super::{Transaction, repository};
use crate::UploadId;
use crate::metadata::Answer;
use crate::record::UploadRow;

const COLUMNS: &str = "SELECT u.id, r.name, u.started_at FROM upload u
    JOIN repository r ON r.id = u.repository_id";

fn read(mut row: Row) -> Answer<UploadRow> {
    Ok(UploadRow {
        id: row.parse(0)?,
        repository: row.parse(1)?,
        started_at: row.take(2)?,
    })
}

pub fn create(t: &mut dyn Transaction, upload: &UploadRow) -> Answer<bool> {
    let Some(repository) = repository::id(t, &upload.repository)? else {
        return Ok(false);
    };
    let sql = "INSERT INTO upload (id, repository_id, started_at) VALUES (?1, ?2, ?3)";
    t.execute(sql, &given![&upload.id, repository, upload.started_at])?;
    Ok(true)
}

pub fn get(t: &mut dyn Transaction, id: &UploadId) -> Answer<Option<UploadRow>> {
    let sql = format!("{COLUMNS} WHERE u.id = ?1");
    t.first(&sql, &given![id])?.map(read).transpose()
}

pub fn list(
    t: &mut dyn Transaction,
    after: Option<&UploadId>,
    limit: usize,
) -> Answer<Vec<UploadRow>> {
    let sql = format!("{COLUMNS} WHERE u.id > ?1 ORDER BY u.id LIMIT ?2");
    let after = after.map_or("", UploadId::as_str);
    let rows = t.query(&sql, &given![after, limit])?;
    rows.into_iter().map(read).collect()
}

pub fn delete(t: &mut dyn Transaction, id: &UploadId) -> Answer<()> {
    t.execute("DELETE FROM upload WHERE id = ?1", &given![id])?;
    Ok(())
}
