//! The tables in `tests/data`, and laws that hold for every pair of versions in them.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

use std::cmp::Ordering;
use std::collections::BTreeSet;

use version::{Scheme, compare};

const TABLES: &[(Scheme, &str)] = &[
    (Scheme::Apk, include_str!("data/apk.txt")),
    (Scheme::Dpkg, include_str!("data/dpkg.txt")),
    (Scheme::Opkg, include_str!("data/opkg.txt")),
    (Scheme::Pacman, include_str!("data/pacman.txt")),
    (Scheme::Portage, include_str!("data/portage.txt")),
    (Scheme::Rpm, include_str!("data/rpm.txt")),
    (Scheme::Bitnami, include_str!("data/bitnami.txt")),
    (Scheme::Composer, include_str!("data/composer.txt")),
    (Scheme::Conan, include_str!("data/conan.txt")),
    (Scheme::Conda, include_str!("data/conda.txt")),
    (Scheme::Cran, include_str!("data/cran.txt")),
    (Scheme::Dotted, include_str!("data/dotted.txt")),
    (Scheme::Gem, include_str!("data/gem.txt")),
    (Scheme::Golang, include_str!("data/golang.txt")),
    (Scheme::Hackage, include_str!("data/hackage.txt")),
    (Scheme::Julia, include_str!("data/julia.txt")),
    (Scheme::Jvm, include_str!("data/jvm.txt")),
    (Scheme::Maven, include_str!("data/maven.txt")),
    (Scheme::Npm, include_str!("data/npm.txt")),
    (Scheme::Nuget, include_str!("data/nuget.txt")),
    (Scheme::Pep440, include_str!("data/pep440.txt")),
    (Scheme::Perl, include_str!("data/perl.txt")),
    (Scheme::Pub, include_str!("data/pub.txt")),
    (Scheme::Semver, include_str!("data/semver.txt")),
    (Scheme::Tag, include_str!("data/tag.txt")),
];

/// What a line says: `None` is undecided.
struct Line<'a> {
    a: &'a str,
    b: &'a str,
    order: Option<Ordering>,
}

fn lines(table: &str) -> impl Iterator<Item = Line<'_>> {
    table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let [a, relation, b] = words[..] else {
                panic!("no line of a table: {line}");
            };
            let order = match relation {
                "<" => Some(Ordering::Less),
                "=" => Some(Ordering::Equal),
                "?" => None,
                _ => panic!("no relation: {line}"),
            };
            Line { a, b, order }
        })
}

#[test]
fn every_line_holds_in_both_directions() {
    for (scheme, table) in TABLES {
        assert!(lines(table).count() > 40, "{scheme}");
        for Line { a, b, order } in lines(table) {
            assert_eq!(compare(*scheme, a, b).ok(), order, "{scheme}: {a} {b}");
            let turned = order.map(Ordering::reverse);
            assert_eq!(compare(*scheme, b, a).ok(), turned, "{scheme}: {b} {a}");
        }
    }
}

/// All versions of a table that are versions: those that stand in no undecided line, or on the
/// side of one that is not to blame.
fn versions(scheme: Scheme, table: &str) -> Vec<&str> {
    let blamed: BTreeSet<String> = lines(table)
        .flat_map(|line| [(line.a, line.b), (line.b, line.a)])
        .filter_map(|(a, b)| compare(scheme, a, b).err())
        .map(|undecided| undecided.version)
        .collect();
    let all: BTreeSet<&str> = lines(table).flat_map(|line| [line.a, line.b]).collect();
    all.into_iter()
        .filter(|version| !blamed.contains(*version))
        .collect()
}

/// Schemes in which short names have no order against what they can be short for.
const PARTIAL: &[Scheme] = &[Scheme::Dotted, Scheme::Tag];

/// Schemes whose own tool goes in circles for odd strings, and those with branches: of them what
/// looks real is looked at.
const ODD: &[Scheme] = &[
    Scheme::Composer,
    Scheme::Conan,
    Scheme::Maven,
    Scheme::Pacman,
];

#[test]
fn the_order_is_reflexive_antisymmetric_and_transitive() {
    for (scheme, table) in TABLES {
        if PARTIAL.contains(scheme) {
            continue;
        }
        let table = match ODD.contains(scheme) {
            true => table.split("# made").next().unwrap(),
            false => table,
        };
        let decided = |a: &str, b: &str| compare(*scheme, a, b).unwrap();
        let mut sorted = versions(*scheme, table);
        assert!(sorted.len() > 15, "{scheme}");
        sorted.sort_by(|a, b| decided(a, b));
        let mut rank = 0;
        let mut ranks = vec![0];
        for pair in sorted.windows(2) {
            rank += usize::from(decided(pair[0], pair[1]).is_ne());
            ranks.push(rank);
        }
        // Versions that fall into ranks, and compare as their ranks do, are in a total order.
        for (a, rank_a) in sorted.iter().zip(&ranks) {
            for (b, rank_b) in sorted.iter().zip(&ranks) {
                assert_eq!(decided(a, b), rank_a.cmp(rank_b), "{scheme}: {a} {b}");
            }
        }
    }
}

#[test]
fn what_is_decided_of_a_partial_order_is_transitive() {
    for (scheme, table) in TABLES {
        if !PARTIAL.contains(scheme) {
            continue;
        }
        let all = versions(*scheme, table);
        let at_most = |a: &str, b: &str| compare(*scheme, a, b).map(Ordering::is_le) == Ok(true);
        for a in &all {
            let above: Vec<_> = all.iter().filter(|b| at_most(a, b)).collect();
            for b in &above {
                for c in all.iter().filter(|c| at_most(b, c)) {
                    let order = compare(*scheme, a, c).ok();
                    assert_ne!(order, Some(Ordering::Greater), "{scheme}: {a} {b} {c}");
                }
            }
        }
    }
}

#[test]
fn blanks_and_what_only_looks_empty() {
    let dpkg = |a, b| compare(Scheme::Dpkg, a, b).ok();
    assert_eq!(dpkg(" 1.0\t", "1.0"), Some(Ordering::Equal));
    for none in [
        "",
        " ",
        "<unknown>",
        "1 2",
        "1\t2",
        "1\0",
        "1: 2",
        "-1",
        "-1:1",
    ] {
        assert_eq!(dpkg(none, "1"), None, "{none:?}");
        assert_eq!(dpkg("1", none), None, "{none:?}");
    }
    assert_eq!(dpkg("-0:1", "1"), Some(Ordering::Equal));
    for none in ["", " ", " 1", "1 ", "1\n", "-r0"] {
        assert_eq!(compare(Scheme::Apk, none, "1").ok(), None, "{none:?}");
    }
    for scheme in Scheme::ALL {
        assert_eq!(compare(*scheme, "", "").ok(), None, "{scheme}");
    }
}

#[test]
fn what_is_undecided_says_which_and_why() {
    let undecided = compare(Scheme::Apk, "1.0-r0", "1.0_foo-r0").unwrap_err();
    assert_eq!(
        undecided.to_string(),
        "'1.0_foo-r0' is not ordered by apk: the suffix after '_' is none of apk's"
    );
    let undecided = compare(Scheme::Dpkg, "x:1", "1").unwrap_err();
    assert_eq!(undecided.version, "x:1");
    let long = "1".repeat(version::MAX_LENGTH + 1);
    for scheme in Scheme::ALL {
        let undecided = compare(*scheme, "1", &long).unwrap_err();
        assert_eq!(undecided.version.len(), 64);
    }
}

#[test]
fn the_last_version_of_a_range_leaves_out_what_is_of_one_build() {
    for (scheme, version, last, expected) in [
        (Scheme::Pep440, "2.0.0+cu118", "2.0.0", Some(true)),
        (Scheme::Pep440, "2.0.0+cu118", "2.0.0+cu117", Some(false)),
        (Scheme::Pep440, "2.0.1+cu118", "2.0.0", Some(false)),
        (Scheme::Pep440, "2.0.0.post1", "2.0.0", Some(false)),
        (Scheme::Pep440, "x", "2.0.0", None),
        (Scheme::Rpm, "1:8.1-3.el9", "1:8.1", Some(true)),
        (Scheme::Rpm, "8.1-3.el9", "8.1-2.el9", Some(false)),
        (Scheme::Rpm, "8.2-3.el9", "8.1", Some(false)),
        (Scheme::Rpm, "-1", "8.1", None),
        (Scheme::Pacman, "8.1-3", "8.1", Some(true)),
        (Scheme::Bitnami, "8.1.0-3", "8.1.0", Some(true)),
        (Scheme::Bitnami, "8.1.0-r3-1", "8.1.0", Some(true)),
        (Scheme::Bitnami, "8.1.0-3", "8.1.0-2", Some(false)),
        (Scheme::Dpkg, "8.1-3", "8.1", Some(false)),
        (Scheme::Semver, "8.1.0+3", "8.1.0", Some(true)),
        (Scheme::Semver, "8.1.1", "8.1.0", Some(false)),
    ] {
        let found = version::is_at_most(scheme, version, last).ok();
        assert_eq!(found, expected, "{scheme}: {version} <= {last}");
    }
}

/// Splitmix64, so that a failure comes back with the same seed.
struct Generator(u64);

impl Generator {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }

    /// A version of the table with some characters put in, taken out or exchanged for others.
    fn mutation(&mut self, of: &[&str]) -> String {
        const PIECES: &[&str] = &[
            "0",
            "1",
            "9",
            "10",
            "00",
            ".",
            "-",
            "-r",
            "-r1",
            "~",
            "_p",
            "_rc",
            "_",
            ":",
            "+",
            "a",
            "z",
            "A",
            "é",
            "\0",
            " ",
            "18446744073709551616",
            "^",
            "!",
            "*",
            "x",
            "=",
            "v",
            "u8",
            "alpha",
            "-rc.1",
            "-SNAPSHOT",
            ".dev1",
            "post",
            ".Final",
            "+1",
            "--",
            "..",
        ];
        let mut text: Vec<char> = of[self.below(of.len())].chars().collect();
        for _ in 0..self.below(4) {
            let at = self.below(text.len() + 1);
            if self.below(3) == 0 && at < text.len() {
                text.remove(at);
            } else {
                let piece = PIECES[self.below(PIECES.len())];
                text.splice(at..at, piece.chars());
            }
        }
        text.into_iter().collect()
    }
}

#[test]
fn mutated_versions_never_panic_and_stay_antisymmetric() {
    for (scheme, table) in TABLES {
        let of: Vec<&str> = lines(table).flat_map(|line| [line.a, line.b]).collect();
        let mut generator = Generator(20_261_123);
        for _ in 0..5_000 {
            let (a, b) = (generator.mutation(&of), generator.mutation(&of));
            let there = compare(*scheme, &a, &b).ok();
            let back = compare(*scheme, &b, &a).ok();
            assert_eq!(there, back.map(Ordering::reverse), "{scheme}: {a:?} {b:?}");
            let same = compare(*scheme, &a, &a);
            assert!(
                same.is_err() || same == Ok(Ordering::Equal),
                "{scheme}: {a:?}"
            );
        }
    }
}
