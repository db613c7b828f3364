//! Packages with what is said of them, and the index from identifiers to packages.

use std::collections::{BTreeMap, BTreeSet};

use model::{Digest, Finding, Matchable, Severity};

use super::Transaction;
use super::row::{Row, Value, given};
use super::value::{from_json, json, pack, unpack};
use crate::metadata::Answer;
use crate::record::{AssessedPackage, StoredPackage};

/// The columns of a stored package.
pub const COLUMNS: &str = "p.id, p.matchable, p.keys, p.findings, p.gaps";

/// Reads a row of [`COLUMNS`].
pub fn read(mut row: Row) -> Answer<StoredPackage> {
    let id: i64 = row.take(0)?;
    let what = |part| format!("package {id}: its {part}");
    let matchable: String = row.take(1)?;
    let keys: String = row.take(2)?;
    let assessed = AssessedPackage {
        matchable: from_json(&what("key"), &matchable)?,
        keys: from_json(&what("places in the database"), &keys)?,
        findings: unpack_list(&what("findings"), row.take(3)?)?,
        gaps: unpack_list(&what("gaps"), row.take(4)?)?,
    };
    Ok(StoredPackage { id, assessed })
}

/// What packages of one type, name and version have in common: an image counts their findings
/// once, whatever their architectures and sources are.
pub fn identity(matchable: &Matchable) -> String {
    let package = &matchable.package;
    let (kind, name, version) = (package.kind.as_str(), &package.name, &package.version);
    format!("{kind}/{name}@{version}")
}

/// The key under which a package is kept.
pub fn key(matchable: &Matchable) -> Answer<(Digest, String)> {
    let text = json(matchable)?;
    Ok((Digest::of(text.as_bytes()), text))
}

/// A package to be kept, with its key.
pub struct Keyed<'a> {
    pub assessed: &'a AssessedPackage,
    pub key: Digest,
    pub text: String,
}

/// The row numbers of packages, in their order. Rows are made where they are new; what is said of
/// those that are there already stays.
pub fn rows(t: &mut dyn Transaction, packages: &[&Keyed<'_>], settled: bool) -> Answer<Vec<i64>> {
    let wanted: Vec<Vec<Value>> = packages
        .iter()
        .map(|package| given![&package.key].to_vec())
        .collect();
    let known = t.query_each("SELECT id FROM package WHERE key = ?1", &wanted)?;
    let new: Vec<&Keyed<'_>> = known
        .iter()
        .zip(packages)
        .filter(|(rows, _)| rows.is_empty())
        .map(|(_, package)| *package)
        .collect();
    let mut made = insert(t, &new, settled)?.into_iter();
    let ids = known.into_iter().map(|rows| match rows.into_iter().next() {
        Some(mut row) => row.take(0),
        None => Ok(made.next().unwrap_or_default()),
    });
    ids.collect()
}

fn insert(t: &mut dyn Transaction, packages: &[&Keyed<'_>], settled: bool) -> Answer<Vec<i64>> {
    let sql = "INSERT INTO package
                   (key, identity, keys, matchable, findings, gaps, settled)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id";
    let mut given = Vec::with_capacity(packages.len());
    for package in packages {
        let assessed = package.assessed;
        let row = given![
            &package.key,
            identity(&assessed.matchable),
            json(&assessed.keys)?,
            &package.text,
            packed(&assessed.findings)?,
            packed(&assessed.gaps)?,
            settled,
        ];
        given.push(row.to_vec());
    }
    let ids: Vec<i64> = t
        .query_each(sql, &given)?
        .into_iter()
        .map(|rows| rows.into_iter().next().unwrap_or_default().take(0))
        .collect::<Answer<_>>()?;
    let assessed = packages.iter().map(|package| package.assessed);
    index(t, ids.iter().copied().zip(assessed))?;
    Ok(ids)
}

/// Makes packages findable by their places in the database and by the identifiers of their
/// findings.
pub fn index<'a>(
    t: &mut dyn Transaction,
    packages: impl Iterator<Item = (i64, &'a AssessedPackage)>,
) -> Answer<()> {
    let (mut named, mut keyed) = (Vec::new(), Vec::new());
    for (id, assessed) in packages {
        let keys = assessed.keys.iter();
        keyed.extend(keys.map(|key| given![&key.name, &key.ecosystem, id].to_vec()));
        let findings = assessed.findings.iter();
        let names: BTreeSet<&str> = findings.flat_map(Finding::identifiers).collect();
        named.extend(names.into_iter().map(|name| given![name, id].to_vec()));
    }
    let sql = "INSERT INTO finding (identifier, package_id) VALUES (?1, ?2)";
    t.query_each(sql, &named)?;
    let sql = "INSERT INTO package_key (name, ecosystem, package_id) VALUES (?1, ?2, ?3)";
    t.query_each(sql, &keyed).map(drop)
}

/// How many findings packages of one identity have, by severity: each identifier once, with its
/// worst rating.
pub fn count<'a>(packages: impl Iterator<Item = &'a AssessedPackage>) -> [i64; 6] {
    let mut worst: BTreeMap<&str, Severity> = BTreeMap::new();
    for finding in packages.flat_map(|package| &package.findings) {
        let known = worst.entry(&finding.id).or_insert(finding.severity);
        *known = (*known).min(finding.severity);
    }
    let mut counts = [0; 6];
    for severity in worst.into_values() {
        let place = Severity::ALL.iter().position(|one| *one == severity);
        if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
            *count += 1;
        }
    }
    counts
}

/// Forgets those of these packages that no set holds.
pub fn forget_unheld(t: &mut dyn Transaction, packages: &[i64]) -> Answer<()> {
    let sql = "DELETE FROM package WHERE id = ?1
               AND NOT EXISTS (SELECT 1 FROM set_package WHERE package_id = ?1)";
    let given: Vec<Vec<Value>> = packages.iter().map(|id| given![*id].to_vec()).collect();
    t.query_each(sql, &given).map(drop)
}

/// A list as packed JSON; nothing for an empty one.
pub fn packed<T: serde::Serialize>(list: &[T]) -> Answer<Option<Vec<u8>>> {
    (!list.is_empty()).then(|| pack(&list)).transpose()
}

fn unpack_list<T: serde::de::DeserializeOwned>(
    what: &str,
    packed: Option<Vec<u8>>,
) -> Answer<Vec<T>> {
    packed.map_or(Ok(Vec::new()), |packed| unpack(what, &packed))
}
