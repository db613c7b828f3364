//! Ubuntu's security notices (USN), `usn.ubuntu.com/usn-db`: one file with all of them, by number.
//!
//! A notice names the fixed versions of each release and all the CVEs that any of them had: which
//! had which, the tracker says. So its word on Ubuntu goes before this one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{Problem, ProblemKind, Severity};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::status::{self, Line, Said};
use crate::feed::position::Lines;
use crate::feed::{Feed, FeedFile, Parsed, cut, shown};
use crate::{Limits, Record, Weakness, identifier};

/// The feed. It knows only what is fixed, so that it answers for nothing, and it is not fetched:
/// the tracker says the same by weakness.
pub const FEED: Feed = Feed {
    name: "ubuntu-usn",
    remotes: &[],
    recognises: |source| source.starts_with("ubuntu-usn"),
    wants: |_, path| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.starts_with("database") && name.ends_with(".json")
    },
    parse,
    publishes: &[],
    claims: |_, _, _| Vec::new(),
    missing: |_| Vec::new(),
};

#[derive(Deserialize)]
struct Notice {
    #[serde(default)]
    description: String,
    #[serde(default)]
    timestamp: Option<f64>,
    #[serde(default)]
    cves: Vec<String>,
    #[serde(default)]
    releases: BTreeMap<String, Release>,
}

#[derive(Deserialize)]
struct Release {
    #[serde(default)]
    sources: BTreeMap<String, Source>,
    #[serde(default)]
    binaries: BTreeMap<String, Built>,
    #[serde(default)]
    allbinaries: BTreeMap<String, Built>,
}

#[derive(Deserialize)]
struct Source {
    #[serde(default)]
    version: String,
}

/// A package that is built of a source.
#[derive(Deserialize)]
struct Built {
    #[serde(default)]
    version: String,
    /// Where it is to be had: `security`, `esm-infra`; older notices do not say it.
    #[serde(default)]
    pocket: String,
    /// Its source; older notices do not say it.
    #[serde(default)]
    source: String,
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let failure = |kind, detail: String| Parsed::failure(Problem::new(kind, file.place(), detail));
    let notices: BTreeMap<String, &RawValue> = match serde_json::from_slice(file.bytes) {
        Ok(notices) => notices,
        Err(error) => return failure(ProblemKind::Malformed, error.to_string()),
    };
    if notices.len() > limits.records {
        let detail = format!("more than {} notices", limits.records);
        return failure(ProblemKind::Limit, detail);
    }
    let mut parsed = Parsed::default();
    let lines = Lines::new(file.bytes);
    let mut rows = 0_usize;
    for (number, text) in notices {
        let place = || lines.place_of(file, text.get());
        let notice: Notice = match serde_json::from_str(text.get()) {
            Ok(notice) => notice,
            Err(error) => {
                parsed.malformed(place(), error.to_string());
                continue;
            }
        };
        let (record, wrong) = record(&number, &notice, limits);
        for detail in wrong {
            parsed.malformed(place(), detail);
        }
        rows += record.affected.len();
        if rows > limits.rows {
            let detail = format!("more than {} rows", limits.rows);
            let problem = Problem::new(ProblemKind::Limit, place(), detail);
            parsed.problems.push(problem);
            break;
        }
        parsed.records.push(record);
    }
    parsed
}

fn record(number: &str, notice: &Notice, limits: &Limits) -> (Record, Vec<String>) {
    let id = match identifier::is_bulletin(number) {
        true => number.to_owned(),
        false => format!("USN-{number}"),
    };
    let mut record = Record::new(id.as_str());
    record.bulletin = true;
    record.url = format!("https://ubuntu.com/security/notices/{id}");
    record.description = cut(&notice.description, limits.description_bytes);
    let time = notice.timestamp.map(|seconds| seconds as i64);
    let time = time.filter(|seconds| *seconds >= 0);
    record.published = time.and_then(|seconds| Timestamp::from_second(seconds).ok());
    // Among them are addresses of reports of bugs.
    let mut cves: Vec<&str> = notice.cves.iter().map(String::as_str).collect();
    cves.retain(|one| identifier::cve(one) == Some(*one));
    cves.sort_unstable();
    cves.dedup();
    if !cves.is_empty() {
        record.weaknesses = cves.into_iter().map(Weakness::new).collect();
    }
    let mut lines = Vec::new();
    let mut wrong = Vec::new();
    for (codename, release) in &notice.releases {
        let Some((line, _)) = status::released(codename) else {
            continue;
        };
        for (package, source) in &release.sources {
            let version = source.version.as_str();
            if !status::is_version(version) || package.is_empty() {
                let version = shown(version);
                let detail = format!(
                    "{id}: {} is fixed in '{version}', which is no version",
                    shown(package)
                );
                wrong.push(detail);
                continue;
            }
            lines.push(Line {
                release: line,
                channel: super::channel(release.channel(package, version), version),
                package,
                said: Said::Fixed(version),
            });
        }
    }
    record.affected = status::rows(&lines, |_| Severity::Unknown);
    (record, wrong)
}

impl Release {
    /// Where a source's fix is to be had, by what is built of it; empty for what everybody gets.
    fn channel(&self, package: &str, version: &str) -> &str {
        let built = || self.allbinaries.values().chain(self.binaries.values());
        let own = built().find(|one| one.source == package && !one.pocket.is_empty());
        let same = || built().find(|one| one.version == version && !one.pocket.is_empty());
        let pocket = own.or_else(same).map_or("", |one| one.pocket.as_str());
        match pocket {
            "security" | "updates" | "release" => "",
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After 4011-1, 6342-1 and 7372-1 of database-all.json, shortened.
    const NOTICES: &str = r#"{"4011-1": {"id": "4011-1", "title": "Jinja2 vulnerabilities",
        "description": "It handled str.format\nincorrectly.", "timestamp": 1559819644.967449,
        "cves": ["CVE-2019-10906", "CVE-2016-10745", "https://launchpad.net/bugs/1"], "releases": {
        "xenial": {"sources": {"jinja2": {"version": "2.8-1ubuntu0.1", "description": "d"}},
          "binaries": {"python-jinja2": {"pocket": "security", "version": "2.8-1ubuntu0.1"}},
          "archs": {"all": {"urls": {"http://x": {"size": 1, "md5": "m"}}}}},
        "warty": {"sources": {"jinja2": {"version": "1-1"}}},
        "bionic": {"sources": {"jinja2": {"version": "2.10-1"}, "bad": {"version": ""}}}}},
        "6342-1": {"cves": ["CVE-2023-2269"], "releases": {"bionic": {"sources": {
          "linux": {"version": "4.15.0-216.227"}, "linux-kvm": {"version": "4.15.0-1144.149"}},
          "allbinaries": {"linux-headers": {"pocket": "esm-infra", "source": "linux",
            "version": "4.15.0-216.227"}, "linux-image-kvm": {"pocket": "esm-infra",
            "version": "4.15.0-1144.149"}}}}},
        "LSN-1-1": {"releases": {"jammy": {"sources": {"a": {"version": "1-1+esm1"}}}}},
        "1-1": {"releases": []}}"#;

    fn read(text: &str) -> Parsed {
        let file = FeedFile::plain("ubuntu-usn", "database-all.json", text.as_bytes());
        FEED.read(&file, &Limits::default())
    }

    #[test]
    fn a_notice_is_a_bulletin_with_a_row_for_each_source() {
        let parsed = read(NOTICES);
        let mut told = Vec::new();
        for record in &parsed.records {
            assert!(record.bulletin);
            let names = record.weaknesses.iter().map(|one| one.id.as_str());
            told.push(format!(
                "{}: {}",
                record.id,
                names.collect::<Vec<_>>().join(" ")
            ));
            for row in &record.affected {
                let (place, channel, package) = (&row.ecosystem, &row.channel, &row.package);
                told.push(format!(
                    "{place} {channel} {package} {:?}",
                    row.ranges[0].end
                ));
            }
        }
        assert_eq!(
            told,
            [
                "USN-4011-1: CVE-2016-10745 CVE-2019-10906",
                "ubuntu:18.04  jinja2 Fixed(\"2.10-1\")",
                "ubuntu:16.04  jinja2 Fixed(\"2.8-1ubuntu0.1\")",
                "USN-6342-1: CVE-2023-2269",
                "ubuntu:18.04 esm-infra linux Fixed(\"4.15.0-216.227\")",
                "ubuntu:18.04 esm-infra linux-kvm Fixed(\"4.15.0-1144.149\")",
                "LSN-1-1: LSN-1-1",
                "ubuntu:22.04 esm a Fixed(\"1-1+esm1\")",
            ]
        );
        let first = &parsed.records[0];
        assert_eq!(first.published, "2019-06-06T11:14:04Z".parse().ok());
        assert_eq!(first.description, "It handled str.format incorrectly.");
        assert_eq!(first.url, "https://ubuntu.com/security/notices/USN-4011-1");
        let problems: Vec<_> = parsed.problems.iter().map(|one| &one.place).collect();
        let line = |number| format!("ubuntu-usn/database-all.json: line {number}");
        assert_eq!(problems, [&line(15), &line(1)]);
    }

    #[test]
    fn what_is_broken_is_a_problem_and_no_panic() {
        for end in 0..NOTICES.len() {
            let parsed = read(NOTICES.get(..end).unwrap_or_default());
            assert!(parsed.failed && !parsed.problems.is_empty(), "{end}");
        }
        let limits = Limits {
            records: 2,
            ..Limits::default()
        };
        let file = FeedFile::plain("ubuntu-usn", "database.json", NOTICES.as_bytes());
        assert_eq!(
            FEED.read(&file, &limits).problems[0].kind,
            ProblemKind::Limit
        );
        let limits = Limits {
            rows: 1,
            ..Limits::default()
        };
        let parsed = FEED.read(&file, &limits);
        assert!(parsed.records.is_empty() || parsed.records[0].affected.len() <= 1);
    }
}
