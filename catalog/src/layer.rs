//! One layer to its report.

use std::io::{self, Read};
use std::path::Path;

use image::{Entry, Kind, Limits};
use model::{Problem, ProblemKind};
use sha2::Digest as _;

use crate::cataloger::{self, Cataloger, Found, Role};
use crate::report::{Contents, FileDigests, FileReport, LayerReport};

/// Reads a layer's blob, compressed or not, to its end.
///
/// # Errors
///
/// Where the reader itself fails: nothing is known about the layer then, and nothing may be kept.
/// Whatever is wrong with its bytes is in the report.
pub fn catalogue(reader: impl Read, limits: &Limits) -> io::Result<LayerReport> {
    let mut contents = Contents::default();
    let summary = image::layer::entries(reader, limits, &mut |entry| {
        add(&mut contents, entry, limits);
    })?;
    contents.problems = summary.problems;
    Ok(LayerReport {
        diff_id: summary.diff_id,
        is_whole: summary.is_whole,
        compressed_size: summary.compressed_size,
        uncompressed_size: summary.uncompressed_size,
        contents,
    })
}

/// Reads a directory on disk as if it were the only layer.
///
/// # Errors
///
/// Where the directory itself cannot be read.
pub fn catalogue_directory(root: &Path, limits: &Limits) -> io::Result<Contents> {
    let mut contents = Contents::default();
    let problems = image::directory::entries(root, limits, &mut |entry| {
        add(&mut contents, entry, limits);
    })?;
    contents.problems = problems;
    Ok(contents)
}

/// Adds an entry; of several with one path in a layer the last counts.
fn add(contents: &mut Contents, entry: Entry<'_>, limits: &Limits) {
    let path = entry.path.to_owned();
    match entry.kind {
        Kind::Whiteout => {
            contents.removed.insert(path);
        }
        Kind::OpaqueDirectory => {
            contents.opaque.insert(path);
        }
        Kind::Directory => {
            contents.found.remove(&path);
            contents.symlinks.remove(&path);
            contents.touched.remove(&path);
            contents.directories.insert(path);
        }
        Kind::Symlink { target } => {
            contents.replace(&path);
            contents.symlinks.insert(path, target);
        }
        Kind::Hardlink { target } => {
            let report = hard_link(contents, &path, &target);
            contents.replace(&path);
            keep(contents, path, report);
        }
        Kind::File { size } => {
            contents.replace(&path);
            let report = cataloger::of_path(&path)
                .map(|cataloger| read(cataloger, &path, size, entry.body, limits));
            keep(contents, path, report);
        }
        Kind::Other => {
            contents.replace(&path);
            contents.touched.insert(path);
        }
    }
}

fn keep(contents: &mut Contents, path: String, report: Option<FileReport>) {
    match report {
        Some(report) => {
            contents.found.insert(path, report);
        }
        None => {
            contents.touched.insert(path);
        }
    }
}

/// A second name of a file says what the first one says, where both mean the same format.
fn hard_link(contents: &Contents, path: &str, target: &str) -> Option<FileReport> {
    let cataloger = cataloger::of_path(path)?;
    let known = contents.found.get(target);
    if let Some(report) = known.filter(|report| report.cataloger == cataloger.name) {
        return Some(report.clone());
    }
    let detail = format!("is a hard link to {target}, whose content was not read");
    Some(unread(
        cataloger,
        Problem::new(ProblemKind::Unsupported, path, detail),
    ))
}

fn unread(cataloger: &Cataloger, problem: Problem) -> FileReport {
    FileReport {
        cataloger: cataloger.name.to_owned(),
        found: Found::default(),
        digests: None,
        problems: vec![problem],
    }
}

fn read(
    cataloger: &Cataloger,
    path: &str,
    size: u64,
    body: &mut dyn Read,
    limits: &Limits,
) -> FileReport {
    if cataloger.role == Role::Unread {
        let (_, problems) = (cataloger.parse)(path, &[], limits);
        return FileReport {
            cataloger: cataloger.name.to_owned(),
            found: Found::default(),
            digests: None,
            problems,
        };
    }
    let limit = limits.captured_bytes;
    if size > limit {
        let detail = format!("has {size} bytes, more than the {limit} that are read");
        return unread(cataloger, Problem::new(ProblemKind::Limit, path, detail));
    }
    let mut bytes = Vec::new();
    // An error means that the file ends early; the parser gets what there is.
    let cut = body.take(limit).read_to_end(&mut bytes).is_err() || (bytes.len() as u64) < size;
    if !bytes.starts_with(cataloger.magic) {
        let detail = format!("is no file of the format {}", cataloger.name);
        return unread(
            cataloger,
            Problem::new(ProblemKind::Malformed, path, detail),
        );
    }
    let (found, mut problems) = (cataloger.parse)(path, &bytes, limits);
    if cut {
        let detail = format!("holds {} of {size} bytes", bytes.len());
        problems.push(Problem::new(ProblemKind::Truncated, path, detail));
    }
    FileReport {
        cataloger: cataloger.name.to_owned(),
        found,
        digests: Some(FileDigests {
            md5: hex::encode(md5::Md5::digest(&bytes)),
            sha1: hex::encode(sha1::Sha1::digest(&bytes)),
            sha256: hex::encode(sha2::Sha256::digest(&bytes)),
        }),
        problems,
    }
}
