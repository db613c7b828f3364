use super::*;
use crate::matching::tests::database;

/// After secdb's v3.12/main.json of 2021 and a PYSEC record, shortened.
fn of(fixes: &str, summary: &str) -> Database {
    let secdb = format!(
        "{{\"distroversion\": \"v3.12\", \"reponame\": \"main\", \"packages\": [{{\"pkg\": \
         {{\"name\": \"openssl\", \"secfixes\": {{{fixes}}}}}}}]}}"
    );
    let pypi = format!(
        "{{\"id\": \"PYSEC-2019-213\", \"modified\": \"2021-08-27T03:22:49Z\", \"summary\": \
         \"{summary}\", \"aliases\": [\"CVE-2019-17400\"], \"affected\": [{{\"package\": \
         {{\"name\": \"unoconv\", \"ecosystem\": \"PyPI\"}}}}]}}"
    );
    database(&[
        ("alpine/v3.12/main.json", secdb.as_str()),
        ("osv-pypi/a.json", pypi.as_str()),
    ])
}

const FIXES: &str =
    r#""1.1.1j-r0": ["CVE-2021-23839", "CVE-2021-23840"], "1.1.1k-r0": ["CVE-2021-3449"]"#;

#[test]
fn a_record_is_found_under_every_name() {
    let database = of(FIXES, "text");
    for (name, expected) in [
        ("CVE-2019-17400", "osv-pypi PYSEC-2019-213 pypi unoconv"),
        ("pysec-2019-213", "osv-pypi PYSEC-2019-213 pypi unoconv"),
        ("CVE-2021-3449", "alpine CVE-2021-3449 alpine:3.12 openssl"),
        ("CVE-2021", ""),
    ] {
        let entries = database.records_of(name).unwrap();
        let told: Vec<String> = entries
            .iter()
            .map(|entry| {
                let (ecosystem, package, _) = &entry.rows[0];
                let (source, id) = (&entry.source.name, entry.advisory.id);
                format!("{source} {id} {ecosystem} {package}")
            })
            .collect();
        assert_eq!(told.join("\n"), expected, "{name}");
    }
}

#[test]
fn names_are_searched_within_a_limit() {
    let database = of(FIXES, "text");
    let found = database.search("cve-2021", 2).unwrap();
    let names: Vec<&str> = found.identifiers.iter().map(|one| one.0.as_str()).collect();
    assert_eq!(names, ["CVE-2021-23839", "CVE-2021-23840"]);
    assert!(found.more);
    let found = database.search("SSL", 9).unwrap();
    let key = ("alpine:3.12".to_owned(), "openssl".to_owned());
    assert_eq!(found.packages, [(key, 3)]);
    assert!(!found.more && found.identifiers.is_empty());
    assert_eq!(database.search("CVE", 0).unwrap().identifiers, []);
}

// Records of OSV's layout, made up: the best name comes last, in the last source.
#[test]
fn the_best_names_come_first_whatever_the_limit() {
    let of = |id: &str, package: &str| {
        format!(
            "{{\"id\": \"{id}\", \"modified\": \"2021-08-27T03:22:49Z\", \"affected\": \
             [{{\"package\": {{\"name\": \"{package}\", \"ecosystem\": \"PyPI\"}}}}]}}"
        )
    };
    let files = [
        ("osv-a/1.json", of("X-1", "a-lib-go")),
        ("osv-a/2.json", of("X-2", "cargo")),
        ("osv-a/3.json", of("X-3", "gopher")),
        ("osv-b/1.json", of("X-1", "cargo")),
        ("osv-b/2.json", of("X-22", "go")),
    ];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    let database = database(&files);
    for (limit, packages, more) in [
        (9, "go 1, gopher 1, a-lib-go 1, cargo 2", false),
        (3, "go 1, gopher 1, a-lib-go 1", true),
        (1, "go 1", true),
        (0, "", true),
    ] {
        let found = database.search("GO", limit).unwrap();
        let told = found
            .packages
            .iter()
            .map(|((_, name), count)| format!("{name} {count}"));
        assert_eq!(told.collect::<Vec<_>>().join(", "), packages, "{limit}");
        assert_eq!(found.more, more, "{limit}");
    }
    let found = database.search("x-2", 9).unwrap();
    let told = found
        .identifiers
        .iter()
        .map(|(name, sources)| format!("{name} {}", sources.join(" ")));
    assert_eq!(told.collect::<Vec<_>>(), ["X-2 osv-a", "X-22 osv-b"]);
    let found = database.search("x-1", 9).unwrap();
    assert_eq!(found.identifiers[0].1, ["osv-a", "osv-b"]);
}

#[test]
fn what_two_databases_have_each_is_told() {
    let before = of(FIXES, "text");
    let after = of(
        r#""1.1.1j-r0": ["CVE-2021-23839"], "1.1.1l-r0": ["CVE-2021-3449", "CVE-2021-3711"]"#,
        "text",
    );
    let changes = Database::compare(&before, &after, 9).unwrap();
    assert_eq!(changes[0].name, "alpine");
    assert_eq!(changes[0].counts, (Some(3), Some(3)));
    assert_eq!(changes[0].added, ["CVE-2021-3711"]);
    assert_eq!(changes[0].removed, ["CVE-2021-23840"]);
    assert_eq!(changes[0].changed, ["CVE-2021-3449"]);
    assert_eq!(changes[1].totals, (0, 0, 0));
    let other = of(FIXES, "another text");
    let changes = Database::compare(&before, &other, 0).unwrap();
    assert_eq!(
        (changes[1].totals, changes[1].changed.len()),
        ((0, 0, 1), 0)
    );
    let empty = Database::open(crate::Builder::new(crate::Limits::default()).finish()).unwrap();
    let changes = Database::compare(&empty, &before, 9).unwrap();
    assert_eq!(changes[0].counts, (None, Some(3)));
    assert_eq!(changes[0].totals, (3, 0, 0));
}
