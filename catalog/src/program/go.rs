//! What the Go linker writes into every program: the compiler's version and the modules.
//!
//! The form is that of Go's `debug/buildinfo`: a section of 32 bytes and more that begins with
//! `\xff Go buildinf:`. Since Go 1.18 the two texts follow in it, before they were pointed at.

use image::Limits;
use model::{Package, PackageType, Problem};

use super::layout::{Layout, layouts};
use super::{Reader, malformed};
use crate::cataloger::Found;

mod linked;
mod modules;
pub mod sources;
mod version;

/// The build information of Go programs.
pub const READER: Reader = Reader {
    name: "go-program",
    reads: "Go modules and the standard library, from the build information of Go programs",
    read,
};

const MAGIC: &[u8] = b"\xff Go buildinf:";
const SECTIONS: &[&str] = &[".go.buildinfo", "__go_buildinfo"];
/// The information begins at a multiple of this.
const ALIGNMENT: usize = 16;
/// The flags in the sixteenth byte.
const IS_BIG_ENDIAN: u8 = 1;
const IS_INLINE: u8 = 2;
/// Around the modules' text stand two marks of this length.
const MARK: usize = 16;

/// What the linker wrote.
struct BuildInfo<'a> {
    /// `go1.22.1`, and what follows it.
    version: &'a [u8],
    /// Lines of modules and settings; empty where the program was built without modules.
    modules: &'a [u8],
}

fn read(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let mut problems = Vec::new();
    for layout in layouts(bytes) {
        let Some(info) = place(&layout) else {
            continue;
        };
        let Some(info) = build_info(info, &layout) else {
            let detail = "has Go build information that cannot be read";
            problems.extend(malformed(path, detail));
            continue;
        };
        let (packages, more) = modules::packages(path, info.modules, &layout, limits);
        found.packages.extend(packages.into_iter().map(Into::into));
        problems.extend(more);
        match version::of_go(info.version) {
            Some(version) => {
                let stdlib = Package::new(PackageType::Golang, "stdlib", version);
                found.packages.push(stdlib.into());
            }
            None => {
                let version = crate::text::excerpt(info.version);
                let detail = format!("was built by a Go without a version: '{version}'");
                problems.extend(malformed(path, detail));
            }
        }
    }
    // The architectures of one file are built from the same.
    found.keep_each_once();
    (found, problems)
}

/// The build information and what follows it: in its section, or in what a program without
/// sections is loaded with, where it lies in the first writable segment.
fn place<'a>(layout: &Layout<'a>) -> Option<&'a [u8]> {
    if let Some(section) = layout.section(SECTIONS) {
        return search(section.data);
    }
    // PE has no section of its own for it.
    if let Some(found) = layout
        .section(&[".data"])
        .and_then(|data| search(data.data))
    {
        return Some(found);
    }
    if !layout.sections.is_empty() {
        return None;
    }
    let writable = layout.segments.iter().filter(|part| part.is_writable);
    writable.into_iter().find_map(|part| search(part.data))
}

/// Older linkers put it first, newer ones anywhere.
fn search(data: &[u8]) -> Option<&[u8]> {
    let mut blocks = data.chunks_exact(ALIGNMENT).enumerate();
    let at = blocks.find(|(_, block)| block.starts_with(MAGIC))?.0;
    data.get(at * ALIGNMENT..)
}

fn build_info<'a>(info: &'a [u8], layout: &Layout<'a>) -> Option<BuildInfo<'a>> {
    let [pointer_size, flags] = info.get(MAGIC.len()..)?.first_chunk().copied()?;
    let (version, modules) = match flags & IS_INLINE != 0 {
        true => {
            let (version, rest) = inline(info.get(32..)?)?;
            (
                version,
                inline(rest).map_or(&[][..], |(modules, _)| modules),
            )
        }
        false => {
            let reader = Pointers {
                layout,
                size: usize::from(pointer_size),
                is_big_endian: flags & IS_BIG_ENDIAN != 0,
            };
            let second = 16_usize.checked_add(reader.size)?;
            let version = reader.text(reader.number(info.get(16..)?)?)?;
            let modules = reader.number(info.get(second..)?);
            (
                version,
                modules.and_then(|at| reader.text(at)).unwrap_or_default(),
            )
        }
    };
    // Without both marks there are no modules.
    let end = modules.len().saturating_sub(MARK);
    let modules = match end.checked_sub(1).and_then(|last| modules.get(last)) {
        Some(b'\n') => modules.get(MARK..end).unwrap_or_default(),
        _ => &[],
    };
    Some(BuildInfo { version, modules })
}

/// A text with its length before it, seven bits a byte, and what follows it.
fn inline(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(9) {
        length |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let rest = bytes.get(at + 1..)?;
            return rest.split_at_checked(usize::try_from(length).ok()?);
        }
    }
    None
}

/// How numbers, and Go's texts, lie in a program's memory.
struct Pointers<'l, 'a> {
    layout: &'l Layout<'a>,
    size: usize,
    is_big_endian: bool,
}

impl<'a> Pointers<'_, 'a> {
    fn number(&self, bytes: &[u8]) -> Option<u64> {
        let word = bytes.get(..self.size)?;
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        match (self.size, self.is_big_endian) {
            (4 | 8, true) => Some(word.iter().fold(0, add)),
            (4 | 8, false) => Some(word.iter().rev().fold(0, add)),
            _ => None,
        }
    }

    /// The text whose head, address and length, lies at an address.
    fn text(&self, head: u64) -> Option<&'a [u8]> {
        let size = self.size as u64;
        let address = self.number(self.layout.at(head, size)?)?;
        let length = self.number(self.layout.at(head.checked_add(size)?, size)?)?;
        self.layout.at(address, length)
    }
}
