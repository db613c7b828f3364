//! `data/DSA/list`, `data/DLA/list` and `data/DTSA/list`: a heading per bulletin, then its
//! weaknesses in braces and a line per release and package.
//!
//! ```text
//! [29 Mar 2023] DSA-5380-1 xorg-server - security update
//!         {CVE-2023-1393}
//!         [bullseye] - xorg-server 2:1.20.11-1+deb11u6
//! ```

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use model::{Problem, ProblemKind};

use super::note::{self, Note, Said};
use super::{address, known};
use crate::feed::{FeedFile, Parsed, cut, shown};
use crate::identifier;
use crate::{Affected, Limits, Range, Record, State, Weakness};

/// Reads a list. A line that is not of the known form is a problem, and the rest counts.
pub fn parse(file: &FeedFile<'_>, part: &str, limits: &Limits) -> Parsed {
    let text = String::from_utf8_lossy(file.bytes);
    let mut reader = Reader {
        file,
        limits,
        current: None,
        parsed: Parsed {
            part: Some(part.to_owned()),
            ..Parsed::default()
        },
    };
    for (number, line) in text.lines().enumerate() {
        if let Err(detail) = reader.line(line) {
            reader.problem(number + 1, detail);
        }
    }
    reader.close();
    let mut parsed = reader.parsed;
    if parsed.records.is_empty() {
        parsed.failed = true;
        parsed.part = None;
        let detail = "it holds no bulletin: expected '[date] DSA-… package - text' lines";
        let problem = Problem::new(ProblemKind::Malformed, file.place(), detail);
        parsed.problems.push(problem);
    }
    parsed
}

struct Reader<'a> {
    file: &'a FeedFile<'a>,
    limits: &'a Limits,
    current: Option<Record>,
    parsed: Parsed,
}

impl Reader<'_> {
    fn problem(&mut self, line: usize, detail: String) {
        let place = format!("{}: line {line}", self.file.place());
        self.parsed
            .problems
            .push(Problem::new(ProblemKind::Malformed, place, detail));
    }

    /// Ends the bulletin under way.
    fn close(&mut self) {
        if let Some(mut record) = self.current.take() {
            if record.weaknesses.is_empty() {
                record.weaknesses.push(Weakness::new(record.id.as_str()));
            }
            self.parsed.records.push(record);
        }
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        if line.trim().is_empty() {
            return Ok(());
        }
        if !line.starts_with([' ', '\t']) {
            self.close();
            self.current = Some(heading(line, self.limits)?);
            return Ok(());
        }
        // Lines under a heading that could not be read were reported with it.
        let Some(record) = &mut self.current else {
            return Ok(());
        };
        let line = line.trim();
        if let Some(rest) = line.strip_prefix('{') {
            weaknesses(record, rest.trim_end_matches('}'));
            Ok(())
        } else if line.starts_with('[') {
            record.affected.extend(release_line(line)?);
            Ok(())
        } else if line.starts_with("- ") || note::is_remark(line) {
            // Packages without a release speak of unstable.
            Ok(())
        } else {
            Err(format!(
                "'{}' is neither weaknesses nor a release",
                shown(line)
            ))
        }
    }
}

fn heading(line: &str, limits: &Limits) -> Result<Record, String> {
    let unread = || {
        format!(
            "'{}' is no heading: expected '[date] ID package - text'",
            shown(line)
        )
    };
    let (date, rest) = line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .ok_or_else(unread)?;
    let (id, text) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
    if !identifier::is_bulletin(id) {
        return Err(unread());
    }
    let mut record = Record::new(id);
    record.bulletin = true;
    record.weaknesses.clear();
    record.url = address(id);
    record.description = cut(text.trim(), limits.description_bytes);
    record.published = Some(
        self::date(date)
            .ok_or_else(|| format!("'{}' is no date: expected '29 Mar 2023'", shown(date)))?,
    );
    Ok(record)
}

/// `29 Mar 2023` at midnight UTC; the list of testing writes `August 26th, 2005`.
fn date(text: &str) -> Option<Timestamp> {
    let mut words = text.split_whitespace();
    let (first, second) = (words.next()?, words.next()?);
    let (day, name) = match first.starts_with(|first: char| first.is_ascii_digit()) {
        true => (first, second),
        false => (
            second.trim_end_matches(|last: char| !last.is_ascii_digit()),
            first,
        ),
    };
    let day = day.parse().ok()?;
    let name = name.get(..3)?.to_ascii_lowercase();
    let year = words.next()?.parse().ok()?;
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let index = MONTHS.iter().position(|month| *month == name)?;
    let month = i8::try_from(index).ok()? + 1;
    let midnight = Date::new(year, month, day).ok()?.at(0, 0, 0, 0);
    Offset::UTC.to_timestamp(midnight).ok()
}

fn weaknesses(record: &mut Record, words: &str) {
    for word in words.split_whitespace() {
        let known = |weakness: &Weakness| weakness.id == word;
        if identifier::looks_like_one(word) && !record.weaknesses.iter().any(known) {
            record.weaknesses.push(Weakness::new(word));
        }
    }
}

/// `[bullseye] - xorg-server 2:1.20.11-1 (high)`; `None` for words that say nothing here.
fn release_line(line: &str) -> Result<Option<Affected>, String> {
    let note = Note::read(line)?;
    let stream = known(note.release.unwrap_or_default())?;
    let state = match note.said {
        Said::Fixed(version) => {
            let range = Range::before(version.to_owned());
            let row = Affected::new(&stream, note.package, State::Fixed);
            return Ok(Some(row.range(range)));
        }
        Said::NotAffected => State::NotAffected,
        Said::Unfixed => State::Affected,
        Said::Deferred => State::Deferred,
        Said::Ignored => State::WillNotFix,
        Said::EndOfLife => State::EndOfLife,
        Said::Undetermined => State::UnderInvestigation,
        Said::Removed | Said::Absent => return Ok(None),
    };
    Ok(Some(Affected::new(&stream, note.package, state)))
}

#[cfg(test)]
mod tests {
    use super::super::FEED;
    use super::*;

    // After salsa.debian.org/security-tracker-team, data/DSA/list, 2023-04-02.
    const LIST: &str = "[29 Mar 2023] DSA-5380-1 xorg-server - security update\n\
        \t{CVE-2023-1393}\n\
        \t[bullseye] - xorg-server 2:1.20.11-1+deb11u6\n\
        [17 Mar 2023] DSA-5356-2 sox - regression update\n\
        \t[bullseye] - sox 14.4.2+git20190427-2+deb11u2\n\
        \tNOTE: a remark\n\
        [30 Jul 2002] DSA-136 openssl - multiple remote exploits\n\
        \x20       {CVE-2002-0655 CVE-2002-0656 CVE-2002-0655}\n\
        \t[woody] - openssl094 0.9.4-6.woody.2\n\
        \t[woody] - openssl 0.9.6c-2.woody.1 (high)\n\
        \t[woody] - mantis <not-affected> (Vulnerable code not present)\n\
        \t[woody] - a <unfixed>\n\t[woody] - b <end-of-life>\n\t[woody] - c <ignored> (x)\n\
        \t[woody] - d <undetermined>\n\t[woody] - e <removed>\n";

    fn read(path: &str, bytes: &[u8]) -> Parsed {
        let file = FeedFile::plain("debian", path, bytes);
        FEED.read(&file, &Limits::default())
    }

    #[test]
    fn a_heading_is_a_record() {
        let parsed = read("data/DSA/list", LIST.as_bytes());
        assert_eq!(parsed.problems, []);
        let ids = |record: &Record| {
            let ids: Vec<_> = record.weaknesses.iter().map(|one| one.id.clone()).collect();
            format!("{} {}", record.id, ids.join(","))
        };
        let all: Vec<_> = parsed.records.iter().map(ids).collect();
        assert_eq!(
            all,
            [
                "DSA-5380-1 CVE-2023-1393",
                "DSA-5356-2 DSA-5356-2",
                "DSA-136 CVE-2002-0655,CVE-2002-0656"
            ]
        );
        let newest = parsed.records.iter().filter_map(Record::date).max();
        assert_eq!(newest, "2023-03-29T00:00:00Z".parse().ok());
        let states: Vec<_> = parsed.records[2]
            .affected
            .iter()
            .map(|row| row.state)
            .collect();
        use State::*;
        assert_eq!(
            states,
            [
                Fixed,
                Fixed,
                NotAffected,
                Affected,
                EndOfLife,
                WillNotFix,
                UnderInvestigation
            ]
        );
        let row = &parsed.records[0].affected[0];
        assert_eq!(
            (row.ecosystem.as_str(), row.package.as_str()),
            ("debian:11", "xorg-server")
        );
        assert_eq!(
            row.ranges[..],
            [Range::before("2:1.20.11-1+deb11u6".to_owned())]
        );
    }

    #[test]
    fn lines_that_are_not_understood_are_problems_with_their_number() {
        let text = "[99 Foo 2023] DSA-1 a - b\n\t{CVE-2023-1393}\n[29 Mar 2023] DSA-2 a - b\n\
                    \t[nosuch] - a 1\n\t[woody] a 1\n\t[woody] - a <odd>\n\tgarbage\n\
                    \t[woody] - a 1\ngarbage\n\t[woody] - b 2\n";
        let parsed = read("DLA/list", text.as_bytes());
        let lines: Vec<_> = parsed
            .problems
            .iter()
            .filter_map(|problem| problem.place.rsplit_once(' '))
            .map(|(_, line)| line)
            .collect();
        assert_eq!(lines, ["1", "4", "5", "6", "7", "9"]);
        assert_eq!(parsed.records.len(), 1);
        assert_eq!(parsed.records[0].affected.len(), 1);
        assert!(!parsed.failed);
    }

    #[test]
    fn what_is_no_list_is_a_problem_of_the_file() {
        for bytes in [&b""[..], b"\xff\xfe\x00", b"{}", b"\n\n"] {
            assert!(read("data/DSA/list", bytes).failed);
        }
    }

    // After salsa.debian.org/security-tracker-team, data/DTSA/list, 2011.
    #[test]
    fn the_list_of_testing_writes_its_dates_otherwise() {
        let text = "[August 26th, 2005] DTSA-1-1 kismet - various\n\
            \t{CVE-2005-2626 CVE-2005-2627 }\n\t[etch] - kismet 2005.08.R1-0.1etch1 (high)\n";
        let parsed = read("data/DTSA/list", text.as_bytes());
        assert_eq!(
            (parsed.problems.len(), parsed.part.as_deref()),
            (0, Some("dtsa"))
        );
        let record = &parsed.records[0];
        assert_eq!(record.published, "2005-08-26T00:00:00Z".parse().ok());
        assert_eq!(
            (record.id.as_str(), record.weaknesses.len()),
            ("DTSA-1-1", 2)
        );
        assert_eq!(record.affected[0].ecosystem, "debian:4");
    }

    #[test]
    fn a_list_alone_is_only_a_part() {
        let parts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        for (names, missing) in [
            (&["dsa", "dla"][..], 1),
            (&["dsa", "json"], 0),
            (&["cve"], 1),
            (&["cve", "dsa"], 1),
            (&["cve", "dsa", "dla"], 0),
            (&["cve", "json"], 0),
        ] {
            let lacks = (FEED.missing)(&parts(names));
            assert_eq!(lacks.len(), missing, "{names:?}");
        }
    }
}
