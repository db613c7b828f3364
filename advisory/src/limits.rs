//! Bounds on what is read, and on how old it may be.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// What a feed may cost. Whatever passes a limit becomes a problem of its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest file of a feed, in bytes after unpacking.
    pub file_bytes: usize,
    /// The most records of one source.
    pub records: usize,
    /// The most (package, advisory) rows of one source.
    pub rows: usize,
    /// The longest identifier, name, version or address, in bytes.
    pub string_bytes: usize,
    /// The longest description that is kept, in bytes; what is longer is cut.
    pub description_bytes: usize,
    /// The deepest nesting of a JSON or YAML document (JSON stops at 128 in any case).
    pub depth: usize,
    /// The most problems that are kept for one source; all of them are counted.
    pub problems: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            file_bytes: 1 << 30,
            records: 4_000_000,
            rows: 16_000_000,
            string_bytes: 4096,
            description_bytes: 400,
            depth: 64,
            problems: 100,
        }
    }
}

/// How old a source may be before silence of it means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgeLimits {
    /// For every source without its own limit.
    pub default: SignedDuration,
    /// By the source's name.
    pub by_source: BTreeMap<String, SignedDuration>,
}

impl Default for AgeLimits {
    fn default() -> AgeLimits {
        AgeLimits {
            default: SignedDuration::from_hours(24 * i64::from(AgeLimits::DEFAULT_DAYS)),
            by_source: BTreeMap::new(),
        }
    }
}

impl AgeLimits {
    /// Days after which a source is stale where nobody says otherwise.
    pub const DEFAULT_DAYS: u32 = 14;

    /// The same limit for every source.
    pub fn days(days: u32) -> AgeLimits {
        AgeLimits {
            default: SignedDuration::from_hours(24 * i64::from(days)),
            by_source: BTreeMap::new(),
        }
    }

    /// The limit that binds a source.
    pub fn of(&self, source: &str) -> SignedDuration {
        self.by_source.get(source).copied().unwrap_or(self.default)
    }

    /// Whether a date lies further back than the source's limit.
    pub fn is_stale(&self, source: &str, date: Timestamp, now: Timestamp) -> bool {
        now.duration_since(date) > self.of(source)
    }
}
