//! A day in one message.

use jiff::Timestamp;
use model::{Change, Severity};
use store::StoreError;
use store::metadata::Metadata;
use store::record::{EventFilter, Happening, ImagePlace, VulnerabilityChange};

use super::filter;

/// The seconds of a day.
const DAY: i64 = 24 * 60 * 60;
/// How many weaknesses are listed, the worst first.
const LISTED: usize = 100;
/// How many images are listed of each.
const PLACES: usize = 20;
/// How many events are read at once.
const PAGE: usize = 32;
/// After how many pages it is asked whether to go on.
const ASK: u64 = 300;

/// What happened since the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// When the last one ended.
    pub from: Timestamp,
    /// When this one ends.
    pub to: Timestamp,
    /// Pushes.
    pub pushed: u64,
    /// Manifests and tags that were removed.
    pub deleted: u64,
    /// Scans that ended well.
    pub scanned: u64,
    /// Scans that did not.
    pub scans_failed: u64,
    /// Weaknesses that appeared, by severity, worst first.
    pub found: [u64; 6],
    /// Those that changed.
    pub altered: [u64; 6],
    /// Those that went.
    pub gone: [u64; 6],
    /// The worst of them.
    pub listed: Vec<Listed>,
    /// Whether these are all.
    pub complete: bool,
}

/// A weakness in a digest. They are in order: the worst first, then by identifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// How bad.
    pub severity: Severity,
    /// The CVE, or the publisher's identifier.
    pub id: String,
    /// What became of it.
    pub change: Change,
    /// Whether there is a fix.
    pub fixable: bool,
    /// In how many images.
    pub images: u64,
    /// The first of them.
    pub places: Vec<ImagePlace>,
    /// Whether these are all.
    pub complete: bool,
}

/// The last time up to now at which a digest is due, for a minute of the day.
pub fn due(minute: u32, now: Timestamp) -> Timestamp {
    let today = now.as_second().div_euclid(DAY) * DAY + i64::from(minute) * 60;
    let due = if today > now.as_second() {
        today - DAY
    } else {
        today
    };
    Timestamp::from_second(due).unwrap_or(Timestamp::MIN)
}

/// What happened after a place, before `to`, as far as a filter lets it through, with the last
/// place that it tells of. `go_on` is asked now and then, since a day may be long; `None` where it
/// says no.
///
/// # Errors
///
/// Where the store fails.
pub fn collect(
    metadata: &dyn Metadata,
    filter: &EventFilter,
    after: u64,
    (from, to): (Timestamp, Timestamp),
    go_on: impl Fn() -> Result<bool, StoreError>,
) -> Result<Option<(Digest, u64)>, StoreError> {
    let mut digest = Digest::new(from, to);
    let mut last = after;
    for page in 1u64.. {
        if page.is_multiple_of(ASK) && !go_on()? {
            break;
        }
        let events = metadata.events(last, PAGE)?;
        let ended = events.len() < PAGE;
        for event in events {
            if event.at >= to {
                return Ok(Some((digest.finish(), last)));
            }
            last = event.sequence;
            if let Some(happening) = filter::narrow(filter, event.what) {
                digest.add(happening);
            }
        }
        if ended {
            return Ok(Some((digest.finish(), last)));
        }
    }
    Ok(None)
}

impl Digest {
    /// One of nothing.
    pub fn new(from: Timestamp, to: Timestamp) -> Digest {
        Digest {
            from,
            to,
            pushed: 0,
            deleted: 0,
            scanned: 0,
            scans_failed: 0,
            found: [0; 6],
            altered: [0; 6],
            gone: [0; 6],
            listed: Vec::new(),
            complete: true,
        }
    }

    fn add(&mut self, happening: Happening) {
        match happening {
            Happening::Pushed(_) => self.pushed += 1,
            Happening::Deleted(_) => self.deleted += 1,
            Happening::Scanned(scan) if scan.failure.is_some() => self.scans_failed += 1,
            Happening::Scanned(_) => self.scanned += 1,
            Happening::Vulnerability(change) => self.add_change(change),
        }
    }

    fn add_change(&mut self, change: VulnerabilityChange) {
        let counts = match change.change {
            Change::Found => &mut self.found,
            Change::Altered => &mut self.altered,
            Change::Gone => &mut self.gone,
        };
        let pairs = Severity::ALL.into_iter().zip(counts.iter_mut());
        for (_, count) in pairs.filter(|(severity, _)| *severity == change.severity) {
            *count += 1;
        }
        let images = change.places.len() as u64;
        let mut places = change.places;
        places.truncate(PLACES);
        self.listed.push(Listed {
            severity: change.severity,
            id: change.id,
            change: change.change,
            fixable: change.packages.iter().any(|one| !one.fixed_in.is_empty()),
            images,
            complete: change.complete && places.len() as u64 == images,
            places,
        });
        if self.listed.len() >= 2 * LISTED {
            self.cut();
        }
    }

    /// Keeps the worst only.
    fn cut(&mut self) {
        self.listed.sort();
        self.complete &= self.listed.len() <= LISTED;
        self.listed.truncate(LISTED);
    }

    fn finish(mut self) -> Digest {
        self.cut();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::tests::vulnerability;

    #[test]
    fn a_digest_is_due_once_a_day() {
        let due = |minute, now: &str| due(minute, now.parse().unwrap()).to_string();
        assert_eq!(due(420, "2026-11-24T06:59:59Z"), "2026-11-23T07:00:00Z");
        assert_eq!(due(420, "2026-11-24T07:00:00Z"), "2026-11-24T07:00:00Z");
        assert_eq!(due(0, "2026-11-24T00:00:00Z"), "2026-11-24T00:00:00Z");
        assert_eq!(due(1439, "2026-11-24T23:58:00Z"), "2026-11-23T23:59:00Z");
    }

    #[test]
    fn the_worst_stay_in_the_list() {
        let mut digest = Digest::new(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        for number in 0..150 {
            let severity = match number % 3 {
                0 => Severity::Critical,
                _ => Severity::Low,
            };
            digest.add(vulnerability(
                &format!("CVE-{number:03}"),
                severity,
                &["a"],
                &[],
            ));
        }
        let digest = digest.finish();
        assert_eq!((digest.found[0], digest.found[3]), (50, 100));
        assert_eq!((digest.listed.len(), digest.complete), (100, false));
        let critical = |one: &&Listed| one.severity == Severity::Critical;
        assert_eq!(digest.listed.iter().filter(critical).count(), 50);
        assert_eq!(digest.listed[0].id, "CVE-000");
    }
}
