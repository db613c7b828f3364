//! What Swift and Objective-C projects are locked to: `Package.resolved` of Swift's package
//! manager, versions 1 to 3, and `Podfile.lock` of CocoaPods.

use std::collections::BTreeSet;

use image::Limits;
use model::{Package, PackageType, Problem, ProblemKind};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::entries::{self, Text};
use crate::text::{FileProblems, is_word, lines};

/// The lock file of Swift's package manager.
pub const PACKAGE_RESOLVED: Cataloger = Cataloger {
    name: "swift-lock",
    reads: "Swift packages that a project is locked to",
    paths: &[Pattern::Name("Package.resolved")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

/// The lock file of CocoaPods.
pub const PODFILE_LOCK: Cataloger = Cataloger {
    name: "cocoapods-lock",
    reads: "Pods that a project is locked to by CocoaPods",
    paths: &[Pattern::Name("Podfile.lock")],
    role: Role::Locked,
    parse: parse_pods,
    ..PLAIN
};

#[derive(Deserialize)]
struct Pin<'a> {
    /// Since version 2; of a package of a registry nothing.
    #[serde(borrow, default)]
    location: Text<'a>,
    /// Before it.
    #[serde(borrow, default, rename = "repositoryURL")]
    repository: Text<'a>,
    #[serde(borrow, default)]
    identity: Text<'a>,
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(borrow, default)]
    state: State<'a>,
}

#[derive(Default, Deserialize)]
struct State<'a> {
    /// Nothing where a branch or a revision is pinned.
    #[serde(borrow, default)]
    version: Text<'a>,
}

fn parse(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let places = &["pins", "object.pins"];
    let read = entries::of_json(bytes, places, |_, _, pin: Pin<'_>| {
        if pin.kind.as_str() == Some("localSourceControl") {
            return;
        }
        let location = pin.location.as_str().or(pin.repository.as_str());
        let location = location.filter(|location| !location.is_empty());
        let name = location.map(of_location);
        let name = name.or_else(|| pin.identity.as_str().map(str::to_owned));
        if let (Some(name), Some(version)) = (name, pin.state.version.as_str())
            && is_word(&name)
            && is_word(version)
        {
            let package = Package::new(PackageType::Swift, name, version);
            found.packages.push(package.into());
        }
    });
    let problem = |detail| Problem::new(ProblemKind::Malformed, path, detail);
    (found, read.err().map(problem).into_iter().collect())
}

/// `github.com/owner/name`, as advisories name packages, of an address of whatever form.
fn of_location(location: &str) -> String {
    let address = location
        .split_once("://")
        .map_or(location, |(_, rest)| rest);
    let is_host = |user: &str| !user.contains('/');
    let address = match address.split_once('@') {
        Some((user, rest)) if is_host(user) => rest,
        _ => address,
    };
    // `git@github.com:owner/name`; a port stays.
    let address = match address.split_once(':') {
        Some((host, rest))
            if is_host(host) && !rest.starts_with(|one: char| one.is_ascii_digit()) =>
        {
            format!("{host}/{}", rest.trim_start_matches('/'))
        }
        _ => address.to_owned(),
    };
    let address = address.trim_end_matches('/');
    let address = address.strip_suffix(".git").unwrap_or(address);
    address.strip_prefix("www.").unwrap_or(address).to_owned()
}

fn parse_pods(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let mut problems = FileProblems::new(path, limits);
    problems.check_end(bytes);
    let mut seen = BTreeSet::new();
    let pods = lines(bytes)
        .map(|(_, line)| line)
        .skip_while(|line| *line != b"PODS:")
        .skip(1)
        .take_while(|line| line.starts_with(b" ") || line.is_empty());
    for line in pods {
        // `  - "Name/Part (1.0.0)":`; what a pod needs is indented further. Its parts are one pod.
        let pod = line.strip_prefix(b"  - ").map(std::str::from_utf8);
        let Some(Ok(pod)) = pod else { continue };
        let pod = pod.trim_end_matches(':').trim_matches('"');
        let Some((name, version)) = pod.split_once(" (") else {
            continue;
        };
        let name = name.split('/').next().unwrap_or(name);
        let version = version.trim_end_matches(')');
        if is_word(name) && is_word(version) && seen.insert((name, version)) {
            let package = Package::new(PackageType::Cocoapods, name, version);
            found.packages.push(package.into());
        }
    }
    (found, problems.finish())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tests::show;

    #[test]
    fn pins_are_named_by_their_addresses() {
        for (location, expected) in [
            (
                "https://github.com/apple/swift-nio.git",
                "github.com/apple/swift-nio",
            ),
            (
                "https://github.com/apple/swift-nio/",
                "github.com/apple/swift-nio",
            ),
            ("https://me:x@www.github.com/o/n", "github.com/o/n"),
            ("git@github.com:o/n.git", "github.com/o/n"),
            ("ssh://git@host.example:22/o/n.git", "host.example:22/o/n"),
            ("/local/n", "/local/n"),
            ("", ""),
        ] {
            assert_eq!(of_location(location), expected, "{location}");
        }
    }

    #[test]
    fn odd_pins_and_pods_are_passed_over() {
        // After Package.resolved of Swift 5.3 and 5.9, and Podfile.lock of CocoaPods 1.15.
        let old = r#"{"object": {"pins": [{"package": "A", "repositoryURL": "https://github.com/o/A.git",
            "state": {"branch": null, "revision": "6f", "version": "1.0.0"}}]}, "version": 1}"#;
        let new = r#"{"originHash": "9f", "pins": [
            {"identity": "b", "kind": "remoteSourceControl", "location": "https://github.com/o/b",
             "state": {"branch": "main", "revision": "6f"}},
            {"identity": "c", "kind": "localSourceControl", "location": "/c", "state": {"version": "1.0.0"}},
            {"identity": "s.d", "kind": "registry", "location": "", "state": {"version": "2.0.0"}}],
            "version": 3}"#;
        let pods = "PODS:\n  - A/Core (1.0):\n    - B (~> 2)\n  - A/More (1.0)\n  - \"B/N+c (2.0.1)\":\n    \
            - C\n  - C\n\nDEPENDENCIES:\n  - D (9)\n";
        let limits = Limits::default();
        let told = [
            show(parse("p", old.as_bytes(), &limits)),
            show(parse("p", new.as_bytes(), &limits)),
            show(parse_pods("p", pods.as_bytes(), &limits)),
        ];
        expect![[r#"
            swift github.com/o/A 1.0.0
            swift s.d 2.0.0
            cocoapods A 1.0
            cocoapods B 2.0.1
        "#]]
        .assert_eq(&told.concat());
    }
}
