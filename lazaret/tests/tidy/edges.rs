//! Who may lean on whom, who may open what, and who may ask for the time.

use crate::sources::{CRATES, Source, root, sources};

/// Crate, and the crates of the house that it may use.
const EDGES: &[(&str, &[&str])] = &[
    ("version", &[]),
    ("model", &["version"]),
    ("image", &["model"]),
    ("catalog", &["model", "image"]),
    ("advisory", &["model", "version"]),
    ("advice", &["model", "version"]),
    ("policy", &["model", "version"]),
    ("report", &["model", "advice"]),
    ("store", &["model"]),
    (
        "server",
        &[
            "version", "model", "image", "catalog", "advisory", "advice", "policy", "report",
            "store",
        ],
    ),
    (
        "lazaret",
        &[
            "version", "model", "image", "catalog", "advisory", "advice", "policy", "report",
            "store", "server",
        ],
    ),
];

/// Crates that are handed bytes and open nothing.
const PURE: [&str; 7] = [
    "version", "model", "catalog", "advisory", "advice", "policy", "report",
];

/// A word that must not stand in a crate's production code, and what to do instead.
struct Ban {
    word: &'static str,
    crates: &'static [&'static str],
    instead: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        word: "std::fs",
        crates: &PURE,
        instead: "take bytes or a reader as an argument",
    },
    Ban {
        word: "File::open",
        crates: &PURE,
        instead: "take bytes or a reader as an argument",
    },
    Ban {
        word: "std::net",
        crates: &PURE,
        instead: "sockets live in server and lazaret",
    },
    Ban {
        word: "std::env",
        crates: &PURE,
        instead: "take what you need as an argument",
    },
    Ban {
        word: "Timestamp::now",
        crates: &[
            "version", "model", "image", "catalog", "advisory", "advice", "policy", "report",
            "store", "server",
        ],
        instead: "take the time as an argument",
    },
    Ban {
        word: "SystemTime::now",
        crates: &CRATES,
        instead: "take the time as an argument",
    },
    Ban {
        word: "tokio",
        crates: &[
            "version", "model", "image", "catalog", "advisory", "advice", "policy", "report",
        ],
        instead: "only server, lazaret and store's remote backends are async",
    },
    Ban {
        word: "todo!",
        crates: &CRATES,
        instead: "finish it, or leave it out",
    },
    Ban {
        word: "unimplemented!",
        crates: &CRATES,
        instead: "finish it, or leave it out",
    },
    Ban {
        word: "lazy_static",
        crates: &CRATES,
        instead: "no global state",
    },
    Ban {
        word: "static mut",
        crates: &CRATES,
        instead: "no global state",
    },
];

/// The one file that holds `unsafe`.
const MMAP: &str = "lazaret/src/mmap.rs";

#[test]
fn crates_lean_only_on_those_below() {
    for (crate_name, allowed) in EDGES {
        let text = std::fs::read_to_string(root().join(crate_name).join("Cargo.toml")).unwrap();
        let begin = text.find("[dependencies]").map_or("", |at| &text[at..]);
        let section = begin.split("\n[").next().unwrap();
        for other in CRATES {
            let used = section.lines().any(|line| {
                line.starts_with(&format!("{other}.")) || line.starts_with(&format!("{other} "))
            });
            assert!(
                !used || allowed.contains(&other),
                "{crate_name} must not use {other}"
            );
        }
    }
}

#[test]
fn banned_calls_have_their_replacement() {
    let mut found = Vec::new();
    // A build script is no part of the crate that it builds: it reads that crate's sources. Nor is
    // an example, which is a program that uses it.
    let is_of_crate = |source: &&Source| {
        !source.path.ends_with("/build.rs") && !source.path.contains("/examples/")
    };
    for source in sources().iter().filter(is_of_crate) {
        for (number, line) in source.production.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for ban in BANS
                .iter()
                .filter(|ban| ban.crates.contains(&source.crate_name))
            {
                if code.contains(ban.word) {
                    let (path, word, instead) = (&source.path, ban.word, ban.instead);
                    found.push(format!("{path}:{}: {word}: {instead}", number + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The store's backends that talk to another program.
const REMOTE: [&str; 2] = ["store/src/s3", "store/src/postgres"];

#[test]
fn the_store_waits_for_the_network_in_its_remote_backends_only() {
    let mut found = Vec::new();
    for source in sources() {
        let remote = REMOTE.iter().any(|begin| source.path.starts_with(begin));
        if source.crate_name != "store" || remote {
            continue;
        }
        for (number, line) in source.production.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if ["tokio", "async ", "std::net", "reqwest", "object_store"]
                .iter()
                .any(|word| code.contains(word))
            {
                found.push(format!("{}:{}", source.path, number + 1));
            }
        }
    }
    assert!(
        found.is_empty(),
        "belongs into {REMOTE:?}:\n{}",
        found.join("\n")
    );
}

#[test]
fn unsafe_stands_once() {
    for source in sources() {
        let holds = source.production.iter().any(|line| {
            let code = line.split("//").next().unwrap_or_default();
            code.contains("unsafe {") || code.contains("unsafe fn") || code.contains("unsafe impl")
        });
        assert!(
            !holds || source.path == MMAP,
            "{} holds unsafe",
            source.path
        );
    }
}
