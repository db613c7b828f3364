//! What is stored of an image, as the gate needs it.

use std::sync::Arc;

use advisory::Database;
use jiff::Timestamp;
use model::coverage::Completeness;
use model::{Coverage, Digest, Exploitation, GapKind, Inventory, Reference, RepositoryName, Tag};
use policy::{Facts, State, Subject, Unknown, Vex};
use store::StoreError;
use store::record::{ManifestSummary, ScanState};

use crate::app::App;
use crate::facts;

/// Facts of an image, whatever repository it is in.
pub struct Known {
    /// What the last scan found, if one ever ended well.
    last: Option<Arc<facts::Facts>>,
    /// Why it cannot be scanned, if so.
    failed: Option<String>,
    /// What is known of each finding's exploitation, at the finding's place.
    exploitation: Vec<Exploitation>,
    /// The newest date in the advisory database in use.
    database: Option<Timestamp>,
    /// What the advisory database in use knows nothing of.
    unknown: Vec<Unknown>,
    /// How much could be answered. That findings are being brought to another database is no reason
    /// to stop anybody: it goes by what is stored.
    coverage: Coverage,
    /// What is said where nothing was looked at.
    unseen: Inventory,
}

impl Known {
    /// The facts as a policy is asked about them.
    pub fn facts<'k>(
        &'k self,
        subject: Subject<'k>,
        attached: Option<&'k Vex>,
        signed: Option<bool>,
    ) -> Facts<'k> {
        let state = match (&self.last, &self.failed) {
            (Some(_), _) => State::Done,
            (None, Some(why)) => State::Failed(why),
            (None, None) => State::NotScanned,
        };
        let last = self.last.as_deref();
        Facts {
            subject,
            state,
            findings: last.map_or(&[], |last| &last.findings),
            attached,
            exploitation: &self.exploitation,
            coverage: &self.coverage,
            inventory: last.map_or(&self.unseen, |last| &last.inventory),
            database: self.database,
            unknown: &self.unknown,
            signed,
        }
    }
}

/// What is stored of an image. A scan that is under way changes nothing: what the last one found
/// stands until it has ended.
///
/// # Errors
///
/// Where the store fails, or the advisory database is damaged.
pub fn of(app: &App, image: &Digest, with_exploitation: bool) -> Result<Known, StoreError> {
    let last = facts::of(app, image)?.filter(|facts| facts.is_scanned);
    let row = match &last {
        Some(_) => None,
        None => app.store.metadata.scan(image)?,
    };
    let failed = row.filter(|row| row.state == ScanState::Failed);
    let database = app.database.current();
    let mut exploitation = Vec::new();
    if let (Some(last), Some(database), true) = (&last, &database, with_exploitation) {
        let each = last.findings.iter();
        let known: Result<_, _> = each.map(|one| database.exploitation_of(one)).collect();
        exploitation = known.map_err(|error| StoreError::Damaged(error.to_string()))?;
    }
    let unseen = || Coverage::from_gaps(Vec::new(), false);
    let coverage = last.as_deref().map(|last| settled(&last.coverage));
    let coverage = coverage.unwrap_or_else(unseen);
    Ok(Known {
        unknown: database.as_deref().map(unknown).unwrap_or_default(),
        last,
        failed: failed.map(|row| row.detail),
        exploitation,
        database: database.and_then(|database| database.facts().built),
        coverage,
        unseen: Inventory::default(),
    })
}

/// Coverage as of the findings that are stored.
fn settled(coverage: &Coverage) -> Coverage {
    let gaps = coverage.gaps.iter();
    let gaps = gaps.filter(|gap| gap.kind != GapKind::FindingsBehind);
    let looked_at = coverage.verdict != Completeness::Unsupported;
    Coverage::from_gaps(gaps.cloned().collect(), looked_at)
}

/// What a database has no feed of.
fn unknown(database: &Database) -> Vec<Unknown> {
    let feeds = [("cisa-kev", Unknown::KEV), ("epss", Unknown::EPSS)];
    let is_there = |feed: &str| database.sources().iter().any(|source| source.feed == feed);
    let missing = feeds.into_iter().filter(|(feed, _)| !is_there(feed));
    missing.map(|(_, unknown)| unknown).collect()
}

/// Media types of artifacts that are signatures: cosign's and notation's.
const SIGNATURES: [&str; 2] = [
    "application/vnd.dev.cosign.artifact.sig.v1+json",
    "application/vnd.cncf.notary.signature",
];
/// Sigstore's bundle, which holds a signature or an attestation; its annotation says which.
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
/// The predicate of a bundle that is a signature.
const SIGNED_BY_COSIGN: &str = "https://sigstore.dev/cosign/sign/v1";
/// How many rows are read at once.
const ROWS: usize = 100;

/// Whether a signature is attached to one of these manifests: as a referrer, or under the tag that
/// cosign makes of a digest. Nobody has verified it.
///
/// # Errors
///
/// Where the store fails.
pub fn signed(
    app: &App,
    repository: &RepositoryName,
    digests: &[Digest],
) -> Result<bool, StoreError> {
    let metadata = &app.store.metadata;
    for digest in digests {
        let tag = format!("{}.sig", digest.as_str().replace(':', "-"));
        if let Ok(tag) = tag.parse::<Tag>() {
            let named = metadata.manifest_summary(repository, &Reference::Tag(tag))?;
            if named.is_some() {
                return Ok(true);
            }
        }
        let (mut after, mut seen) = (None, 0);
        while seen < app.settings.gate.referrers {
            let page = metadata.referrers(repository, digest, after.as_ref(), ROWS)?;
            if page.iter().any(is_signature) {
                return Ok(true);
            }
            seen += ROWS;
            match page.into_iter().nth(ROWS - 1) {
                Some(last) => after = Some(last.digest),
                None => break,
            }
        }
    }
    Ok(false)
}

fn is_signature(artifact: &ManifestSummary) -> bool {
    let kind = artifact.artifact_type.as_deref().unwrap_or_default();
    let says = |text: &str| {
        let annotations = artifact.annotations.as_deref();
        annotations.is_some_and(|annotations| annotations.contains(text))
    };
    SIGNATURES.contains(&kind) || (kind.starts_with(BUNDLE) && says(SIGNED_BY_COSIGN))
}

#[cfg(test)]
mod tests {
    use model::Gap;

    use super::*;

    #[test]
    fn findings_that_are_being_followed_up_stop_nobody() {
        let behind = || Gap::new(GapKind::FindingsBehind, "wait");
        let limit = || Gap::new(GapKind::Limit, "large");
        let word = |gaps, looked| settled(&Coverage::from_gaps(gaps, looked)).verdict;
        assert_eq!(word(vec![behind()], true), Completeness::Complete);
        assert_eq!(
            word(vec![behind(), limit()], true),
            Completeness::Incomplete
        );
        assert_eq!(word(vec![behind()], false), Completeness::Unsupported);
    }
}
