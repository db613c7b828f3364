//! OCI image layouts, as archive or directory: `image-layout.md`.

use model::Digest;

use super::attached::{KnownAs, known_as};
use super::choice::{Candidate, choose};
use super::{Content, Files, Opening, Place, Source, SourceLayer, TargetError};
use crate::manifest::{Descriptor, ImageManifest, IndexEntry, Manifest, media_type};
use crate::{ImageConfig, Limits};

type Found = Candidate<(Digest, ImageManifest, ImageConfig)>;

pub(super) fn open(opening: &Opening<'_>, files: &Files) -> Result<Source, TargetError> {
    let bytes = files.read(opening, "index.json", opening.limits.manifest_bytes)?;
    let index = parse(opening, "index.json", &bytes, None)?;
    let walk = Walk { opening, files };
    let mut candidates = Vec::new();
    walk.collect(index.manifests(), 1, &mut candidates)?;
    if candidates.is_empty() {
        return Err(TargetError::NoImage {
            path: opening.shown(),
            what: "its index names only attestations or other artifacts, or none".to_owned(),
        });
    }
    let (digest, manifest, config) = choose(opening, candidates)?;
    let layers = walk.layers(&manifest, &config)?;
    let known_as = known_as(opening, files, index.manifests(), |one, _| *one == digest);
    Ok(Source {
        known_as,
        ..opening.source(Some(digest), config.platform, Content::Layers(layers))
    })
}

/// What a layout knows of an image by its configuration's digest: Docker writes one beside its own
/// form. What is wrong with it is no matter of the image.
pub(super) fn known_by_config(opening: &Opening<'_>, files: &Files, config: &Digest) -> KnownAs {
    let read = files.read(opening, "index.json", opening.limits.manifest_bytes);
    let index = read.and_then(|bytes| parse(opening, "index.json", &bytes, None));
    let Ok(index) = index else {
        return KnownAs::default();
    };
    known_as(opening, files, index.manifests(), |_, manifest| {
        let image = manifest.as_image();
        manifest.is_image() && image.is_some_and(|image| image.config.digest == *config)
    })
}

fn parse(
    opening: &Opening<'_>,
    name: &str,
    bytes: &[u8],
    media_type: Option<&str>,
) -> Result<Manifest, TargetError> {
    Manifest::parse(bytes, media_type, opening.limits)
        .map_err(|error| opening.damaged(format!("'{name}': {error}")))
}

pub(super) struct Walk<'a> {
    pub(super) opening: &'a Opening<'a>,
    pub(super) files: &'a Files,
}

impl Walk<'_> {
    fn limits(&self) -> &Limits {
        self.opening.limits
    }

    pub(super) fn path(digest: &Digest) -> String {
        format!("blobs/{}/{}", digest.algorithm().as_str(), digest.hex())
    }

    /// A blob's bytes, checked.
    pub(super) fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Vec<u8>, TargetError> {
        let path = Self::path(&descriptor.digest);
        let bytes = self.files.read(self.opening, &path, limit)?;
        let mut hasher = model::digest::Hasher::new(descriptor.digest.algorithm());
        hasher.update(&bytes);
        let actual = hasher.finish();
        match actual == descriptor.digest {
            true => Ok(bytes),
            false => Err(self
                .opening
                .damaged(format!("'{path}' has the digest {actual}"))),
        }
    }

    /// The images that an index names, those of inner indexes among them, each once.
    fn collect(
        &self,
        entries: &[IndexEntry],
        depth: usize,
        candidates: &mut Vec<Found>,
    ) -> Result<(), TargetError> {
        if depth > self.limits().index_depth {
            return Err(self
                .opening
                .damaged("its indexes lie too deep inside each other"));
        }
        for entry in entries.iter().filter(|entry| !entry.is_attestation()) {
            let descriptor = &entry.descriptor;
            // An archive may name images of platforms that it does not hold.
            let is_there = self.files.holds(&Self::path(&descriptor.digest));
            let is_known = candidates
                .iter()
                .any(|known| known.image.0 == descriptor.digest);
            if is_known || (!is_there && entries.len() > 1) {
                continue;
            }
            if candidates.len() >= self.limits().index_members {
                return Err(self.opening.damaged("it names too many images"));
            }
            let bytes = self.blob(descriptor, self.limits().manifest_bytes)?;
            let hint = Some(descriptor.media_type.as_str());
            let name = descriptor.digest.to_string();
            match parse(self.opening, &name, &bytes, hint)? {
                Manifest::Index(index) => self.collect(&index.manifests, depth + 1, candidates)?,
                manifest if !manifest.is_image() => {}
                Manifest::Image(image) => candidates.push(self.candidate(entry, image)?),
            }
        }
        Ok(())
    }

    fn candidate(&self, entry: &IndexEntry, image: ImageManifest) -> Result<Found, TargetError> {
        let bytes = self.blob(&image.config, self.limits().config_bytes)?;
        let config = ImageConfig::parse(&bytes, self.limits())
            .map_err(|error| self.opening.damaged(error.to_string()))?;
        let annotations = &entry.descriptor.annotations;
        let name = annotations.get("org.opencontainers.image.ref.name");
        let digest = entry.descriptor.digest.clone();
        Ok(Candidate {
            label: name.cloned().unwrap_or_else(|| digest.to_string()),
            platform: config.platform.clone().or_else(|| entry.platform.clone()),
            image: (digest, image, config),
        })
    }

    fn layers(
        &self,
        manifest: &ImageManifest,
        config: &ImageConfig,
    ) -> Result<Vec<SourceLayer>, TargetError> {
        let (names, ids) = (manifest.layers.len(), config.diff_ids.len());
        if names != ids {
            let what = format!("its manifest names {names} layers, its configuration {ids}");
            return Err(self.opening.damaged(what));
        }
        let mut commands = config.layer_commands();
        let mut layers = Vec::with_capacity(names);
        for (layer, diff_id) in manifest.layers.iter().zip(&config.diff_ids) {
            let path = Self::path(&layer.digest);
            let place = match self.files.place(&path) {
                None if media_type::is_foreign(&layer.media_type) => Some(Place::Absent),
                place => place,
            };
            layers.push(SourceLayer {
                diff_id: Some(diff_id.clone()),
                command: commands.next().map(str::to_owned),
                place: place
                    .ok_or_else(|| self.opening.damaged(format!("it lacks the layer '{path}'")))?,
            });
        }
        Ok(layers)
    }
}
