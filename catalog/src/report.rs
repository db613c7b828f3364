//! What one layer holds and does, as far as a stack of them needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use image::layer::PLACE;
use model::{Digest, Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::cataloger::{self, Found, Role};

/// A layer, read once. A pure function of its bytes and of [`crate::REVISION`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerReport {
    /// The digest of the inflated layer; of the part that could be inflated, where a problem says
    /// that not all could.
    pub diff_id: Digest,
    /// Whether it could be inflated to its end.
    pub is_whole: bool,
    /// Bytes as stored.
    pub compressed_size: u64,
    /// Bytes inflated.
    pub uncompressed_size: u64,
    /// What is in it.
    pub contents: Contents,
}

/// What a layer, or a directory on disk, holds and does. Paths are those of the layer itself:
/// which links they lead through is for the stack to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Files that a cataloger knows.
    pub found: BTreeMap<String, FileReport>,
    /// Symbolic links with their targets as written.
    pub symlinks: BTreeMap<String, String>,
    /// Everything else that is no directory.
    pub touched: BTreeSet<String>,
    /// Directories that the layer names.
    pub directories: BTreeSet<String>,
    /// Paths that it removes from the layers below.
    pub removed: BTreeSet<String>,
    /// Directories whose content it removes from the layers below.
    pub opaque: BTreeSet<String>,
    /// What could not be read of the layer as a whole.
    pub problems: Vec<Problem>,
}

/// One file that a cataloger knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// The cataloger's name.
    pub cataloger: String,
    /// What the file says.
    #[serde(flatten)]
    pub found: Found,
    /// Whether its content was looked at.
    #[serde(default)]
    pub is_read: bool,
    /// The file's own digests, of a package that a distribution may have brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digests: Option<FileDigests>,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

/// What the path of a directory has behind it, where what its name says is kept.
pub(crate) const INSIDE: &str = "/.";

/// The digests under which package managers speak of a file, in hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigests {
    /// MD5, dpkg's.
    pub md5: String,
    /// SHA-1, apk's.
    pub sha1: String,
    /// SHA-256, rpm's.
    pub sha256: String,
}

impl FileReport {
    /// Of a file of which nothing is known yet.
    pub(crate) fn of(cataloger: &str) -> FileReport {
        FileReport {
            cataloger: cataloger.to_owned(),
            found: Found::default(),
            is_read: false,
            digests: None,
            problems: Vec::new(),
        }
    }

    /// Of a file that could not be looked at.
    pub(crate) fn unread(cataloger: &str, problem: Problem) -> FileReport {
        FileReport {
            problems: vec![problem],
            ..FileReport::of(cataloger)
        }
    }

    /// What its cataloger reads it for.
    pub(crate) fn role(&self) -> Option<Role> {
        cataloger::of_name(&self.cataloger).map(|cataloger| cataloger.role)
    }

    /// Whether it is, or belongs to, a package that no database need name.
    pub(crate) fn is_installed(&self) -> bool {
        !self.found.packages.is_empty() && self.role() == Some(Role::Installed)
    }
}

impl FileDigests {
    /// Those of a file's bytes.
    pub(crate) fn of(bytes: &[u8]) -> FileDigests {
        FileDigests {
            md5: hex::encode(md5::Md5::digest(bytes)),
            sha1: hex::encode(sha1::Sha1::digest(bytes)),
            sha256: hex::encode(sha2::Sha256::digest(bytes)),
        }
    }
}

/// Bytes that are no layer report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// They do not begin as a report does.
    #[error("the bytes are no layer report")]
    NoReport,
    /// They cannot be inflated.
    #[error("the layer report cannot be inflated: {0}")]
    Inflate(#[from] std::io::Error),
    /// They do not have the form of this program's reports.
    #[error("the layer report cannot be read: {0}")]
    Form(#[from] serde_json::Error),
}

/// What a report begins with; then zstd-compressed JSON follows.
const MAGIC: &[u8] = b"LZLR1\n";
/// More than any report inflates to: a store that was tampered with fills no memory.
const MOST_BYTES: u64 = 4 << 30;

impl LayerReport {
    /// Of a layer that is not distributed with the image and that nobody put there: all of it is
    /// a gap.
    pub fn absent(diff_id: Digest) -> LayerReport {
        let detail = "is not distributed with the image (a foreign layer) and is not here: \
                      nothing in it was looked at";
        let problem = Problem::new(ProblemKind::Unsupported, PLACE, detail);
        LayerReport {
            diff_id,
            is_whole: false,
            compressed_size: 0,
            uncompressed_size: 0,
            contents: Contents {
                problems: vec![problem],
                ..Contents::default()
            },
        }
    }

    /// The report as bytes to be kept under (layer digest, [`crate::REVISION`]).
    pub fn to_bytes(&self) -> Vec<u8> {
        // Neither step can fail on these types in memory; if one did, the bytes would be refused
        // when they are read and the layer catalogued again.
        let json = serde_json::to_vec(self).unwrap_or_default();
        let packed = zstd::encode_all(json.as_slice(), 3).unwrap_or_default();
        [MAGIC, &packed].concat()
    }

    /// The report of bytes.
    ///
    /// # Errors
    ///
    /// Where they are not what [`LayerReport::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<LayerReport, ReportError> {
        let packed = bytes.strip_prefix(MAGIC).ok_or(ReportError::NoReport)?;
        let mut json = Vec::new();
        let decoder = zstd::stream::read::Decoder::new(packed)?;
        decoder.take(MOST_BYTES).read_to_end(&mut json)?;
        Ok(serde_json::from_slice(&json)?)
    }
}

impl Contents {
    /// Whether it is laid out as layers of Windows are: hives of the registry beside the files, or
    /// the system itself below them. OCI image specification, "Image layer filesystem changeset".
    pub(crate) fn is_of_windows(&self) -> bool {
        ["Hives/", "Files/Windows/", "UtilityVM/"]
            .iter()
            .any(|directory| {
                let first = self.touched.range((*directory).to_owned()..).next();
                first.is_some_and(|path| path.starts_with(directory))
            })
    }

    /// Removes what is at a path and below it, as something that is no directory takes its place.
    pub(crate) fn replace(&mut self, path: &str) {
        let below = format!("{path}/");
        remove_tree(&mut self.found, path, &below);
        remove_tree(&mut self.symlinks, path, &below);
        for set in [&mut self.touched, &mut self.directories] {
            set.remove(path);
            let range = set.range(below.clone()..);
            let gone: Vec<String> = range
                .take_while(|other| other.starts_with(&below))
                .cloned()
                .collect();
            for path in gone {
                set.remove(&path);
            }
        }
    }
}

fn remove_tree<T>(map: &mut BTreeMap<String, T>, path: &str, below: &str) {
    map.remove(path);
    let range = map.range(below.to_owned()..);
    let gone: Vec<String> = range
        .map(|(other, _)| other)
        .take_while(|other| other.starts_with(below))
        .cloned()
        .collect();
    for path in gone {
        map.remove(&path);
    }
}
