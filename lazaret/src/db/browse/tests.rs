use super::*;
use crate::db::build;

/// After a PYSEC record of 2021, shortened; its text is made up.
fn database() -> Vec<u8> {
    let record = r#"{"id": "PYSEC-2019-213", "modified": "2021-08-27T03:22:49Z",
        "published": "2019-10-21T03:15:00Z", "aliases": ["CVE-2019-17400"],
        "summary": "The unoconv package before 0.9 for Python mishandles untrusted pathnames, leading to requests.",
        "references": [{"type": "ADVISORY", "url": "https://example.org/a"}],
        "affected": [{"package": {"name": "unoconv", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "0.9"}]}],
            "versions": ["0.7", "0.9.post1", "0.9.post2"]}]}"#;
    let file = advisory::FeedFile {
        source: "osv-pypi",
        archive: None,
        path: "a.json",
        modified: None,
        bytes: record.as_bytes(),
    };
    let mut builder = advisory::Builder::new(advisory::Limits::default());
    builder.add_file(&file).unwrap();
    builder.finish()
}

#[test]
fn a_record_is_told_in_lines_that_fit() {
    let database = Database::open(database()).unwrap();
    let entries = database.records_of("CVE-2019-17400").unwrap();
    let mut out = Vec::new();
    write_entry(&mut out, &entries[0]).unwrap();
    let told = String::from_utf8(out).unwrap();
    let expected = "\
PYSEC-2019-213  osv-pypi
  severity unknown, CVSS -, published 2019-10-21, changed 2021-08-27
  weakness CVE-2019-17400, PYSEC-2019-213
  The unoconv package before 0.9 for Python mishandles untrusted pathnames,
  leading to requests.
  https://example.org/a
    pypi  unoconv  fixed  [, 0.9)  2 versions listed

";
    assert_eq!(told, expected);
    let view = entry_view(&entries[0]);
    assert_eq!(view["source"], "osv-pypi");
    assert_eq!(view["affected"][0]["ranges"], json!(["[, 0.9)"]));
    assert_eq!(
        view["affected"][0]["versions"],
        json!(["0.9.post1", "0.9.post2"])
    );
    assert_eq!(view["published"], "2019-10-21T03:15:00Z");
}

#[test]
fn changes_are_told_by_source_up_to_the_limit() {
    let before = Database::open(database()).unwrap();
    let empty = advisory::Builder::new(advisory::Limits::default()).finish();
    let empty = Database::open(empty).unwrap();
    for (one, other, limit, expected) in [
        (
            &empty,
            &before,
            1,
            "osv-pypi: not there before, 1 record now\n  1 added: PYSEC-2019-213\n",
        ),
        (
            &before,
            &empty,
            0,
            "osv-pypi: 1 record before, not there now\n  1 removed\n",
        ),
    ] {
        let changes = Database::compare(one, other, limit).unwrap();
        let mut out = Vec::new();
        write_change(&mut out, &changes[0]).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
    let change = SourceChange {
        name: "a".to_owned(),
        counts: (Some(0), Some(9)),
        totals: (9, 0, 0),
        added: (1..8)
            .map(|number| format!("CVE-2024-{number:04}"))
            .collect(),
        ..SourceChange::default()
    };
    let mut out = Vec::new();
    write_change(&mut out, &change).unwrap();
    let expected = "\
a: 0 records before, 9 records now
  9 added: CVE-2024-0001, CVE-2024-0002, CVE-2024-0003, CVE-2024-0004,
    CVE-2024-0005, CVE-2024-0006, CVE-2024-0007 and 2 more
";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    let same = Database::compare(&before, &before, 1).unwrap();
    assert!(!same.iter().any(is_change));
}

#[test]
fn every_damage_of_a_database_is_one_and_no_stranger_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.db");
    let told = |bytes: &[u8]| {
        build::replace(&path, bytes).unwrap();
        examined(database::open(&path))
            .map(|(revision, damages)| format!("{} {}", revision.is_some(), damages.join("; ")))
            .map_err(|error| format!("{error:#}"))
    };
    let whole = database();
    assert_eq!(told(&whole), Ok("true ".to_owned()));
    let mut damages = std::collections::BTreeSet::new();
    // The first sixteen bytes say what the file is: another word there is another file.
    for at in 16..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        damages.insert(told(&damaged).unwrap());
    }
    for part in [
        "the header",
        "the segment of source osv-pypi",
        "the section of pieces",
        "the space between sections",
    ] {
        assert!(
            damages.iter().any(|damage| damage.contains(part)),
            "{part}: {damages:?}"
        );
    }
    assert!(!damages.contains("true "), "a changed byte went unseen");
    let cut = told(&whole[..whole.len() - 1]).unwrap();
    assert!(cut.starts_with("false the database is"), "{cut}");
    for stranger in [&b""[..], b"<html>"] {
        let error = told(stranger).unwrap_err();
        assert!(error.contains("no advisory database"), "{error}");
    }
}
