//! What a change of the advisory database does to what is stored.
//!
//! The work follows the change: packages, then the sets that hold them, whose counts move by the
//! difference. No image is touched, however many hold a set; the outbox names some of them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::row::{Value, given};
use super::value::json;
use super::{Driver, Durability, Transaction, affected, event, job, package, package_set, place};
use crate::StoreError;
use crate::metadata::{Answer, Matching};
use crate::record::{
    AssessedPackage, ChangedPackage, Happening, ImagePlace, Job, MatchBegun, PackageKey,
    Reassessed, Reassessment, StoredPackage, VulnerabilityChange, WeaknessChange,
};

impl<D: Driver> Matching for D {
    fn matched_by(&self) -> Answer<Option<String>> {
        self.read(matched)
    }

    fn begin_match(&self, job: &Job, judge: &str) -> Answer<MatchBegun> {
        self.write(Durability::Synced, |t| begin(t, job, judge))
    }

    fn packages_under(&self, keys: &[PackageKey]) -> Answer<Vec<StoredPackage>> {
        let given: Vec<Vec<Value>> = keys
            .iter()
            .map(|key| given![&key.name, &key.ecosystem].to_vec())
            .collect();
        let rest = "p.id IN (SELECT package_id FROM package_key
                             WHERE name = ?1 AND ecosystem = ?2)";
        self.read(|t| Ok(distinct(each(t, rest, &given)?)))
    }

    fn packages(&self, after: Option<i64>, limit: usize) -> Answer<Vec<StoredPackage>> {
        let given = given![after.unwrap_or(0), limit].to_vec();
        self.read(|t| {
            each(
                t,
                "p.id > ?1 ORDER BY p.id LIMIT ?2",
                std::slice::from_ref(&given),
            )
        })
    }

    fn packages_named(&self, name: &str, limit: usize) -> Answer<Vec<StoredPackage>> {
        self.read(|t| named(t, name, limit))
    }

    fn unsettled_packages(&self, after: Option<i64>, limit: usize) -> Answer<Vec<StoredPackage>> {
        let given = given![after.unwrap_or(0), limit].to_vec();
        let rest = "p.settled = 0 AND p.id > ?1 ORDER BY p.id LIMIT ?2";
        self.read(|t| each(t, rest, std::slice::from_ref(&given)))
    }

    fn reassess(&self, job: &Job, batch: &Reassessment) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            let held = job::is_held(t, job)?;
            if held {
                reassess(t, batch)?;
            }
            Ok(held)
        })
    }

    fn finish_match(&self, job: &Job, judge: &str) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            let unsettled = "SELECT 1 FROM package WHERE settled = 0 LIMIT 1";
            if !job::is_held(t, job)? || t.first(unsettled, &[])?.is_some() {
                return Ok(false);
            }
            let sql = "INSERT INTO matched (id, judge) VALUES (1, ?1)
                       ON CONFLICT (id) DO UPDATE SET judge = excluded.judge";
            t.execute(sql, &given![judge])?;
            job::forget_matches_before(t, job)?;
            Ok(true)
        })
    }
}

/// The judge that findings are of.
pub fn matched(t: &mut dyn Transaction) -> Answer<Option<String>> {
    one(t, "SELECT judge FROM matched WHERE id = 1")
}

/// The same for whoever stores packages as that judge's: until they are committed, no other judge
/// begins.
pub fn matched_until_committed(t: &mut dyn Transaction) -> Answer<Option<String>> {
    one(
        t,
        "SELECT judge FROM matched WHERE id = 1 /* until committed */",
    )
}

fn one(t: &mut dyn Transaction, sql: &str) -> Answer<Option<String>> {
    let row = t.first(sql, &[])?;
    row.map(|mut row| row.take(0)).transpose()
}

fn begin(t: &mut dyn Transaction, job: &Job, judge: &str) -> Answer<MatchBegun> {
    if !job::is_held(t, job)? {
        return Ok(MatchBegun::NotHeld);
    }
    job::take_matches(t, job)?;
    let before = matched(t)?;
    if before.as_deref() != Some(judge) {
        t.execute("DELETE FROM matched", &[])?;
    }
    Ok(MatchBegun::From(before))
}

fn each(t: &mut dyn Transaction, rest: &str, given: &[Vec<Value>]) -> Answer<Vec<StoredPackage>> {
    let sql = format!("SELECT {} FROM package p WHERE {rest}", package::COLUMNS);
    let rows = t.query_each(&sql, given)?.into_iter().flatten();
    rows.map(package::read).collect()
}

/// Packages by the name that advisories speak of, or by their own.
fn named(t: &mut dyn Transaction, name: &str, limit: usize) -> Answer<Vec<StoredPackage>> {
    let mut found = each(
        t,
        "p.id IN (SELECT package_id FROM package_key WHERE name = ?1) ORDER BY p.id LIMIT ?2",
        &[given![name, limit].to_vec()],
    )?;
    let by_identity: Vec<Vec<Value>> = model::PackageType::ALL
        .iter()
        .map(|kind| {
            // '@' stands before 'A': no name goes on with it, and every version does.
            let from = format!("{}/{name}@", kind.as_str());
            let to = format!("{}/{name}A", kind.as_str());
            given![from, to, limit].to_vec()
        })
        .collect();
    let rest = "p.identity >= ?1 AND p.identity < ?2 ORDER BY p.id LIMIT ?3";
    found.extend(each(t, rest, &by_identity)?);
    let mut found = distinct(found);
    found.truncate(limit);
    Ok(found)
}

/// Each once, by number.
fn distinct(mut found: Vec<StoredPackage>) -> Vec<StoredPackage> {
    found.sort_by_key(|stored| stored.id);
    found.dedup_by_key(|stored| stored.id);
    found
}

fn reassess(t: &mut dyn Transaction, batch: &Reassessment) -> Answer<()> {
    let packages = still_there(t, &batch.packages)?;
    let changed: Vec<&Reassessed> = packages
        .iter()
        .copied()
        .filter(|package| package.before != package.after)
        .collect();
    let holders = move_counts(t, &changed)?;
    write(t, &packages, &changed)?;
    let mut told = Told {
        batch,
        holders,
        packages: changed
            .iter()
            .map(|package| (package.id, *package))
            .collect(),
        places: HashMap::new(),
    };
    for change in &batch.changes {
        told.tell(t, change)?;
    }
    Ok(())
}

/// Those of the packages that no deletion has taken: a number may be another package's since.
///
/// # Errors
///
/// [`StoreError::Conflict`] where something else is stored of one than the caller has seen.
fn still_there<'a>(
    t: &mut dyn Transaction,
    packages: &'a [Reassessed],
) -> Answer<Vec<&'a Reassessed>> {
    let given = packages.iter().map(|package| {
        let (key, _) = package::key(&package.before.matchable)?;
        Ok(given![package.id, &key].to_vec())
    });
    let given: Vec<Vec<Value>> = given.collect::<Answer<_>>()?;
    let sql = format!(
        "SELECT {} FROM package p WHERE p.id = ?1 AND p.key = ?2",
        package::COLUMNS
    );
    let mut there = Vec::with_capacity(packages.len());
    for (package, rows) in packages.iter().zip(t.query_each(&sql, &given)?) {
        let Some(row) = rows.into_iter().next() else {
            continue;
        };
        if package::read(row)?.assessed != package.before {
            let what = format!("package {} was assessed meanwhile", package.id);
            return Err(StoreError::Conflict(what));
        }
        there.push(package);
    }
    Ok(there)
}

/// Replaces what is said of packages.
fn write(t: &mut dyn Transaction, packages: &[&Reassessed], changed: &[&Reassessed]) -> Answer<()> {
    let ids = |packages: &[&Reassessed]| -> Vec<Vec<Value>> {
        let id = |package: &&Reassessed| given![package.id].to_vec();
        packages.iter().map(id).collect()
    };
    let sql = "UPDATE package SET settled = 1 WHERE id = ?1 AND settled = 0";
    t.query_each(sql, &ids(packages))?;
    let mut rows = Vec::with_capacity(changed.len());
    for package in changed {
        let after = &package.after;
        let (findings, gaps) = (
            package::packed(&after.findings)?,
            package::packed(&after.gaps)?,
        );
        rows.push(given![package.id, findings, gaps, json(&after.keys)?].to_vec());
    }
    let sql = "UPDATE package SET findings = ?2, gaps = ?3, keys = ?4 WHERE id = ?1";
    t.query_each(sql, &rows)?;
    t.query_each(
        "DELETE FROM package_key WHERE package_id = ?1",
        &ids(changed),
    )?;
    t.query_each("DELETE FROM finding WHERE package_id = ?1", &ids(changed))?;
    let pairs = changed.iter().map(|package| (package.id, &package.after));
    package::index(t, pairs)
}

/// Which sets hold a package that changed.
type Holders = HashMap<i64, Vec<i64>>;

/// A package before and after: the same where it does not change.
type Pair<'a> = (&'a AssessedPackage, &'a AssessedPackage);

/// Moves the counts of the sets that hold what changed, before it is written.
fn move_counts(t: &mut dyn Transaction, changed: &[&Reassessed]) -> Answer<Holders> {
    let same = unchanged_of_same_identity(t, changed)?;
    let mut pairs: HashMap<i64, Pair<'_>> = same
        .iter()
        .map(|stored| (stored.id, (&stored.assessed, &stored.assessed)))
        .collect();
    pairs.extend(
        changed
            .iter()
            .map(|package| (package.id, (&package.before, &package.after))),
    );
    let identities: HashMap<i64, String> = pairs
        .iter()
        .map(|(id, (before, _))| (*id, package::identity(&before.matchable)))
        .collect();
    let is_changed: HashSet<i64> = changed.iter().map(|package| package.id).collect();
    let members: Vec<i64> = pairs.keys().copied().collect();
    let mut holders = Holders::new();
    let mut known: HashMap<Vec<i64>, [i64; 6]> = HashMap::new();
    let mut rows = Vec::new();
    for (set, held) in affected::sets_of(t, &members)? {
        let mut moved = [0; 6];
        let mut groups: BTreeMap<Option<&String>, Vec<i64>> = BTreeMap::new();
        for id in held {
            groups.entry(identities.get(&id)).or_default().push(id);
        }
        groups.retain(|_, group| group.iter().any(|id| is_changed.contains(id)));
        for group in groups.values() {
            for id in group.iter().filter(|id| is_changed.contains(id)) {
                holders.entry(*id).or_default().push(set);
            }
            let delta = *known
                .entry(group.clone())
                .or_insert_with(|| delta(group, &pairs));
            package_set::add(&mut moved, &delta, 1);
        }
        if !groups.is_empty() {
            let mut row = given![set].to_vec();
            row.extend(moved.map(Value::from));
            rows.push(row);
        }
    }
    let sql = "UPDATE package_set SET changes = changes + 1, critical = critical + ?2,
                   high = high + ?3, medium = medium + ?4, low = low + ?5,
                   negligible = negligible + ?6, unknown = unknown + ?7
               WHERE id = ?1";
    t.query_each(sql, &rows)?;
    Ok(holders)
}

/// By how much the count of packages of one identity changes.
fn delta(group: &[i64], pairs: &HashMap<i64, Pair<'_>>) -> [i64; 6] {
    let held = || group.iter().filter_map(|id| pairs.get(id));
    let mut delta = package::count(held().map(|(_, after)| *after));
    let before = package::count(held().map(|(before, _)| *before));
    package_set::add(&mut delta, &before, -1);
    delta
}

/// The packages that are one with a changed one in a count, and do not change: those of other
/// architectures, mostly none.
fn unchanged_of_same_identity(
    t: &mut dyn Transaction,
    changed: &[&Reassessed],
) -> Answer<Vec<StoredPackage>> {
    let identity = |package: &&Reassessed| package::identity(&package.before.matchable);
    let identities: BTreeSet<String> = changed.iter().map(identity).collect();
    let given: Vec<Vec<Value>> = identities
        .iter()
        .map(|identity| given![identity].to_vec())
        .collect();
    let known: HashSet<i64> = changed.iter().map(|package| package.id).collect();
    let mut others = Vec::new();
    let rows = t.query_each("SELECT id FROM package WHERE identity = ?1", &given)?;
    for mut row in rows.into_iter().flatten() {
        let id: i64 = row.take(0)?;
        if !known.contains(&id) {
            others.push(given![id].to_vec());
        }
    }
    each(t, "p.id = ?1", &others)
}

/// What the outbox is told of a batch.
struct Told<'a> {
    batch: &'a Reassessment,
    holders: Holders,
    packages: HashMap<i64, &'a Reassessed>,
    /// Where the images of scans are, once looked up: many changes touch the same.
    places: HashMap<i64, Vec<ImagePlace>>,
}

impl Told<'_> {
    /// Writes down a change, with the images that it touches.
    fn tell(&mut self, t: &mut dyn Transaction, change: &WeaknessChange) -> Answer<()> {
        let holders = change
            .packages
            .iter()
            .filter_map(|(id, _)| self.holders.get(id));
        let sets: BTreeSet<i64> = holders.flatten().copied().collect();
        if sets.is_empty() {
            return Ok(());
        }
        let sets: Vec<i64> = sets.into_iter().collect();
        let (places, complete) = self.places_of(t, &sets)?;
        let fixed = change.packages.iter();
        let mut packages: Vec<ChangedPackage> = fixed
            .filter_map(|(id, fixed_in)| {
                let package = self.packages.get(id)?;
                Some(changed_package(&package.before, fixed_in))
            })
            .collect();
        packages.sort();
        packages.dedup();
        let what = Happening::Vulnerability(VulnerabilityChange {
            id: change.id.clone(),
            aliases: change.aliases.clone(),
            change: change.change,
            reason: change.reason,
            severity: change.severity,
            description: change.description.clone(),
            packages,
            places,
            complete,
            database_revision: self.batch.database_revision.clone(),
        });
        event::add(t, &what, self.batch.at)
    }

    /// The first places of images that hold one of the sets, and whether they are all.
    fn places_of(
        &mut self,
        t: &mut dyn Transaction,
        sets: &[i64],
    ) -> Answer<(Vec<ImagePlace>, bool)> {
        let limit = self.batch.places;
        let scans = affected::some_scans_of(t, sets, limit.saturating_add(1))?;
        let new = scans.iter().filter(|scan| !self.places.contains_key(scan));
        let new: Vec<i64> = new.copied().collect();
        self.places.extend(place::of_scans(t, &new)?);
        let places = scans.iter().filter_map(|scan| self.places.get(scan));
        let mut places: Vec<&ImagePlace> = places.flatten().collect();
        places.sort();
        let complete = places.len() <= limit && scans.len() <= limit;
        Ok((places.into_iter().take(limit).cloned().collect(), complete))
    }
}

fn changed_package(assessed: &AssessedPackage, fixed_in: &[String]) -> ChangedPackage {
    let package = &assessed.matchable.package;
    ChangedPackage {
        kind: package.kind.as_str().to_owned(),
        name: package.name.clone(),
        version: package.version.clone(),
        fixed_in: fixed_in.to_vec(),
    }
}
