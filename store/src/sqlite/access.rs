//! Access keys and registry tokens.

use jiff::Timestamp;
use model::Digest;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::value::Time;
use crate::metadata::Answer;
use crate::record::AccessKey;

const COLUMNS: &str = "SELECT id, secret, created_at FROM access_key";

fn read(row: &Row<'_>) -> rusqlite::Result<AccessKey> {
    Ok(AccessKey {
        id: row.get(0)?,
        secret: row.get(1)?,
        created_at: row.get::<_, Time>(2)?.0,
    })
}

pub fn create_key(transaction: &Transaction<'_>, key: &AccessKey) -> Answer<bool> {
    let sql = "INSERT INTO access_key (id, secret, created_at) VALUES (?1, ?2, ?3)
               ON CONFLICT DO NOTHING";
    let mut statement = transaction.prepare_cached(sql)?;
    Ok(statement.execute(params![key.id, key.secret, Time(key.created_at)])? == 1)
}

pub fn key(transaction: &Transaction<'_>, id: &str) -> Answer<Option<AccessKey>> {
    let mut statement = transaction.prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?;
    Ok(statement.query_row([id], read).optional()?)
}

pub fn keys(transaction: &Transaction<'_>) -> Answer<Vec<AccessKey>> {
    let mut statement = transaction.prepare_cached(&format!("{COLUMNS} ORDER BY id"))?;
    Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
}

pub fn create_token(
    transaction: &Transaction<'_>,
    hash: &Digest,
    key_id: &str,
    expires_at: Timestamp,
) -> Answer<()> {
    let sql = "INSERT OR REPLACE INTO token (hash, key_id, expires_at) VALUES (?1, ?2, ?3)";
    let mut statement = transaction.prepare_cached(sql)?;
    statement.execute(params![hash.as_str(), key_id, Time(expires_at)])?;
    Ok(())
}

pub fn token(transaction: &Transaction<'_>, hash: &Digest) -> Answer<Option<(String, Timestamp)>> {
    let sql = "SELECT key_id, expires_at FROM token WHERE hash = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, Time>(1)?.0));
    Ok(statement.query_row([hash.as_str()], read).optional()?)
}

pub fn delete_expired_tokens(transaction: &Transaction<'_>, now: Timestamp) -> Answer<()> {
    let mut statement = transaction.prepare_cached("DELETE FROM token WHERE expires_at < ?1")?;
    statement.execute([Time(now)])?;
    Ok(())
}
