//! What the name of an archive says: repositories of Maven's form call files
//! `artifact-version[-classifier].extension`.

/// An archive's name without its extension, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileName<'a> {
    /// All of it, without the extension.
    pub stem: &'a str,
    /// What stands before the version; all of it where there is none.
    pub artifact: &'a str,
    /// The version, a classifier included.
    pub version: Option<&'a str>,
}

impl<'a> FileName<'a> {
    /// Takes a path's last part apart. A version that is known from elsewhere shows where the
    /// file's begins, and ends; otherwise it begins with the first part that looks like one.
    pub fn new(path: &'a str, known: &[&str]) -> FileName<'a> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let parts = || stem.match_indices(['-', '_']);
        let whole = FileName {
            stem,
            artifact: stem,
            version: None,
        };
        let at = |at: usize, end: usize| FileName {
            stem,
            artifact: stem.get(..at).unwrap_or(stem),
            version: stem.get(at + 1..end),
        };
        for version in known {
            let known = parts().find_map(|(before, _)| {
                let rest = stem.get(before + 1..)?.strip_prefix(version)?;
                let end = stem.len() - rest.len();
                // A number behind it belongs to it, a word is a classifier.
                let is_classifier =
                    |rest: &str| !rest.starts_with(|one: char| one.is_ascii_digit());
                let is_end = rest.is_empty() || rest.strip_prefix('-').is_some_and(is_classifier);
                is_end.then_some((before, end))
            });
            match known {
                Some((before, end)) if before > 0 => return at(before, end),
                _ => {}
            }
        }
        let first = |separator: &str| {
            let mut parts = stem.match_indices(separator);
            let found = parts.find(|(at, _)| stem.get(at + 1..).is_some_and(is_version));
            found.map(|(before, _)| before).filter(|before| *before > 0)
        };
        // An underscore stands before the version of OSGi's bundles, and before that of Scala
        // inside a name: `kafka_2.13-3.0.0`.
        match first("-").or_else(|| first("_")) {
            Some(before) => at(before, stem.len()),
            None => whole,
        }
    }
}

/// Whether a text begins as a version does: `1.2`, `r09`, `rc1`, `build235`.
fn is_version(text: &str) -> bool {
    let is_digit = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    let mut words = ["rc", "r", "v", "build"].iter();
    is_digit(text) || words.any(|word| text.strip_prefix(word).is_some_and(is_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_are_told_apart() {
        for (path, known, artifact, version) in [
            ("a/spring-core-5.3.23.jar", "", "spring-core", "5.3.23"),
            (
                "log4j-1.2-api-2.17.1.jar",
                "2.17.1",
                "log4j-1.2-api",
                "2.17.1",
            ),
            ("log4j-1.2-api-2.17.1.jar", "", "log4j", "1.2-api-2.17.1"),
            ("kafka_2.13-3.0.0.jar", "", "kafka_2.13", "3.0.0"),
            (
                "org.eclipse.osgi_3.1.0.v2012.jar",
                "",
                "org.eclipse.osgi",
                "3.1.0.v2012",
            ),
            ("guava-r09.jar", "", "guava", "r09"),
            (
                "epoll-4.1.6.Final-linux-x86_64.jar",
                "4.1.6.Final",
                "epoll",
                "4.1.6.Final",
            ),
            ("jaxb-impl-2.2.3-1.jar", "2.2.3", "jaxb-impl", "2.2.3-1"),
            ("app.jar", "1", "app", ""),
            ("http2-server.jar", "", "http2-server", ""),
            ("-1.jar", "", "-1", ""),
            ("1-1.jar", "1", "1", "1"),
            (".jar", "", "", ""),
            ("x", "", "x", ""),
        ] {
            let known = [known].into_iter().filter(|known| !known.is_empty());
            let found = FileName::new(path, &known.collect::<Vec<_>>());
            let found = (found.artifact, found.version.unwrap_or_default());
            assert_eq!(found, (artifact, version), "{path}");
        }
    }
}
