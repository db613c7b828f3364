//! Sets of packages that images share, and which images hold them.
//!
//! The layers of a base image bring the same packages into every image that is built on it: as a
//! set they are stored, counted and changed once. An image's counts are the sums of its sets.

use std::collections::BTreeMap;

use model::{Digest, Severity};

use super::row::{Row, Value, given};
use super::{Transaction, package};
use crate::metadata::Answer;
use crate::record::{AssessedPackage, ScanResult};

/// The columns of the counts, worst first, as [`Severity::ALL`].
pub const COUNTS: &str = "critical, high, medium, low, negligible, unknown";

/// Makes the sets of a result those of its scan. `settled` says whether the result's judge is
/// the one that was matched.
pub fn replace(
    t: &mut dyn Transaction,
    scan: i64,
    result: &ScanResult,
    settled: bool,
) -> Answer<()> {
    let before = of_scan(t, scan)?;
    let mut now = Vec::with_capacity(result.sets.len());
    for keyed in keyed_sets(result)? {
        now.push(row(t, &keyed, settled)?);
    }
    let sql = "INSERT INTO image_set (scan_id, set_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    let added: Vec<Vec<Value>> = now.iter().map(|set| given![scan, *set].to_vec()).collect();
    t.query_each(sql, &added)?;
    let gone: Vec<i64> = before
        .into_iter()
        .filter(|set| !now.contains(set))
        .collect();
    unlink(t, scan, &gone)
}

/// Takes all sets from a scan.
pub fn remove(t: &mut dyn Transaction, scan: i64) -> Answer<()> {
    let sets = of_scan(t, scan)?;
    unlink(t, scan, &sets)
}

fn of_scan(t: &mut dyn Transaction, scan: i64) -> Answer<Vec<i64>> {
    let sql = "SELECT set_id FROM image_set WHERE scan_id = ?1";
    let rows = t.query(sql, &given![scan])?;
    rows.into_iter().map(|mut row| row.take(0)).collect()
}

/// Whether all packages of a scan are of the judge that was matched.
pub fn is_settled(t: &mut dyn Transaction, scan: i64) -> Answer<bool> {
    let sql = "SELECT 1 FROM package p WHERE p.settled = 0 AND EXISTS
                   (SELECT 1 FROM set_package m JOIN image_set i ON i.set_id = m.set_id
                    WHERE m.package_id = p.id AND i.scan_id = ?1)
               LIMIT 1";
    Ok(t.first(sql, &given![scan])?.is_none())
}

/// The packages of each set with their keys, sorted by them.
fn keyed_sets(result: &ScanResult) -> Answer<Vec<Vec<package::Keyed<'_>>>> {
    let keyed = |at: &usize| -> Option<Answer<package::Keyed<'_>>> {
        let assessed = result.packages.get(*at)?;
        Some(
            package::key(&assessed.matchable).map(|(key, text)| package::Keyed {
                assessed,
                key,
                text,
            }),
        )
    };
    let set = |places: &Vec<usize>| -> Answer<Vec<package::Keyed<'_>>> {
        let mut set: Vec<_> = places.iter().filter_map(keyed).collect::<Answer<_>>()?;
        set.sort_by(|a, b| a.key.cmp(&b.key));
        set.dedup_by(|a, b| a.key == b.key);
        Ok(set)
    };
    result.sets.iter().map(set).collect()
}

/// The number of a set, which is made where it is new.
fn row(t: &mut dyn Transaction, set: &[package::Keyed<'_>], settled: bool) -> Answer<i64> {
    let keys: Vec<&str> = set.iter().map(|package| package.key.as_str()).collect();
    let key = Digest::of(keys.join("\n").as_bytes());
    let known = t.first("SELECT id FROM package_set WHERE key = ?1", &given![&key])?;
    if let Some(mut row) = known {
        return row.take(0);
    }
    let packages = package::rows(t, &set.iter().collect::<Vec<_>>(), settled)?;
    let counts = counts(t, &packages)?;
    let sql = format!(
        "INSERT INTO package_set (key, changes, {COUNTS}) VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7)
         RETURNING id"
    );
    let mut given = given![&key].to_vec();
    given.extend(counts.map(Value::from));
    let id: i64 = t.first(&sql, &given)?.unwrap_or_default().take(0)?;
    let link = "INSERT INTO set_package (set_id, package_id) VALUES (?1, ?2)";
    let links: Vec<Vec<Value>> = packages
        .iter()
        .map(|package| given![id, *package].to_vec())
        .collect();
    t.query_each(link, &links)?;
    Ok(id)
}

/// The findings of stored packages by severity. Those that were there before this scan may say
/// something else by now than the scan found.
fn counts(t: &mut dyn Transaction, packages: &[i64]) -> Answer<[i64; 6]> {
    let sql = format!("SELECT {} FROM package p WHERE p.id = ?1", package::COLUMNS);
    let given: Vec<Vec<Value>> = packages.iter().map(|id| given![*id].to_vec()).collect();
    let mut groups: BTreeMap<String, Vec<AssessedPackage>> = BTreeMap::new();
    for row in t.query_each(&sql, &given)?.into_iter().flatten() {
        let assessed = package::read(row)?.assessed;
        let identity = package::identity(&assessed.matchable);
        groups.entry(identity).or_default().push(assessed);
    }
    let mut counts = [0; 6];
    for group in groups.values() {
        add(&mut counts, &package::count(group.iter()), 1);
    }
    Ok(counts)
}

/// Adds counts to counts, so many times.
pub fn add(counts: &mut [i64; 6], more: &[i64; 6], times: i64) {
    for (count, more) in counts.iter_mut().zip(more) {
        *count += more * times;
    }
}

/// Takes sets from a scan, and forgets those that no other scan has, with their packages.
fn unlink(t: &mut dyn Transaction, scan: i64, sets: &[i64]) -> Answer<()> {
    let each = |set: &i64| given![*set].to_vec();
    let links: Vec<Vec<Value>> = sets.iter().map(|set| given![scan, *set].to_vec()).collect();
    let sql = "DELETE FROM image_set WHERE scan_id = ?1 AND set_id = ?2";
    t.query_each(sql, &links)?;
    let held = "SELECT 1 FROM image_set WHERE set_id = ?1 LIMIT 1";
    let rows = t.query_each(held, &sets.iter().map(each).collect::<Vec<_>>())?;
    let unheld: Vec<Vec<Value>> = sets
        .iter()
        .zip(rows)
        .filter(|(_, rows)| rows.is_empty())
        .map(|(set, _)| each(set))
        .collect();
    let packages = "SELECT package_id FROM set_package WHERE set_id = ?1";
    let packages = t.query_each(packages, &unheld)?.into_iter().flatten();
    let packages: Vec<i64> = packages.map(|mut row| row.take(0)).collect::<Answer<_>>()?;
    t.query_each("DELETE FROM set_package WHERE set_id = ?1", &unheld)?;
    t.query_each("DELETE FROM package_set WHERE id = ?1", &unheld)?;
    package::forget_unheld(t, &packages)
}

/// The findings of a scan by severity.
pub fn counts_of_scan(t: &mut dyn Transaction, scan: i64) -> Answer<[(Severity, u64); 6]> {
    let sql = format!(
        "SELECT {COUNTS} FROM image_set i JOIN package_set s ON s.id = i.set_id
         WHERE i.scan_id = ?1"
    );
    let mut counts = Severity::ALL.map(|severity| (severity, 0));
    for row in t.query(&sql, &given![scan])? {
        for (pair, count) in counts.iter_mut().zip(read_counts(row)?) {
            pair.1 += count;
        }
    }
    Ok(counts)
}

fn read_counts(mut row: Row) -> Answer<[u64; 6]> {
    let mut counts = [0; 6];
    for (column, count) in counts.iter_mut().enumerate() {
        *count = row.take(column)?;
    }
    Ok(counts)
}

/// The sets of a scan, each with its number of changes, by number.
pub fn changes_of_scan(t: &mut dyn Transaction, scan: i64) -> Answer<Vec<(i64, u64)>> {
    let sql = "SELECT s.id, s.changes FROM image_set i JOIN package_set s ON s.id = i.set_id
               WHERE i.scan_id = ?1 ORDER BY s.id";
    let rows = t.query(sql, &given![scan])?;
    let pair = |mut row: Row| Ok((row.take(0)?, row.take(1)?));
    rows.into_iter().map(pair).collect()
}
