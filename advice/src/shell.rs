//! What comes from an image, made fit for a command: a name that a package manager would take for
//! something else is refused, and what a shell would take for something else is quoted.

/// The longest name or version that is put into a command, in bytes.
const LONGEST: usize = 256;

/// Whether a name is one that package managers take for a name and nothing else: no option, no
/// path, no address, no pattern.
pub fn is_name(name: &str) -> bool {
    is_made_of(name, "._+-") && !name.ends_with('-')
}

/// The same for names of several parts: `@scope/name`, `group:artifact`, `example.org/module`.
pub fn is_name_of_parts(name: &str, separator: char) -> bool {
    name.len() <= LONGEST && name.split(separator).all(|part| is_made_of(part, "._+-~"))
}

/// Whether a version is made of what versions are made of.
pub fn is_version(version: &str) -> bool {
    is_made_of(version, "._+-~:^!")
}

fn is_made_of(text: &str, extra: &str) -> bool {
    let begins = text.starts_with(|char: char| char.is_ascii_alphanumeric());
    let fits = |char: char| char.is_ascii_alphanumeric() || extra.contains(char);
    begins && text.len() <= LONGEST && text.chars().all(fits)
}

/// A word of a POSIX shell that stands for the text, whatever is in it.
pub fn quoted(text: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "._+-/:@=,%".contains(char);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names_and_nothing_else() {
        for name in ["libssl3", "g++", "libstdc++6", "Zope.Interface", "x"] {
            assert!(is_name(name), "{name}");
        }
        let long = "a".repeat(257);
        for name in [
            "",
            "-o",
            "--root=/",
            "curl-",
            "git+https://example.org/x",
            "a b",
            "a;reboot",
            "$(reboot)",
            "a\nb",
            "a*",
            "../x",
            "é",
            &long,
        ] {
            assert!(!is_name(name), "{name}");
        }
        assert!(is_name_of_parts("example.org/x/y", '/'));
        assert!(is_name_of_parts("org.example:x", ':'));
        for name in ["https://example.org/x", "/x", "x/../y", "x/", "x//y"] {
            assert!(!is_name_of_parts(name, '/'), "{name}");
        }
        assert!(is_version("1:3.0.11-1~deb12u2+b1"));
        for version in ["", "1 2", "$(x)", "-1", "1;x", "latest'"] {
            assert!(!is_version(version), "{version}");
        }
    }

    #[test]
    fn words_are_quoted_where_a_shell_would_read_into_them() {
        for (text, expected) in [
            ("lodash@4.17.21", "lodash@4.17.21"),
            ("a>=1", "'a>=1'"),
            ("1~2", "'1~2'"),
            ("", "''"),
            ("it's $HOME", r"'it'\''s $HOME'"),
            ("a\nb", "'a\nb'"),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
