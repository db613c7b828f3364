//! The rows of the metadata store, as plain values.

mod access;
mod audit;
mod event;
mod gate;
mod scan;
mod subscription;

pub use access::{AccessKey, Grant, InvalidGrant, Role, Token, User};
pub use audit::{AuditFilter, Audited, Entry, Outcome};
pub use event::{
    ChangedPackage, Event, Happening, ImageAction, ImagePlace, ScanEnded, VulnerabilityChange,
};
pub use gate::{GateDocument, GateKind, NewGateDocument, Pass};
pub use scan::{
    AffectedImage, AssessedPackage, FactsVersion, MatchBegun, PackageKey, Reassessed, Reassessment,
    ScanFailed, ScanOrder, ScanResult, ScanRow, ScanState, StoredPackage, WeaknessChange,
};
pub use subscription::{EventFilter, Outbox, Progress, Subscription};

use jiff::Timestamp;
use model::{Digest, RepositoryName, Tag, Wildcard};

use crate::UploadId;

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Its name, unique.
    pub name: RepositoryName,
    /// When it was made.
    pub created_at: Timestamp,
    /// Which of its tags may move.
    pub tag_rule: TagRule,
    /// ECR's `scanOnPush`, as it was set; `None` where nobody did.
    pub scan_on_push: Option<bool>,
}

/// Whether tags may move, in ECR's words. The tags of an exclusion are treated the other way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mutability {
    /// Every tag may.
    #[default]
    Mutable,
    /// None may.
    Immutable,
    /// Those may that no filter fits.
    MutableWithExclusion,
    /// Those may that a filter fits.
    ImmutableWithExclusion,
}

impl Mutability {
    /// Every mutability.
    pub const ALL: [Mutability; 4] = [
        Mutability::Mutable,
        Mutability::Immutable,
        Mutability::MutableWithExclusion,
        Mutability::ImmutableWithExclusion,
    ];

    /// ECR's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Mutability::Mutable => "MUTABLE",
            Mutability::Immutable => "IMMUTABLE",
            Mutability::MutableWithExclusion => "MUTABLE_WITH_EXCLUSION",
            Mutability::ImmutableWithExclusion => "IMMUTABLE_WITH_EXCLUSION",
        }
    }

    /// The mutability of that word.
    pub fn from_word(word: &str) -> Option<Mutability> {
        Mutability::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// Which tags of a repository may move once they are set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagRule {
    /// What holds for most tags.
    pub mutability: Mutability,
    /// Filters on the tags for which the opposite holds.
    pub exclusions: Vec<Wildcard>,
}

impl TagRule {
    /// Whether a tag that is set may be pointed at another manifest.
    pub fn may_move(&self, tag: &Tag) -> bool {
        let is_excluded = || {
            self.exclusions
                .iter()
                .any(|filter| filter.matches(tag.as_str()))
        };
        match self.mutability {
            Mutability::Mutable => true,
            Mutability::Immutable => false,
            Mutability::MutableWithExclusion => !is_excluded(),
            Mutability::ImmutableWithExclusion => is_excluded(),
        }
    }
}

/// A manifest of a repository, with what a registry must know of it without parsing it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Where it was pushed.
    pub repository: RepositoryName,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its media type, as pushed.
    pub media_type: String,
    /// The bytes, exactly as pushed.
    pub bytes: Vec<u8>,
    /// `artifactType`, or the config's media type where there is none.
    pub artifact_type: Option<String>,
    /// `subject`, for referrers.
    pub subject: Option<Digest>,
    /// `annotations`, as the JSON that they were pushed in; for referrers.
    pub annotations: Option<String>,
    /// The sum of the sizes of its configuration and layers, compressed, in bytes.
    pub image_size: u64,
    /// Blobs that it names and that must be there.
    pub blobs: Vec<Digest>,
    /// Manifests that it names (an index).
    pub manifests: Vec<Digest>,
    /// When it was pushed last.
    pub pushed_at: Timestamp,
}

/// A manifest in a list: everything but its bytes, with its tags sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestSummary {
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes (of the manifest itself).
    pub manifest_size: u64,
    /// `artifactType`, or the config's media type where there is none.
    pub artifact_type: Option<String>,
    /// `subject`.
    pub subject: Option<Digest>,
    /// `annotations` as JSON.
    pub annotations: Option<String>,
    /// The sum of the sizes of its configuration and layers.
    pub image_size: u64,
    /// When it was pushed last.
    pub pushed_at: Timestamp,
    /// The tags that point at it.
    pub tags: Vec<Tag>,
}

/// How putting a manifest ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutManifest {
    /// It is there, durable.
    Stored,
    /// The repository is not there (any more).
    NoRepository,
    /// It names blobs or manifests that are not in the repository; nothing was changed.
    Missing(Vec<Digest>),
    /// The tag points at that other manifest and may not move; nothing was changed.
    Immutable(Digest),
}

/// A claim on a blob whose bytes are about to come: it lasts as long as the blob's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim(pub(crate) Timestamp);

/// How linking a blob to a repository ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The repository holds it now; it has so many bytes.
    Linked(u64),
    /// The repository is not there (any more).
    NoRepository,
    /// The blob is not stored, is damaged, or is being removed: it has to be pushed (again).
    NoBlob,
}

/// An upload's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRow {
    /// Its name.
    pub id: UploadId,
    /// The repository that it belongs to.
    pub repository: RepositoryName,
    /// When it was started.
    pub started_at: Timestamp,
}

/// What a job is to do. A new kind of job is one variant here and one function in the worker.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Catalogue and match an image.
    Scan {
        /// The manifest's digest.
        image: Digest,
    },
    /// Match again what is stored.
    Match {
        /// The database that was in use when the job was made, and the code that read it.
        #[serde(alias = "revision")]
        judge: String,
    },
    /// Remove what nobody uses.
    Collect,
    /// Queue scans of stored images that nobody has looked at and that are to be scanned now.
    Sweep {
        /// When the rules were set that ask for it: each such change is swept for.
        asked_at: Timestamp,
    },
}

/// A job that is leased to a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: i64,
    /// What to do.
    pub kind: JobKind,
    /// How often it was leased, this time included.
    pub attempts: u32,
}

/// A blob of the whole store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBlob {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes; `None` where it was announced and never linked.
    pub size: Option<u64>,
    /// When somebody last began to bring it.
    pub claimed_at: Timestamp,
    /// Since when its bytes are known to be damaged or gone.
    pub damaged_at: Option<Timestamp>,
    /// When its removal was begun.
    pub doomed_at: Option<Timestamp>,
}

/// A blob that a repository holds and none of its manifests names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedLink {
    /// The repository.
    pub repository: RepositoryName,
    /// The blob.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// What a repository holds. A blob that several repositories hold counts in each of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryUsage {
    /// Its name.
    pub name: RepositoryName,
    /// How many manifests, indexes among them.
    pub manifests: u64,
    /// How many tags.
    pub tags: u64,
    /// How many blobs.
    pub blobs: u64,
    /// The sum of their sizes in bytes.
    pub bytes: u64,
}

/// What the store holds. A blob counts once, however many repositories hold it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreUsage {
    /// How many repositories.
    pub repositories: u64,
    /// How many manifests in all repositories.
    pub manifests: u64,
    /// How many blobs are stored.
    pub blobs: u64,
    /// The sum of their sizes in bytes.
    pub bytes: u64,
    /// What that sum would be if repositories shared nothing.
    pub bytes_unshared: u64,
    /// Blobs that no repository holds, and their sizes: garbage collection removes them.
    pub unheld: u64,
    /// The sum of the sizes of those.
    pub unheld_bytes: u64,
    /// How many uploads are under way.
    pub uploads: u64,
}
