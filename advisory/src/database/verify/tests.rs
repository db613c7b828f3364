use super::*;
use crate::matching::tests::database;

const SECDB: &str = r#"{"distroversion": "v3.12", "reponame": "main", "packages": [{"pkg":
    {"name": "openssl", "secfixes": {"1.1.1k-r0": ["CVE-2021-3449"]}}}]}"#;
const RECORD: &str = r#"{"id": "PYSEC-2019-213", "modified": "2021-08-27T03:22:49Z",
    "affected": [{"package": {"name": "unoconv", "ecosystem": "PyPI"}}]}"#;

#[test]
fn every_damage_is_named() {
    let database = database(&[
        ("alpine/v3.12/main.json", SECDB),
        ("osv-pypi/a.json", RECORD),
    ]);
    assert_eq!(database.damages().next(), None);
    let sections = database.sections();
    let segments = sections
        .iter()
        .filter(|one| one.kind == layout::KIND_SEGMENT);
    let mut whole = database.bytes().to_vec();
    for segment in segments {
        let length = segment.bytes.len();
        let at = whole
            .windows(length)
            .position(|window| window == segment.bytes);
        whole[at.unwrap() + length / 2] ^= 1;
    }
    let damaged = Database::open(whole).unwrap();
    let told: Vec<String> = damaged.damages().map(|one| one.part).collect();
    let both = [
        "the segment of source alpine",
        "the segment of source osv-pypi",
    ];
    assert_eq!(told, both);
    assert_eq!(damaged.verify().unwrap_err().part, both[0]);
}

#[test]
fn a_byte_where_nothing_was_written_is_a_damage() {
    // The source's name is among the facts: one of eight lengths leaves room behind them.
    let with_room = |length: usize| {
        let path = format!("osv-{}/a.json", "a".repeat(length));
        let database = database(&[(path.as_str(), RECORD)]);
        let end = usize::try_from(database.table[0].offset + database.table[0].length).unwrap();
        (end % 8 != 0).then(|| (database.bytes().to_vec(), end))
    };
    let (mut whole, end) = (1..9).find_map(with_room).unwrap();
    whole[end] = 1;
    let damages: Vec<_> = Database::open(whole).unwrap().damages().collect();
    let told: Vec<&str> = damages.iter().map(|one| one.part.as_str()).collect();
    assert_eq!(told, ["the space between sections"]);
}
