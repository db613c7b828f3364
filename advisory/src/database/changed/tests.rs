use super::*;
use crate::assess;
use crate::matching::tests::{database, matchable};

/// `id|package|fixed version|other members`, an OSV record on one npm package; `pypi/…` for another
/// ecosystem. Written for these tests.
fn record(text: &str) -> String {
    let mut fields = text.split('|');
    let mut next = || fields.next().unwrap_or_default();
    let (id, package, fixed, more) = (next(), next(), next(), next());
    let (ecosystem, name) = match package.split_once('/') {
        Some((_, name)) => ("PyPI", name),
        None => ("npm", package),
    };
    format!(
        r#"{{"id": "{id}", {more} "affected": [{{"package": {{"ecosystem": "{ecosystem}",
           "name": "{name}"}}, "ranges": [{{"type": "ECOSYSTEM", "events": [{{"introduced": "0"}},
           {{"fixed": "{fixed}"}}]}}]}}]}}"#
    )
}

/// A database of records in one or several sources: `osv=record;record osv-npm=record`.
fn world(text: &str) -> Database {
    let mut files = Vec::new();
    for source in text.split_whitespace() {
        let (name, records) = source.split_once('=').unwrap();
        let records = records.replace('_', " ");
        let all: Vec<_> = records.split(';').map(record).collect();
        files.push((format!("{name}/all.json"), format!("[{}]", all.join(","))));
    }
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    database(&files)
}

fn told(before: &Database, after: &Database, limit: usize) -> String {
    match Database::changed_keys(before, after, limit).unwrap() {
        Changed::TooMany => "too many".to_owned(),
        Changed::Keys(keys) => {
            let one = |key: &Key| format!("{}/{}", key.ecosystem, key.name);
            keys.iter().map(one).collect::<Vec<_>>().join(" ")
        }
    }
}

#[test]
fn keys_change_with_what_can_reach_a_finding() {
    for (before, after, expected) in [
        ("", "", ""),
        ("osv=A-1|a|1", "osv=A-1|a|1", ""),
        ("", "osv=A-1|a|1", "npm/a"),
        ("osv=A-1|a|1", "osv=A-1|a|2", "npm/a"),
        ("osv=A-1|a|1", "osv=A-2|a|1", "npm/a"),
        ("osv=A-1|a|1", "osv=A-1|b|1", "npm/a npm/b"),
        ("osv=A-1|a|1", "osv-npm=A-1|a|1", "npm/a"),
        ("osv=A-1|a|1", "osv=A-1|a|1 osv-npm=A-1|a|1", "npm/a"),
        ("osv=A-1|a|1;B-1|b|1", "osv=B-1|b|1;C-1|c|1", "npm/a npm/c"),
        ("osv=A-1|a|1", "osv=A-1|a|1;B-1|pypi/A.b|1", "pypi/a-b"),
        (
            r#"osv=A-1|a|1"#,
            r#"osv=A-1|a|1|"aliases":_["CVE-2020-0001"],"#,
            "npm/a",
        ),
        (r#"osv=A-1|a|1"#, r#"osv=A-1|a|1|"summary":_"b","#, "npm/a"),
        // When a record was last touched is in no finding; what was taken back says nothing.
        (
            r#"osv=A-1|a|1|"modified":_"2020-01-01T00:00:00Z","#,
            r#"osv=A-1|a|1|"modified":_"2021-01-01T00:00:00Z","#,
            "",
        ),
        (
            r#"osv=B-1|b|1"#,
            r#"osv=B-1|b|1;A-1|a|1|"withdrawn":_"2021-01-01T00:00:00Z","#,
            "",
        ),
        (
            r#"osv=A-1|a|1"#,
            r#"osv=A-1|a|1|"withdrawn":_"2021-01-01T00:00:00Z","#,
            "npm/a",
        ),
    ] {
        let (before, after) = (world(before), world(after));
        assert_eq!(told(&before, &after, 9), expected);
        assert_eq!(told(&after, &before, 9), expected, "the other way round");
    }
}

#[test]
fn more_than_the_limit_is_too_many() {
    let (before, after) = (world(""), world("osv=A-1|a|1;A-1|b|1 osv-npm=A-1|a|1"));
    assert_eq!(told(&before, &after, 2), "npm/a npm/b");
    assert_eq!(told(&before, &after, 1), "too many");
    assert_eq!(told(&before, &before, 0), "");
}

#[test]
fn a_source_that_publishes_for_others_is_another() {
    let list = "[29 Mar 2023] DSA-5380-1 xorg-server - security update\n\t{CVE-2023-1393}\n\
                \t[bullseye] - xorg-server 2:1.20.11-1+deb11u6\n";
    let files = [("debian/data/DSA/list", list)];
    let (before, mut after) = (database(&files), database(&files));
    assert_eq!(told(&before, &after, 9), "");
    after.facts.sources[0].publishes.clear();
    assert_eq!(told(&before, &after, 9), "debian:11/xorg-server");
}

#[test]
fn damage_is_an_error_where_it_is_read() {
    let good = world("osv=A-1|a|1;B-1|b|2");
    let other = world("osv=A-1|a|1;B-1|b|3");
    let bytes = (*good.bytes).as_ref().to_vec();
    let section = good.sections[0].clone();
    let start = section.offset as usize;
    for at in start..start + section.length as usize {
        let mut flipped = bytes.clone();
        flipped[at] ^= 8;
        let damaged = Database::open(flipped).unwrap();
        let answer = Database::changed_keys(&damaged, &other, 9);
        assert!(answer.unwrap_err().part.contains("osv"), "{at}");
        assert!(Database::changed_keys(&other, &damaged, 9).is_err(), "{at}");
        // The same checksum on both sides: nothing is read.
        assert_eq!(told(&good, &damaged, 9), "");
    }
}

#[test]
fn a_change_of_one_record_changes_exactly_its_keys() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    let text = |records: &[(usize, usize, usize)]| {
        let one = |(id, package, fixed): &(usize, usize, usize)| {
            format!("R-{id}|p{package}|{fixed}|\"summary\":_\"s{id}\",")
        };
        let all: Vec<_> = records.iter().map(one).collect();
        format!("osv={}", all.join(";"))
    };
    let records: Vec<_> = (0..40).map(|id| (id, random(12), 1 + random(3))).collect();
    let before = world(&text(&records));
    for _ in 0..60 {
        let mut changed = records.clone();
        let (id, package, fixed) = changed.remove(random(40));
        let mut keys = BTreeSet::from([format!("npm/p{package}")]);
        match random(4) {
            0 => {}
            1 => changed.push((id, package, fixed + 1)),
            2 => changed.push((id + 100, package, fixed)),
            _ => {
                changed.push((id, package + 1, fixed));
                keys.insert(format!("npm/p{}", package + 1));
            }
        }
        let after = world(&text(&changed));
        for package in 0..13 {
            // What is said under other keys is the same to the last word.
            let asked = matchable(&format!("npm p{package} 1"));
            let same = assess(&asked, &before) == assess(&asked, &after);
            assert!(same || keys.contains(&format!("npm/p{package}")));
        }
        let expected = keys.into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(told(&before, &after, 99), expected);
    }
}
