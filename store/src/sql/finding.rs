//! Packages, what a database revision says of them, and the index from identifiers to images.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use model::{Digest, Ecosystem, Finding, Matchable, RepositoryName};

use super::row::{Row, Value, given};
use super::value::{from_json, json, pack, unpack};
use super::{Transaction, tag};
use crate::metadata::Answer;
use crate::record::{AffectedImage, AssessedPackage};

/// Makes these the packages of a scan, with what a database revision says of each.
pub fn replace(
    t: &mut dyn Transaction,
    scan: i64,
    packages: &[AssessedPackage],
    database_revision: &str,
) -> Answer<()> {
    let before = packages_of(t, scan)?;
    let rows = package_rows(t, packages)?;
    assess(t, &rows, packages, database_revision)?;
    let now: BTreeSet<i64> = rows.into_iter().collect();
    let add = "INSERT INTO image_package (scan_id, package_id) VALUES (?1, ?2)";
    let added: Vec<Vec<Value>> = now
        .difference(&before)
        .map(|package| given![scan, *package].to_vec())
        .collect();
    t.query_each(add, &added)?;
    unlink(t, scan, before.difference(&now))
}

/// Takes all packages from a scan.
pub fn remove(t: &mut dyn Transaction, scan: i64) -> Answer<()> {
    let packages = packages_of(t, scan)?;
    unlink(t, scan, packages.iter())
}

fn packages_of(t: &mut dyn Transaction, scan: i64) -> Answer<BTreeSet<i64>> {
    let sql = "SELECT package_id FROM image_package WHERE scan_id = ?1";
    let rows = t.query(sql, &given![scan])?;
    rows.into_iter().map(|mut row| row.take(0)).collect()
}

/// Takes packages from a scan, and forgets those that no other scan has.
fn unlink<'a>(
    t: &mut dyn Transaction,
    scan: i64,
    packages: impl Iterator<Item = &'a i64>,
) -> Answer<()> {
    let link = "DELETE FROM image_package WHERE scan_id = ?1 AND package_id = ?2";
    let orphan = "DELETE FROM package WHERE id = ?1
                  AND NOT EXISTS (SELECT 1 FROM image_package WHERE package_id = ?1)";
    let packages: Vec<i64> = packages.copied().collect();
    let links: Vec<Vec<Value>> = packages
        .iter()
        .map(|package| given![scan, *package].to_vec())
        .collect();
    let orphans: Vec<Vec<Value>> = packages
        .iter()
        .map(|package| given![*package].to_vec())
        .collect();
    t.query_each(link, &links)?;
    t.query_each(orphan, &orphans)?;
    Ok(())
}

/// The row numbers of matchable packages, in their order; rows are made where they are new.
fn package_rows(t: &mut dyn Transaction, packages: &[AssessedPackage]) -> Answer<Vec<i64>> {
    let texts: Vec<String> = packages
        .iter()
        .map(|assessed| json(&assessed.matchable))
        .collect::<Answer<_>>()?;
    let keys: Vec<Digest> = texts
        .iter()
        .map(|text| Digest::of(text.as_bytes()))
        .collect();
    let wanted: Vec<Vec<Value>> = keys.iter().map(|key| given![key].to_vec()).collect();
    let known = t.query_each("SELECT id FROM package WHERE key = ?1", &wanted)?;
    let new: Vec<Vec<Value>> = known
        .iter()
        .zip(packages.iter().zip(keys.iter().zip(&texts)))
        .filter(|(rows, _)| rows.is_empty())
        .map(|(_, (assessed, (key, text)))| package_row(&assessed.matchable, key, text))
        .collect();
    let sql = "INSERT INTO package (key, ecosystem, name, matchable) VALUES (?1, ?2, ?3, ?4)
               RETURNING id";
    let mut made = t.query_each(sql, &new)?.into_iter();
    let ids = known.into_iter().map(|rows| match rows.is_empty() {
        false => first_id(rows),
        true => first_id(made.next().unwrap_or_default()),
    });
    ids.collect()
}

fn first_id(rows: Vec<Row>) -> Answer<i64> {
    rows.into_iter().next().unwrap_or_default().take(0)
}

fn package_row(matchable: &Matchable, key: &Digest, text: &str) -> Vec<Value> {
    let package = &matchable.package;
    let (ecosystem, name) = match &matchable.stream {
        Some(stream) => (Ecosystem::Distro(stream.clone()), package.source_name()),
        None => (Ecosystem::Language(package.kind), package.name.as_str()),
    };
    given![key, ecosystem.to_string(), name, text].to_vec()
}

/// Keeps what a revision says of packages. Nothing is written where it is known already.
fn assess(
    t: &mut dyn Transaction,
    rows: &[i64],
    packages: &[AssessedPackage],
    revision: &str,
) -> Answer<()> {
    let sql = "INSERT INTO assessment (package_id, database_revision, findings, gaps)
               VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (package_id, database_revision)
               DO UPDATE SET findings = excluded.findings, gaps = excluded.gaps
               WHERE assessment.findings IS DISTINCT FROM excluded.findings
                  OR assessment.gaps IS DISTINCT FROM excluded.gaps
               RETURNING id";
    let mut given = Vec::with_capacity(packages.len());
    for (package, assessed) in rows.iter().zip(packages) {
        let (findings, gaps) = (packed(&assessed.findings)?, packed(&assessed.gaps)?);
        given.push(given![*package, revision, findings, gaps].to_vec());
    }
    let (mut cleared, mut named) = (Vec::new(), Vec::new());
    for (written, assessed) in t.query_each(sql, &given)?.into_iter().zip(packages) {
        let Some(mut row) = written.into_iter().next() else {
            continue;
        };
        let id: i64 = row.take(0)?;
        cleared.push(given![id].to_vec());
        let identifiers: BTreeSet<&String> =
            assessed.findings.iter().flat_map(identifiers).collect();
        named.extend(
            identifiers
                .into_iter()
                .map(|name| given![name, id].to_vec()),
        );
    }
    t.query_each("DELETE FROM finding WHERE assessment_id = ?1", &cleared)?;
    t.query_each(
        "INSERT INTO finding (identifier, assessment_id) VALUES (?1, ?2)",
        &named,
    )?;
    Ok(())
}

/// A list as packed JSON; nothing for an empty one.
fn packed<T: serde::Serialize>(list: &[T]) -> Answer<Option<Vec<u8>>> {
    (!list.is_empty()).then(|| pack(&list)).transpose()
}

/// All names of the weakness.
fn identifiers(finding: &Finding) -> impl Iterator<Item = &String> {
    std::iter::once(&finding.id).chain(&finding.aliases)
}

/// The assessed packages of an image, in order.
pub fn of_image(t: &mut dyn Transaction, image: &Digest) -> Answer<Vec<AssessedPackage>> {
    let sql = "SELECT p.matchable, a.findings, a.gaps FROM scan s
               JOIN image_package i ON i.scan_id = s.id
               JOIN package p ON p.id = i.package_id
               JOIN assessment a
                   ON a.package_id = p.id AND a.database_revision = s.database_revision
               WHERE s.image = ?1";
    let rows = t.query(sql, &given![image])?;
    let mut packages: Vec<AssessedPackage> = rows
        .into_iter()
        .map(|row| assessed(image, row))
        .collect::<Answer<_>>()?;
    packages.sort_by(|a, b| a.matchable.cmp(&b.matchable));
    Ok(packages)
}

fn assessed(image: &Digest, mut row: Row) -> Answer<AssessedPackage> {
    let what = |part| format!("a package of {image}: its {part}");
    let matchable: String = row.take(0)?;
    Ok(AssessedPackage {
        matchable: from_json(&what("key"), &matchable)?,
        findings: unpack_list(&what("findings"), row.take(1)?)?,
        gaps: unpack_list(&what("gaps"), row.take(2)?)?,
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

/// Images with a finding of that identifier, by repository and digest.
pub fn affected_images(
    t: &mut dyn Transaction,
    id: &str,
    limit: usize,
) -> Answer<Vec<AffectedImage>> {
    let hits = hits(t, id, limit)?;
    let mut known: HashMap<i64, Vec<Finding>> = HashMap::new();
    let mut images: Vec<(i64, AffectedImage)> = Vec::new();
    for hit in hits {
        let findings = match known.entry(hit.assessment) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(findings_named(t, hit.assessment, id)?),
        };
        match images.last_mut() {
            Some((manifest, image)) if *manifest == hit.manifest => {
                image.findings.extend_from_slice(findings);
            }
            _ => images.push((hit.manifest, affected(hit, findings))),
        }
    }
    let manifests: Vec<i64> = images.iter().map(|(manifest, _)| *manifest).collect();
    let mut tags = tag::of_manifests(t, &manifests)?;
    for (manifest, image) in &mut images {
        image.tags = tags.remove(manifest).unwrap_or_default();
        image
            .findings
            .sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    }
    Ok(images.into_iter().map(|(_, image)| image).collect())
}

fn affected(hit: Hit, findings: &[Finding]) -> AffectedImage {
    AffectedImage {
        repository: hit.repository,
        digest: hit.digest,
        tags: Vec::new(),
        findings: findings.to_vec(),
    }
}

/// The hits of the first `limit` images.
fn hits(t: &mut dyn Transaction, id: &str, limit: usize) -> Answer<Vec<Hit>> {
    let sql = "WITH hit AS (
                   SELECT i.scan_id AS scan_id, a.id AS assessment FROM finding f
                   JOIN assessment a ON a.id = f.assessment_id
                   JOIN image_package i ON i.package_id = a.package_id
                   JOIN scan s ON s.id = i.scan_id AND s.database_revision = a.database_revision
                   WHERE f.identifier = ?1),
               image AS (
                   SELECT DISTINCT r.name AS name, m.digest AS digest, m.id AS id, s.id AS scan_id
                   FROM hit JOIN scan s ON s.id = hit.scan_id
                   JOIN manifest m ON m.digest = s.image
                   JOIN repository r ON r.id = m.repository_id
                   ORDER BY r.name, m.digest LIMIT ?2)
               SELECT image.name, image.digest, image.id, hit.assessment
               FROM image JOIN hit ON hit.scan_id = image.scan_id
               ORDER BY image.name, image.digest, hit.assessment";
    let rows = t.query(sql, &given![id, limit])?;
    let read = |mut row: Row| {
        Ok(Hit {
            repository: row.parse(0)?,
            digest: row.parse(1)?,
            manifest: row.take(2)?,
            assessment: row.take(3)?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// The findings of an assessment that have an identifier.
fn findings_named(t: &mut dyn Transaction, assessment: i64, id: &str) -> Answer<Vec<Finding>> {
    let sql = "SELECT findings FROM assessment WHERE id = ?1";
    let mut row = t.first(sql, &given![assessment])?.unwrap_or_default();
    let mut findings: Vec<Finding> =
        unpack_list(&format!("assessment {assessment}"), row.take(0)?)?;
    findings.retain(|finding| identifiers(finding).any(|identifier| identifier == id));
    Ok(findings)
}
