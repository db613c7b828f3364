//! Which blobs a repository holds: claimed, committed, linked.

use jiff::Timestamp;
use model::{Digest, RepositoryName};

use super::row::given;
use super::{Driver, Durability, Transaction, repository, upload};
use crate::UploadId;
use crate::metadata::{Answer, Holdings};
use crate::record::{Claim, Link, UploadRow};

impl<D: Driver> Holdings for D {
    fn claim_blob(&self, digest: &Digest, now: Timestamp) -> Answer<Option<Claim>> {
        self.write(Durability::Unsynced, |t| {
            let sql = "INSERT INTO blob (digest, made_at, claimed_at) VALUES (?1, ?2, ?2)
                       ON CONFLICT (digest) DO UPDATE SET claimed_at = excluded.claimed_at
                       WHERE blob.doomed_at IS NULL RETURNING made_at";
            let row = t.first(sql, &given![digest, now])?;
            row.map(|mut row| row.take(0).map(Claim)).transpose()
        })
    }

    fn link_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        now: Timestamp,
    ) -> Answer<Link> {
        self.write(Durability::Synced, |t| {
            let sql = "SELECT size FROM blob WHERE digest = ?1 AND size IS NOT NULL
                           AND doomed_at IS NULL AND damaged_at IS NULL";
            match t.first(sql, &given![digest])? {
                Some(mut row) => link(t, repository, digest, row.take(0)?, now),
                None => Ok(Link::NoBlob),
            }
        })
    }

    fn linked_blob(&self, repository: &RepositoryName, digest: &Digest) -> Answer<Option<u64>> {
        let held = self.read(|t| held(t, repository, digest))?;
        Ok(held.map(|held| held.size))
    }

    fn want_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        now: Timestamp,
        stale: Timestamp,
    ) -> Answer<Option<u64>> {
        match self.read(|t| held(t, repository, digest))? {
            Some(held) if held.wanted_at < stale => self.write(Durability::Unsynced, |t| {
                let sql = "UPDATE repository_blob SET wanted_at = ?3 WHERE digest = ?2
                           AND repository_id = (SELECT id FROM repository WHERE name = ?1)";
                let still_there = t.execute(sql, &given![repository, digest, now])? == 1;
                Ok(still_there.then_some(held.size))
            }),
            other => Ok(other.map(|held| held.size)),
        }
    }

    fn unlink_blob(&self, repository: &RepositoryName, digest: &Digest) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            let sql = "DELETE FROM repository_blob WHERE digest = ?2
                       AND repository_id = (SELECT id FROM repository WHERE name = ?1)";
            Ok(t.execute(sql, &given![repository, digest])? == 1)
        })
    }

    fn holders_of(
        &self,
        digest: &Digest,
        after: Option<&RepositoryName>,
        limit: usize,
    ) -> Answer<Vec<RepositoryName>> {
        self.read(|t| {
            let sql = "SELECT r.name FROM repository_blob b
                       JOIN repository r ON r.id = b.repository_id
                       WHERE b.digest = ?1 AND r.name > ?2 ORDER BY r.name LIMIT ?3";
            let after = after.map_or("", RepositoryName::as_str);
            let rows = t.query(sql, &given![digest, after, limit])?;
            rows.into_iter().map(|mut row| row.parse(0)).collect()
        })
    }

    fn create_upload(&self, upload: &UploadRow) -> Answer<bool> {
        self.write(Durability::Unsynced, |t| upload::create(t, upload))
    }

    fn upload(&self, id: &UploadId) -> Answer<Option<UploadRow>> {
        self.read(|t| upload::get(t, id))
    }

    fn uploads(&self, after: Option<&UploadId>, limit: usize) -> Answer<Vec<UploadRow>> {
        self.read(|t| upload::list(t, after, limit))
    }

    fn finish_upload(
        &self,
        id: &UploadId,
        repository: &RepositoryName,
        digest: &Digest,
        claim: Claim,
        size: u64,
        now: Timestamp,
    ) -> Answer<Link> {
        self.write(Durability::Synced, |t| {
            upload::delete(t, id)?;
            // What was read of a damaged layer is worth nothing.
            let report = "DELETE FROM layer_report WHERE layer = ?1 AND EXISTS (
                              SELECT 1 FROM blob WHERE digest = ?1 AND damaged_at IS NOT NULL)";
            t.execute(report, &given![digest])?;
            // Another row, or none, says that the blob was collected since it was claimed, and the
            // bytes with it: a client that is told so sends them again.
            let sql = "UPDATE blob SET size = ?3, damaged_at = NULL, claimed_at = ?4
                       WHERE digest = ?1 AND made_at = ?2 AND doomed_at IS NULL";
            match t.execute(sql, &given![digest, claim.0, size, now])? {
                0 => Ok(Link::NoBlob),
                _ => link(t, repository, digest, size, now),
            }
        })
    }

    fn delete_upload(&self, id: &UploadId) -> Answer<()> {
        self.write(Durability::Unsynced, |t| upload::delete(t, id))
    }
}

struct Held {
    size: u64,
    wanted_at: Timestamp,
}

/// A link to a blob whose bytes are not known to be damaged.
fn held(t: &mut dyn Transaction, name: &RepositoryName, digest: &Digest) -> Answer<Option<Held>> {
    let sql = "SELECT b.size, b.wanted_at FROM repository_blob b
               JOIN repository r ON r.id = b.repository_id
               JOIN blob s ON s.digest = b.digest
               WHERE r.name = ?1 AND b.digest = ?2 AND s.damaged_at IS NULL";
    let row = t.first(sql, &given![name, digest])?;
    row.map(|mut row| {
        Ok(Held {
            size: row.take(0)?,
            wanted_at: row.take(1)?,
        })
    })
    .transpose()
}

fn link(
    t: &mut dyn Transaction,
    name: &RepositoryName,
    digest: &Digest,
    size: u64,
    now: Timestamp,
) -> Answer<Link> {
    let Some(id) = repository::id(t, name)? else {
        return Ok(Link::NoRepository);
    };
    let sql = "INSERT INTO repository_blob (repository_id, digest, size, wanted_at)
               VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (repository_id, digest)
               DO UPDATE SET size = excluded.size, wanted_at = excluded.wanted_at";
    t.execute(sql, &given![id, digest, size, now])?;
    Ok(Link::Linked(size))
}
