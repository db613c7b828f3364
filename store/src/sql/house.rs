//! Garbage, damage and room: what housekeeping asks.

use jiff::Timestamp;
use model::{Digest, RepositoryName};

use super::row::{Row, given};
use super::{Driver, Durability, Transaction, job, repository};
use crate::metadata::{Answer, Housekeeping};
use crate::record::{Job, RepositoryUsage, StoreUsage, StoredBlob, UnusedLink};

/// What makes a link unused: `b` is the link, `?1` the time since when nobody has wanted it.
const UNUSED: &str = "b.wanted_at < ?1 AND NOT EXISTS (
    SELECT 1 FROM manifest_blob n JOIN manifest m ON m.id = n.manifest_id
    WHERE n.digest = b.digest AND m.repository_id = b.repository_id)";
/// What makes a blob unheld: `s` is the blob, `?1` the time since when nobody has claimed it.
const UNHELD: &str = "s.claimed_at < ?1 AND NOT EXISTS (
    SELECT 1 FROM repository_blob b WHERE b.digest = s.digest)";
const BLOB: &str = "SELECT s.digest, s.size, s.claimed_at, s.damaged_at, s.doomed_at FROM blob s";

impl<D: Driver> Housekeeping for D {
    fn ping(&self) -> Answer<()> {
        self.read(|t| t.first("SELECT 1 FROM repository LIMIT 1", &[]).map(drop))
    }

    fn check(&self) -> Answer<Vec<String>> {
        Driver::check(self)
    }

    fn unused_links(
        &self,
        before: Timestamp,
        after: Option<&UnusedLink>,
        limit: usize,
    ) -> Answer<Vec<UnusedLink>> {
        self.read(|t| {
            let sql = format!(
                "SELECT r.name, b.digest, b.size FROM repository_blob b
                 JOIN repository r ON r.id = b.repository_id
                 WHERE (r.name, b.digest) > (?2, ?3) AND {UNUSED}
                 ORDER BY r.name, b.digest LIMIT ?4"
            );
            let name = after.map_or("", |link| link.repository.as_str());
            let digest = after.map_or("", |link| link.digest.as_str());
            let rows = t.query(&sql, &given![before, name, digest, limit])?;
            rows.into_iter().map(read_link).collect()
        })
    }

    fn remove_unused_link(&self, link: &UnusedLink, before: Timestamp) -> Answer<bool> {
        self.write(Durability::Unsynced, |t| {
            let Some(id) = repository::id(t, &link.repository)? else {
                return Ok(false);
            };
            let sql = format!(
                "DELETE FROM repository_blob AS b
                 WHERE b.repository_id = ?2 AND b.digest = ?3 AND {UNUSED}"
            );
            Ok(t.execute(&sql, &given![before, id, &link.digest])? == 1)
        })
    }

    fn unheld_blobs(
        &self,
        before: Timestamp,
        after: Option<&Digest>,
        limit: usize,
    ) -> Answer<Vec<StoredBlob>> {
        self.read(|t| {
            let sql = format!(
                "{BLOB} WHERE s.digest > ?2 AND ((s.doomed_at IS NOT NULL) OR ({UNHELD}))
                 ORDER BY s.digest LIMIT ?3"
            );
            let after = after.map_or("", Digest::as_str);
            let rows = t.query(&sql, &given![before, after, limit])?;
            rows.into_iter().map(read_blob).collect()
        })
    }

    fn doom_blob(
        &self,
        job: &Job,
        digest: &Digest,
        before: Timestamp,
        now: Timestamp,
    ) -> Answer<bool> {
        // Synced: were it lost with the bytes gone, a link could be made to nothing.
        self.write(Durability::Synced, |t| {
            if !job::is_held(t, job)? {
                return Ok(false);
            }
            let sql = format!(
                "UPDATE blob AS s SET doomed_at = ?3
                 WHERE s.digest = ?2 AND (s.doomed_at IS NOT NULL OR ({UNHELD}))"
            );
            Ok(t.execute(&sql, &given![before, digest, now])? == 1)
        })
    }

    fn doom_orphan(&self, job: &Job, digest: &Digest, now: Timestamp) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            let link = "SELECT 1 FROM repository_blob WHERE digest = ?1 LIMIT 1";
            if !job::is_held(t, job)? || t.first(link, &given![digest])?.is_some() {
                return Ok(false);
            }
            let sql = "INSERT INTO blob (digest, made_at, claimed_at, doomed_at)
                       VALUES (?1, ?2, ?2, ?2) ON CONFLICT DO NOTHING";
            Ok(t.execute(sql, &given![digest, now])? == 1)
        })
    }

    fn forget_blob(&self, digest: &Digest, doomed_at: Timestamp) -> Answer<()> {
        self.write(Durability::Unsynced, |t| {
            let sql = "DELETE FROM blob WHERE digest = ?1 AND doomed_at = ?2";
            t.execute(sql, &given![digest, doomed_at]).map(drop)
        })
    }

    fn spare_blob(&self, digest: &Digest, doomed_at: Timestamp) -> Answer<()> {
        self.write(Durability::Unsynced, |t| {
            let sql = "UPDATE blob SET doomed_at = NULL WHERE digest = ?1 AND doomed_at = ?2";
            t.execute(sql, &given![digest, doomed_at]).map(drop)
        })
    }

    fn blobs(&self, after: Option<&Digest>, limit: usize) -> Answer<Vec<StoredBlob>> {
        self.read(|t| {
            let sql = format!("{BLOB} WHERE s.digest > ?1 ORDER BY s.digest LIMIT ?2");
            let after = after.map_or("", Digest::as_str);
            let rows = t.query(&sql, &given![after, limit])?;
            rows.into_iter().map(read_blob).collect()
        })
    }

    fn blob(&self, digest: &Digest) -> Answer<Option<StoredBlob>> {
        let sql = format!("{BLOB} WHERE s.digest = ?1");
        let row = self.read(|t| t.first(&sql, &given![digest]))?;
        row.map(read_blob).transpose()
    }

    fn set_damaged(&self, seen: &StoredBlob, since: Option<Timestamp>) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            let sql = "UPDATE blob SET damaged_at = ?3
                       WHERE digest = ?1 AND claimed_at = ?2 AND doomed_at IS NULL";
            Ok(t.execute(sql, &given![&seen.digest, seen.claimed_at, since])? == 1)
        })
    }

    fn forget_layer_reports(&self, limit: usize) -> Answer<u64> {
        self.write(Durability::Unsynced, |t| {
            let sql = "DELETE FROM layer_report WHERE layer IN (
                           SELECT l.layer FROM layer_report l WHERE NOT EXISTS (
                               SELECT 1 FROM repository_blob b WHERE b.digest = l.layer)
                           LIMIT ?1)";
            t.execute(sql, &given![limit])
        })
    }

    fn repository_usage(
        &self,
        after: Option<&RepositoryName>,
        limit: usize,
    ) -> Answer<Vec<RepositoryUsage>> {
        self.read(|t| {
            let sql = "SELECT r.name,
                    (SELECT COUNT(*) FROM manifest m WHERE m.repository_id = r.id),
                    (SELECT COUNT(*) FROM tag t WHERE t.repository_id = r.id),
                    (SELECT COUNT(*) FROM repository_blob b WHERE b.repository_id = r.id),
                    (SELECT CAST(COALESCE(SUM(b.size), 0) AS BIGINT) FROM repository_blob b
                         WHERE b.repository_id = r.id)
                FROM repository r WHERE r.name > ?1 ORDER BY r.name LIMIT ?2";
            let after = after.map_or("", RepositoryName::as_str);
            let rows = t.query(sql, &given![after, limit])?;
            rows.into_iter().map(read_usage).collect()
        })
    }

    fn store_usage(&self) -> Answer<StoreUsage> {
        self.read(store_usage)
    }
}

fn store_usage(t: &mut dyn Transaction) -> Answer<StoreUsage> {
    let unheld = "NOT EXISTS (SELECT 1 FROM repository_blob b WHERE b.digest = s.digest)";
    let sum = "CAST(COALESCE(SUM(size), 0) AS BIGINT)";
    let mut count = |what: &str| -> Answer<u64> {
        let row = t.first(&format!("SELECT {what}"), &[])?;
        row.unwrap_or_default().take(0)
    };
    Ok(StoreUsage {
        repositories: count("COUNT(*) FROM repository")?,
        manifests: count("COUNT(*) FROM manifest")?,
        blobs: count("COUNT(*) FROM blob WHERE size IS NOT NULL")?,
        bytes: count(&format!("{sum} FROM blob"))?,
        bytes_unshared: count(&format!("{sum} FROM repository_blob"))?,
        unheld: count(&format!(
            "COUNT(*) FROM blob s WHERE size IS NOT NULL AND {unheld}"
        ))?,
        unheld_bytes: count(&format!("{sum} FROM blob s WHERE {unheld}"))?,
        uploads: count("COUNT(*) FROM upload")?,
    })
}

fn read_link(mut row: Row) -> Answer<UnusedLink> {
    Ok(UnusedLink {
        repository: row.parse(0)?,
        digest: row.parse(1)?,
        size: row.take(2)?,
    })
}

fn read_blob(mut row: Row) -> Answer<StoredBlob> {
    Ok(StoredBlob {
        digest: row.parse(0)?,
        size: row.take(1)?,
        claimed_at: row.take(2)?,
        damaged_at: row.take(3)?,
        doomed_at: row.take(4)?,
    })
}

fn read_usage(mut row: Row) -> Answer<RepositoryUsage> {
    Ok(RepositoryUsage {
        name: row.parse(0)?,
        manifests: row.take(1)?,
        tags: row.take(2)?,
        blobs: row.take(3)?,
        bytes: row.take(4)?,
    })
}
