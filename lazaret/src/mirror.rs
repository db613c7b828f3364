//! A directory of feeds: one directory per source, its files unpacked or as upstream packs them.
//!
//! Archives are read member by member, in order, so that no feed is ever whole in memory. What a
//! feed does not want is passed over unread.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use flate2::bufread::MultiGzDecoder;
use jiff::Timestamp;

use crate::db::update::kinds;

/// Bounds on what a mirror may make us read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One file or member, unpacked, in bytes.
    pub file_bytes: u64,
    /// All members of one archive, unpacked, in bytes.
    pub archive_bytes: u64,
    /// Files and members of one source.
    pub files: u64,
    /// Directories inside each other.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            file_bytes: 1 << 30,
            archive_bytes: 32 << 30,
            files: 5_000_000,
            depth: 32,
        }
    }
}

/// One file of a source, unpacked.
pub struct Member<'a> {
    /// The archive that it is a member of, by its path in the source.
    pub archive: Option<&'a str>,
    /// Its path in the source; for a member of an archive, the path inside.
    pub path: &'a str,
    /// The date that the archive gives it; a plain file's own date says nothing.
    pub modified: Option<Timestamp>,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// Takes the files of a source.
pub trait Visitor {
    /// Whether a file is worth unpacking.
    fn wants(&self, path: &str) -> bool;
    /// Takes one.
    fn take(&mut self, member: Member<'_>);
    /// Hears of one that could not be read; the rest of the source goes on.
    fn broken(&mut self, path: &str, error: &anyhow::Error);
}

/// The directories of a mirror, by name. Names that begin with `_` or `.` are passed over.
///
/// # Errors
///
/// Where the mirror cannot be listed.
pub fn sources(mirror: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for (name, path) in list(mirror)? {
        if path.is_dir() && !name.starts_with(['_', '.']) {
            found.push((name, path));
        }
    }
    Ok(found)
}

/// The names of documents in a source's archives that count no more: a newer one lies in a
/// directory `changed`, or a list `deletions.csv` says that it was removed.
///
/// # Errors
///
/// Where the source cannot be listed.
pub fn replaced(source: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for (name, path) in list(source)? {
        if path.is_dir() {
            let changed = path.join(kinds::CHANGED);
            if changed.is_dir() {
                names_below(&changed, 0, &mut names)?;
            }
            names.extend(deleted(&path.join(kinds::DELETED)));
        } else if name == kinds::DELETED {
            names.extend(deleted(&path));
        }
    }
    Ok(names)
}

fn names_below(directory: &Path, depth: usize, names: &mut BTreeSet<String>) -> anyhow::Result<()> {
    for (name, path) in list(directory)? {
        match path.is_dir() {
            true if depth < Limits::default().depth => names_below(&path, depth + 1, names)?,
            true => {}
            false => drop(names.insert(name)),
        }
    }
    Ok(())
}

/// The names of the documents in a list of removed ones.
fn deleted(list: &Path) -> Vec<String> {
    let text = fs::read_to_string(list).unwrap_or_default();
    let first = |line: &str| {
        let path = line.split(',').next().unwrap_or_default();
        let name = path.trim().trim_matches('"').rsplit('/').next();
        name.map(str::to_owned)
    };
    text.lines()
        .filter_map(first)
        .filter(|name| !name.is_empty())
        .collect()
}

/// Reads a source to its end.
///
/// # Errors
///
/// Where its directory cannot be listed at all, or holds more files than the limit.
pub fn read(source: &Path, limits: &Limits, visitor: &mut dyn Visitor) -> anyhow::Result<()> {
    let mut reader = Reader {
        limits,
        visitor,
        files: 0,
    };
    reader.directory(source, "", 0)
}

fn list(directory: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let failed = || format!("cannot list {}", directory.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        entries.push((
            entry.file_name().to_string_lossy().into_owned(),
            entry.path(),
        ));
    }
    entries.sort();
    Ok(entries)
}

struct Reader<'a> {
    limits: &'a Limits,
    visitor: &'a mut dyn Visitor,
    files: u64,
}

impl Reader<'_> {
    fn directory(&mut self, directory: &Path, prefix: &str, depth: usize) -> anyhow::Result<()> {
        if depth > self.limits.depth {
            bail!(
                "{} lies deeper than {} directories",
                directory.display(),
                self.limits.depth
            );
        }
        for (name, path) in list(directory)? {
            let inner = format!("{prefix}{name}");
            let kind = fs::symlink_metadata(&path)?.file_type();
            if kind.is_dir() {
                self.directory(&path, &format!("{inner}/"), depth + 1)?;
            } else if kind.is_file() {
                if let Err(error) = self.file(&path, &inner) {
                    self.visitor.broken(&inner, &error);
                }
                if self.files > self.limits.files {
                    bail!("more than {} files", self.limits.files);
                }
            }
        }
        Ok(())
    }

    /// A plain file or an archive, told by its name's end.
    fn file(&mut self, path: &Path, inner: &str) -> anyhow::Result<()> {
        let open = || File::open(path).map(BufReader::new);
        if inner.ends_with(".zip") {
            return self.zip(open()?, inner);
        }
        for (end, packing) in ARCHIVES {
            if inner.ends_with(end) {
                return self.tar(packing.open(open()?)?, inner);
            }
        }
        for (end, packing) in PACKED {
            if let Some(plain) = inner.strip_suffix(end) {
                return self.plain(packing.open(open()?)?, plain);
            }
        }
        self.plain(Box::new(open()?), inner)
    }

    fn plain(&mut self, reader: Box<dyn Read>, path: &str) -> anyhow::Result<()> {
        self.files += 1;
        if !self.visitor.wants(path) {
            return Ok(());
        }
        let bytes = read_bounded(reader, self.limits.file_bytes)?;
        let archive = None;
        self.visitor.take(Member {
            archive,
            path,
            modified: None,
            bytes: &bytes,
        });
        Ok(())
    }

    fn tar(&mut self, reader: Box<dyn Read>, name: &str) -> anyhow::Result<()> {
        let mut archive = tar::Archive::new(reader.take(self.limits.archive_bytes));
        for entry in archive.entries()? {
            let entry =
                entry.context("the archive is broken here; what lies behind is not read")?;
            self.files += 1;
            if !entry.header().entry_type().is_file() || self.files > self.limits.files {
                continue;
            }
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let path = path.trim_start_matches("./");
            if !self.visitor.wants(path) {
                continue;
            }
            let seconds = entry
                .header()
                .mtime()
                .ok()
                .and_then(|time| i64::try_from(time).ok());
            let modified = seconds.filter(|seconds| *seconds > 0);
            let modified = modified.and_then(|seconds| Timestamp::from_second(seconds).ok());
            let bytes = read_bounded(entry, self.limits.file_bytes)
                .with_context(|| format!("{path} cannot be read"))?;
            self.visitor.take(Member {
                archive: Some(name),
                path,
                modified,
                bytes: &bytes,
            });
        }
        Ok(())
    }

    fn zip(&mut self, file: BufReader<File>, name: &str) -> anyhow::Result<()> {
        let mut archive = zip::ZipArchive::new(file)?;
        let mut total = 0u64;
        for index in 0..archive.len() {
            let member = match archive.by_index(index) {
                Ok(member) => member,
                Err(error) => {
                    self.visitor
                        .broken(&format!("member {index}"), &error.into());
                    continue;
                }
            };
            self.files += 1;
            let path = String::from_utf8_lossy(member.name_raw()).into_owned();
            if !member.is_file() || !self.visitor.wants(&path) || self.files > self.limits.files {
                continue;
            }
            let modified = member.last_modified().and_then(zip_time);
            match read_bounded(member, self.limits.file_bytes) {
                Ok(bytes) => {
                    total = total.saturating_add(bytes.len() as u64);
                    self.visitor.take(Member {
                        archive: Some(name),
                        path: &path,
                        modified,
                        bytes: &bytes,
                    });
                }
                Err(error) => self.visitor.broken(&path, &error),
            }
            if total > self.limits.archive_bytes {
                bail!(
                    "the archive holds more than {} bytes",
                    self.limits.archive_bytes
                );
            }
        }
        Ok(())
    }
}

/// A zip's dates have no zone; UTC is what the publishers' tools write.
fn zip_time(time: zip::DateTime) -> Option<Timestamp> {
    let part = |value: u8| i8::try_from(value).ok();
    let civil = jiff::civil::DateTime::new(
        i16::try_from(time.year()).ok()?,
        part(time.month())?,
        part(time.day())?,
        part(time.hour())?,
        part(time.minute())?,
        part(time.second())?,
        0,
    );
    // 1980-01-01 is what a tool writes that has no date to give.
    let zoned = civil
        .ok()?
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .ok()?;
    Some(zoned.timestamp()).filter(|_| time.year() > 1980)
}

/// How a file is packed.
#[derive(Clone, Copy)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

/// Archives by how their names end.
const ARCHIVES: [(&str, Packing); 9] = [
    (".tar", Packing::Plain),
    (".tar.gz", Packing::Gzip),
    (".tgz", Packing::Gzip),
    (".tar.zst", Packing::Zstd),
    (".tzst", Packing::Zstd),
    (".tar.bz2", Packing::Bzip2),
    (".tbz2", Packing::Bzip2),
    (".tar.xz", Packing::Xz),
    (".txz", Packing::Xz),
];

/// Single files by how their names end.
const PACKED: [(&str, Packing); 4] = [
    (".gz", Packing::Gzip),
    (".zst", Packing::Zstd),
    (".bz2", Packing::Bzip2),
    (".xz", Packing::Xz),
];

/// The largest dictionary of an xz file, in KiB.
const MOST_DICTIONARY: u32 = 256 << 10;

impl Packing {
    /// What is in a file.
    fn open(self, reader: BufReader<File>) -> io::Result<Box<dyn Read>> {
        Ok(match self {
            Packing::Plain => Box::new(reader),
            Packing::Gzip => Box::new(MultiGzDecoder::new(reader)),
            Packing::Zstd => Box::new(zstd::Decoder::with_buffer(reader)?),
            Packing::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(reader)),
            Packing::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(
                reader,
                true,
                MOST_DICTIONARY,
            )),
        })
    }
}

fn read_bounded(reader: impl Read, limit: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
        true => Ok(bytes),
        false => bail!("it is larger than {limit} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[derive(Default)]
    struct Log(Vec<String>);

    impl Visitor for Log {
        fn wants(&self, path: &str) -> bool {
            path.ends_with(".json")
        }

        fn take(&mut self, member: Member<'_>) {
            let text = String::from_utf8_lossy(member.bytes);
            let date = member
                .modified
                .map(|time| time.to_string())
                .unwrap_or_default();
            self.0.push(
                format!("{} {text} {date}", member.path)
                    .trim_end()
                    .to_owned(),
            );
        }

        fn broken(&mut self, path: &str, _: &anyhow::Error) {
            self.0.push(format!("broken {path}"));
        }
    }

    fn tar_of(files: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mtime(1_680_393_600);
            header.set_cksum();
            builder
                .append_data(&mut header, path, text.as_bytes())
                .unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn read_all(directory: &Path, limits: &Limits) -> Vec<String> {
        let mut log = Log::default();
        read(directory, limits, &mut log).unwrap();
        log.0
    }

    #[test]
    fn files_are_found_however_they_are_packed() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::create_dir(path("d")).unwrap();
        fs::write(path("d/plain.json"), "1").unwrap();
        fs::write(path("passed-over.txt"), "x").unwrap();
        fs::write(
            path("single.json.zst"),
            zstd::encode_all(&b"2"[..], 3).unwrap(),
        )
        .unwrap();
        let archive = tar_of(&[("./a.json", "3"), ("b.txt", "x")]);
        fs::write(
            path("t.tar.zst"),
            zstd::encode_all(&archive[..], 3).unwrap(),
        )
        .unwrap();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&archive).unwrap();
        fs::write(path("t.tar.gz"), gzip.finish().unwrap()).unwrap();
        let mut zip = zip::ZipWriter::new(File::create(path("z.zip")).unwrap());
        zip.start_file("c.json", zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(b"4").unwrap();
        zip.finish().unwrap();
        let read = read_all(directory.path(), &Limits::default());
        assert_eq!(
            read,
            [
                "d/plain.json 1",
                "single.json 2",
                "a.json 3 2023-04-02T00:00:00Z",
                "a.json 3 2023-04-02T00:00:00Z",
                "c.json 4",
            ]
        );
    }

    // Packed by xz 5.4 and bzip2 1.0.
    #[test]
    fn xz_and_bzip2_are_unpacked() {
        let directory = tempfile::tempdir().unwrap();
        for (name, packed) in [
            (
                "a.json.xz",
                "fd377a585a000004e6d6b4460200210116000000742fe5a30100077b2278223a20357d\
             00e5df045c3ac4843b00012008bb19d9bb1fb6f37d010000000004595a",
            ),
            (
                "b.json.bz2",
                "425a683931415926535995abb88c000003188050000110004a20002218021804e27d6e\
             17724538509095abb88c",
            ),
            ("c.json.xz", "fd377a585a0000"),
            ("d.json.bz2", "425a68"),
        ] {
            let bytes = hex::decode(packed).unwrap();
            fs::write(directory.path().join(name), bytes).unwrap();
        }
        let read = read_all(directory.path(), &Limits::default());
        assert_eq!(
            read,
            [
                "a.json {\"x\": 5}",
                "b.json {\"x\": 6}",
                "broken c.json.xz",
                "broken d.json.bz2"
            ]
        );
    }

    #[test]
    fn what_is_broken_is_named_and_the_rest_goes_on() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let archive = zstd::encode_all(&tar_of(&[("a.json", "3")])[..], 3).unwrap();
        fs::write(path("a.tar.zst"), &archive[..archive.len() / 2]).unwrap();
        fs::write(path("b.zip"), "no zip").unwrap();
        fs::write(path("c.json"), "12345").unwrap();
        fs::write(path("d.json"), "1").unwrap();
        let limits = Limits {
            file_bytes: 4,
            ..Limits::default()
        };
        let read = read_all(directory.path(), &limits);
        assert_eq!(
            read,
            [
                "broken a.tar.zst",
                "broken b.zip",
                "broken c.json",
                "d.json 1"
            ]
        );
    }

    #[test]
    fn hidden_and_underscored_directories_are_no_sources() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["b", "a", "_samples", ".git"] {
            fs::create_dir(directory.path().join(name)).unwrap();
        }
        fs::write(directory.path().join("README.md"), "x").unwrap();
        let names: Vec<String> = sources(directory.path())
            .unwrap()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["a", "b"]);
    }
}
