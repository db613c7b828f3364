//! Manifests: their bytes, what they name, and who names them.

use jiff::Timestamp;
use model::{Digest, Reference, RepositoryName, Tag};

use super::row::{Row, Value, given};
use super::{Driver, Durability, Transaction, event, repository, scan, tag};
use crate::metadata::{Answer, Manifests};
use crate::record::{Happening, ImageAction, Manifest, ManifestSummary, PutManifest, ScanOrder};

const SUMMARY: &str = "SELECT m.id, m.digest, m.media_type, length(m.bytes), m.artifact_type,
    m.subject, m.annotations, m.image_size, m.pushed_at
    FROM manifest m JOIN repository r ON r.id = m.repository_id";

impl<D: Driver> Manifests for D {
    fn put_manifest(
        &self,
        manifest: &Manifest,
        tag: Option<&Tag>,
        scan: ScanOrder<'_>,
    ) -> Answer<PutManifest> {
        self.write(Durability::Synced, |t| put(t, manifest, tag, scan))
    }

    fn manifest(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Answer<Option<Manifest>> {
        let (what, key) = condition(reference);
        let condition = format!("r.name = ?1 AND {what}");
        self.read(|t| full(t, &condition, &given![repository, key]))
    }

    fn any_manifest(&self, digest: &Digest) -> Answer<Option<Manifest>> {
        self.read(|t| full(t, "m.digest = ?1 ORDER BY m.id LIMIT 1", &given![digest]))
    }

    fn manifest_summary(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Answer<Option<ManifestSummary>> {
        let (what, key) = condition(reference);
        let condition = format!("r.name = ?1 AND {what}");
        let found = self.read(|t| summaries(t, &condition, &given![repository, key]));
        Ok(found?.pop())
    }

    fn manifests(
        &self,
        repository: &RepositoryName,
        after: Option<&Digest>,
        limit: usize,
    ) -> Answer<Vec<ManifestSummary>> {
        let after = after.map_or("", Digest::as_str);
        let rest = "r.name = ?1 AND m.digest > ?2 ORDER BY m.digest LIMIT ?3";
        self.read(|t| summaries(t, rest, &given![repository, after, limit]))
    }

    fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
        after: Option<&Digest>,
        limit: usize,
    ) -> Answer<Vec<ManifestSummary>> {
        let after = after.map_or("", Digest::as_str);
        let rest = "r.name = ?1 AND m.subject = ?2 AND m.digest > ?3
                    ORDER BY m.digest LIMIT ?4";
        self.read(|t| summaries(t, rest, &given![repository, subject, after, limit]))
    }

    fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        limit: usize,
    ) -> Answer<Vec<(Tag, Digest)>> {
        self.read(|t| tag::list(t, repository, after, limit))
    }

    fn delete_tag(&self, repository: &RepositoryName, tag: &Tag, now: Timestamp) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            event::add_untagged(t, repository, tag, now)?;
            tag::delete(t, repository, tag)
        })
    }

    fn delete_manifest(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        now: Timestamp,
    ) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            event::add_deleted(t, repository, Some(digest), now)?;
            let sql = "DELETE FROM manifest WHERE digest = ?2
                       AND repository_id = (SELECT id FROM repository WHERE name = ?1)";
            let deleted = t.execute(sql, &given![repository, digest])? == 1;
            if deleted {
                scan::forget_if_unheld(t, digest)?;
            }
            Ok(deleted)
        })
    }

    fn names_of(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        limit: usize,
    ) -> Answer<Vec<(Digest, Option<Tag>)>> {
        // An index may be named by another one: whoever asks for that gets the image as well.
        let sql = "WITH RECURSIVE named (digest) AS (
                       SELECT digest FROM manifest WHERE digest = ?2
                       UNION SELECT p.digest FROM named n
                       JOIN manifest_child c ON c.digest = n.digest
                       JOIN manifest p ON p.id = c.manifest_id
                       JOIN repository o ON o.id = p.repository_id WHERE o.name = ?1)
                   SELECT m.digest, t.name FROM named
                   JOIN manifest m ON m.digest = named.digest
                   JOIN repository r ON r.id = m.repository_id
                   LEFT JOIN tag t ON t.manifest_id = m.id
                   WHERE r.name = ?1 ORDER BY m.digest, t.name LIMIT ?3";
        let rows = self.read(|t| t.query(sql, &given![repository, digest, limit]))?;
        let pair = |mut row: Row| Ok((row.parse(0)?, row.parse_option(1)?));
        rows.into_iter().map(pair).collect()
    }

    fn repositories_of(
        &self,
        digest: &Digest,
        after: Option<&RepositoryName>,
        limit: usize,
    ) -> Answer<Vec<RepositoryName>> {
        self.read(|t| {
            let sql = "SELECT r.name FROM manifest m JOIN repository r ON r.id = m.repository_id
                       WHERE m.digest = ?1 AND r.name > ?2 ORDER BY r.name LIMIT ?3";
            let after = after.map_or("", RepositoryName::as_str);
            let rows = t.query(sql, &given![digest, after, limit])?;
            rows.into_iter().map(|mut row| row.parse(0)).collect()
        })
    }

    fn parent_of(&self, repository: &RepositoryName, digest: &Digest) -> Answer<Option<Digest>> {
        self.read(|t| {
            let sql = "SELECT m.digest FROM manifest_child c
                       JOIN manifest m ON m.id = c.manifest_id
                       JOIN repository r ON r.id = m.repository_id
                       WHERE c.digest = ?2 AND r.name = ?1 ORDER BY m.digest LIMIT 1";
            let row = t.first(sql, &given![repository, digest])?;
            row.map(|mut row| row.parse(0)).transpose()
        })
    }
}

fn put(
    t: &mut dyn Transaction,
    manifest: &Manifest,
    tag: Option<&Tag>,
    scan: ScanOrder<'_>,
) -> Answer<PutManifest> {
    let name = &manifest.repository;
    let Some((id, tag_rule)) = repository::with_tag_rule(t, name)? else {
        return Ok(PutManifest::NoRepository);
    };
    let missing = missing(t, id, manifest)?;
    if !missing.is_empty() {
        return Ok(PutManifest::Missing(missing));
    }
    if let Some(tag) = tag.filter(|tag| !tag_rule.may_move(tag)) {
        match tag::target(t, id, tag)? {
            Some(target) if target != manifest.digest => {
                return Ok(PutManifest::Immutable(target));
            }
            _ => {}
        }
    }
    let row = upsert(t, id, manifest)?;
    name_contents(t, row, manifest)?;
    if let Some(tag) = tag {
        tag::set(t, id, tag, row)?;
    }
    event::add(t, &pushed(manifest, tag), manifest.pushed_at)?;
    scan::order(t, &manifest.digest, scan, manifest.pushed_at)?;
    Ok(PutManifest::Stored)
}

fn pushed(manifest: &Manifest, tag: Option<&Tag>) -> Happening {
    Happening::Pushed(ImageAction {
        repository: manifest.repository.clone(),
        digest: manifest.digest.clone(),
        tag: tag.cloned(),
        media_type: manifest.media_type.clone(),
        artifact_type: manifest.artifact_type.clone(),
    })
}

/// What the manifest names that the repository does not hold, in the manifest's order, each once.
fn missing(t: &mut dyn Transaction, repository: i64, manifest: &Manifest) -> Answer<Vec<Digest>> {
    let blob = "SELECT 1 FROM repository_blob b JOIN blob s ON s.digest = b.digest
                WHERE b.repository_id = ?1 AND b.digest = ?2 AND s.damaged_at IS NULL";
    let child = "SELECT 1 FROM manifest WHERE repository_id = ?1 AND digest = ?2";
    let mut missing: Vec<Digest> = Vec::new();
    for (sql, digests) in [(blob, &manifest.blobs), (child, &manifest.manifests)] {
        let given: Vec<Vec<Value>> = digests
            .iter()
            .map(|digest| given![repository, digest].to_vec())
            .collect();
        for (digest, rows) in digests.iter().zip(t.query_each(sql, &given)?) {
            if rows.is_empty() && !missing.contains(digest) {
                missing.push(digest.clone());
            }
        }
    }
    Ok(missing)
}

fn upsert(t: &mut dyn Transaction, repository: i64, manifest: &Manifest) -> Answer<i64> {
    let sql = "INSERT INTO manifest (repository_id, digest, media_type, artifact_type, subject,
                   annotations, image_size, pushed_at, bytes)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
               ON CONFLICT (repository_id, digest) DO UPDATE SET media_type = excluded.media_type,
                   artifact_type = excluded.artifact_type, pushed_at = excluded.pushed_at,
                   bytes = excluded.bytes
               RETURNING id";
    let given = given![
        repository,
        &manifest.digest,
        &manifest.media_type,
        manifest.artifact_type.as_ref(),
        manifest.subject.as_ref(),
        manifest.annotations.as_ref(),
        manifest.image_size,
        manifest.pushed_at,
        manifest.bytes.as_slice(),
    ];
    t.first(sql, &given)?.unwrap_or_default().take(0)
}

fn name_contents(t: &mut dyn Transaction, row: i64, manifest: &Manifest) -> Answer<()> {
    let blob = "INSERT INTO manifest_blob (manifest_id, digest) VALUES (?1, ?2)
                ON CONFLICT DO NOTHING";
    let child = "INSERT INTO manifest_child (manifest_id, digest) VALUES (?1, ?2)
                 ON CONFLICT DO NOTHING";
    for (sql, digests) in [(blob, &manifest.blobs), (child, &manifest.manifests)] {
        let given: Vec<Vec<Value>> = digests
            .iter()
            .map(|digest| given![row, digest].to_vec())
            .collect();
        t.query_each(sql, &given)?;
    }
    Ok(())
}

/// The condition on a manifest that a reference is, with its second argument.
fn condition(reference: &Reference) -> (&'static str, &str) {
    match reference {
        Reference::Digest(digest) => ("m.digest = ?2", digest.as_str()),
        Reference::Tag(tag) => (
            "m.id = (SELECT t.manifest_id FROM tag t WHERE t.repository_id = r.id AND t.name = ?2)",
            tag.as_str(),
        ),
    }
}

fn full(t: &mut dyn Transaction, rest: &str, given: &[Value]) -> Answer<Option<Manifest>> {
    let sql = format!(
        "SELECT m.id, m.digest, m.media_type, m.bytes, m.artifact_type, m.subject, m.annotations,
             m.image_size, m.pushed_at, r.name
         FROM manifest m JOIN repository r ON r.id = m.repository_id WHERE {rest}"
    );
    let Some(mut row) = t.first(&sql, given)? else {
        return Ok(None);
    };
    let id: i64 = row.take(0)?;
    let mut named = |sql| -> Answer<Vec<Digest>> {
        let rows = t.query(sql, &given![id])?;
        rows.into_iter().map(|mut row| row.parse(0)).collect()
    };
    let blobs = named("SELECT digest FROM manifest_blob WHERE manifest_id = ?1 ORDER BY digest")?;
    let manifests =
        named("SELECT digest FROM manifest_child WHERE manifest_id = ?1 ORDER BY digest")?;
    Ok(Some(Manifest {
        repository: row.parse(9)?,
        digest: row.parse(1)?,
        media_type: row.take(2)?,
        bytes: row.take(3)?,
        artifact_type: row.take(4)?,
        subject: row.parse_option(5)?,
        annotations: row.take(6)?,
        image_size: row.take(7)?,
        pushed_at: row.take(8)?,
        blobs,
        manifests,
    }))
}

fn summaries(t: &mut dyn Transaction, rest: &str, given: &[Value]) -> Answer<Vec<ManifestSummary>> {
    let rows = t.query(&format!("{SUMMARY} WHERE {rest}"), given)?;
    let mut found: Vec<(i64, ManifestSummary)> =
        rows.into_iter().map(read_summary).collect::<Answer<_>>()?;
    let ids: Vec<i64> = found.iter().map(|(id, _)| *id).collect();
    let mut tags = tag::of_manifests(t, &ids)?;
    for (id, summary) in &mut found {
        summary.tags = tags.remove(id).unwrap_or_default();
    }
    Ok(found.into_iter().map(|(_, summary)| summary).collect())
}

fn read_summary(mut row: Row) -> Answer<(i64, ManifestSummary)> {
    let summary = ManifestSummary {
        digest: row.parse(1)?,
        media_type: row.take(2)?,
        manifest_size: row.take(3)?,
        artifact_type: row.take(4)?,
        subject: row.parse_option(5)?,
        annotations: row.take(6)?,
        image_size: row.take(7)?,
        pushed_at: row.take(8)?,
        tags: Vec::new(),
    };
    Ok((row.take(0)?, summary))
}
