//! Orders two version strings of one scheme, or says that it cannot.
//!
//! A scheme is one ecosystem's own rule, not a common denominator: `1.0_rc1` is below `1.0` for
//! Alpine and not a version at all for Debian. The rules stand in one file each, with a table of
//! `a < b` lines beside them in `tests/data`.

use std::cmp::Ordering;
use std::fmt;

pub mod apk;
pub mod dpkg;

/// The longest version string that is looked at, in bytes. Real ones stay under 200.
pub const MAX_LENGTH: usize = 4096;

/// A rule that orders version strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// Alpine's apk-tools.
    Apk,
    /// Debian's dpkg, as in deb-version(7).
    Dpkg,
    /// A scheme whose order is not known here: equal strings are equal, all else is undecided.
    Opaque,
}

impl Scheme {
    /// Every scheme, for tests and tables.
    pub const ALL: &'static [Scheme] = &[Scheme::Apk, Scheme::Dpkg, Scheme::Opaque];

    /// The scheme's name as it is written in a database and in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Apk => "apk",
            Scheme::Dpkg => "dpkg",
            Scheme::Opaque => "opaque",
        }
    }

    /// The scheme of that name.
    pub fn from_name(name: &str) -> Option<Scheme> {
        Scheme::ALL
            .iter()
            .copied()
            .find(|scheme| scheme.as_str() == name)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Two versions whose order cannot be told, with the one that is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// The scheme that was asked.
    pub scheme: Scheme,
    /// The string that the scheme does not read.
    pub version: String,
    /// What is wrong with it, in words.
    pub reason: &'static str,
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' is not ordered by {}: {}",
            self.version, self.scheme, self.reason
        )
    }
}

impl std::error::Error for Undecided {}

/// Orders `a` against `b` by the scheme's own rule.
///
/// # Errors
///
/// [`Undecided`] where one of them is no version of the scheme. It is never taken for "not
/// affected": the caller reports it as a gap.
pub fn compare(scheme: Scheme, a: &str, b: &str) -> Result<Ordering, Undecided> {
    if let Some(long) = [a, b]
        .into_iter()
        .find(|version| version.len() > MAX_LENGTH)
    {
        let version = long.chars().take(64).collect();
        return Err(Undecided {
            scheme,
            version,
            reason: "longer than 4096 bytes",
        });
    }
    match scheme {
        Scheme::Apk => apk::compare(a, b),
        Scheme::Dpkg => dpkg::compare(a, b),
        Scheme::Opaque if a == b && !a.is_empty() => Ok(Ordering::Equal),
        Scheme::Opaque => Err(Undecided {
            scheme,
            version: a.to_owned(),
            reason: "the order of this ecosystem's versions is not known yet",
        }),
    }
}

/// Orders two runs of ASCII digits by their value, however long they are; an empty run is 0.
fn compare_digits(a: &[u8], b: &[u8]) -> Ordering {
    let zeros = |digits: &[u8]| digits.iter().take_while(|byte| **byte == b'0').count();
    let (zeros_a, zeros_b) = (zeros(a), zeros(b));
    (a.len() - zeros_a)
        .cmp(&(b.len() - zeros_b))
        .then_with(|| a.iter().skip(zeros_a).cmp(b.iter().skip(zeros_b)))
}
