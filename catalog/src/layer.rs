//! One layer to its report.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use image::layer::PLACE;
use image::{Entry, Kind, Limits};
use model::{Problem, ProblemKind};

use crate::cataloger::{self, Cataloger, Role};
use crate::ownership;
use crate::report::{Contents, FileDigests, FileReport, INSIDE, LayerReport};

/// Reads a layer's blob, compressed or not, to its end.
///
/// # Errors
///
/// Where the reader itself fails: nothing is known about the layer then, and nothing may be kept.
/// Whatever is wrong with its bytes is in the report.
pub fn catalogue(reader: impl Read, limits: &Limits) -> io::Result<LayerReport> {
    let mut reading = Reading::new(limits);
    let summary = image::layer::entries(reader, limits, &mut |entry| reading.add(entry))?;
    Ok(LayerReport {
        diff_id: summary.diff_id,
        is_whole: summary.is_whole,
        compressed_size: summary.compressed_size,
        uncompressed_size: summary.uncompressed_size,
        contents: reading.finish(summary.problems),
    })
}

/// Reads a directory on disk as if it were the only layer.
///
/// # Errors
///
/// Where the directory itself cannot be read.
pub fn catalogue_directory(root: &Path, limits: &Limits) -> io::Result<Contents> {
    let mut reading = Reading::new(limits);
    let problems = image::directory::entries(root, limits, &mut |entry| reading.add(entry))?;
    Ok(reading.finish(problems))
}

/// Whether a file begins as programs and libraries do: ELF, PE, Mach-O of either order and width,
/// and several of these in one. Java's classes begin as the last do, with a version that is higher
/// than any number of architectures.
fn is_program(start: [u8; 8]) -> bool {
    match start {
        [0x7f, b'E', b'L', b'F', ..] | [b'M', b'Z', ..] => true,
        [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => true,
        [0xca, 0xfe, 0xba, 0xbe, count @ ..] => u32::from_be_bytes(count) < 40,
        _ => false,
    }
}

/// No program is smaller.
const SMALLEST_PROGRAM: u64 = 64;

/// A layer as it is read.
struct Reading<'a> {
    contents: Contents,
    limits: &'a Limits,
    /// Files that may have a journal, and journals, until all is there.
    held: BTreeMap<String, Vec<u8>>,
    held_bytes: u64,
    /// The content of the file that is being read: one place for all, since most are read alone.
    buffer: Vec<u8>,
    /// The directory whose name was read last: entries come together.
    last: String,
    left: Left,
}

/// What may still be kept of a layer.
struct Left {
    packages: usize,
    owned: usize,
    repositories: usize,
    problems: usize,
    /// Problems that were not kept.
    left_out: usize,
}

impl<'a> Reading<'a> {
    fn new(limits: &'a Limits) -> Reading<'a> {
        Reading {
            contents: Contents::default(),
            limits,
            held: BTreeMap::new(),
            held_bytes: 0,
            buffer: Vec::new(),
            last: String::new(),
            left: Left {
                packages: limits.image_packages,
                owned: limits.owned_files,
                repositories: limits.repositories,
                problems: limits.file_problems,
                left_out: 0,
            },
        }
    }

    /// Adds an entry; of several with one path in a layer the last counts.
    fn add(&mut self, entry: Entry<'_>) {
        self.directory(&entry);
        let path = entry.path.to_owned();
        let contents = &mut self.contents;
        match entry.kind {
            Kind::Whiteout => {
                contents.removed.insert(path);
            }
            Kind::OpaqueDirectory => {
                contents.opaque.insert(path);
            }
            Kind::Directory => {
                contents.found.remove(&path);
                contents.symlinks.remove(&path);
                contents.touched.remove(&path);
                contents.directories.insert(path);
            }
            Kind::Symlink { target } => {
                contents.replace(&path);
                contents.symlinks.insert(path, target);
            }
            Kind::Hardlink { target } => {
                let report = hard_link(contents, &path, &target, &mut self.left);
                contents.replace(&path);
                self.keep(path, report);
            }
            Kind::File { size } => {
                contents.replace(&path);
                let report = self.file(&path, size, entry.body);
                self.keep(path, report);
            }
            Kind::Other => {
                contents.replace(&path);
                contents.touched.insert(path);
            }
        }
    }

    /// Keeps what a file says, and as many of its problems as may be kept of a layer.
    fn keep(&mut self, path: String, report: Option<FileReport>) {
        let Some(mut report) = report else {
            self.contents.touched.insert(path);
            return;
        };
        let (has, left) = (report.problems.len(), &mut self.left);
        report.problems.truncate(left.problems);
        left.problems -= report.problems.len();
        left.left_out += has - report.problems.len();
        self.contents.found.insert(path, report);
    }

    /// What the name of a directory says that an entry is or lies in, where a cataloger knows it.
    /// It is kept as a file inside, which goes with the directory and hides nothing in it.
    fn directory(&mut self, entry: &Entry<'_>) {
        if matches!(entry.kind, Kind::Whiteout | Kind::OpaqueDirectory) {
            return;
        }
        let is_directory = entry.kind == Kind::Directory;
        if !is_directory && entry.path == self.last {
            self.last.clear();
        }
        let known = cataloger::of_directory(entry.path, is_directory);
        let Some((cataloger, directory)) = known.filter(|(_, one)| *one != self.last) else {
            return;
        };
        self.last = directory.to_owned();
        let mut report = FileReport::of(cataloger.name);
        let content = (directory, &[][..]);
        parse(cataloger, content, self.limits, &mut self.left, &mut report);
        if !report.found.is_empty() || !report.problems.is_empty() {
            let place = format!("{directory}{INSIDE}");
            self.keep(place, Some(report));
        }
    }

    /// What a file says, where a cataloger knows it.
    fn file(&mut self, path: &str, size: u64, body: &mut dyn Read) -> Option<FileReport> {
        if let Some(cataloger) = cataloger::of_path(path) {
            return Some(match cataloger.journal {
                Some(_) => self.hold(cataloger, path, size, body),
                None => self.read(cataloger, path, (&[], size), body),
            });
        }
        if let Some((file, _)) = cataloger::of_journal(path) {
            let cataloger = cataloger::of_path(file).filter(|_| size > 0)?;
            return Some(self.hold(cataloger, path, size, body));
        }
        let cataloger = cataloger::of_programs().filter(|_| size >= SMALLEST_PROGRAM)?;
        let mut start = [0; 8];
        body.read_exact(&mut start).ok()?;
        let report = is_program(start).then(|| self.read(cataloger, path, (&start, size), body));
        // Most programs say nothing of packages: they are files like others.
        report.filter(|report| !report.found.is_empty() || !report.problems.is_empty())
    }

    /// Reads and parses a file of which a start was read already.
    fn read(
        &mut self,
        cataloger: &Cataloger,
        path: &str,
        content: (&[u8], u64),
        body: &mut dyn Read,
    ) -> FileReport {
        let limits = self.limits;
        let mut report = FileReport::of(cataloger.name);
        match fill(
            &mut self.buffer,
            path,
            content,
            body,
            cataloger.most_bytes(limits),
        ) {
            Ok(cut) => {
                let content = (path, self.buffer.as_slice());
                parse(cataloger, content, limits, &mut self.left, &mut report);
                report.problems.extend(cut);
            }
            Err(problem) => report.problems.push(problem),
        }
        report
    }

    /// Keeps a file's bytes until its journal may have come too.
    fn hold(
        &mut self,
        cataloger: &'static Cataloger,
        path: &str,
        size: u64,
        body: &mut dyn Read,
    ) -> FileReport {
        let limit = self.limits.captured_bytes.saturating_sub(self.held_bytes);
        let mut bytes = Vec::new();
        match fill(&mut bytes, path, (&[], size), body, limit) {
            Ok(problem) => {
                self.held_bytes += bytes.len() as u64;
                self.held.insert(path.to_owned(), bytes);
                FileReport {
                    problems: problem.into_iter().collect(),
                    is_read: true,
                    ..FileReport::of(cataloger.name)
                }
            }
            Err(problem) => FileReport::unread(cataloger.name, problem),
        }
    }

    fn finish(mut self, problems: Vec<Problem>) -> Contents {
        let mut held = std::mem::take(&mut self.held);
        let paths: Vec<String> = held.keys().cloned().collect();
        for path in paths {
            match cataloger::of_journal(&path) {
                Some((file, _)) if cataloger::of_path(&path).is_none() => {
                    self.finish_journal(&path, file);
                }
                _ => self.finish_file(&path, &mut held),
            }
        }
        self.contents.problems = problems;
        if self.left.left_out > 0 {
            let detail = format!("{} more problems of files are left out", self.left.left_out);
            let problem = Problem::new(ProblemKind::Limit, PLACE, detail);
            self.contents.problems.push(problem);
        }
        if self.contents.is_of_windows() {
            let detail = "is a layer of Windows: neither its registry nor its updates are read, \
                          and its files lie below Files";
            let problem = Problem::new(ProblemKind::Unsupported, PLACE, detail);
            self.contents.problems.push(problem);
        }
        self.contents
    }

    /// A journal whose file is not in the layer belongs to one below, which it cannot be put into.
    fn finish_journal(&mut self, path: &str, file: &str) {
        if self.contents.found.contains_key(file) {
            self.contents.found.remove(path);
            self.contents.touched.insert(path.to_owned());
        } else if let Some(report) = self.contents.found.get_mut(path) {
            let detail = format!("holds changes of {file}, which is not in the same layer");
            let problem = Problem::new(ProblemKind::Unsupported, path, detail);
            report.problems.push(problem);
        }
    }

    fn finish_file(&mut self, path: &str, held: &mut BTreeMap<String, Vec<u8>>) {
        let cataloger = cataloger::of_path(path);
        let (Some(cataloger), Some(report)) = (cataloger, self.contents.found.get_mut(path)) else {
            return;
        };
        let Some(mut bytes) = held.remove(path) else {
            return;
        };
        if let Some(journal) = cataloger.journal {
            let beside = format!("{path}{}", journal.suffix);
            let changes = held.get(&beside);
            let applied = changes.map(|changes| (journal.apply)(&mut bytes, changes, self.limits));
            if let Some(Err(detail)) = applied {
                let problem = Problem::new(ProblemKind::Malformed, beside, detail);
                report.problems.push(problem);
            }
        }
        let content = (path, bytes.as_slice());
        parse(cataloger, content, self.limits, &mut self.left, report);
    }
}

/// A second name of a file says what the first one says, where both mean the same format and as
/// far as that may be kept once more.
fn hard_link(contents: &Contents, path: &str, target: &str, left: &mut Left) -> Option<FileReport> {
    let known = contents.found.get(target);
    let named = cataloger::of_path(path);
    // A program's second name may be any.
    let cataloger = named.or(cataloger::of_programs())?;
    let known = known.filter(|report| report.cataloger == cataloger.name);
    if let Some(report) = known {
        if left.take(report) {
            return Some(report.clone());
        }
        let detail = format!("is a hard link to {target}, which names more than is kept twice");
        let problem = Problem::new(ProblemKind::Limit, path, detail);
        return Some(FileReport::unread(cataloger.name, problem));
    }
    named?;
    let detail = format!("is a hard link to {target}, whose content was not read");
    let problem = Problem::new(ProblemKind::Unsupported, path, detail);
    Some(FileReport::unread(cataloger.name, problem))
}

impl Left {
    /// Takes what a report names, where all of it may still be kept.
    fn take(&mut self, report: &FileReport) -> bool {
        let found = &report.found;
        let owned = found.owned.values().map(Vec::len).sum();
        let left = [
            self.packages.checked_sub(found.packages.len()),
            self.owned.checked_sub(owned),
            self.repositories.checked_sub(found.repositories.len()),
        ];
        let [Some(packages), Some(owned), Some(repositories)] = left else {
            return false;
        };
        (self.packages, self.owned, self.repositories) = (packages, owned, repositories);
        true
    }
}

/// More than this is not taken beforehand on the word of a header.
const TAKEN_AT_ONCE: u64 = 64 << 20;

/// Puts a file's bytes, of which a start was read already, into a buffer; the problem where it ends
/// early.
///
/// # Errors
///
/// The problem where it is larger than the limit.
fn fill(
    buffer: &mut Vec<u8>,
    path: &str,
    (start, size): (&[u8], u64),
    body: &mut dyn Read,
    limit: u64,
) -> Result<Option<Problem>, Problem> {
    if size > limit {
        let detail = format!("has {size} bytes, more than the {limit} that are read");
        return Err(Problem::new(ProblemKind::Limit, path, detail));
    }
    buffer.clear();
    buffer.reserve_exact(usize::try_from(size.min(TAKEN_AT_ONCE)).unwrap_or_default());
    buffer.extend_from_slice(start);
    // An error means that the file ends early; the parser gets what there is.
    let failed = body.take(limit).read_to_end(buffer).is_err();
    let is_cut = failed || (buffer.len() as u64) < size;
    Ok(is_cut.then(|| {
        let detail = format!("holds {} of {size} bytes", buffer.len());
        Problem::new(ProblemKind::Truncated, path, detail)
    }))
}

/// Leaves out what is more than may be kept of a file or of its layer.
fn cut(path: &str, limits: &Limits, left: &mut Left, report: &mut FileReport) {
    let mut more = |what: &str, has: usize, limit: usize| {
        let detail = format!("names {has} {what}, more than the {limit} that are kept");
        let problem = Problem::new(ProblemKind::Limit, path, detail);
        report.problems.push(problem);
    };
    let packages = &mut report.found.packages;
    let (has, limit) = (packages.len(), limits.packages.min(left.packages));
    if has > limit {
        packages.truncate(limit);
        more("packages", has, limit);
    }
    left.packages -= packages.len();
    let repositories = &mut report.found.repositories;
    let has = repositories.len();
    if has > left.repositories {
        repositories.truncate(left.repositories);
        more("repositories", has, left.repositories);
    }
    left.repositories -= repositories.len();
    let owned = report.found.owned.values_mut();
    let has: usize = owned.map(|files| files.len()).sum();
    if has > left.owned {
        more("files of packages", has, left.owned);
    }
    for files in report.found.owned.values_mut() {
        files.truncate(left.owned);
        left.owned -= files.len();
    }
}

fn parse(
    cataloger: &Cataloger,
    (path, bytes): (&str, &[u8]),
    limits: &Limits,
    left: &mut Left,
    report: &mut FileReport,
) {
    if !bytes.starts_with(cataloger.magic) {
        let detail = format!("is no file of the format {}", cataloger.name);
        let problem = Problem::new(ProblemKind::Malformed, path, detail);
        report.problems.push(problem);
        report.is_read = false;
        return;
    }
    let (found, problems) = (cataloger.parse)(path, bytes, limits);
    report.found = found;
    report.problems.extend(problems);
    report.is_read = true;
    for files in report.found.owned.values_mut() {
        files.retain(|file| ownership::may_hold_a_package(&file.path));
    }
    cut(path, limits, left, report);
    report
        .found
        .owned
        .retain(|_, files: &mut Vec<_>| !files.is_empty());
    let is_package = cataloger.role == Role::Installed && !report.found.packages.is_empty();
    // Of other files no claim is kept that a digest could be compared with.
    if is_package && ownership::may_be_owned(path) && ownership::may_hold_a_package(path) {
        report.digests = Some(FileDigests::of(bytes));
    }
}
