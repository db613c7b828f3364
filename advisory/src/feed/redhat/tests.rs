use super::*;
use crate::{End, Record};

fn read(path: &str, text: &str) -> Parsed {
    let file = FeedFile::plain("redhat", path, text.as_bytes());
    FEED.read(&file, &Limits::default())
}

fn told(record: &Record) -> Vec<String> {
    let line = |one: &crate::Affected| {
        let end = match one.ranges.first().map(|range| &range.end) {
            Some(End::Fixed(version)) => format!(" <{version}"),
            Some(End::Last(version)) => format!(" <={version}"),
            _ => String::new(),
        };
        let scope = [
            one.channel.as_str(),
            &one.module,
            &one.architectures.join(","),
        ]
        .join(";");
        format!(
            "{} {scope} {} {:?}{end}",
            one.ecosystem, one.package, one.state
        )
    };
    record.affected.iter().map(line).collect()
}

// After cve-2024-10041.json of 2025 and the states, modules and products that others of the same
// year show (cve-2025-40907, cve-2024-0727, cve-2023-6228).
const DOCUMENT: &str = r#"{"document": {"category": "csaf_vex",
  "aggregate_severity": {"text": "Moderate"},
  "tracking": {"id": "CVE-2024-10041", "initial_release_date": "2024-10-18T00:00:00+00:00",
    "current_release_date": "2025-11-21T10:00:00+00:00", "status": "final"}},
 "product_tree": {"branches": [{"category": "vendor", "name": "Red Hat", "branches": [
  {"category": "product_family", "name": "RHEL", "branches": [
   {"category": "product_name", "name": "a", "product": {"name": "a", "product_id": "BaseOS-9",
     "product_identification_helper": {"cpe": "cpe:/o:redhat:enterprise_linux:9::baseos"}}},
   {"category": "product_name", "name": "b", "product": {"name": "b", "product_id": "EUS-9.2",
     "product_identification_helper": {"cpe": "cpe:/o:redhat:rhel_eus:9.2::baseos"}}},
   {"category": "product_name", "name": "c", "product": {"name": "c", "product_id": "rhel_8",
     "product_identification_helper": {"cpe": "cpe:/o:redhat:enterprise_linux:8"}}},
   {"category": "product_name", "name": "d", "product": {"name": "d", "product_id": "jboss",
     "product_identification_helper": {"cpe": "cpe:/a:redhat:jboss_fuse:7"}}}]},
  {"category": "architecture", "name": "x86_64", "branches": [
   {"category": "product_version", "name": "p", "product": {"product_id":
     "pam-1:1.5.1-21.el9_5.x86_64", "product_identification_helper":
     {"purl": "pkg:rpm/redhat/pam@1.5.1-21.el9_5?arch=x86_64"}}},
   {"category": "product_version", "name": "p", "product": {"product_id": "pam-debuginfo",
     "product_identification_helper":
     {"purl": "pkg:rpm/redhat/pam-debuginfo@1.5.1-21.el9_5?arch=x86_64"}}},
   {"category": "product_version", "name": "p", "product": {"product_id": "fcgi",
     "product_identification_helper": {"purl":
     "pkg:rpm/redhat/perl-FCGI@0.78-12.module%2Bel8?arch=x86_64&epoch=1&rpmmod=perl-FCGI:0.78:8:4"
     }}},
   {"category": "product_version", "name": "p", "product": {"product_id": "nameless",
     "product_identification_helper": {"purl":
     "pkg:rpm/redhat/ruby@2.5.9-111.module%2Bel8?arch=x86_64"}}}]},
  {"category": "architecture", "name": "aarch64", "branches": [
   {"category": "product_version", "name": "p", "product": {"product_id":
     "pam-1:1.5.1-21.el9_5.aarch64", "product_identification_helper":
     {"purl": "pkg:rpm/redhat/pam@1.5.1-21.el9_5?arch=aarch64"}}},
   {"category": "product_version", "name": "p", "product": {"product_id":
     "pam-1:1.5.1-21.el9_5.src", "product_identification_helper":
     {"purl": "pkg:rpm/redhat/pam@1.5.1-21.el9_5?arch=src"}}}]},
  {"category": "product_version", "name": "p", "product": {"product_id": "pam",
     "product_identification_helper": {"purl": "pkg:rpm/redhat/pam?arch=src"}}},
  {"category": "product_version", "name": "p", "product": {"product_id": "libpam",
     "product_identification_helper": {"purl": "pkg:rpm/redhat/libpam"}}},
  {"category": "product_version", "name": "p", "product": {"product_id":
     "postgresql:15/postgresql"}},
  {"category": "product_version", "name": "p", "product": {"product_id": "kernel"}},
  {"category": "product_version", "name": "p", "product": {"product_id": "quay/clair-rhel8"}},
  {"category": "product_version", "name": "m", "product": {"product_id": "perl:5.30:8:b",
     "product_identification_helper": {"purl": "pkg:rpmmod/redhat/perl@5.30:8:b"}}}
  ]}], "relationships": [RELATIONS]},
 "vulnerabilities": [{"cve": "CVE-2024-10041", "title": "pam: libpam",
  "notes": [{"category": "summary", "text": "short"},
    {"category": "description", "text": "A vulnerability was\nfound in PAM."}],
  "release_date": "2024-10-18T00:00:00Z", "product_status": STATUS,
  "remediations": REMEDIES,
  "scores": [{"cvss_v3": {"version": "3.1",
    "vectorString": "CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:N/A:N"}}],
  "threats": [{"category": "impact", "details": "Moderate", "product_ids": ["BaseOS-9:pam"]},
    {"category": "impact", "details": "Low", "product_ids": ["rhel_8:kernel"]}]}]}"#;

/// The document with these statuses and remediations; products are platform, colon, component.
fn document(status: &str, remedies: &str) -> String {
    let mut relations = Vec::new();
    let mut relate = |platform: &str, component: &str| {
        relations.push(format!(
            r#"{{"category": "default_component_of", "full_product_name": {{"name": "n",
            "product_id": "{platform}:{component}"}}, "product_reference": "{component}",
            "relates_to_product_reference": "{platform}"}}"#
        ));
    };
    let components = "pam-1:1.5.1-21.el9_5.x86_64 pam-1:1.5.1-21.el9_5.aarch64 pam libpam kernel \
                      pam-1:1.5.1-21.el9_5.src pam-debuginfo fcgi nameless quay/clair-rhel8 \
                      postgresql:15/postgresql perl:5.30:8:b";
    for platform in [
        "BaseOS-9",
        "EUS-9.2",
        "rhel_8",
        "jboss",
        "rhel_8:perl:5.30:8:b",
    ] {
        for component in components.split_whitespace() {
            relate(platform, component);
        }
    }
    DOCUMENT
        .replace("RELATIONS", &relations.join(","))
        .replace("STATUS", status)
        .replace("REMEDIES", remedies)
}

#[test]
fn a_fix_is_told_by_its_bulletin() {
    let status = r#"{"fixed": ["BaseOS-9:pam-1:1.5.1-21.el9_5.x86_64",
        "BaseOS-9:pam-1:1.5.1-21.el9_5.aarch64", "BaseOS-9:pam-1:1.5.1-21.el9_5.src",
        "BaseOS-9:pam-debuginfo", "EUS-9.2:pam-1:1.5.1-21.el9_5.x86_64", "rhel_8:fcgi",
        "EUS-9.2:pam-1:1.5.1-21.el9_5.src", "rhel_8:perl:5.30:8:b:nameless"],
        "known_affected": ["rhel_8:pam"]}"#;
    let remedies = r#"[{"category": "vendor_fix", "date": "2024-11-19T04:46:55Z",
        "url": "https://access.redhat.com/errata/RHSA-2024:9941", "product_ids": [
        "BaseOS-9:pam-1:1.5.1-21.el9_5.x86_64", "BaseOS-9:pam-1:1.5.1-21.el9_5.aarch64",
        "BaseOS-9:pam-1:1.5.1-21.el9_5.src"]}]"#;
    let parsed = read("vex/2024/cve-2024-10041.json", &document(status, remedies));
    assert_eq!(parsed.problems, []);
    let [rest, fix] = parsed.records.as_slice() else {
        panic!("{:?}", parsed.records)
    };
    assert_eq!(
        (rest.id.as_str(), fix.id.as_str()),
        ("CVE-2024-10041", "RHSA-2024:9941")
    );
    assert_eq!(
        told(fix),
        ["rhel:9 ;;aarch64,x86_64 pam Fixed <1:1.5.1-21.el9_5"]
    );
    assert_eq!(
        told(rest),
        [
            "rhel:8 ;;src pam Affected",
            "rhel:8 ;perl-FCGI:0.78;x86_64 perl-FCGI Fixed <1:0.78-12.module+el8",
            "rhel:8 ;perl:5.30;x86_64 ruby Fixed <2.5.9-111.module+el8",
            "rhel:9 rhel_eus:9.2;;x86_64 pam Fixed <1:1.5.1-21.el9_5",
        ]
    );
    assert_eq!(fix.weaknesses, rest.weaknesses);
    assert_eq!(fix.weaknesses[0].id, "CVE-2024-10041");
    assert_eq!(fix.url, "https://access.redhat.com/errata/RHSA-2024:9941");
    assert_eq!(
        rest.url,
        "https://access.redhat.com/security/cve/CVE-2024-10041"
    );
    assert_eq!(fix.published, "2024-11-19T04:46:55Z".parse().ok());
    assert_eq!(rest.published, "2024-10-18T00:00:00Z".parse().ok());
    assert_eq!(rest.modified, "2025-11-21T10:00:00Z".parse().ok());
    assert_eq!(rest.description, "A vulnerability was found in PAM.");
    assert_eq!(rest.severity, model::Severity::Medium);
    assert_eq!(rest.score.map(|score| score.base.tenths()), Some(47));
    assert!(!rest.bulletin && !fix.bulletin && !rest.withdrawn);
}

#[test]
fn what_is_not_mended_has_its_reason() {
    for (category, details, state) in [
        ("no_fix_planned", "Out of support scope", "EndOfLife"),
        ("no_fix_planned", "Will not fix", "WillNotFix"),
        ("none_available", "Fix deferred", "Deferred"),
        ("none_available", "Affected", "Affected"),
        ("workaround", "Do not run it", "Affected"),
    ] {
        let remedies = format!(
            r#"[{{"category": "workaround", "details": "Wait", "product_ids": ["rhel_8:libpam"]}},
            {{"category": "{category}", "details": "{details}",
              "product_ids": ["rhel_8:libpam"]}}]"#
        );
        let status = r#"{"known_affected": ["rhel_8:libpam"]}"#;
        let parsed = read("vex/cve-1.json", &document(status, &remedies));
        assert_eq!(
            told(&parsed.records[0]),
            [format!("rhel:8 ;; libpam {state}")]
        );
    }
}

#[test]
fn each_status_is_kept() {
    let status = r#"{"known_affected": ["rhel_8:postgresql:15/postgresql", "rhel_8:kernel",
          "jboss:pam", "rhel_8:quay/clair-rhel8", "rhel_8"],
        "under_investigation": ["EUS-9.2:pam"], "last_affected": ["BaseOS-9:pam-debuginfo"],
        "first_affected": ["BaseOS-9:pam-1:1.5.1-21.el9_5.x86_64"],
        "known_not_affected": ["BaseOS-9:libpam", "BaseOS-9:pam-1:1.5.1-21.el9_5.aarch64"]}"#;
    let parsed = read("vex/cve-1.json", &document(status, "[]"));
    assert_eq!(
        told(&parsed.records[0]),
        [
            "rhel:8 ;;src kernel Affected",
            "rhel:8 ;postgresql:15;src postgresql Affected",
            "rhel:9 ;; libpam NotAffected",
            "rhel:9 ;;x86_64 pam Affected <=1:1.5.1-21.el9_5",
            "rhel:9 rhel_eus:9.2;;src pam UnderInvestigation",
        ]
    );
    let severities = parsed.records[0].affected.iter().map(|one| one.severity);
    assert_eq!(severities.min(), Some(model::Severity::Low));
    assert_eq!(parsed.problems, []);
}

#[test]
fn what_cannot_be_told_is_a_problem() {
    let status = r#"{"fixed": ["rhel_8:nameless", "nobody:pam", "nobody:kernel"]}"#;
    let parsed = read("vex/cve-1.json", &document(status, "[]"));
    let details: Vec<_> = parsed
        .problems
        .iter()
        .map(|one| one.detail.as_str())
        .collect();
    let expected = [
        "CVE-2024-10041: 2 product(s) are not in the product tree, the first: nobody:pam",
        "CVE-2024-10041: 1 product(s) are builds of a module that is not named, \
         the first: rhel_8:nameless",
    ];
    assert!(
        details.len() == 2 && expected.iter().all(|one| details.contains(one)),
        "{details:?}"
    );
    assert_eq!((parsed.records.len(), parsed.failed), (1, false));
}

#[test]
fn broken_documents_are_told() {
    let head = r#"{"document": {"tracking": {"id": "CVE-1"}}"#;
    let deep = format!(
        r#"{head}, "product_tree": {{"branches": {}"#,
        "[".repeat(100_000)
    );
    let level = r#"{"branches": ["#;
    let nested = format!("{}{}", level.repeat(50), "]}".repeat(50));
    let nested = format!(r#"{head}, "product_tree": {{"branches": [{nested}]}}}}"#);
    assert!(!read("vex/cve-1.json", &nested).failed);
    let limits = Limits {
        depth: 49,
        ..Limits::default()
    };
    let shallow = FeedFile::plain("redhat", "vex/cve-1.json", nested.as_bytes());
    assert!(FEED.read(&shallow, &limits).failed);
    for text in [
        "",
        "[]",
        "{}",
        "<html>",
        "\u{0}",
        r#"{"document": 7}"#,
        head,
        &deep,
    ] {
        let parsed = read("vex/cve-1.json", text);
        assert!(parsed.failed && parsed.problems.len() == 1, "{text:.40}");
    }
    for (entry, records, problems) in [
        ("7", 0, 1),
        ("{}", 1, 0),
        (r#"{"cve": 7}"#, 0, 1),
        (r#"{"cve": ""}"#, 0, 1),
        (
            r#"{"cve": "CVE-2024-1", "release_date": "soon", "scores": [{"cvss_v3": {}}]}"#,
            1,
            0,
        ),
        (
            r#"{"cve": "CVE-2024-1", "product_status": {"fixed": [""]}}"#,
            1,
            1,
        ),
        (r#"{"cve": "CVE-2024-1"}, {"cve": []}"#, 1, 1),
    ] {
        let parsed = read(
            "vex/cve-1.json",
            &format!(r#"{head}, "vulnerabilities": [{entry}]}}"#),
        );
        let found = (parsed.records.len(), parsed.problems.len(), parsed.failed);
        assert_eq!(found, (records, problems, false), "{entry}");
    }
    let whole = document(r#"{"fixed": ["rhel_8:fcgi"]}"#, "[]");
    for end in (0..whole.len()).step_by(37) {
        let _ = read("vex/cve-1.json", whole.get(..end).unwrap_or_default());
    }
}

#[test]
fn what_was_taken_back_is_withdrawn() {
    for (text, withdrawn) in [
        ("** REJECT ** This number was not used.", true),
        ("Rejected reason: not a weakness", true),
        ("Rejecting connections leaks memory", false),
        ("A flaw", false),
    ] {
        let document = format!(
            r#"{{"document": {{"tracking": {{"id": "CVE-1"}}}}, "vulnerabilities": [
            {{"cve": "CVE-2024-1", "notes": [{{"category": "description", "text": "{text}"}}]}}]}}"#
        );
        assert_eq!(
            read("cve-1.json", &document).records[0].withdrawn,
            withdrawn,
            "{text}"
        );
    }
}

// After repository-to-cpe.json of 2026.
#[test]
fn repositories_name_their_products() {
    let text = r#"{"data": {"rhel-9-for-x86_64-baseos-rpms": {"cpes":
        ["cpe:/o:redhat:enterprise_linux:9::baseos", "cpe:/o:redhat:enterprise_linux:9"],
        "repo_relative_urls": ["content/dist/rhel9/9/x86_64/baseos/os"]}, "broken": {"cpes": 7}}}"#;
    let parsed = read("repository-to-cpe.json", text);
    let cpes = [
        "cpe:/o:redhat:enterprise_linux:9",
        "cpe:/o:redhat:enterprise_linux:9::baseos",
    ];
    let expected = (
        "rhel-9-for-x86_64-baseos-rpms".to_owned(),
        cpes.map(str::to_owned).to_vec(),
    );
    assert_eq!(parsed.repositories, [expected]);
    assert_eq!(parsed.problems.len(), 1);
    assert!(
        parsed.problems[0]
            .place
            .ends_with("repository-to-cpe.json: broken")
    );
    for text in ["", "{}", r#"{"data": {}}"#, "[]"] {
        assert!(read("repository-to-cpe.json", text).failed, "{text}");
    }
}

#[test]
fn documents_on_weaknesses_answer_for_the_streams() {
    let claims = |path| (FEED.claims)("redhat", None, path);
    assert_eq!(claims("vex/2024/cve-2024-10041.json"), ["rhel:*"]);
    assert!(claims("repository-to-cpe.json").is_empty() && claims("").is_empty());
    assert!(claims("advisories/2024/rhsa-2024_9941.json").is_empty());
}
