//! Debian's security tracker: its JSON export, and the lists of its git repository.
//!
//! The JSON (`security-tracker.debian.org/tracker/data/json`) has a word on every weakness in
//! every supported release. `data/DSA/list` and `data/DLA/list` hold the bulletins: only what was
//! fixed, but back to 2000, with the bulletins' names. A source that has only these lacks
//! everything unfixed, and says so. `data/CVE/list` is what the export is made of: every weakness
//! in every package, also of releases that have ended. Where a source has both, the export has
//! the word on what it speaks of.

use std::collections::BTreeSet;

use model::distro;
use model::{Ecosystem, Stream};

use super::{Feed, FeedFile, Missing, Parsed, Remote, shown};
use crate::Limits;

mod cve;
mod list;
mod note;
mod tracker;

/// The parts of the publisher's whole: the export, and the list that it is made of.
const EXPORT: &str = "json";
const WEAKNESSES: &str = "cve";

const REMOTES: &[Remote] = &[
    Remote::file(
        "debian",
        "json",
        "https://security-tracker.debian.org/tracker/data/json",
    ),
    Remote::file(
        "debian",
        "DSA/list",
        "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DSA/list",
    ),
    Remote::file(
        "debian",
        "DLA/list",
        "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DLA/list",
    ),
];

/// The feed.
pub const FEED: Feed = Feed {
    name: "debian-tracker",
    remotes: REMOTES,
    recognises: |source| source == "debian" || source.starts_with("debian-security-tracker"),
    wants: |_, path| is_json(path) || list_of(path).is_some(),
    parse,
    publishes: &["debian"],
    claims: |_, _, _| vec!["debian:*".to_owned()],
    missing,
};

/// The tracker's export has a name of its own: `json`, or whatever ends in `.json`. The
/// repository's own settings file is none.
fn is_json(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    (name == "json" || name.ends_with(".json")) && name != "config.json"
}

/// Which list a path is, by the word for that part.
fn list_of(path: &str) -> Option<&'static str> {
    let mut names = path.rsplit('/');
    if names.next() != Some("list") {
        return None;
    }
    match names.next()? {
        "CVE" => Some(WEAKNESSES),
        "DSA" => Some("dsa"),
        "DLA" => Some("dla"),
        "DTSA" => Some("dtsa"),
        _ => None,
    }
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    match list_of(file.path) {
        Some(WEAKNESSES) => cve::parse(file, limits),
        Some(part) => list::parse(file, part, limits),
        None => tracker::parse(file, limits),
    }
}

/// The stream of a code name, as in [`model::distro`]'s rows.
fn stream(codename: &str) -> Option<Ecosystem> {
    let row = distro::row("debian")?;
    let release = row.release(codename)?;
    Some(Ecosystem::Distro(Stream::new(row.id, release.line)))
}

/// The same for a list, where a name that nobody knows is a problem.
fn known(codename: &str) -> Result<Ecosystem, String> {
    let unknown = || format!("'{}' is no release of Debian known here", shown(codename));
    stream(codename).ok_or_else(unknown)
}

/// What the tracker's address of an identifier is.
fn address(id: &str) -> String {
    format!("https://security-tracker.debian.org/tracker/{id}")
}

fn missing(parts: &BTreeSet<String>) -> Vec<Missing> {
    let has = |part: &str| parts.contains(part);
    let detail = match (has(EXPORT), has(WEAKNESSES)) {
        (true, _) => return Vec::new(),
        (false, true) if has("dsa") && has("dla") => return Vec::new(),
        (false, true) => {
            "it holds the list of weaknesses without those of bulletins (DSA, DLA), that is \
             without most versions that are fixed in a release; add DSA/list and DLA/list, or the \
             tracker's data/json export, and build again"
        }
        (false, false) => {
            "it holds only the bulletins (DSA, DLA), that is fixed weaknesses: those that are \
             unfixed, postponed or ignored are not in it; add the tracker's data/json export and \
             build again"
        }
    };
    vec![Missing {
        ecosystem: None,
        detail: detail.to_owned(),
    }]
}
