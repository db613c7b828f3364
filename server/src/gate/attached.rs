//! VEX documents that are attached to images: pushed with a `subject`, as `oras attach` and
//! `cosign attach` do. Who may push can attach one, and so silence the gate for an image of theirs:
//! they are heard only where the server was told so (`--attached-vex`).

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, PoisonError, RwLock};

use image::Manifest;
use image::manifest::Descriptor;
use model::{Digest, Reference, RepositoryName};
use policy::Vex;
use policy::vex::{Document, is_media_type};
use store::StoreError;

use crate::app::App;

/// Artifacts of which the documents are kept in memory; with more, all are read anew.
const KEPT: usize = 1_000;
/// How many rows are read at once.
const ROWS: usize = 100;

/// Documents by the artifact that holds them. An artifact never changes, so that none is read
/// twice.
#[derive(Debug, Default)]
pub struct Heard(RwLock<BTreeMap<Digest, Arc<Vec<Document>>>>);

/// The documents that are attached to one of these manifests; `None` where none are heard.
///
/// # Errors
///
/// Where the store fails. What cannot be read of a document says nothing.
pub fn of(
    app: &App,
    repository: &RepositoryName,
    digests: &[Digest],
) -> Result<Option<Vex>, StoreError> {
    if !app.settings.attached_vex {
        return Ok(None);
    }
    let mut documents: Vec<Document> = Vec::new();
    for digest in digests {
        let (mut after, mut seen) = (None, 0);
        while seen < app.settings.gate.referrers {
            let rows = app
                .store
                .metadata
                .referrers(repository, digest, after.as_ref(), ROWS)?;
            for artifact in &rows {
                let held = documents_of(app, repository, &artifact.digest)?;
                documents.extend(held.iter().cloned());
                if documents.len() >= app.settings.gate.vex {
                    return Ok(Some(Vex::new(documents)));
                }
            }
            seen += ROWS;
            match rows.into_iter().nth(ROWS - 1) {
                Some(last) => after = Some(last.digest),
                None => break,
            }
        }
    }
    Ok(Some(Vex::new(documents)))
}

/// The documents of an artifact.
fn documents_of(
    app: &App,
    repository: &RepositoryName,
    artifact: &Digest,
) -> Result<Arc<Vec<Document>>, StoreError> {
    let kept = &app.heard.0;
    let known = kept
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(artifact)
        .cloned();
    if let Some(known) = known {
        return Ok(known);
    }
    let reference = Reference::Digest(artifact.clone());
    let Some(stored) = app.store.metadata.manifest(repository, &reference)? else {
        return Ok(Arc::default());
    };
    let limits = &app.settings.image_limits;
    let mut documents = Vec::new();
    if let Ok(manifest) = Manifest::parse(&stored.bytes, Some(&stored.media_type), limits) {
        let kind = manifest.artifact_type().unwrap_or_default();
        let is_vex = is_media_type(kind);
        let files = manifest.as_image().map_or(&[][..], |image| &image.layers);
        for file in files
            .iter()
            .filter(|file| is_vex || is_media_type(&file.media_type))
        {
            documents.extend(document(app, artifact, file)?);
        }
    }
    let documents = Arc::new(documents);
    let mut kept = kept.write().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= KEPT {
        kept.clear();
    }
    kept.insert(artifact.clone(), documents.clone());
    Ok(documents)
}

/// The document in a file of an artifact, where it is one that says something.
fn document(
    app: &App,
    artifact: &Digest,
    file: &Descriptor,
) -> Result<Option<Document>, StoreError> {
    let limits = &app.settings.gate.documents;
    let most = limits.bytes as u64;
    if file.size > most {
        tracing::warn!(%artifact, size = file.size, "an attached VEX document is too large");
        return Ok(None);
    }
    let Some(blob) = app.store.blobs.open(&file.digest)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    if let Err(cause) = std::io::copy(&mut blob.take(most + 1), &mut bytes) {
        let action = format!("read the VEX document {}", file.digest);
        return Err(StoreError::Io { action, cause });
    }
    let Ok(text) = String::from_utf8(bytes) else {
        tracing::warn!(%artifact, "an attached VEX document is no text");
        return Ok(None);
    };
    let (document, problems) = Document::read_if_any(&text, limits);
    if let Some(problem) = problems.first() {
        let (place, detail) = (&problem.place, &problem.detail);
        tracing::warn!(%artifact, place, detail, "a part of an attached VEX document is not heard");
    }
    let says = document.filter(|one| !one.statements.is_empty());
    Ok(says.map(|one| one.found_in(&format!("attached {artifact}"))))
}
