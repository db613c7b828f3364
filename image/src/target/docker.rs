//! `docker save` archives: `manifest.json`, Docker image specification 1.2, "Combined Image JSON
//! + Filesystem Changeset Format".

use model::Digest;
use serde::Deserialize;

use super::choice::{Candidate, choose};
use super::{Content, Files, Opening, Source, SourceLayer, TargetError, oci};
use crate::ImageConfig;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Member {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    layers: Option<Vec<String>>,
}

pub(super) fn open(opening: &Opening<'_>, files: &Files) -> Result<Source, TargetError> {
    let limits = opening.limits;
    let bytes = files.read(opening, "manifest.json", limits.manifest_bytes)?;
    let members: Vec<Member> = serde_json::from_slice(&bytes)
        .map_err(|error| opening.damaged(format!("its manifest.json cannot be read: {error}")))?;
    if members.len() > limits.index_members {
        let limit = limits.index_members;
        return Err(opening.damaged(format!("it holds more than {limit} images")));
    }
    let mut candidates = Vec::new();
    for member in members {
        let bytes = files.read(opening, &member.config, limits.config_bytes)?;
        let config = ImageConfig::parse(&bytes, limits)
            .map_err(|error| opening.damaged(error.to_string()))?;
        let tags = member.repo_tags.clone().unwrap_or_default().join(" ");
        candidates.push(Candidate {
            label: if tags.is_empty() {
                member.config.clone()
            } else {
                tags
            },
            platform: config.platform.clone(),
            image: (member, config, Digest::of(&bytes)),
        });
    }
    let (member, config, id) = choose(opening, candidates)?;
    check_id(opening, &member.config, &id)?;
    let paths = member.layers.unwrap_or_default();
    let (names, ids) = (paths.len(), config.diff_ids.len());
    if names != ids {
        let what = format!("its manifest.json names {names} layers, its configuration {ids}");
        return Err(opening.damaged(what));
    }
    let mut commands = config.layer_commands();
    let mut layers = Vec::with_capacity(names);
    for (path, diff_id) in paths.iter().zip(&config.diff_ids) {
        let place = files.place(path);
        layers.push(SourceLayer {
            diff_id: Some(diff_id.clone()),
            command: commands.next().map(str::to_owned),
            place: place.ok_or_else(|| opening.damaged(format!("it lacks the layer '{path}'")))?,
        });
    }
    let platform = config.platform.clone();
    let mut known_as = oci::known_by_config(opening, files, &id);
    known_as
        .references
        .extend(member.repo_tags.unwrap_or_default());
    known_as.references.sort();
    known_as.references.dedup();
    Ok(Source {
        known_as,
        ..opening.source(Some(id), platform, Content::Layers(layers))
    })
}

/// A configuration is called by its digest, where it is called by one at all.
fn check_id(opening: &Opening<'_>, name: &str, id: &Digest) -> Result<(), TargetError> {
    let (_, file) = crate::path::split(name);
    let stem = file.strip_suffix(".json").unwrap_or(file);
    let is_digest = format!("sha256:{stem}").parse::<Digest>().is_ok();
    match is_digest && stem != id.hex() {
        true => Err(opening.damaged(format!("the configuration '{name}' has the digest {id}"))),
        false => Ok(()),
    }
}
