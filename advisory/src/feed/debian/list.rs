//! `data/DSA/list` and `data/DLA/list`: a heading per bulletin, then its weaknesses in braces and
//! a line per release and package.
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

use super::{address, stream};
use crate::feed::{FeedFile, Parsed, cut};
use crate::identifier;
use crate::{Affected, Limits, Range, Record, State, Weakness};

/// Reads a list. A line that is not of the known form is a problem, and the rest counts.
pub fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let part = match file.path.contains("DLA") {
        true => "dla",
        false => "dsa",
    };
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
        } else if is_remark(line) {
            Ok(())
        } else {
            Err(format!(
                "'{}' is neither weaknesses nor a release",
                shown(line)
            ))
        }
    }
}

/// `NOTE: …` and the like, and packages without a release, which speak of unstable.
fn is_remark(line: &str) -> bool {
    line.starts_with("- ")
        || line.split_once(':').is_some_and(|(word, _)| {
            word.bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'-')
        })
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

/// `29 Mar 2023` at midnight UTC.
fn date(text: &str) -> Option<Timestamp> {
    let mut words = text.split_whitespace();
    let day = words.next()?.parse().ok()?;
    let name = words.next()?.get(..3)?.to_ascii_lowercase();
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
    let unread = || format!("'{}' is no '[release] - package version'", shown(line));
    let (codename, rest) = line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .ok_or_else(unread)?;
    let rest = rest.trim_start().strip_prefix('-').ok_or_else(unread)?;
    let mut words = rest.split_whitespace();
    let package = words.next().ok_or_else(unread)?;
    let version = words.next().ok_or_else(unread)?;
    let stream = stream(codename)
        .ok_or_else(|| format!("'{}' is no release of Debian known here", shown(codename)))?;
    let said = |state| Ok(Some(Affected::new(&stream, package, state)));
    match version {
        "<not-affected>" => said(State::NotAffected),
        "<unfixed>" => said(State::Affected),
        "<no-dsa>" | "<postponed>" => said(State::Deferred),
        "<ignored>" => said(State::WillNotFix),
        "<end-of-life>" => said(State::EndOfLife),
        "<undetermined>" => said(State::UnderInvestigation),
        "<removed>" | "<itp>" | "<not-for-us>" => Ok(None),
        word if word.starts_with('<') => Err(format!("'{}' is no state known here", shown(word))),
        fixed => Ok(Some(
            Affected::new(&stream, package, State::Fixed).range(Range::before(fixed.to_owned())),
        )),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(80).collect()
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

    #[test]
    fn a_list_alone_is_only_a_part() {
        let parts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!((FEED.missing)(&parts(&["dsa", "dla"])).len(), 1);
        assert!((FEED.missing)(&parts(&["dsa", "json"])).is_empty());
    }
}
