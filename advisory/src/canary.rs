//! Whether a new database has lost what the one before it knew.
//!
//! A publisher's bad day must not make weak images look clean: sources are counted, and a fixed set
//! of old packages, each with known weaknesses, is matched with both databases.

use std::collections::BTreeSet;

use model::{Distro, Matchable, Ownership, Package, PackageType, Source, Stream};

use crate::{Database, assess};

/// How much may go before somebody has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// Hundredths of a source's records.
    pub records: u64,
    /// Hundredths of the findings of all sample packages of an ecosystem.
    pub findings: u64,
    /// Losses of so many records are never worth a word.
    pub few: u64,
}

impl Default for Tolerance {
    fn default() -> Tolerance {
        Tolerance {
            records: 10,
            findings: 10,
            few: 20,
        }
    }
}

/// Something that the database before knew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The source, or the ecosystem of the sample packages.
    pub what: String,
    /// How many there were.
    pub before: u64,
    /// How many there are.
    pub after: u64,
    /// Some of what is gone.
    pub gone: Vec<String>,
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: {} before, {} now",
            self.what, self.before, self.after
        )?;
        if !self.gone.is_empty() {
            write!(f, "; gone: {}", self.gone.join(", "))?;
        }
        Ok(())
    }
}

/// Names in one loss.
const NAMED: usize = 8;

/// Sample packages: stream or type, name, version, source's name. Old releases of what is in very
/// many images, for which publishers keep what they once said.
const SAMPLES: &[(&str, &str, &str, &str)] = &[
    ("alpine:3.12", "libssl1.1", "1.1.1g-r0", "openssl"),
    ("alpine:3.14", "busybox", "1.33.1-r2", "busybox"),
    ("alpine:3.18", "libcurl", "8.1.1-r0", "curl"),
    ("debian:10", "libssl1.1", "1.1.1d-0+deb10u1", "openssl"),
    ("debian:11", "libexpat1", "2.2.10-2", "expat"),
    ("debian:12", "libc6", "2.36-9", "glibc"),
    ("ubuntu:18.04", "libssl1.1", "1.1.0g-2ubuntu4", "openssl"),
    ("ubuntu:20.04", "libc6", "2.31-0ubuntu9", "glibc"),
    ("ubuntu:22.04", "libcurl4", "7.81.0-1", "curl"),
    ("wolfi:rolling", "curl", "8.0.0-r0", "curl"),
    ("rhel:8", "openssl-libs", "1:1.1.1c-2.el8", "openssl"),
    ("rhel:9", "curl", "7.76.1-14.el9", "curl"),
    ("almalinux:8", "openssl-libs", "1:1.1.1c-2.el8", "openssl"),
    ("rocky:9", "curl", "7.76.1-14.el9", "curl"),
    ("amzn:2", "curl", "7.61.1-9.amzn2", "curl"),
    ("ol:8", "openssl-libs", "1:1.1.1c-2.el8", "openssl"),
    ("sles:15.4", "libcurl4", "7.79.1-150400.3.1", "curl"),
    ("pypi", "django", "2.0", ""),
    ("npm", "lodash", "4.17.4", ""),
    ("maven", "org.apache.logging.log4j:log4j-core", "2.14.1", ""),
    ("golang", "golang.org/x/crypto", "0.1.0", ""),
    ("cargo", "openssl-src", "111.0.0", ""),
    ("gem", "rails", "5.0.0", ""),
    ("composer", "symfony/http-kernel", "4.0.0", ""),
    ("nuget", "Newtonsoft.Json", "12.0.1", ""),
];

/// What a new database has lost. Sources that are new, broken or gone on purpose are counted like
/// all others: whoever wants them gone says so.
pub fn losses(before: &Database, after: &Database, tolerance: Tolerance) -> Vec<Loss> {
    let mut losses = Vec::new();
    for entry in before.sources() {
        let now = after.sources().iter().find(|one| one.name == entry.name);
        let now = now.map_or(0, |now| now.advisories);
        if is_much(entry.advisories, now, tolerance.records, tolerance.few) {
            losses.push(Loss {
                what: format!("records of the source {}", entry.name),
                before: entry.advisories,
                after: now,
                gone: Vec::new(),
            });
        }
    }
    for sample in SAMPLES {
        let (had, has) = (found(sample, before), found(sample, after));
        let gone: Vec<String> = had.difference(&has).take(NAMED).cloned().collect();
        if is_much(had.len() as u64, has.len() as u64, tolerance.findings, 0) {
            let (place, name, version, _) = sample;
            losses.push(Loss {
                what: format!("findings of {name} {version} of {place}"),
                before: had.len() as u64,
                after: has.len() as u64,
                gone,
            });
        }
    }
    losses
}

/// Whether more than a share is gone, and more than a few.
fn is_much(before: u64, after: u64, hundredths: u64, few: u64) -> bool {
    let gone = before.saturating_sub(after);
    gone > few && gone.saturating_mul(100) > before.saturating_mul(hundredths)
}

fn found(sample: &(&str, &str, &str, &str), database: &Database) -> BTreeSet<String> {
    let findings = assess(&matchable(sample), database).findings;
    findings.into_iter().map(|finding| finding.id).collect()
}

fn matchable((place, name, version, source): &(&str, &str, &str, &str)) -> Matchable {
    let (kind, stream) = match place.split_once(':') {
        Some((id, release)) => {
            let kind = Distro::new(id, release).row().map(|row| row.kind);
            let kind = kind.unwrap_or(PackageType::Rpm);
            (kind, Some(Stream::new(id, release)))
        }
        None => (place.parse().unwrap_or(PackageType::Generic), None),
    };
    Matchable {
        stream,
        channels: Vec::new(),
        package: Package {
            source: (!source.is_empty()).then(|| Source {
                name: (*source).to_owned(),
                version: (*version).to_owned(),
            }),
            ..Package::new(kind, *name, *version)
        },
        ownership: Ownership::Own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Builder, FeedFile, Limits};

    /// A database of Alpine 3.12's openssl with so many fixes, and so many records beside.
    fn database(fixes: u32, others: u32) -> Database {
        let ids: Vec<String> = (0..fixes)
            .map(|one| format!("\"CVE-2021-{:04}\"", one))
            .collect();
        let more: Vec<String> = (0..others)
            .map(|one| format!("\"CVE-2022-{:04}\"", one))
            .collect();
        let text = format!(
            "{{\"distroversion\": \"v3.12\", \"reponame\": \"main\", \"packages\": [\
             {{\"pkg\": {{\"name\": \"openssl\", \"secfixes\": {{\"1.1.1k-r0\": [{}]}}}}}},\
             {{\"pkg\": {{\"name\": \"zlib\", \"secfixes\": {{\"1.2-r0\": [{}]}}}}}}]}}",
            ids.join(","),
            more.join(",")
        );
        let mut builder = Builder::new(Limits::default());
        let file = FeedFile::plain("alpine", "v3.12/main.json", text.as_bytes());
        builder.add_file(&file).unwrap();
        Database::open(builder.finish()).unwrap()
    }

    fn told(before: &Database, after: &Database) -> String {
        let losses = losses(before, after, Tolerance::default());
        let lines: Vec<String> = losses.iter().map(ToString::to_string).collect();
        lines.join("\n")
    }

    #[test]
    fn what_is_lost_is_named() {
        let before = database(10, 290);
        assert_eq!(told(&before, &before), "");
        assert_eq!(told(&before, &database(11, 400)), "", "more is no loss");
        assert_eq!(told(&before, &database(10, 270)), "", "a few are no loss");
        assert_eq!(
            told(&before, &database(10, 200)),
            "records of the source alpine: 300 before, 210 now"
        );
        assert_eq!(
            told(&before, &database(8, 290)),
            "findings of libssl1.1 1.1.1g-r0 of alpine:3.12: 10 before, 8 now; gone: \
             CVE-2021-0008, CVE-2021-0009"
        );
        let empty = Database::open(Builder::new(Limits::default()).finish()).unwrap();
        assert_eq!(told(&before, &empty).lines().count(), 2);
        assert_eq!(told(&empty, &before), "");
    }

    #[test]
    fn every_sample_is_a_package() {
        for sample in SAMPLES {
            let matchable = matchable(sample);
            assert_ne!(matchable.package.kind, PackageType::Generic, "{sample:?}");
        }
    }
}
