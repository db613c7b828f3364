//! Ubuntu's CVE tracker, `git.launchpad.net/ubuntu-cve-tracker`: a text file per CVE, with a word
//! on each source package in each release.
//!
//! Keyed by source package and release. What only subscribers get (`esm-infra`, `esm-apps`, `fips`)
//! is a channel of the same release.

use std::collections::BTreeSet;

use super::{Feed, FeedFile, Missing, Parsed, Remote};
use crate::Limits;

pub mod oval;
mod status;
mod tracker;
pub mod usn;
pub mod vex;

/// The tracker's git repository, as an archive of its newest state.
const REMOTES: &[Remote] = &[Remote::file(
    "ubuntu",
    "ubuntu-cve-tracker.tar.gz",
    "https://git.launchpad.net/ubuntu-cve-tracker/snapshot/ubuntu-cve-tracker-master.tar.gz",
)];

/// The feed.
pub const FEED: Feed = Feed {
    name: "ubuntu-tracker",
    remotes: REMOTES,
    recognises: |source| source == "ubuntu" || source.starts_with("ubuntu-cve-tracker"),
    wants: |_, path| tracker::is_one(path),
    parse: |file: &FeedFile<'_>, limits: &Limits| -> Parsed { tracker::parse(file, limits) },
    publishes: &["ubuntu"],
    claims: |_, _, _| vec!["ubuntu:*".to_owned()],
    missing,
};

/// The channel of a fix: the one that is told, else that of subscribers where the version says so
/// (`2.5.0-1ubuntu0.1~esm1`).
fn channel<'a>(told: &'a str, version: &str) -> &'a str {
    match told.is_empty() && version.contains("esm") {
        true => "esm",
        false => told,
    }
}

/// The page on a weakness.
fn address(id: &str) -> String {
    format!("https://ubuntu.com/security/{id}")
}

/// Weaknesses that nobody works on any more are in a directory of their own.
fn missing(parts: &BTreeSet<String>) -> Vec<Missing> {
    let part = |name: &&str| !parts.contains(*name);
    let missing = ["active", "retired"].into_iter().filter(part);
    missing
        .map(|name| Missing {
            ecosystem: None,
            detail: format!("it lacks the tracker's directory '{name}': add it and build again"),
        })
        .collect()
}

/// What was read, for the tests of each format: a row after the other, then the problems.
#[cfg(test)]
fn told_of(parsed: &Parsed) -> String {
    let rows = parsed.records.iter().flat_map(|record| &record.affected);
    let rows = rows.map(|row| {
        let ends = row.ranges.iter().map(|range| format!(" {:?}", range.end));
        let (place, channel, package) = (&row.ecosystem, &row.channel, &row.package);
        let ends: String = ends.collect();
        format!("{place} {channel} {package} {:?}{ends}", row.state)
    });
    let problems = parsed.problems.iter().map(|problem| problem.detail.clone());
    rows.chain(problems).collect::<Vec<_>>().join("; ")
}
