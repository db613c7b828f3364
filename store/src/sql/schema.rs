//! The schema, as an ordered list of steps. A step that was released is never changed.
//!
//! Steps are written in the words of SQLite; what PostgreSQL says in another way, its driver
//! rewrites. The usual migration libraries (refinery, rusqlite_migration) hold the SQLite binding
//! back by two versions or more; what is needed of them is one loop.

/// Every step, oldest first.
pub const MIGRATIONS: &[&str] = &[
    include_str!("schema/0001_first.sql"),
    include_str!("schema/0002_keep_house.sql"),
    include_str!("schema/0003_outbox.sql"),
    include_str!("schema/0004_match.sql"),
    include_str!("schema/0005_preference.sql"),
    include_str!("schema/0006_audit.sql"),
    include_str!("schema/0007_gate.sql"),
    include_str!("schema/0008_subscription.sql"),
    include_str!("schema/0009_judge.sql"),
    include_str!("schema/0010_package_key.sql"),
];

/// What is said of a database that a newer program wrote.
pub fn newer(taken: usize, known: usize) -> crate::StoreError {
    crate::StoreError::Database(format!(
        "its schema is number {taken}, but this program knows only up to {known}: it was written by \
         a newer version; run that one, or restore a backup made before"
    ))
}
