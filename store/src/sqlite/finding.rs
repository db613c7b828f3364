//! Packages, what a database revision says of them, and the index from identifiers to images.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use model::{Digest, Ecosystem, Finding, Matchable, RepositoryName};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::tag;
use super::value::{Text, from_json, json, pack, unpack};
use crate::metadata::Answer;
use crate::record::{AffectedImage, AssessedPackage};

/// Makes these the packages of a scan, with what a database revision says of each.
pub fn replace(
    transaction: &Transaction<'_>,
    scan: i64,
    packages: &[AssessedPackage],
    database_revision: &str,
) -> Answer<()> {
    let before = packages_of(transaction, scan)?;
    let mut now = BTreeSet::new();
    for assessed in packages {
        let package = package(transaction, &assessed.matchable)?;
        assess(transaction, package, assessed, database_revision)?;
        now.insert(package);
    }
    let add = "INSERT INTO image_package (scan_id, package_id) VALUES (?1, ?2)";
    let mut add = transaction.prepare_cached(add)?;
    for package in now.difference(&before) {
        add.execute([scan, *package])?;
    }
    unlink(transaction, scan, before.difference(&now))
}

/// Takes all packages from a scan.
pub fn remove(transaction: &Transaction<'_>, scan: i64) -> Answer<()> {
    unlink(transaction, scan, packages_of(transaction, scan)?.iter())
}

fn packages_of(transaction: &Transaction<'_>, scan: i64) -> Answer<BTreeSet<i64>> {
    let sql = "SELECT package_id FROM image_package WHERE scan_id = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    let found = statement.query_map([scan], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Takes packages from a scan, and forgets those that no other scan has.
fn unlink<'a>(
    transaction: &Transaction<'_>,
    scan: i64,
    packages: impl Iterator<Item = &'a i64>,
) -> Answer<()> {
    let link = "DELETE FROM image_package WHERE scan_id = ?1 AND package_id = ?2";
    let orphan = "DELETE FROM package WHERE id = ?1
                  AND NOT EXISTS (SELECT 1 FROM image_package WHERE package_id = ?1)";
    let mut link = transaction.prepare_cached(link)?;
    let mut orphan = transaction.prepare_cached(orphan)?;
    for package in packages {
        link.execute([scan, *package])?;
        orphan.execute([package])?;
    }
    Ok(())
}

/// The row number of a matchable package, which is made where it is new.
fn package(transaction: &Transaction<'_>, matchable: &Matchable) -> Answer<i64> {
    let text = json(matchable)?;
    let key = Digest::of(text.as_bytes());
    let sql = "SELECT id FROM package WHERE key = ?1";
    let known = transaction
        .prepare_cached(sql)?
        .query_row([key.as_str()], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    let sql = "INSERT INTO package (key, ecosystem, name, matchable) VALUES (?1, ?2, ?3, ?4)";
    let package = &matchable.package;
    let (ecosystem, name) = match &matchable.stream {
        Some(stream) => (Ecosystem::Distro(stream.clone()), package.source_name()),
        None => (Ecosystem::Language(package.kind), package.name.as_str()),
    };
    let mut statement = transaction.prepare_cached(sql)?;
    Ok(statement.insert(params![key.as_str(), Text(ecosystem), name, text])?)
}

/// Keeps what a revision says of a package. Nothing is written where it is known already.
fn assess(
    transaction: &Transaction<'_>,
    package: i64,
    assessed: &AssessedPackage,
    revision: &str,
) -> Answer<()> {
    let findings = (!assessed.findings.is_empty())
        .then(|| pack(&assessed.findings))
        .transpose()?;
    let gaps = (!assessed.gaps.is_empty())
        .then(|| pack(&assessed.gaps))
        .transpose()?;
    let sql = "INSERT INTO assessment (package_id, database_revision, findings, gaps)
               VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT DO UPDATE SET findings = excluded.findings, gaps = excluded.gaps
               WHERE findings IS NOT excluded.findings OR gaps IS NOT excluded.gaps
               RETURNING id";
    let written: Option<i64> = transaction
        .prepare_cached(sql)?
        .query_row(params![package, revision, findings, gaps], |row| row.get(0))
        .optional()?;
    let Some(id) = written else {
        return Ok(());
    };
    transaction
        .prepare_cached("DELETE FROM finding WHERE assessment_id = ?1")?
        .execute([id])?;
    let sql = "INSERT OR IGNORE INTO finding (identifier, assessment_id) VALUES (?1, ?2)";
    let mut statement = transaction.prepare_cached(sql)?;
    for identifier in assessed.findings.iter().flat_map(identifiers) {
        statement.execute(params![identifier, id])?;
    }
    Ok(())
}

/// All names of the weakness.
fn identifiers(finding: &Finding) -> impl Iterator<Item = &String> {
    std::iter::once(&finding.id).chain(&finding.aliases)
}

type AssessedRow = (String, Option<Vec<u8>>, Option<Vec<u8>>);

pub fn of_image(transaction: &Transaction<'_>, image: &Digest) -> Answer<Vec<AssessedPackage>> {
    let sql = "SELECT p.matchable, a.findings, a.gaps FROM scan s
               JOIN image_package i ON i.scan_id = s.id
               JOIN package p ON p.id = i.package_id
               JOIN assessment a
                   ON a.package_id = p.id AND a.database_revision = s.database_revision
               WHERE s.image = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let rows = statement.query_map([image.as_str()], read)?;
    let mut packages: Vec<AssessedPackage> = rows
        .map(|row| assessed(image, row?))
        .collect::<Answer<_>>()?;
    packages.sort_by(|a, b| a.matchable.cmp(&b.matchable));
    Ok(packages)
}

fn assessed(image: &Digest, (matchable, findings, gaps): AssessedRow) -> Answer<AssessedPackage> {
    let what = |part| format!("a package of {image}: its {part}");
    Ok(AssessedPackage {
        matchable: from_json(&what("key"), &matchable)?,
        findings: unpack_list(&what("findings"), findings)?,
        gaps: unpack_list(&what("gaps"), gaps)?,
    })
}

fn unpack_list<T: serde::de::DeserializeOwned>(
    what: &str,
    packed: Option<Vec<u8>>,
) -> Answer<Vec<T>> {
    packed.map_or(Ok(Vec::new()), |packed| unpack(what, &packed))
}

/// A manifest with one of its assessments that holds the identifier.
struct Hit {
    repository: RepositoryName,
    digest: Digest,
    manifest: i64,
    assessment: i64,
}

pub fn affected_images(
    transaction: &Transaction<'_>,
    id: &str,
    limit: usize,
) -> Answer<Vec<AffectedImage>> {
    let sql = "SELECT r.name, m.digest, m.id, a.id FROM finding f
               JOIN assessment a ON a.id = f.assessment_id
               JOIN image_package i ON i.package_id = a.package_id
               JOIN scan s ON s.id = i.scan_id AND s.database_revision = a.database_revision
               JOIN manifest m ON m.digest = s.image
               JOIN repository r ON r.id = m.repository_id
               WHERE f.identifier = ?1 ORDER BY r.name, m.digest, a.id";
    let mut statement = transaction.prepare_cached(sql)?;
    let hits = statement.query_map([id], |row| {
        Ok(Hit {
            repository: row.get::<_, Text<_>>(0)?.0,
            digest: row.get::<_, Text<_>>(1)?.0,
            manifest: row.get(2)?,
            assessment: row.get(3)?,
        })
    })?;
    let mut known: HashMap<i64, Vec<Finding>> = HashMap::new();
    let mut images: Vec<AffectedImage> = Vec::new();
    for hit in hits {
        let hit = hit?;
        let findings = match known.entry(hit.assessment) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(findings_named(transaction, hit.assessment, id)?),
        };
        let is_full = images.len() >= limit;
        match images.last_mut() {
            Some(image) if image.repository == hit.repository && image.digest == hit.digest => {
                image.findings.extend_from_slice(findings);
            }
            _ if is_full => break,
            _ => images.push(AffectedImage {
                tags: tag::of_manifest(transaction, hit.manifest)?,
                repository: hit.repository,
                digest: hit.digest,
                findings: findings.clone(),
            }),
        }
    }
    for image in &mut images {
        image
            .findings
            .sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    }
    Ok(images)
}

/// The findings of an assessment that have an identifier.
fn findings_named(
    transaction: &Transaction<'_>,
    assessment: i64,
    id: &str,
) -> Answer<Vec<Finding>> {
    let sql = "SELECT findings FROM assessment WHERE id = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    let packed = statement.query_row([assessment], |row| row.get(0))?;
    let mut findings: Vec<Finding> = unpack_list(&format!("assessment {assessment}"), packed)?;
    findings.retain(|finding| identifiers(finding).any(|identifier| identifier == id));
    Ok(findings)
}
