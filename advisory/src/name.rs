//! Names of packages in the one form in which an ecosystem takes them for the same.

use std::borrow::Cow;

/// The form of a name under which it is kept and looked up.
///
/// PyPI: PEP 503, "Normalized Names". NuGet, Packagist and GitHub Actions take names without
/// regard to case. All others mean what they write.
pub fn normalised<'a>(ecosystem: &str, name: &'a str) -> Cow<'a, str> {
    match ecosystem {
        "pypi" => pep_503(name),
        "nuget" | "composer" | "githubactions" => lower(name),
        _ => Cow::Borrowed(name),
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}

fn pep_503(name: &str) -> Cow<'_, str> {
    let plain = |byte: u8| !byte.is_ascii_uppercase() && byte != b'_' && byte != b'.';
    if name.bytes().all(plain) && !name.contains("--") {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            _ => out.push(letter.to_ascii_lowercase()),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_exist_lead_to_their_packages() {
        let lines = include_str!("name/corpus.txt").lines();
        let mut count = 0;
        for line in lines.filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            let [ecosystem, written, told] = words[..] else {
                panic!("no line of the corpus: {line}");
            };
            let (other, same) = match told.strip_prefix('!') {
                Some(other) => (other, false),
                None => (told, true),
            };
            let is_one = normalised(ecosystem, written) == normalised(ecosystem, other);
            assert_eq!(is_one, same, "{line}");
            count += 1;
        }
        assert!(count > 45);
    }

    #[test]
    fn each_ecosystem_has_its_own_sameness() {
        for (ecosystem, name, expected) in [
            ("pypi", "Zope.Interface", "zope-interface"),
            ("pypi", "a__b--c", "a-b-c"),
            ("pypi", "requests", "requests"),
            ("nuget", "Newtonsoft.Json", "newtonsoft.json"),
            ("npm", "JSONStream", "JSONStream"),
            ("debian:10", "openssl", "openssl"),
        ] {
            assert_eq!(normalised(ecosystem, name), expected);
        }
    }
}
