//! Manifests: their bytes, what they name, and who names them.

use jiff::Timestamp;
use model::{Digest, Reference, RepositoryName, Tag};
use rusqlite::types::ToSql;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::value::{Count, Text, Time, limit};
use super::{repository, scan, tag};
use crate::metadata::Answer;
use crate::record::{Manifest, ManifestSummary, PutManifest};

const SUMMARY: &str = "SELECT m.id, m.digest, m.media_type, length(m.bytes), m.artifact_type,
    m.subject, m.annotations, m.image_size, m.pushed_at
    FROM manifest m JOIN repository r ON r.id = m.repository_id";

pub fn put(
    transaction: &Transaction<'_>,
    manifest: &Manifest,
    tag: Option<&Tag>,
    scan: Option<Timestamp>,
) -> Answer<PutManifest> {
    let Some(repository) = repository::id(transaction, &manifest.repository)? else {
        return Ok(PutManifest::NoRepository);
    };
    let missing = missing(transaction, repository, manifest)?;
    if !missing.is_empty() {
        return Ok(PutManifest::Missing(missing));
    }
    let id = upsert(transaction, repository, manifest)?;
    let blob = "INSERT OR IGNORE INTO manifest_blob (manifest_id, digest) VALUES (?1, ?2)";
    let child = "INSERT OR IGNORE INTO manifest_child (manifest_id, digest) VALUES (?1, ?2)";
    for (sql, digests) in [(blob, &manifest.blobs), (child, &manifest.manifests)] {
        let mut statement = transaction.prepare_cached(sql)?;
        for digest in digests {
            statement.execute(params![id, digest.as_str()])?;
        }
    }
    if let Some(tag) = tag {
        tag::set(transaction, repository, tag, id)?;
    }
    if let Some(now) = scan {
        scan::want(transaction, &manifest.digest, now)?;
    }
    Ok(PutManifest::Stored)
}

/// What the manifest names that the repository does not hold, in the manifest's order, each once.
fn missing(
    transaction: &Transaction<'_>,
    repository: i64,
    manifest: &Manifest,
) -> Answer<Vec<Digest>> {
    let blob = "SELECT 1 FROM repository_blob WHERE repository_id = ?1 AND digest = ?2";
    let child = "SELECT 1 FROM manifest WHERE repository_id = ?1 AND digest = ?2";
    let mut missing: Vec<Digest> = Vec::new();
    for (sql, digests) in [(blob, &manifest.blobs), (child, &manifest.manifests)] {
        let mut statement = transaction.prepare_cached(sql)?;
        for digest in digests {
            let is_there = statement.exists(params![repository, digest.as_str()])?;
            if !is_there && !missing.contains(digest) {
                missing.push(digest.clone());
            }
        }
    }
    Ok(missing)
}

fn upsert(transaction: &Transaction<'_>, repository: i64, manifest: &Manifest) -> Answer<i64> {
    let sql = "INSERT INTO manifest (repository_id, digest, media_type, artifact_type, subject,
                   annotations, image_size, pushed_at, bytes)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
               ON CONFLICT DO UPDATE SET media_type = excluded.media_type,
                   artifact_type = excluded.artifact_type, pushed_at = excluded.pushed_at
               RETURNING id";
    let given = params![
        repository,
        manifest.digest.as_str(),
        manifest.media_type,
        manifest.artifact_type,
        manifest.subject.as_ref().map(Digest::as_str),
        manifest.annotations,
        Count(manifest.image_size),
        Time(manifest.pushed_at),
        manifest.bytes,
    ];
    Ok(transaction
        .prepare_cached(sql)?
        .query_row(given, |row| row.get(0))?)
}

pub fn get(
    transaction: &Transaction<'_>,
    name: &RepositoryName,
    reference: &Reference,
) -> Answer<Option<Manifest>> {
    let (what, key) = condition(reference);
    full(
        transaction,
        &format!("r.name = ?1 AND {what}"),
        &[&name.as_str(), &key],
    )
}

pub fn any(transaction: &Transaction<'_>, digest: &Digest) -> Answer<Option<Manifest>> {
    full(
        transaction,
        "m.digest = ?1 ORDER BY m.id LIMIT 1",
        &[&digest.as_str()],
    )
}

pub fn summary(
    transaction: &Transaction<'_>,
    name: &RepositoryName,
    reference: &Reference,
) -> Answer<Option<ManifestSummary>> {
    let (what, key) = condition(reference);
    let found = summaries(
        transaction,
        &format!("r.name = ?1 AND {what}"),
        &[&name.as_str(), &key],
    );
    Ok(found?.pop())
}

pub fn list(
    transaction: &Transaction<'_>,
    name: &RepositoryName,
    after: Option<&Digest>,
    rows: usize,
) -> Answer<Vec<ManifestSummary>> {
    let after = after.map_or("", Digest::as_str);
    let rest = "r.name = ?1 AND m.digest > ?2 ORDER BY m.digest LIMIT ?3";
    summaries(transaction, rest, &[&name.as_str(), &after, &limit(rows)])
}

pub fn referrers(
    transaction: &Transaction<'_>,
    name: &RepositoryName,
    subject: &Digest,
) -> Answer<Vec<ManifestSummary>> {
    let rest = "r.name = ?1 AND m.subject = ?2 ORDER BY m.digest";
    summaries(transaction, rest, &[&name.as_str(), &subject.as_str()])
}

pub fn parent_of(
    transaction: &Transaction<'_>,
    name: &RepositoryName,
    digest: &Digest,
) -> Answer<Option<Digest>> {
    let sql = "SELECT m.digest FROM manifest_child c JOIN manifest m ON m.id = c.manifest_id
               JOIN repository r ON r.id = m.repository_id
               WHERE c.digest = ?2 AND r.name = ?1 ORDER BY m.digest LIMIT 1";
    let mut statement = transaction.prepare_cached(sql)?;
    let read = |row: &Row<'_>| Ok(row.get::<_, Text<Digest>>(0)?.0);
    Ok(statement
        .query_row([name.as_str(), digest.as_str()], read)
        .optional()?)
}

pub fn delete(
    transaction: &Transaction<'_>,
    name: &RepositoryName,
    digest: &Digest,
) -> Answer<bool> {
    let sql = "DELETE FROM manifest WHERE digest = ?2
               AND repository_id = (SELECT id FROM repository WHERE name = ?1)";
    let mut statement = transaction.prepare_cached(sql)?;
    let deleted = statement.execute([name.as_str(), digest.as_str()])? == 1;
    if deleted {
        scan::forget_if_unheld(transaction, digest)?;
    }
    Ok(deleted)
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

fn full(
    transaction: &Transaction<'_>,
    rest: &str,
    given: &[&dyn ToSql],
) -> Answer<Option<Manifest>> {
    let sql = format!(
        "SELECT m.id, m.digest, m.media_type, m.bytes, m.artifact_type, m.subject, m.annotations,
             m.image_size, m.pushed_at, r.name
         FROM manifest m JOIN repository r ON r.id = m.repository_id WHERE {rest}"
    );
    let mut statement = transaction.prepare_cached(&sql)?;
    let read = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, read_full(row)?));
    let Some((id, mut manifest)) = statement.query_row(given, read).optional()? else {
        return Ok(None);
    };
    let named = |sql| -> Answer<Vec<Digest>> {
        let mut statement = transaction.prepare_cached(sql)?;
        let found = statement.query_map([id], |row| Ok(row.get::<_, Text<Digest>>(0)?.0))?;
        Ok(found.collect::<Result<_, _>>()?)
    };
    manifest.blobs =
        named("SELECT digest FROM manifest_blob WHERE manifest_id = ?1 ORDER BY digest")?;
    manifest.manifests =
        named("SELECT digest FROM manifest_child WHERE manifest_id = ?1 ORDER BY digest")?;
    Ok(Some(manifest))
}

fn read_full(row: &Row<'_>) -> rusqlite::Result<Manifest> {
    Ok(Manifest {
        repository: row.get::<_, Text<_>>(9)?.0,
        digest: row.get::<_, Text<_>>(1)?.0,
        media_type: row.get(2)?,
        bytes: row.get(3)?,
        artifact_type: row.get(4)?,
        subject: row.get::<_, Option<Text<_>>>(5)?.map(|text| text.0),
        annotations: row.get(6)?,
        image_size: row.get::<_, Count>(7)?.0,
        blobs: Vec::new(),
        manifests: Vec::new(),
        pushed_at: row.get::<_, Time>(8)?.0,
    })
}

fn summaries(
    transaction: &Transaction<'_>,
    rest: &str,
    given: &[&dyn ToSql],
) -> Answer<Vec<ManifestSummary>> {
    let mut statement = transaction.prepare_cached(&format!("{SUMMARY} WHERE {rest}"))?;
    let read = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, read_summary(row)?));
    let found: Vec<(i64, ManifestSummary)> = statement
        .query_map(given, read)?
        .collect::<Result<_, _>>()?;
    let with_tags = |(id, mut summary): (i64, ManifestSummary)| {
        summary.tags = tag::of_manifest(transaction, id)?;
        Ok(summary)
    };
    found.into_iter().map(with_tags).collect()
}

fn read_summary(row: &Row<'_>) -> rusqlite::Result<ManifestSummary> {
    Ok(ManifestSummary {
        digest: row.get::<_, Text<_>>(1)?.0,
        media_type: row.get(2)?,
        manifest_size: row.get::<_, Count>(3)?.0,
        artifact_type: row.get(4)?,
        subject: row.get::<_, Option<Text<_>>>(5)?.map(|text| text.0),
        annotations: row.get(6)?,
        image_size: row.get::<_, Count>(7)?.0,
        pushed_at: row.get::<_, Time>(8)?.0,
        tags: Vec::new(),
    })
}
