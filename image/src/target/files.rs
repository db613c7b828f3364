//! The files of an archive or directory, by name, readable in any order.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Opening, Place, TargetError};
use crate::compression::{Compression, Inflate, MAGIC_BYTES};
use crate::path;
use crate::tar::{Archive, Header};

/// What makes an archive one of an image.
const IMAGE_FILES: &[&str] = &["manifest.json", "index.json"];

/// Files by name.
pub(super) enum Files {
    Directory(PathBuf),
    Archive {
        file: Arc<File>,
        parts: BTreeMap<String, (u64, u64)>,
        links: BTreeMap<String, String>,
    },
}

impl Files {
    pub(super) fn directory(path: &Path) -> Files {
        Files::Directory(path.to_owned())
    }

    /// The files of a tar archive. A compressed one is inflated once into a file without a name.
    /// Also what is wrong with it, if anything: the files before that are there.
    pub(super) fn archive(opening: &Opening<'_>) -> Result<(Files, Option<String>), TargetError> {
        let io = |cause| opening.io(cause);
        let mut file = File::open(opening.path).map_err(io)?;
        let mut first = Vec::new();
        file.by_ref()
            .take(MAGIC_BYTES as u64)
            .read_to_end(&mut first)
            .map_err(io)?;
        file.rewind().map_err(io)?;
        let is_packed = Compression::of(&first) != Compression::Plain;
        let mut index = match is_packed {
            false => Index::of(io::BufReader::new(&file), opening),
            true => {
                let limits = opening.limits;
                let inflate = Inflate::new(&file, limits.spool_bytes, limits).map_err(io)?;
                Index::of(inflate, opening)
            }
        };
        // A root file system is read once from its start to its end: no need to spool it.
        let is_image = IMAGE_FILES
            .iter()
            .any(|name| index.parts.contains_key(*name));
        if is_packed && (is_image || opening.is_named) {
            file.rewind().map_err(io)?;
            let problem;
            (file, problem) = spool(file, opening).map_err(io)?;
            index = Index::of(io::BufReader::new(&file), opening);
            index.problem = problem.or(index.problem);
        }
        let files = Files::Archive {
            file: Arc::new(file),
            parts: index.parts,
            links: index.links,
        };
        Ok((files, index.problem))
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Files::Directory(_) => false,
            Files::Archive { parts, links, .. } => parts.is_empty() && links.is_empty(),
        }
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// Where a file lies.
    pub(super) fn place(&self, name: &str) -> Option<Place> {
        let name = path::normalise(name.as_bytes());
        match self {
            Files::Directory(root) => {
                let path = root.join(name);
                path.is_file().then_some(Place::File(path))
            }
            Files::Archive { file, parts, links } => {
                let name = links.get(&name).unwrap_or(&name);
                let (offset, length) = *parts.get(name)?;
                let file = Arc::clone(file);
                Some(Place::Part {
                    file,
                    offset,
                    length,
                })
            }
        }
    }

    /// A small file's bytes.
    pub(super) fn read(
        &self,
        opening: &Opening<'_>,
        name: &str,
        limit: u64,
    ) -> Result<Vec<u8>, TargetError> {
        let place = self
            .place(name)
            .ok_or_else(|| opening.damaged(format!("it lacks the file '{name}'")))?;
        let mut bytes = Vec::new();
        let reader = place.open().map_err(|cause| opening.io(cause))?;
        let read = reader.take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|cause| opening.io(cause))?;
        match bytes.len() as u64 > limit {
            true => Err(opening.damaged(format!("'{name}' has more than {limit} bytes"))),
            false => Ok(bytes),
        }
    }
}

/// What lies where in a tar archive.
struct Index {
    parts: BTreeMap<String, (u64, u64)>,
    links: BTreeMap<String, String>,
    /// Why the rest is missing, if it is.
    problem: Option<String>,
}

impl Index {
    fn of(reader: impl Read, opening: &Opening<'_>) -> Index {
        let mut index = Index {
            parts: BTreeMap::new(),
            links: BTreeMap::new(),
            problem: None,
        };
        let mut archive = Archive::new(reader, opening.limits);
        loop {
            if (index.parts.len() + index.links.len()) as u64 > opening.limits.entries {
                let limit = opening.limits.entries;
                index.problem = Some(format!("it has more than {limit} entries"));
                return index;
            }
            match archive.next_entry() {
                Ok(Some(header)) => index.add(&header, archive.offset()),
                Ok(None) => return index,
                Err(error) => {
                    index.problem = Some(error.to_string());
                    return index;
                }
            }
        }
    }

    fn add(&mut self, header: &Header, offset: u64) {
        let name = path::normalise(&header.name);
        match header.kind {
            b'0' => {
                let size = u64::try_from(header.size).unwrap_or(0);
                self.parts.insert(name, (offset, size));
            }
            b'1' => {
                self.links.insert(name, path::normalise(&header.link_name));
            }
            b'2' => {
                let (directory, _) = path::split(&name);
                let target = [directory.as_bytes(), b"/", &header.link_name].concat();
                self.links.insert(name, path::normalise(&target));
            }
            _ => {}
        }
    }
}

fn spool(file: File, opening: &Opening<'_>) -> io::Result<(File, Option<String>)> {
    let mut inflate = Inflate::new(file, opening.limits.spool_bytes, opening.limits)?;
    let mut spooled = tempfile::tempfile()?;
    io::copy(&mut inflate, &mut spooled)?;
    spooled.rewind()?;
    let problem = inflate.finish()?.problem;
    Ok((
        spooled,
        problem.map(|problem| format!("the archive {}", problem.detail)),
    ))
}
