//! Which artifacts an archive is and holds.

use std::collections::BTreeMap;

use model::{Package, PackageType};

use crate::cataloger::FoundPackage;
use crate::text::{is_word, lines};

/// Whether a member says what an archive is.
pub fn is_clue(member: &str) -> bool {
    member == MANIFEST || is_properties(member)
}

const MANIFEST: &str = "META-INF/MANIFEST.MF";

/// Maven's archiver puts them under `META-INF/maven/GROUP/ARTIFACT/`; where classes of another
/// archive lie in a directory (`WEB-INF/classes`, `BOOT-INF/classes`) below that.
fn is_properties(member: &str) -> bool {
    member.ends_with("/pom.properties") && member.contains("META-INF/maven/")
}

/// What an archive says of itself.
pub struct Clues {
    /// Its file's name without the ending, as artifact and version.
    name: (String, String),
    manifest: BTreeMap<String, String>,
    artifacts: Vec<Artifact>,
}

/// What Maven calls a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Artifact {
    group: String,
    name: String,
    version: String,
}

impl Clues {
    /// Nothing but a file's name.
    pub fn new(file: &str) -> Clues {
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        Clues {
            name: split_name(stem),
            manifest: BTreeMap::new(),
            artifacts: Vec::new(),
        }
    }

    /// Adds what a member says.
    pub fn add(&mut self, member: &str, text: &[u8]) {
        match member {
            MANIFEST => self.manifest = attributes(text),
            _ => self.artifacts.extend(properties(text)),
        }
    }

    /// All artifacts, the archive itself among them.
    pub fn packages(self) -> Vec<FoundPackage> {
        let licence = self.value("Bundle-License").unwrap_or_default().to_owned();
        let (named, version) = &self.name;
        let is_own = |artifact: &Artifact| {
            let has_version = version.is_empty() || artifact.version == *version;
            *named == artifact.name || (named.starts_with(&artifact.name) && has_version)
        };
        let has_own = self.artifacts.iter().any(is_own);
        // An archive with one set of properties is that artifact, however its file is called.
        let own = (!has_own && self.artifacts.len() != 1).then(|| self.own());
        let mut all: Vec<Artifact> = own.flatten().into_iter().collect();
        for artifact in self.artifacts {
            if !all.contains(&artifact) {
                all.push(artifact);
            }
        }
        let package = |artifact: Artifact| {
            let name = match artifact.group.as_str() {
                "" => artifact.name.clone(),
                group => format!("{group}:{}", artifact.name),
            };
            FoundPackage {
                licence: match is_link_or_word(&licence) {
                    true => licence.clone(),
                    false => String::new(),
                },
                ..Package::new(PackageType::Maven, name, artifact.version).into()
            }
        };
        all.into_iter().map(package).collect()
    }

    fn value(&self, attribute: &str) -> Option<&str> {
        let value = self.manifest.get(attribute)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// What the manifest and the name say that the archive is; `None` where there is no version.
    fn own(&self) -> Option<Artifact> {
        let (named, in_name) = &self.name;
        let version = match in_name.as_str() {
            "" => [
                "Implementation-Version",
                "Bundle-Version",
                "Specification-Version",
                "Plugin-Version",
            ]
            .iter()
            .find_map(|attribute| self.value(attribute))?,
            version => version,
        };
        let symbolic = self.value("Bundle-SymbolicName");
        let symbolic = symbolic.map(|name| name.split(';').next().unwrap_or(name).trim());
        let name = match named.as_str() {
            "" => symbolic.or(self.value("Implementation-Title"))?,
            name => name,
        };
        let group = self.group(name, symbolic);
        (is_word(name) && is_word(version)).then(|| Artifact {
            group,
            name: name.to_owned(),
            version: version.to_owned(),
        })
    }

    /// The group: as the manifest calls it, else the part of the bundle's or the module's name that
    /// goes before the artifact's own.
    fn group(&self, name: &str, symbolic: Option<&str>) -> String {
        let is_group = |text: &&str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
            text.contains('.') && text.bytes().all(allowed)
        };
        let vendor = ["Implementation-Vendor-Id", "Group-Id"];
        let vendor = vendor
            .iter()
            .find_map(|one| self.value(one))
            .filter(is_group);
        if let Some(group) = vendor {
            return group.to_owned();
        }
        let names = [symbolic, self.value("Automatic-Module-Name")];
        let mut full = names.into_iter().flatten().filter(is_group);
        let short = full.next().map(|full| {
            let before = full.strip_suffix(name);
            before
                .and_then(|rest| rest.strip_suffix('.'))
                .unwrap_or(full)
        });
        short.unwrap_or_default().to_owned()
    }
}

/// A licence in a word or an address; some manifests hold whole texts.
fn is_link_or_word(text: &str) -> bool {
    text.len() <= 200 && !text.contains(char::is_control)
}

/// `spring-core-5.3.20` as `spring-core` and `5.3.20`; a name without a version has none.
fn split_name(stem: &str) -> (String, String) {
    let dashes = stem.match_indices('-').map(|(at, _)| at);
    let is_start = |at: &usize| {
        let rest = stem.get(at + 1..).unwrap_or_default();
        let rest = rest.strip_prefix('v').unwrap_or(rest);
        rest.starts_with(|first: char| first.is_ascii_digit())
    };
    match dashes.into_iter().find(is_start) {
        Some(at) => {
            let (name, version) = stem.split_at_checked(at).unwrap_or((stem, ""));
            (name.to_owned(), version.trim_start_matches('-').to_owned())
        }
        None => (stem.to_owned(), String::new()),
    }
}

/// The main section of a manifest: lines that begin with a blank go on with the one before.
fn attributes(text: &[u8]) -> BTreeMap<String, String> {
    let mut unfolded: Vec<String> = Vec::new();
    for (_, line) in lines(text) {
        match (line.strip_prefix(b" "), unfolded.last_mut()) {
            (Some(more), Some(last)) => last.push_str(&String::from_utf8_lossy(more)),
            _ if line.is_empty() => break,
            _ => unfolded.push(String::from_utf8_lossy(line).into_owned()),
        }
    }
    let pair = |line: String| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    unfolded.into_iter().filter_map(pair).collect()
}

/// `java.util.Properties`, as Maven's archiver writes them.
fn properties(text: &[u8]) -> Option<Artifact> {
    let value = |wanted: &str| {
        let mut pairs = lines(text).filter_map(|(_, line)| {
            let (name, value) = std::str::from_utf8(line).ok()?.split_once('=')?;
            Some((name.trim(), value.trim()))
        });
        let (_, value) = pairs.find(|(name, _)| *name == wanted)?;
        (is_word(value) && !value.contains("${")).then(|| value.to_owned())
    };
    Some(Artifact {
        group: value("groupId")?,
        name: value("artifactId")?,
        version: value("version")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_before_the_version() {
        for (stem, name, version) in [
            ("spring-core-5.3.20", "spring-core", "5.3.20"),
            ("log4j-1.2-api-2.17.1", "log4j", "1.2-api-2.17.1"),
            ("guava-31.1-jre", "guava", "31.1-jre"),
            ("app", "app", ""),
            ("x-v2.0", "x", "v2.0"),
            ("-1", "", "1"),
        ] {
            assert_eq!(
                split_name(stem),
                (name.to_owned(), version.to_owned()),
                "{stem}"
            );
        }
    }

    #[test]
    fn a_manifest_and_properties_are_read() {
        let manifest = b"Manifest-Version: 1.0\r\nBundle-SymbolicName: org.apache.commons.lan\r\n \
            g3;singleton:=true\r\nBundle-Version: 3.12.0\r\n\r\nName: x\r\nBundle-Version: 9\r\n";
        let mut clues = Clues::new("lib.jar");
        clues.add(MANIFEST, manifest);
        let own = clues.own().unwrap();
        assert_eq!(
            (own.group.as_str(), own.version.as_str()),
            ("org.apache.commons.lang3", "3.12.0")
        );
        assert_eq!(properties(b"version=${x}\ngroupId=a\nartifactId=b\n"), None);
    }
}
