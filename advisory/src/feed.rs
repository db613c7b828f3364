//! Feeds: each publisher's format, brought to [`Record`]s by a pure function.
//!
//! To add one: a file under `feed/` and a line in [`ALL`].

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use model::{Exploitation, Problem, ProblemKind};
use serde::{Deserialize, Serialize};

use crate::{Cve, CveFacts, Limits, Record};

pub mod alpine;
pub mod amazon;
pub mod arch;
pub mod azure;
pub mod bottlerocket;
pub mod chainguard;
pub mod cisa;
pub mod csaf;
pub mod cve;
pub mod debian;
pub mod endoflife;
pub mod fedora;
pub mod first;
pub mod friendsofphp;
pub mod gentoo;
mod interval;
pub mod minimos;
pub mod nodejs;
pub mod nvd;
pub mod openeuler;
pub mod oracle;
pub mod osv;
pub mod oval;
pub mod photon;
mod position;
pub(crate) mod rating;
pub mod redhat;
mod requirement;
pub mod ruby;
pub mod rustsec;
mod secdb;
pub mod suse;
mod time;
pub mod ubuntu;
mod updateinfo;
pub mod wolfi;
pub mod xml;
mod yaml;

/// One file of a source, unpacked.
#[derive(Clone, Copy, Debug)]
pub struct FeedFile<'a> {
    /// The source's name: its directory's.
    pub source: &'a str,
    /// The archive's path inside the source, for a member of one: `Debian/all.zip`.
    pub archive: Option<&'a str>,
    /// The path inside the source, or inside the archive, with `/` between its parts.
    pub path: &'a str,
    /// The date that an archive gives its member; `None` for a plain file, whose time is the
    /// file system's and says nothing.
    pub modified: Option<Timestamp>,
    /// The content.
    pub bytes: &'a [u8],
}

impl<'a> FeedFile<'a> {
    /// A plain file, of no archive.
    pub fn plain(source: &'a str, path: &'a str, bytes: &'a [u8]) -> FeedFile<'a> {
        FeedFile {
            source,
            archive: None,
            path,
            modified: None,
            bytes,
        }
    }

    /// Where a person finds it: source, archive and path.
    pub fn place(&self) -> String {
        match self.archive {
            Some(archive) => format!("{}/{archive}:{}", self.source, self.path),
            None => format!("{}/{}", self.source, self.path),
        }
    }
}

/// What one file yielded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// Records that were accepted.
    pub records: Vec<Record>,
    /// What is known of weaknesses beyond the packages that have them.
    pub exploitation: Vec<(Cve, Exploitation)>,
    /// What is known of CVEs themselves, to complete what others say too little of.
    pub cves: Vec<(Cve, CveFacts)>,
    /// When releases end, by ecosystem (`debian:10`).
    pub ends: Vec<(String, Date)>,
    /// Package repositories by their identifier, with the products (CPEs) that they serve.
    pub repositories: Vec<(String, Vec<String>)>,
    /// The date that the file gives itself, where it has one for all that it says.
    pub date: Option<Timestamp>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Which part of the publisher's whole the file is, in the feed's own words.
    pub part: Option<String>,
    /// Whether what the file says of a weakness in a package of a stream gives way to what other
    /// files of the source say of just that, bulletins aside.
    pub gives_way: bool,
    /// Streams that the file speaks of, even where it has no record of them.
    pub streams: Vec<String>,
    /// Whether nothing could be read of a file that holds many records: then the source lacks a
    /// part, where one broken record of many only is a problem.
    pub failed: bool,
}

impl Parsed {
    /// The outcome for a file of which nothing could be read.
    pub fn failure(problem: Problem) -> Parsed {
        Parsed {
            problems: vec![problem],
            failed: true,
            ..Parsed::default()
        }
    }

    /// Takes a record that was read, or notes where and why none could be.
    fn take(&mut self, read: Result<Record, String>, place: impl FnOnce() -> String) {
        match read {
            Ok(record) => self.records.push(record),
            Err(detail) => self.malformed(place(), detail),
        }
    }

    /// Notes a part of the file that is not of its form.
    fn malformed(&mut self, place: String, detail: String) {
        let problem = Problem::new(ProblemKind::Malformed, place, detail);
        self.problems.push(problem);
    }
}

/// A part of the publisher's knowledge that a source lacks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Missing {
    /// The stream that is concerned; `None` for all.
    pub ecosystem: Option<String>,
    /// What is missing and what to do.
    pub detail: String,
}

/// How a publisher's files are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// One file: it is asked whether it has changed (`ETag`, `Last-Modified`).
    File,
    /// A directory of CSAF documents: `archive_latest.txt` names an archive of all of them, and
    /// `changes.csv` and `deletions.csv` what has changed since, by path and time.
    Csaf,
    /// A package repository: `repodata/repomd.xml` names the file of advisories, `updateinfo`.
    Repository,
    /// A text whose first line is the address of a package repository.
    MirrorList,
}

/// What is fetched from a publisher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote {
    /// The directory of the mirror: the source's name.
    pub source: &'static str,
    /// Where it is put in that directory: a file, or a directory for a protocol of many files.
    pub path: &'static str,
    /// Its address; a directory's ends with `/`.
    pub url: &'static str,
    /// How it is fetched.
    pub protocol: Protocol,
}

impl Remote {
    /// One file.
    pub const fn file(source: &'static str, path: &'static str, url: &'static str) -> Remote {
        Remote {
            source,
            path,
            url,
            protocol: Protocol::File,
        }
    }
}

/// A publisher's format.
pub struct Feed {
    /// Its name, as it stands in documents and in the database.
    pub name: &'static str,
    /// Where its publisher offers it.
    pub remotes: &'static [Remote],
    /// Whether a source of that directory name is read by this feed.
    pub recognises: fn(source: &str) -> bool,
    /// Whether a path of a source is one of the files that are read.
    pub wants: fn(source: &str, path: &str) -> bool,
    /// Reads one file. Never fails and never panics.
    pub parse: fn(&FeedFile<'_>, &Limits) -> Parsed,
    /// The distributions whose own publisher this is: its word goes before all others'.
    pub publishes: &'static [&'static str],
    /// What a file's presence makes the source answer for: an ecosystem (`pypi`, `debian:10`) or
    /// all streams of a distribution (`debian:*`). Asked with an empty path for the source itself.
    pub claims: fn(source: &str, archive: Option<&str>, path: &str) -> Vec<String>,
    /// What the source lacks, given the parts that were read.
    pub missing: fn(parts: &BTreeSet<String>) -> Vec<Missing>,
}

/// Every feed that is read.
pub const ALL: &[Feed] = &[
    alpine::FEED,
    amazon::FEED,
    arch::FEED,
    azure::FEED,
    bottlerocket::FEED,
    chainguard::FEED,
    cisa::FEED,
    cve::FEED,
    debian::FEED,
    endoflife::FEED,
    fedora::FEED,
    first::FEED,
    friendsofphp::FEED,
    gentoo::FEED,
    minimos::FEED,
    nodejs::FEED,
    nvd::FEED,
    openeuler::FEED,
    oracle::FEED,
    osv::FEED,
    redhat::FEED,
    photon::FEED,
    ruby::FEED,
    rustsec::FEED,
    suse::FEED,
    suse::oval::FEED,
    ubuntu::FEED,
    ubuntu::oval::FEED,
    ubuntu::usn::FEED,
    ubuntu::vex::FEED,
    wolfi::FEED,
];

/// The feed of a source directory; `None` where nobody knows the name.
pub fn for_source(source: &str) -> Option<&'static Feed> {
    ALL.iter().find(|feed| (feed.recognises)(source))
}

impl Feed {
    /// Reads one file within the limits.
    pub fn read(&self, file: &FeedFile<'_>, limits: &Limits) -> Parsed {
        if file.bytes.len() > limits.file_bytes {
            let detail = format!(
                "{} bytes, more than the limit of {}: raise the limit or split the file",
                file.bytes.len(),
                limits.file_bytes
            );
            return Parsed::failure(Problem::new(ProblemKind::Limit, file.place(), detail));
        }
        (self.parse)(file, limits)
    }
}

/// The first `limit` bytes of a text, in one line, at a letter's edge, with a mark where it was
/// cut.
fn cut(text: &str, limit: usize) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        if out.len() + word.len() + 1 > limit {
            out.push('…');
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// The beginning of what somebody wrote, as a message quotes it.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_known_by_their_names() {
        for (source, feed) in [
            ("alpine-secdb-2020-06", "alpine-secdb"),
            ("alpine-secdb-derived", "alpine-secdb"),
            ("alpine", "alpine-secdb"),
            ("debian-security-tracker", "debian-tracker"),
            ("debian", "debian-tracker"),
            ("ghsa-osv-subset", "osv"),
            ("ghsa", "osv"),
            ("osv", "osv"),
            ("osv-misc", "osv"),
            ("osv-alpine", "osv"),
            ("debian-osv", "osv"),
            ("almalinux-osv", "osv"),
            ("govulndb", "osv"),
            ("rustsec", "rustsec"),
            ("rustsec-advisory-db", "rustsec"),
            ("pypa-advisory-database", "osv"),
            ("bitnami-vulndb", "osv"),
            ("cisa-kev", "cisa-kev"),
            ("epss", "epss"),
            ("epss-2026", "epss"),
            ("nvd", "nvd"),
            ("oracle", "oracle-oval"),
            ("amazon", "amazon-updateinfo"),
            ("fedora", "fedora-updateinfo"),
            ("bottlerocket", "bottlerocket-updateinfo"),
            ("ubuntu", "ubuntu-tracker"),
            ("ubuntu-cve-tracker", "ubuntu-tracker"),
            ("ubuntu-osv", "osv"),
            ("ubuntu-oval-jammy", "ubuntu-oval"),
            ("ubuntu-usn-db", "ubuntu-usn"),
            ("ubuntu-vex", "ubuntu-vex"),
            ("cve", "cve"),
            ("cve-samples", "cve"),
            ("nvd-data-overrides", "nvd"),
            ("wolfi", "wolfi-secdb"),
            ("chainguard-secdb", "chainguard-secdb"),
            ("minimos", "minimos-secdb"),
            ("wolfi-osv", "osv"),
            ("arch", "arch-tracker"),
            ("ruby-advisory-db", "ruby-advisory-db"),
            ("friendsofphp", "friendsofphp"),
            ("nodejs-security-wg", "nodejs-security-wg"),
            ("gentoo", "gentoo-glsa"),
            ("redhat", "redhat-csaf"),
            ("suse", "suse-csaf"),
            ("suse-osv", "osv"),
            ("suse-oval", "suse-oval"),
            ("openeuler", "openeuler-csaf"),
            ("endoflife", "endoflife"),
            ("endoflife.date", "endoflife"),
            ("endoflifes", ""),
            ("alpinesomething", ""),
            ("", ""),
        ] {
            assert_eq!(
                for_source(source).map_or("", |feed| feed.name),
                feed,
                "{source}"
            );
        }
    }

    /// Every address that is asked is in the documents. `UPDATE_EXPECT=1 cargo test` writes them
    /// anew.
    #[test]
    fn the_documents_list_every_address() {
        let mut text = "# Addresses\n\nWhat `lazaret db update` and a server ask for, and under \
            which name a `--mirror` has it.\nMade from the feeds by a test.\n\n\
            | in a mirror | address | how |\n|---|---|---|\n"
            .to_owned();
        for remote in ALL.iter().flat_map(|feed| feed.remotes) {
            let how = match remote.protocol {
                Protocol::File => "a file",
                Protocol::Csaf => "an archive, `changes.csv`, `deletions.csv` and what they name",
                Protocol::Repository => "`repodata/repomd.xml` and the advisories it names",
                Protocol::MirrorList => "the first address in it, then as a repository",
            };
            let (source, path, url) = (remote.source, remote.path, remote.url);
            text.push_str(&format!("| `{source}/{path}` | `{url}` | {how} |\n"));
            assert!(url.starts_with("https://"), "{url}");
            assert_eq!(
                for_source(source).map(|feed| feed.name),
                owner(remote),
                "{source}"
            );
        }
        expect_test::expect_file!["../../docs/addresses.md"].assert_eq(&text);
    }

    fn owner(remote: &Remote) -> Option<&'static str> {
        let has = |feed: &&Feed| feed.remotes.contains(remote);
        ALL.iter().find(has).map(|feed| feed.name)
    }

    #[test]
    fn names_are_claimed_once() {
        let names = "alpine debian osv-debian alpine-osv ghsa arch arch-security-tracker wolfi \
            wolfi-osv chainguard minimos gentoo gentoo-glsa friendsofphp ruby-advisory-db rubysec \
            nodejs nodejs-security-wg rustsec rustsec-osv rustsec-advisory-db govulndb osv-misc \
            pypa-advisory-database bitnami-vulndb almalinux-osv cisa-kev epss \
            redhat suse suse-osv suse-oval openeuler ubuntu ubuntu-cve-tracker ubuntu-osv \
            ubuntu-oval ubuntu-usn ubuntu-vex endoflife endoflife-date";
        for source in names.split_whitespace() {
            let takers = ALL.iter().filter(|feed| (feed.recognises)(source)).count();
            assert_eq!(takers, 1, "{source}");
        }
    }

    #[test]
    fn a_file_past_its_limit_is_a_problem() {
        let limits = Limits {
            file_bytes: 3,
            ..Limits::default()
        };
        let file = FeedFile::plain("alpine", "v3.18/main.json", b"{\"a\"");
        let parsed = alpine::FEED.read(&file, &limits);
        assert!(parsed.failed);
        assert_eq!(parsed.problems[0].kind, ProblemKind::Limit);
        assert_eq!(parsed.problems[0].place, "alpine/v3.18/main.json");
    }
}
