use std::path::PathBuf;

use image::fixture::Fixture;

use super::*;
use crate::tests::show;
use crate::{classifier, program};

/// The files of every cataloger: `fixtures/NAME/` holds them under the paths that they have in an
/// image, with a note `MADE` on what made them and `FOUND`, what is to be read from them.
struct Sample {
    path: String,
    bytes: Vec<u8>,
}

fn fixtures() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures"))
}

fn samples(name: &str) -> Vec<Sample> {
    let root = fixtures().join(name);
    let mut samples = Vec::new();
    let mut left = vec![root.clone()];
    while let Some(directory) = left.pop() {
        for entry in std::fs::read_dir(&directory).unwrap_or_else(|error| panic!("{name}: {error}"))
        {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if directory != root
                || !matches!(path.file_name(), Some(file) if file == "MADE" || file == "FOUND")
            {
                let bytes = std::fs::read(&path).unwrap();
                let path = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                samples.push(Sample { path, bytes });
            }
        }
    }
    samples.sort_by(|one, other| one.path.cmp(&other.path));
    samples
}

/// Every format, with each reader of programs as one of its own.
fn rows() -> Vec<Cataloger> {
    let formats = ALL.iter().filter(|row| row.name != program::PROGRAM.name);
    let formats = formats.map(|row| Cataloger { ..*row });
    let readers = program::READERS.iter().map(|reader| Cataloger {
        name: reader.name,
        reads: reader.reads,
        parse: reader.read,
        ..program::PROGRAM
    });
    formats.chain(readers).collect()
}

#[test]
fn every_path_is_read_by_its_own_cataloger() {
    for row in ALL {
        for pattern in row
            .paths
            .iter()
            .filter(|pattern| !matches!(pattern, Pattern::Directory(_) | Pattern::Program))
        {
            let path = pattern.to_string().replace("**/", "x/").replace('*', "x");
            let path = path.trim_start_matches('/');
            let found = of_path(path).map(|found| found.name);
            assert_eq!(found, Some(row.name), "{path}");
            let Some(root) = pattern.root() else { continue };
            assert!(path.starts_with(root));
            for other in [format!("{path}.x/y"), format!("x/{path}"), String::new()] {
                assert!(
                    of_path(&other).is_none_or(|found| found.name != row.name),
                    "{other}"
                );
            }
        }
    }
}

/// The fixtures of a cataloger are read as one layer would be; what is found stands beside them.
#[test]
fn every_cataloger_reads_its_fixtures() {
    for row in &rows() {
        let made = fixtures().join(row.name).join("MADE");
        let made = std::fs::read_to_string(&made).unwrap_or_default();
        assert!(
            made.len() > 20,
            "fixtures/{}/MADE says what made the files",
            row.name
        );
        let mut text = String::new();
        for sample in samples(row.name) {
            let is_journal = of_journal(&sample.path).is_some();
            let found = of_path(&sample.path)
                .or(of_programs())
                .map(|found| found.name);
            assert!(
                is_journal || found == Some(format_of(row)),
                "{}: {found:?}",
                sample.path
            );
            if is_journal {
                continue;
            }
            let (found, problems) = read(row, &sample);
            text += &format!("== {}\n{}", sample.path, show((found, problems)));
        }
        expect_test::expect_file![fixtures().join(row.name).join("FOUND")].assert_eq(&text);
    }
}

/// The name under which a row stands in [`ALL`].
fn format_of(row: &Cataloger) -> &'static str {
    match row.paths.contains(&Pattern::Program) {
        true => program::PROGRAM.name,
        false => row.name,
    }
}

/// What a cataloger reads from a sample, its journal put in.
fn read(row: &Cataloger, sample: &Sample) -> (Found, Vec<Problem>) {
    let mut bytes = sample.bytes.clone();
    if let Some(journal) = row.journal {
        let beside = format!("{}{}", sample.path, journal.suffix);
        if let Some(changes) = samples(row.name).iter().find(|one| one.path == beside) {
            (journal.apply)(&mut bytes, &changes.bytes, &Limits::default()).unwrap();
        }
    }
    (row.parse)(&sample.path, &bytes, &Limits::default())
}

/// A fixed sequence, so that a failure is found again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    match random.below(5) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at.min(bytes.len()), b"\n: =\"'(\0/\xff@"[random.below(11)]),
        2 if !bytes.is_empty() => drop(bytes.remove(at)),
        3 if !bytes.is_empty() => bytes[at] = random.below(256) as u8,
        _ => bytes.extend_from_within(at..),
    }
}

#[test]
fn no_parser_panics() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for row in &rows() {
        for sample in samples(row.name) {
            for _ in 0..rounds(sample.bytes.len()) {
                let mut bytes = sample.bytes.clone();
                for _ in 0..=random.below(6) {
                    mutate(&mut bytes, &mut random);
                    bytes.truncate(sample.bytes.len() * 2);
                }
                check_bounds(row, &sample.path, &bytes);
                if let Some(journal) = row.journal {
                    let (mut file, limits) = (sample.bytes.clone(), Limits::default());
                    let _ = (journal.apply)(&mut file, &bytes, &limits);
                    check_bounds(row, &sample.path, &file);
                }
            }
        }
    }
}

/// Small files are tried often.
fn rounds(length: usize) -> usize {
    times() * (2_000_000 / length.max(1)).clamp(20, 1_000)
}

/// How often all is tried that is tried once in a test: `LAZARET_FUZZ`.
fn times() -> usize {
    let times = std::env::var("LAZARET_FUZZ").ok();
    times.and_then(|times| times.parse().ok()).unwrap_or(1)
}

fn check_bounds(row: &Cataloger, path: &str, bytes: &[u8]) {
    let (found, problems) = (row.parse)(path, bytes, &Limits::default());
    assert!(
        problems.len() <= Limits::default().problems + 1,
        "{}",
        row.name
    );
    for item in found.packages {
        // A name is one line, and a version has no blanks: lists are made of them.
        let (name, version) = (item.package.name, item.package.version);
        assert!(
            !name.trim().is_empty() && !name.contains(char::is_control),
            "{name:?}"
        );
        assert!(
            !version.contains(|one: char| one.is_whitespace() || one.is_control()),
            "{version:?}"
        );
    }
}

#[test]
fn no_layer_panics() {
    let text = "//- layer plain\n//- /etc/os-release\nID=x\n//- symlink /lib -> usr/lib\n\
                //- /var/lib/dpkg/status\nPackage: a\nVersion: 1\n//- whiteout /b\n//- opaque /c\n\
                //- hardlink /usr/lib/os-release -> /etc/os-release\n";
    let layer = Fixture::parse(text).unwrap().layers.remove(0).blob;
    let mut random = Random(0x0dd0_5eed_0dd0_5eed);
    for _ in 0..times() * 2_000 {
        let mut bytes = layer.clone();
        for _ in 0..=random.below(4) {
            mutate(&mut bytes, &mut random);
            bytes.truncate(16 << 10);
        }
        let report = crate::catalogue(bytes.as_slice(), &Limits::default()).unwrap();
        let again = crate::LayerReport::from_bytes(&report.to_bytes()).unwrap();
        assert_eq!(report, again);
        crate::squash(&[report, again], &Limits::default());
    }
}

/// The readers of programs, and the programs that are told by name and evidence.
fn readers() -> String {
    let mut text = String::from(
        "\nOf programs and libraries, whatever they are called, each of these is read \
         (`catalog/src/program.rs`):\n\n| reader | what |\n|---|---|\n",
    );
    for reader in program::READERS {
        text += &format!("| {} | {} |\n", reader.name, reader.reads);
    }
    text += "\nThe classes of the classifier (`catalog/src/classifier/table.rs`):\n\n\
             | package | files | CPE |\n|---|---|---|\n";
    for class in classifier::classes() {
        let files: Vec<String> = class.files.iter().map(|name| format!("`{name}`")).collect();
        let within = match class.within {
            "" => String::new(),
            within => format!(" below `*{within}*`"),
        };
        let (package, cpe) = (class.package, class.cpe);
        text += &format!("| {package} | {}{within} | {cpe} |\n", files.join(", "));
    }
    text + "\n"
}

/// `docs/coverage.md` is this text. To write it anew: `UPDATE_EXPECT=1 cargo test -p catalog`.
#[test]
fn the_coverage_document_is_what_is_read() {
    let mut text = String::from(
        "# What is read from an image\n\n\
         Made from `catalog/src/cataloger.rs` by a test (`UPDATE_EXPECT=1 cargo test -p catalog`); \
         do not edit.\n\n\
         | cataloger | role | what | files |\n|---|---|---|---|\n",
    );
    for row in ALL {
        let role = row.role.as_str();
        let files: Vec<String> = row.paths.iter().map(|path| format!("`{path}`")).collect();
        let files = files.join("<br>");
        text += &format!("| {} | {role} | {} | {files} |\n", row.name, row.reads);
    }
    text += &readers();
    text += "\
        A *database* names the packages of a distribution. What is *installed* is a package by its own \
        files, wherever they lie; where a distribution's package owns them and they are as it brought \
        them, the distribution's word counts. What is *locked* is what sources are built from: it counts \
        in a directory, not in an image, where it says nothing about what was installed. Of a *bill of \
        materials* counts what no other file names. *Facts* are about the system or belong to packages.\n\n\
        An image in which nothing of this is found is answered as unsupported, never as clean.\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/coverage.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == text,
        "docs/coverage.md is stale: UPDATE_EXPECT=1 cargo test -p catalog"
    );
}
