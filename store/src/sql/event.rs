//! The outbox: rows that are written with what they tell of.
//!
//! A row gets its place in the order afterwards ([`place`]), so that those who write at once do
//! not wait for each other: two rows of one image are numbered as they were written, since the
//! transactions that wrote them saw each other.

use jiff::Timestamp;
use model::{Digest, RepositoryName, Tag};

use super::row::{Row, Value, given};
use super::value::{pack, unpack};
use super::{Transaction, tag};
use crate::metadata::Answer;
use crate::record::{Event, Happening, ImageAction, Outbox};

/// How many events are written at once.
const BATCH: usize = 1000;

const MANIFEST: &str = "SELECT m.id, m.digest, m.media_type, m.artifact_type
    FROM manifest m JOIN repository r ON r.id = m.repository_id";

/// Writes down what happened, in the transaction that does it.
pub fn add(t: &mut dyn Transaction, what: &Happening, at: Timestamp) -> Answer<()> {
    add_all(t, std::slice::from_ref(what), at)
}

fn add_all(t: &mut dyn Transaction, all: &[Happening], at: Timestamp) -> Answer<()> {
    let sql = "INSERT INTO event (happened_at, kind, body) VALUES (?1, ?2, ?3)";
    let given = all
        .iter()
        .map(|what| Ok(given![at, what.kind(), pack(what)?].to_vec()))
        .collect::<Answer<Vec<_>>>()?;
    t.query_each(sql, &given).map(drop)
}

/// Writes down that a tag is about to be removed, if it is there.
pub fn add_untagged(
    t: &mut dyn Transaction,
    repository: &RepositoryName,
    tag: &Tag,
    now: Timestamp,
) -> Answer<()> {
    let sql = format!(
        "{MANIFEST} JOIN tag t ON t.manifest_id = m.id AND t.repository_id = r.id
         WHERE r.name = ?1 AND t.name = ?2"
    );
    let Some(row) = t.first(&sql, &given![repository, tag])? else {
        return Ok(());
    };
    let (_, mut action) = read_action(repository, row)?;
    action.tag = Some(tag.clone());
    add(t, &Happening::Deleted(action), now)
}

/// Writes down that manifests of a repository are about to be removed, one or all: the tags of
/// each, then itself.
pub fn add_deleted(
    t: &mut dyn Transaction,
    repository: &RepositoryName,
    digest: Option<&Digest>,
    now: Timestamp,
) -> Answer<()> {
    let sql = format!(
        "{MANIFEST} WHERE r.name = ?1 AND (CAST(?2 AS TEXT) IS NULL OR m.digest = ?2)
         ORDER BY m.digest"
    );
    let rows = t.query(&sql, &given![repository, digest])?;
    let read = |row| read_action(repository, row);
    let manifests: Vec<(i64, ImageAction)> = rows.into_iter().map(read).collect::<Answer<_>>()?;
    let ids: Vec<i64> = manifests.iter().map(|(id, _)| *id).collect();
    let mut tags = tag::of_manifests(t, &ids)?;
    let mut all = Vec::new();
    for (id, action) in manifests {
        for tag in tags.remove(&id).unwrap_or_default() {
            let mut tagged = action.clone();
            tagged.tag = Some(tag);
            all.push(Happening::Deleted(tagged));
        }
        all.push(Happening::Deleted(action));
        if all.len() >= BATCH {
            add_all(t, &all, now)?;
            all.clear();
        }
    }
    add_all(t, &all, now)
}

fn read_action(repository: &RepositoryName, mut row: Row) -> Answer<(i64, ImageAction)> {
    let action = ImageAction {
        repository: repository.clone(),
        digest: row.parse(1)?,
        tag: None,
        media_type: row.take(2)?,
        artifact_type: row.take(3)?,
    };
    Ok((row.take(0)?, action))
}

/// How far the outbox has come.
pub fn outbox(t: &mut dyn Transaction) -> Answer<Outbox> {
    let row = t.first("SELECT placed, forgotten FROM outbox WHERE id = 1", &[])?;
    let read = |mut row: Row| -> Answer<Outbox> {
        Ok(Outbox {
            placed: row.take(0)?,
            forgotten: row.take(1)?,
        })
    };
    Ok(row.map(read).transpose()?.unwrap_or_default())
}

/// Whether an event waits for a place.
pub fn waits(t: &mut dyn Transaction) -> Answer<bool> {
    let sql = "SELECT 1 FROM event WHERE sequence IS NULL LIMIT 1";
    Ok(t.first(sql, &[])?.is_some())
}

/// Gives events that have none a place each. Who gives places at the same time changes the same
/// row: one of the two is undone and runs again.
pub fn place(t: &mut dyn Transaction, limit: usize) -> Answer<Outbox> {
    let mut outbox = outbox(t)?;
    let sql = "SELECT id FROM event WHERE sequence IS NULL ORDER BY id LIMIT ?1";
    let mut given = Vec::new();
    for mut row in t.query(sql, &given![limit])? {
        outbox.placed += 1;
        given.push(given![row.take::<i64>(0)?, outbox.placed].to_vec());
    }
    if !given.is_empty() {
        keep(t, outbox)?;
        t.query_each("UPDATE event SET sequence = ?2 WHERE id = ?1", &given)?;
    }
    Ok(outbox)
}

fn keep(t: &mut dyn Transaction, outbox: Outbox) -> Answer<()> {
    let sql = "INSERT INTO outbox (id, placed, forgotten) VALUES (1, ?1, ?2)
               ON CONFLICT (id) DO UPDATE SET placed = excluded.placed,
                   forgotten = excluded.forgotten";
    t.execute(sql, &given![outbox.placed, outbox.forgotten])?;
    Ok(())
}

/// Up to `limit` events after a place, in order.
pub fn list(t: &mut dyn Transaction, after: u64, limit: usize) -> Answer<Vec<Event>> {
    let sql = "SELECT sequence, happened_at, body FROM event WHERE sequence > ?1
               ORDER BY sequence LIMIT ?2";
    let rows = t.query(sql, &given![after, limit])?;
    rows.into_iter().map(read).collect()
}

fn read(mut row: Row) -> Answer<Event> {
    let sequence: u64 = row.take(0)?;
    let body: Vec<u8> = row.take(2)?;
    Ok(Event {
        sequence,
        at: row.take(1)?,
        what: unpack(&format!("event {sequence}"), &body)?,
    })
}

/// Removes the oldest events, as far as they happened before a time.
pub fn forget(t: &mut dyn Transaction, before: Timestamp, limit: usize) -> Answer<u64> {
    let sql = "SELECT sequence, happened_at FROM event WHERE sequence IS NOT NULL
               ORDER BY sequence LIMIT ?1";
    let mut old: Vec<Vec<Value>> = Vec::new();
    let mut outbox = outbox(t)?;
    for mut row in t.query(sql, &given![limit])? {
        let (sequence, at): (u64, Timestamp) = (row.take(0)?, row.take(1)?);
        if at >= before {
            break;
        }
        outbox.forgotten = sequence;
        old.push(given![sequence].to_vec());
    }
    if !old.is_empty() {
        keep(t, outbox)?;
        t.query_each("DELETE FROM event WHERE sequence = ?1", &old)?;
    }
    Ok(old.len() as u64)
}
