//! Manifests and indexes: OCI image specification 1.1 (`manifest.md`, `image-index.md`) and
//! Docker's image manifest version 2, schema 2.
//!
//! The bytes as pushed are the truth; this is a reading of them. What two readers could read in
//! two ways is refused, so that what is scanned is what is run.

use std::collections::BTreeMap;

use model::{Digest, Platform};

use crate::Limits;

pub mod media_type;
mod wire;

/// A pointer to bytes elsewhere: OCI `descriptor.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// What the bytes are.
    pub media_type: String,
    /// Their digest.
    pub digest: Digest,
    /// Their size in bytes.
    pub size: u64,
    /// What artifact it is, where it is one.
    pub artifact_type: Option<String>,
    /// Free words about it.
    pub annotations: BTreeMap<String, String>,
}

/// A manifest that an index names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// Where it is.
    pub descriptor: Descriptor,
    /// What it runs on, where the index says.
    pub platform: Option<Platform>,
}

impl IndexEntry {
    /// Whether it is no image for any platform, as buildkit marks its attestations.
    pub fn is_attestation(&self) -> bool {
        let platform = self.platform.as_ref();
        let unknown = platform.is_some_and(|platform| platform.os == "unknown");
        let kind = self.descriptor.annotations.get(ATTESTATION_ANNOTATION);
        unknown || kind.is_some_and(|kind| kind == "attestation-manifest")
    }
}

/// The annotation with which buildkit says what a manifest of an index is.
const ATTESTATION_ANNOTATION: &str = "vnd.docker.reference.type";

/// One image or artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageManifest {
    /// Its media type, from its own words, the caller's hint or its form, in this order.
    pub media_type: String,
    /// `artifactType`.
    pub artifact_type: Option<String>,
    /// Where its configuration is.
    pub config: Descriptor,
    /// Its layers, lowest first.
    pub layers: Vec<Descriptor>,
    /// The manifest that it speaks of.
    pub subject: Option<Descriptor>,
    /// Free words about it.
    pub annotations: BTreeMap<String, String>,
}

/// Several manifests under one digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its media type, from its own words, the caller's hint or its form, in this order.
    pub media_type: String,
    /// `artifactType`.
    pub artifact_type: Option<String>,
    /// What it names, in its order.
    pub manifests: Vec<IndexEntry>,
    /// The manifest that it speaks of.
    pub subject: Option<Descriptor>,
    /// Free words about it.
    pub annotations: BTreeMap<String, String>,
}

/// What a registry stores under a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manifest {
    /// One image or artifact.
    Image(ImageManifest),
    /// Several manifests.
    Index(Index),
}

/// Why bytes are no manifest that can be accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It is past the limit.
    #[error("the manifest has {size} bytes, more than the {limit} that are allowed")]
    TooLarge {
        /// Its bytes.
        size: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// It is no JSON, or a field is not of the form that it must have.
    #[error("the manifest cannot be read: {0}")]
    Malformed(String),
    /// It is of another schema, such as Docker's old schema 1.
    #[error("the manifest's schemaVersion is {0}: only version 2 is supported")]
    SchemaVersion(i64),
    /// Its media type is none of the four that are known.
    #[error(
        "'{0}' is no media type of an image manifest or index: expected an OCI image manifest, \
         an OCI index, a Docker manifest (schema 2) or a Docker manifest list"
    )]
    UnknownMediaType(String),
    /// It was sent as one thing and says that it is another.
    #[error("sent as '{hint}', but the manifest says that its mediaType is '{body}'")]
    MediaTypeConflict {
        /// What the sender said.
        hint: String,
        /// What is in it.
        body: String,
    },
    /// Two readers could see two different images in it.
    #[error("the manifest is ambiguous: {0}")]
    Ambiguous(String),
    /// A field is missing or holds what it must not.
    #[error("the manifest's {field} {what}")]
    Field {
        /// Which, as a path: `layers[3].digest`.
        field: String,
        /// What is wrong with it.
        what: String,
    },
}

impl Manifest {
    /// Reads a manifest or index. `media_type_hint` is what the sender called it (the
    /// `Content-Type`, or the descriptor's media type), with or without parameters.
    ///
    /// # Errors
    ///
    /// Where it is too large, no manifest, inconsistent or ambiguous (CVE-2021-41190).
    pub fn parse(
        bytes: &[u8],
        media_type_hint: Option<&str>,
        limits: &Limits,
    ) -> Result<Manifest, ManifestError> {
        wire::parse(bytes, media_type_hint, limits)
    }

    /// The image or artifact, where it is one.
    pub fn as_image(&self) -> Option<&ImageManifest> {
        match self {
            Manifest::Image(image) => Some(image),
            Manifest::Index(_) => None,
        }
    }

    /// Its media type.
    pub fn media_type(&self) -> &str {
        match self {
            Manifest::Image(image) => &image.media_type,
            Manifest::Index(index) => &index.media_type,
        }
    }

    /// `artifactType`, or the configuration's media type where there is none.
    pub fn artifact_type(&self) -> Option<&str> {
        match self {
            Manifest::Image(image) => Some(
                image
                    .artifact_type
                    .as_deref()
                    .unwrap_or(&image.config.media_type),
            ),
            Manifest::Index(index) => index.artifact_type.as_deref(),
        }
    }

    /// The manifest that it speaks of, for the referrers of that one.
    pub fn subject(&self) -> Option<&Descriptor> {
        match self {
            Manifest::Image(image) => image.subject.as_ref(),
            Manifest::Index(index) => index.subject.as_ref(),
        }
    }

    /// Free words about it.
    pub fn annotations(&self) -> &BTreeMap<String, String> {
        match self {
            Manifest::Image(image) => &image.annotations,
            Manifest::Index(index) => &index.annotations,
        }
    }

    /// The blobs that must be there: configuration first, then the layers, each once. Layers
    /// that may not be distributed (Windows base layers) are fetched elsewhere and left out.
    pub fn blobs(&self) -> Vec<&Descriptor> {
        let Manifest::Image(image) = self else {
            return Vec::new();
        };
        let mut blobs: Vec<&Descriptor> = Vec::with_capacity(1 + image.layers.len());
        let mut seen = std::collections::BTreeSet::new();
        let distributed = |layer: &&Descriptor| !media_type::is_foreign(&layer.media_type);
        let layers = image.layers.iter().filter(distributed);
        for blob in std::iter::once(&image.config).chain(layers) {
            if seen.insert(&blob.digest) {
                blobs.push(blob);
            }
        }
        blobs
    }

    /// The manifests that an index names; none for an image.
    pub fn manifests(&self) -> &[IndexEntry] {
        match self {
            Manifest::Image(_) => &[],
            Manifest::Index(index) => &index.manifests,
        }
    }

    /// The sum of the sizes of configuration and layers in bytes, as the manifest states them:
    /// what a pull moves. 0 for an index.
    pub fn image_size(&self) -> u64 {
        let Manifest::Image(image) = self else {
            return 0;
        };
        let layers = image.layers.iter().map(|layer| layer.size);
        layers.fold(image.config.size, u64::saturating_add)
    }

    /// Whether it is a container image, which can be scanned. Charts, signatures, attestations
    /// and other artifacts are not; an index is not one itself.
    ///
    /// `artifactType` does not count, since no runtime looks at it: it cannot hide an image.
    pub fn is_image(&self) -> bool {
        let Manifest::Image(image) = self else {
            return false;
        };
        let layers = &image.layers;
        let any_layer = layers
            .iter()
            .any(|layer| media_type::is_layer(&layer.media_type));
        let config = &image.config.media_type;
        // Docker also runs what says less of itself: it must not pass for an artifact.
        let lax = layers
            .iter()
            .any(|layer| media_type::is_lax(&layer.media_type));
        let is_docker = self.media_type() == media_type::DOCKER_MANIFEST;
        match media_type::is_config(config) {
            true => layers.is_empty() || any_layer || lax,
            false => media_type::is_lax(config) && (any_layer || (lax && is_docker)),
        }
    }
}

#[cfg(test)]
mod tests;
