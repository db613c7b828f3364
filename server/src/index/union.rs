//! What the images of an index say together.

use std::collections::{BTreeMap, BTreeSet};

use model::coverage::Completeness;
use model::{Coverage, Digest, Finding, Gap, GapKind, Location, PackageType, Severity};
use store::record::{ScanRow, ScanState};

use super::Member;

/// The scans of an index's images as one.
#[derive(Clone, Debug)]
pub struct Union {
    /// The images, by name, then by digest.
    pub members: Vec<Member>,
    /// The scans as one row; `None` where no scan of any image was ever asked for. It is COMPLETE
    /// once none is under way and one is complete; what became of the others is in
    /// [`Union::coverage`] then, and in words in the row's `detail`.
    pub row: Option<ScanRow>,
    /// How much could be answered altogether; each gap begins with the image's name.
    pub coverage: Coverage,
}

/// A finding of one or several images, with where it is.
#[derive(Clone, Debug)]
pub struct Shared<'u> {
    /// The finding: of those that are the same, the worst rated.
    pub finding: &'u Finding,
    /// The names of the images, sorted.
    pub platforms: Vec<&'u str>,
    /// Every place in any of them, sorted.
    pub locations: Vec<&'u Location>,
}

/// What makes findings of several images the same.
type Identity<'u> = (&'u str, PackageType, &'u str, &'u str);

impl Union {
    /// The scans of those images of an index as one, with what else is not known of it.
    pub fn of(index: &Digest, members: Vec<Member>, gaps: Vec<Gap>) -> Union {
        let mut coverage = coverage(&members, gaps);
        let untold = untold(&members);
        let detail = in_words(&untold);
        coverage.gaps.extend(untold);
        coverage.gaps.sort();
        coverage.gaps.dedup();
        if coverage.verdict == Completeness::Complete && !coverage.gaps.is_empty() {
            coverage.verdict = Completeness::Incomplete;
        }
        let mut union = Union {
            members,
            row: None,
            coverage,
        };
        union.row = union
            .state()
            .map(|state| union.as_row(index, state, detail));
        union
    }

    fn state(&self) -> Option<ScanState> {
        let rows = || self.members.iter().filter_map(|member| member.row.as_ref());
        // The first of these words that is true of any image is the index's.
        let words = [
            ScanState::InProgress,
            ScanState::Pending,
            ScanState::Complete,
            ScanState::Failed,
        ];
        let mut words = words.into_iter();
        words.find(|word| rows().any(|row| row.state == *word))
    }

    fn as_row(&self, index: &Digest, state: ScanState, detail: String) -> ScanRow {
        let rows = || self.members.iter().filter_map(|member| member.row.as_ref());
        let detail = match state {
            ScanState::Complete if !detail.is_empty() => format!("INCOMPLETE: {detail}"),
            ScanState::Complete | ScanState::Failed => detail,
            ScanState::Pending | ScanState::InProgress => String::new(),
        };
        let ended = match state {
            ScanState::Complete | ScanState::Failed => {
                rows().filter_map(|row| row.completed_at).max()
            }
            ScanState::Pending | ScanState::InProgress => None,
        };
        let requested = rows().map(|row| row.requested_at).max();
        ScanRow {
            image: index.clone(),
            state,
            detail,
            requested_at: requested.unwrap_or_default(),
            completed_at: ended,
            counts: self.counts(),
        }
    }

    /// How many findings of each severity there are, those that are the same counted once.
    fn counts(&self) -> [(Severity, u64); 6] {
        let findings = self.findings();
        Severity::ALL.map(|severity| {
            let is = |shared: &&Shared<'_>| shared.finding.severity == severity;
            (severity, findings.iter().filter(is).count() as u64)
        })
    }

    /// The findings of all images, worst first; those of the same identifier, package type, name
    /// and version are one.
    pub fn findings(&self) -> Vec<Shared<'_>> {
        let mut same: BTreeMap<Identity<'_>, Same<'_>> = BTreeMap::new();
        for member in &self.members {
            let findings = member.facts.iter().flat_map(|facts| facts.findings.iter());
            for finding in findings {
                let package = &finding.package;
                let (name, version) = (package.name.as_str(), package.version.as_str());
                let identity = (finding.id.as_str(), package.kind, name, version);
                let one = same.entry(identity).or_insert_with(|| Same::new(finding));
                one.add(finding, member);
            }
        }
        let mut findings: Vec<Shared<'_>> = same.into_values().map(Same::end).collect();
        findings.sort_by(|one, other| one.finding.sort_key().cmp(&other.finding.sort_key()));
        findings
    }
}

/// Findings of several images that are the same.
struct Same<'u> {
    finding: &'u Finding,
    platforms: BTreeSet<&'u str>,
    locations: BTreeSet<&'u Location>,
}

impl<'u> Same<'u> {
    fn new(finding: &'u Finding) -> Same<'u> {
        Same {
            finding,
            platforms: BTreeSet::new(),
            locations: BTreeSet::new(),
        }
    }

    fn add(&mut self, finding: &'u Finding, member: &'u Member) {
        if finding.sort_key() < self.finding.sort_key() {
            self.finding = finding;
        }
        self.platforms.insert(&member.name);
        self.locations.extend(&finding.locations);
    }

    fn end(self) -> Shared<'u> {
        Shared {
            finding: self.finding,
            platforms: self.platforms.into_iter().collect(),
            locations: self.locations.into_iter().collect(),
        }
    }
}

/// How much could be answered of the images that were looked at: the worst of them.
fn coverage(members: &[Member], mut gaps: Vec<Gap>) -> Coverage {
    let verdicts = || {
        let facts = members.iter().map(|member| member.facts.as_ref());
        facts.map(|facts| facts.map(|facts| facts.coverage.verdict))
    };
    let is_looked_at = |verdict: Option<Completeness>| {
        verdict.is_some_and(|verdict| verdict != Completeness::Unsupported)
    };
    let is_whole = verdicts().all(|verdict| verdict == Some(Completeness::Complete));
    let verdict = match verdicts().any(is_looked_at) {
        false => Completeness::Unsupported,
        true if is_whole => Completeness::Complete,
        true => Completeness::Incomplete,
    };
    for member in members {
        let known = member.facts.iter().flat_map(|facts| &facts.coverage.gaps);
        gaps.extend(known.map(|gap| of_member(member, gap.kind, &gap.detail)));
    }
    Coverage { verdict, gaps }
}

/// The images whose findings are not among those of the whole, or not as of now, each with why.
fn untold(members: &[Member]) -> Vec<Gap> {
    let gap = |member: &Member| {
        let (kind, why) = match &member.row {
            _ if !member.is_there => {
                let why = "its manifest is not in the repository any more";
                (GapKind::Unreadable, why.to_owned())
            }
            None => (GapKind::Unsupported, "it was never scanned".to_owned()),
            Some(row) => match row.state {
                ScanState::Complete => return None,
                ScanState::Failed => {
                    let why = format!("it could not be scanned: {}", row.detail);
                    (GapKind::Unsupported, why)
                }
                ScanState::Pending | ScanState::InProgress => {
                    (GapKind::Unsupported, "its scan has not ended".to_owned())
                }
            },
        };
        Some(of_member(member, kind, &why))
    };
    members.iter().filter_map(gap).collect()
}

fn of_member(member: &Member, kind: GapKind, detail: &str) -> Gap {
    Gap::new(kind, format!("{}: {detail}", member.name))
}

fn in_words(gaps: &[Gap]) -> String {
    let details: Vec<&str> = gaps.iter().map(|gap| gap.detail.as_str()).collect();
    details.join("; ")
}
