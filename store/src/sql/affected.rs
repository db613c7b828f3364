//! Which images hold a package: from packages to sets, from sets to images, page by page.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::Finding;

use super::row::{Row, Value, given};
use super::{Transaction, package, place};
use crate::metadata::Answer;
use crate::record::{AffectedImage, AssessedPackage};

/// A page of the images with a finding of that identifier.
pub fn by_identifier(
    t: &mut dyn Transaction,
    id: &str,
    after: Option<i64>,
    limit: usize,
) -> Answer<Vec<AffectedImage>> {
    let sql = "SELECT package_id FROM finding WHERE identifier = ?1";
    let packages = numbers(t.query(sql, &given![id])?)?;
    let meant = |finding: &Finding| finding.identifiers().any(|name| name == id);
    images(t, &packages, after, limit, &meant)
}

/// A page of the images that hold one of these packages, with all findings of those.
pub fn by_packages(
    t: &mut dyn Transaction,
    packages: &[i64],
    after: Option<i64>,
    limit: usize,
) -> Answer<Vec<AffectedImage>> {
    images(t, packages, after, limit, &|_| true)
}

fn numbers(rows: Vec<Row>) -> Answer<Vec<i64>> {
    rows.into_iter().map(|mut row| row.take(0)).collect()
}

/// Which of the packages each set holds.
pub fn sets_of(t: &mut dyn Transaction, packages: &[i64]) -> Answer<BTreeMap<i64, BTreeSet<i64>>> {
    let sql = "SELECT set_id FROM set_package WHERE package_id = ?1";
    let given: Vec<Vec<Value>> = packages.iter().map(|id| given![*id].to_vec()).collect();
    let mut sets: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for (package, rows) in packages.iter().zip(t.query_each(sql, &given)?) {
        for set in numbers(rows)? {
            sets.entry(set).or_default().insert(*package);
        }
    }
    Ok(sets)
}

/// How many sets are looked up in one way to the database and back.
const SETS: usize = 256;

/// The first `limit` scans after a number that hold one of the sets, by number, each with those
/// that it holds.
fn scans_of(
    t: &mut dyn Transaction,
    sets: &[i64],
    after: Option<i64>,
    limit: usize,
) -> Answer<BTreeMap<i64, Vec<i64>>> {
    let mut scans: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for sets in sets.chunks(SETS) {
        for (set, rows) in sets.iter().zip(scans_of_each(t, sets, after, limit)?) {
            for scan in numbers(rows)? {
                scans.entry(scan).or_default().push(*set);
            }
        }
        while scans.len() > limit {
            scans.pop_last();
        }
    }
    Ok(scans)
}

/// Some scans that hold one of the sets: all, or as many as the limit.
pub fn some_scans_of(t: &mut dyn Transaction, sets: &[i64], limit: usize) -> Answer<BTreeSet<i64>> {
    let mut scans = BTreeSet::new();
    // One set may be enough, or hundreds needed: each step looks at twice as many.
    let (mut rest, mut step) = (sets, 1);
    while !rest.is_empty() && scans.len() < limit {
        let (now, later) = rest.split_at(step.min(rest.len()));
        for rows in scans_of_each(t, now, None, limit)? {
            scans.extend(numbers(rows)?);
        }
        (rest, step) = (later, (2 * step).min(SETS));
    }
    Ok(scans.into_iter().take(limit).collect())
}

fn scans_of_each(
    t: &mut dyn Transaction,
    sets: &[i64],
    after: Option<i64>,
    limit: usize,
) -> Answer<Vec<Vec<Row>>> {
    let sql = "SELECT scan_id FROM image_set WHERE set_id = ?1 AND scan_id > ?2
               ORDER BY scan_id LIMIT ?3";
    let after = after.unwrap_or(0);
    let given = |set: &i64| given![*set, after, limit].to_vec();
    t.query_each(sql, &sets.iter().map(given).collect::<Vec<_>>())
}

fn images(
    t: &mut dyn Transaction,
    packages: &[i64],
    after: Option<i64>,
    limit: usize,
    meant: &dyn Fn(&Finding) -> bool,
) -> Answer<Vec<AffectedImage>> {
    let sets = sets_of(t, packages)?;
    let numbers: Vec<i64> = sets.keys().copied().collect();
    let scans = scans_of(t, &numbers, after, limit)?;
    let known = assessed(t, packages, meant)?;
    let numbers: Vec<i64> = scans.keys().copied().collect();
    let mut images = Vec::new();
    for (scan, places) in place::of_scans(t, &numbers)? {
        let held: BTreeSet<&i64> = scans
            .get(&scan)
            .into_iter()
            .flatten()
            .filter_map(|set| sets.get(set))
            .flatten()
            .collect();
        let held = held.into_iter().filter_map(|package| known.get(package));
        let mut packages: Vec<AssessedPackage> = held.cloned().collect();
        packages.sort_by(|a, b| a.matchable.cmp(&b.matchable));
        let image = |place| AffectedImage {
            scan,
            place,
            packages: packages.clone(),
        };
        images.extend(places.into_iter().map(image));
    }
    Ok(images)
}

/// Packages with those of their findings that are meant.
fn assessed(
    t: &mut dyn Transaction,
    packages: &[i64],
    meant: &dyn Fn(&Finding) -> bool,
) -> Answer<HashMap<i64, AssessedPackage>> {
    let sql = format!("SELECT {} FROM package p WHERE p.id = ?1", package::COLUMNS);
    let given: Vec<Vec<Value>> = packages.iter().map(|id| given![*id].to_vec()).collect();
    let mut known = HashMap::new();
    for row in t.query_each(&sql, &given)?.into_iter().flatten() {
        let mut stored = package::read(row)?;
        stored.assessed.findings.retain(|finding| meant(finding));
        known.insert(stored.id, stored.assessed);
    }
    Ok(known)
}
