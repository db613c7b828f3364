//! `META-INF/MANIFEST.MF`: the JAR file specification, "JAR Manifest".

/// The attributes that tell an archive's identity; others are passed over.
const WANTED: &[&str] = &[
    "Automatic-Module-Name",
    "Bundle-License",
    "Bundle-SymbolicName",
    "Bundle-Version",
    "Created-By",
    "Extension-Name",
    "Group-Id",
    "Implementation-Title",
    "Implementation-Vendor-Id",
    "Implementation-Version",
    "Plugin-License-Name",
    "Plugin-Version",
    "Short-Name",
    "Specification-Title",
    "Specification-Version",
    "Weave-Classes",
];

/// What a manifest says of its archive.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// Names out of [`WANTED`] with their values. Those of the main section come first.
    attributes: Vec<(&'static str, String)>,
}

impl Manifest {
    /// Reads a manifest: of several attributes with one name the first counts, and one of the main
    /// section before those of others. Lines that are no attributes are passed over, as Java does.
    pub fn read(bytes: &[u8]) -> Manifest {
        let mut manifest = Manifest::default();
        // A value can go on in the next line, behind one blank.
        let mut open: Option<(&'static str, Vec<u8>)> = None;
        for line in bytes.split(|byte| matches!(byte, b'\n' | b'\r')) {
            match (line.strip_prefix(b" "), &mut open) {
                (Some(more), Some((_, value))) => value.extend_from_slice(more),
                (Some(_), None) => {}
                // Between \r and \n is no line.
                (None, _) if line.is_empty() => {}
                (None, _) => {
                    manifest.add(open.take());
                    open = attribute(line);
                }
            }
        }
        manifest.add(open);
        manifest
    }

    fn add(&mut self, attribute: Option<(&'static str, Vec<u8>)>) {
        let Some((name, value)) = attribute else {
            return;
        };
        let value = String::from_utf8_lossy(&value).trim().to_owned();
        if !value.is_empty() && self.get(name).is_none() {
            self.attributes.push((name, value));
        }
    }

    /// An attribute's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        let found = attributes.find(|(found, _)| *found == name)?;
        Some(&found.1)
    }

    /// An attribute of OSGi's, without the directives behind its value.
    pub fn bundle(&self, name: &str) -> Option<&str> {
        let value = self.get(name)?.split(';').next()?.trim();
        (!value.is_empty()).then_some(value)
    }
}

fn attribute(line: &[u8]) -> Option<(&'static str, Vec<u8>)> {
    // Most lines of a large manifest are digests of single files.
    let colon = line.iter().take(40).position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    let is_it = |wanted: &&&str| wanted.as_bytes().eq_ignore_ascii_case(name.trim_ascii());
    let wanted = WANTED.iter().find(is_it)?;
    let value = value.strip_prefix(b":").unwrap_or(value);
    Some((wanted, value.strip_prefix(b" ").unwrap_or(value).to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_on_in_lines_that_begin_with_a_blank() {
        let text = "Manifest-Version: 1.0\r\nBundle-SymbolicName: org.exam\r\n ple.app;singleton:=\r\n \
                    true\r\nimplementation-version: 1.2\r\n\r\nName: a/\r\nImplementation-Version: 9\r\n\
                    Specification-Version: 3\r\nno attribute\r\n";
        let manifest = Manifest::read(text.as_bytes());
        assert_eq!(
            manifest.bundle("Bundle-SymbolicName"),
            Some("org.example.app")
        );
        assert_eq!(manifest.get("Implementation-Version"), Some("1.2"));
        assert_eq!(manifest.get("Specification-Version"), Some("3"));
        assert_eq!(manifest.get("Group-Id"), None);
    }
}
