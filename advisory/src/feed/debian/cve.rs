//! `data/CVE/list`: a heading per weakness, then a line per package, and per release of one where
//! it differs from unstable.
//!
//! ```text
//! CVE-2021-36367 (PuTTY through 0.75 proceeds with establishing an SSH session even if ...)
//!         {DLA-3000-1}
//!         - putty 0.75-3 (low; bug #990901)
//!         [bullseye] - putty <no-dsa> (Minor issue)
//! ```
//!
//! A release without a line of its own has what unstable has: it is affected before the version
//! that is fixed there, whichever it carries. That is said in the channel [`UNSTABLE`], so that it
//! is heard only where nobody says anything of the release itself; the bulletins in braces do.

use md5::{Digest, Md5};
use model::distro::{self, Release};
use model::{Ecosystem, Problem, ProblemKind, Severity, Stream};

use super::note::{self, Note, Said};
use super::{WEAKNESSES, address, known};
use crate::feed::{FeedFile, Parsed, cut, shown};
use crate::identifier;
use crate::{Affected, End, Limits, Range, Record, State};

/// The channel of a release in which unstable's fixes are.
const UNSTABLE: &str = "sid";

/// Reads the list. A line that is not of the known form is a problem, and the rest counts.
pub fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let text = String::from_utf8_lossy(file.bytes);
    let mut reader = Reader {
        file,
        limits,
        block: None,
        blocks: 0,
        rows: 0,
        untold: 0,
        targets: targets(),
        parsed: Parsed {
            part: Some(WEAKNESSES.to_owned()),
            gives_way: true,
            ..Parsed::default()
        },
    };
    for (index, line) in text.lines().enumerate() {
        if let Err(detail) = reader.line(line) {
            reader.malformed(index + 1, detail);
        }
        if reader.is_full() {
            return reader.cut_off(index + 1);
        }
    }
    reader.close();
    reader.finish()
}

/// A release that statements are made for.
struct Target {
    codename: &'static str,
    ecosystem: Ecosystem,
    /// Whether it draws from unstable: it is unstable, or not released yet.
    draws: bool,
}

fn targets() -> Vec<Target> {
    let Some(row) = distro::row("debian") else {
        return Vec::new();
    };
    let target = |release: &'static Release| Target {
        codename: release.codename,
        ecosystem: Ecosystem::Distro(Stream::new(row.id, release.line)),
        draws: release.end_of_life.is_none(),
    };
    row.releases.iter().map(target).collect()
}

/// One weakness under way.
struct Block<'a> {
    /// The CVE; `None` where it has no number yet.
    cve: Option<&'a str>,
    description: &'a str,
    rejected: bool,
    notes: Vec<Note<'a>>,
}

impl<'a> Block<'a> {
    /// Reads a heading, `CVE-2021-36367 (PuTTY …)`.
    fn read(line: &'a str) -> Option<Block<'a>> {
        let (id, text) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = id.strip_prefix("CVE-")?;
        let has_number = identifier::cve(id) == Some(id);
        if !has_number && !rest.ends_with("-XXXX") {
            return None;
        }
        let text = text.trim();
        let bare = [('(', ')'), ('[', ']')]
            .into_iter()
            .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close));
        Some(Block {
            cve: has_number.then_some(id),
            description: bare.unwrap_or(text),
            rejected: false,
            notes: Vec::new(),
        })
    }

    /// The CVE, or the tracker's name for what has none yet: by the first bug and the text.
    fn id(&self) -> String {
        if let Some(cve) = self.cve {
            return cve.to_owned();
        }
        let bug = self.notes.iter().find_map(Note::bug).unwrap_or_default();
        let [a, b, c, ..] = Md5::digest(self.description.as_bytes()).0;
        format!("TEMP-{bug:07}-{a:02X}{b:02X}{c:02X}")
    }

    /// The packages in the order of their first lines.
    fn packages(&self) -> Vec<&'a str> {
        let mut packages = Vec::new();
        for note in &self.notes {
            if !packages.contains(&note.package) {
                packages.push(note.package);
            }
        }
        packages
    }

    /// What is said of a package in a release, or in unstable.
    fn said(&self, package: &str, release: Option<&str>) -> Vec<&Note<'a>> {
        let is_it = |note: &&Note<'_>| note.package == package && note.release == release;
        self.notes.iter().filter(is_it).collect()
    }
}

struct Reader<'a> {
    file: &'a FeedFile<'a>,
    limits: &'a Limits,
    block: Option<Block<'a>>,
    blocks: usize,
    rows: usize,
    /// Problems past the limit, which are only counted.
    untold: usize,
    targets: Vec<Target>,
    parsed: Parsed,
}

impl<'a> Reader<'a> {
    fn malformed(&mut self, line: usize, detail: String) {
        if self.parsed.problems.len() >= self.limits.problems {
            self.untold += 1;
            return;
        }
        let place = format!("{}: line {line}", self.file.place());
        self.parsed.malformed(place, detail);
    }

    fn is_full(&self) -> bool {
        self.parsed.records.len() > self.limits.records || self.rows > self.limits.rows
    }

    fn line(&mut self, line: &'a str) -> Result<(), String> {
        let text = line.trim();
        if text.is_empty() {
            return Ok(());
        }
        if !line.starts_with([' ', '\t']) {
            self.close();
            if is_margin(text) {
                return Ok(());
            }
            self.block = Block::read(text);
            self.blocks += usize::from(self.block.is_some());
            let unread = || format!("'{}' is no heading: expected 'CVE-… (text)'", shown(text));
            return self.block.as_ref().map(|_| ()).ok_or_else(unread);
        }
        // Lines under a heading that could not be read were reported with it.
        let Some(block) = &mut self.block else {
            return Ok(());
        };
        if text.starts_with(['-', '[']) {
            block.notes.extend(package_line(text)?);
            return Ok(());
        }
        block.rejected |= text == "REJECTED";
        // Bulletins in braces are read from their own lists.
        match text.starts_with('{') || note::is_remark(text) {
            true => Ok(()),
            false => Err(format!("'{}' is neither a package nor a note", shown(text))),
        }
    }

    /// Ends the weakness under way: a record for each of its packages, as in the export.
    fn close(&mut self) {
        let Some(block) = self.block.take() else {
            return;
        };
        let id = block.id();
        for package in block.packages() {
            let mut record = Record::new(id.as_str());
            record.url = address(&id);
            record.description = cut(block.description, self.limits.description_bytes);
            record.withdrawn = block.rejected;
            record.affected = rows(&self.targets, &block, package);
            self.rows += record.affected.len();
            self.parsed.records.push(record);
        }
    }

    fn finish(mut self) -> Parsed {
        if self.untold > 0 {
            let detail = format!("{} more lines that could not be read", self.untold);
            self.parsed.malformed(self.file.place(), detail);
        }
        if self.blocks == 0 {
            self.parsed.failed = true;
            self.parsed.part = None;
            let detail = "it holds no weakness: expected 'CVE-… (text)' lines".to_owned();
            self.parsed.malformed(self.file.place(), detail);
        }
        self.parsed
    }

    /// What was read until there was no more room.
    fn cut_off(self, line: usize) -> Parsed {
        let place = format!("{}: line {line}", self.file.place());
        let detail = format!(
            "more than {} records or {} rows in one file: what follows is left out",
            self.limits.records, self.limits.rows
        );
        let mut parsed = self.finish();
        parsed.failed = true;
        parsed
            .problems
            .push(Problem::new(ProblemKind::Limit, place, detail));
        parsed
    }
}

/// What stands between weaknesses: rules, and who is at work on a piece of the list.
fn is_margin(line: &str) -> bool {
    ["--", "STOP:", "begin claimed by ", "end claimed by "]
        .iter()
        .any(|start| line.starts_with(start))
}

/// A line on a package; `None` for one that no image can have.
fn package_line(line: &str) -> Result<Option<Note<'_>>, String> {
    let note = Note::read(line)?;
    match note.release {
        _ if note.said == Said::Absent => Ok(None),
        // What is tried out there has no stream.
        Some("experimental") => Ok(None),
        Some(codename) => known(codename).map(|_| Some(note)),
        None if matches!(note.said, Said::Deferred | Said::Ignored) => {
            Err(format!("'{}' names no release", shown(line)))
        }
        None => Ok(Some(note)),
    }
}

/// What is said of a package in every release.
fn rows(targets: &[Target], block: &Block<'_>, package: &str) -> Vec<Affected> {
    let unstable = block.said(package, None);
    let mut rows = Vec::new();
    for target in targets {
        let own = block.said(package, Some(target.codename));
        if own.is_empty() {
            rows.extend(unstable.iter().map(|note| inherited(target, note)));
            continue;
        }
        // That no bulletin is due counts only as long as nothing else is said.
        let (waiting, firm): (Vec<_>, Vec<_>) = own.into_iter().partition(|note| is_waiting(note));
        rows.extend(firm.iter().map(|note| row(target, note)));
        if firm.is_empty() {
            rows.extend(
                waiting
                    .iter()
                    .flat_map(|note| put_off(target, note, &unstable)),
            );
        }
    }
    rows
}

fn is_waiting(note: &Note<'_>) -> bool {
    matches!(note.said, Said::Deferred | Said::Ignored)
}

/// What a note says of the release that it names.
fn row(target: &Target, note: &Note<'_>) -> Affected {
    let state = match note.said {
        Said::Fixed(_) => State::Fixed,
        Said::NotAffected => State::NotAffected,
        Said::Unfixed | Said::Removed | Said::Absent => State::Affected,
        Said::Deferred => State::Deferred,
        Said::Ignored => State::WillNotFix,
        Said::EndOfLife => State::EndOfLife,
        Said::Undetermined => State::UnderInvestigation,
    };
    let mut row = Affected::new(&target.ecosystem, note.package, state);
    row.severity = note.severity();
    match note.said {
        Said::Fixed(version) => row.range(Range::before(version.to_owned())),
        _ => row,
    }
}

/// What a release has from unstable.
fn inherited(target: &Target, unstable: &Note<'_>) -> Affected {
    let mut row = row(target, unstable);
    if !target.draws {
        UNSTABLE.clone_into(&mut row.channel);
    }
    row
}

/// A release that waits: affected as long as its version is older than that of unstable's fix.
fn put_off(target: &Target, note: &Note<'_>, unstable: &[&Note<'_>]) -> Vec<Affected> {
    let told = |severity: Severity, version: Option<&str>| {
        let mut row = row(target, note);
        row.severity = severity;
        row.ranges.extend(version.map(|version| Range {
            introduced: None,
            end: End::Limit(version.to_owned()),
        }));
        row
    };
    if unstable.is_empty() {
        return vec![told(Severity::Unknown, None)];
    }
    let from = |unstable: &&Note<'_>| match unstable.said {
        Said::Fixed(version) => told(unstable.severity(), Some(version)),
        _ => told(unstable.severity(), None),
    };
    unstable.iter().map(from).collect()
}

#[cfg(test)]
mod tests;
