//! The package note of ELF files: JSON in a section `.note.package`, by which a distribution's
//! package is known without its database; <https://systemd.io/ELF_PACKAGE_METADATA/>.

use std::borrow::Cow;

use image::Limits;
use model::{Package, PackageType, Problem, Source};
use serde::Deserialize;

use super::layout::layouts;
use super::{Reader, malformed};
use crate::cataloger::{Found, FoundPackage};
use crate::text::word;

/// The notes of packages in ELF files.
pub const READER: Reader = Reader {
    name: "elf-package-note",
    reads: "the package that an ELF file was built for, from its note (systemd's specification)",
    read,
};

/// The type of such a note, `FDO_PACKAGING_METADATA`.
const PACKAGING: u32 = 0xcafe_1a7e;

#[derive(Deserialize)]
struct Note<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    version: Cow<'a, str>,
    #[serde(borrow, default)]
    architecture: Cow<'a, str>,
    #[serde(borrow, default)]
    license: Cow<'a, str>,
    #[serde(borrow, default)]
    cpe: Cow<'a, str>,
}

fn read(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    for layout in layouts(bytes) {
        let Some(section) = layout.section(&[".note.package"]) else {
            continue;
        };
        let parsed = serde_json::from_slice::<Note<'_>>(text(section.data));
        match parsed {
            Ok(note) => found.packages.extend(package(&note)),
            Err(error) => {
                let detail = format!("has a package note that cannot be read: {error}");
                return (found, malformed(path, detail));
            }
        }
    }
    (found, Vec::new())
}

/// The text of a note, behind its header; some write it without one.
fn text(section: &[u8]) -> &[u8] {
    let number = |at: usize| -> Option<u32> {
        let bytes: [u8; 4] = section.get(at..)?.first_chunk().copied()?;
        Some(u32::from_ne_bytes(bytes))
    };
    let swapped = |at| number(at).map(u32::swap_bytes);
    let of = |read: &dyn Fn(usize) -> Option<u32>| {
        (read(8)? == PACKAGING).then_some(())?;
        let name = usize::try_from(read(0)?)
            .ok()?
            .checked_next_multiple_of(4)?;
        let start = name.checked_add(12)?;
        let end = start.checked_add(usize::try_from(read(4)?).ok()?)?;
        section.get(start..end)
    };
    let text = of(&number).or_else(|| of(&swapped)).unwrap_or(section);
    let end = text.iter().rposition(|byte| *byte != 0);
    end.and_then(|end| text.get(..=end)).unwrap_or_default()
}

/// The package; its name is that of the source package.
fn package(note: &Note<'_>) -> Option<FoundPackage> {
    let (name, version) = (word(note.name.as_bytes())?, word(note.version.as_bytes())?);
    let kind = note.kind.parse().unwrap_or(PackageType::Generic);
    let source = (kind != PackageType::Generic).then(|| Source {
        name: name.clone(),
        version: version.clone(),
    });
    Some(FoundPackage {
        licence: note.license.trim().to_owned(),
        ..FoundPackage::from(Package {
            source,
            architecture: word(note.architecture.as_bytes()),
            cpe: cpe(&note.cpe),
            ..Package::new(kind, name, version)
        })
    })
}

/// `vendor:product` of a platform's name, `cpe:/a:vendor:product:…` or `cpe:2.3:a:vendor:…`.
fn cpe(name: &str) -> Option<String> {
    let rest = name
        .strip_prefix("cpe:2.3:")
        .or(name.strip_prefix("cpe:/"))?;
    let mut parts = rest.split(':').skip(1);
    let (vendor, product) = (
        word(parts.next()?.as_bytes())?,
        word(parts.next()?.as_bytes())?,
    );
    Some(format!("{vendor}:{product}"))
}
