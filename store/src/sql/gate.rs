//! Policies, exceptions, VEX documents and passes.

use jiff::Timestamp;

use super::row::{Row, given};
use super::{Driver, Durability, Transaction};
use crate::metadata::{Answer, Gate};
use crate::record::{GateDocument, GateKind, NewGateDocument, Pass};

const DOCUMENT: &str =
    "SELECT name, version, form, text, who, made_at FROM gate_document WHERE kind = ?1";

impl<D: Driver> Gate for D {
    fn gate_version(&self) -> Answer<u64> {
        let sql = "SELECT version FROM gate_change WHERE id = 1";
        let row = self.read(|t| t.first(sql, &[]))?;
        row.map_or(Ok(0), |mut row| row.take(0))
    }

    fn put_gate_document(&self, document: &NewGateDocument<'_>) -> Answer<u64> {
        self.write(Durability::Synced, |t| {
            raise(t)?;
            add(t, document, true)
        })
    }

    fn delete_gate_document(
        &self,
        kind: GateKind,
        name: &str,
        who: &str,
        now: Timestamp,
    ) -> Answer<bool> {
        let deletion = NewGateDocument {
            kind,
            name,
            form: "",
            text: "",
            who,
            made_at: now,
        };
        let sql = format!("{DOCUMENT} AND name = ?2 AND latest = 1 AND text IS NOT NULL");
        self.write(Durability::Synced, |t| {
            if t.first(&sql, &given![kind.as_str(), name])?.is_none() {
                return Ok(false);
            }
            raise(t)?;
            add(t, &deletion, false).map(|_| true)
        })
    }

    fn gate_documents(
        &self,
        kind: GateKind,
        after: Option<&str>,
        limit: usize,
    ) -> Answer<Vec<GateDocument>> {
        let sql = format!(
            "{DOCUMENT} AND name > ?2 AND latest = 1 AND text IS NOT NULL ORDER BY name LIMIT ?3"
        );
        let given = given![kind.as_str(), after.unwrap_or_default(), limit];
        let rows = self.read(|t| t.query(&sql, &given))?;
        rows.into_iter().map(|row| read(kind, row)).collect()
    }

    fn gate_document(&self, kind: GateKind, name: &str) -> Answer<Option<GateDocument>> {
        let sql = format!("{DOCUMENT} AND name = ?2 AND latest = 1 AND text IS NOT NULL");
        let row = self.read(|t| t.first(&sql, &given![kind.as_str(), name]))?;
        row.map(|row| read(kind, row)).transpose()
    }

    fn gate_document_versions(
        &self,
        kind: GateKind,
        name: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Answer<Vec<GateDocument>> {
        let sql =
            format!("{DOCUMENT} AND name = ?2 AND version < ?3 ORDER BY version DESC LIMIT ?4");
        let given = given![kind.as_str(), name, before.unwrap_or(u64::MAX), limit];
        let rows = self.read(|t| t.query(&sql, &given))?;
        rows.into_iter().map(|row| read(kind, row)).collect()
    }

    fn create_pass(&self, pass: &Pass) -> Answer<bool> {
        let sql = "INSERT INTO gate_pass (id, repository, digest, who, reason, begins_at, ends_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
        let (begin, end) = (pass.begins_at, pass.ends_at);
        let (repository, digest) = (&pass.repository, &pass.digest);
        let given = given![
            &pass.id,
            repository,
            digest,
            &pass.who,
            &pass.reason,
            begin,
            end
        ];
        self.write(Durability::Synced, |t| {
            let made = t.execute(sql, &given)? == 1;
            if made {
                raise(t)?;
            }
            Ok(made)
        })
    }

    fn end_pass(&self, id: &str, now: Timestamp) -> Answer<bool> {
        let sql = "UPDATE gate_pass SET ends_at = ?2 WHERE id = ?1 AND ends_at > ?2";
        self.write(Durability::Synced, |t| {
            let ended = t.execute(sql, &given![id, now])? == 1;
            if ended {
                raise(t)?;
            }
            Ok(ended)
        })
    }

    fn passes(&self, now: Timestamp, limit: usize) -> Answer<Vec<Pass>> {
        let sql = "SELECT id, repository, digest, who, reason, begins_at, ends_at FROM gate_pass
                   WHERE ends_at > ?1 ORDER BY ends_at DESC, id LIMIT ?2";
        let rows = self.read(|t| t.query(sql, &given![now, limit]))?;
        rows.into_iter().map(read_pass).collect()
    }
}

/// Counts a change. The row is written by all who change anything, so that they come one by one.
fn raise(t: &mut dyn Transaction) -> Answer<()> {
    let sql = "INSERT INTO gate_change (id, version) VALUES (1, 1)
               ON CONFLICT (id) DO UPDATE SET version = gate_change.version + 1";
    t.execute(sql, &[]).map(drop)
}

/// Adds a version of a document, with its text or as its deletion.
fn add(t: &mut dyn Transaction, new: &NewGateDocument<'_>, with_text: bool) -> Answer<u64> {
    let (kind, name) = (new.kind.as_str(), new.name);
    let last = "SELECT version FROM gate_document WHERE kind = ?1 AND name = ?2 AND latest = 1";
    let last = t.first(last, &given![kind, name])?;
    let last: u64 = last.map_or(Ok(0), |mut row| row.take(0))?;
    let sql = "UPDATE gate_document SET latest = 0 WHERE kind = ?1 AND name = ?2 AND latest = 1";
    t.execute(sql, &given![kind, name])?;
    let sql = "INSERT INTO gate_document (kind, name, version, form, text, who, made_at, latest)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1)";
    let (version, text) = (last + 1, with_text.then_some(new.text));
    t.execute(
        sql,
        &given![kind, name, version, new.form, text, new.who, new.made_at],
    )?;
    Ok(version)
}

fn read(kind: GateKind, mut row: Row) -> Answer<GateDocument> {
    Ok(GateDocument {
        kind,
        name: row.take(0)?,
        version: row.take(1)?,
        form: row.take(2)?,
        text: row.take(3)?,
        who: row.take(4)?,
        made_at: row.take(5)?,
    })
}

fn read_pass(mut row: Row) -> Answer<Pass> {
    Ok(Pass {
        id: row.take(0)?,
        repository: row.parse(1)?,
        digest: row.parse(2)?,
        who: row.take(3)?,
        reason: row.take(4)?,
        begins_at: row.take(5)?,
        ends_at: row.take(6)?,
    })
}
