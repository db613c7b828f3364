//! A bill of materials (SBOM) as a target: a file, compressed or not, or standard input. What is in
//! it is read by others.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use crate::Limits;
use crate::compression::Inflate;

/// Where a bill of materials lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillFile {
    /// None for standard input.
    path: Option<PathBuf>,
}

impl BillFile {
    pub(super) const STANDARD_INPUT: BillFile = BillFile { path: None };

    pub(super) fn of(path: &Path) -> BillFile {
        BillFile {
            path: Some(path.to_owned()),
        }
    }

    /// What it is called in answers: its file's name without directories.
    pub fn name(&self) -> String {
        let name = self.path.as_deref().and_then(Path::file_name);
        name.map_or("standard input".to_owned(), |name| {
            name.to_string_lossy().into_owned()
        })
    }

    /// Opens its bytes as they are stored. Standard input can be read once.
    ///
    /// # Errors
    ///
    /// Where the file cannot be opened.
    pub fn open(&self) -> io::Result<Box<dyn Read>> {
        Ok(match &self.path {
            Some(path) => Box::new(File::open(path)?),
            None => Box::new(io::stdin().lock()),
        })
    }
}

/// How much of a file is looked at to tell a bill: the forms say what they are in their first
/// words, and an archive's first header is as long.
const HEAD_BYTES: u64 = 512;

/// Whether a file begins as a bill does: as JSON, as XML, or with SPDX's first tag. An archive
/// begins with a header, which has zeroes in it. What can be read once is a bill: images are read
/// at any place.
pub(super) fn is_one(path: &Path, limits: &Limits) -> io::Result<bool> {
    if std::fs::metadata(path)?.file_type().is_fifo() {
        return Ok(true);
    }
    let inflate = Inflate::new(File::open(path)?, limits.bill_bytes, limits)?;
    let mut head = Vec::new();
    inflate.take(HEAD_BYTES).read_to_end(&mut head)?;
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    let has_tag = || {
        let mut lines = text.split(|byte| *byte == b'\n');
        lines.any(|line| line.trim_ascii().starts_with(b"SPDXVersion:"))
    };
    let begins = matches!(text.trim_ascii_start().first(), Some(b'{' | b'<'));
    Ok(!head.contains(&0) && (begins || has_tag()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn bills_are_told_by_how_they_begin() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bill");
        let mut tar = vec![b'{'];
        tar.resize(1024, 0);
        for (bytes, expected) in [
            (&b"\xef\xbb\xbf \n{\"bomFormat\": 1}"[..], true),
            (b"<?xml version='1.0'?>", true),
            (b"# made by hand\nSPDXVersion: SPDX-2.3\n", true),
            (b"", false),
            (b"Package: x\n", false),
            (&tar, false),
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(is_one(&path, &Limits::default()).unwrap(), expected);
        }
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"{}").unwrap();
        std::fs::write(&path, packed.finish().unwrap()).unwrap();
        assert!(is_one(&path, &Limits::default()).unwrap());
        assert_eq!(BillFile::of(&path).name(), "bill");
        assert_eq!(BillFile::STANDARD_INPUT.name(), "standard input");
    }
}
