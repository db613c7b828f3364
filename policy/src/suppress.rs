//! What takes findings out of account: VEX documents, ignore rules and exceptions.

use jiff::Timestamp;
use model::{Finding, Inventory, Stated, SuppressedFinding, VexStatement};

use crate::{Exception, Facts, Rulebook, Subject, Suppression};

/// A finding, and what it is in.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub finding: &'a Finding,
    pub subject: &'a Subject<'a>,
    pub inventory: &'a Inventory,
}

impl Seen<'_> {
    /// Whether it is a digest of the image, as VEX documents write it.
    pub fn is_digest(&self, text: &str) -> bool {
        let mut digests = self.subject.digests.iter();
        digests.any(|digest| digest.as_str() == text)
    }
}

/// What is said of one finding.
#[derive(Default)]
pub(crate) struct Said {
    /// What takes it out of account. A publisher's word comes before a rule of one's own, and that
    /// before an exception, which ends.
    pub by: Option<Suppression>,
    /// Until when, where that is by time.
    pub until: Option<Timestamp>,
    /// Exceptions and ignore rules that would have, but ran out.
    pub expired: Vec<String>,
    /// What a VEX document says of it all the same.
    pub stated: Option<VexStatement>,
}

/// Asks VEX documents, ignore rules and exceptions about a finding.
pub(crate) fn said(
    facts: &Facts<'_>,
    finding: &Finding,
    rulebook: &Rulebook,
    now: Timestamp,
) -> Said {
    let seen = Seen {
        finding,
        subject: &facts.subject,
        inventory: facts.inventory,
    };
    let of_rulebook = rulebook.vex.statement(&seen);
    let attached = facts.attached;
    let statement = of_rulebook.or_else(|| attached.and_then(|vex| vex.statement(&seen)));
    if let Some(statement) = statement.filter(|one| one.status.suppresses()) {
        return Said {
            by: Some(Suppression::Vex(statement.view())),
            ..Said::default()
        };
    }
    let stated = statement.map(crate::vex::Statement::view);
    let (ignored, mut expired) = rulebook.ignores.of(finding, now);
    if let Some(rule) = ignored {
        return Said {
            by: Some(rule.suppression()),
            until: rule.until,
            expired,
            stated,
        };
    }
    let fits = rulebook.exceptions.of(finding, facts.subject.repository);
    let (over, valid): (Vec<&Exception>, Vec<&Exception>) =
        fits.into_iter().partition(|one| one.has_expired(now));
    // The one that holds longest: that another ends before it changes nothing.
    let best = valid
        .into_iter()
        .max_by(|a, b| (a.expires_at, &b.id).cmp(&(b.expires_at, &a.id)));
    let mut notes: Vec<_> = over
        .into_iter()
        .map(|one| (one.expires_at, &one.id, &one.who))
        .collect();
    notes.sort();
    let note = |(end, id, who)| format!("exception {id} of {who} ran out at {end}");
    expired.extend(notes.into_iter().map(note));
    Said {
        by: best.map(|one| Suppression::Exception {
            id: one.id.clone(),
            who: one.who.clone(),
            reason: one.reason.clone(),
            expires_at: one.expires_at,
        }),
        until: best.map(|one| one.expires_at),
        expired,
        stated,
    }
}

/// The findings of an image, parted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parted {
    /// Those that count, in the order in which they came.
    pub open: Vec<Finding>,
    /// Those that were taken out of account, in that order.
    pub suppressed: Vec<SuppressedFinding>,
    /// What VEX documents say of those that count.
    pub stated: Vec<Stated>,
}

/// Parts findings into those that count and those that do not, as [`crate::decide`] does.
pub fn part(facts: &Facts<'_>, rulebook: &Rulebook, now: Timestamp) -> Parted {
    let mut parted = Parted::default();
    for finding in facts.findings {
        let said = said(facts, finding, rulebook, now);
        if let Some(by) = said.by {
            let finding = finding.clone();
            parted.suppressed.push(SuppressedFinding { finding, by });
            continue;
        }
        parted.open.push(finding.clone());
        parted.stated.extend(said.stated.map(|statement| Stated {
            id: finding.id.clone(),
            package: finding.package.name.clone(),
            version: finding.package.version.clone(),
            statement,
        }));
    }
    parted
}
