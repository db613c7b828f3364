//! The starter set of advisories: a table of facts, made into OSV records and built like any feed.

use advisory::{Builder, FeedFile, UnknownSource};
use serde_json::{Value, json};

const TABLE: &str = include_str!("advisories.txt");
/// The source's name: its end says that it holds OSV records. It covers nothing, and says so.
const SOURCE: &str = "starter-osv";

/// The starter set as a database's bytes.
///
/// # Errors
///
/// Where no feed reads the starter set's source.
pub fn database() -> Result<Vec<u8>, UnknownSource> {
    let mut builder = Builder::new(advisory::Limits::default());
    for (number, record) in TABLE.lines().filter_map(record).enumerate() {
        builder.add_file(&FeedFile::plain(
            SOURCE,
            &format!("{number}.json"),
            record.to_string().as_bytes(),
        ))?;
    }
    Ok(builder.finish())
}

/// A line of the table as an OSV record; comments are none.
fn record(line: &str) -> Option<Value> {
    if line.starts_with('#') {
        return None;
    }
    let fields: Vec<&str> = line.split('|').map(str::trim).collect();
    let [ecosystem, package, fixed, cve, advisory, vector, summary] = *fields.as_slice() else {
        return None;
    };
    let id = if advisory.is_empty() { cve } else { advisory };
    let distro = ecosystem
        .split(':')
        .next()
        .unwrap_or_default()
        .to_uppercase();
    Some(json!({
        "schema_version": "1.6.0",
        "id": format!("{distro}-{id}-{cve}"),
        "modified": "2026-11-23T00:00:00Z",
        "aliases": [cve],
        "summary": summary,
        "severity": [{ "type": "CVSS_V3", "score": vector }],
        "affected": [{
            "package": { "ecosystem": ecosystem, "name": package },
            "ranges": [{
                "type": "ECOSYSTEM",
                "events": [{ "introduced": "0" }, { "fixed": fixed }],
            }],
        }],
        "references": [{
            "type": "WEB",
            "url": format!("https://nvd.nist.gov/vuln/detail/{cve}"),
        }],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_becomes_a_record() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(TABLE.lines().filter_map(record).count(), lines);
        let database = advisory::Database::open(database().unwrap()).unwrap();
        let facts = database.facts();
        assert_eq!(facts.sources[0].advisories, lines as u64);
        assert_eq!(facts.sources[0].problems, []);
    }
}
