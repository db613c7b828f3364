//! What only SQLite does: modes, syncs, a full medium, and the steps of the schema.

use super::*;
use crate::UploadId;
use crate::metadata::{Holdings, Repositories};
use crate::record::{Repository, TagRule, UploadRow};
use crate::sql::schema::MIGRATIONS;
use jiff::Timestamp;
use std::os::unix::fs::PermissionsExt;

fn repository(name: &str) -> Repository {
    Repository {
        name: name.parse().unwrap(),
        created_at: Timestamp::UNIX_EPOCH,
        tag_rule: TagRule::default(),
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

fn version(connection: &Connection) -> i64 {
    let read = |row: &rusqlite::Row<'_>| row.get(0);
    connection
        .pragma_query_value(None, "user_version", read)
        .unwrap()
}

#[test]
fn steps_are_taken_once_and_in_order() {
    let mut connection = Connection::open_in_memory().unwrap();
    let steps = [
        "CREATE TABLE a (x)",
        "INSERT INTO a VALUES (1)",
        "INSERT INTO a VALUES (2)",
    ];
    for known in [1, 1, 2, 3, 3] {
        migrate(&mut connection, &steps[..known]).unwrap();
        assert_eq!(version(&connection), known as i64);
    }
    let rows = "SELECT group_concat(x) FROM a";
    let read: String = connection.query_row(rows, [], |row| row.get(0)).unwrap();
    assert_eq!(read, "1,2");
}

#[test]
fn a_step_that_fails_leaves_nothing_behind() {
    let mut connection = Connection::open_in_memory().unwrap();
    let steps = [
        "CREATE TABLE a (x)",
        "CREATE TABLE b (x); CREATE TABLE a (x)",
    ];
    assert!(migrate(&mut connection, &steps).is_err());
    assert_eq!(version(&connection), 0);
    assert!(connection.prepare("SELECT * FROM a").is_err());
}

#[test]
fn a_newer_schema_is_refused() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection, &["", ""]).unwrap();
    let refused = migrate(&mut connection, &[""]).unwrap_err().to_string();
    assert!(refused.contains("a newer version"), "{refused}");
}

#[test]
fn every_foreign_key_is_indexed() {
    // A row that is removed must find those that point at it without reading whole tables.
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection, MIGRATIONS).unwrap();
    let missing = "
        SELECT t.name || '.' || f.\"from\" FROM sqlite_schema t, pragma_foreign_key_list(t.name) f
        WHERE t.type = 'table' AND NOT EXISTS (
            SELECT 1 FROM pragma_index_list(t.name) l, pragma_index_info(l.name) i
            WHERE i.seqno = 0 AND i.name = f.\"from\")
          AND NOT EXISTS (SELECT 1 FROM pragma_table_info(t.name) c
            WHERE c.name = f.\"from\" AND c.pk = 1)";
    let mut statement = connection.prepare(missing).unwrap();
    let rows = statement
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap();
    assert_eq!(
        rows.collect::<Result<Vec<_>, _>>().unwrap(),
        Vec::<String>::new()
    );
}

#[test]
fn a_dump_holds_every_table_with_every_column() {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(&dir.path().join("m")).unwrap();
    let reader = sqlite.reader().unwrap();
    let texts = |sql: &str| -> Vec<String> {
        let mut statement = reader.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    let mut tables = texts(
        "SELECT name FROM sqlite_schema WHERE type = 'table'
         AND name NOT LIKE 'sqlite_%' AND name <> 'upload'",
    );
    tables.sort();
    let mut dumped: Vec<&str> = crate::TABLES.iter().map(|table| table.name).collect();
    dumped.sort_unstable();
    assert_eq!(dumped, tables);
    for table in crate::TABLES {
        let name = table.name;
        let columns = texts(&format!("SELECT name FROM pragma_table_info('{name}')"));
        assert_eq!(table.columns, columns, "{name}");
        let key = format!("SELECT name FROM pragma_table_info('{name}') WHERE pk > 0 ORDER BY pk");
        assert_eq!(table.key, texts(&key), "{name}");
    }
}
