//! Brings what is stored to the advisory database in use.
//!
//! The two databases are compared by their keys; only packages under a key of which something else
//! is said are judged again, and only what comes out differently is written. Where the database
//! before is not at hand, all distinct packages are judged: still none of the images is touched.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use advisory::{Changed, Database};
use model::{Change, Digest, Finding, Reason};
use store::StoreError;
use store::record::{
    AssessedPackage, Job, JobKind, MatchBegun, PackageKey, Reassessed, Reassessment, StoredPackage,
    WeaknessChange,
};

use crate::app::App;
use crate::scan;

/// Packages, keys or images that are read at once.
const BATCH: usize = 500;
/// Packages that one transaction changes, unless more of them share a weakness.
const CHANGED: usize = 1000;
/// Above so many changed keys every package is judged, which is then less work.
const MOST_KEYS: usize = 200_000;
/// The most places of images that one event names: what is done for a weakness that is everywhere
/// must not grow with the fleet, and its text stays below the 256 KiB that event buses take.
const PLACES: usize = 250;
/// How often packages that others have stored meanwhile are looked for before the job is tried
/// again later.
const ROUNDS: usize = 20;

/// How bringing a database in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brought {
    /// All findings are of it.
    Done,
    /// It has to be tried again: another database is in use here since, somebody else has the job
    /// now, or packages are stored all the time.
    Again,
}

/// Has the database in use brought in.
///
/// # Errors
///
/// Where the store cannot take the job.
pub fn order(app: &App) -> Result<(), StoreError> {
    if let Some(database) = app.database.current() {
        let judge = database.judge();
        let now = app.clock.now();
        app.store.metadata.add_job(&JobKind::Match { judge }, now)?;
        app.wake_worker();
    }
    Ok(())
}

/// Brings all findings to the database of a judge.
///
/// # Errors
///
/// Where the store fails. What was done until then stays, and is not done again.
pub fn bring(app: &App, job: &Job, judge: &str) -> Result<Brought, StoreError> {
    let database = app.database.current();
    let Some(database) = database.filter(|database| database.judge() == judge) else {
        return Ok(Brought::Again);
    };
    catalogue_again(app)?;
    let MatchBegun::From(matched) = app.store.metadata.begin_match(job, judge)? else {
        return Ok(Brought::Again);
    };
    let before = matched.and_then(|judge| app.database.of_judge(&judge));
    let work = Work {
        app,
        job,
        before,
        database,
    };
    let mut changed = match &work.before {
        Some(before) if before.judge() == judge => Vec::new(),
        before => work.changed(before.as_deref())?,
    };
    for _ in 0..ROUNDS {
        work.unsettled(&mut changed)?;
        if !work.write(std::mem::take(&mut changed))? {
            return Ok(Brought::Again);
        }
        if app.store.metadata.finish_match(job, judge)? {
            return Ok(Brought::Done);
        }
    }
    Ok(Brought::Again)
}

/// Has the database in use brought in, if it is another than the one of a job that has ended:
/// while that ran, somebody may have put it in place again, and have found the job there already.
///
/// # Errors
///
/// Where the store fails.
pub fn look_again(app: &App, done: &str) -> Result<(), StoreError> {
    match app.database.current() {
        Some(database) if database.judge() != done => order(app),
        _ => Ok(()),
    }
}

/// Images that another catalogue has read are read again by this one.
fn catalogue_again(app: &App) -> Result<(), StoreError> {
    let metadata = &app.store.metadata;
    let mut after: Option<Digest> = None;
    loop {
        let images = metadata.images_behind(catalog::REVISION, after.as_ref(), BATCH)?;
        for image in &images {
            metadata.request_scan(image, app.clock.now())?;
        }
        match images.into_iter().last() {
            Some(last) => after = Some(last),
            None => return Ok(()),
        }
    }
}

struct Work<'a> {
    app: &'a App,
    job: &'a Job,
    before: Option<Arc<Database>>,
    database: Arc<Database>,
}

impl Work<'_> {
    /// The packages that come out differently.
    fn changed(&self, before: Option<&Database>) -> Result<Vec<Reassessed>, StoreError> {
        let keys = before.map(|before| Database::changed_keys(before, &self.database, MOST_KEYS));
        match keys {
            Some(Ok(Changed::Keys(keys))) => self.under(&keys),
            Some(Err(error)) => {
                tracing::warn!(%error, "the databases cannot be compared: all is judged again");
                self.all()
            }
            Some(Ok(Changed::TooMany)) | None => self.all(),
        }
    }

    fn under(&self, keys: &[advisory::Key]) -> Result<Vec<Reassessed>, StoreError> {
        let mut changed = Vec::new();
        // A package can stand under several keys.
        let mut seen = HashSet::new();
        for keys in keys.chunks(BATCH) {
            let key = |key: &advisory::Key| PackageKey {
                ecosystem: key.ecosystem.clone(),
                name: key.name.clone(),
            };
            let keys: Vec<PackageKey> = keys.iter().map(key).collect();
            let mut packages = self.app.store.metadata.packages_under(&keys)?;
            packages.retain(|stored| seen.insert(stored.id));
            changed.extend(self.judge(packages).filter(differs));
        }
        Ok(changed)
    }

    fn all(&self) -> Result<Vec<Reassessed>, StoreError> {
        let mut changed = Vec::new();
        let mut after = None;
        loop {
            let packages = self.app.store.metadata.packages(after, BATCH)?;
            let Some(last) = packages.last() else {
                return Ok(changed);
            };
            after = Some(last.id);
            changed.extend(self.judge(packages).filter(differs));
        }
    }

    /// Adds the packages that have to be settled, be they different or not.
    fn unsettled(&self, changed: &mut Vec<Reassessed>) -> Result<(), StoreError> {
        let known: HashSet<i64> = changed.iter().map(|judged| judged.id).collect();
        let mut after = None;
        loop {
            let packages = self.app.store.metadata.unsettled_packages(after, BATCH)?;
            let Some(last) = packages.last() else {
                return Ok(());
            };
            after = Some(last.id);
            let new = self.judge(packages);
            changed.extend(new.filter(|judged| !known.contains(&judged.id)));
        }
    }

    fn judge(&self, packages: Vec<StoredPackage>) -> impl Iterator<Item = Reassessed> {
        packages.into_iter().map(|stored| {
            let matchable = stored.assessed.matchable.clone();
            Reassessed {
                id: stored.id,
                after: scan::assess_package(matchable, Some(&self.database)),
                before: stored.assessed,
            }
        })
    }

    /// Stores what was judged, batch by batch; `false` where the job is somebody else's now.
    fn write(&self, judged: Vec<Reassessed>) -> Result<bool, StoreError> {
        let changes = self.changes(&judged);
        for (packages, changes) in batches(judged, changes) {
            let batch = Reassessment {
                packages,
                changes,
                database_revision: self.database.revision().to_owned(),
                at: self.app.clock.now(),
                places: PLACES,
            };
            if !self.app.store.metadata.reassess(self.job, &batch)? {
                return Ok(false);
            }
            self.app.wake_worker();
        }
        Ok(true)
    }

    /// What the judgements change, one for each weakness, change and reason.
    fn changes(&self, judged: &[Reassessed]) -> Vec<WeaknessChange> {
        let mut changes: BTreeMap<(String, Change, Reason), WeaknessChange> = BTreeMap::new();
        for judged in judged {
            let (before, after) = (&judged.before.findings, &judged.after.findings);
            for (change, finding) in compare(before, after) {
                let reason = self.reason(&judged.after, &finding.id, change);
                let key = (finding.id.clone(), change, reason);
                let known = changes.entry(key).or_insert_with(|| WeaknessChange {
                    id: finding.id.clone(),
                    aliases: finding.aliases.clone(),
                    change,
                    reason,
                    severity: finding.severity,
                    description: finding.description.clone(),
                    packages: Vec::new(),
                });
                known.severity = known.severity.min(finding.severity);
                known.packages.push((judged.id, finding.fixed_in.clone()));
            }
        }
        changes.into_values().collect()
    }

    fn reason(&self, package: &AssessedPackage, id: &str, change: Change) -> Reason {
        let (before, after) = (self.before.as_deref(), &self.database);
        advisory::reason(before, after, &package.matchable, id, change)
    }
}

fn differs(judged: &Reassessed) -> bool {
    judged.before != judged.after
}

/// What became of each weakness: findings that share a name are the same one.
fn compare<'a>(before: &'a [Finding], after: &'a [Finding]) -> Vec<(Change, &'a Finding)> {
    let mut changes = Vec::new();
    let known = by_name(before);
    for finding in after {
        match finding.identifiers().find_map(|name| known.get(name)) {
            None => changes.push((Change::Found, finding)),
            Some(before) if is_altered(before, finding) => changes.push((Change::Altered, finding)),
            Some(_) => {}
        }
    }
    let known = by_name(after);
    for finding in before {
        if !finding.identifiers().any(|name| known.contains_key(name)) {
            changes.push((Change::Gone, finding));
        }
    }
    changes
}

fn by_name(findings: &[Finding]) -> HashMap<&str, &Finding> {
    let pairs = findings
        .iter()
        .flat_map(|finding| finding.identifiers().map(move |name| (name, finding)));
    pairs.collect()
}

/// Whether somebody has to do something else about it than before. A word that its publisher
/// wrote otherwise is no news.
fn is_altered(before: &Finding, after: &Finding) -> bool {
    before.severity != after.severity
        || before.status != after.status
        || before.fixed_in != after.fixed_in
        || before.cvss != after.cvss
}

/// Cuts the work into transactions. The packages of one change stay together, so that it is one
/// event.
fn batches(
    judged: Vec<Reassessed>,
    changes: Vec<WeaknessChange>,
) -> Vec<(Vec<Reassessed>, Vec<WeaknessChange>)> {
    let mut clusters = Clusters::default();
    for judged in &judged {
        clusters.root(judged.id);
    }
    for change in &changes {
        let mut packages = change.packages.iter().map(|(id, _)| *id);
        if let Some(first) = packages.next() {
            packages.for_each(|other| clusters.join(first, other));
        }
    }
    type Parts = (Vec<Reassessed>, Vec<WeaknessChange>);
    let mut parts: BTreeMap<i64, Parts> = BTreeMap::new();
    for judged in judged {
        let root = clusters.root(judged.id);
        parts.entry(root).or_default().0.push(judged);
    }
    for change in changes {
        if let Some((first, _)) = change.packages.first() {
            parts
                .entry(clusters.root(*first))
                .or_default()
                .1
                .push(change);
        }
    }
    let mut batches: Vec<Parts> = Vec::new();
    for (packages, changes) in parts.into_values() {
        match batches.last_mut() {
            Some((all, told)) if all.len() + packages.len() <= CHANGED => {
                all.extend(packages);
                told.extend(changes);
            }
            _ => batches.push((packages, changes)),
        }
    }
    batches
}

/// Packages that belong together, each cluster known by its lowest number.
#[derive(Default)]
struct Clusters(HashMap<i64, i64>);

impl Clusters {
    fn root(&mut self, id: i64) -> i64 {
        let mut root = id;
        while let Some(above) = self.0.get(&root).copied().filter(|above| *above != root) {
            root = above;
        }
        // What was walked is made shorter for the next time.
        let mut at = id;
        while at != root {
            at = self.0.insert(at, root).unwrap_or(root);
        }
        self.0.entry(root).or_insert(root);
        root
    }

    fn join(&mut self, one: i64, other: i64) {
        let (one, other) = (self.root(one), self.root(other));
        self.0.insert(one.max(other), one.min(other));
    }
}

#[cfg(test)]
mod tests;
