//! A line on a package, which all lists of the tracker write in one way.
//!
//! ```text
//! - putty 0.75-3 (low; bug #990901)
//! [bullseye] - putty <no-dsa> (Minor issue)
//! ```

use model::Severity;

use crate::feed::shown;

/// What a line says of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// The code name of the release that is meant; `None` for unstable.
    pub release: Option<&'a str>,
    /// The source package.
    pub package: &'a str,
    /// What is said.
    pub said: Said<'a>,
    /// What stands in brackets at the end.
    pub remarks: &'a str,
}

/// What can be said of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// This version has the fix.
    Fixed(&'a str),
    /// No version is affected.
    NotAffected,
    /// Affected, without a fix.
    Unfixed,
    /// Affected, and taken out of the archive without a fix.
    Removed,
    /// Affected, and too minor for a bulletin, at least for now.
    Deferred,
    /// Affected, and left so.
    Ignored,
    /// Affected, and no longer looked after.
    EndOfLife,
    /// Nobody knows yet.
    Undetermined,
    /// No package of Debian.
    Absent,
}

impl<'a> Note<'a> {
    /// Reads a line without what it is indented by.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn read(line: &'a str) -> Result<Note<'a>, String> {
        let unread = || format!("'{}' is no '[release] - package version'", shown(line));
        let (release, rest) = match line.strip_prefix('[') {
            Some(rest) => {
                let (release, rest) = rest.split_once(']').ok_or_else(unread)?;
                (Some(release), rest.trim_start())
            }
            None => (None, line),
        };
        let rest = rest.strip_prefix('-').ok_or_else(unread)?;
        let (rest, remarks) = match rest.split_once('(') {
            Some((rest, remarks)) => (rest, remarks.trim_end().trim_end_matches(')')),
            None => (rest, ""),
        };
        let mut words = rest.split_whitespace();
        let package = words.next().ok_or_else(unread)?;
        let said = words.next().map_or(Ok(Said::Unfixed), said)?;
        Ok(Note {
            release,
            package,
            said,
            remarks,
        })
    }

    /// The words in brackets: a rating, numbers of bugs, or a sentence.
    fn words(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.remarks.split(';').map(str::trim)
    }

    /// The rating that it gives.
    pub fn severity(&self) -> Severity {
        let rated = self.words().map(severity);
        let mut known = rated.filter(|severity| *severity != Severity::Unknown);
        known.next().unwrap_or(Severity::Unknown)
    }

    /// The first of Debian's bugs that it names.
    pub fn bug(&self) -> Option<u32> {
        let number = |word: &str| word.strip_prefix("bug #")?.parse().ok();
        self.words().find_map(number)
    }
}

fn said(word: &str) -> Result<Said<'_>, String> {
    Ok(match word {
        "<not-affected>" | "0" => Said::NotAffected,
        "<unfixed>" => Said::Unfixed,
        "<removed>" => Said::Removed,
        "<no-dsa>" | "<postponed>" => Said::Deferred,
        "<ignored>" => Said::Ignored,
        "<end-of-life>" => Said::EndOfLife,
        "<undetermined>" => Said::Undetermined,
        "<itp>" | "<not-for-us>" => Said::Absent,
        word if word.starts_with('<') => {
            return Err(format!("'{}' is no state known here", shown(word)));
        }
        version => Said::Fixed(version),
    })
}

/// Debian's urgency; a trailing `*` or `**` marks one that was taken from elsewhere.
pub fn severity(urgency: &str) -> Severity {
    match urgency.trim_end_matches('*') {
        "unimportant" => Severity::Negligible,
        "low" => Severity::Low,
        "medium" => Severity::Medium,
        "high" => Severity::High,
        _ => Severity::Unknown,
    }
}

/// `NOTE: …`, `NOT-FOR-US: …`, `RESERVED` and the like, which say nothing of a package.
pub fn is_remark(line: &str) -> bool {
    let word = line.split_once(':').map_or(line, |(word, _)| word).trim();
    let is_of_one = |byte: u8| byte.is_ascii_uppercase() || byte == b'-';
    !word.is_empty() && word.bytes().all(is_of_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        // After lines of data/CVE/list, 2021 and 2023.
        for (line, release, package, said, severity, bug) in [
            (
                "- putty 0.75-3 (low; bug #990901)",
                None,
                "putty",
                Said::Fixed("0.75-3"),
                Severity::Low,
                Some(990_901),
            ),
            (
                "[bullseye] - foot <no-dsa> (Minor issue; low risk)",
                Some("bullseye"),
                "foot",
                Said::Deferred,
                Severity::Unknown,
                None,
            ),
            (
                "- ant <unfixed> (unimportant)",
                None,
                "ant",
                Said::Unfixed,
                Severity::Negligible,
                None,
            ),
            ("- a", None, "a", Said::Unfixed, Severity::Unknown, None),
            (
                "- a 0",
                None,
                "a",
                Said::NotAffected,
                Severity::Unknown,
                None,
            ),
        ] {
            let note = Note::read(line).unwrap();
            assert_eq!((note.release, note.package), (release, package), "{line}");
            assert_eq!((note.said, note.severity()), (said, severity), "{line}");
            assert_eq!(note.bug(), bug, "{line}");
        }
        for line in ["", "-", "[a - b 1", "[a] b 1", "- a <odd>", "[é", "- (x)"] {
            assert!(Note::read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn remarks_are_in_capitals() {
        for line in [
            "NOTE: x",
            "NOT-FOR-US: X",
            "RESERVED",
            "REJECTED",
            "HELP: check",
        ] {
            assert!(is_remark(line), "{line}");
        }
        for line in ["", ": x", "garbage", "note: x"] {
            assert!(!is_remark(line), "{line}");
        }
    }
}
