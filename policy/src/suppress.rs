//! What takes findings out of account: VEX documents and exceptions.

use jiff::Timestamp;
use model::Finding;

use crate::{Exception, Facts, Rulebook, Suppression};

/// What is said of one finding.
#[derive(Default)]
pub(crate) struct Said {
    /// What takes it out of account. A publisher's word comes before an exception, which ends.
    pub by: Option<Suppression>,
    /// Until when, where that is by time.
    pub until: Option<Timestamp>,
    /// Exceptions that would have, but ran out.
    pub expired: Vec<String>,
}

/// Asks VEX documents and exceptions about a finding.
pub(crate) fn said(
    facts: &Facts<'_>,
    finding: &Finding,
    rulebook: &Rulebook,
    now: Timestamp,
) -> Said {
    if let Some(statement) = rulebook.vex.statement(finding, facts.subject.digests)
        && statement.status.suppresses()
    {
        return Said {
            by: Some(statement.suppression()),
            ..Said::default()
        };
    }
    let fits = rulebook.exceptions.of(finding, facts.subject.repository);
    let (expired, valid): (Vec<&Exception>, Vec<&Exception>) =
        fits.into_iter().partition(|one| one.has_expired(now));
    // The one that holds longest: that another ends before it changes nothing.
    let best = valid
        .into_iter()
        .max_by(|a, b| (a.expires_at, &b.id).cmp(&(b.expires_at, &a.id)));
    let mut notes: Vec<_> = expired
        .into_iter()
        .map(|one| (one.expires_at, &one.id, &one.who))
        .collect();
    notes.sort();
    let note = |(end, id, who)| format!("exception {id} of {who} ran out at {end}");
    Said {
        by: best.map(|one| Suppression::Exception {
            id: one.id.clone(),
            who: one.who.clone(),
            reason: one.reason.clone(),
            expires_at: one.expires_at,
        }),
        until: best.map(|one| one.expires_at),
        expired: notes.into_iter().map(note).collect(),
    }
}
