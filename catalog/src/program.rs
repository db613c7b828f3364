//! Programs and libraries: ELF, PE and Mach-O files that say themselves what they are made of.
//!
//! Most say nothing. Only the section headers are looked at to find that out.

use image::Limits;
use model::Problem;
use object::read::File;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};

mod go;
mod rust;

/// Every program; what is read from it stands in [`READERS`].
pub const PROGRAM: Cataloger = Cataloger {
    name: "program",
    reads: "what programs say themselves: Go's modules and standard library, Rust's crates",
    paths: &[Pattern::Program],
    role: Role::Installed,
    parse,
    ..PLAIN
};

/// What a program says, and what of that could not be read.
type Said = (Found, Vec<Problem>);

/// One way in which a program says what it is made of; `None` where it does not.
type Reader = fn(&Program<'_>, &Limits) -> Option<Said>;

/// A program's file.
struct Program<'a> {
    path: &'a str,
    bytes: &'a [u8],
    file: File<'a>,
}

const READERS: &[Reader] = &[go::read, rust::read];

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let (mut found, mut problems) = (Found::default(), Vec::new());
    // What only begins like a program is a file like others.
    let Ok(file) = File::parse(bytes) else {
        return (found, problems);
    };
    let program = Program { path, bytes, file };
    for reader in READERS {
        if let Some((more, wrong)) = reader(&program, limits) {
            found.packages.extend(more.packages);
            problems.extend(wrong);
        }
    }
    problems.truncate(limits.problems);
    (found, problems)
}
