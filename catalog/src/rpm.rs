//! rpm's databases, of which there were three, and the list that stands in for one in images
//! without rpm.
//!
//! A version is what rpm's own `%{EVR}` writes: `[epoch:]version-release`, with an epoch wherever
//! the package has one, also 0. A source's version is that of its file's name, which holds no
//! epoch.

use std::fmt;

use image::Limits;
use image::problems::Problems;
use model::{Problem, ProblemKind};

use crate::cataloger::{Cataloger, Found, Journal, PLAIN, Pattern, Role};

mod bdb;
mod header;
pub mod manifest;
mod ndb;
mod sqlite;
mod wal;

pub use header::source;

/// The database up to rpm 4.15: Red Hat up to 8, Amazon 2, Photon up to 4, SUSE before 15.2.
pub const BERKELEY: Cataloger = Cataloger {
    name: "rpm-bdb",
    reads: "packages of Red Hat, SUSE, Amazon and their kin up to 2020, with source, module, \
            vendor, licence and owned files",
    paths: &[
        Pattern::Exact("var/lib/rpm/Packages"),
        Pattern::Exact("usr/lib/sysimage/rpm/Packages"),
        Pattern::Exact("usr/share/rpm/Packages"),
    ],
    role: Role::Database,
    parse: |path, bytes, limits| parse(path, bytes, limits, bdb::read),
    is_large: true,
    ..PLAIN
};

/// SUSE's database.
pub const NDB: Cataloger = Cataloger {
    name: "rpm-ndb",
    reads: "packages of SLES, openSUSE and their kin",
    paths: &[
        Pattern::Exact("var/lib/rpm/Packages.db"),
        Pattern::Exact("usr/lib/sysimage/rpm/Packages.db"),
        Pattern::Exact("usr/share/rpm/Packages.db"),
    ],
    magic: ndb::MAGIC,
    role: Role::Database,
    parse: |path, bytes, limits| parse(path, bytes, limits, ndb::read),
    is_large: true,
    ..PLAIN
};

/// The database from rpm 4.16 on.
pub const SQLITE: Cataloger = Cataloger {
    name: "rpm-sqlite",
    reads: "packages of Red Hat 9, Fedora, Amazon 2023, Azure and their kin, with what is in the \
            database's write-ahead log only",
    paths: &[
        Pattern::Exact("var/lib/rpm/rpmdb.sqlite"),
        Pattern::Exact("usr/lib/sysimage/rpm/rpmdb.sqlite"),
        Pattern::Exact("usr/share/rpm/rpmdb.sqlite"),
    ],
    magic: sqlite::MAGIC,
    role: Role::Database,
    parse: |path, bytes, limits| parse(path, bytes, limits, sqlite::read),
    journal: Some(Journal {
        suffix: "-wal",
        apply: wal::apply,
    }),
    ..PLAIN
};

fn parse(
    path: &str,
    bytes: &[u8],
    limits: &Limits,
    read: impl Fn(&[u8], &mut Reading),
) -> (Found, Vec<Problem>) {
    let mut reading = Reading {
        path: path.to_owned(),
        found: Found::default(),
        problems: Problems::new(limits.problems),
        left: bytes.len(),
    };
    read(bytes, &mut reading);
    (reading.found, reading.problems.finish(path))
}

/// What was read of a database so far.
struct Reading {
    path: String,
    found: Found,
    problems: Problems,
    /// Bytes of headers that may follow: they lie in the file beside each other, so all together
    /// are smaller than it.
    left: usize,
}

impl Reading {
    /// Adds the package of a header that was found at a place.
    fn header(&mut self, place: fmt::Arguments<'_>, blob: &[u8]) {
        let Some(left) = self.left.checked_sub(blob.len()) else {
            self.left = 0;
            return self.problem("holds more than its own size");
        };
        self.left = left;
        match header::package(blob) {
            Ok(None) => {}
            Ok(Some((package, files))) => {
                if !files.is_empty() {
                    let name = package.package.name.clone();
                    self.found.owned.entry(name).or_default().extend(files);
                }
                self.found.packages.push(package);
            }
            Err(detail) => self.problem(format!("{place} {detail}")),
        }
    }

    fn problem(&mut self, detail: impl Into<String>) {
        self.problems
            .add(ProblemKind::Malformed, &self.path, detail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read from a database, as text.
    pub fn read_by(read: fn(&[u8], &mut Reading), bytes: &[u8]) -> String {
        crate::tests::show(parse("db", bytes, &Limits::default(), read))
    }

    const FILE: &[u8] = include_bytes!("../fixtures/rpm-sqlite/var/lib/rpm/rpmdb.sqlite");
    const LOG: &[u8] = include_bytes!("../fixtures/rpm-sqlite/var/lib/rpm/rpmdb.sqlite-wal");

    /// The names of a database's packages once its log was put in, or what is wrong with that.
    fn with_log(file: &[u8], log: &[u8]) -> String {
        let mut bytes = file.to_vec();
        if let Err(problem) = wal::apply(&mut bytes, log, &Limits::default()) {
            return problem;
        }
        let (found, problems) = parse("db", &bytes, &Limits::default(), sqlite::read);
        assert_eq!(problems, []);
        let names = found.packages.iter().map(|one| one.package.name.as_str());
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_log_counts_up_to_its_last_whole_transaction() {
        assert_eq!(with_log(FILE, LOG), "quay-tools quay-tools-libs");
        // One transaction adds a package, a later one removes another.
        let ends = (32..=LOG.len()).step_by(24 + 512);
        let mut seen: Vec<String> = ends
            .map(|end| sorted(&with_log(FILE, &LOG[..end])))
            .collect();
        seen.dedup();
        let [before, between] = ["berth quay-tools", "berth quay-tools quay-tools-libs"];
        assert_eq!(seen, [before, between, "quay-tools quay-tools-libs"]);
        let mut torn = LOG.to_vec();
        torn[100] ^= 1;
        assert_eq!(sorted(&with_log(FILE, &torn)), before);
    }

    fn sorted(names: &str) -> String {
        let mut names: Vec<&str> = names.split(' ').collect();
        names.sort_unstable();
        names.join(" ")
    }

    #[test]
    fn a_log_that_is_none_says_so() {
        let changed = |at: usize| {
            let mut log = LOG.to_vec();
            log[at] ^= 0x10;
            with_log(FILE, &log)
        };
        assert_eq!(with_log(FILE, b"short"), "ends inside its head");
        assert_eq!(changed(0), "is no log of a version that is read");
        assert_eq!(changed(20), "has a head whose sum is wrong");
        let mut other = FILE.to_vec();
        other[16] = 4;
        assert_eq!(
            with_log(&other, LOG),
            "has pages of 512 bytes, unlike its database"
        );
        let limits = Limits {
            captured_bytes: 1 << 10,
            ..Limits::default()
        };
        let limited = wal::apply(&mut FILE.to_vec(), LOG, &limits).unwrap_err();
        assert!(
            limited.ends_with("which makes its database too large"),
            "{limited}"
        );
    }

    #[test]
    fn trees_that_lead_in_circles_end() {
        let read = |at: usize, bytes: &[u8]| {
            let mut file = FILE.to_vec();
            file[at..at + bytes.len()].copy_from_slice(bytes);
            let (found, problems) = parse("db", &file, &Limits::default(), sqlite::read);
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            (found.packages.len(), problems.join("; "))
        };
        // The last child of the schema's root is the root itself.
        let (_, problems) = read(108, &[0, 0, 0, 1]);
        assert!(
            problems.contains("page 1 cannot be read: rows are missing"),
            "{problems}"
        );
        let (count, problems) = read(16, &[0, 3]);
        assert_eq!(
            (count, problems.as_str()),
            (0, "db: is no database of SQLite that is read (malformed)")
        );
    }
}
