//! Programs and libraries: ELF, PE and Mach-O files, wherever they lie and whatever they are
//! called.
//!
//! Compilers and packagers write into some of them what they were built from. Each way of doing
//! so is a row of [`READERS`]; most programs say nothing, and only their headers are looked at.

use image::Limits;
use model::{Problem, ProblemKind};

use crate::cataloger::{Cataloger, Found, PLAIN, Parse, Pattern, Role};
use crate::classifier;
use crate::dotnet::assembly;

mod auditable;
pub mod go;
mod layout;
mod note;

/// Every program.
pub const PROGRAM: Cataloger = Cataloger {
    name: "program",
    reads: "what programs and libraries were built from: see the readers of programs below",
    paths: &[Pattern::Program],
    role: Role::Installed,
    parse,
    is_large: true,
    ..PLAIN
};

/// One way in which a program says what it is, or what is in it.
#[derive(Debug)]
pub struct Reader {
    /// Its name, unique among readers and catalogers.
    pub name: &'static str,
    /// What it reads, in a few words for `docs/coverage.md`.
    pub reads: &'static str,
    /// Reads a program: its path and its bytes to what is in it and what is wrong with it.
    pub read: Parse,
}

/// Every reader; each looks at every program.
pub const READERS: &[Reader] = &[
    go::READER,
    auditable::READER,
    note::READER,
    assembly::READER,
    classifier::READER,
];

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut all = Found::default();
    let mut all_problems = Vec::new();
    for reader in READERS {
        let (found, problems) = (reader.read)(path, bytes, limits);
        all.packages.extend(found.packages);
        all_problems.extend(problems);
    }
    all_problems.truncate(limits.problems);
    (all, all_problems)
}

/// Something is wrong with what a program says of itself.
fn malformed(path: &str, detail: impl Into<String>) -> Vec<Problem> {
    vec![Problem::new(ProblemKind::Malformed, path, detail)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_says_nothing_is_nothing() {
        for bytes in [&b""[..], b"\x7fELF", b"MZ", &[0; 100]] {
            let (found, problems) = parse("usr/bin/x", bytes, &Limits::default());
            assert!(found.is_empty() && problems.is_empty());
        }
    }
    #[test]
    fn programs_of_any_name_are_read_up_to_their_limit() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/rust-program");
        let read = |limits: &Limits| {
            let root = std::path::Path::new(root);
            let contents = crate::layer::catalogue_directory(root, limits).unwrap();
            let (path, report) = contents.found.into_iter().next().unwrap();
            assert_eq!(path, "usr/local/bin/audited");
            (report.found.packages.len(), report.problems)
        };
        assert_eq!(read(&Limits::default()), (3, Vec::new()));
        let small = Limits {
            captured_bytes: 1 << 10,
            program_bytes: 100,
            ..Limits::default()
        };
        let (packages, problems) = read(&small);
        assert_eq!(packages, 0);
        assert_eq!(problems[0].kind, ProblemKind::Limit);
        // A list that inflates to more than other files may have is cut.
        let small = Limits {
            captured_bytes: 10,
            ..Limits::default()
        };
        assert_eq!(read(&small).1[0].kind, ProblemKind::Malformed);
    }
}
