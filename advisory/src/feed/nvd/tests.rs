use super::*;

fn parsed(path: &str, text: &str) -> Parsed {
    let file = FeedFile::plain("nvd", path, text.as_bytes());
    FEED.read(&file, &Limits::default())
}

/// What was read of CVEs themselves, one to a line.
pub(in crate::feed) fn facts(parsed: &Parsed) -> Vec<String> {
    parsed
        .cves
        .iter()
        .map(|(cve, facts)| {
            let score = facts
                .score
                .map_or(String::new(), |score| score.base.to_string());
            let published = facts
                .published
                .map_or(String::new(), |time| time.to_string());
            let (rejected, text) = (facts.rejected, &facts.description);
            format!(
                "{}-{} {score} {published} {rejected} {text}",
                cve.year, cve.number
            )
        })
        .collect()
}

fn told(parsed: &Parsed) -> String {
    let mut lines = facts(parsed);
    lines.extend(parsed.records.iter().map(|record| {
        let rows: Vec<&str> = record
            .affected
            .iter()
            .map(|row| row.package.as_str())
            .collect();
        format!("{} {} {}", record.id, record.withdrawn, rows.join(" "))
    }));
    lines.extend(parsed.problems.iter().map(ToString::to_string));
    lines.join("\n")
}

// After CVE-2023-4863 as of 2023-11-26, shortened, and a rejected one.
const FEED_OF_TWO: &str = r#"{"format": "NVD_CVE", "version": "2.0", "timestamp": "2023-11-26T23:42:14.677",
 "vulnerabilities": [
  {"cve": {"id": "CVE-2023-4863", "published": "2023-09-12T15:15:24.327",
   "lastModified": "2023-10-28T19:15:38.643", "vulnStatus": "Modified",
   "descriptions": [{"lang": "es", "value": "no"}, {"lang": "en", "value": "Heap buffer  overflow"}],
   "metrics": {
    "cvssMetricV40": [{"type": "Secondary", "cvssData": {"vectorString":
     "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}}],
    "cvssMetricV31": [{"type": "Primary", "cvssData": {"vectorString":
     "CVSS:3.1\/AV:N\/AC:L\/PR:N\/UI:R\/S:U\/C:H\/I:H\/A:H"}}]},
   "configurations": [{"nodes": [{"cpeMatch": [{"vulnerable": true, "versionEndExcluding": "1.3.2",
    "criteria": "cpe:2.3:a:webmproject:libwebp:*:*:*:*:*:*:*:*"}]}]}]}},
  {"cve": {"id": "CVE-2023-0001", "vulnStatus": "Rejected", "descriptions": []}},
  {"cve": {"id": "GHSA-1"}},
  {"cve": 7}
 ]}"#;

#[test]
fn a_feed_tells_of_weaknesses_and_of_products() {
    let parsed = parsed("nvdcve-2.0-2023.json", FEED_OF_TWO);
    assert_eq!(
        told(&parsed),
        "2023-4863 9.3 2023-09-12T15:15:24.327Z false Heap buffer overflow\n\
         2023-1   true \n\
         CVE-2023-4863 false webmproject/libwebp\n\
         nvd/nvdcve-2.0-2023.json: line 14: 'GHSA-1' is no CVE (malformed)\n\
         nvd/nvdcve-2.0-2023.json: line 15: invalid type: integer `7`, expected struct Vulnerability \
         at line 1 column 9 (malformed)"
    );
    assert_eq!(
        parsed.date,
        Some("2023-11-26T23:42:14.677Z".parse().unwrap())
    );
    assert!(!parsed.failed);
}

// The layout of the API's records of 2024; the scores are made up.
#[test]
fn the_newest_version_of_cvss_has_the_score() {
    let four = (
        "V40",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
    );
    let high = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    let low = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N";
    let zero = "CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H";
    let two = "AV:N/AC:L/Au:N/C:C/I:C/A:C";
    for (metrics, expected) in [
        // A newer version before a primary source.
        (
            &[("V2", "Primary", two), ("V31", "Secondary", low)][..],
            "1.8",
        ),
        (
            &[("V31", "Primary", high), (four.0, "Secondary", four.1)],
            "9.3",
        ),
        (
            &[("V30", "Primary", zero), ("V31", "Secondary", low)],
            "1.8",
        ),
        // Of one version a primary source, then the highest.
        (
            &[("V31", "Secondary", high), ("V31", "Primary", low)],
            "1.8",
        ),
        (
            &[("V31", "Secondary", low), ("V31", "Secondary", high)],
            "9.8",
        ),
        (&[("V2", "Primary", two)], "10.0"),
        // What is no score leaves the word to the next.
        (
            &[
                (four.0, "Primary", "CVSS:4.0/AV:N"),
                ("V30", "Secondary", zero),
            ],
            "8.8",
        ),
        (
            &[("V31", "Primary", "odd"), ("V31", "Secondary", high)],
            "9.8",
        ),
        (&[], ""),
    ] {
        let mut by_version = serde_json::Map::new();
        for (version, kind, vector) in metrics {
            let one = serde_json::json!({"type": kind, "cvssData": {"vectorString": vector}});
            let all = by_version.entry(format!("cvssMetric{version}"));
            let all = all.or_insert_with(|| serde_json::json!([]));
            all.as_array_mut().unwrap().push(one);
        }
        let cve = serde_json::json!({"cve": {"id": "CVE-2024-0001", "metrics": by_version}});
        let parsed = parsed("a.json", &cve.to_string());
        let score = parsed.cves[0].1.score.map(|score| score.base.to_string());
        assert_eq!(score.unwrap_or_default(), expected, "{metrics:?}");
    }
}

// After data/1999/CVE-1999-0142.json of nvd-data-overrides, 2024-08-01, shortened.
#[test]
fn a_correction_is_a_record_of_products_alone() {
    let text = r#"{"_annotation": {"cve_id": "CVE-1999-0142", "modified": "2024-08-01T16:27:57.727000+00:00",
        "reason": "Fix wildcard ranges"}, "cve": {"configurations": [{"nodes": [{"cpeMatch": [
        {"criteria": "cpe:2.3:a:netscape:navigator:*:*:*:*:*:*:*:*", "versionEndExcluding": "2.02",
         "vulnerable": true}], "negate": false, "operator": "OR"}]}]}}"#;
    let parsed = parsed("data/1999/CVE-1999-0142.json", text);
    assert_eq!(told(&parsed), "CVE-1999-0142 false netscape/navigator");
    let modified = parsed.records[0].modified.map(|time| time.to_string());
    assert_eq!(modified.as_deref(), Some("2024-08-01T16:27:57.727Z"));
}

#[test]
fn what_is_no_feed_is_a_failure_and_never_a_panic() {
    for text in [
        "",
        "{",
        "[]",
        "{}",
        "7",
        r#"{"CVE_Items": []}"#,
        r#"{"vulnerabilities": 7}"#,
    ] {
        assert!(parsed("a.json", text).failed, "{text}");
    }
    let deep = format!("{{\"cve\": {}{}}}", "[".repeat(500), "]".repeat(500));
    assert_eq!(parsed("a.json", &deep).problems.len(), 1);
    let odd = r#"{"cve": {"id": "CVE-2023-4863", "metrics": 1}}"#;
    assert_eq!(parsed("a.json", odd).problems.len(), 1);
}
