//! rpm's databases, of all kinds that it ever had: a hash of Berkeley DB (to 4.15), its own NDB
//! (SUSE), SQLite (from 4.16); and the list that distroless images of Azure Linux have instead.
//!
//! Each holds the headers of the installed packages as `rpm` wrote them.

use image::Limits;
use model::Problem;

use crate::cataloger::{Cataloger, Found, Journal, PLAIN, Pattern, Role};
use crate::text::FileProblems;

mod bdb;
mod bytes;
mod header;
pub mod manifest;
mod ndb;
mod sqlite;
mod wal;

const READS: &str = "packages of Red Hat, SUSE, Amazon and their kin, with source, module, vendor, \
                     licence and owned files";

/// `Packages`, a hash table of Berkeley DB.
pub const BDB: Cataloger = Cataloger {
    name: "rpm-bdb",
    reads: READS,
    paths: &[
        Pattern::Exact("var/lib/rpm/Packages"),
        Pattern::Exact("usr/lib/sysimage/rpm/Packages"),
        Pattern::Exact("usr/share/rpm/Packages"),
    ],
    role: Role::Database,
    parse: |path, bytes, limits| parse(path, bdb::blobs(bytes), limits),
    ..PLAIN
};

/// `Packages.db`, rpm's own format.
pub const NDB: Cataloger = Cataloger {
    name: "rpm-ndb",
    reads: READS,
    paths: &[
        Pattern::Exact("var/lib/rpm/Packages.db"),
        Pattern::Exact("usr/lib/sysimage/rpm/Packages.db"),
        Pattern::Exact("usr/share/rpm/Packages.db"),
    ],
    magic: b"RpmP",
    role: Role::Database,
    parse: |path, bytes, limits| parse(path, ndb::blobs(bytes), limits),
    ..PLAIN
};

/// `rpmdb.sqlite`, with what is still in its journal.
pub const SQLITE: Cataloger = Cataloger {
    name: "rpm-sqlite",
    reads: READS,
    paths: &[
        Pattern::Exact("var/lib/rpm/rpmdb.sqlite"),
        Pattern::Exact("usr/lib/sysimage/rpm/rpmdb.sqlite"),
        Pattern::Exact("usr/share/rpm/rpmdb.sqlite"),
    ],
    magic: b"SQLite format 3\0",
    role: Role::Database,
    parse: |path, bytes, limits| parse(path, sqlite::blobs(bytes), limits),
    journal: Some(Journal {
        suffix: "-wal",
        apply: wal::apply,
    }),
};

/// Headers, and what is wrong with the file that they came from.
struct Blobs<'a> {
    headers: Vec<std::borrow::Cow<'a, [u8]>>,
    problems: Vec<String>,
}

impl Blobs<'_> {
    /// Of a file of which nothing can be read.
    fn broken(what: &str) -> Blobs<'static> {
        Blobs {
            headers: Vec::new(),
            problems: vec![what.to_owned()],
        }
    }
}

fn parse(path: &str, blobs: Blobs<'_>, limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    for detail in blobs.problems {
        problems.all(detail);
    }
    for (number, blob) in blobs.headers.iter().enumerate() {
        match header::read(blob) {
            Some(package) => package.add_to(&mut found),
            None => problems.all(format!("header {} cannot be read", number + 1)),
        }
    }
    (found, problems.finish())
}

#[cfg(test)]
mod tests;
