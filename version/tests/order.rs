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
        assert!(lines(table).count() > 100);
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
        .filter_map(|line| compare(scheme, line.a, line.b).err())
        .map(|undecided| undecided.version)
        .collect();
    let all: BTreeSet<&str> = lines(table).flat_map(|line| [line.a, line.b]).collect();
    all.into_iter()
        .filter(|version| !blamed.contains(*version))
        .collect()
}

#[test]
fn the_order_is_reflexive_antisymmetric_and_transitive() {
    for (scheme, table) in TABLES {
        let decided = |a: &str, b: &str| compare(*scheme, a, b).unwrap();
        let mut sorted = versions(*scheme, table);
        assert!(sorted.len() > 100);
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
        for _ in 0..20_000 {
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
