//! The audit log.

use jiff::Timestamp;

use super::row::{Row, Value, given};
use super::{Driver, Durability};
use crate::StoreError;
use crate::metadata::{Answer, Audit};
use crate::record::{AuditFilter, Audited, Entry, Outcome};

const COLUMNS: &str = "SELECT id, happened_at, actor, key_id, client, request_id, action,
    repository, object, outcome, reason, details FROM audit";

impl<D: Driver> Audit for D {
    fn record_audit(&self, entries: &[Entry]) -> Answer<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let rows: Vec<Vec<Value>> = entries.iter().map(values).collect();
        self.write(Durability::Synced, |t| {
            let sql = "INSERT INTO audit (happened_at, actor, key_id, client, request_id, action,
                           repository, object, outcome, reason, details)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
            t.query_each(sql, &rows).map(drop)
        })
    }

    fn audit(
        &self,
        filter: &AuditFilter,
        after: Option<u64>,
        limit: usize,
    ) -> Answer<Vec<Audited>> {
        let (conditions, mut given) = conditions(filter, after);
        given.push(limit.into());
        let sql = format!(
            "{COLUMNS} WHERE {} ORDER BY id LIMIT ?{}",
            conditions.join(" AND "),
            given.len()
        );
        let rows = self.read(|t| t.query(&sql, &given))?;
        rows.into_iter().map(read).collect()
    }

    fn forget_audit(&self, before: Timestamp, limit: usize) -> Answer<u64> {
        self.write(Durability::Synced, |t| {
            let sql = "DELETE FROM audit WHERE id IN (SELECT id FROM audit
                           WHERE happened_at < ?1 ORDER BY happened_at LIMIT ?2)";
            t.execute(sql, &given![before, limit])
        })
    }
}

/// What rows must fulfil, with the arguments of that.
fn conditions(filter: &AuditFilter, after: Option<u64>) -> (Vec<String>, Vec<Value>) {
    let (mut conditions, mut given): (Vec<String>, Vec<Value>) = Default::default();
    let mut add = |condition: &str, value: Value| {
        given.push(value);
        conditions.push(format!("{condition} ?{}", given.len()));
    };
    add("id >", after.unwrap_or(0).into());
    let since = filter.since.map(Value::from);
    let texts = [
        ("happened_at >=", since.clone()),
        ("happened_at <", filter.until.map(Value::from)),
        ("actor =", filter.actor.as_ref().map(Value::from)),
        ("action =", filter.action.as_ref().map(Value::from)),
        ("repository =", filter.repository.as_ref().map(Value::from)),
        (
            "outcome =",
            filter.outcome.map(|outcome| outcome.as_str().into()),
        ),
    ];
    for (condition, value) in texts {
        if let Some(value) = value {
            add(condition, value);
        }
    }
    // The first page begins where the time does, and not at the beginning of a long log.
    if let (Some(since), None) = (since, after) {
        given.push(since);
        let first = "SELECT MIN(id) FROM audit WHERE happened_at >=";
        conditions.push(format!("id >= ({first} ?{})", given.len()));
    }
    (conditions, given)
}

fn values(entry: &Entry) -> Vec<Value> {
    given![
        entry.at,
        &entry.actor,
        entry.key_id.as_ref(),
        &entry.client,
        &entry.request_id,
        &entry.action,
        entry.repository.as_ref(),
        &entry.object,
        entry.outcome.as_str(),
        &entry.reason,
        &entry.details,
    ]
    .to_vec()
}

fn read(mut row: Row) -> Answer<Audited> {
    let word: String = row.take(9)?;
    let outcome = Outcome::from_word(&word)
        .ok_or_else(|| StoreError::Damaged(format!("'{word}' is no outcome")))?;
    Ok(Audited {
        sequence: row.take(0)?,
        entry: Entry {
            at: row.take(1)?,
            actor: row.take(2)?,
            key_id: row.take(3)?,
            client: row.take(4)?,
            request_id: row.take(5)?,
            action: row.take(6)?,
            repository: row.take(7)?,
            object: row.take(8)?,
            outcome,
            reason: row.take(10)?,
            details: row.take(11)?,
        },
    })
}
