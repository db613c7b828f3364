//! What an OCI image layout says of its image beside its layers: its names, the indexes that name
//! it, and the artifacts that are attached to it, by `subject` (OCI image specification 1.1), by
//! buildkit's annotation, or by the tag that cosign makes of a digest.

use std::io::Read;

use model::{Digest, Problem, ProblemKind};

use super::oci::Walk;
use super::{Files, Opening, Place};
use crate::manifest::{Descriptor, IndexEntry, Manifest};

/// The annotations in which tools keep the name of an image.
const NAMES: [&str; 2] = [
    "io.containerd.image.name",
    "org.opencontainers.image.ref.name",
];
/// The annotation in which buildkit says of which image an attestation is.
const REFERENCE: &str = "vnd.docker.reference.digest";

/// What an image is called beside its digest, and what is attached to it.
#[derive(Clone, Debug, Default)]
pub struct KnownAs {
    /// Its names as the target has them: `host/repository:tag` or shorter, sorted.
    pub references: Vec<String>,
    /// Its digest and those of the indexes that name it, sorted.
    pub digests: Vec<Digest>,
    /// What is attached to one of these, sorted.
    pub attached: Vec<Artifact>,
    /// What of it could not be read.
    pub problems: Vec<Problem>,
}

/// An artifact that is attached to an image.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// Its manifest.
    pub digest: Digest,
    /// What artifact it is: `artifactType`, or the media type of its configuration.
    pub artifact_type: String,
    /// What is in it.
    pub files: Vec<AttachedFile>,
}

/// A file of an artifact.
#[derive(Clone, Debug)]
pub struct AttachedFile {
    /// What it is.
    pub media_type: String,
    digest: Digest,
    place: Option<Place>,
}

impl AttachedFile {
    /// Its bytes, checked.
    ///
    /// # Errors
    ///
    /// Why they cannot be read; where there are more than `limit`.
    pub fn read(&self, limit: u64) -> Result<Vec<u8>, String> {
        let digest = &self.digest;
        let place = self.place.as_ref();
        let place = place.ok_or_else(|| format!("the blob {digest} is missing"))?;
        let mut bytes = Vec::new();
        let read = place
            .open()
            .and_then(|reader| reader.take(limit.saturating_add(1)).read_to_end(&mut bytes));
        read.map_err(|error| format!("the blob {digest} cannot be read: {error}"))?;
        if bytes.len() as u64 > limit {
            return Err(format!("the blob {digest} has more than {limit} bytes"));
        }
        let mut hasher = model::digest::Hasher::new(digest.algorithm());
        hasher.update(&bytes);
        match hasher.finish() == *digest {
            true => Ok(bytes),
            false => Err(format!("the blob {digest} has another digest")),
        }
    }
}

/// Looks for what is known of an image that `is_it` recognises.
pub(super) fn known_as(
    opening: &Opening<'_>,
    files: &Files,
    entries: &[IndexEntry],
    is_it: impl Fn(&Digest, &Manifest) -> bool,
) -> KnownAs {
    let mut look = Look {
        walk: Walk { opening, files },
        nodes: Vec::new(),
        problems: Vec::new(),
    };
    look.collect(entries, &mut Vec::new());
    let mut known = KnownAs::default();
    for node in look
        .nodes
        .iter()
        .filter(|node| is_it(&node.digest, &node.manifest))
    {
        known.digests.push(node.digest.clone());
        known.digests.extend(node.above.iter().cloned());
    }
    known.digests.sort();
    known.digests.dedup();
    for node in &look.nodes {
        let is_name = known.digests.contains(&node.digest);
        if is_name {
            known.references.extend(node.names.iter().cloned());
        }
        let subject = node.subject();
        if !is_name && subject.is_some_and(|subject| known.digests.contains(&subject)) {
            known.attached.push(look.artifact(node));
        }
    }
    known.references.sort();
    known.references.dedup();
    known.attached.sort_by(|a, b| a.digest.cmp(&b.digest));
    known.attached.dedup_by(|a, b| a.digest == b.digest);
    known.problems = look.problems;
    known
}

/// A manifest of the layout.
struct Node {
    digest: Digest,
    manifest: Manifest,
    names: Vec<String>,
    /// What buildkit says that it is attached to.
    reference: Option<Digest>,
    /// The indexes on the way to it.
    above: Vec<Digest>,
}

impl Node {
    /// What it is attached to.
    fn subject(&self) -> Option<Digest> {
        let of_tag = || self.names.iter().find_map(|name| of_cosign(name));
        let subject = self.manifest.subject().map(|one| one.digest.clone());
        subject.or_else(|| self.reference.clone()).or_else(of_tag)
    }
}

/// The digest in cosign's tag of attestations: `sha256-….att`, also behind a repository's name.
fn of_cosign(name: &str) -> Option<Digest> {
    let tag = name.rsplit(':').next()?;
    let hex = tag.strip_suffix(".att")?.strip_prefix("sha256-")?;
    format!("sha256:{hex}").parse().ok()
}

struct Look<'a> {
    walk: Walk<'a>,
    nodes: Vec<Node>,
    problems: Vec<Problem>,
}

impl Look<'_> {
    fn collect(&mut self, entries: &[IndexEntry], above: &mut Vec<Digest>) {
        let limits = self.walk.opening.limits;
        for entry in entries {
            if self.nodes.len() >= limits.index_members || above.len() > limits.index_depth {
                let detail = "there are more manifests, or deeper ones, than are looked at";
                self.problem(ProblemKind::Limit, "index.json", detail);
                return;
            }
            let Some(node) = self.node(entry, above) else {
                continue;
            };
            let inner = match &node.manifest {
                Manifest::Index(index) => index.manifests.clone(),
                Manifest::Image(_) => Vec::new(),
            };
            above.push(node.digest.clone());
            self.nodes.push(node);
            self.collect(&inner, above);
            above.pop();
        }
    }

    fn node(&mut self, entry: &IndexEntry, above: &[Digest]) -> Option<Node> {
        let Descriptor {
            digest,
            media_type,
            annotations,
            ..
        } = &entry.descriptor;
        // A layout may name manifests that it does not hold.
        if !self.walk.files.holds(&Walk::path(digest)) {
            return None;
        }
        let limits = self.walk.opening.limits;
        let read = self.walk.blob(&entry.descriptor, limits.manifest_bytes);
        let parsed = read.map_err(|error| error.to_string()).and_then(|bytes| {
            Manifest::parse(&bytes, Some(media_type), limits).map_err(|error| error.to_string())
        });
        let manifest = match parsed {
            Ok(manifest) => manifest,
            Err(detail) => {
                self.problem(ProblemKind::Malformed, digest.as_str(), &detail);
                return None;
            }
        };
        let names = NAMES.iter().filter_map(|key| annotations.get(*key));
        let reference = annotations.get(REFERENCE);
        Some(Node {
            digest: digest.clone(),
            names: names.cloned().collect(),
            reference: reference.and_then(|text| text.parse().ok()),
            above: above.to_vec(),
            manifest,
        })
    }

    fn artifact(&self, node: &Node) -> Artifact {
        let image = node.manifest.as_image();
        let layers = image.map_or(&[][..], |image| &image.layers);
        Artifact {
            digest: node.digest.clone(),
            artifact_type: node.manifest.artifact_type().unwrap_or_default().to_owned(),
            files: layers
                .iter()
                .map(|layer| AttachedFile {
                    media_type: layer.media_type.clone(),
                    digest: layer.digest.clone(),
                    place: self.walk.files.place(&Walk::path(&layer.digest)),
                })
                .collect(),
        }
    }

    fn problem(&mut self, kind: ProblemKind, place: &str, detail: &str) {
        if self.problems.len() < self.walk.opening.limits.problems {
            self.problems.push(Problem::new(kind, place, detail));
        }
    }
}
