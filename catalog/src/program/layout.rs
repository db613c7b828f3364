//! Where the parts of a program lie: its sections and the data that it is loaded with.

use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::read::macho::{FatArch, MachOFatFile32, MachOFatFile64};
use object::{Endianness, FileKind, Object, ObjectSection, ObjectSegment, elf};

/// Parts of one program that are looked at; real ones have some tens of sections.
const MOST_PARTS: usize = 4_096;
/// Architectures in one Mach-O file.
const MOST_ARCHITECTURES: usize = 16;

/// One program: of a file with several architectures, one of them.
#[derive(Debug, Default)]
pub struct Layout<'a> {
    /// Named parts of the file.
    pub sections: Vec<Part<'a>>,
    /// What is mapped when it runs, as far as the file holds it.
    pub segments: Vec<Part<'a>>,
}

/// A part of a file that is mapped to an address.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// A section's name; empty for a segment.
    pub name: &'a [u8],
    /// Its first address.
    pub address: u64,
    /// Its bytes.
    pub data: &'a [u8],
    /// Whether it is data that the program may change.
    pub is_writable: bool,
}

impl<'a> Layout<'a> {
    /// The section of one of these names.
    pub fn section(&self, names: &[&str]) -> Option<Part<'a>> {
        let is_it = |part: &&Part<'_>| names.iter().any(|name| name.as_bytes() == part.name);
        self.sections.iter().find(is_it).copied()
    }

    /// The bytes at an address.
    pub fn at(&self, address: u64, length: u64) -> Option<&'a [u8]> {
        let of = |part: &Part<'a>| {
            let start = usize::try_from(address.checked_sub(part.address)?).ok()?;
            let end = start.checked_add(usize::try_from(length).ok()?)?;
            part.data.get(start..end)
        };
        self.segments.iter().chain(&self.sections).find_map(of)
    }
}

/// The programs in a file: none where it is not one that can be read.
pub fn layouts(bytes: &[u8]) -> Vec<Layout<'_>> {
    match FileKind::parse(bytes) {
        Ok(FileKind::Elf32) => {
            let header = elf::FileHeader32::<Endianness>::parse(bytes).ok();
            header
                .and_then(|header| of_elf(header, bytes))
                .into_iter()
                .collect()
        }
        Ok(FileKind::Elf64) => {
            let header = elf::FileHeader64::<Endianness>::parse(bytes).ok();
            header
                .and_then(|header| of_elf(header, bytes))
                .into_iter()
                .collect()
        }
        Ok(FileKind::Pe32 | FileKind::Pe64 | FileKind::MachO32 | FileKind::MachO64) => {
            of_object(bytes).into_iter().collect()
        }
        Ok(FileKind::MachOFat32) => MachOFatFile32::parse(bytes)
            .map(|fat| of_fat(fat.arches(), bytes))
            .unwrap_or_default(),
        Ok(FileKind::MachOFat64) => MachOFatFile64::parse(bytes)
            .map(|fat| of_fat(fat.arches(), bytes))
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn of_fat<'a>(architectures: &[impl FatArch], bytes: &'a [u8]) -> Vec<Layout<'a>> {
    let architectures = architectures.iter().take(MOST_ARCHITECTURES);
    let parts = architectures.filter_map(|one| one.data(bytes).ok());
    parts.filter_map(of_object).collect()
}

/// An ELF file by its headers alone: damage elsewhere does not count.
fn of_elf<'a, Elf>(header: &'a Elf, bytes: &'a [u8]) -> Option<Layout<'a>>
where
    Elf: FileHeader<Endian = Endianness>,
{
    let endian = header.endian().ok()?;
    let mut layout = Layout::default();
    let segments = header.program_headers(endian, bytes).unwrap_or_default();
    for segment in segments.iter().take(MOST_PARTS) {
        if segment.p_type(endian) == elf::PT_LOAD {
            layout.segments.push(Part {
                name: b"",
                address: segment.p_vaddr(endian).into(),
                data: segment.data(endian, bytes).unwrap_or_default(),
                is_writable: (segment.p_flags(endian).0 & elf::PF_W.0) != 0,
            });
        }
    }
    if let Ok(table) = header.sections(endian, bytes) {
        for section in table.iter().take(MOST_PARTS) {
            let Ok(name) = table.section_name(endian, section) else {
                continue;
            };
            layout.sections.push(Part {
                name,
                address: section.sh_addr(endian).into(),
                data: section.data(endian, bytes).unwrap_or_default(),
                is_writable: false,
            });
        }
    }
    Some(layout)
}

fn of_object(bytes: &[u8]) -> Option<Layout<'_>> {
    let file = object::File::parse(bytes).ok()?;
    let mut layout = Layout::default();
    for segment in file.segments().take(MOST_PARTS) {
        layout.segments.push(Part {
            name: b"",
            address: segment.address(),
            data: segment.data().unwrap_or_default(),
            is_writable: segment.permissions().writable(),
        });
    }
    for section in file.sections().take(MOST_PARTS) {
        let Ok(name) = section.name_bytes() else {
            continue;
        };
        layout.sections.push(Part {
            name,
            address: section.address(),
            data: section.data().unwrap_or_default(),
            is_writable: false,
        });
    }
    Some(layout)
}
