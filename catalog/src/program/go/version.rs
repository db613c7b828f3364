//! Versions in Go programs: the compiler's, and those that were linked in by `-ldflags -X`.

/// The compiler's version as vulnerability databases write it: `go1.22.1 X:boringcrypto` is
/// `1.22.1`. `None` for a compiler between versions that names none.
pub fn of_go(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let words = text.split([' ', '\t', '\n']).take(3);
    let mut versions = words.filter_map(|word| word.strip_prefix("go"));
    let version = versions.find(|version| version.starts_with(|one: char| one.is_ascii_digit()))?;
    crate::text::word(version.as_bytes())
}

/// Names of variables that people link their version into, in lower case, best first.
const NAMES: &[&str] = &[
    "version",
    "appversion",
    "buildversion",
    "gitversion",
    "releaseversion",
    "kubeversion",
    "pkgversion",
    "semver",
    "versionnumber",
    "versionstring",
    "ver",
    "release",
    "gittag",
    "buildtag",
    "tag",
    "gitdescribe",
    "gitrelease",
];

/// How well a variable is known to hold the version of the program with that main module, less
/// is better: its own packages come before frameworks' that keep it for their programs.
pub fn rank(variable: &str, main: &str) -> Option<usize> {
    let (package, name) = variable.rsplit_once('.')?;
    let name = name.to_ascii_lowercase();
    let place = NAMES.iter().position(|known| *known == name)?;
    let is_own = package
        .strip_prefix(main)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let distance = match package {
        "main" => 0,
        _ if is_own => 1,
        // Such as Prometheus' and Kubernetes'.
        _ if package.ends_with("/version") => 2,
        _ => return None,
    };
    Some(distance * NAMES.len() + place)
}

/// The version that the flags of the linker give to a program: of `-X main.version=1.2.3` the
/// value, where it is a version.
pub fn of_flags(flags: &str, main: &str) -> Option<String> {
    let ranked = variables(flags)
        .filter_map(|(variable, value)| Some((rank(variable, main)?, version(value)?)));
    ranked
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, version)| of_module(version))
}

/// A version with a leading `v`, as modules have it.
pub fn of_module(version: &str) -> String {
    match version.starts_with('v') {
        true => version.to_owned(),
        false => format!("v{version}"),
    }
}

/// The `name=value` of every `-X`, as people quote it.
fn variables(flags: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_between = |one: char| one.is_whitespace() || matches!(one, '"' | '\'');
    let mut words = flags.split(is_between).filter(|word| !word.is_empty());
    std::iter::from_fn(move || {
        loop {
            let word = words.next()?;
            let word = match word.strip_prefix("-X").or(word.strip_prefix("--X")) {
                Some("" | "=") => words.next()?,
                Some(joined) => joined.strip_prefix('=').unwrap_or(joined),
                None => continue,
            };
            if let Some(pair) = word.split_once('=') {
                return Some(pair);
            }
        }
    })
}

/// A version of two numbers or more, behind whatever path it has before it: `v1.2.3-rc1`.
pub fn version(value: &str) -> Option<&str> {
    let value = value.rsplit('/').next().unwrap_or(value);
    let numbers = value.strip_prefix('v').unwrap_or(value);
    let core = numbers.split(['-', '+']).next().unwrap_or_default();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|one| one.is_ascii_digit());
    let is_core = (2..=4).contains(&core.split('.').count()) && core.split('.').all(is_number);
    let is_plain = |one: u8| one.is_ascii_alphanumeric() || matches!(one, b'.' | b'-' | b'+');
    // Longer ones are no versions.
    let is_all = value.len() <= 64 && value.bytes().all(is_plain);
    (is_core && is_all).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compilers_version_is_its_number() {
        for (text, expected) in [
            ("go1.22.1", Some("1.22.1")),
            ("go1.19.4 X:boringcrypto", Some("1.19.4")),
            (
                "go1.22.9 (Red Hat 1.22.9-2.el9_5) X:strictfipsruntime",
                Some("1.22.9"),
            ),
            ("devel go1.22-b6ff7d4 Tue Oct 3 2023", Some("1.22-b6ff7d4")),
            ("go1.21rc2", Some("1.21rc2")),
            ("devel +b6ff7d4 Tue Oct 3 2019", None),
            ("", None),
        ] {
            assert_eq!(of_go(text.as_bytes()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_linked_version_is_the_programs() {
        for (flags, expected) in [
            ("-s -w -X main.version=1.2.3", Some("v1.2.3")),
            ("-X=main.Version=v1.2.3-rc.1", Some("v1.2.3-rc.1")),
            ("'-X main.version=2.0'", Some("v2.0")),
            (
                "-X 'main.gitTag=v1.4.0' -X main.version=dev",
                Some("v1.4.0"),
            ),
            ("-X main.version=$(git describe)", None),
            ("-X main.commit=1.2.3", None),
            ("-X github.com/other/thing.Version=1.2.3", None),
            (
                "-X github.com/a/b/internal/version.Version=1.2.3",
                Some("v1.2.3"),
            ),
            (
                "-X github.com/prometheus/common/version.Version=2.45.0 -X github.com/a/b.tag=v3.1",
                Some("v3.1"),
            ),
            (
                "-X k8s.io/component-base/version.gitVersion=v1.28.2",
                Some("v1.28.2"),
            ),
            ("-X github.com/a/bc.Version=1.2.3", None),
            ("-X main.version=release/v1.2.3", Some("v1.2.3")),
            ("-X", None),
        ] {
            let found = of_flags(flags, "github.com/a/b");
            assert_eq!(found.as_deref(), expected, "{flags}");
        }
    }
}
