//! `pom.properties`, which Maven puts beside a copy of the `pom.xml`. Form: the documentation of
//! `java.util.Properties.load`; Maven writes no escapes into these.

use crate::maven::Coordinates;
use crate::text::{lines, word};

/// What a `pom.properties` says. Values with variables in them say nothing.
pub fn read(bytes: &[u8]) -> Coordinates {
    let mut found = Coordinates::default();
    for (_, line) in lines(bytes) {
        let line = line.trim_ascii_start();
        if line.starts_with(b"#") || line.starts_with(b"!") {
            continue;
        }
        let is_end = |byte: &u8| matches!(byte, b'=' | b':') || byte.is_ascii_whitespace();
        let Some(end) = line.iter().position(is_end) else {
            continue;
        };
        let (key, value) = line.split_at_checked(end).unwrap_or_default();
        let value = value.trim_ascii_start();
        let value = value
            .strip_prefix(b"=")
            .or(value.strip_prefix(b":"))
            .unwrap_or(value);
        let slot = match key {
            b"groupId" => &mut found.group,
            b"artifactId" => &mut found.artifact,
            b"version" => &mut found.version,
            _ => continue,
        };
        *slot = word(value).filter(|value| !value.contains("${"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_end_at_any_of_their_ends() {
        let text = b"#Created by Apache Maven 3.8.7\r\n groupId = org.example\nartifactId:app\n\
                     version 1.0=x\nother=1\nempty\n";
        let found = read(text);
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(found.group, is("org.example"));
        assert_eq!(found.artifact, is("app"));
        assert_eq!(found.version, is("1.0=x"));
        assert_eq!(
            read(b"version=${project.version}\n"),
            Coordinates::default()
        );
    }
}
