//! `endoflife.date`: when releases end, kept by volunteers from what publishers announce. Read are
//! the answers of its API, of version 1 (`api/v1/products/full`, `api/v1/products/NAME`) and of
//! version 0 (`api/NAME.json`, a list of releases, of which the file's name says whose they are).
//! It knows no packages.
//!
//! What counts is the day after which everybody gets no more fixes: what is sold on top
//! (`eoes`, `extendedSupport`) counts for nobody but Debian, whose long-term support is for all.

use jiff::civil::Date;
use model::{Problem, ProblemKind, Stream};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Feed, FeedFile, Parsed, Remote, shown, time};
use crate::Limits;

/// Every product in one answer, so that one request is enough.
const REMOTES: &[Remote] = &[Remote::file(
    "endoflife",
    "full.json",
    "https://endoflife.date/api/v1/products/full",
)];

/// The feed.
pub const FEED: Feed = Feed {
    name: "endoflife",
    remotes: REMOTES,
    recognises: |source| {
        let rest = source.strip_prefix("endoflife");
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
    },
    wants: |_, path| path.ends_with(".json"),
    parse,
    publishes: &[],
    claims: |_, _, _| Vec::new(),
    missing: |_| Vec::new(),
};

/// The distributions that are read, as the site calls them and as os-release does.
const PRODUCTS: &[(&str, &str)] = &[
    ("almalinux", "almalinux"),
    ("alpine", "alpine"),
    ("alpine-linux", "alpine"),
    ("amazon-linux", "amzn"),
    ("azure-linux", "azurelinux"),
    ("centos", "centos"),
    ("centos-stream", "centos"),
    ("debian", "debian"),
    ("fedora", "fedora"),
    ("opensuse", "opensuse-leap"),
    ("oracle-linux", "ol"),
    ("rhel", "rhel"),
    ("rocky-linux", "rocky"),
    ("sles", "sles"),
    ("ubuntu", "ubuntu"),
];

/// An answer of version 1.
#[derive(Deserialize)]
struct Answer<'a> {
    generated_at: Option<String>,
    #[serde(borrow)]
    result: &'a RawValue,
}

#[derive(Deserialize)]
struct Product<'a> {
    name: String,
    #[serde(borrow, default)]
    releases: Vec<&'a RawValue>,
}

/// A release in either version of the API. A date is a text; `true` and `false` say only whether
/// it is past.
#[derive(Deserialize)]
struct Release {
    #[serde(alias = "cycle")]
    name: Value,
    #[serde(default, rename = "eolFrom", alias = "eol")]
    end: Value,
    #[serde(default, rename = "eoesFrom", alias = "extendedSupport")]
    extended: Value,
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let failure = |detail: String| {
        Parsed::failure(Problem::new(ProblemKind::Malformed, file.place(), detail))
    };
    let (date, products) = match products(file) {
        Ok(read) => read,
        Err(error) => return failure(error.to_string()),
    };
    if products.iter().all(|product| product.releases.is_empty()) {
        return failure("it lists no release: fetch it anew".to_owned());
    }
    let mut parsed = Parsed {
        date: date.as_deref().and_then(time::read),
        ..Parsed::default()
    };
    for product in &products {
        let known = PRODUCTS.iter().find(|(name, _)| *name == product.name);
        let Some((name, id)) = known else {
            continue;
        };
        for text in &product.releases {
            if parsed.ends.len() >= limits.records {
                let detail = format!("more than {} releases", limits.records);
                let problem = Problem::new(ProblemKind::Limit, file.place(), detail);
                parsed.problems.push(problem);
                return parsed;
            }
            match end(name, id, text.get()) {
                Ok(end) => parsed.ends.extend(end),
                Err(detail) => parsed.malformed(format!("{}: {name}", file.place()), detail),
            }
        }
    }
    parsed
}

/// The products of a file, and the date that it gives itself.
fn products<'a>(
    file: &FeedFile<'a>,
) -> Result<(Option<String>, Vec<Product<'a>>), serde_json::Error> {
    let bytes = file.bytes;
    if bytes.trim_ascii_start().starts_with(b"[") {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let product = Product {
            name: name.trim_end_matches(".json").to_owned(),
            releases: serde_json::from_slice(bytes)?,
        };
        return Ok((None, vec![product]));
    }
    let answer: Answer<'a> = serde_json::from_slice(bytes)?;
    let result = answer.result.get();
    let products = match result.starts_with('[') {
        true => serde_json::from_str(result)?,
        false => vec![serde_json::from_str(result)?],
    };
    Ok((answer.generated_at, products))
}

/// When a release ends, with its stream; `None` where it is not said, and for a release that has
/// no stream of its own.
fn end(product: &str, id: &str, text: &str) -> Result<Option<(String, Date)>, String> {
    let release: Release = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let name = match &release.name {
        Value::String(name) => name.clone(),
        Value::Number(number) => number.to_string(),
        other => return Err(format!("'{}' names no release", shown(&other.to_string()))),
    };
    let said = match product {
        "debian" => &release.extended,
        _ => &release.end,
    };
    let date = match said {
        Value::String(text) => text
            .parse::<Date>()
            .map_err(|_| format!("release {}: '{}' is no date", shown(&name), shown(text)))?,
        _ => return Ok(None),
    };
    Ok(stream(product, id, &name).map(|stream| (stream.to_string(), date)))
}

fn stream(product: &str, id: &str, name: &str) -> Option<Stream> {
    let mut parts = name.split('.');
    let is_number = |part: &str| part.len() < 8 && part.parse::<u32>().is_ok();
    let major: u32 = name.split('.').next()?.parse().ok()?;
    if name.len() > 16 || !parts.all(is_number) {
        return None;
    }
    match product {
        // CentOS 8 and CentOS Stream 8 ended on different days, and are one release to os-release.
        "centos-stream" if major == 8 => None,
        "azure-linux" if major < 3 => Some(Stream::new("mariner", name)),
        // It is called Leap from version 42.1 on, which came before 15.0.
        "opensuse" if major < 15 => Some(Stream::new("opensuse", name)),
        _ => Some(Stream::new(id, name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, text: &str) -> String {
        let file = FeedFile::plain("endoflife", path, text.as_bytes());
        let parsed = FEED.read(&file, &Limits::default());
        let ends = parsed
            .ends
            .iter()
            .map(|(place, day)| format!("{place} {day}"));
        let problems = parsed.problems.iter().map(|problem| problem.to_string());
        let date = parsed.date.map(|date| format!("of {date}"));
        let all: Vec<String> = date.into_iter().chain(ends).chain(problems).collect();
        all.join("\n")
    }

    // After api/v1/products/full of 2025-07-02 (Ubuntu 20.04 and 25.04) and the site's products.
    #[test]
    fn what_everybody_gets_counts() {
        let text = r#"{"schema_version": "1.2.0", "generated_at": "2025-07-02T00:53:29+00:00",
          "total": 5, "result": [
          {"name": "ubuntu", "releases": [
            {"name": "20.04", "isEol": true, "eolFrom": "2025-05-31", "eoesFrom": "2030-04-02"},
            {"name": "25.04", "isEol": false, "eolFrom": "2026-01-17", "eoesFrom": null}]},
          {"name": "windows", "releases": [{"name": "11-24h2", "eolFrom": "2034-10-10"}]},
          {"name": "debian", "releases": [
            {"name": "11", "eolFrom": "2024-08-14", "eoesFrom": "2026-08-31"},
            {"name": "14", "eolFrom": "2030-08-14", "eoesFrom": null}]},
          {"name": "opensuse", "releases": [{"name": "15.6", "eolFrom": "2026-04-30"},
            {"name": "42.3", "eolFrom": "2019-07-01"}, {"name": "13.2", "eolFrom": "2017-01-17"}]},
          {"name": "azure-linux", "releases": [{"name": "3.0", "eolFrom": "2027-08-31"},
            {"name": "2.0", "eolFrom": "2025-07-31"}]}]}"#;
        assert_eq!(
            told("full.json", text),
            "of 2025-07-02T00:53:29Z\nubuntu:20.04 2025-05-31\nubuntu:25.04 2026-01-17\n\
             debian:11 2026-08-31\nopensuse-leap:15.6 2026-04-30\nopensuse-leap:42.3 2019-07-01\n\
             opensuse:13.2 2017-01-17\nazurelinux:3.0 2027-08-31\nmariner:2.0 2025-07-31"
        );
    }

    // After api/sles.json and api/centos-stream.json.
    #[test]
    fn lists_are_of_the_product_that_the_file_is_called_by() {
        let list = r#"[{"cycle": "15.6", "eol": false, "extendedSupport": false},
            {"cycle": "15.5", "eol": "2024-12-31", "extendedSupport": "2027-12-31"},
            {"cycle": 15, "eol": "2019-12-31"}, {"cycle": "8", "eol": true}]"#;
        for (path, expected) in [
            ("sles.json", "sles:15.5 2024-12-31\nsles:15 2019-12-31"),
            ("api/python.json", ""),
        ] {
            assert_eq!(told(path, list), expected, "{path}");
        }
        let stream =
            r#"[{"cycle": "9", "eol": "2027-05-31"}, {"cycle": "8", "eol": "2024-05-31"}]"#;
        assert_eq!(told("centos-stream.json", stream), "centos:9 2027-05-31");
        let one = r#"{"result": {"name": "alpine-linux", "releases": [
            {"name": "3.22", "eolFrom": "2027-05-01"}, {"name": "edge", "eolFrom": "2027-05-01"}]}}"#;
        assert_eq!(told("alpine.json", one), "alpine:3.22 2027-05-01");
    }

    #[test]
    fn what_is_no_answer_is_a_failure_and_a_broken_release_a_problem() {
        let broken = r#"[{"cycle": "9", "eol": "soon"}, {"cycle": null, "eol": "2027-05-31"},
            {"eol": "2027-05-31"}, {"cycle": "10", "eol": "2035-05-31"}]"#;
        let said = told("rhel.json", broken);
        assert!(said.starts_with("rhel:10 2035-05-31\n"), "{said}");
        assert!(said.contains("release 9: 'soon' is no date"), "{said}");
        assert_eq!(said.lines().count(), 4, "{said}");
        for text in [
            "",
            "[]",
            "{}",
            "<html>",
            r#"{"result": []}"#,
            r#"{"result": {"name": "x"}}"#,
        ] {
            let file = FeedFile::plain("endoflife", "rhel.json", text.as_bytes());
            assert!(FEED.read(&file, &Limits::default()).failed, "{text}");
        }
        let limits = Limits {
            records: 0,
            ..Limits::default()
        };
        let file = FeedFile::plain("endoflife", "rhel.json", broken.as_bytes());
        assert_eq!(
            FEED.read(&file, &limits).problems[0].kind,
            ProblemKind::Limit
        );
    }
}
