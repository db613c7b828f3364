//! What is stored of an image, as the gate needs it.

use jiff::Timestamp;
use model::{Coverage, Digest, Exploitation, Finding, Inventory, Reference, RepositoryName, Tag};
use policy::State;
use store::StoreError;
use store::record::{ManifestSummary, ScanState};

use crate::app::App;
use crate::scan;

/// Facts of an image, whatever repository it is in.
pub struct Known {
    state: Ended,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What is known of each finding's exploitation, at the finding's place.
    pub exploitation: Vec<Exploitation>,
    /// How much was looked at, as of now.
    pub coverage: Coverage,
    /// What is installed.
    pub inventory: Inventory,
    /// The newest date in the advisory database in use.
    pub database: Option<Timestamp>,
}

/// How the last scan ended.
enum Ended {
    NotYet,
    Failed(String),
    Done,
}

impl Known {
    /// How far the scan has come.
    pub fn state(&self) -> State<'_> {
        match &self.state {
            Ended::NotYet => State::NotScanned,
            Ended::Failed(why) => State::Failed(why),
            Ended::Done => State::Done,
        }
    }
}

/// What is stored of an image. A scan that is under way changes nothing: what the last one found
/// stands until it has ended.
///
/// # Errors
///
/// Where the store fails.
pub fn of(app: &App, image: &Digest) -> Result<Known, StoreError> {
    let row = app.store.metadata.scan(image)?;
    let ended = match row {
        None => Ended::NotYet,
        Some(row) => match row.state {
            ScanState::Complete => Ended::Done,
            ScanState::Failed => Ended::Failed(row.detail),
            ScanState::Pending | ScanState::InProgress => {
                match app.store.metadata.inventory(image)?.is_some() {
                    true => Ended::Done,
                    false => Ended::NotYet,
                }
            }
        },
    };
    let database = app.database.current();
    let built = database.as_ref().and_then(|one| one.facts().built);
    if !matches!(ended, Ended::Done) {
        return Ok(Known {
            state: ended,
            findings: Vec::new(),
            exploitation: Vec::new(),
            coverage: Coverage::from_gaps(Vec::new(), false),
            inventory: Inventory::default(),
            database: built,
        });
    }
    let scan = scan::read(app, image)?;
    Ok(Known {
        state: ended,
        exploitation: scan.findings.iter().map(exploitation).collect(),
        findings: scan.findings,
        coverage: scan.coverage,
        inventory: scan.inventory,
        database: built,
    })
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

/// What is known of a finding's exploitation.
fn exploitation(_finding: &Finding) -> Exploitation {
    Exploitation::default()
}
