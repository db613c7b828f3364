//! Alpine's security database, `secdb.alpinelinux.org`: one file per branch and repository, JSON
//! today, YAML in the former git repository.
//!
//! What a file holds is read by [`super::secdb`].

use std::collections::BTreeSet;

use model::{Ecosystem, Problem, ProblemKind, Stream};

use super::{Feed, FeedFile, Missing, Parsed, Remote, secdb};
use crate::Limits;

macro_rules! branch {
    ($branch:literal, $repository:literal) => {
        Remote::file(
            "alpine",
            concat!($branch, "/", $repository, ".json"),
            concat!(
                "https://secdb.alpinelinux.org/",
                $branch,
                "/",
                $repository,
                ".json"
            ),
        )
    };
}

/// Each branch is two files, one for `main` and one for `community`.
const REMOTES: &[Remote] = &[
    branch!("v3.12", "main"),
    branch!("v3.12", "community"),
    branch!("v3.13", "main"),
    branch!("v3.13", "community"),
    branch!("v3.14", "main"),
    branch!("v3.14", "community"),
    branch!("v3.15", "main"),
    branch!("v3.15", "community"),
    branch!("v3.16", "main"),
    branch!("v3.16", "community"),
    branch!("v3.17", "main"),
    branch!("v3.17", "community"),
    branch!("v3.18", "main"),
    branch!("v3.18", "community"),
    branch!("v3.19", "main"),
    branch!("v3.19", "community"),
    branch!("v3.20", "main"),
    branch!("v3.20", "community"),
    branch!("v3.21", "main"),
    branch!("v3.21", "community"),
    branch!("v3.22", "main"),
    branch!("v3.22", "community"),
    branch!("v3.23", "main"),
    branch!("v3.23", "community"),
    branch!("edge", "main"),
    branch!("edge", "community"),
];

/// The feed.
pub const FEED: Feed = Feed {
    name: "alpine-secdb",
    remotes: REMOTES,
    recognises: |source| source == "alpine" || source.starts_with("alpine-secdb"),
    wants: |_, path| {
        let name = path.rsplit('/').next().unwrap_or_default();
        [".json", ".yaml", ".yml"]
            .iter()
            .any(|end| name.ends_with(end))
    },
    parse,
    publishes: &["alpine"],
    claims: |_, _, _| vec!["alpine:*".to_owned()],
    missing,
};

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let mut problems = Vec::new();
    let content = match secdb::read(file, limits, &mut problems) {
        Ok(content) => content,
        Err(detail) => {
            let problem = Problem::new(ProblemKind::Malformed, file.place(), detail);
            return Parsed::failure(problem);
        }
    };
    let Some(release) = release(&content.distroversion) else {
        let detail = format!(
            "distroversion '{}' is no branch: expected v3.18 or edge",
            shortened(&content.distroversion)
        );
        let problem = Problem::new(ProblemKind::Malformed, file.place(), detail);
        return Parsed::failure(problem);
    };
    let stream = Ecosystem::Distro(Stream::new("alpine", release));
    let mut parsed = Parsed {
        problems,
        part: Some(format!("{stream}/{}", content.reponame)),
        streams: vec![stream.to_string()],
        ..Parsed::default()
    };
    for row in content.packages.unwrap_or_default() {
        secdb::read_package(file, &stream, row, address, &mut parsed);
    }
    parsed
}

fn address(id: &str) -> String {
    match id.starts_with("CVE-") {
        true => format!("https://security.alpinelinux.org/vuln/{id}"),
        false => String::new(),
    }
}

/// `v3.18` is `3.18`, `edge` is `edge`.
fn release(branch: &str) -> Option<&str> {
    if branch == "edge" {
        return Some(branch);
    }
    let line = branch.strip_prefix('v')?;
    let fits = line.split('.').count() == 2
        && line.split('.').all(|part| {
            !part.is_empty() && part.len() < 6 && part.bytes().all(|byte| byte.is_ascii_digit())
        });
    fits.then_some(line)
}

/// A branch whose `main` or `community` did not come.
fn missing(parts: &BTreeSet<String>) -> Vec<Missing> {
    let branches: BTreeSet<_> = parts
        .iter()
        .filter_map(|part| part.split_once('/'))
        .map(|(branch, _)| branch)
        .collect();
    let mut lacking = Vec::new();
    for branch in branches {
        for repository in ["main", "community"] {
            if !parts.contains(&format!("{branch}/{repository}")) {
                lacking.push(Missing {
                    ecosystem: Some(branch.to_owned()),
                    detail: format!(
                        "it holds no {repository} repository of {branch}: add {repository}.json \
                         of that branch from secdb.alpinelinux.org and build again"
                    ),
                });
            }
        }
    }
    lacking
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Record;

    // After secdb.alpinelinux.org, v3.12/main.json, 2020-10: facts of apache2, xen and samba.
    const JSON: &str = r#"{"distroversion": "v3.12", "reponame": "main", "archs": ["x86_64"],
      "packages": [
        {"pkg": {"name": "apache2", "secfixes": {
            "2.4.46-r0": ["CVE-2020-9490", "CVE-2020-11984 (mod_proxy_uwsgi)"],
            "0": ["CVE-2019-17567"]}}},
        {"pkg": {"name": "xen", "secfixes": {
            "4.13.0-r3": ["CVE-2020-11740 CVE-2020-11741 XSA-313"],
            "4.13.1-r0": null, "4.13.2-r0": ["XSA-1 ", "CVE N/A ZBX-11023", "CVE_2019-2426",
              "CVE 2018-16859", "wnpa-sec-2017-18"]}}}]}"#;

    fn read(path: &str, text: &str) -> Parsed {
        let file = FeedFile::plain("alpine-secdb", path, text.as_bytes());
        FEED.read(&file, &Limits::default())
    }

    fn shown(parsed: &Parsed) -> Vec<String> {
        let row = |record: &Record| {
            let affected = &record.affected[0];
            let ids: Vec<_> = record
                .weaknesses
                .iter()
                .map(|weakness| format!("{}{:?}", weakness.id, weakness.aliases))
                .collect();
            format!(
                "{} {} {:?} {:?} {}",
                affected.ecosystem,
                affected.package,
                affected.state,
                affected.ranges.first().map(|range| range.end.clone()),
                ids.join("+")
            )
        };
        parsed.records.iter().map(row).collect()
    }

    #[test]
    fn every_entry_is_a_record() {
        let parsed = read("v3.12/main.json", JSON);
        assert_eq!(
            shown(&parsed),
            [
                "alpine:3.12 apache2 NotAffected None CVE-2019-17567[]",
                "alpine:3.12 apache2 Fixed Some(Fixed(\"2.4.46-r0\")) CVE-2020-9490[]",
                "alpine:3.12 apache2 Fixed Some(Fixed(\"2.4.46-r0\")) CVE-2020-11984[]",
                "alpine:3.12 xen Fixed Some(Fixed(\"4.13.0-r3\")) \
                 CVE-2020-11740[\"XSA-313\"]+CVE-2020-11741[\"XSA-313\"]",
                "alpine:3.12 xen Fixed Some(Fixed(\"4.13.2-r0\")) XSA-1[]",
                "alpine:3.12 xen Fixed Some(Fixed(\"4.13.2-r0\")) ZBX-11023[]",
                "alpine:3.12 xen Fixed Some(Fixed(\"4.13.2-r0\")) CVE-2019-2426[]",
                "alpine:3.12 xen Fixed Some(Fixed(\"4.13.2-r0\")) CVE-2018-16859[]",
                "alpine:3.12 xen Fixed Some(Fixed(\"4.13.2-r0\")) wnpa-sec-2017-18[]",
            ]
        );
        assert!(parsed.problems.is_empty());
        let url = "https://security.alpinelinux.org/vuln/CVE-2020-9490";
        assert_eq!(parsed.records[1].url, url);
    }

    #[test]
    fn yaml_says_the_same() {
        // After alpinelinux/alpine-secdb, v3.10/main.yaml, 2020-06-08.
        let text = "---\ndistroversion: v3.10\nreponame: main\narchs:\n  - x86\npackages:\n  - pkg:\
                    \n      name: ansible\n      secfixes:\n        2.8.4-r0:\n          - CVE-2019-10206\
                    \n        \"0\":\n          - CVE-2019-1\n          - CVE-2019-10156\n";
        let parsed = read("v3.10/main.yaml", text);
        assert_eq!(
            shown(&parsed),
            [
                "alpine:3.10 ansible NotAffected None CVE-2019-1[]",
                "alpine:3.10 ansible NotAffected None CVE-2019-10156[]",
                "alpine:3.10 ansible Fixed Some(Fixed(\"2.8.4-r0\")) CVE-2019-10206[]",
            ]
        );
    }

    #[test]
    fn what_is_no_secdb_is_a_problem_of_the_file() {
        for text in [
            "",
            "{",
            "[]",
            "{\"distroversion\": \"3.12\"}",
            "{\"distroversion\": \"v3.x\"}",
        ] {
            let parsed = read("main.json", text);
            assert!(parsed.failed && parsed.problems.len() == 1, "{text}");
        }
        assert!(read("main.yaml", "a: [").failed);
        let deep = "[".repeat(5000);
        assert!(read("main.yaml", &deep).failed && read("main.json", &deep).failed);
        let anchors = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n".repeat(40);
        assert!(read("main.yaml", &anchors).failed);
    }

    #[test]
    fn a_broken_row_leaves_the_others() {
        let text = "{\"distroversion\": \"edge\", \"packages\": [\n{\"pkg\": 7},\n\
                    {\"pkg\": {\"name\": \"a\", \"secfixes\": {\"1-r0\": [\"CVE-2020-9490\"]}}}]}";
        let parsed = read("main.json", text);
        assert_eq!(parsed.records.len(), 1);
        assert_eq!(parsed.problems[0].place, "alpine-secdb/main.json: line 2");
    }

    #[test]
    fn an_entry_without_an_identifier_is_a_problem_of_its_own() {
        let text = r#"{"distroversion": "edge", "packages": [{"pkg": {"name": "a",
            "secfixes": {"1-r0": ["???", "CVE-2020-9490"]}}}]}"#;
        let parsed = read("main.json", text);
        assert_eq!(parsed.records.len(), 1);
        assert_eq!(parsed.problems[0].place, "alpine-secdb/main.json: a 1-r0");
    }

    #[test]
    fn a_branch_wants_both_repositories() {
        let parts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let both = parts(&["alpine:3.12/main", "alpine:3.12/community"]);
        assert!(missing(&both).is_empty());
        let lacking = missing(&parts(&[
            "alpine:3.12/main",
            "alpine:3.12/community",
            "alpine:edge/main",
        ]));
        assert_eq!(lacking.len(), 1);
        assert_eq!(lacking[0].ecosystem.as_deref(), Some("alpine:edge"));
    }
}
