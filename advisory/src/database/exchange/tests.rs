use super::*;
use crate::database::layout;
use crate::{Builder, Database, FeedFile};

/// Records with everything that a record can hold: after PYSEC-2019-213, a GHSA that was taken
/// back, a Pro fix of Ubuntu and DSA-5380, shortened.
const FILES: &[(&str, &str)] = &[
    (
        "osv/PyPI/all.json",
        r#"[{"id": "PYSEC-2019-213", "modified": "2021-08-27T03:22:49Z",
            "aliases": ["CVE-2019-17400"], "published": "2019-10-21T23:15:00Z",
            "summary": "remote code execution", "severity": [{"type": "CVSS_V3",
                "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
            "affected": [{"package": {"name": "unoconv", "ecosystem": "PyPI"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0.2"},
                    {"fixed": "0.9.0"}, {"introduced": "1.0"}, {"last_affected": "1.2"}]}],
                "versions": ["0.1", "7"]}]},
           {"id": "GHSA-aaaa-bbbb-cccc", "modified": "2021-08-27T03:22:49Z",
            "withdrawn": "2021-09-01T00:00:00Z",
            "affected": [{"package": {"name": "a", "ecosystem": "npm"}}]},
           {"id": "CVE-2020-0002", "modified": "2020-08-27T03:22:49Z",
            "affected": [{"package": {"name": "b", "ecosystem": "Ubuntu:Pro:18.04:LTS"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]}]"#,
    ),
    (
        "debian/data/DSA/list",
        "[29 Mar 2023] DSA-5380-1 xorg-server - security update\n\t{CVE-2023-1393 CVE-2023-1394}\n\
         \t[bullseye] - xorg-server 2:1.20.11-1+deb11u6\n",
    ),
    ("osv-empty/x.json", "[]"),
];

fn database() -> Vec<u8> {
    let mut builder = Builder::new(Limits::default());
    for (path, text) in FILES {
        let (source, path) = path.split_once('/').unwrap();
        let file = FeedFile::plain(source, path, text.as_bytes());
        builder.add_file(&file).unwrap();
    }
    builder.finish()
}

fn segments() -> Vec<Vec<u8>> {
    let database = Database::open(database()).unwrap();
    let sections = database.sections();
    let segments = sections
        .iter()
        .filter(|one| one.kind == layout::KIND_SEGMENT);
    segments.map(|section| section.bytes.to_vec()).collect()
}

#[test]
fn a_segment_comes_back_as_it_was() {
    let segments = segments();
    assert_eq!(segments.len(), 3);
    for segment in segments {
        let records = of_segment(&segment).unwrap();
        assert_eq!(to_segment(&records, &Limits::default()).unwrap(), segment);
    }
}

#[test]
fn a_database_is_made_of_its_sections_again() {
    let whole = database();
    let database = Database::open(whole.clone()).unwrap();
    let sections = database.sections();
    let names: Vec<&str> = sections.iter().map(|one| one.name).collect();
    assert_eq!(names, ["facts", "debian", "osv", "osv-empty"]);
    let parts: Vec<(u32, &[u8])> = sections.iter().map(|one| (one.kind, one.bytes)).collect();
    assert_eq!(Database::assemble(&parts), whole);
}

#[test]
fn what_is_cut_off_or_past_a_limit_is_refused() {
    let segment = &segments()[1];
    let records = of_segment(segment).unwrap();
    for end in 0..records.len() {
        // A cut between two records leaves the first of them, and that is another segment.
        if let Ok(shorter) = to_segment(&records[..end], &Limits::default()) {
            assert_ne!(&shorter, segment, "{end}");
        }
    }
    for bit in 0..records.len() * 8 {
        let mut broken = records.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        // Whatever it says now, nothing panics; which file it is the checksums tell.
        drop(to_segment(&broken, &Limits::default()));
    }
    for (records_allowed, rows, bytes) in [(2, 9, 4096), (9, 2, 4096), (9, 9, 5)] {
        let limits = Limits {
            records: records_allowed,
            rows,
            string_bytes: bytes,
            ..Limits::default()
        };
        assert_eq!(to_segment(&records, &limits), Err(Unreadable));
    }
    assert_eq!(of_segment(&segment[..40]), Err(Unreadable));
}
