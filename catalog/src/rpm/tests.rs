use expect_test::{Expect, expect};
use model::ProblemKind;

use super::*;
use crate::tests::show;

const BERKELEY: &[u8] = include_bytes!("../../fixtures/rpm-bdb/var/lib/rpm/Packages");
const SLOTS: &[u8] = include_bytes!("../../fixtures/rpm-ndb/usr/lib/sysimage/rpm/Packages.db");
const FILE: &[u8] = include_bytes!("../../fixtures/rpm-sqlite/var/lib/rpm/rpmdb.sqlite");
const LOG: &[u8] = include_bytes!("../../fixtures/rpm-sqlite/var/lib/rpm/rpmdb.sqlite-wal");

fn check((found, problems): (Found, Vec<Problem>), expected: Expect) {
    let text = show((found, problems));
    let lines = text.lines().filter(|line| !line.contains(" owns "));
    let short = lines.map(|line| line.split(" (").next().unwrap_or(line));
    expected.assert_eq(&short.map(|line| format!("{line}\n")).collect::<String>());
}

fn with_log(log: &[u8]) -> (Found, Vec<Problem>) {
    let (mut file, limits) = (FILE.to_vec(), Limits::default());
    wal::apply(&mut file, log, &limits).unwrap();
    parse("db", sqlite::blobs(&file), &limits)
}

#[test]
fn a_journal_counts_up_to_its_last_whole_commit() {
    let both = expect![[r#"
        rpm hello 1.2.3-4.el9
        rpm tools 2:1.2.3-4.el9
    "#]];
    check(with_log(LOG), both);
    let one = || expect![["rpm hello 1.2.3-4.el9\n"]];
    check(with_log(&LOG[..LOG.len() - 1]), one());
    let mut flipped = LOG.to_vec();
    flipped[LOG.len() / 2] ^= 1;
    check(with_log(&flipped), one());
    let mut file = FILE.to_vec();
    assert!(wal::apply(&mut file, &LOG[..31], &Limits::default()).is_err());
    let limits = Limits {
        captured_bytes: 1000,
        ..Limits::default()
    };
    assert!(wal::apply(&mut file, LOG, &limits).is_err());
}

#[test]
fn what_is_cut_or_no_database_is_a_problem() {
    let limits = Limits::default();
    check(
        parse("db", bdb::blobs(&BERKELEY[..8192]), &limits),
        expect![[r#"
            rpm hello 1.2.3-4.el9
            ! db: page 1 cannot be read to its end
            ! db: is cut: 2 of 4 pages are there
        "#]],
    );
    check(
        parse("db", ndb::blobs(&SLOTS[..7000]), &limits),
        expect![[r#"
            rpm hello 1.2.3-4.el9
            ! db: package 2 is not where its slot says
        "#]],
    );
    check(
        parse("db", sqlite::blobs(&FILE[..3000]), &limits),
        expect![[r#"
            ! db: page 2 cannot be read to its end
        "#]],
    );
    for blobs in [
        bdb::blobs(b"x"),
        ndb::blobs(b"RpmP"),
        sqlite::blobs(b"SQLite"),
    ] {
        let (found, problems) = parse("db", blobs, &limits);
        assert!(found.is_empty());
        assert_eq!(problems[0].kind, ProblemKind::Malformed);
    }
}

#[test]
fn a_source_has_name_version_and_release() {
    for (file, expected) in [
        ("bash-4.4.19-12.el8.src.rpm", Some("bash 4.4.19-12.el8")),
        (
            "java-1.8.0-openjdk-1.8.0.372.b07-1.el7_9.nosrc.rpm",
            Some("java-1.8.0-openjdk 1.8.0.372.b07-1.el7_9"),
        ),
        ("bash-1.rpm", None),
        ("(none)", None),
        ("-1-2.src.rpm", None),
    ] {
        let told = header::source(file).map(|source| format!("{} {}", source.name, source.version));
        assert_eq!(told.as_deref(), expected);
    }
}
