//! Java's archives: jars, and what else is one by another name, with those inside them. Form:
//! the JAR file specification. What an archive is: [`identity`].

use std::borrow::Cow;
use std::collections::HashMap;

use image::Limits;
use image::problems::Problems;
use model::{Package, PackageType, Problem, ProblemKind};

use crate::cataloger::{Cataloger, Found, FoundPackage, PLAIN, Pattern, Role};
use crate::maven::Pom;
use crate::text::inside;
use crate::zip::{Archive, Inflater, Member, ZipError};

mod file_name;
mod groups;
mod identity;
mod manifest;
mod properties;

use identity::Maven;
use manifest::Manifest;

/// Jars, and archives of applications, plugins and bundles.
pub const JAVA: Cataloger = Cataloger {
    name: "java",
    reads: "Java artifacts: the archive itself, those shaded into it, and those in archives \
            inside it",
    paths: &[
        Pattern::Ending(".jar"),
        Pattern::Ending(".war"),
        Pattern::Ending(".ear"),
        Pattern::Ending(".hpi"),
        Pattern::Ending(".jpi"),
        Pattern::Ending(".lpkg"),
        Pattern::Ending(".par"),
        Pattern::Ending(".sar"),
        Pattern::Ending(".nar"),
        Pattern::Ending(".kar"),
        Pattern::Ending(".rar"),
    ],
    role: Role::Installed,
    parse,
    is_large: true,
    ..PLAIN
};

/// How archives of Java's own end; other programs have files that end as the other ones do.
const OWN: &[&str] = &[".jar", ".war", ".ear", ".hpi", ".jpi", ".lpkg"];
/// What is looked at of a manifest or of a `pom.properties`: a manifest of a signed archive goes
/// on for megabytes with digests of single files.
const HEAD_BYTES: u64 = 256 << 10;

/// What a member is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Manifest,
    Properties,
    Pom,
    Archive,
}

fn use_of(name: &[u8]) -> Option<Use> {
    match name.last()?.to_ascii_lowercase() {
        b's' if is_file(name, b"pom.properties") => Some(Use::Properties),
        b'l' if is_file(name, b"pom.xml") && contains(name, b"META-INF/maven/") => Some(Use::Pom),
        b'f' if name.eq_ignore_ascii_case(b"META-INF/MANIFEST.MF") => Some(Use::Manifest),
        b'r' | b'i' | b'g' => {
            let ends = JAVA.paths.iter().any(|pattern| match pattern {
                Pattern::Ending(end) => ends_with(name, end.as_bytes()),
                _ => false,
            });
            ends.then_some(Use::Archive)
        }
        _ => None,
    }
}

fn is_file(path: &[u8], name: &[u8]) -> bool {
    let directory = path.strip_suffix(name);
    directory.is_some_and(|directory| directory.is_empty() || directory.ends_with(b"/"))
}

fn contains(path: &[u8], part: &[u8]) -> bool {
    path.windows(part.len()).any(|window| window == part)
}

fn ends_with(name: &[u8], end: &[u8]) -> bool {
    let at = name.len().checked_sub(end.len());
    let tail = at.and_then(|at| name.get(at..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let is_own = OWN.iter().any(|end| path.ends_with(end));
    if bytes.is_empty() || (!is_own && !bytes.starts_with(b"PK")) {
        return (Found::default(), Vec::new());
    }
    let file = bytes.len() as u64;
    let ratio = file.saturating_mul(limits.inflate_ratio);
    let mut reading = Reading {
        path,
        limits,
        inflater: Inflater::new(),
        entries: limits.archive_entries,
        bytes: limits.archive_bytes.min(ratio.max(limits.archive_floor)),
        held: limits.captured_bytes,
        packages: Vec::new(),
        problems: Problems::new(limits.problems),
    };
    reading.archive("", bytes, 1);
    let found = Found {
        packages: reading.packages,
        ..Found::default()
    };
    (found, reading.problems.finish(path))
}

/// One file, with all archives in it.
struct Reading<'a> {
    path: &'a str,
    limits: &'a Limits,
    inflater: Inflater,
    /// Entries that may still be looked at.
    entries: usize,
    /// Bytes that may still be inflated.
    bytes: u64,
    /// Bytes that may still be held at once.
    held: u64,
    packages: Vec<FoundPackage>,
    problems: Problems,
}

impl Reading<'_> {
    /// Something is wrong with an archive, or with a member of one.
    fn problem(&mut self, within: &str, kind: ProblemKind, detail: impl Into<String>) {
        self.problems.add(kind, inside(self.path, within), detail);
    }

    /// Reads an archive; `within` is the way to it in the file.
    fn archive(&mut self, within: &str, bytes: &[u8], depth: usize) {
        let archive = match Archive::open(bytes) {
            Ok(archive) => archive,
            Err(error) => return self.problem(within, error.kind(), error.to_string()),
        };
        let members = self.members(within, &archive);
        self.identify(within, &archive, &members);
        for (_, member) in members.iter().filter(|(used, _)| *used == Use::Archive) {
            self.nested(within, &archive, member, depth);
        }
    }

    /// The members that say something, none of them inside another.
    fn members<'a>(&mut self, within: &str, archive: &Archive<'a>) -> Vec<(Use, Member<'a>)> {
        let mut wanted = Vec::new();
        for member in archive.members() {
            let member = match member {
                Ok(member) => member,
                Err(error) => {
                    self.problem(within, error.kind(), error.to_string());
                    break;
                }
            };
            let Some(left) = self.entries.checked_sub(1) else {
                let limit = self.limits.archive_entries;
                let detail = format!("has more than the {limit} entries that are looked at");
                self.problem(within, ProblemKind::Limit, detail);
                break;
            };
            self.entries = left;
            if let Some(used) = use_of(member.name) {
                wanted.push((used, member));
            }
        }
        self.check_overlaps(within, archive, &mut wanted);
        wanted
    }

    /// Members in each other's bytes are how a small archive is made to inflate to a large one.
    /// One that is listed twice counts once.
    fn check_overlaps<'a>(
        &mut self,
        within: &str,
        archive: &Archive<'a>,
        wanted: &mut Vec<(Use, Member<'a>)>,
    ) {
        let mut order: Vec<usize> = (0..wanted.len()).collect();
        order.sort_by_key(|at| wanted.get(*at).map(|(_, member)| member.offset));
        let mut dropped = vec![false; wanted.len()];
        let mut before: Option<(Member<'a>, u64)> = None;
        for at in order {
            let Some((_, member)) = wanted.get(at) else {
                continue;
            };
            // One that cannot be found is told of when it is read.
            let Ok((start, packed)) = archive.packed(member) else {
                continue;
            };
            if let Some((one, _)) = before.filter(|(_, end)| member.offset < *end) {
                if let Some(drop) = dropped.get_mut(at) {
                    *drop = true;
                }
                if (one.offset, one.name) != (member.offset, member.name) {
                    let within = way(within, member.name);
                    let detail = "lies inside another member";
                    self.problem(&within, ProblemKind::Malformed, detail);
                }
                continue;
            }
            before = Some((*member, start + packed.len() as u64));
        }
        let mut dropped = dropped.into_iter();
        wanted.retain(|_| !dropped.next().unwrap_or_default());
    }

    /// The start of a member of text.
    fn head<'a>(
        &mut self,
        within: &str,
        archive: &Archive<'a>,
        member: &Member<'a>,
    ) -> Cow<'a, [u8]> {
        let limit = HEAD_BYTES.min(self.bytes);
        match self.inflater.start(archive, member, limit) {
            Ok((bytes, is_whole)) => {
                self.bytes -= (bytes.len() as u64).min(self.bytes);
                if !is_whole && limit < HEAD_BYTES {
                    self.exhausted(&way(within, member.name));
                }
                bytes
            }
            Err(error) => {
                let within = way(within, member.name);
                self.problem(&within, error.kind(), error.to_string());
                Cow::Borrowed(&[])
            }
        }
    }

    fn exhausted(&mut self, within: &str) {
        let detail = "more would have to be inflated of this file than the limit";
        self.problem(within, ProblemKind::Limit, detail);
    }

    /// Adds the packages that an archive is and holds.
    fn identify<'a>(&mut self, within: &str, archive: &Archive<'a>, members: &[(Use, Member<'a>)]) {
        let of = |wanted: Use| {
            let members = members.iter().filter(move |(used, _)| *used == wanted);
            members.map(|(_, member)| member)
        };
        let manifest = of(Use::Manifest).next();
        let manifest = manifest.map(|member| Manifest::read(&self.head(within, archive, member)));
        let mut maven: Vec<Maven> = Vec::new();
        let mut by_directory: HashMap<&[u8], usize> = HashMap::new();
        for member in of(Use::Properties) {
            let directory = member.name.strip_suffix(b"pom.properties");
            by_directory.insert(directory.unwrap_or_default(), maven.len());
            maven.push(Maven {
                place: text(member.name),
                coordinates: properties::read(&self.head(within, archive, member)),
                licence: String::new(),
            });
        }
        for member in of(Use::Pom) {
            let (pom, _) = Pom::read(&self.head(within, archive, member));
            let directory = member.name.strip_suffix(b"pom.xml").unwrap_or_default();
            let beside = by_directory.get(directory).copied();
            let coordinates = pom.coordinates();
            match beside.and_then(|at| maven.get_mut(at)) {
                Some(one) => {
                    let said = &mut one.coordinates;
                    said.group = said.group.take().or(coordinates.group);
                    said.artifact = said.artifact.take().or(coordinates.artifact);
                    said.version = said.version.take().or(coordinates.version);
                    one.licence = pom.licence();
                }
                None => maven.push(Maven {
                    licence: pom.licence(),
                    coordinates,
                    place: text(member.name),
                }),
            }
        }
        let file = match within {
            "" => self.path,
            within => within.rsplit(':').next().unwrap_or(within),
        };
        for found in identity::identities(file, manifest.as_ref(), maven) {
            let within = match (found.place, within) {
                (None, within) => within.to_owned(),
                (Some(place), "") => place,
                (Some(place), within) => format!("{within}:{place}"),
            };
            self.packages.push(FoundPackage {
                package: Package::new(PackageType::Maven, found.name, found.version),
                licence: found.licence,
                within,
            });
        }
    }

    /// Reads an archive in an archive.
    fn nested<'a>(
        &mut self,
        within: &str,
        archive: &Archive<'a>,
        member: &Member<'a>,
        depth: usize,
    ) {
        let within = way(within, member.name);
        if depth >= self.limits.archive_depth {
            let limit = self.limits.archive_depth;
            let detail = format!("lies in more than {limit} archives, which are not looked into");
            return self.problem(&within, ProblemKind::Limit, detail);
        }
        if within.len() > self.limits.path_bytes {
            return self.problem(&within, ProblemKind::Limit, "has too long a path");
        }
        // An entry without bytes, a directory that is named so, is no archive.
        if member.packed == 0 {
            return;
        }
        let limit = self.bytes.min(self.held);
        let bytes = match self.inflater.read(archive, member, limit) {
            Ok(bytes) => bytes,
            Err(ZipError::TooLarge(_)) => return self.exhausted(&within),
            Err(error) => return self.problem(&within, error.kind(), error.to_string()),
        };
        let is_own = OWN.iter().any(|end| ends_with(member.name, end.as_bytes()));
        if !is_own && !bytes.starts_with(b"PK") {
            return;
        }
        // What is stored is read where it lies.
        let size = match &bytes {
            Cow::Borrowed(_) => 0,
            Cow::Owned(bytes) => bytes.len() as u64,
        };
        self.bytes = self.bytes.saturating_sub(size);
        self.held = self.held.saturating_sub(size);
        self.archive(&within, &bytes, depth + 1);
        self.held += size;
    }
}

/// A member's path, fit to be shown.
fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).replace(char::is_control, "\u{fffd}")
}

/// The way to a member of the archive at `within`.
fn way(within: &str, name: &[u8]) -> String {
    match within {
        "" => text(name),
        within => format!("{within}:{}", text(name)),
    }
}

#[cfg(test)]
mod tests;
