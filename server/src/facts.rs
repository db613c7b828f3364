//! What is known of an image, kept in memory as long as it is true.
//!
//! A pull asks for it each time, and a page for a hundred images at once. The store tells with
//! little work whether anything has changed ([`FactsVersion`]); only then are inventory and
//! findings read and joined again. Coverage depends on the time as well: it is judged anew after a
//! while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use model::{Coverage, Digest, Finding, Gap, Inventory};
use store::StoreError;
use store::record::FactsVersion;

use crate::app::App;
use crate::scan;

/// How long a judgement on coverage stands: feeds age by days.
const JUDGED_FOR: SignedDuration = SignedDuration::from_secs(60);
/// How many packages and findings may be kept altogether: some 200 MB.
const MOST: usize = 200_000;

/// What is known of an image.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What it is made of.
    pub version: FactsVersion,
    /// Whether it was ever looked at: the last findings stand while it is looked at again.
    pub is_scanned: bool,
    /// What is in it.
    pub inventory: Arc<Inventory>,
    /// What is wrong with it, worst first.
    pub findings: Arc<Vec<Finding>>,
    /// How much could be answered.
    pub coverage: Coverage,
    /// The revision of the database that coverage was judged by.
    database_revision: String,
    judged_at: Timestamp,
    undecided: Arc<Vec<Gap>>,
}

impl Facts {
    fn weight(&self) -> usize {
        1 + self.inventory.packages.len() + self.findings.len()
    }
}

/// The facts that were asked for last.
#[derive(Default)]
pub struct FactsCache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    facts: HashMap<Digest, (u64, Arc<Facts>)>,
    weight: usize,
    asked: u64,
}

impl FactsCache {
    fn get(&self, image: &Digest) -> Option<Arc<Facts>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.asked += 1;
        let asked = kept.asked;
        let (last, facts) = kept.facts.get_mut(image)?;
        *last = asked;
        Some(facts.clone())
    }

    fn put(&self, image: &Digest, facts: &Arc<Facts>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.asked += 1;
        kept.weight += facts.weight();
        let row = (kept.asked, facts.clone());
        if let Some((_, before)) = kept.facts.insert(image.clone(), row) {
            kept.weight -= before.weight();
        }
        if kept.weight > MOST {
            kept.forget_half();
        }
    }
}

impl Kept {
    /// Forgets those that were not asked for the longest, until half of the room is free.
    fn forget_half(&mut self) {
        let mut oldest: Vec<(u64, Digest)> = self
            .facts
            .iter()
            .map(|(image, (asked, _))| (*asked, image.clone()))
            .collect();
        oldest.sort();
        for (_, image) in oldest {
            if self.weight <= MOST / 2 {
                break;
            }
            if let Some((_, facts)) = self.facts.remove(&image) {
                self.weight -= facts.weight();
            }
        }
    }
}

/// What is known of an image; `None` where no scan was ever asked for.
///
/// # Errors
///
/// Where the store fails.
pub fn of(app: &App, image: &Digest) -> Result<Option<Arc<Facts>>, StoreError> {
    let Some(version) = app.store.metadata.facts_version(image)? else {
        return Ok(None);
    };
    let known = app.facts.get(image);
    let known = known.filter(|facts| facts.version == version);
    let (database, now) = (app.database.current(), app.clock.now());
    let revision = database
        .as_ref()
        .map_or("", |database| database.revision())
        .to_owned();
    let stands = |facts: &Arc<Facts>| {
        let age = now.duration_since(facts.judged_at);
        facts.database_revision == revision && age.abs() < JUDGED_FOR
    };
    let mut facts = match known {
        Some(facts) if stands(&facts) => return Ok(Some(facts)),
        Some(facts) => (*facts).clone(),
        None => load(app, image, version)?,
    };
    let gaps = facts.undecided.to_vec();
    facts.coverage = scan::coverage(app, &facts.inventory, gaps, database.as_deref(), now);
    facts.database_revision = revision;
    facts.judged_at = now;
    let facts = Arc::new(facts);
    app.facts.put(image, &facts);
    Ok(Some(facts))
}

/// Facts on which coverage is still to be judged.
fn load(app: &App, image: &Digest, version: FactsVersion) -> Result<Facts, StoreError> {
    let metadata = &app.store.metadata;
    let kept = metadata.inventory(image)?;
    let is_scanned = kept.is_some();
    let (inventory, _) = kept.unwrap_or_default();
    let packages = metadata.assessed_packages(image)?;
    let findings = scan::join(&inventory, &packages);
    let undecided: Vec<Gap> = packages
        .into_iter()
        .flat_map(|package| package.gaps)
        .collect();
    Ok(Facts {
        version,
        is_scanned,
        inventory: Arc::new(inventory),
        findings: Arc::new(findings),
        coverage: Coverage::from_gaps(Vec::new(), false),
        database_revision: String::new(),
        judged_at: Timestamp::UNIX_EPOCH,
        undecided: Arc::new(undecided),
    })
}
