//! Metadata in one SQLite file: nothing to install, durable at each commit.
//!
//! One connection writes, behind a mutex, so that writers queue in this process instead of
//! polling SQLite's own lock. Readers have connections of their own from a pool: with the
//! write-ahead log they never wait for the writer and each call sees one moment.

mod access;
mod finding;
mod job;
mod layer_report;
mod manifest;
mod metadata;
mod repository;
mod scan;
mod schema;
mod tag;
mod upload;
mod value;

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::StoreError;
use crate::metadata::Answer;

/// How many readers rest in the pool; more are opened when needed and closed again.
const MAX_RESTING: usize = 8;
/// How long to wait for another process that has the file locked, a backup perhaps.
const BUSY: Duration = Duration::from_secs(10);
/// Whether a commit waits until the medium has it: `full` does. Each transaction says it anew.
const SYNCHRONOUS: &str = "synchronous";
/// How many prepared statements a connection keeps: more than there are.
const STATEMENTS: usize = 128;

/// The embedded store of metadata.
pub struct Sqlite {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
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
        prepare(&writer)?;
        writer.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        writer.pragma_update(None, SYNCHRONOUS, "full")?;
        schema::migrate(&mut writer, schema::MIGRATIONS)?;
        Ok(Sqlite {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            readers: Mutex::default(),
        })
    }

    /// One transaction that may write: all of it lasts, or nothing.
    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Answer<T>) -> Answer<T> {
        // A panic in between rolls its transaction back, so the connection stays good.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.pragma_update(None, SYNCHRONOUS, "full")?;
        transact(&mut writer, work)
    }

    /// One transaction that lasts through a kill, and through a power cut once a later [`write`]
    /// has ended: the log is synced as a whole. For rows whose loss costs a client a new start.
    ///
    /// [`write`]: Sqlite::write
    fn write_unsynced<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Answer<T>) -> Answer<T> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.pragma_update(None, SYNCHRONOUS, "normal")?;
        transact(&mut writer, work)
    }

    /// One transaction that only reads.
    fn read<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Answer<T>) -> Answer<T> {
        let resting = || self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = resting().pop();
        let mut reader = match taken {
            Some(reader) => reader,
            None => self.reader()?,
        };
        let transaction = reader.transaction()?;
        let answer = work(&transaction)?;
        drop(transaction);
        let mut readers = resting();
        if readers.len() < MAX_RESTING {
            readers.push(reader);
        }
        Ok(answer)
    }

    fn reader(&self) -> Answer<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Connection::open_with_flags(&self.path, flags)?;
        prepare(&reader)?;
        Ok(reader)
    }
}

fn transact<T>(
    writer: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Answer<T>,
) -> Answer<T> {
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let answer = work(&transaction)?;
    transaction.commit()?;
    Ok(answer)
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

fn prepare(connection: &Connection) -> Answer<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "memory")?;
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
mod tests {
    use super::*;
    use crate::record::{Repository, UploadRow};
    use crate::{Metadata, UploadId};
    use jiff::Timestamp;
    use std::os::unix::fs::PermissionsExt;

    fn repository(name: &str) -> Repository {
        Repository {
            name: name.parse().unwrap(),
            created_at: Timestamp::UNIX_EPOCH,
            tag_mutability: "MUTABLE".into(),
            scan_on_push: None,
        }
    }

    #[test]
    fn only_the_owner_can_read() {
        let dir = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(&dir.path().join("m")).unwrap();
        sqlite.create_repository(&repository("a")).unwrap();
        let entries: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
        assert_eq!(entries.len(), 3, "the file, its log and its index");
        for entry in entries {
            let mode = entry.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn each_commit_is_synced() {
        let dir = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(&dir.path().join("m")).unwrap();
        let pragma = |name: &str| -> String {
            let writer = sqlite.writer.lock().unwrap();
            let read = |row: &rusqlite::Row<'_>| {
                row.get_ref(0).map(|value| match value.as_str() {
                    Ok(text) => text.to_owned(),
                    Err(_) => value.as_i64().unwrap().to_string(),
                })
            };
            writer.pragma_query_value(None, name, read).unwrap()
        };
        assert_eq!(pragma("journal_mode"), "wal");
        assert_eq!(pragma("synchronous"), "2");
        let upload = UploadRow {
            id: UploadId::from_random([1; 16]),
            repository: repository("a").name,
            started_at: Timestamp::UNIX_EPOCH,
        };
        sqlite.create_upload(&upload).unwrap();
        assert_eq!(
            pragma("synchronous"),
            "1",
            "an upload that has only begun may be lost"
        );
        sqlite.create_repository(&repository("a")).unwrap();
        assert_eq!(pragma("synchronous"), "2");
        assert_eq!(pragma("foreign_keys"), "1");
    }

    #[test]
    fn a_file_that_is_no_database_is_damage() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m");
        std::fs::write(&path, "garbage ".repeat(1000)).unwrap();
        assert!(matches!(Sqlite::open(&path), Err(StoreError::Damaged(_))));
    }

    #[test]
    fn a_full_medium_is_told_and_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(&dir.path().join("m")).unwrap();
        let set = |pages: i64| {
            let writer = sqlite.writer.lock().unwrap();
            let set = "max_page_count";
            writer
                .pragma_update_and_check(None, set, pages, |_| Ok(()))
                .unwrap();
        };
        set(1);
        let long = "a/".repeat(120);
        let put = |number: usize| sqlite.create_repository(&repository(&format!("{long}{number}")));
        let failed = (0..10_000).find_map(|number| put(number).err().map(|error| (number, error)));
        let (number, error) = failed.unwrap();
        assert!(matches!(error, StoreError::Full(_)), "{error}");
        assert_eq!(sqlite.repositories(None, 20_000).unwrap().len(), number);
        set(1 << 30);
        assert!(put(number).unwrap());
    }
}
