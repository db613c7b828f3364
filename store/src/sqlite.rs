//! Metadata in one SQLite file: nothing to install, durable at each commit.
//!
//! One connection writes, behind a mutex, so that writers queue in this process instead of
//! polling SQLite's own lock. Readers have connections of their own from a pool: with the
//! write-ahead log they never wait for the writer and each call sees one moment.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, Statement, TransactionBehavior};

use crate::StoreError;
use crate::metadata::Answer;
use crate::sql::row::{Row, Value};
use crate::sql::{Driver, Durability, Transaction, schema};

/// How many readers rest in the pool; more are opened when needed and closed again.
const MAX_RESTING: usize = 8;
/// How long to wait for another process that has the file locked, a backup perhaps.
const BUSY: Duration = Duration::from_secs(10);
/// Whether a commit waits until the medium has it: `full` does. Each transaction says it anew.
const SYNCHRONOUS: &str = "synchronous";
/// Memory for pages of the file, in KiB: of the connection that writes, and of each that reads.
const WRITER_CACHE: i64 = 32 << 10;
const READER_CACHE: i64 = 8 << 10;
/// How many prepared statements a connection keeps: more than there are.
const STATEMENTS: usize = 128;

/// The embedded store of metadata.
pub struct Sqlite {
    path: PathBuf,
    // Dropped before the writer: the last connection writes the log back, and only it can.
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Connection>,
}

impl Sqlite {
    /// Opens the file, readable by its owner only, makes it where it is not there and brings its
    /// schema up to date.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] where the file cannot be made, [`StoreError::Damaged`] where it is no
    /// database, [`StoreError::Database`] where a newer program wrote it.
    pub fn open(path: &Path) -> Result<Sqlite, StoreError> {
        make_private(path)?;
        let mut writer = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        prepare(&writer, WRITER_CACHE)?;
        writer.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        writer.pragma_update(None, SYNCHRONOUS, "full")?;
        migrate(&mut writer, schema::MIGRATIONS)?;
        Ok(Sqlite {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            readers: Mutex::default(),
        })
    }

    fn reader(&self) -> Answer<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Connection::open_with_flags(&self.path, flags)?;
        prepare(&reader, READER_CACHE)?;
        Ok(reader)
    }
}

impl Driver for Sqlite {
    fn read<T>(&self, work: impl Fn(&mut dyn Transaction) -> Answer<T>) -> Answer<T> {
        let resting = || self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = resting().pop();
        let mut reader = match taken {
            Some(reader) => reader,
            None => self.reader()?,
        };
        let mut transaction = reader.transaction()?;
        let answer = work(&mut transaction)?;
        drop(transaction);
        let mut readers = resting();
        if readers.len() < MAX_RESTING {
            readers.push(reader);
        }
        Ok(answer)
    }

    fn check(&self) -> Answer<Vec<String>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare("PRAGMA quick_check")?;
        let lines = statement.query_map([], |row| row.get(0))?;
        let mut lines: Vec<String> = lines.collect::<Result<_, _>>()?;
        lines.retain(|line| line != "ok");
        Ok(lines)
    }

    /// SQLite takes the number after the highest by itself.
    fn number_on(&self, _table: &str) -> Answer<()> {
        Ok(())
    }

    /// Writes the log back and empties it: what was deleted is overwritten in the file only.
    fn settle(&self) -> Answer<()> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let settled = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        Ok(settled?)
    }

    /// Unsynced, the log is synced as a whole with the next synced transaction.
    fn write<T>(
        &self,
        durability: Durability,
        work: impl Fn(&mut dyn Transaction) -> Answer<T>,
    ) -> Answer<T> {
        // A panic in between rolls its transaction back, so the connection stays good.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let word = match durability {
            Durability::Synced => "full",
            Durability::Unsynced => "normal",
        };
        writer.pragma_update(None, SYNCHRONOUS, word)?;
        let mut transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let answer = work(&mut transaction)?;
        transaction.commit()?;
        Ok(answer)
    }
}

impl Transaction for rusqlite::Transaction<'_> {
    fn query(&mut self, sql: &str, given: &[Value]) -> Answer<Vec<Row>> {
        rows(&mut *self.prepare_cached(sql)?, given)
    }

    fn execute(&mut self, sql: &str, given: &[Value]) -> Answer<u64> {
        let mut statement = self.prepare_cached(sql)?;
        Ok(statement.execute(rusqlite::params_from_iter(given))? as u64)
    }

    fn query_each(&mut self, sql: &str, given: &[Vec<Value>]) -> Answer<Vec<Vec<Row>>> {
        let mut statement = self.prepare_cached(sql)?;
        given
            .iter()
            .map(|given| rows(&mut statement, given))
            .collect()
    }
}

fn rows(statement: &mut Statement<'_>, given: &[Value]) -> Answer<Vec<Row>> {
    let columns = statement.column_count();
    let mut found = Vec::new();
    let mut rows = statement.query(rusqlite::params_from_iter(given))?;
    while let Some(row) = rows.next()? {
        let values = (0..columns).map(|column| Ok(value(row.get_ref(column)?)));
        found.push(Row::new(values.collect::<Answer<_>>()?));
    }
    Ok(found)
}

/// A column's value. Nothing here is a real number, and a text that is not UTF-8 is damage, which
/// who takes it finds as bytes.
fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null | ValueRef::Real(_) => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Bytes(text.to_vec()),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Takes the steps that the database has not seen, all in one transaction.
fn migrate(connection: &mut Connection, steps: &[&str]) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = "user_version";
    let taken: i64 = transaction.pragma_query_value(None, version, |row| row.get(0))?;
    let taken = usize::try_from(taken).unwrap_or(usize::MAX);
    if taken > steps.len() {
        return Err(schema::newer(taken, steps.len()));
    }
    for step in steps.iter().skip(taken) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, version, steps.len() as i64)?;
    Ok(transaction.commit()?)
}

/// Makes the file for its owner alone before SQLite opens it: its log and its index copy the mode.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    let opened = options
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path);
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let synced = opened
        .and_then(|file| file.sync_all())
        .and_then(|()| File::open(directory.unwrap_or(Path::new(".")))?.sync_all());
    synced.map_err(|cause| StoreError::Io {
        action: format!("make the metadata file {}", path.display()),
        cause,
    })
}

fn prepare(connection: &Connection, cache: i64) -> Answer<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    // Pages where it is positive, KiB where it is negative.
    connection.pragma_update(None, "cache_size", -cache)?;
    // What is deleted is overwritten: a secret that is sealed leaves no copy in the file.
    connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    Ok(())
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        use rusqlite::Error::{
            FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType,
        };
        let text = error.to_string();
        match error {
            FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) => {
                StoreError::Damaged(text)
            }
            error => match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => StoreError::Full(text),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    StoreError::Damaged(text)
                }
                _ => StoreError::Database(text),
            },
        }
    }
}

#[cfg(test)]
mod tests;
