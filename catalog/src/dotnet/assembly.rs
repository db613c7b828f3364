//! Assemblies: libraries and programs of .NET, which are PE files with a header of the runtime's.
//! What they say of themselves stands in the version resource. Form: ECMA-335, II.25; Microsoft's
//! "PE Format" and "VS_VERSIONINFO structure".
//!
//! The name is the assembly's own file name, since packages are mostly called like the assembly
//! in them: `ProductName` is for people ("Json.NET" for `Newtonsoft.Json`). The version is
//! `ProductVersion`, into which the SDK writes the package's, before `FileVersion`.

use image::Limits;
use model::{Package, PackageType, Problem};
use object::LittleEndian as LE;
use object::pe::{IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR, RT_VERSION};
use object::read::pe::{
    ImageNtHeaders, PeFile32, PeFile64, ResourceDirectoryEntryData, ResourceDirectoryTable,
};

use super::named;
use crate::cataloger::Found;
use crate::program::Reader;

/// Assemblies, among programs.
pub const READER: Reader = Reader {
    name: "dotnet-assembly",
    reads: ".NET assemblies, by their version resource, where no deps.json lies beside them",
    read,
};

/// What an assembly says. What is no assembly, or has no version resource, says nothing: it is
/// the same with most programs of Windows.
fn read(path: &str, bytes: &[u8], _limits: &Limits) -> (Found, Vec<Problem>) {
    let resource = match object::FileKind::parse(bytes) {
        Ok(object::FileKind::Pe32) => PeFile32::parse(bytes).ok().and_then(version_resource),
        Ok(object::FileKind::Pe64) => PeFile64::parse(bytes).ok().and_then(version_resource),
        _ => None,
    };
    let package = resource.and_then(|resource| package(path, &Strings::read(resource)));
    let found = Found {
        packages: package.into_iter().map(Into::into).collect(),
        ..Found::default()
    };
    (found, Vec::new())
}

/// The version resource of a file that has a header of .NET's runtime.
fn version_resource<'a, Pe: ImageNtHeaders>(
    file: object::read::pe::PeFile<'a, Pe, &'a [u8]>,
) -> Option<&'a [u8]> {
    let runtime = file.data_directory(IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR)?;
    if runtime.virtual_address.get(LE) == 0 {
        return None;
    }
    let sections = file.section_table();
    let directories = file.data_directories();
    let resources = directories.resource_directory(file.data(), &sections);
    let resources = resources.ok().flatten()?;
    let is_version = |table: &ResourceDirectoryTable<'_>, id: Option<u16>| {
        let mut entries = table.entries.iter();
        let is_it = |it: Option<u16>| id.is_none() || it == id;
        entries.position(|entry| is_it(entry.name_or_id().id()))
    };
    // By type, then by name, then by language: any of the latter two.
    let mut table = resources.root().ok()?;
    let mut id = Some(RT_VERSION);
    for _ in 0..3 {
        let at = is_version(&table, id.take())?;
        match table.entries.get(at)?.data(resources).ok()? {
            ResourceDirectoryEntryData::Table(inner) => table = inner,
            ResourceDirectoryEntryData::Data(data) => {
                let address = data.offset_to_data.get(LE);
                let bytes = sections.pe_data_at(file.data(), address)?;
                return bytes.get(..usize::try_from(data.size.get(LE)).ok()?);
            }
        }
    }
    None
}

/// The texts of a version resource that tell a package.
#[derive(Debug, Default, PartialEq, Eq)]
struct Strings {
    original: String,
    internal: String,
    product_version: String,
    file_version: String,
}

/// A node of a version resource: its key, its value and the nodes in it.
struct Node<'a> {
    key: String,
    value: &'a [u8],
    children: &'a [u8],
}

impl Strings {
    fn read(resource: &[u8]) -> Strings {
        let mut strings = Strings::default();
        let root = nodes(resource).next();
        let info = root.into_iter().flat_map(|root| nodes(root.children));
        let info = info.filter(|node| node.key == "StringFileInfo");
        let tables = info.flat_map(|info| nodes(info.children));
        // Of several languages the first counts.
        for node in tables.flat_map(|table| nodes(table.children)) {
            let slot = match node.key.as_str() {
                "OriginalFilename" => &mut strings.original,
                "InternalName" => &mut strings.internal,
                "ProductVersion" => &mut strings.product_version,
                "FileVersion" => &mut strings.file_version,
                _ => continue,
            };
            if slot.is_empty() {
                *slot = text(node.value).trim().to_owned();
            }
        }
        strings
    }
}

/// The nodes that follow each other, each at a multiple of four bytes.
fn nodes(mut left: &[u8]) -> impl Iterator<Item = Node<'_>> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(left, 0)?);
        let bytes = left.get(..length.min(left.len()))?;
        let is_text = u16_at(bytes, 4)? == 1;
        let size = usize::from(u16_at(bytes, 2)?) * if is_text { 2 } else { 1 };
        let rest = bytes.get(6..)?;
        let units = rest.chunks_exact(2).take_while(|unit| *unit != [0, 0]);
        let key_length = units.count() * 2;
        let key = text(rest.get(..key_length)?);
        let start = (6 + key_length + 2).next_multiple_of(4).min(bytes.len());
        // Some count a text's bytes and not its characters: it ends at its end anyhow.
        let end = start.saturating_add(size).min(bytes.len());
        left = left
            .get(length.max(6).next_multiple_of(4)..)
            .unwrap_or_default();
        Some(Node {
            key,
            value: bytes.get(start..end)?,
            children: bytes.get(end.next_multiple_of(4)..).unwrap_or_default(),
        })
    })
}

/// UTF-16 up to its end.
fn text(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).filter_map(|unit| u16_at(unit, 0));
    let units = units.take_while(|unit| *unit != 0);
    let chars = char::decode_utf16(units);
    chars
        .map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let field = bytes.get(at..at.checked_add(2)?)?;
    field.try_into().ok().map(u16::from_le_bytes)
}

fn package(path: &str, strings: &Strings) -> Option<Package> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let names = [strings.original.as_str(), &strings.internal, file];
    let name = names.into_iter().find_map(assembly_name)?;
    // Translations of an assembly are parts of it.
    if name.ends_with(".resources") {
        return None;
    }
    let versions = [&strings.product_version, &strings.file_version];
    let (name, version) = versions.into_iter().find_map(|text| {
        // Behind it can stand the commit (`+`), or who built it.
        let version = text
            .split(|char: char| char == '+' || char.is_whitespace())
            .next()?;
        let is_version = version.starts_with(|first: char| first.is_ascii_digit());
        named(name, version).filter(|_| is_version)
    })?;
    Some(Package::new(PackageType::Nuget, name, version))
}

/// A file's name without its extension.
fn assembly_name(file: &str) -> Option<&str> {
    let (name, end) = file.rsplit_once('.')?;
    let is_assembly = end.eq_ignore_ascii_case("dll") || end.eq_ignore_ascii_case("exe");
    (is_assembly && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests;
