//! What a change of the advisory database does to what is stored.
//!
//! The work follows the change: packages, then the sets that hold them, whose counts move by the
//! difference. No image is touched, however many hold a set; the outbox names some of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::row::{Value, given};
use super::{Driver, Durability, Transaction, affected, event, job, package, package_set, place};
use crate::metadata::{Answer, Matching};
use crate::record::{
    AssessedPackage, ChangedPackage, Happening, ImagePlace, Job, PackageKey, Reassessment,
    StoredPackage, VulnerabilityChange, WeaknessChange,
};

impl<D: Driver> Matching for D {
    fn matched_revision(&self) -> Answer<Option<String>> {
        self.read(matched)
    }

    fn packages_under(&self, keys: &[PackageKey]) -> Answer<Vec<StoredPackage>> {
        let given: Vec<Vec<Value>> = keys
            .iter()
            .map(|key| given![&key.name, &key.ecosystem].to_vec())
            .collect();
        self.read(|t| each(t, "p.name = ?1 AND p.ecosystem = ?2", &given))
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

    fn finish_match(&self, job: &Job, database_revision: &str) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            let unsettled = "SELECT 1 FROM package WHERE settled = 0 LIMIT 1";
            if !job::is_held(t, job)? || t.first(unsettled, &[])?.is_some() {
                return Ok(false);
            }
            let sql = "INSERT INTO matched (id, database_revision) VALUES (1, ?1)
                       ON CONFLICT (id) DO UPDATE SET
                           database_revision = excluded.database_revision";
            t.execute(sql, &given![database_revision])?;
            Ok(true)
        })
    }
}

/// The database revision that findings are of.
pub fn matched(t: &mut dyn Transaction) -> Answer<Option<String>> {
    let row = t.first("SELECT database_revision FROM matched WHERE id = 1", &[])?;
    row.map(|mut row| row.take(0)).transpose()
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
        "p.name = ?1 ORDER BY p.id LIMIT ?2",
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
    found.sort_by_key(|stored| stored.id);
    found.dedup_by_key(|stored| stored.id);
    found.truncate(limit);
    Ok(found)
}

fn reassess(t: &mut dyn Transaction, batch: &Reassessment) -> Answer<()> {
    let ids: Vec<i64> = batch.packages.iter().map(|stored| stored.id).collect();
    let given: Vec<Vec<Value>> = ids.iter().map(|id| given![*id].to_vec()).collect();
    let before: HashMap<i64, AssessedPackage> = each(t, "p.id = ?1", &given)?
        .into_iter()
        .map(|stored| (stored.id, stored.assessed))
        .collect();
    let there = |stored: &&StoredPackage| before.contains_key(&stored.id);
    let packages: Vec<&StoredPackage> = batch.packages.iter().filter(there).collect();
    let changed: Vec<&StoredPackage> = packages
        .iter()
        .copied()
        .filter(|stored| before.get(&stored.id) != Some(&stored.assessed))
        .collect();
    let holders = move_counts(t, &before, &changed)?;
    write(t, &packages, &changed)?;
    for change in &batch.changes {
        tell(t, batch, change, &holders, &before)?;
    }
    Ok(())
}

/// Replaces what is said of packages.
fn write(
    t: &mut dyn Transaction,
    packages: &[&StoredPackage],
    changed: &[&StoredPackage],
) -> Answer<()> {
    let settle: Vec<Vec<Value>> = packages
        .iter()
        .map(|stored| given![stored.id].to_vec())
        .collect();
    let sql = "UPDATE package SET settled = 1 WHERE id = ?1 AND settled = 0";
    t.query_each(sql, &settle)?;
    let mut rows = Vec::with_capacity(changed.len());
    for StoredPackage { id, assessed } in changed {
        let (findings, gaps) = (
            package::packed(&assessed.findings)?,
            package::packed(&assessed.gaps)?,
        );
        rows.push(given![*id, findings, gaps].to_vec());
    }
    let sql = "UPDATE package SET findings = ?2, gaps = ?3 WHERE id = ?1";
    t.query_each(sql, &rows)?;
    let cleared: Vec<Vec<Value>> = changed
        .iter()
        .map(|stored| given![stored.id].to_vec())
        .collect();
    t.query_each("DELETE FROM finding WHERE package_id = ?1", &cleared)?;
    let pairs = changed.iter().map(|stored| (stored.id, &stored.assessed));
    package::index(t, pairs)
}

/// Which sets hold a package that changed.
type Holders = HashMap<i64, Vec<i64>>;

/// Moves the counts of the sets that hold what changed, before it is written.
fn move_counts(
    t: &mut dyn Transaction,
    before: &HashMap<i64, AssessedPackage>,
    changed: &[&StoredPackage],
) -> Answer<Holders> {
    let after: HashMap<i64, &AssessedPackage> = changed
        .iter()
        .map(|stored| (stored.id, &stored.assessed))
        .collect();
    let groups = groups(t, changed)?;
    let group_of: HashMap<i64, &Vec<StoredPackage>> = groups
        .values()
        .flat_map(|group| group.iter().map(move |stored| (stored.id, group)))
        .collect();
    let members: Vec<i64> = group_of.keys().copied().collect();
    let mut holders = Holders::new();
    let mut known: HashMap<Vec<i64>, [i64; 6]> = HashMap::new();
    let mut rows = Vec::new();
    for (set, held) in affected::sets_of(t, &members)? {
        let mut moved = [0; 6];
        let mut changes = false;
        for held in by_group(&held, &group_of) {
            let changed_here = held.iter().filter(|id| after.contains_key(id));
            let changed_here: Vec<i64> = changed_here.copied().collect();
            let (Some(first), false) = (held.first(), changed_here.is_empty()) else {
                continue;
            };
            changes = true;
            for id in changed_here {
                holders.entry(id).or_default().push(set);
            }
            let group = group_of.get(first).copied();
            let delta = *known.entry(held).or_insert_with_key(|held| {
                let of = |stored: &&StoredPackage| held.contains(&stored.id);
                delta(group.into_iter().flatten().filter(of), before, &after)
            });
            package_set::add(&mut moved, &delta, 1);
        }
        if changes {
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

/// The packages that a set holds, those of one group together.
fn by_group(held: &BTreeSet<i64>, group_of: &HashMap<i64, &Vec<StoredPackage>>) -> Vec<Vec<i64>> {
    let mut parts: BTreeMap<Option<i64>, Vec<i64>> = BTreeMap::new();
    for id in held {
        let group = group_of.get(id).and_then(|group| group.first());
        parts
            .entry(group.map(|stored| stored.id))
            .or_default()
            .push(*id);
    }
    parts.into_values().collect()
}

/// By how much the count of packages of one identity changes.
fn delta<'a>(
    group: impl Iterator<Item = &'a StoredPackage> + Clone,
    before: &HashMap<i64, AssessedPackage>,
    after: &HashMap<i64, &AssessedPackage>,
) -> [i64; 6] {
    let old = group
        .clone()
        .map(|stored| before.get(&stored.id).unwrap_or(&stored.assessed));
    let new = group.map(|stored| after.get(&stored.id).copied().unwrap_or(&stored.assessed));
    let mut delta = package::count(new);
    package_set::add(&mut delta, &package::count(old), -1);
    delta
}

/// All packages that are one with a changed one in a count, by identity, as they are stored.
fn groups(
    t: &mut dyn Transaction,
    changed: &[&StoredPackage],
) -> Answer<BTreeMap<String, Vec<StoredPackage>>> {
    let identities: BTreeSet<String> = changed
        .iter()
        .map(|stored| package::identity(&stored.assessed.matchable))
        .collect();
    let given: Vec<Vec<Value>> = identities
        .iter()
        .map(|identity| given![identity].to_vec())
        .collect();
    let mut groups: BTreeMap<String, Vec<StoredPackage>> = BTreeMap::new();
    for stored in each(t, "p.identity = ?1", &given)? {
        let identity = package::identity(&stored.assessed.matchable);
        groups.entry(identity).or_default().push(stored);
    }
    Ok(groups)
}

/// Writes down a change, with the images that it touches.
fn tell(
    t: &mut dyn Transaction,
    batch: &Reassessment,
    change: &WeaknessChange,
    holders: &Holders,
    before: &HashMap<i64, AssessedPackage>,
) -> Answer<()> {
    let holders = change.packages.iter().filter_map(|(id, _)| holders.get(id));
    let sets: BTreeSet<i64> = holders.flatten().copied().collect();
    if sets.is_empty() {
        return Ok(());
    }
    let sets: Vec<i64> = sets.into_iter().collect();
    let limit = batch.places;
    let scans: Vec<i64> = affected::some_scans_of(t, &sets, limit.saturating_add(1))?
        .into_iter()
        .collect();
    let mut places: Vec<ImagePlace> = place::of_scans(t, &scans)?
        .into_iter()
        .flat_map(|(_, places)| places)
        .collect();
    places.sort();
    let complete = scans.len() <= limit && places.len() <= limit;
    places.truncate(limit);
    let mut packages: Vec<ChangedPackage> = change
        .packages
        .iter()
        .filter_map(|(id, fixed_in)| Some(changed_package(before.get(id)?, fixed_in)))
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
        database_revision: batch.database_revision.clone(),
    });
    event::add(t, &what, batch.at)
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
