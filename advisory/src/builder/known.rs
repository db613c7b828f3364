//! What sources know beside statements on packages: of CVEs, of releases, of repositories.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use model::Exploitation;

use crate::feed::Parsed;
use crate::{Cve, CveFacts};

/// What one source knows.
#[derive(Default)]
pub struct Known {
    /// With the date of the file that says so.
    exploitation: BTreeMap<Cve, (Option<Timestamp>, Exploitation)>,
    cves: BTreeMap<Cve, CveFacts>,
    /// By ecosystem; of several dates the latest.
    ends: BTreeMap<String, Date>,
    repositories: BTreeMap<String, BTreeSet<String>>,
}

/// What all sources know together.
#[derive(Default)]
pub struct Together {
    /// By identifier: the worst that is said.
    pub exploitation: BTreeMap<Cve, Exploitation>,
    /// By identifier.
    pub cves: BTreeMap<Cve, CveFacts>,
    /// When releases end, by ecosystem.
    pub ends: BTreeMap<String, Date>,
    /// The products (CPEs) that package repositories serve.
    pub repositories: BTreeMap<String, BTreeSet<String>>,
}

impl Known {
    /// Takes what a file says, as long as there is room for it; tells how many entries were taken
    /// and whether all of them were.
    pub fn take(&mut self, parsed: &mut Parsed, date: Option<Timestamp>, room: u64) -> (u64, bool) {
        let mut taken = 0;
        let mut fits = || {
            let fits = taken < room;
            taken += u64::from(fits);
            fits
        };
        let mut whole = true;
        for (cve, said) in std::mem::take(&mut parsed.exploitation) {
            whole &= fits() && self.exploited(cve, date, said);
        }
        for (cve, facts) in std::mem::take(&mut parsed.cves) {
            whole &= fits() && {
                let known = self.cves.entry(cve).or_default();
                *known = std::mem::take(known).together(facts);
                true
            };
        }
        for (ecosystem, date) in std::mem::take(&mut parsed.ends) {
            whole &= fits() && {
                let known = self.ends.entry(ecosystem).or_insert(date);
                *known = (*known).max(date);
                true
            };
        }
        for (repository, products) in std::mem::take(&mut parsed.repositories) {
            whole &= fits() && {
                let known = self.repositories.entry(repository).or_default();
                known.extend(products);
                true
            };
        }
        (taken, whole)
    }

    /// The newest file has the word, and of several of one day the worst counts.
    fn exploited(&mut self, cve: Cve, date: Option<Timestamp>, said: Exploitation) -> bool {
        let known = self.exploitation.entry(cve).or_insert((date, said));
        match known.0.cmp(&date) {
            Ordering::Less => *known = (date, said),
            Ordering::Equal => known.1 = known.1.worst(said),
            Ordering::Greater => {}
        }
        true
    }
}

impl Together {
    /// Adds what one source knows.
    pub fn add(&mut self, known: Known) {
        for (cve, (_, said)) in known.exploitation {
            let so_far = self.exploitation.entry(cve).or_default();
            *so_far = so_far.worst(said);
        }
        for (cve, facts) in known.cves {
            let so_far = self.cves.entry(cve).or_default();
            *so_far = std::mem::take(so_far).together(facts);
        }
        for (ecosystem, date) in known.ends {
            let so_far = self.ends.entry(ecosystem).or_insert(date);
            *so_far = (*so_far).max(date);
        }
        for (repository, products) in known.repositories {
            self.repositories
                .entry(repository)
                .or_default()
                .extend(products);
        }
    }
}
