//! .NET packages: what an application was published with (`*.deps.json`, the host's
//! `deps-json-format.md`) and what a project is locked to (`packages.lock.json`,
//! `packages.config`).

use std::collections::BTreeMap;

use image::Limits;
use model::{Package, PackageType, Problem, ProblemKind};
use quick_xml::events::Event;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::{is_word, unreadable};

/// Packages that an application brings.
pub const DEPENDENCIES: Cataloger = Cataloger {
    name: "dotnet",
    reads: ".NET packages that an application was published with",
    paths: &[Pattern::Ending(".deps.json")],
    role: Role::Installed,
    parse: parse_dependencies,
    ..PLAIN
};

/// Packages that a project is locked to.
pub const LOCK: Cataloger = Cataloger {
    name: "dotnet-lock",
    reads: ".NET packages that a project is locked to",
    paths: &[Pattern::Name("packages.lock.json")],
    role: Role::Locked,
    parse: parse_lock,
    ..PLAIN
};

/// Packages that an older project asks for.
pub const CONFIG: Cataloger = Cataloger {
    name: "dotnet-config",
    reads: ".NET packages that an older project asks for",
    paths: &[Pattern::Name("packages.config")],
    role: Role::Locked,
    parse: parse_config,
    ..PLAIN
};

#[derive(Deserialize)]
struct Dependencies {
    #[serde(default)]
    libraries: BTreeMap<String, Library>,
    #[serde(default)]
    targets: BTreeMap<String, BTreeMap<String, Target>>,
}

#[derive(Deserialize)]
struct Library {
    #[serde(rename = "type", default)]
    kind: String,
}

/// What of a package is used at run time.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Target {
    runtime: Option<IgnoredAny>,
    native: Option<IgnoredAny>,
    runtime_targets: Option<IgnoredAny>,
    resources: Option<IgnoredAny>,
    compile: Option<IgnoredAny>,
}

fn parse_dependencies(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let read: Dependencies = match serde_json::from_slice(bytes) {
        Ok(read) => read,
        Err(error) => return unreadable(path, error),
    };
    // A package of which only references were compiled against is not there.
    let is_reference = |name: &str| {
        let mut targets = read
            .targets
            .values()
            .filter_map(|target| target.get(name))
            .peekable();
        targets.peek().is_some()
            && targets.all(|target| {
                let brings = [&target.runtime, &target.native, &target.runtime_targets];
                target.compile.is_some()
                    && target.resources.is_none()
                    && brings.iter().all(|part| part.is_none())
            })
    };
    let mut found = Found::default();
    let libraries = read.libraries.iter().filter(|(name, library)| {
        matches!(library.kind.as_str(), "package" | "runtimepack") && !is_reference(name)
    });
    for (name, library) in libraries {
        if let Some((name, version)) = name.split_once('/') {
            let name = match library.kind.as_str() {
                "runtimepack" => name.strip_prefix("runtimepack.").unwrap_or(name),
                _ => name,
            };
            add(&mut found, name, version);
        }
    }
    (found, Vec::new())
}

#[derive(Deserialize)]
struct Lock {
    dependencies: BTreeMap<String, BTreeMap<String, Locked>>,
}

#[derive(Deserialize)]
struct Locked {
    #[serde(default)]
    resolved: String,
}

fn parse_lock(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let read: Lock = match serde_json::from_slice(bytes) {
        Ok(read) => read,
        Err(error) => return unreadable(path, error),
    };
    let mut found = Found::default();
    for (name, locked) in read.dependencies.values().flatten() {
        add(&mut found, name, &locked.resolved);
    }
    (found, Vec::new())
}

fn parse_config(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = quick_xml::Reader::from_str(&text);
    let mut found = Found::default();
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return (found, Vec::new()),
            Ok(Event::Empty(element) | Event::Start(element)) => {
                let value = |name: &str| {
                    let attribute = element.try_get_attribute(name).ok().flatten()?;
                    Some(String::from_utf8_lossy(attribute.value.as_ref()).into_owned())
                };
                if let (Some(name), Some(version)) = (value("id"), value("version")) {
                    add(&mut found, &name, &version);
                }
            }
            Ok(_) => {}
            Err(error) => {
                let problem = Problem::new(ProblemKind::Malformed, path, error.to_string());
                return (found, vec![problem]);
            }
        }
    }
}

fn add(found: &mut Found, name: &str, version: &str) {
    if is_word(name) && is_word(version) {
        let package = Package::new(PackageType::Nuget, name, version).into();
        if !found.packages.contains(&package) {
            found.packages.push(package);
        }
    }
}
