//! The lists of the Node.js Security Working Group, `nodejs/security-wg`: `vuln/core` on Node.js
//! itself, `vuln/npm` on packages (2013 to 2019), `vuln/deps` on weaknesses of what Node.js is
//! built with that do not affect it. One JSON file each, its number being its name.
//!
//! `vulnerable` less `patched` is affected. Lines of Node.js that are vulnerable and have no patch
//! of their own end with the line.

use model::{Cvss, Ecosystem, PackageType, Severity};
use serde::Deserialize;

use super::interval::Set;
use super::requirement::{after_semantic, npm, npm_lines, semantic_order};
use super::{Feed, FeedFile, Parsed, Remote, rating, time};
use crate::identifier;
use crate::{Affected, End, Limits, Range, Record, Score, State, Weakness};

const REMOTES: &[Remote] = &[Remote::file(
    "nodejs-security-wg",
    "security-wg.tar.gz",
    "https://github.com/nodejs/security-wg/archive/refs/heads/main.tar.gz",
)];

/// The feed.
pub const FEED: Feed = Feed {
    name: "nodejs-security-wg",
    remotes: REMOTES,
    recognises: |source| source == "nodejs" || source.starts_with("nodejs-security-wg"),
    wants: |_, path| place(path).is_some(),
    parse,
    publishes: &[],
    // Packages are listed up to 2019 only, and Node.js is no ecosystem of its own.
    claims: |_, _, _| Vec::new(),
    missing: |_| Vec::new(),
};

/// Which of the lists a file is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Core,
    Npm,
    Dependencies,
}

/// The list of a path, and the number that names the file.
fn place(path: &str) -> Option<(List, &str)> {
    let mut parts = path.rsplit('/');
    let number = parts.next()?.strip_suffix(".json")?;
    let list = match parts.next()? {
        "core" => List::Core,
        "npm" => List::Npm,
        "deps" => List::Dependencies,
        _ => return None,
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some((list, number))
}

#[derive(Deserialize)]
struct Advisory {
    #[serde(alias = "cves", default)]
    cve: Vec<String>,
    module_name: Option<String>,
    #[serde(alias = "vulnerable_versions")]
    vulnerable: Option<String>,
    #[serde(alias = "patched_versions")]
    patched: Option<String>,
    title: Option<String>,
    description: Option<String>,
    overview: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    severity: Option<String>,
    #[serde(alias = "cvss")]
    cvss_vector: Option<String>,
    cvss_score: Option<f64>,
    #[serde(alias = "created_at")]
    created: Option<String>,
    publish_date: Option<String>,
    updated_at: Option<String>,
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let mut parsed = Parsed::default();
    let read = serde_json::from_slice::<Advisory>(file.bytes).map_err(|error| error.to_string());
    let read = read.and_then(|advisory| record(file.path, advisory, limits));
    parsed.take(read, || file.place());
    parsed
}

fn record(path: &str, read: Advisory, limits: &Limits) -> Result<Record, String> {
    let (list, number) = place(path).ok_or("it lies in none of the lists")?;
    let (word, folder) = match list {
        List::Core => ("COR", "core"),
        List::Npm => ("ECO", "npm"),
        List::Dependencies => ("DEP", "deps"),
    };
    let mut record = Record::new(format!("NSWG-{word}-{number}"));
    let cves = read.cve.iter().filter_map(|id| identifier::cve(id));
    let mut weaknesses: Vec<_> = cves.map(|cve| named(cve, &record.id)).collect();
    weaknesses.sort();
    weaknesses.dedup();
    if !weaknesses.is_empty() {
        record.bulletin = weaknesses.len() > 1;
        record.weaknesses = weaknesses;
    }
    let own =
        format!("https://github.com/nodejs/security-wg/blob/main/vuln/{folder}/{number}.json");
    record.url = read.reference.clone().unwrap_or(own);
    let texts = [&read.title, &read.description, &read.overview];
    let mut texts = texts
        .into_iter()
        .flatten()
        .filter(|text| !text.trim().is_empty());
    let text = texts.next().map_or("", String::as_str);
    record.description = super::cut(text, limits.description_bytes);
    record.score = score(&read);
    record.severity = rating::word(read.severity.as_deref().unwrap_or_default());
    if record.severity == Severity::Unknown {
        record.severity = record.score.map_or(Severity::Unknown, rating::of_score);
    }
    let published = read.publish_date.as_deref().or(read.created.as_deref());
    record.published = published.and_then(time::read_day);
    record.modified = read.updated_at.as_deref().and_then(time::read_day);
    record.affected = vec![affected(list, &read)?];
    Ok(record)
}

fn named(cve: &str, id: &str) -> Weakness {
    let mut weakness = Weakness::new(cve);
    weakness.aliases = vec![id.to_owned()];
    weakness
}

/// The vector's score, else the one that is given.
fn score(read: &Advisory) -> Option<Score> {
    let vector = read.cvss_vector.as_deref().unwrap_or_default();
    let whole = match vector.starts_with("3.") {
        true => format!("CVSS:{vector}"),
        false => vector.to_owned(),
    };
    let given = || {
        let tenths = (read.cvss_score? * 10.0).round();
        let fits = (1.0..=100.0).contains(&tenths);
        let base = Cvss::from_tenths(fits.then_some(tenths as u8)?)?;
        Some(Score { modern: true, base })
    };
    rating::score(&whole).or_else(given)
}

fn affected(list: List, read: &Advisory) -> Result<Affected, String> {
    let (kind, name) = match list {
        List::Npm => (
            PackageType::Npm,
            read.module_name.as_deref().unwrap_or_default(),
        ),
        List::Core | List::Dependencies => (PackageType::Generic, "node"),
    };
    if name.is_empty() {
        return Err("it names no module".to_owned());
    }
    let mut row = Affected::new(&Ecosystem::Language(kind), name, State::NotAffected);
    if list == List::Dependencies {
        return Ok(row);
    }
    let vulnerable = read
        .vulnerable
        .as_deref()
        .ok_or("it names no vulnerable versions")?;
    let vulnerable = npm(vulnerable)?;
    let patched = patched(list, read.patched.as_deref().unwrap_or_default())?;
    let patched = patched.yielding(&vulnerable);
    let open = vulnerable.without(&patched).drawn_out(&patched);
    row.ranges = open.ranges(&patched, after_semantic);
    let is_fixed = |range: &Range<String>| matches!(range.end, End::Fixed(_));
    row.state = match row.ranges.iter().any(is_fixed) {
        true => State::Fixed,
        false => State::Affected,
    };
    match row.ranges.is_empty() {
        true => Err(format!("{name}: no version is left that is vulnerable")),
        false => Ok(row),
    }
}

/// What is patched. A range that ends with the very first version is the list's word for nothing;
/// a version of Node.js without a sign stands for the rest of its line.
fn patched(list: List, text: &str) -> Result<Set, String> {
    match (list, text.trim()) {
        (_, "" | "<0.0.0" | "<=0.0.0" | "< 0.0.0" | "<= 0.0.0") => Ok(Set::none(semantic_order)),
        (List::Core, text) => npm_lines(text),
        (_, text) => npm(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::interval::shown;

    fn read(path: &str, text: &str) -> Parsed {
        let file = FeedFile::plain("nodejs-security-wg", path, text.as_bytes());
        FEED.read(&file, &Limits::default())
    }

    // After nodejs/security-wg, vuln/core/70.json, vuln/npm/309.json, vuln/deps/4.json, 2026-04.
    const CORE: &str = r#"{"cve": ["CVE-2020-8265", "CVE-2020-8264"],
        "vulnerable": "10.x || 12.x || 14.x || 15.x", "patched": "^10.23.1 || ^12.20.1 || ^14.15.4",
        "ref": "https://nodejs.org/en/blog/", "overview": "use-after-free in TLSWrap",
        "affectedEnvironments": ["all"], "severity": "high",
        "cvss": "3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H", "publish_date": "2018-11-27"}"#;
    const NPM: &str = r#"{"id": 309, "created_at": "2017-02-01", "updated_at": "2017-04-18",
        "title": "Remote Memory Exposure", "module_name": "request", "publish_date": "2017-04-14",
        "cves": [], "vulnerable_versions": ">=2.2.6 <2.47.0 || >2.51.0 <=2.67.0",
        "patched_versions": ">=2.68.0", "overview": "Request is an http client.",
        "cvss_vector": null, "cvss_score": 5.3}"#;
    const DEPS: &str = r#"{"cve": ["CVE-2024-3159"], "description": "V8 vulnerabilities",
        "overview": "These do not affect Node.js.", "reason": "vulnerable_code_not_present"}"#;

    #[test]
    fn node_itself_is_a_program() {
        let parsed = read("vuln/core/70.json", CORE);
        assert_eq!(parsed.problems, []);
        let record = &parsed.records[0];
        assert_eq!(record.id, "NSWG-COR-70");
        assert_eq!(record.weaknesses[0].id, "CVE-2020-8264");
        assert_eq!(record.weaknesses[1].aliases, ["NSWG-COR-70"]);
        assert!(record.bulletin);
        assert_eq!(
            (record.severity, record.url.as_str()),
            (Severity::High, "https://nodejs.org/en/blog/")
        );
        assert_eq!(
            record.score.map(|score| score.base.to_string()).as_deref(),
            Some("5.9")
        );
        assert_eq!(record.published, "2018-11-27T00:00:00Z".parse().ok());
        let row = &record.affected[0];
        let subject = (row.ecosystem.as_str(), row.package.as_str(), row.state);
        assert_eq!(subject, ("generic", "node", State::Fixed));
        assert_eq!(
            shown(&row.ranges),
            "[10.0.0-0..10.23.1) [12.0.0-0..12.20.1) [14.0.0-0..14.15.4) [15.0.0-0..16.0.0-0|"
        );
        let unaffected = read("vuln/deps/4.json", DEPS);
        let row = &unaffected.records[0].affected[0];
        assert_eq!(
            (row.package.as_str(), row.state),
            ("node", State::NotAffected)
        );
    }

    #[test]
    fn packages_have_ranges() {
        let parsed = read("vuln/npm/309.json", NPM);
        let record = &parsed.records[0];
        assert_eq!(record.weaknesses, [Weakness::new("NSWG-ECO-309")]);
        assert_eq!(record.severity, Severity::Medium);
        assert_eq!(record.modified, "2017-04-18T00:00:00Z".parse().ok());
        let row = &record.affected[0];
        assert_eq!(
            (row.ecosystem.as_str(), row.package.as_str()),
            ("npm", "request")
        );
        assert_eq!(shown(&row.ranges), "[2.2.6..2.47.0| [2.51.1-0..2.68.0)");
    }

    #[test]
    fn vulnerable_less_patched_is_affected() {
        for (list, vulnerable, patched, expected) in [
            ("npm", "<=1.0.0", "<0.0.0", "[..1.0.0]"),
            ("npm", "<1.5.0", ">=1.5.0", "[..1.5.0)"),
            ("npm", "*", "", "[..)"),
            (
                "npm",
                "<=0.9.4 || 1.0.0",
                ">=1.0.1 || >=0.9.5 <1.0.0",
                "[..0.9.5) [1.0.0..1.0.1)",
            ),
            (
                "npm",
                "<2.0.18 || <3.0.16",
                "^2.0.18 || ^3.0.16",
                "[..2.0.18) [3.0.0-0..3.0.16)",
            ),
            (
                "npm",
                "<= 2.4.2 || >= 3.0.0 <=3.0.1",
                ">=2.5.0 <= 3.0.0 || >=3.1.0",
                "[..2.5.0) [3.0.0..3.1.0)",
            ),
            (
                "core",
                "5.x || 4.x",
                "^5.10.0 || 4.4.2",
                "[4.0.0-0..4.4.2) [5.0.0-0..5.10.0)",
            ),
            (
                "core",
                "<= 10",
                "^8.11.4 || >= 10.9.0",
                "[..8.11.4) [9.0.0-0..10.9.0)",
            ),
        ] {
            let text = serde_json::json!({"module_name": "a", "cves": [],
                "vulnerable_versions": vulnerable, "patched_versions": patched});
            let parsed = read(&format!("vuln/{list}/1.json"), &text.to_string());
            assert_eq!(parsed.problems, []);
            assert_eq!(shown(&parsed.records[0].affected[0].ranges), expected);
        }
    }

    #[test]
    fn what_is_no_advisory_is_a_problem_of_its_own() {
        let deep = "[".repeat(10_000);
        for text in [
            "",
            "{}",
            "[]",
            r#"{"module_name": "", "vulnerable_versions": "*"}"#,
            r#"{"module_name": "a", "vulnerable_versions": "soon"}"#,
            r#"{"module_name": "a", "vulnerable_versions": "<1", "patched_versions": "*"}"#,
            r#"{"module_name": "a", "vulnerable_versions": 7}"#,
            deep.as_str(),
        ] {
            let parsed = read("vuln/npm/1.json", text);
            assert!(
                parsed.records.is_empty() && parsed.problems.len() == 1,
                "{text:.60}"
            );
        }
        for end in 0..CORE.len() {
            read("vuln/core/1.json", CORE.get(..end).unwrap_or_default());
        }
        let wants = |path| (FEED.wants)("", path);
        assert!(wants("security-wg-main/vuln/core/70.json") && wants("deps/1.json"));
        assert!(!wants("vuln/core/index.json") && !wants("processes/1.json"));
    }
}
