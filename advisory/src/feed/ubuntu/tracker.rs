//! A file of the tracker: one CVE.

use std::collections::BTreeMap;

use model::{Problem, ProblemKind, Severity};

use super::status::{self, Line, Place};
use crate::feed::{FeedFile, Parsed, cut, rating, time};
use crate::{Cve, CveFacts, Limits, Record};

/// Directories of files that count, and are parts of the tracker.
const PARTS: [&str; 2] = ["active", "retired"];

/// Whether a path is a file of a CVE.
pub fn is_one(path: &str) -> bool {
    part(path).is_some()
}

/// The directory of a CVE's file.
fn part(path: &str) -> Option<&'static str> {
    let (directory, name) = path.rsplit_once('/')?;
    let last = directory.rsplit('/').next()?;
    let is_cve = name.starts_with("CVE-") && !name.contains('.');
    let part = PARTS.into_iter().find(|part| *part == last);
    part.filter(|_| is_cve)
}

/// Reads a file.
pub fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let mut parsed = Parsed {
        part: part(file.path).map(str::to_owned),
        ..Parsed::default()
    };
    let text = String::from_utf8_lossy(file.bytes);
    let mut read = Read::default();
    for (number, line) in text.lines().enumerate() {
        if let Err(detail) = read.line(line, limits) {
            let place = format!("{}: line {}", file.place(), number + 1);
            let problem = Problem::new(ProblemKind::Malformed, place, detail);
            parsed.problems.push(problem);
        }
    }
    match read.record(limits) {
        Some(record) => {
            // It repeats NVD's score and text of every CVE, which others lack.
            if let Some(cve) = Cve::of(&record.id) {
                let facts = CveFacts {
                    score: record.score,
                    description: record.description.clone(),
                    published: record.published,
                    rejected: record.withdrawn,
                };
                parsed.cves.push((cve, facts));
            }
            parsed.records.push(record);
        }
        None => {
            let detail = "it names no candidate, CVE-…: it is no file of the tracker";
            parsed.malformed(file.place(), detail.to_owned());
        }
    }
    parsed
}

/// What was read so far.
#[derive(Default)]
struct Read<'a> {
    /// The field that indented lines belong to.
    field: &'a str,
    candidate: &'a str,
    published: &'a str,
    description: String,
    priority: Option<Severity>,
    /// Priorities of packages: everywhere, or in one place.
    priorities: BTreeMap<(&'a str, Option<Place<'a>>), Severity>,
    score: Option<crate::Score>,
    lines: Vec<Line<'a>>,
}

impl<'a> Read<'a> {
    fn line(&mut self, line: &'a str, limits: &Limits) -> Result<(), String> {
        if line.starts_with([' ', '\t']) {
            self.more(line.trim(), limits);
            return Ok(());
        }
        let Some((field, value)) = line.split_once(':') else {
            return Ok(());
        };
        let value = value.trim();
        self.field = field;
        match field {
            "Candidate" => self.candidate = value,
            "PublicDate" => self.published = value,
            "Priority" => self.priority = Some(rating::word(value)),
            "Description" => self.more(value, limits),
            _ => match field.strip_prefix("Priority_") {
                Some(own) => {
                    let priority = subject(own).map(|subject| (subject, rating::word(value)));
                    self.priorities.extend(priority);
                }
                None => self.lines.extend(status::read(line)?),
            },
        }
        Ok(())
    }

    /// A line that belongs to the field above it.
    fn more(&mut self, text: &str, limits: &Limits) {
        match self.field {
            "Description" if self.description.len() <= limits.description_bytes => {
                self.description.push_str(text);
                self.description.push(' ');
            }
            "CVSS" => {
                let vector = text.split_once(": ").map_or(text, |(_, vector)| vector);
                let vector = vector.split_whitespace().next().unwrap_or_default();
                self.score = self.score.max(rating::score(vector));
            }
            _ => {}
        }
    }

    fn record(self, limits: &Limits) -> Option<Record> {
        let id = self.candidate;
        if !id.starts_with("CVE-") {
            return None;
        }
        let mut record = Record::new(id);
        record.severity = self.priority.unwrap_or(Severity::Unknown);
        record.score = self.score;
        record.url = super::address(id);
        record.description = cut(&self.description, limits.description_bytes);
        record.published = time::read_day(self.published);
        record.withdrawn = self.description.trim_start().starts_with("** REJECT **");
        record.affected = status::rows(&self.lines, |line| self.priority_of(line));
        Some(record)
    }

    /// The priority of a package, where it has one of its own: in a release before everywhere.
    fn priority_of(&self, line: &Line<'_>) -> Severity {
        let place = Some((line.release, line.channel));
        let of = |place| self.priorities.get(&(line.package, place)).copied();
        of(place).or_else(|| of(None)).unwrap_or(Severity::Unknown)
    }
}

/// The package, and the release and channel, whose priority a field gives: `sudo`, `sudo_xenial`,
/// `linux_precise/esm`. Nothing where it speaks of a release that is not known here.
fn subject(field: &str) -> Option<(&str, Option<Place<'_>>)> {
    let (package, place) = match field.split_once('_') {
        Some((package, place)) => (package, Some(status::released(place)?)),
        None => (field, None),
    };
    (!package.is_empty()).then_some((package, place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::ubuntu::FEED;

    fn parsed(text: &str) -> Parsed {
        let file = FeedFile::plain("ubuntu", "active/CVE-2022-3715", text.as_bytes());
        FEED.read(&file, &Limits::default())
    }

    // After active/CVE-2022-3715 and retired/CVE-2021-3156 of 2024-02-16, shortened.
    const BASH: &str = "Candidate: CVE-2022-3715\nPublicDate: 2023-01-05 15:15:00 UTC\nReferences:\n \
        https://ubuntu.com/security/notices/USN-1\nDescription:\n A flaw was found in the bash \
        package,\n where a heap-buffer overflow can occur.\nPriority: low\nPriority_dash: medium\n\
        CVSS:\n nvd: CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H [7.8 HIGH]\n\nPatches_bash:\n\
        upstream_bash: released (5.2)\ntrusty_bash: ignored (end of standard support)\n\
        trusty/esm_bash: not-affected (code not present)\n\
        xenial_bash: ignored (end of standard support)\n\
        esm-infra/xenial_bash: released (4.3-14ubuntu1.4+esm1)\njammy_bash: needed\n\
        focal_bash: DNE\njammy_dash: released (0.5-1)\nbionic_dash: what (1)\n";

    #[test]
    fn a_file_is_a_record_with_a_row_for_each_release() {
        let parsed = parsed(BASH);
        let record = &parsed.records[0];
        assert_eq!(record.id, "CVE-2022-3715");
        assert_eq!(
            record.description,
            "A flaw was found in the bash package, where a heap-buffer overflow can occur."
        );
        assert_eq!(record.severity, Severity::Low);
        assert_eq!(parsed.cves[0].1.score, record.score);
        assert_eq!(record.score.unwrap().base.to_string(), "7.8");
        assert_eq!(
            record.published,
            Some("2023-01-05T00:00:00Z".parse().unwrap())
        );
        let rows: Vec<String> = record
            .affected
            .iter()
            .map(|row| {
                let (place, channel, package) = (&row.ecosystem, &row.channel, &row.package);
                let ends: Vec<_> = row
                    .ranges
                    .iter()
                    .map(|range| format!("{:?}", range.end))
                    .collect();
                format!(
                    "{place} {channel} {package} {:?} {} {}",
                    row.state,
                    row.severity,
                    ends.join(" ")
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                "ubuntu:14.04  bash NotAffected unknown ",
                "ubuntu:14.04 esm bash NotAffected unknown ",
                "ubuntu:16.04  bash EndOfLife unknown Never",
                "ubuntu:16.04 esm-infra bash Fixed unknown Fixed(\"4.3-14ubuntu1.4+esm1\")",
                "ubuntu:22.04  bash Affected unknown Never",
                "ubuntu:22.04  dash Fixed medium Fixed(\"0.5-1\")",
            ]
        );
        assert_eq!(parsed.problems.len(), 1);
        assert!(
            parsed.problems[0]
                .place
                .ends_with("active/CVE-2022-3715: line 22")
        );
    }

    #[test]
    fn ends_and_channels_are_told_apart() {
        // After retired/CVE-2017-15135, active/CVE-2023-41913 and others of 2024-02-16.
        let parsed = parsed(
            "Candidate: CVE-2022-3715\nDescription:\n ** REJECT ** not one\n\
             trusty_a: ignored (end of standard support)\n\
             trusty/esm_a: DNE (trusty was not-affected [code not present])\n\
             xenial_a: ignored (end of standard support)\nesm-infra/xenial_a: released (1+esm4)\n\
             fips/xenial_a: not-affected\nbionic_a: ignored (end of kernel support)\n",
        );
        assert!(parsed.records[0].withdrawn && parsed.cves[0].1.rejected);
        let rows = parsed.records[0].affected.iter();
        let told: Vec<String> = rows
            .map(|row| format!("{} {} {:?}", row.ecosystem, row.channel, row.state))
            .collect();
        assert_eq!(
            told,
            [
                "ubuntu:14.04  NotAffected",
                "ubuntu:14.04 esm NotAffected",
                "ubuntu:16.04  EndOfLife",
                "ubuntu:16.04 esm-infra Fixed",
                "ubuntu:16.04 fips NotAffected",
                "ubuntu:18.04  EndOfLife",
            ]
        );
    }

    // After retired/CVE-2005-4158 and active/CVE-2013-1060 of 2024-02-16: sudo_dapper,
    // linux_precise/esm.
    #[test]
    fn a_priority_can_be_that_of_a_package_in_a_release() {
        let lines = "jammy_sudo: needed\nxenial_sudo: needed\nesm-infra/xenial_sudo: needed\n\
            trusty/esm_sudo: needed\ntrusty_sudo: needed\njammy_su: needed\nfocal_su: needed\n";
        let own = "Priority_sudo_xenial: low\nPriority_sudo_trusty/esm: high\n\
            Priority_su_jammy: negligible\nPriority_sudo_devel: critical\nPriority_sudo_: high\n\
            Priority_: high\n";
        for (whole, rest) in [("", "unknown"), ("Priority_sudo: medium\n", "medium")] {
            let text = format!("Candidate: CVE-2005-4158\nPriority: high\n{own}{whole}{lines}");
            let parsed = parsed(&text);
            let rows = parsed.records[0].affected.iter();
            let told: Vec<String> = rows.map(|row| row.severity.to_string()).collect();
            let expected = [rest, "low", rest, "high", rest, "negligible", "unknown"];
            assert_eq!(told, expected, "{whole}");
        }
    }

    #[test]
    fn what_is_no_file_of_a_cve_is_passed_over_or_a_problem() {
        for (path, wanted) in [
            ("active/CVE-2022-3715", true),
            ("x/retired/CVE-2011-1234", true),
            ("ignored/CVE-2011-1234", false),
            ("active/00boilerplate", false),
            ("active/CVE-2011-1234.orig", false),
            ("CVE-2011-1234", false),
        ] {
            assert_eq!(is_one(path), wanted, "{path}");
        }
        for text in ["", "Candidate:", "Candidate: X\n", "\u{0}\u{ff}"] {
            assert!(parsed(text).records.is_empty());
            assert_eq!(parsed(text).problems.len(), 1, "{text:?}");
        }
    }
}
