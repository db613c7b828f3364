//! The files of an archive or directory, by name, readable in any order.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Opening, Place, TargetError};
use crate::compression::{Compression, Inflate, MAGIC_BYTES};
use crate::path;
use crate::tar::Archive;

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
        let mut problem = None;
        if Compression::of(&first) != Compression::Plain {
            (file, problem) = spool(file, opening).map_err(io)?;
        }
        let mut parts = BTreeMap::new();
        let mut links = BTreeMap::new();
        let mut archive = Archive::new(io::BufReader::new(&file), opening.limits);
        loop {
            if (parts.len() + links.len()) as u64 > opening.limits.entries {
                problem = Some(format!(
                    "it has more than {} entries",
                    opening.limits.entries
                ));
                break;
            }
            let header = match archive.next_entry() {
                Ok(Some(header)) => header,
                Ok(None) => break,
                Err(error) => {
                    problem = problem.or(Some(error.to_string()));
                    break;
                }
            };
            let name = path::normalise(&header.name);
            match header.kind {
                b'0' => {
                    let size = u64::try_from(header.size).unwrap_or(0);
                    parts.insert(name, (archive.offset(), size));
                }
                b'1' => {
                    links.insert(name, path::normalise(&header.link_name));
                }
                b'2' => {
                    let (directory, _) = path::split(&name);
                    let target = [directory.as_bytes(), b"/", &header.link_name].concat();
                    links.insert(name, path::normalise(&target));
                }
                _ => {}
            }
        }
        drop(archive);
        let files = Files::Archive {
            file: Arc::new(file),
            parts,
            links,
        };
        Ok((files, problem))
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
