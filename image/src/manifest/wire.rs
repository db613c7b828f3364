//! The JSON of manifests, and the checks between it and [`Manifest`].

use std::collections::BTreeMap;

use model::{Digest, Platform};
use serde::Deserialize;
use serde_json::Value;

use super::media_type::{self, OCI_INDEX, OCI_MANIFEST};
use super::{Descriptor, ImageManifest, Index, IndexEntry, Manifest, ManifestError};
use crate::Limits;

type Annotations = BTreeMap<String, String>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireManifest {
    schema_version: Option<i64>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<WireDescriptor>,
    layers: Option<Vec<WireDescriptor>>,
    manifests: Option<Vec<WireDescriptor>>,
    subject: Option<WireDescriptor>,
    annotations: Option<Annotations>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDescriptor {
    media_type: Option<String>,
    digest: Option<String>,
    size: Option<i64>,
    artifact_type: Option<String>,
    annotations: Option<Annotations>,
    platform: Option<WirePlatform>,
}

#[derive(Deserialize)]
struct WirePlatform {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
}

/// The names that a reader gives a meaning to.
const NAMES: &[&str] = &[
    "schemaVersion",
    "mediaType",
    "artifactType",
    "config",
    "layers",
    "manifests",
    "subject",
    "annotations",
    "digest",
    "size",
    "platform",
    "os",
    "architecture",
    "variant",
];

pub(super) fn parse(
    bytes: &[u8],
    hint: Option<&str>,
    limits: &Limits,
) -> Result<Manifest, ManifestError> {
    let size = bytes.len() as u64;
    if size > limits.manifest_bytes {
        let limit = limits.manifest_bytes;
        return Err(ManifestError::TooLarge { size, limit });
    }
    let malformed = |error: serde_json::Error| ManifestError::Malformed(error.to_string());
    let value: Value = serde_json::from_slice(bytes).map_err(malformed)?;
    if !value.is_object() {
        return Err(ManifestError::Malformed("it is no JSON object".into()));
    }
    refuse_other_cases(&value)?;
    drop(value);
    let wire: WireManifest = serde_json::from_slice(bytes).map_err(malformed)?;
    match wire.schema_version {
        Some(2) => {}
        Some(other) => return Err(ManifestError::SchemaVersion(other)),
        None => return Err(field("schemaVersion", "is missing: it must be 2")),
    }
    let has_image = wire.config.is_some() || wire.layers.is_some();
    if has_image && wire.manifests.is_some() {
        return Err(ManifestError::Ambiguous(
            "it has the fields of an image (config, layers) and of an index (manifests)".into(),
        ));
    }
    let media_type = choose_media_type(&wire, hint)?;
    match media_type::is_index(&media_type) {
        true => index(wire, media_type, limits).map(Manifest::Index),
        false => image(wire, media_type, limits).map(Manifest::Image),
    }
}

/// The media type that the body, the hint or the form gives, in this order, if all agree.
fn choose_media_type(wire: &WireManifest, hint: Option<&str>) -> Result<String, ManifestError> {
    let bare = |text: &str| text.split(';').next().unwrap_or("").trim().to_owned();
    let hint = hint.map(bare).filter(|hint| !hint.is_empty());
    let body = wire.media_type.clone().filter(|body| !body.is_empty());
    if let (Some(hint), Some(body)) = (&hint, &body)
        && hint != body
    {
        return Err(ManifestError::MediaTypeConflict {
            hint: shorten(hint),
            body: shorten(body),
        });
    }
    let of_form = match wire.manifests.is_some() {
        true => OCI_INDEX,
        false => OCI_MANIFEST,
    };
    let chosen = body.or(hint).unwrap_or_else(|| of_form.to_owned());
    let known = media_type::is_manifest(&chosen) || media_type::is_index(&chosen);
    match known {
        true => Ok(chosen),
        false => Err(ManifestError::UnknownMediaType(shorten(&chosen))),
    }
}

fn image(
    wire: WireManifest,
    media_type: String,
    limits: &Limits,
) -> Result<ImageManifest, ManifestError> {
    let missing = |name| field(name, "is missing, which an image manifest must have");
    let config = wire.config.ok_or_else(|| missing("config"))?;
    let layers = wire.layers.ok_or_else(|| missing("layers"))?;
    check_count("layers", layers.len(), limits.layers)?;
    Ok(ImageManifest {
        media_type,
        artifact_type: wire.artifact_type.filter(|text| !text.is_empty()),
        config: config.check("config")?,
        layers: check_all("layers", layers, |layer, place| layer.check(place))?,
        subject: wire.subject.map(|it| it.check("subject")).transpose()?,
        annotations: wire.annotations.unwrap_or_default(),
    })
}

fn index(wire: WireManifest, media_type: String, limits: &Limits) -> Result<Index, ManifestError> {
    let manifests = wire
        .manifests
        .ok_or_else(|| field("manifests", "is missing, which an index must have"))?;
    check_count("manifests", manifests.len(), limits.index_members)?;
    Ok(Index {
        media_type,
        artifact_type: wire.artifact_type.filter(|text| !text.is_empty()),
        manifests: check_all("manifests", manifests, entry)?,
        subject: wire.subject.map(|it| it.check("subject")).transpose()?,
        annotations: wire.annotations.unwrap_or_default(),
    })
}

fn entry(mut wire: WireDescriptor, place: &str) -> Result<IndexEntry, ManifestError> {
    let platform = wire.platform.take().map(|platform| Platform {
        os: platform.os.unwrap_or_default(),
        architecture: platform.architecture.unwrap_or_default(),
        variant: platform.variant.filter(|variant| !variant.is_empty()),
    });
    let descriptor = wire.check(place)?;
    Ok(IndexEntry {
        descriptor,
        platform,
    })
}

impl WireDescriptor {
    fn check(self, place: &str) -> Result<Descriptor, ManifestError> {
        let missing = |name: &str| field(&format!("{place}.{name}"), "is missing");
        let digest = self.digest.ok_or_else(|| missing("digest"))?;
        let digest: Digest = digest
            .parse()
            .map_err(|error| field(&format!("{place}.digest"), format!("is wrong: {error}")))?;
        let size = self.size.ok_or_else(|| missing("size"))?;
        let size = u64::try_from(size)
            .map_err(|_| field(&format!("{place}.size"), format!("is negative: {size}")))?;
        Ok(Descriptor {
            media_type: self.media_type.unwrap_or_default(),
            digest,
            size,
            artifact_type: self.artifact_type.filter(|text| !text.is_empty()),
            annotations: self.annotations.unwrap_or_default(),
        })
    }
}

fn check_all<T>(
    name: &str,
    items: Vec<WireDescriptor>,
    check: impl Fn(WireDescriptor, &str) -> Result<T, ManifestError>,
) -> Result<Vec<T>, ManifestError> {
    let items = items.into_iter().enumerate();
    items
        .map(|(at, item)| check(item, &format!("{name}[{at}]")))
        .collect()
}

fn check_count(name: &str, count: usize, limit: usize) -> Result<(), ManifestError> {
    match count > limit {
        true => Err(field(
            name,
            format!("has {count} members, more than the {limit} that are allowed"),
        )),
        false => Ok(()),
    }
}

fn field(name: &str, what: impl Into<String>) -> ManifestError {
    ManifestError::Field {
        field: name.to_owned(),
        what: what.into(),
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(160).collect()
}

/// Refuses names that differ from a known one by case only: Go's readers, which are those of
/// Docker and containerd, take `Layers` for `layers`, and others do not.
fn refuse_other_cases(value: &Value) -> Result<(), ManifestError> {
    match value {
        Value::Array(items) => items.iter().try_for_each(refuse_other_cases),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            let folded = fold(name);
            if let Some(known) = NAMES.iter().find(|known| fold(known) == folded)
                && known != name
            {
                return Err(ManifestError::Ambiguous(format!(
                    "the field '{}' differs from '{known}' by case only",
                    shorten(name)
                )));
            }
            match name.as_str() {
                "annotations" => Ok(()),
                _ => refuse_other_cases(value),
            }
        }),
        _ => Ok(()),
    }
}

/// Go's `foldName`: simple case folding, in which two letters outside ASCII become ASCII ones.
fn fold(name: &str) -> String {
    let fold = |char: char| match char {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    name.chars().map(fold).collect()
}
