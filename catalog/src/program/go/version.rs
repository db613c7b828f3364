//! The version of a program's own module, which Go alone does not always know.

/// What the linker's option `-X` is used for, by how the variable's name ends: `main.version`,
/// `github.com/x/y/internal/version.Version`.
const VARIABLES: &[&str] = &[
    "version",
    "gitversion",
    "buildversion",
    "releaseversion",
    "ver",
];

/// The main module's version: a release as Go tells it, else one that the build put in by the
/// linker, else what Go says, which may be `(devel)` or made of a commit.
pub fn of_main(told: &str, path: &str, settings: &[(&str, &str)]) -> String {
    let is_unknown = told.is_empty() || told == "(devel)";
    if !is_unknown && !is_pseudo(told) {
        return told.to_owned();
    }
    let flags = settings.iter().find(|(name, _)| *name == "-ldflags");
    let linked = flags.and_then(|(_, flags)| of_flags(flags, path));
    match linked {
        Some(version) => version,
        None if told.is_empty() => "(devel)".to_owned(),
        None => told.to_owned(),
    }
}

/// `v0.0.0-20220101000000-abcdefabcdef`: made of a commit where there is no release before it.
fn is_pseudo(version: &str) -> bool {
    version.starts_with("v0.0.0-")
}

/// The version in `-X main.version=v1.2.3 -X 'a/b.Commit=abc'`. Of several the one in the module
/// itself, or in `main`, is the program's; those of libraries are not.
fn of_flags(flags: &str, path: &str) -> Option<String> {
    let flags = flags.strip_prefix('"').unwrap_or(flags);
    let flags = flags.strip_suffix('"').unwrap_or(flags);
    let settings = flags.split("-X").skip(1).filter_map(|text| {
        let text = text.trim_start_matches(['=', ' ']);
        let text = text.trim_matches(|one: char| one == '\'' || one == '"' || one.is_whitespace());
        let (variable, value) = text.split_once('=')?;
        let value = value
            .split(|one: char| one.is_whitespace() || one == '\'' || one == '"')
            .next()?;
        Some((variable, value))
    });
    let versions = settings.filter(|(variable, value)| {
        let (package, name) = variable.rsplit_once('.').unwrap_or(("", variable));
        let name = name.to_ascii_lowercase();
        let is_own = package == "main" || package.starts_with(path);
        is_own && VARIABLES.contains(&name.as_str()) && is_release(value)
    });
    let value = versions.map(|(_, value)| value).next()?;
    let number = value.strip_prefix('v').unwrap_or(value);
    Some(format!("v{number}"))
}

/// Two numbers at least: `1.2`, `v1.2.3-rc1`.
fn is_release(value: &str) -> bool {
    let value = value.strip_prefix('v').unwrap_or(value);
    let mut parts = value.split('.');
    let is_number = |part: Option<&str>| {
        part.is_some_and(|part| part.starts_with(|first: char| first.is_ascii_digit()))
    };
    let is_digits = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(|one| one.is_ascii_digit()))
    };
    is_digits(parts.next()) && is_number(parts.next()) && value.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linker_was_told_the_version() {
        // After the settings of kubectl, helm and caddy as `go version -m` shows them, 2024; the
        // last two are made up.
        for (flags, path, expected) in [
            (
                "-X main.version=v1.2.3 -s -w",
                "example.org/a",
                Some("v1.2.3"),
            ),
            (
                "\"-X 'helm.sh/helm/v3/internal/version.version=v3.14.0' -X helm.sh/helm/v3/x.y=z\"",
                "helm.sh/helm/v3",
                Some("v3.14.0"),
            ),
            (
                "-s -X k8s.io/client-go/pkg/version.gitVersion=v1.29.0",
                "k8s.io/kubernetes",
                None,
            ),
            ("-X=main.Version=2.0", "a", Some("v2.0")),
            ("-X main.version=dev", "a", None),
            ("-w", "a", None),
        ] {
            assert_eq!(of_flags(flags, path).as_deref(), expected, "{flags}");
        }
    }
}
