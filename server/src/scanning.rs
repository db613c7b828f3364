//! Which images are scanned when nobody asks for it, in the words of ECR's registry scanning
//! configuration.
//!
//! The frequency says when an image is first looked at. Findings of an image that was scanned
//! once follow the database always, whatever the frequency: stale findings would be a false
//! clean.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use model::{RepositoryName, Wildcard};
use serde::{Deserialize, Serialize};
use store::StoreError;
use store::record::{JobKind, Repository};

use crate::app::App;

pub mod sweep;

/// The name of the preference that holds the configuration.
const PREFERENCE: &str = "registry-scanning-configuration";
/// How long a server goes by what it has read: then it looks whether another has set rules.
const FRESH: Duration = Duration::from_secs(1);
/// How long a sweep waits: until every server goes by the new rules, so that no image is pushed
/// behind its back under the old ones.
const SETTLED: SignedDuration = SignedDuration::from_secs(3);

/// When images of a repository are scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Frequency {
    /// When somebody asks for it.
    Manual,
    /// When they are pushed.
    ScanOnPush,
    /// When they are pushed, and those too that were stored before.
    ContinuousScan,
}

impl Frequency {
    /// ECR's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Frequency::Manual => "MANUAL",
            Frequency::ScanOnPush => "SCAN_ON_PUSH",
            Frequency::ContinuousScan => "CONTINUOUS_SCAN",
        }
    }

    /// The frequency of that word.
    pub fn from_word(word: &str) -> Option<Frequency> {
        let all = [
            Frequency::Manual,
            Frequency::ScanOnPush,
            Frequency::ContinuousScan,
        ];
        all.into_iter().find(|one| one.as_str() == word)
    }
}

/// Which frequencies there are to choose from. What is looked for is the same here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanType {
    /// Manual or on push.
    Basic,
    /// On push or continuous.
    Enhanced,
}

impl ScanType {
    /// ECR's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            ScanType::Basic => "BASIC",
            ScanType::Enhanced => "ENHANCED",
        }
    }

    /// The type of that word.
    pub fn from_word(word: &str) -> Option<ScanType> {
        let all = [ScanType::Basic, ScanType::Enhanced];
        all.into_iter().find(|one| one.as_str() == word)
    }

    /// Whether its rules may name that frequency.
    pub fn knows(self, frequency: Frequency) -> bool {
        match frequency {
            Frequency::Manual => self == ScanType::Basic,
            Frequency::ScanOnPush => true,
            Frequency::ContinuousScan => self == ScanType::Enhanced,
        }
    }
}

/// A filter on repositories: with `*` it fits the whole name, without it is contained in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter(Wildcard);

impl Filter {
    /// The longest, in bytes.
    pub const MAX_LENGTH: usize = 255;

    /// A filter of ECR's pattern: lower-case letters, digits and `*`, with single `.`, `_`, `-`
    /// and `/` between them.
    pub fn parse(text: &str) -> Option<Filter> {
        let separates = |byte: u8| b"._-/".contains(&byte);
        let plain = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'*' || separates(byte)
        };
        let bytes = text.as_bytes();
        let ends = bytes.first().is_some_and(|byte| !separates(*byte))
            && bytes.last().is_some_and(|byte| !separates(*byte));
        let mut neighbours = bytes.iter().zip(bytes.iter().skip(1));
        let single = neighbours.all(|(one, next)| !(separates(*one) && separates(*next)));
        let fits = bytes.len() <= Filter::MAX_LENGTH && ends && single;
        let fits = fits && text.bytes().all(plain);
        fits.then(|| text.parse().ok().map(Filter)).flatten()
    }

    /// The filter's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it fits a repository.
    pub fn matches(&self, name: &RepositoryName) -> bool {
        match self.as_str().contains('*') {
            true => self.0.matches(name.as_str()),
            false => name.as_str().contains(self.as_str()),
        }
    }
}

/// A frequency for the repositories that one of the filters fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The frequency.
    pub frequency: Frequency,
    /// The filters.
    pub filters: Vec<Filter>,
}

/// What is scanned in the whole registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// The type.
    pub scan_type: ScanType,
    /// The rules, one for a frequency.
    pub rules: Vec<Rule>,
}

impl Configuration {
    /// What holds before anybody sets anything: everything is scanned when it is pushed.
    pub fn unset() -> Configuration {
        Configuration {
            scan_type: ScanType::Basic,
            rules: vec![Rule {
                frequency: Frequency::ScanOnPush,
                filters: vec![Filter(Wildcard::any())],
            }],
        }
    }
}

/// What is in effect for a repository, and which filters make it so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The frequency.
    pub frequency: Frequency,
    /// The filters that fit, in their rule's order.
    pub filters: Vec<Filter>,
}

/// What is in effect for a repository under what was set for the registry, if anything was.
///
/// A repository's own `scanOnPush=true` is always heard; `false` only where nobody set rules.
pub fn effect(set: Option<&Configuration>, repository: &Repository) -> Effect {
    let unset = Configuration::unset();
    let own = repository.scan_on_push;
    let nothing = |frequency| Effect {
        frequency,
        filters: Vec::new(),
    };
    let by_rules = match set {
        None if own == Some(false) => nothing(Frequency::Manual),
        None => by_rules(&unset, &repository.name),
        Some(set) => by_rules(set, &repository.name),
    };
    match (by_rules.frequency, own) {
        (Frequency::Manual, Some(true)) => nothing(Frequency::ScanOnPush),
        _ => by_rules,
    }
}

/// What the rules alone say.
fn by_rules(configuration: &Configuration, name: &RepositoryName) -> Effect {
    if configuration.scan_type == ScanType::Enhanced && configuration.rules.is_empty() {
        return Effect {
            frequency: Frequency::ContinuousScan,
            filters: Vec::new(),
        };
    }
    // The one that scans most wins.
    for frequency in [Frequency::ContinuousScan, Frequency::ScanOnPush] {
        let rules = configuration.rules.iter();
        let of_frequency = rules.filter(|rule| rule.frequency == frequency);
        let filters: Vec<Filter> = of_frequency
            .flat_map(|rule| &rule.filters)
            .filter(|filter| filter.matches(name))
            .cloned()
            .collect();
        if !filters.is_empty() {
            return Effect { frequency, filters };
        }
    }
    Effect {
        frequency: Frequency::Manual,
        filters: Vec::new(),
    }
}

type Set = Option<Arc<Configuration>>;

/// What was set, as it was last read, and when that was.
#[derive(Debug, Default)]
pub struct Cache(Mutex<Option<(Duration, Set)>>);

/// What was set for the registry; `None` where nobody ever did. At most [`FRESH`] old: a push
/// reads the store for it once in that time.
///
/// # Errors
///
/// Where the store fails.
pub fn configuration(app: &App) -> Result<Set, StoreError> {
    let now = app.clock.elapsed();
    let cached = app.scanning.0.lock();
    let cached = cached.unwrap_or_else(PoisonError::into_inner).clone();
    match cached {
        Some((read_at, set)) if now.saturating_sub(read_at) < FRESH => Ok(set),
        _ => read(app),
    }
}

/// The same, as it stands in the store now.
///
/// # Errors
///
/// Where the store fails, or holds what this program did not write.
pub fn read(app: &App) -> Result<Set, StoreError> {
    let now = app.clock.elapsed();
    let text = app.store.metadata.preference(PREFERENCE)?;
    let set = text.map(|text| serde_json::from_str(&text)).transpose();
    let set: Option<Configuration> = set.map_err(|error| {
        StoreError::Damaged(format!(
            "the scanning configuration cannot be read: {error}"
        ))
    })?;
    let set = set.map(Arc::new);
    keep(app, now, set.clone());
    Ok(set)
}

fn keep(app: &App, read_at: Duration, set: Set) {
    let mut cached = app
        .scanning
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    *cached = Some((read_at, set));
}

/// Sets what is scanned in the whole registry. What is stored and was never scanned is looked at
/// where it is to be from now on, by a job.
///
/// # Errors
///
/// Where the store fails.
pub fn set(app: &App, configuration: Configuration) -> Result<(), StoreError> {
    if read(app)?.as_deref() == Some(&configuration) {
        return Ok(());
    }
    let text = serde_json::to_string(&configuration)
        .map_err(|error| StoreError::Database(error.to_string()))?;
    let now = app.clock.now();
    let sweep = JobKind::Sweep { asked_at: now };
    let then = now.saturating_add(SETTLED).unwrap_or(now);
    app.store
        .metadata
        .set_preference(PREFERENCE, &text, Some((&sweep, then)))?;
    keep(app, app.clock.elapsed(), Some(Arc::new(configuration)));
    Ok(())
}

#[cfg(test)]
mod tests;
