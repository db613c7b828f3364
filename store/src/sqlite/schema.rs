//! The schema, as an ordered list of steps. A step that was released is never changed.
//!
//! The number of steps taken stands in SQLite's own `user_version`. The usual migration libraries
//! (refinery, rusqlite_migration) hold the SQLite binding back by two versions or more and would
//! link a second one; what is needed of them is this one loop.

use rusqlite::{Connection, TransactionBehavior};

use crate::StoreError;

/// Every step, oldest first.
pub const MIGRATIONS: &[&str] = &[include_str!("schema/0001_first.sql")];

/// Takes the steps that the database has not seen, all in one transaction.
pub fn migrate(connection: &mut Connection, steps: &[&str]) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = "user_version";
    let taken: i64 = transaction.pragma_query_value(None, version, |row| row.get(0))?;
    let taken = usize::try_from(taken).unwrap_or(usize::MAX);
    if taken > steps.len() {
        return Err(StoreError::Database(format!(
            "its schema is number {taken}, but this program knows only up to {}: it was written by \
             a newer version; run that one, or restore a backup made before",
            steps.len()
        )));
    }
    for step in steps.iter().skip(taken) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, version, steps.len() as i64)?;
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
