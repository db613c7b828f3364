//! The catalogue of Known Exploited Vulnerabilities of the Cybersecurity and Infrastructure
//! Security Agency, `cisa.gov/known-exploited-vulnerabilities-catalog`, in its JSON form: which
//! weaknesses are known to be exploited, and since when it lists them. It knows no packages.

use jiff::Timestamp;
use jiff::civil::Date;
use model::{Exploitation, Problem, ProblemKind};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::position::Lines;
use super::{Feed, FeedFile, Parsed, Remote, shown};
use crate::database::exploitation;
use crate::{Cve, Limits};

const REMOTES: &[Remote] = &[Remote::file(
    "cisa-kev",
    "known_exploited_vulnerabilities.json",
    "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
)];

/// The feed.
pub const FEED: Feed = Feed {
    name: "cisa-kev",
    remotes: REMOTES,
    recognises: |source| source == "cisa-kev" || source.starts_with("cisa-kev-"),
    wants: |_, path| path.rsplit('/').next() == Some("known_exploited_vulnerabilities.json"),
    parse,
    publishes: &[],
    claims: |_, _, _| Vec::new(),
    missing: |_| Vec::new(),
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue<'a> {
    date_released: Option<String>,
    #[serde(borrow)]
    vulnerabilities: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "cveID")]
    cve: String,
    #[serde(rename = "dateAdded")]
    added: String,
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let failure = |kind, detail: String| Parsed::failure(Problem::new(kind, file.place(), detail));
    let catalogue: Catalogue<'_> = match serde_json::from_slice(file.bytes) {
        Ok(catalogue) => catalogue,
        Err(error) => return failure(ProblemKind::Malformed, error.to_string()),
    };
    if catalogue.vulnerabilities.is_empty() {
        let detail = "it lists no vulnerability: fetch it anew".to_owned();
        return failure(ProblemKind::Malformed, detail);
    }
    if catalogue.vulnerabilities.len() > limits.records {
        let detail = format!("more than {} vulnerabilities", limits.records);
        return failure(ProblemKind::Limit, detail);
    }
    let mut parsed = Parsed::default();
    match catalogue
        .date_released
        .map(|text| text.parse::<Timestamp>())
    {
        Some(Ok(date)) => parsed.date = Some(date),
        None | Some(Err(_)) => {
            let detail = "dateReleased is no date: how old it is cannot be told";
            parsed.malformed(file.place(), detail.to_owned());
        }
    }
    let lines = Lines::new(file.bytes);
    for text in catalogue.vulnerabilities {
        match entry(text.get()) {
            Ok(entry) => parsed.exploitation.push(entry),
            Err(detail) => parsed.malformed(lines.place_of(file, text.get()), detail),
        }
    }
    parsed
}

fn entry(text: &str) -> Result<(Cve, Exploitation), String> {
    let entry: Entry = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let is_no = |text: &str, what: &str| format!("'{}' is no {what}", shown(text));
    let cve = Cve::of(&entry.cve).ok_or_else(|| is_no(&entry.cve, "CVE"))?;
    let added = entry.added.parse::<Date>().ok();
    let added = added.filter(|day| exploitation::fits(*day));
    let added = added.ok_or_else(|| is_no(&entry.added, "day on which it can have been added"))?;
    let known = Exploitation {
        known_since: Some(added),
        epss: None,
    };
    Ok((cve, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Parsed {
        let file = FeedFile::plain(
            "cisa-kev",
            "known_exploited_vulnerabilities.json",
            text.as_bytes(),
        );
        FEED.read(&file, &Limits::default())
    }

    fn told(parsed: &Parsed) -> Vec<String> {
        let known = parsed.exploitation.iter().map(|(cve, known)| {
            let since = known.known_since.map(|day| day.to_string());
            format!("{}-{} {}", cve.year, cve.number, since.unwrap_or_default())
        });
        let problem = |one: &Problem| format!("{}: {}", one.place, one.detail);
        known.chain(parsed.problems.iter().map(problem)).collect()
    }

    // After the catalogue of 2025-08-25.
    #[test]
    fn entries_are_read_one_by_one() {
        let text = r#"{"title": "CISA Catalog", "catalogVersion": "2025.08.25",
            "dateReleased": "2025-08-25T17:04:19.9796Z", "count": 5, "vulnerabilities": [
            {"cveID": "CVE-2014-0160", "dateAdded": "2022-05-04", "dueDate": "2022-05-25"},
            {"cveID": "CVE-2021-44228", "dateAdded": "2021-12-10", "cwes": ["CWE-20"]},
            {"cveID": "none", "dateAdded": "2021-12-10"},
            {"cveID": "CVE-2021-44229", "dateAdded": "0001-01-01"},
            {"cveID": 7}]}"#;
        let parsed = read(text);
        let all = told(&parsed);
        let place = "cisa-kev/known_exploited_vulnerabilities.json: line";
        let expected = [
            "2014-160 2022-05-04".to_owned(),
            "2021-44228 2021-12-10".to_owned(),
            format!("{place} 5: 'none' is no CVE"),
            format!("{place} 6: '0001-01-01' is no day on which it can have been added"),
        ];
        assert_eq!(all[..4], expected);
        assert!(all[4].starts_with(&format!("{place} 7")));
        assert_eq!(parsed.date, "2025-08-25T17:04:19.9796Z".parse().ok());
        assert!(!parsed.failed);
    }

    #[test]
    fn what_is_no_catalogue_is_a_failure() {
        for text in ["", "[]", "{}", "<html>", r#"{"vulnerabilities": []}"#] {
            let parsed = read(text);
            assert!(parsed.failed && parsed.problems.len() == 1, "{text}");
        }
        let undated = r#"{"vulnerabilities": [{"cveID": "CVE-2014-0160",
            "dateAdded": "2022-05-04"}]}"#;
        let parsed = read(undated);
        assert_eq!((parsed.exploitation.len(), parsed.date), (1, None));
        assert!(parsed.problems[0].detail.contains("dateReleased"));
    }
}
