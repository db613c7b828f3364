//! What a person calls an image to be looked at: a file or directory, recognised by looking or
//! named by a scheme (`docker-archive:`, `oci-archive:`, `oci-dir:`, `rootfs-archive:`, `dir:`); or
//! the bill of materials of one (`sbom:`, and `-` for standard input).

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{Digest, Platform, Target};

use crate::Limits;

mod attached;
mod bill;
mod choice;
mod docker;
mod files;
mod oci;

pub use attached::{Artifact, AttachedFile, KnownAs};
pub use bill::BillFile;
use files::Files;

/// Why a target could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It cannot be opened or read.
    #[error("cannot read {path}: {cause}")]
    Io {
        /// Which.
        path: String,
        /// What the system said.
        cause: io::Error,
    },
    /// It is not what its scheme says, or nothing that is known.
    #[error(
        "{path} is {what}; give a docker-save archive, an OCI archive, an OCI layout \
             directory, a root file system archive or directory, a bill of materials (SBOM), or \
             say which it is with docker-archive:, oci-archive:, oci-dir:, rootfs-archive:, dir: \
             or sbom:"
    )]
    Unrecognised {
        /// Which.
        path: String,
        /// What it is instead.
        what: String,
    },
    /// It is broken.
    #[error("{path} is damaged: {what}; make it again from its source")]
    Damaged {
        /// Which.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// It holds several images and none or several fit.
    #[error(
        "{path} holds {found}, and {wanted} fits {fits} of them; choose one with --platform \
             or make an archive of one image"
    )]
    Choice {
        /// Which.
        path: String,
        /// What is there, in words.
        found: String,
        /// The platform that was looked for.
        wanted: String,
        /// How many fit.
        fits: usize,
    },
    /// It holds no image at all.
    #[error("{path} holds no container image: {what}")]
    NoImage {
        /// Which.
        path: String,
        /// What was looked for.
        what: String,
    },
}

/// An image that is open, ready to be read layer by layer, a directory, or a bill of materials.
#[derive(Debug)]
pub struct Source {
    name: String,
    digest: Option<Digest>,
    platform: Option<Platform>,
    content: Content,
    known_as: KnownAs,
}

#[derive(Debug)]
enum Content {
    Layers(Vec<SourceLayer>),
    Directory(PathBuf),
    Bill(BillFile),
}

/// One layer of an open image.
#[derive(Clone, Debug)]
pub struct SourceLayer {
    /// The diff id that the configuration promises; `None` where nothing promises one.
    pub diff_id: Option<Digest>,
    /// The command that made it, where the history says.
    pub command: Option<String>,
    place: Place,
}

/// Where bytes lie.
#[derive(Clone, Debug)]
enum Place {
    /// Nowhere: it is not distributed with the image.
    Absent,
    File(PathBuf),
    Part {
        file: Arc<File>,
        offset: u64,
        length: u64,
    },
}

/// The kinds of target, with their schemes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    DockerArchive,
    OciArchive,
    OciDirectory,
    RootArchive,
    Directory,
    Bill,
}

const SCHEMES: &[(&str, Form)] = &[
    ("docker-archive:", Form::DockerArchive),
    ("oci-archive:", Form::OciArchive),
    ("oci-dir:", Form::OciDirectory),
    ("rootfs-archive:", Form::RootArchive),
    ("dir:", Form::Directory),
    ("sbom:", Form::Bill),
];

/// What stands for standard input on a command line.
const STANDARD_INPUT: &str = "-";

impl Source {
    /// Opens a target. Of several images that it holds, the one for `platform`
    /// (`os/architecture[/variant]`) is taken, or for Linux on this machine's architecture.
    ///
    /// # Errors
    ///
    /// Where it is absent, broken, nothing that is known, or holds no one image that fits.
    pub fn open(
        target: &str,
        platform: Option<&str>,
        limits: &Limits,
    ) -> Result<Source, TargetError> {
        let scheme = SCHEMES.iter().find_map(|(scheme, form)| {
            let path = target.strip_prefix(scheme)?;
            Some((path, Some(*form)))
        });
        let (path, form) = scheme.unwrap_or((target, None));
        let is_bill = matches!(form, None | Some(Form::Bill));
        if let (true, STANDARD_INPUT) = (is_bill, path) {
            return Ok(Source {
                name: STANDARD_INPUT.to_owned(),
                digest: None,
                platform: None,
                content: Content::Bill(BillFile::STANDARD_INPUT),
                known_as: KnownAs::default(),
            });
        }
        let opening = Opening {
            name: target,
            path: Path::new(path),
            platform,
            limits,
            is_named: form.is_some(),
        };
        opening.open(form)
    }

    /// What was looked at: its name, digest and platform. The digest is the manifest's; for a
    /// docker-save archive the image id; none for a root file system or a bill of materials.
    pub fn target(&self) -> Target {
        Target {
            name: self.name.clone(),
            digest: self.digest.clone(),
            platform: self.platform.clone(),
        }
    }

    /// What it is called beside its digest, and what is attached to it, where the target says.
    pub fn known_as(&self) -> &KnownAs {
        &self.known_as
    }

    /// The layers, lowest first; none for a directory or a bill of materials.
    pub fn layers(&self) -> &[SourceLayer] {
        match &self.content {
            Content::Layers(layers) => layers,
            Content::Directory(_) | Content::Bill(_) => &[],
        }
    }

    /// The root file system, where it is a directory.
    pub fn directory(&self) -> Option<&Path> {
        match &self.content {
            Content::Directory(path) => Some(path),
            Content::Layers(_) | Content::Bill(_) => None,
        }
    }

    /// The bill of materials, where it is one.
    pub fn bill(&self) -> Option<&BillFile> {
        match &self.content {
            Content::Bill(bill) => Some(bill),
            Content::Layers(_) | Content::Directory(_) => None,
        }
    }
}

impl SourceLayer {
    /// Whether it is not here and need not be: a layer that may not be distributed.
    pub fn is_absent(&self) -> bool {
        matches!(self.place, Place::Absent)
    }

    /// Opens the layer's bytes as they are stored, compressed or not.
    ///
    /// # Errors
    ///
    /// Where the file cannot be opened.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        self.place.open()
    }
}

impl Place {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Place::Absent => return Err(io::ErrorKind::NotFound.into()),
            Place::File(path) => Box::new(File::open(path)?),
            Place::Part {
                file,
                offset,
                length,
            } => Box::new(Part {
                file: Arc::clone(file),
                offset: *offset,
                left: *length,
            }),
        })
    }
}

/// Reads a part of a file that others read too.
struct Part {
    file: Arc<File>,
    offset: u64,
    left: u64,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(most);
        let buffer = buffer.get_mut(..wanted).unwrap_or_default();
        let read = self.file.read_at(buffer, self.offset)?;
        self.offset += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}

/// A target that is being opened.
struct Opening<'a> {
    name: &'a str,
    path: &'a Path,
    platform: Option<&'a str>,
    limits: &'a Limits,
    /// Whether a scheme says what it is.
    is_named: bool,
}

impl Opening<'_> {
    fn open(&self, form: Option<Form>) -> Result<Source, TargetError> {
        let metadata = std::fs::metadata(self.path).map_err(|cause| self.io(cause))?;
        let wants_directory = matches!(form, Some(Form::Directory | Form::OciDirectory));
        if let (true, Some(_)) = (wants_directory != metadata.is_dir(), form) {
            let what = if metadata.is_dir() {
                "a directory"
            } else {
                "no directory"
            };
            return Err(self.unrecognised(what));
        }
        match metadata.is_dir() {
            true => self.open_directory(form),
            false => self.open_file(form),
        }
    }

    fn open_directory(&self, form: Option<Form>) -> Result<Source, TargetError> {
        let is_there = |name: &str| self.path.join(name).is_file();
        let is_layout = is_there("index.json") && is_there("oci-layout");
        match (form, is_layout) {
            (Some(Form::OciDirectory), false) => Err(self
                .unrecognised("no OCI layout: it lacks the files 'oci-layout' and 'index.json'")),
            (Some(Form::OciDirectory) | None, true) => {
                oci::open(self, &Files::directory(self.path))
            }
            _ => Ok(self.source(None, None, Content::Directory(self.path.to_owned()))),
        }
    }

    fn open_file(&self, form: Option<Form>) -> Result<Source, TargetError> {
        if form == Some(Form::RootArchive) {
            return Ok(self.root_archive());
        }
        let is_bill = match form {
            Some(form) => form == Form::Bill,
            None => bill::is_one(self.path, self.limits).map_err(|cause| self.io(cause))?,
        };
        if is_bill {
            let bill = BillFile::of(self.path);
            return Ok(self.source(None, None, Content::Bill(bill)));
        }
        let (files, problem) = Files::archive(self)?;
        let form = form.unwrap_or(match files.holds("manifest.json") {
            true => Form::DockerArchive,
            false if files.holds("index.json") => Form::OciArchive,
            false => Form::RootArchive,
        });
        if form == Form::RootArchive {
            return match files.is_empty() {
                true => Err(self.unrecognised(&problem.unwrap_or("an empty archive".to_owned()))),
                false => Ok(self.root_archive()),
            };
        }
        if let Some(problem) = problem {
            return Err(self.damaged(problem));
        }
        match form {
            Form::DockerArchive => docker::open(self, &files),
            _ => oci::open(self, &files),
        }
    }

    /// An archive that is the one layer itself; what is wrong with it shows when it is read.
    fn root_archive(&self) -> Source {
        let layer = SourceLayer {
            diff_id: None,
            command: None,
            place: Place::File(self.path.to_owned()),
        };
        self.source(None, None, Content::Layers(vec![layer]))
    }

    fn source(
        &self,
        digest: Option<Digest>,
        platform: Option<Platform>,
        content: Content,
    ) -> Source {
        Source {
            name: self.name.to_owned(),
            digest,
            platform,
            content,
            known_as: KnownAs::default(),
        }
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }

    fn io(&self, cause: io::Error) -> TargetError {
        TargetError::Io {
            path: self.shown(),
            cause,
        }
    }

    fn damaged(&self, what: impl Into<String>) -> TargetError {
        TargetError::Damaged {
            path: self.shown(),
            what: what.into(),
        }
    }

    fn unrecognised(&self, what: &str) -> TargetError {
        TargetError::Unrecognised {
            path: self.shown(),
            what: what.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
