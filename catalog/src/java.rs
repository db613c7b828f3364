//! Java archives: jars, and what is packed like them, at any depth.
//!
//! Of each archive are told all that Maven left in it (`META-INF/maven/**/pom.properties`: an
//! archive that others were shaded into has many), and what it is itself: the properties that fit
//! its own name, else its manifest (JAR File Specification), else its name.

use std::io::{Cursor, Read};

use image::Limits;
use model::{Problem, ProblemKind};
use zip::ZipArchive;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::inside;

mod identity;

/// Archives of classes, wherever they lie.
pub const JAVA: Cataloger = Cataloger {
    name: "java",
    reads: "Java archives and the archives in them, by Maven's properties, manifest or name",
    paths: &[
        Pattern::Ending(".jar"),
        Pattern::Ending(".war"),
        Pattern::Ending(".ear"),
        Pattern::Ending(".par"),
        Pattern::Ending(".sar"),
        Pattern::Ending(".nar"),
        Pattern::Ending(".jpi"),
        Pattern::Ending(".hpi"),
        Pattern::Ending(".kar"),
        Pattern::Ending(".lpkg"),
    ],
    role: Role::Installed,
    parse,
    ..PLAIN
};

/// A manifest or properties longer than this are none.
const MOST_TEXT: u64 = 4 << 20;

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut reading = Reading {
        path,
        limits,
        found: Found::default(),
        problems: Vec::new(),
        bytes: limits.archive_bytes,
        entries: limits.archive_entries,
    };
    let (_, name) = image::path::split(path);
    reading.archive(bytes, name, "", 0);
    (reading.found, reading.problems)
}

/// One file with all that lies in it.
struct Reading<'a> {
    path: &'a str,
    limits: &'a Limits,
    found: Found,
    problems: Vec<Problem>,
    /// What may still be inflated, and looked at.
    bytes: u64,
    entries: usize,
}

impl Reading<'_> {
    fn problem(&mut self, within: &str, kind: ProblemKind, detail: impl Into<String>) {
        if self.problems.len() < self.limits.problems {
            let place = inside(self.path, within);
            self.problems.push(Problem::new(kind, place, detail));
        }
    }

    fn archive(&mut self, bytes: &[u8], name: &str, within: &str, depth: usize) {
        let mut archive = match ZipArchive::new(Cursor::new(bytes)) {
            Ok(archive) => archive,
            Err(error) => {
                // An empty file with that name is a placeholder.
                if !bytes.is_empty() {
                    self.problem(within, ProblemKind::Malformed, error.to_string());
                }
                return;
            }
        };
        if archive.len() > self.entries {
            let detail = format!("has {} entries, more than are looked at", archive.len());
            self.problem(within, ProblemKind::Limit, detail);
            return;
        }
        self.entries -= archive.len();
        let mut clues = identity::Clues::new(name);
        let mut inner = Vec::new();
        for index in 0..archive.len() {
            let Some(member) = archive.name_for_index(index).and_then(Result::ok) else {
                continue;
            };
            if identity::is_clue(&member) {
                let member = member.into_owned();
                if let Some(text) = self.text(&mut archive, index, within) {
                    clues.add(&member, &text);
                }
            } else if is_archive(&member) {
                inner.push((index, member.into_owned()));
            }
        }
        for mut package in clues.packages() {
            within.clone_into(&mut package.within);
            self.found.packages.push(package);
        }
        for (index, member) in inner {
            let place = inside(within, &member);
            self.inner(&mut archive, index, &member, &place, depth + 1);
        }
    }

    /// An archive in an archive.
    fn inner(
        &mut self,
        archive: &mut ZipArchive<Cursor<&[u8]>>,
        index: usize,
        member: &str,
        place: &str,
        depth: usize,
    ) {
        if depth > self.limits.archive_depth {
            let detail = format!("lies deeper than {} archives", self.limits.archive_depth);
            self.problem(place, ProblemKind::Limit, detail);
            return;
        }
        if let Some(bytes) = self.member(archive, index, place, self.limits.captured_bytes) {
            let (_, name) = image::path::split(member);
            self.archive(&bytes, name, place, depth);
        }
    }

    fn text(
        &mut self,
        archive: &mut ZipArchive<Cursor<&[u8]>>,
        index: usize,
        within: &str,
    ) -> Option<Vec<u8>> {
        self.member(archive, index, within, MOST_TEXT)
    }

    fn member(
        &mut self,
        archive: &mut ZipArchive<Cursor<&[u8]>>,
        index: usize,
        place: &str,
        limit: u64,
    ) -> Option<Vec<u8>> {
        let limit = limit.min(self.bytes);
        let read = archive.by_index(index).map_err(|error| error.to_string());
        let read = read.and_then(|member| {
            let mut bytes = Vec::new();
            let limited = &mut member.take(limit.saturating_add(1));
            let read = limited.read_to_end(&mut bytes);
            read.map(|_| bytes).map_err(|error| error.to_string())
        });
        match read {
            Ok(bytes) if bytes.len() as u64 > limit => {
                let detail = format!("inflates to more than the {limit} bytes that are read");
                self.problem(place, ProblemKind::Limit, detail);
                None
            }
            Ok(bytes) => {
                self.bytes -= bytes.len() as u64;
                Some(bytes)
            }
            Err(detail) => {
                self.problem(place, ProblemKind::Malformed, detail);
                None
            }
        }
    }
}

/// Whether a member is packed like the archives that are looked into.
fn is_archive(name: &str) -> bool {
    JAVA.paths.iter().any(|pattern| pattern.matches(name))
}

#[cfg(test)]
mod tests;
