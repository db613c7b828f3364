//! The RustSec Advisory Database, `rustsec/advisory-db`: its export in the OSV format (the branch
//! `osv`), and its source, markdown with TOML in front.
//!
//! The export holds every advisory on crates and none on Rust's own tools. From a directory
//! `rustsec` the export is read, and of the source only those on the tools, so that nothing counts
//! twice; from a directory `rustsec-advisory-db`, which holds the source alone, all of that.

use model::{Ecosystem, PackageType, Severity};
use serde::Deserialize;

use super::requirement::{after_semantic, any_of, cargo, semantic_order};
use super::{Feed, FeedFile, Parsed, Remote, osv, rating, time};
use crate::identifier;
use crate::{Affected, End, Limits, Range, Record, State, Weakness};

const REMOTES: &[Remote] = &[
    Remote::file(
        "rustsec",
        "osv.tar.gz",
        "https://github.com/rustsec/advisory-db/archive/refs/heads/osv.tar.gz",
    ),
    Remote::file(
        "rustsec",
        "main.tar.gz",
        "https://github.com/rustsec/advisory-db/archive/refs/heads/main.tar.gz",
    ),
];

/// The feed.
pub const FEED: Feed = Feed {
    name: "rustsec",
    remotes: REMOTES,
    recognises: |source| source.starts_with("rustsec"),
    wants,
    parse,
    publishes: &[],
    claims: |_, _, _| vec![PackageType::Cargo.to_string()],
    missing: |_| Vec::new(),
};

fn wants(source: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_source = name.ends_with(".md")
        && (name.starts_with("RUSTSEC-") || name.starts_with("CVE-"))
        && name.bytes().any(|byte| byte.is_ascii_digit());
    match source.starts_with("rustsec-advisory-db") {
        true => is_source,
        false => (is_source && is_tool(path)) || osv::is_called(name, "RUSTSEC-", ".json"),
    }
}

/// Whether a path's folders say that it is about Rust itself: `rust/std/CVE-….md`.
fn is_tool(path: &str) -> bool {
    path.rsplit('/').nth(2) == Some("rust")
}

#[derive(Deserialize)]
struct Front {
    advisory: Advisory,
    #[serde(default)]
    versions: Versions,
}

#[derive(Deserialize)]
struct Advisory {
    id: String,
    package: String,
    date: Option<String>,
    withdrawn: Option<String>,
    url: Option<String>,
    cvss: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Versions {
    #[serde(default)]
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    if !file.path.ends_with(".md") {
        return (osv::FEED.parse)(file, limits);
    }
    let mut parsed = Parsed::default();
    let read = std::str::from_utf8(file.bytes).map_err(|error| error.to_string());
    let read = read.and_then(|text| record(file.path, text, limits));
    parsed.take(read, || file.place());
    parsed
}

/// The TOML, which stands in a fence at the top, and the text behind it.
fn parts(text: &str) -> Option<(&str, &str)> {
    let inner = text.trim_start_matches('\u{feff}').trim_start();
    let inner = inner.strip_prefix("```toml")?;
    let end = inner.find("\n```")?;
    let (front, rest) = inner.split_at_checked(end)?;
    Some((front, rest.strip_prefix("\n```")?))
}

fn record(path: &str, text: &str, limits: &Limits) -> Result<Record, String> {
    let (front, body) = parts(text).ok_or("it has no TOML in front")?;
    if front.len() > 1 << 16 {
        return Err("the TOML in front is longer than 65536 bytes".to_owned());
    }
    let front: Front = toml::from_str(front).map_err(|error| error.message().to_owned())?;
    let read = front.advisory;
    if read.id.is_empty() || read.package.is_empty() {
        return Err("it has no id or no package".to_owned());
    }
    let mut record = Record::new(read.id.as_str());
    record.weaknesses = vec![weakness(&read)];
    record.url = match (read.id.starts_with("RUSTSEC-"), &read.url) {
        (true, _) => format!("https://rustsec.org/advisories/{}.html", read.id),
        (false, Some(url)) => url.clone(),
        (false, None) => String::new(),
    };
    record.score = read.cvss.as_deref().and_then(rating::score);
    record.severity = record.score.map_or(Severity::Unknown, rating::of_score);
    record.published = read.date.as_deref().and_then(time::read_day);
    record.withdrawn = read.withdrawn.is_some();
    let title = body.lines().find_map(|line| line.strip_prefix("# "));
    record.description = super::cut(title.unwrap_or(body), limits.description_bytes);
    record.affected = vec![affected(is_tool(path), &read.package, &front.versions)?];
    Ok(record)
}

/// The CVE before the advisory's own number; all other names are aliases.
fn weakness(read: &Advisory) -> Weakness {
    let mut names: Vec<_> = read.aliases.clone();
    names.push(read.id.clone());
    names.sort();
    names.dedup();
    let cve = names.iter().find_map(|name| identifier::cve(name));
    let mut weakness = Weakness::new(cve.unwrap_or(&read.id));
    names.retain(|name| *name != weakness.id && !name.is_empty());
    weakness.aliases = names;
    weakness
}

/// What is neither patched nor unaffected. The library and the tools of Rust carry its version, so
/// that they are the program `rust`.
fn affected(tool: bool, package: &str, versions: &Versions) -> Result<Affected, String> {
    let patched = any_of(&versions.patched, semantic_order, cargo)?;
    let unaffected = any_of(&versions.unaffected, semantic_order, cargo)?;
    let open = patched.clone().or(unaffected).complement();
    let (kind, name) = match tool {
        true => (PackageType::Generic, "rust"),
        false => (PackageType::Cargo, package),
    };
    let mut row = Affected::new(&Ecosystem::Language(kind), name, State::Affected);
    row.ranges = open.ranges(&patched, after_semantic);
    let is_fixed = |range: &Range<String>| matches!(range.end, End::Fixed(_));
    if row.ranges.iter().any(is_fixed) {
        row.state = State::Fixed;
    }
    match row.ranges.is_empty() {
        true => Err(format!("{package}: no version is left that is affected")),
        false => Ok(row),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::interval::shown;

    fn read(path: &str, text: &str) -> Parsed {
        let file = FeedFile::plain("rustsec", path, text.as_bytes());
        FEED.read(&file, &Limits::default())
    }

    // After rustsec/advisory-db, crates/memoffset/RUSTSEC-2023-0045.md, 2026-08-21.
    const MARKDOWN: &str = "```toml\n[advisory]\nid = \"RUSTSEC-2023-0045\"\n\
        package = \"memoffset\"\ndate = \"2023-06-21\"\ninformational = \"unsound\"\n\
        cvss = \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"\n\
        aliases = [\"GHSA-wfg4-322g-9vqv\"]\n[affected]\n\
        functions = { \"memoffset::offset_of\" = [\"< 0.6.2\"] }\n[versions]\n\
        patched = [\">= 0.6.2\", \"^0.5.9\"]\nunaffected = [\"< 0.2\"]\n```\n\n\
        # memoffset allows reading uninitialized memory\nmemoffset allows\n";

    #[test]
    fn advisories_on_crates_are_read() {
        let parsed = read("crates/memoffset/RUSTSEC-2023-0045.md", MARKDOWN);
        assert_eq!(parsed.problems, []);
        let record = &parsed.records[0];
        assert_eq!(record.weaknesses[0].id, "RUSTSEC-2023-0045");
        assert_eq!(record.weaknesses[0].aliases, ["GHSA-wfg4-322g-9vqv"]);
        assert_eq!(
            record.url,
            "https://rustsec.org/advisories/RUSTSEC-2023-0045.html"
        );
        assert_eq!(
            record.description,
            "memoffset allows reading uninitialized memory"
        );
        assert_eq!(record.published, "2023-06-21T00:00:00Z".parse().ok());
        assert_eq!(
            (record.severity, record.withdrawn),
            (Severity::Critical, false)
        );
        let row = &record.affected[0];
        let subject = (row.ecosystem.as_str(), row.package.as_str(), row.state);
        assert_eq!(subject, ("cargo", "memoffset", State::Fixed));
        assert_eq!(shown(&row.ranges), "[0.2.0..0.5.9) [0.6.0-0..0.6.2)");
    }

    // After rust/std/CVE-2018-1000810.md.
    #[test]
    fn advisories_on_rust_itself_are_on_a_program() {
        let text = "```toml\n[advisory]\nid = \"CVE-2018-1000810\"\npackage = \"std\"\n\
            url = \"https://a\"\nwithdrawn = \"2020-01-01\"\n[versions]\npatched = []\n\
            unaffected = [\"< 1.26.0\", \"> 1.29.0\"]\n```\n# Overflow\n";
        let parsed = read("advisory-db-main/rust/std/CVE-2018-1000810.md", text);
        let record = &parsed.records[0];
        assert!(record.withdrawn);
        assert_eq!(
            (record.id.as_str(), record.url.as_str()),
            ("CVE-2018-1000810", "https://a")
        );
        let row = &record.affected[0];
        let subject = (row.ecosystem.as_str(), row.package.as_str(), row.state);
        assert_eq!(subject, ("generic", "rust", State::Affected));
        assert_eq!(shown(&row.ranges), "[1.26.0..1.29.0]");
    }

    #[test]
    fn what_the_export_holds_is_not_read_again() {
        for (source, path, expected) in [
            ("rustsec", "crates/RUSTSEC-2023-0045.json", true),
            ("rustsec", "crates/a/RUSTSEC-2023-0045.md", false),
            ("rustsec", "rust/std/CVE-2018-1000810.md", true),
            ("rustsec", "README.md", false),
            ("rustsec-osv", "crates/RUSTSEC-2023-0045.json", true),
            ("rustsec-advisory-db", "crates/a/RUSTSEC-2023-0045.md", true),
            ("rustsec-advisory-db", "rust/std/CVE-2018-1000810.md", true),
            (
                "rustsec-advisory-db",
                "crates/RUSTSEC-2023-0045.json",
                false,
            ),
            ("rustsec-advisory-db", "CONTRIBUTING.md", false),
        ] {
            assert_eq!((FEED.wants)(source, path), expected, "{source} {path}");
        }
        let json = r#"{"id": "RUSTSEC-2023-0045", "affected": []}"#;
        assert_eq!(read("crates/RUSTSEC-2023-0045.json", json).records.len(), 1);
    }

    #[test]
    fn what_is_no_advisory_is_a_problem_of_its_own() {
        let fenced = |front: &str| format!("```toml\n{front}\n```\n# a\n");
        let deep = fenced(&format!("a = {}", "[".repeat(10_000)));
        for text in [
            "",
            "# a",
            "```toml\n[advisory]",
            &fenced("[advisory]\nid = 7"),
            &fenced("[advisory]\nid = \"RUSTSEC-1\"\npackage = \"\""),
            &fenced("[advisory]\nid = \"R-1\"\npackage = \"a\"\n[versions]\npatched = [\"*\"]"),
            &fenced("[advisory]\nid = \"R-1\"\npackage = \"a\"\n[versions]\npatched = [\"é\"]"),
            deep.as_str(),
        ] {
            let parsed = read("crates/a/RUSTSEC-1.md", text);
            assert!(
                parsed.records.is_empty() && parsed.problems.len() == 1,
                "{text:.60}"
            );
        }
        for end in 0..MARKDOWN.len() {
            read(
                "crates/a/RUSTSEC-1.md",
                MARKDOWN.get(..end).unwrap_or_default(),
            );
        }
    }
}
