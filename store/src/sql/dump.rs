//! All rows of all tables, to move a store from one database to another.

use std::cell::RefCell;

use super::row::Value;
use super::{Driver, Durability, Transaction};
use crate::metadata::{Answer, Transfer};

/// How many rows are read at once.
const PAGE: usize = 500;

/// A table, as the schema makes it.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns that tell its rows apart, in the order of its key.
    pub key: &'static [&'static str],
    /// All columns.
    pub columns: &'static [&'static str],
    /// Whether the database numbers its rows, in the column `id`.
    pub numbered: bool,
}

const fn table(
    name: &'static str,
    key: &'static [&'static str],
    columns: &'static [&'static str],
) -> Table {
    Table {
        name,
        key,
        columns,
        numbered: false,
    }
}

const fn numbered(name: &'static str, columns: &'static [&'static str]) -> Table {
    Table {
        name,
        key: &["id"],
        columns,
        numbered: true,
    }
}

/// Every table but that of uploads, whose bytes stay behind; those that others refer to first.
#[rustfmt::skip]
pub const TABLES: &[Table] = &[
    numbered("repository", &["id", "name", "created_at", "tag_mutability", "scan_on_push", "tag_exclusions"]),
    table("blob", &["digest"], &["digest", "size", "made_at", "claimed_at", "damaged_at", "doomed_at"]),
    table("repository_blob", &["repository_id", "digest"], &["repository_id", "digest", "size", "wanted_at"]),
    numbered("manifest", &["id", "repository_id", "digest", "media_type", "artifact_type", "subject", "annotations", "image_size", "pushed_at", "bytes"]),
    table("manifest_blob", &["manifest_id", "digest"], &["manifest_id", "digest"]),
    table("manifest_child", &["manifest_id", "digest"], &["manifest_id", "digest"]),
    table("tag", &["repository_id", "name"], &["repository_id", "name", "manifest_id"]),
    numbered("scan", &["id", "image", "state", "detail", "requested_at", "completed_at", "catalog_revision"]),
    table("inventory", &["scan_id"], &["scan_id", "inventory"]),
    numbered("package", &["id", "key", "identity", "matchable", "findings", "gaps", "settled", "keys"]),
    table("package_key", &["name", "ecosystem", "package_id"], &["name", "ecosystem", "package_id"]),
    table("finding", &["identifier", "package_id"], &["identifier", "package_id"]),
    numbered("package_set", &["id", "key", "changes", "critical", "high", "medium", "low", "negligible", "unknown"]),
    table("set_package", &["set_id", "package_id"], &["set_id", "package_id"]),
    table("image_set", &["scan_id", "set_id"], &["scan_id", "set_id"]),
    numbered("matched", &["id", "judge"]),
    table("layer_report", &["layer"], &["layer", "catalog_revision", "report"]),
    numbered("audit", &["id", "happened_at", "actor", "key_id", "client", "request_id", "action", "repository", "object", "outcome", "reason", "details"]),
    numbered("event", &["id", "sequence", "happened_at", "kind", "body"]),
    table("outbox", &["id"], &["id", "placed", "forgotten"]),
    table("subscription", &["name"], &["name", "made_at", "target", "shape", "filter", "digest_minute", "sealed", "paused", "delivered", "delivered_at", "digested_at", "attempts", "error", "free_at", "lease"]),
    numbered("job", &["id", "kind", "free_at", "attempts"]),
    table("preference", &["name"], &["name", "value"]),
    table("user_account", &["name"], &["name", "password", "created_at"]),
    table("user_grant", &["user_name", "role", "pattern"], &["user_name", "role", "pattern"]),
    table("access_key", &["id"], &["id", "user_name", "secret", "sealed", "created_at"]),
    table("token", &["hash"], &["hash", "user_name", "key_id", "expires_at"]),
    table("gate_document", &["kind", "name", "version"], &["kind", "name", "version", "form", "text", "who", "made_at", "latest"]),
    table("gate_pass", &["id"], &["id", "repository", "digest", "who", "reason", "begins_at", "ends_at"]),
    table("gate_change", &["id"], &["id", "version"]),
];

impl<D: Driver> Transfer for D {
    fn dump(&self, row: &mut dyn FnMut(&Table, Vec<Value>) -> Answer<()>) -> Answer<()> {
        let row = RefCell::new(row);
        self.read(|t| {
            for table in TABLES {
                dump(t, table, &mut |values| (row.borrow_mut())(table, values))?;
            }
            Ok(())
        })
    }

    fn load(&self, table: &Table, rows: &[Vec<Value>]) -> Answer<()> {
        let places: Vec<String> = (1..=table.columns.len())
            .map(|at| format!("?{at}"))
            .collect();
        let (name, columns) = (table.name, table.columns.join(", "));
        let sql = format!(
            "INSERT INTO {name} ({columns}) VALUES ({})",
            places.join(", ")
        );
        self.write(Durability::Synced, |t| t.query_each(&sql, rows).map(drop))?;
        match table.numbered {
            true => self.number_on(name),
            false => Ok(()),
        }
    }
}

fn dump(
    t: &mut dyn Transaction,
    table: &Table,
    row: &mut dyn FnMut(Vec<Value>) -> Answer<()>,
) -> Answer<()> {
    let (name, columns, key) = (table.name, table.columns.join(", "), table.key.join(", "));
    let places: Vec<String> = (1..=table.key.len()).map(|at| format!("?{at}")).collect();
    let first = format!("SELECT {columns} FROM {name} ORDER BY {key} LIMIT {PAGE}");
    let next = format!(
        "SELECT {columns} FROM {name} WHERE ({key}) > ({}) ORDER BY {key} LIMIT {PAGE}",
        places.join(", ")
    );
    let mut page = t.query(&first, &[])?;
    loop {
        let is_last = page.len() < PAGE;
        let mut after = Vec::new();
        for read in page {
            let values = read.into_values();
            after = key_of(table, &values);
            row(values)?;
        }
        if is_last {
            return Ok(());
        }
        page = t.query(&next, &after)?;
    }
}

/// The values of a row's key.
fn key_of(table: &Table, values: &[Value]) -> Vec<Value> {
    let pairs = || table.columns.iter().zip(values);
    let value = |column: &&str| pairs().find(|(name, _)| *name == column);
    let found = table.key.iter().filter_map(value);
    found.map(|(_, value)| value.clone()).collect()
}
