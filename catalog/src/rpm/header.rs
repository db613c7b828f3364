//! A header as rpm keeps it: the number of its tags, the length of its data, sixteen bytes for each
//! tag, the data (rpm's `docs/manual/format_header.md`).

use model::{Package, PackageType, Source};

use super::bytes::{Order, size_at, u32_at};
use crate::cataloger::{Found, FoundPackage, OwnedFile};

const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const VENDOR: u32 = 1011;
const LICENSE: u32 = 1014;
const ARCH: u32 = 1022;
const FILE_DIGESTS: u32 = 1035;
const SOURCE_RPM: u32 = 1044;
const DIRECTORY_INDEXES: u32 = 1116;
const BASE_NAMES: u32 = 1117;
const DIRECTORY_NAMES: u32 = 1118;
const FILE_DIGEST_ALGORITHM: u32 = 5011;
const MODULARITY_LABEL: u32 = 5096;

/// Bytes before the tags, and of each of them.
const INTRODUCTION: usize = 8;
const ENTRY: usize = 16;
/// As many tags as rpm itself takes.
const MOST_TAGS: usize = 0xffff;

/// What a header says.
pub struct Header {
    package: FoundPackage,
    files: Vec<OwnedFile>,
}

impl Header {
    /// Adds the package with its files. The keys that signatures are checked with are kept among
    /// packages, but are none.
    pub fn add_to(self, found: &mut Found) {
        let name = &self.package.package.name;
        if name == "gpg-pubkey" {
            return;
        }
        if !self.files.is_empty() {
            let owned = found.owned.entry(name.clone()).or_default();
            owned.extend(self.files);
        }
        found.packages.push(self.package);
    }
}

/// Reads a header; `None` where it has no name and version.
pub fn read(blob: &[u8]) -> Option<Header> {
    let tags = Tags::of(blob)?;
    let word = |tag| tags.text(tag).filter(|text| is_word(text));
    let (name, version, release) = (word(NAME)?, word(VERSION)?, word(RELEASE)?);
    let version = match tags.number(EPOCH).filter(|epoch| *epoch != 0) {
        Some(epoch) => format!("{epoch}:{version}-{release}"),
        None => format!("{version}-{release}"),
    };
    let line = |tag| {
        let text = tags.text(tag)?;
        let is_some = !text.is_empty() && text != "(none)";
        (is_some && !text.contains(char::is_control)).then_some(text)
    };
    let package = Package {
        source: tags.text(SOURCE_RPM).as_deref().and_then(source),
        architecture: word(ARCH),
        module: line(MODULARITY_LABEL),
        vendor: line(VENDOR),
        ..Package::new(PackageType::Rpm, name, version)
    };
    Some(Header {
        package: FoundPackage {
            licence: line(LICENSE).unwrap_or_default(),
            ..package.into()
        },
        files: tags.files(),
    })
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|one: char| one.is_whitespace() || one.is_control())
}

/// `bash-4.4.19-12.el8.src.rpm` as name and `version-release`. It tells no epoch.
pub fn source(file: &str) -> Option<Source> {
    let stem = file
        .strip_suffix(".src.rpm")
        .or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let words = is_word(name) && is_word(version) && is_word(release);
    words.then(|| Source {
        name: name.to_owned(),
        version: format!("{version}-{release}"),
    })
}

/// The tags of a header.
struct Tags<'a> {
    entries: &'a [u8],
    data: &'a [u8],
}

impl<'a> Tags<'a> {
    fn of(blob: &'a [u8]) -> Option<Tags<'a>> {
        let count = size_at(blob, 0, Order::Big).filter(|count| *count <= MOST_TAGS)?;
        let length = size_at(blob, 4, Order::Big)?;
        let (entries, data) = blob.get(INTRODUCTION..)?.split_at_checked(count * ENTRY)?;
        Some(Tags {
            entries,
            data: data.get(..length)?,
        })
    }

    /// Type, data from its start on, and count of a tag.
    fn find(&self, wanted: u32) -> Option<(u32, &'a [u8], usize)> {
        let mut entries = self.entries.chunks_exact(ENTRY);
        let entry = entries.find(|entry| u32_at(entry, 0, Order::Big) == Some(wanted))?;
        let data = self.data.get(size_at(entry, 8, Order::Big)?..)?;
        Some((
            u32_at(entry, 4, Order::Big)?,
            data,
            size_at(entry, 12, Order::Big)?,
        ))
    }

    /// The first text of a tag of texts.
    fn text(&self, tag: u32) -> Option<String> {
        let (kind, data, _) = self.find(tag)?;
        matches!(kind, 6 | 8 | 9).then_some(())?;
        let end = data.iter().position(|byte| *byte == 0)?;
        Some(image::path::text(data.get(..end)?))
    }

    /// The texts of a tag, as bytes.
    fn texts(&self, tag: u32) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let found = self.find(tag).filter(|(kind, ..)| matches!(kind, 8 | 9));
        let (data, count) = found.map_or((&[][..], 0), |(_, data, count)| (data, count));
        data.split(|byte| *byte == 0).take(count)
    }

    fn number(&self, tag: u32) -> Option<u32> {
        let (kind, data, _) = self.find(tag)?;
        (kind == 4).then(|| u32_at(data, 0, Order::Big))?
    }

    /// The regular files that the package owns, with their digests.
    fn files(&self) -> Vec<OwnedFile> {
        let algorithm = match self.number(FILE_DIGEST_ALGORITHM) {
            None | Some(1) => "md5",
            Some(2) => "sha1",
            Some(8) => "sha256",
            Some(_) => "",
        };
        let directories: Vec<&[u8]> = self.texts(DIRECTORY_NAMES).collect();
        let Some((4, indexes, _)) = self.find(DIRECTORY_INDEXES) else {
            return Vec::new();
        };
        let digests = self.texts(FILE_DIGESTS).chain(std::iter::repeat(&[][..]));
        let named = self.texts(BASE_NAMES).zip(digests).enumerate();
        let file = |(at, (name, digest)): (usize, (&[u8], &[u8]))| {
            let index = size_at(indexes, at.checked_mul(4)?, Order::Big)?;
            let directory = directories.get(index)?;
            let is_digest = !digest.is_empty() && digest.iter().all(u8::is_ascii_hexdigit);
            let digest = (is_digest && !algorithm.is_empty())
                .then(|| format!("{algorithm}:{}", image::path::text(digest)));
            Some(OwnedFile {
                path: image::path::normalise(&[directory, name].concat()),
                digest,
            })
        };
        // What has no digest is a directory, a link or a device.
        let files = named.filter_map(file);
        files.filter(|file| file.digest.is_some()).collect()
    }
}
