//! Which Maven artifacts an archive is and holds, by evidence from inside and from its name.
//!
//! In this order, and all is kept:
//!
//! 1. Every `pom.properties` is an artifact, and every `pom.xml` below `META-INF/maven` without
//!    one. The archive itself is the one that fits the file's name; or, where the name says
//!    nothing against it, the only one.
//! 2. Where none is the archive itself, its manifest and its file name tell it together. Maven's
//!    repositories name files after artifact and version, so a name of that form tells the
//!    artifact; otherwise `Short-Name`, `Implementation-Title`, `Bundle-SymbolicName` or the
//!    file's whole name do. An archive without any version is no package.
//!
//! The group of 2. is what is known of the artifact's name ([`super::groups`]); what the manifest
//! gives as one (`Group-Id`, `Implementation-Vendor-Id`); what stands before the artifact in
//! `Bundle-SymbolicName`, `Automatic-Module-Name` or `Implementation-Title`; or, as the oldest
//! artifacts have it (`commons-io:commons-io`), the artifact's name.

use std::collections::BTreeSet;

use super::file_name::FileName;
use super::groups;
use super::manifest::Manifest;
use crate::maven::Coordinates;
use crate::text::word;

/// What Maven left in an archive.
#[derive(Debug, Default)]
pub struct Maven {
    /// Where it lies in the archive.
    pub place: String,
    /// What it says.
    pub coordinates: Coordinates,
    /// The licence of the `pom.xml` there.
    pub licence: String,
}

/// One artifact.
#[derive(Debug, PartialEq, Eq)]
pub struct Identity {
    /// `group:artifact`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence; empty where it says none.
    pub licence: String,
    /// What tells of it, for one that the archive holds; `None` for the archive itself.
    pub place: Option<String>,
}

/// The artifacts of an archive: its path, its manifest and what Maven left in it.
pub fn identities(path: &str, manifest: Option<&Manifest>, maven: Vec<Maven>) -> Vec<Identity> {
    let versions = manifest.map(versions).unwrap_or_default();
    let known: Vec<Artifact> = maven.into_iter().filter_map(Artifact::of).collect();
    let mut hints: Vec<&str> = known.iter().map(|known| known.version.as_str()).collect();
    // Of hundreds only the archive's own would help.
    hints.truncate(8);
    hints.extend(versions.iter().map(String::as_str));
    let file = FileName::new(path, &hints);
    let own = own(&known, &file, manifest);
    let mut found: Vec<Identity> = Vec::new();
    let mut seen = BTreeSet::new();
    let order = own.iter().copied();
    for at in order.chain((0..known.len()).filter(|at| Some(*at) != own)) {
        let Some(artifact) = known.get(at) else {
            continue;
        };
        let name = format!("{}:{}", artifact.group, artifact.artifact);
        if seen.insert((name.clone(), artifact.version.clone())) {
            found.push(Identity {
                name,
                version: artifact.version.clone(),
                licence: artifact.licence.clone(),
                place: (Some(at) != own).then(|| artifact.place.clone()),
            });
        }
    }
    let manifests = || manifest.and_then(licence).unwrap_or_default();
    if own.is_some() {
        if let Some(first) = found.first_mut().filter(|first| first.licence.is_empty()) {
            first.licence = manifests();
        }
    } else if let Some((group, artifact, version)) = told(&file, manifest, &versions) {
        let same = |known: &Artifact| known.artifact == artifact && known.version == version;
        if !known.iter().any(same) {
            let own = Identity {
                name: format!("{group}:{artifact}"),
                version,
                licence: manifests(),
                place: None,
            };
            found.insert(0, own);
        }
    }
    found
}

/// What Maven left, complete.
struct Artifact {
    group: String,
    artifact: String,
    version: String,
    licence: String,
    place: String,
}

impl Artifact {
    fn of(maven: Maven) -> Option<Artifact> {
        // The way to it is META-INF/maven/GROUP/ARTIFACT/.
        let mut way = maven.place.rsplit('/').skip(1);
        let (artifact, group) = (way.next(), way.next());
        let is_way = way.next() == Some("maven");
        let by_way = |part: Option<&str>| part.filter(|_| is_way).and_then(identifier);
        let given = |text: Option<String>| text.and_then(|text| identifier(&text));
        let found = maven.coordinates;
        let artifact = given(found.artifact).or_else(|| by_way(artifact))?;
        let group = given(found.group).or_else(|| by_way(group));
        Some(Artifact {
            group: group.unwrap_or_else(|| groups::of(&artifact, None).0),
            version: word(found.version?.as_bytes()).filter(|it| !it.contains("${"))?,
            artifact,
            licence: maven.licence,
            place: maven.place,
        })
    }
}

/// A group's or artifact's identifier: one word, without what separates them.
fn identifier(text: &str) -> Option<String> {
    let is_odd = |char: char| matches!(char, ':' | '/' | '$' | '{' | '}' | '"' | ',' | '<' | '>');
    word(text.as_bytes()).filter(|text| !text.contains(is_odd))
}

/// Which of the artifacts is the archive itself.
fn own(known: &[Artifact], file: &FileName<'_>, manifest: Option<&Manifest>) -> Option<usize> {
    let fitting = known.iter().enumerate().filter(|(_, one)| fits(one, file));
    let best = fitting.max_by_key(|(at, one)| {
        let is_version = file.stem.ends_with(&one.version);
        (one.artifact.len(), is_version, std::cmp::Reverse(*at))
    });
    if let Some((at, _)) = best {
        return Some(at);
    }
    let first = known.first()?;
    let is_same = |one: &Artifact| {
        (&one.group, &one.artifact, &one.version) == (&first.group, &first.artifact, &first.version)
    };
    let has = |name: &str| manifest.and_then(|manifest| manifest.get(name));
    let agrees = match file.version {
        Some(version) => version.starts_with(&first.version),
        None => has("Implementation-Version").is_none_or(|version| version == first.version),
    };
    (agrees && known.iter().all(is_same)).then_some(0)
}

/// Whether a file is named after an artifact: the rest is a version, a classifier, or nothing.
fn fits(artifact: &Artifact, file: &FileName<'_>) -> bool {
    let Some(rest) = file.stem.strip_prefix(artifact.artifact.as_str()) else {
        return false;
    };
    let is_digit = |char: char| char.is_ascii_digit();
    match rest.strip_prefix(['-', '_', '.']) {
        None => rest.is_empty(),
        Some(rest) => {
            rest.starts_with(is_digit) || rest.contains(&artifact.version) || file.version.is_none()
        }
    }
}

/// The versions that a manifest gives its archive, the best first.
fn versions(manifest: &Manifest) -> Vec<String> {
    const NAMES: &[&str] = &[
        "Plugin-Version",
        "Implementation-Version",
        "Bundle-Version",
        "Specification-Version",
    ];
    let versions = NAMES.iter().filter_map(|name| {
        // A build or a date can stand behind it.
        let first = manifest.get(name)?.split_whitespace().next()?;
        let first = first.trim_matches(['"', '\'', ',', ';']);
        let version = word(first.as_bytes())?;
        let is_one = version.contains(|char: char| char.is_ascii_digit());
        (is_one && !version.contains("${")).then_some(version)
    });
    versions.collect()
}

fn licence(manifest: &Manifest) -> Option<String> {
    let found = manifest
        .get("Plugin-License-Name")
        .or(manifest.get("Bundle-License"))?;
    let is_odd = |char: char| char.is_control();
    Some(found.replace(is_odd, " "))
}

/// Group, artifact and version, by manifest and file name.
fn told(
    file: &FileName<'_>,
    manifest: Option<&Manifest>,
    versions: &[String],
) -> Option<(String, String, String)> {
    let has = |name: &str| manifest.and_then(|manifest| manifest.get(name));
    // An agent's patches for a library carry the library's name and version.
    if has("Weave-Classes").is_some() {
        return None;
    }
    let of_file = file.version.map(str::to_owned);
    let version = of_file.or_else(|| versions.first().cloned());
    let version = word(version?.as_bytes())?;
    let title = has("Implementation-Title");
    let bundle = manifest.and_then(|manifest| manifest.bundle("Bundle-SymbolicName"));
    let name = match file.version {
        Some(_) => identifier(file.artifact),
        None => {
            let names = [has("Short-Name"), title.map(artifact_of_title), bundle];
            let mut names = names.into_iter().flatten().filter_map(identifier);
            // A class file of the file's own name has a known artifact: see the table.
            let known = groups::is_known(file.stem).then(|| identifier(file.stem));
            known
                .flatten()
                .or_else(|| names.next())
                .or_else(|| identifier(file.stem))
        }
    };
    let (group, artifact) = groups::of(&name?, manifest);
    Some((group, artifact, version))
}

/// The artifact in a title of Gradle's publishing plugins, `group#artifact;version`, or the title.
fn artifact_of_title(title: &str) -> &str {
    let inner = title.split_once('#').map(|(_, rest)| rest);
    inner
        .and_then(|rest| rest.split(';').next())
        .unwrap_or(title)
}
