//! One layer's entries: OCI image specification 1.1, `layer.md`, read with [`crate::tar`].

use std::io::{self, Read};

use model::{Digest, Problem, ProblemKind};

use crate::Limits;
use crate::compression::Inflate;
use crate::hashing::Hashing;
use crate::path;
use crate::problems::Problems;
use crate::tar::{Archive, Header};

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file with content.
    File {
        /// Its size in bytes, holes filled.
        size: u64,
    },
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink {
        /// Where it points, as it is written.
        target: String,
    },
    /// Another name of a file of this layer or one below.
    Hardlink {
        /// The file's path, normalised.
        target: String,
    },
    /// A device, a pipe or another thing without content.
    Other,
    /// The path is removed from the layers below.
    Whiteout,
    /// Everything in the directory is removed from the layers below.
    OpaqueDirectory,
}

/// One entry of a layer or of a directory tree.
pub struct Entry<'a> {
    /// Its path as of [`path::normalise`]; for a whiteout the path that it removes.
    pub path: &'a str,
    /// What it is.
    pub kind: Kind,
    /// Whether it is a file that somebody may execute.
    pub executable: bool,
    /// Its content; nothing for all but files. An error means that it ends too early.
    pub body: &'a mut dyn Read,
}

/// What reading a whole layer showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSummary {
    /// The SHA-256 of the inflated bytes; where a problem says that they could not be inflated to
    /// the end, of those that could.
    pub diff_id: Digest,
    /// Whether it could be inflated to the end.
    pub is_whole: bool,
    /// Bytes as stored.
    pub compressed_size: u64,
    /// Bytes inflated.
    pub uncompressed_size: u64,
    /// What could not be read, in the order of the layer.
    pub problems: Vec<Problem>,
}

/// How a problem of the layer as a whole calls its place.
pub const PLACE: &str = "layer";

/// Shows each entry of a layer, in its order, and reads the layer to its end whatever is in it.
///
/// # Errors
///
/// Where the reader itself fails (a disk, a network): what was shown until then says nothing
/// about the layer and must not be kept.
pub fn entries(
    reader: impl Read,
    limits: &Limits,
    visit: &mut dyn FnMut(Entry<'_>),
) -> io::Result<LayerSummary> {
    let inflate = Inflate::new(reader, limits.layer_bytes, limits)?;
    let hashed = Hashed {
        reader: inflate,
        hashing: Hashing::new(),
    };
    let mut archive = Archive::new(hashed, limits);
    let mut problems = Problems::new(limits.problems);
    let walked = walk(&mut archive, limits, &mut problems, visit);
    let mut hashed = archive.into_inner();
    io::copy(&mut hashed, &mut io::sink())?;
    let ended = hashed.reader.finish()?;
    let is_whole = ended.problem.is_none();
    match (ended.problem, walked) {
        // That the archive ends early is then no news.
        (Some(problem), _) => problems.add(problem.kind, PLACE, problem.detail),
        (None, Err((kind, detail))) => problems.add(kind, PLACE, detail),
        (None, Ok(())) => {}
    }
    Ok(LayerSummary {
        diff_id: hashed.hashing.finish()?,
        is_whole,
        compressed_size: ended.packed,
        uncompressed_size: ended.inflated,
        problems: problems.finish(PLACE),
    })
}

fn walk<R: Read>(
    archive: &mut Archive<R>,
    limits: &Limits,
    problems: &mut Problems,
    visit: &mut dyn FnMut(Entry<'_>),
) -> Result<(), (ProblemKind, String)> {
    let (mut count, mut names) = (0, 0);
    loop {
        let header = match archive.next_entry() {
            Ok(Some(header)) => header,
            Ok(None) => return Ok(()),
            Err(error) => return Err((error.problem_kind(), error.to_string())),
        };
        count += 1;
        if count > limits.entries {
            let limit = limits.entries;
            return Err((
                ProblemKind::Limit,
                format!("has more than {limit} entries: the rest was not looked at"),
            ));
        }
        let written = header.name.len().max(header.link_name.len());
        if written > limits.path_bytes {
            let limit = limits.path_bytes;
            let start = header.name.get(..64).unwrap_or(&header.name);
            problems.add(
                ProblemKind::Limit,
                path::text(start),
                format!("the path or link has {written} bytes, more than {limit}: passed over"),
            );
            continue;
        }
        names += (header.name.len() + header.link_name.len()) as u64;
        if names > limits.names_bytes {
            let limit = limits.names_bytes;
            return Err((
                ProblemKind::Limit,
                format!("its paths have more than {limit} bytes: the rest was not looked at"),
            ));
        }
        match entry(&header) {
            Ok(Some((path, kind))) => visit(Entry {
                path: &path,
                executable: matches!(kind, Kind::File { .. }) && header.mode & 0o111 != 0,
                kind,
                body: archive,
            }),
            Ok(None) => {}
            Err(what) => problems.add(ProblemKind::Malformed, path::text(&header.name), what),
        }
    }
}

/// The path and kind of an entry; `None` for what changes nothing.
fn entry(header: &Header) -> Result<Option<(String, Kind)>, &'static str> {
    let path = path::normalise(&header.name);
    if header.kind == b'g' {
        // Docker applies a path of a global header to nothing else, containerd not at all.
        return Ok(None);
    }
    if path.is_empty() {
        return match header.kind {
            b'5' => Ok(None),
            _ => Err("an entry that is no directory has the root's path"),
        };
    }
    if let Some(whiteout) = whiteout(&path)? {
        return Ok(whiteout);
    }
    let kind = match header.kind {
        b'0' | b'7' | b'S' => Kind::File {
            size: u64::try_from(header.size).unwrap_or(0),
        },
        b'5' => Kind::Directory,
        b'2' => Kind::Symlink {
            target: path::text(&header.link_name),
        },
        b'1' => Kind::Hardlink {
            target: path::normalise(&header.link_name),
        },
        b'3' | b'4' | b'6' => Kind::Other,
        _ => return Err("an entry of an unknown type is passed over"),
    };
    Ok(Some((path, kind)))
}

type Whiteout = Option<(String, Kind)>;

/// What a name that begins with `.wh.` says: `layer.md`, "Whiteouts". Other names say nothing.
fn whiteout(path: &str) -> Result<Option<Whiteout>, &'static str> {
    let (directory, name) = path::split(path);
    let Some(hidden) = name.strip_prefix(".wh.") else {
        return Ok(None);
    };
    if hidden == ".wh..opq" {
        return Ok(Some(Some((directory.to_owned(), Kind::OpaqueDirectory))));
    }
    if directory.is_empty() && hidden.starts_with(".wh.") {
        // What AUFS kept for itself, as Docker passes it over.
        return Ok(Some(None));
    }
    if matches!(hidden, "" | "." | "..") {
        return Err("a whiteout removes nothing that has a name");
    }
    let removed = match directory {
        "" => hidden.to_owned(),
        directory => format!("{directory}/{hidden}"),
    };
    Ok(Some(Some((removed, Kind::Whiteout))))
}

/// Hashes what passes.
struct Hashed<R> {
    reader: R,
    hashing: Hashing,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.hashing.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
