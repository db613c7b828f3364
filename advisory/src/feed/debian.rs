//! Debian's security tracker: its JSON export, and the lists of its git repository.
//!
//! The JSON (`security-tracker.debian.org/tracker/data/json`) has a word on every weakness in
//! every supported release. `data/DSA/list` and `data/DLA/list` hold the bulletins: only what was
//! fixed, but back to 2000, with the bulletins' names. A source that has only the lists lacks
//! everything unfixed, and says so.

use std::collections::BTreeSet;

use model::distro;
use model::{Ecosystem, Stream};

use super::{Feed, FeedFile, Missing, Parsed, Remote};
use crate::Limits;

mod list;
mod tracker;

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
    wants: |_, path| is_json(path) || is_list(path),
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

fn is_list(path: &str) -> bool {
    ["DSA/list", "DLA/list"]
        .iter()
        .any(|end| path == *end || path.ends_with(&format!("/{end}")))
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    match is_list(file.path) {
        true => list::parse(file, limits),
        false => tracker::parse(file, limits),
    }
}

/// The stream of a code name, as in [`model::distro`]'s rows.
fn stream(codename: &str) -> Option<Ecosystem> {
    let row = distro::row("debian")?;
    let release = row.release(codename)?;
    Some(Ecosystem::Distro(Stream::new(row.id, release.line)))
}

/// What the tracker's address of an identifier is.
fn address(id: &str) -> String {
    format!("https://security-tracker.debian.org/tracker/{id}")
}

fn missing(parts: &BTreeSet<String>) -> Vec<Missing> {
    if parts.contains(tracker::PART) {
        return Vec::new();
    }
    vec![Missing {
        ecosystem: None,
        detail: "it holds only the bulletins (DSA, DLA), that is fixed weaknesses: those that are \
                 unfixed, postponed or ignored are not in it; add the tracker's \
                 data/json export and build again"
            .to_owned(),
    }]
}
