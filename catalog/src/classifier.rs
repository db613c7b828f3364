//! Programs without a package manager, told by what they are called and by a version that stands
//! in them near words of their own.
//!
//! A row of [`CLASSES`] is a program. Only a file that is called as a row says is looked at at
//! all, and all of it then.

use std::sync::{LazyLock, OnceLock};

use image::Limits;
use model::{Package, PackageType, Problem};
use regex::bytes::{Regex, RegexBuilder};

use crate::cataloger::Found;
use crate::program::Reader;
use crate::text::word;

mod table;
pub mod texts;

pub use table::CLASSES;

/// Programs that are told by name and evidence.
pub const READER: Reader = Reader {
    name: "classifier",
    reads: "well-known programs and libraries, from the version in them: see the classes below",
    read,
};

/// A kind of program, as data.
#[derive(Debug)]
pub struct Class {
    /// What it is called as a package of [`PackageType::Generic`].
    pub package: &'static str,
    /// `vendor:product` in NVD's dictionary.
    pub cpe: &'static str,
    /// Names of its files; `*` is any text.
    pub files: &'static [&'static str],
    /// What its path must hold as well; mostly empty.
    pub within: &'static str,
    /// Where its version stands; the first that is there counts.
    pub evidence: &'static [Evidence],
}

/// Where a version stands in a file.
#[derive(Debug)]
pub struct Evidence {
    /// What must be in the file; empty where the pattern says enough.
    pub near: &'static str,
    /// How far from that, before and behind it, the pattern is looked for; 0 for anywhere.
    pub distance: usize,
    /// A regular expression on bytes. What it captures is the version; [`FORMS`] may stand for it.
    pub pattern: &'static str,
}

/// What may stand in a pattern for the version that it captures.
pub const FORMS: &[(&str, &str)] = &[
    ("<1.2.3>", r"([0-9]+\.[0-9]+\.[0-9]+)"),
    ("<1.2>", r"([0-9]+\.[0-9]+(?:\.[0-9]+)?)"),
    (
        "<1.2.3-pre>",
        r"([0-9]+\.[0-9]+\.[0-9]+(?:-(?:alpha|beta|rc|dev|preview)[.0-9]*)?)",
    ),
];

/// A pattern anywhere in a file.
const fn find(pattern: &'static str) -> Evidence {
    near("", 0, pattern)
}

/// A pattern around a text.
const fn near(near: &'static str, distance: usize, pattern: &'static str) -> Evidence {
    Evidence {
        near,
        distance,
        pattern,
    }
}

/// A row.
const fn class(
    package: &'static str,
    cpe: &'static str,
    files: &'static [&'static str],
    evidence: &'static [Evidence],
) -> Class {
    Class {
        package,
        cpe,
        files,
        within: "",
        evidence,
    }
}

/// Places of a text that are looked around.
const MOST_PLACES: usize = 1_000;

/// The rows of [`CLASSES`].
pub fn classes() -> impl Iterator<Item = &'static Class> {
    CLASSES.iter().copied().flatten()
}

/// The pattern, and the text that it stands near, made ready.
struct Matcher {
    near: Option<Regex>,
    distance: usize,
    pattern: Regex,
}

/// The matchers of [`CLASSES`], each made when it is first needed.
static MATCHERS: LazyLock<Vec<OnceLock<Vec<Matcher>>>> =
    LazyLock::new(|| classes().map(|_| OnceLock::new()).collect());

fn read(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let (_, name) = image::path::split(path);
    let meant = classes().zip(MATCHERS.iter()).filter(|(class, _)| {
        path.contains(class.within) && class.files.iter().any(|glob| is_named(name, glob))
    });
    // What is one program is not also another of the same name.
    let package = meant.into_iter().find_map(|(class, matchers)| {
        let matchers = matchers.get_or_init(|| matchers_of(class.evidence));
        package(class, matchers, bytes)
    });
    let mut found = Found::default();
    found.packages.extend(package.map(Into::into));
    (found, Vec::new())
}

/// The package of a class, where there is evidence of it.
fn package(class: &Class, matchers: &[Matcher], bytes: &[u8]) -> Option<Package> {
    let version = matchers.iter().find_map(|matcher| matcher.version(bytes))?;
    Some(Package {
        cpe: Some(class.cpe.to_owned()),
        ..Package::new(PackageType::Generic, class.package, version)
    })
}

/// Whether a name is of a form in which `*` is any text.
fn is_named(name: &str, glob: &str) -> bool {
    let Some((start, mut rest)) = glob.split_once('*') else {
        return name == glob;
    };
    let Some(mut name) = name.strip_prefix(start) else {
        return false;
    };
    while let Some((part, next)) = rest.split_once('*') {
        let Some(at) = name.find(part) else {
            return false;
        };
        name = name.get(at + part.len()..).unwrap_or_default();
        rest = next;
    }
    name.ends_with(rest)
}

/// The evidence made ready; what is no pattern, which a test excludes, is none.
fn matchers_of(evidence: &[Evidence]) -> Vec<Matcher> {
    evidence
        .iter()
        .filter_map(|one| one.matcher().ok())
        .collect()
}

impl Evidence {
    fn matcher(&self) -> Result<Matcher, regex::Error> {
        let forms = FORMS
            .iter()
            .fold(self.pattern.to_owned(), |text, (form, pattern)| {
                text.replace(form, pattern)
            });
        Ok(Matcher {
            near: match self.near {
                "" => None,
                near => Some(expression(&regex::escape(near))?),
            },
            distance: self.distance,
            pattern: expression(&forms)?,
        })
    }
}

fn expression(pattern: &str) -> Result<Regex, regex::Error> {
    let mut builder = RegexBuilder::new(pattern);
    builder.unicode(false).dot_matches_new_line(true).build()
}

impl Matcher {
    fn version(&self, bytes: &[u8]) -> Option<String> {
        let Some(near) = &self.near else {
            return self.capture(bytes);
        };
        if self.distance == 0 {
            return near.is_match(bytes).then(|| self.capture(bytes))?;
        }
        near.find_iter(bytes).take(MOST_PLACES).find_map(|place| {
            let start = place.start().saturating_sub(self.distance);
            let end = place.end().saturating_add(self.distance);
            self.capture(bytes.get(start..end.min(bytes.len()))?)
        })
    }

    /// The first group that takes part.
    fn capture(&self, bytes: &[u8]) -> Option<String> {
        let captures = self.pattern.captures(bytes)?;
        let group = captures.iter().skip(1).flatten().next()?;
        word(group.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one_and_captures_a_version() {
        for class in classes() {
            assert!(
                !class.files.is_empty() && class.cpe.contains(':'),
                "{}",
                class.package
            );
            for evidence in class.evidence {
                let matcher = evidence.matcher().unwrap_or_else(|error| panic!("{error}"));
                assert!(matcher.pattern.captures_len() > 1, "{}", evidence.pattern);
            }
        }
    }

    #[test]
    fn names_are_compared_with_their_forms() {
        for (name, glob, expected) in [
            ("java", "java", true),
            ("javac", "java", false),
            ("python3.11", "python3*", true),
            ("libpython3.11.so.1.0", "libpython*.so*", true),
            ("libpython3.a", "libpython*.so*", false),
            ("libstd-6f77337c1826707d.so", "libstd-*.so", true),
            ("x-gcc-12", "*-gcc-1*", true),
            ("gcc", "*-gcc", false),
        ] {
            assert_eq!(is_named(name, glob), expected, "{name} {glob}");
        }
    }

    #[test]
    fn a_version_stands_near_its_words() {
        let text = b"\x001.2.3\0 far away from it: lines and lines \0GNU x\x001.4\0";
        let version = |evidence: Evidence| evidence.matcher().unwrap().version(text);
        assert_eq!(
            version(near("GNU x", 8, r"\x00<1.2>\x00")).as_deref(),
            Some("1.4")
        );
        assert_eq!(
            version(near("GNU x", 0, r"\x00<1.2>\x00")).as_deref(),
            Some("1.2.3")
        );
        assert_eq!(version(near("GNU y", 0, r"\x00<1.2>\x00")), None);
    }
}
