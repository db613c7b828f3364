//! What is known of an image, kept in memory as long as it is true.
//!
//! A pull asks for it each time, and a page for a hundred images at once. The store tells with
//! little work whether anything has changed ([`FactsVersion`]); only then are inventory and
//! findings read and joined again. Coverage depends on the time as well: it is judged anew after a
//! while.

use std::sync::Arc;

use advisory::Database;
use jiff::{SignedDuration, Timestamp};
use model::{Coverage, Digest, Finding, Gap, GapKind, Inventory};
use store::StoreError;
use store::record::FactsVersion;

use crate::app::App;
use crate::cache::{self, Cache};
use crate::scan;

/// How long a judgement on coverage stands: feeds age by days.
const JUDGED_FOR: SignedDuration = SignedDuration::from_secs(60);
/// How many bytes may be kept altogether, as JSON: in memory it is two to three times as much.
pub const MOST: usize = 96 << 20;

/// The facts that were asked for last.
pub type FactsCache = Cache<Facts>;

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
    /// The judge in use when coverage was judged.
    judge: Option<String>,
    judged_at: Timestamp,
    undecided: Arc<Vec<Gap>>,
    /// About how many bytes they take.
    weight: usize,
}

impl Facts {
    fn weigh(&self) -> usize {
        cache::weigh(&(&*self.inventory, &*self.findings, &*self.undecided))
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
    let known = known.filter(|facts| facts.version.holds_the_same(&version));
    let (database, now) = (app.database.current(), app.clock.now());
    let judge = database.as_deref().map(Database::judge);
    let stands = |facts: &Arc<Facts>| {
        let age = now.duration_since(facts.judged_at);
        facts.judge == judge && facts.version == version && age.abs() < JUDGED_FOR
    };
    let (mut facts, weight) = match known {
        Some(facts) if stands(&facts) => return Ok(Some(facts)),
        Some(facts) => ((*facts).clone(), facts.weight),
        None => {
            let facts = load(app, image, version.clone())?;
            let weight = facts.weigh();
            (facts, weight)
        }
    };
    let mut gaps = facts.undecided.to_vec();
    if let Some(database) = &database
        && !version.sets.is_empty()
        && version.judge != judge
    {
        let revision = database.revision();
        gaps.push(Gap::new(GapKind::FindingsBehind, behind(revision)));
    }
    facts.coverage = scan::coverage(app, &facts.inventory, gaps, database.as_deref(), now);
    facts.version = version;
    facts.judge = judge;
    facts.judged_at = now;
    facts.weight = weight;
    let facts = Arc::new(facts);
    app.facts.put(image, facts.clone(), weight);
    Ok(Some(facts))
}

fn behind(revision: &str) -> String {
    format!(
        "the findings are still being brought to the advisory database {revision}; that takes \
         seconds: ask again, and look into the server's log if it stays so"
    )
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
        judge: None,
        judged_at: Timestamp::UNIX_EPOCH,
        undecided: Arc::new(undecided),
        weight: 0,
    })
}
