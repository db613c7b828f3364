//! Go programs: the build information that the linker puts into each, `runtime/debug.BuildInfo`
//! behind the header of `debug/buildinfo` ("\xff Go buildinf:").

use image::Limits;
use model::{Package, PackageType, Problem, ProblemKind};
use object::{Object, ObjectSection, ObjectSegment};

use super::Program;
use crate::cataloger::{Found, FoundPackage};
use crate::text::is_word;

mod version;

const MAGIC: &[u8] = b"\xff Go buildinf:";
/// The header: the magic, the size of a pointer, flags, and up to two pointers.
const HEADER: usize = 32;
/// What surrounds the text of modules, so that it is found in memory.
const MARGIN: usize = 16;

/// The modules in the program, the program's own and the standard library among them.
pub fn read(program: &Program<'_>, _: &Limits) -> Option<(Found, Vec<Problem>)> {
    let data = section(program)?;
    let mut found = Found::default();
    let Some(information) = information(program, data) else {
        let detail = "has build information of Go that cannot be read";
        let problem = Problem::new(ProblemKind::Malformed, program.path, detail);
        return Some((found, vec![problem]));
    };
    found.packages = packages(&information);
    Some((found, Vec::new()))
}

/// Where the header lies. A section of its own since Go 1.13; without one it begins the data.
fn section<'a>(program: &Program<'a>) -> Option<&'a [u8]> {
    let names = [".go.buildinfo", "__go_buildinfo"];
    for name in names {
        if let Some(section) = program.file.section_by_name(name) {
            return section.data().ok().filter(|data| data.starts_with(MAGIC));
        }
    }
    // PE files have no such section: it begins the one of data, at a multiple of 16.
    let section = program.file.section_by_name(".data")?;
    let data = section.data().ok()?;
    let start = data.get(..data.len().min(64 << 10))?;
    let at = (0..start.len())
        .step_by(MARGIN)
        .find(|at| start.get(*at..).is_some_and(|rest| rest.starts_with(MAGIC)))?;
    data.get(at..)
}

/// What the header leads to.
#[derive(Default)]
struct Information {
    /// `go1.21.3`, with experiments behind a blank.
    version: String,
    /// Lines of `path`, `mod`, `dep`, `=>` and `build`.
    modules: String,
}

fn information(program: &Program<'_>, data: &[u8]) -> Option<Information> {
    let size = usize::from(*data.get(14)?);
    let flags = *data.get(15)?;
    let (version, modules) = if flags & 2 != 0 {
        // Since Go 1.18 both texts follow the header, each behind its length.
        let mut rest = data.get(HEADER..)?;
        (text(&mut rest)?, text(&mut rest).unwrap_or_default())
    } else {
        let word = |at: usize| {
            let bytes = data.get(at..at + size)?;
            pointer(bytes, flags & 1 != 0)
        };
        let of = |address: u64| string_at(program, address, size, flags & 1 != 0);
        let version = of(word(16)?)?;
        (version, word(16 + size).and_then(of).unwrap_or_default())
    };
    let inside = modules.get(MARGIN..modules.len().saturating_sub(MARGIN));
    let modules = inside.unwrap_or_default();
    Some(Information {
        version: String::from_utf8_lossy(version).into_owned(),
        modules: String::from_utf8_lossy(modules).into_owned(),
    })
}

fn pointer(bytes: &[u8], big: bool) -> Option<u64> {
    match (bytes.len(), big) {
        (4, false) => Some(u64::from(u32::from_le_bytes(bytes.try_into().ok()?))),
        (4, true) => Some(u64::from(u32::from_be_bytes(bytes.try_into().ok()?))),
        (8, false) => Some(u64::from_le_bytes(bytes.try_into().ok()?)),
        (8, true) => Some(u64::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
}

/// A text behind its length, a varint.
fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (mut length, mut shift) = (0_usize, 0_u32);
    loop {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            break;
        }
        shift += 7;
        if shift > 28 {
            return None;
        }
    }
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(text)
}

/// Before Go 1.18: a pointer to Go's string, which is a pointer and a length.
fn string_at<'a>(program: &Program<'a>, address: u64, size: usize, big: bool) -> Option<&'a [u8]> {
    let header = memory(program, address, 2 * size as u64)?;
    let (place, length) = header.split_at_checked(size)?;
    memory(program, pointer(place, big)?, pointer(length, big)?)
}

fn memory<'a>(program: &Program<'a>, address: u64, length: u64) -> Option<&'a [u8]> {
    if length > program.bytes.len() as u64 {
        return None;
    }
    let mut segments = program.file.segments();
    segments.find_map(|segment| segment.data_range(address, length).ok().flatten())
}

/// A module, or what replaced it.
struct Module<'a> {
    path: &'a str,
    version: &'a str,
}

fn module<'a>(fields: &mut std::str::Split<'a, char>) -> Option<Module<'a>> {
    let path = fields.next()?;
    let version = fields.next().unwrap_or_default();
    Some(Module { path, version })
}

fn packages(information: &Information) -> Vec<FoundPackage> {
    let mut modules: Vec<Module<'_>> = Vec::new();
    let mut main = None;
    let mut settings = Vec::new();
    for line in information.modules.lines() {
        let mut fields = line.split('\t');
        match fields.next() {
            Some("mod") => main = module(&mut fields),
            Some("dep") => modules.extend(module(&mut fields)),
            // What stands instead of the module before it; a directory has no version.
            Some("=>") => {
                let other = module(&mut fields).filter(|other| !other.version.is_empty());
                if let (Some(replaced), Some(other)) = (modules.last_mut(), other) {
                    *replaced = other;
                }
            }
            Some("build") => settings.extend(fields.next().and_then(|text| text.split_once('='))),
            _ => {}
        }
    }
    let mut all: Vec<(String, String)> = Vec::new();
    if let Some(main) = main {
        let version = version::of_main(main.version, main.path, &settings);
        all.push((main.path.to_owned(), version));
    }
    let own = |module: Module<'_>| (module.path.to_owned(), module.version.to_owned());
    all.extend(modules.into_iter().map(own));
    all.extend(standard_library(&information.version));
    all.retain(|(path, version)| is_word(path) && is_word(version));
    let package = |(path, version)| Package::new(PackageType::Golang, path, version).into();
    all.into_iter().map(package).collect()
}

/// `go1.21.3 X:boringcrypto` as the module `stdlib` of 1.21.3, the name that Go's advisories use.
fn standard_library(version: &str) -> Option<(String, String)> {
    let version = version.split_whitespace().next()?;
    let number = version.strip_prefix("go")?;
    let is_release = number.starts_with(|first: char| first.is_ascii_digit());
    is_release.then(|| ("stdlib".to_owned(), number.to_owned()))
}

#[cfg(test)]
mod tests;
