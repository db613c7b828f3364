//! An rpm header, as the databases hold it: rpm's "RPM V4 Package format", "Header", without the
//! magic before it.
//!
//! Two big-endian counts, of entries and of data bytes; then the entries of 16 bytes each, tag,
//! type, offset and count; then the data.

use image::path;
use model::{Package, PackageType, Source};

use crate::cataloger::{FoundPackage, OwnedFile};
use crate::text::word;

mod tag {
    pub const NAME: u32 = 1000;
    pub const VERSION: u32 = 1001;
    pub const RELEASE: u32 = 1002;
    pub const EPOCH: u32 = 1003;
    pub const VENDOR: u32 = 1011;
    pub const LICENSE: u32 = 1014;
    pub const ARCH: u32 = 1022;
    pub const OLD_FILE_NAMES: u32 = 1027;
    pub const FILE_MODES: u32 = 1030;
    pub const FILE_DIGESTS: u32 = 1035;
    pub const SOURCE_RPM: u32 = 1044;
    pub const DIR_INDEXES: u32 = 1116;
    pub const BASE_NAMES: u32 = 1117;
    pub const DIR_NAMES: u32 = 1118;
    pub const FILE_DIGEST_ALGORITHM: u32 = 5011;
    pub const MODULARITY_LABEL: u32 = 5096;
}

mod kind {
    pub const INT16: u32 = 3;
    pub const INT32: u32 = 4;
    pub const STRING: u32 = 6;
    pub const STRING_ARRAY: u32 = 8;
    pub const I18N_STRING: u32 = 9;
}

/// What a package's keys are called that are kept in the database as packages.
const KEY: &str = "gpg-pubkey";

/// An installed package with the files that it owns; `None` for a key, which is no package.
///
/// # Errors
///
/// What is wrong with the header, in words.
pub fn package(blob: &[u8]) -> Result<Option<(FoundPackage, Vec<OwnedFile>)>, &'static str> {
    let header = Header::new(blob).ok_or("is no header of a package")?;
    let name = header.word(tag::NAME).ok_or("has no usable name")?;
    if name == KEY {
        return Ok(None);
    }
    let version = header.word(tag::VERSION).ok_or("has no usable version")?;
    let release = header.word(tag::RELEASE).ok_or("has no usable release")?;
    let version = match header.number(tag::EPOCH) {
        Some(epoch) => format!("{epoch}:{version}-{release}"),
        None => format!("{version}-{release}"),
    };
    let text = |tag: u32| {
        header
            .string(tag)
            .map(clean)
            .filter(|text| !text.is_empty())
    };
    let package = FoundPackage {
        licence: text(tag::LICENSE).unwrap_or_default(),
        ..FoundPackage::from(Package {
            source: header.string(tag::SOURCE_RPM).and_then(source),
            architecture: header.word(tag::ARCH),
            module: header.word(tag::MODULARITY_LABEL),
            vendor: text(tag::VENDOR),
            ..Package::new(PackageType::Rpm, name, version)
        })
    };
    Ok(Some((package, header.files())))
}

/// Free text on one line. rpm's query writes `(none)` for what is missing, and so do those who
/// build packages by its help.
pub fn clean(text: &[u8]) -> String {
    match text.trim_ascii() {
        b"(none)" => String::new(),
        text => path::text(text).replace(char::is_control, " "),
    }
}

/// Name and version of `perl-5.26.3-416.el8.src.rpm`, which says no epoch.
pub fn source(file: &[u8]) -> Option<Source> {
    let file = word(file)?;
    let bare = file.strip_suffix(".rpm")?;
    let (bare, kind) = bare.rsplit_once('.')?;
    if !matches!(kind, "src" | "nosrc") {
        return None;
    }
    let (rest, release) = bare.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let is_whole = [name, version, release].iter().all(|part| !part.is_empty());
    is_whole.then(|| Source {
        name: name.to_owned(),
        version: format!("{version}-{release}"),
    })
}

struct Header<'a> {
    entries: &'a [u8],
    data: &'a [u8],
}

/// Where the values of a tag are.
struct Entry<'a> {
    kind: u32,
    count: usize,
    /// The data from its first value to the end of all.
    data: &'a [u8],
}

impl<'a> Header<'a> {
    /// `None` where the counts do not fit the bytes. What follows the data is left alone: pages
    /// are padded.
    fn new(blob: &'a [u8]) -> Option<Header<'a>> {
        let (counts, rest) = blob.split_at_checked(8)?;
        let (entries, bytes) = (number(counts.get(..4)?)?, number(counts.get(4..)?)?);
        let (entries, rest) = rest.split_at_checked((entries as usize).checked_mul(16)?)?;
        let data = rest.get(..bytes as usize)?;
        (!entries.is_empty()).then_some(Header { entries, data })
    }

    /// The last entry of a tag: those that were added when the package was installed stand behind
    /// those that it was built with, and count.
    fn entry(&self, tag: u32) -> Option<Entry<'a>> {
        let tag = tag.to_be_bytes();
        let mut entries = self.entries.rchunks_exact(16);
        let entry = entries.find(|entry| entry.starts_with(&tag))?;
        let offset = number(entry.get(8..12)?)? as usize;
        Some(Entry {
            kind: number(entry.get(4..8)?)?,
            count: number(entry.get(12..)?)? as usize,
            data: self.data.get(offset..)?,
        })
    }

    /// A text; the first one of a list in several languages.
    fn string(&self, tag: u32) -> Option<&'a [u8]> {
        self.strings(tag).next()
    }

    fn word(&self, tag: u32) -> Option<String> {
        self.string(tag).and_then(word)
    }

    fn number(&self, tag: u32) -> Option<u32> {
        self.numbers(tag).next()
    }

    /// The texts of a tag, as far as they are there.
    fn strings(&self, tag: u32) -> impl Iterator<Item = &'a [u8]> {
        let entry = self.entry(tag);
        let is_text = |entry: &Entry<'_>| {
            matches!(
                entry.kind,
                kind::STRING | kind::STRING_ARRAY | kind::I18N_STRING
            )
        };
        let entry = entry.filter(is_text);
        let (mut data, count) = entry.map_or((&[][..], 0), |entry| (entry.data, entry.count));
        let next = move || {
            let end = data.iter().position(|byte| *byte == 0)?;
            let (text, rest) = data.split_at_checked(end)?;
            data = rest.get(1..)?;
            Some(text)
        };
        std::iter::from_fn(next).take(count)
    }

    /// The numbers of a tag, as far as they are there.
    fn numbers(&self, tag: u32) -> impl Iterator<Item = u32> {
        let entry = self.entry(tag);
        let (data, count, width) = match entry {
            Some(entry) if entry.kind == kind::INT32 => (entry.data, entry.count, 4),
            Some(entry) if entry.kind == kind::INT16 => (entry.data, entry.count, 2),
            _ => (&[][..], 0, 4),
        };
        data.chunks_exact(width).take(count).filter_map(number)
    }

    /// The files that the package owns, without its directories.
    fn files(&self) -> Vec<OwnedFile> {
        let algorithm = Algorithm::of(self.number(tag::FILE_DIGEST_ALGORITHM));
        let mut digests = self.strings(tag::FILE_DIGESTS);
        let mut modes = self.numbers(tag::FILE_MODES);
        let mut files = Vec::new();
        let mut add = |directory: &[u8], name: &[u8]| {
            let digest = digests.next().unwrap_or_default();
            let mode = modes.next().unwrap_or_default();
            if mode & 0o170_000 != 0o040_000 {
                let path = path::normalise(&[directory, name].concat());
                let digest = algorithm.digest(digest);
                files.push(OwnedFile { path, digest });
            }
        };
        let directories: Vec<&[u8]> = self.strings(tag::DIR_NAMES).collect();
        let indexes = self.numbers(tag::DIR_INDEXES);
        for (name, index) in self.strings(tag::BASE_NAMES).zip(indexes) {
            let directory = directories.get(index as usize).copied();
            add(directory.unwrap_or_default(), name);
        }
        // rpm before 4.0 wrote whole paths.
        for path in self.strings(tag::OLD_FILE_NAMES) {
            add(b"", path);
        }
        files.retain(|file| !file.path.is_empty());
        files
    }
}

/// A big-endian number of up to four bytes.
fn number(bytes: &[u8]) -> Option<u32> {
    let add = |sum: u32, byte: &u8| sum << 8 | u32::from(*byte);
    (bytes.len() <= 4).then(|| bytes.iter().fold(0, add))
}

/// How the files of a package were digested, and how long that is in hexadecimal digits.
struct Algorithm {
    prefix: &'static str,
    length: usize,
}

impl Algorithm {
    /// The algorithm of a number of OpenPGP, RFC 9580, 9.5; MD5 where there is none, since it came
    /// before the tag did. Of others no digests are kept.
    fn of(number: Option<u32>) -> Algorithm {
        let (prefix, length) = match number {
            None | Some(1) => ("md5:", 32),
            Some(2) => ("sha1:", 40),
            Some(8) => ("sha256:", 64),
            Some(_) => ("", usize::MAX),
        };
        Algorithm { prefix, length }
    }

    fn digest(&self, text: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(text).ok()?;
        let is_one = text.len() == self.length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_one.then(|| format!("{}{}", self.prefix, text.to_ascii_lowercase()))
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A value of a tag.
    pub enum Value<'a> {
        Text(&'a str),
        Texts(&'a [&'a str]),
        Numbers(&'a [u32]),
    }

    /// A header of tags and values, as rpm writes it.
    pub fn header(tags: &[(u32, Value<'_>)]) -> Vec<u8> {
        let (mut entries, mut data) = (Vec::new(), Vec::new());
        for (tag, value) in tags {
            let (kind, count) = match value {
                Value::Text(_) => (kind::STRING, 1),
                Value::Texts(texts) => (kind::STRING_ARRAY, texts.len()),
                Value::Numbers(numbers) => (kind::INT32, numbers.len()),
            };
            for number in [*tag, kind, data.len() as u32, count as u32] {
                entries.extend(number.to_be_bytes());
            }
            match value {
                Value::Text(text) => data.extend([text.as_bytes(), b"\0"].concat()),
                Value::Texts(texts) => {
                    data.extend(
                        texts
                            .iter()
                            .flat_map(|text| [text.as_bytes(), b"\0"].concat()),
                    );
                }
                Value::Numbers(numbers) => {
                    data.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
                }
            }
        }
        let mut header = Vec::new();
        header.extend((tags.len() as u32).to_be_bytes());
        header.extend((data.len() as u32).to_be_bytes());
        header.extend(entries);
        header.extend(data);
        header
    }

    /// A header with no more than a name, a version and a release.
    pub fn small(name: &str, version: &str, release: &str) -> Vec<u8> {
        header(&[
            (tag::NAME, Value::Text(name)),
            (tag::VERSION, Value::Text(version)),
            (tag::RELEASE, Value::Text(release)),
        ])
    }

    fn told(blob: &[u8]) -> String {
        let found = match package(blob) {
            Ok(Some((package, files))) => crate::cataloger::Found {
                owned: [("it".to_owned(), files)].into(),
                packages: vec![package],
                ..Default::default()
            },
            Ok(None) => return "no package".to_owned(),
            Err(problem) => return problem.to_owned(),
        };
        crate::tests::show((found, Vec::new()))
    }

    #[test]
    fn a_header_is_a_package() {
        // After nodejs of RHEL 8's module, 2020; the files are made up.
        let digest = "B1946AC92492D2347C6235B4D2611184";
        let blob = header(&[
            (63, Value::Text("")),
            (tag::NAME, Value::Text("nodejs")),
            (tag::VERSION, Value::Text("12.16.1")),
            (tag::RELEASE, Value::Text("1.module+el8.1.0+5811+44509afe")),
            (tag::EPOCH, Value::Numbers(&[1])),
            (tag::VENDOR, Value::Text("Red Hat, Inc.")),
            (tag::LICENSE, Value::Text("MIT and\tASL 2.0 ")),
            (tag::ARCH, Value::Text("x86_64")),
            (
                tag::SOURCE_RPM,
                Value::Text("nodejs-12.16.1-1.module+el8.1.0+5811+44509afe.src.rpm"),
            ),
            (
                tag::MODULARITY_LABEL,
                Value::Text("nodejs:12:8010020200226:c27ad7f8"),
            ),
            (tag::DIR_NAMES, Value::Texts(&["/usr/bin/", "/usr/lib/"])),
            (
                tag::BASE_NAMES,
                Value::Texts(&["node", "npm", "node_modules", "x", "y"]),
            ),
            (tag::DIR_INDEXES, Value::Numbers(&[0, 0, 1, 2])),
            (
                tag::FILE_MODES,
                Value::Numbers(&[0o100_755, 0o120_777, 0o040_755]),
            ),
            (tag::FILE_DIGESTS, Value::Texts(&[digest, "", "", "zz"])),
        ]);
        expect_test::expect![[r#"
            rpm nodejs 1:12.16.1-1.module+el8.1.0+5811+44509afe (nodejs 12.16.1-1.module+el8.1.0+5811+44509afe) [x86_64] module "nodejs:12:8010020200226:c27ad7f8" vendor "Red Hat, Inc." licence "MIT and ASL 2.0"
            it owns usr/bin/node md5:b1946ac92492d2347c6235b4d2611184
            it owns usr/bin/npm
            it owns x
        "#]]
        .assert_eq(&told(&blob));
        for at in 0..blob.len() {
            told(&blob[..at]);
        }
    }

    #[test]
    fn what_is_added_on_installation_counts_and_a_key_is_no_package() {
        let again = header(&[
            (tag::NAME, Value::Text("a")),
            (tag::VERSION, Value::Text("1")),
            (tag::RELEASE, Value::Text("1")),
            (tag::OLD_FILE_NAMES, Value::Texts(&["/bin/a", "/"])),
            (tag::EPOCH, Value::Numbers(&[0])),
            (tag::VERSION, Value::Text("2")),
        ]);
        assert_eq!(told(&again), "rpm a 0:2-1\nit owns bin/a\n");
        assert_eq!(told(&small(KEY, "1", "2")), "no package");
        assert_eq!(told(&small("a b", "1", "1")), "has no usable name");
        assert_eq!(told(&small("a", "1 1", "1")), "has no usable version");
        assert_eq!(told(&small("a", "1", "")), "has no usable release");
        assert_eq!(told(b"\0\0\0\0\0\0\0\0"), "is no header of a package");
        assert_eq!(told(&[0xff; 64]), "is no header of a package");
    }

    #[test]
    fn a_source_is_told_from_its_files_name() {
        for (file, expected) in [
            ("glibc-2.28-72.el8.src.rpm", "glibc 2.28-72.el8"),
            (
                "java-1.8.0-openjdk-1.8.0.1-2.nosrc.rpm",
                "java-1.8.0-openjdk 1.8.0.1-2",
            ),
            ("(none)", ""),
            ("glibc.src.rpm", ""),
            ("glibc-2.28-72.el8.x86_64.rpm", ""),
            ("-2.28-72.src.rpm", ""),
            ("a b-1-1.src.rpm", ""),
        ] {
            let told = source(file.as_bytes()).map(|one| format!("{} {}", one.name, one.version));
            assert_eq!(told.unwrap_or_default(), expected, "{file}");
        }
    }
}
