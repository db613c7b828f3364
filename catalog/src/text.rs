//! What the line-based formats share: lines with their numbers, and problems that name them.

use image::Limits;
use image::problems::Problems;
use model::{Problem, ProblemKind};

use crate::cataloger::Found;

/// Lines of a file, numbered from 1, without their ends.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    lines.map(|(at, line)| (at + 1, line.strip_suffix(b"\r").unwrap_or(line)))
}

/// The problems of one file.
pub struct FileProblems {
    path: String,
    problems: Problems,
}

impl FileProblems {
    /// None yet.
    pub fn new(path: &str, limits: &Limits) -> FileProblems {
        FileProblems {
            path: path.to_owned(),
            problems: Problems::new(limits.problems),
        }
    }

    /// Something is malformed at a line.
    pub fn at(&mut self, line: usize, detail: impl Into<String>) {
        let place = format!("{}:{line}", self.path);
        self.problems.add(ProblemKind::Malformed, place, detail);
    }

    /// The file ends inside a line: it was cut.
    pub fn check_end(&mut self, bytes: &[u8]) {
        if bytes.last().is_some_and(|last| *last != b'\n') {
            let detail = "ends inside a line: records may be missing";
            self.problems
                .add(ProblemKind::Truncated, &self.path, detail);
        }
    }

    /// All of them.
    pub fn finish(self) -> Vec<Problem> {
        let path = self.path.clone();
        self.problems.finish(&path)
    }
}

/// A name or version as package managers write them: printable, without blanks.
pub fn word(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes.trim_ascii()).ok()?;
    is_unbroken(text).then(|| text.to_owned())
}

/// Whether a text, of whatever letters, has neither blanks nor control characters.
pub fn is_unbroken(text: &str) -> bool {
    let is_odd = |char: char| char.is_whitespace() || char.is_control();
    !text.is_empty() && !text.contains(is_odd)
}

/// A place and what lies inside it, with a colon between them where there are both.
pub fn inside(place: &str, within: &str) -> String {
    match (place, within) {
        ("", one) | (one, "") => one.to_owned(),
        (place, within) => format!("{place}:{within}"),
    }
}

/// Whether a text can be a name or a version: printable ASCII, without blanks.
pub fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What is found in a file that is not of its form: nothing.
pub fn unreadable(path: &str, detail: impl ToString) -> (Found, Vec<Problem>) {
    let problem = Problem::new(ProblemKind::Malformed, path, detail.to_string());
    (Found::default(), vec![problem])
}

/// An address without the user and password that it may hold: they are nobody's to read.
pub fn without_credentials(address: &str) -> String {
    let parts = address.split_once("://");
    let cut = parts.and_then(|(scheme, rest)| {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, after) = rest.split_at_checked(end)?;
        let (_, host) = authority.rsplit_once('@')?;
        Some(format!("{scheme}://{host}{after}"))
    });
    cut.unwrap_or_else(|| address.to_owned())
}

/// The start of a line, fit to be shown.
pub fn excerpt(bytes: &[u8]) -> String {
    let start = bytes.get(..40).unwrap_or(bytes);
    start.escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_left_out() {
        for (address, expected) in [
            ("https://a:b@c/d@e", "https://c/d@e"),
            ("https://a@b:c@d", "https://d"),
            ("http://a/b", "http://a/b"),
            ("/media/x", "/media/x"),
            ("cdrom:[x@y]/", "cdrom:[x@y]/"),
        ] {
            assert_eq!(without_credentials(address), expected);
        }
    }
}
