//! `*.deps.json`, which the SDK puts beside a program: the packages that it was published with.
//! Form: dotnet/sdk, "Runtime configuration files", and dotnet/runtime, `Microsoft.Extensions.
//! DependencyModel`.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use image::Limits;
use model::{Package, PackageType, Problem, ProblemKind};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::named;
use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};

/// The packages of a .NET program or of a shared framework.
pub const DEPENDENCIES: Cataloger = Cataloger {
    name: "dotnet",
    reads: "NuGet packages that a .NET program or framework was published with",
    paths: &[Pattern::Ending(".deps.json")],
    role: Role::Installed,
    parse,
    ..PLAIN
};

#[derive(Deserialize)]
struct Deps<'a> {
    #[serde(borrow, default)]
    targets: HashMap<Cow<'a, str>, HashMap<Cow<'a, str>, Target<'a>>>,
    #[serde(borrow, default)]
    libraries: BTreeMap<Cow<'a, str>, Library<'a>>,
}

/// What a library brings for one framework and runtime.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target<'a> {
    #[serde(borrow, default)]
    dependencies: HashMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(borrow, default)]
    runtime: HashMap<Cow<'a, str>, IgnoredAny>,
    #[serde(borrow, default)]
    native: HashMap<Cow<'a, str>, IgnoredAny>,
    #[serde(borrow, default)]
    resources: HashMap<Cow<'a, str>, IgnoredAny>,
    #[serde(borrow, default)]
    runtime_targets: HashMap<Cow<'a, str>, IgnoredAny>,
}

#[derive(Deserialize)]
struct Library<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
}

impl Target<'_> {
    /// Whether it brings any; what is only compiled against (`compile`) is not there.
    fn has_files(&self) -> bool {
        let files = [
            &self.runtime,
            &self.native,
            &self.resources,
            &self.runtime_targets,
        ];
        files.into_iter().any(|files| !files.is_empty())
    }
}

/// Packages that put the files of others into one: what brings no file may be in there.
const MERGERS: &[&str] = &["ilrepack", "ilmerge", "costura.fody"];

fn parse(path: &str, bytes: &[u8], _limits: &Limits) -> (Found, Vec<Problem>) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let deps: Deps<'_> = match serde_json::from_slice(bytes) {
        Ok(deps) => deps,
        Err(error) => {
            let problem = Problem::new(ProblemKind::Malformed, path, error.to_string());
            return (Found::default(), vec![problem]);
        }
    };
    let shipped = shipped(&deps);
    let mut found = Found::default();
    for (key, library) in &deps.libraries {
        let is_package = matches!(library.kind.as_ref(), "package" | "runtimepack");
        if !is_package || !shipped.contains(key.as_ref()) {
            continue;
        }
        let (name, version) = key.split_once('/').unwrap_or((key, ""));
        // What a program that brings its runtime calls the package of it.
        let name = name.strip_prefix("runtimepack.").unwrap_or(name);
        if let Some((name, version)) = named(name, version) {
            let package = Package::new(PackageType::Nuget, name, version);
            found.packages.push(package.into());
        }
    }
    (found, Vec::new())
}

/// The libraries of which something lies in the image: those with files, those that only put
/// together others with files, and those of which the file does not tell. What is left, such as
/// `System.Net.Http` 4.3.0 where the framework has a newer one, brings nothing.
fn shipped<'a>(deps: &'a Deps<'_>) -> HashSet<&'a str> {
    let all = || deps.libraries.keys().map(Cow::as_ref);
    let is_merger = |key: &str| {
        let key = key.to_ascii_lowercase();
        MERGERS.iter().any(|merger| key.starts_with(merger))
    };
    if all().any(is_merger) {
        return all().collect();
    }
    let mut targets: HashMap<&str, Vec<&Target<'_>>> = HashMap::new();
    let mut users: HashMap<&str, Vec<&str>> = HashMap::new();
    for (key, target) in deps.targets.values().flatten() {
        targets.entry(key).or_default().push(target);
        for name in target.dependencies.keys() {
            users.entry(name).or_default().push(key);
        }
    }
    let has_files = |key: &&str| {
        let targets = targets.get(key);
        targets.is_none_or(|targets| targets.iter().any(|target| target.has_files()))
    };
    let mut shipped: HashSet<&str> = all().filter(has_files).collect();
    let mut waiting: Vec<&str> = shipped.iter().copied().collect();
    while let Some(key) = waiting.pop() {
        let name = key.split('/').next().unwrap_or(key);
        // Looked at once: other versions of it have the same users.
        for user in users.remove(name).unwrap_or_default() {
            if shipped.insert(user) {
                waiting.push(user);
            }
        }
    }
    shipped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn packages_count_where_something_of_them_is_shipped() {
        // Written for this test, after the form of the SDK 8.0's files.
        let text = r#"{
  "runtimeTarget": {"name": ".NETCoreApp,Version=v8.0/linux-x64", "signature": ""},
  "compilationOptions": {},
  "targets": {".NETCoreApp,Version=v8.0": {}, ".NETCoreApp,Version=v8.0/linux-x64": {
    "App/1.0.0": {"dependencies": {"Newtonsoft.Json": "13.0.1", "Meta": "1.0.0"}, "runtime": {"App.dll": {}}},
    "Newtonsoft.Json/13.0.1": {"runtime": {"lib/net6.0/Newtonsoft.Json.dll": {"fileVersion": "13.0.1.25517"}}},
    "Meta/1.0.0": {"dependencies": {"Newtonsoft.Json": "13.0.1"}},
    "System.Net.Http/4.3.0": {"dependencies": {"Microsoft.NETCore.Platforms": "1.1.0"}},
    "Microsoft.NETCore.Platforms/1.1.0": {},
    "Microsoft.AspNetCore.Antiforgery/8.0.0.0": {"compile": {"a.dll": {}}},
    "Only.Reference/2.0.0": {"compile": {"b.dll": {}}},
    "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.4": {"runtime": {"System.Private.CoreLib.dll": {}}}
  }},
  "libraries": {
    "App/1.0.0": {"type": "project", "serviceable": false, "sha512": ""},
    "Newtonsoft.Json/13.0.1": {"type": "package", "sha512": "sha512-x"},
    "Meta/1.0.0": {"type": "package"},
    "System.Net.Http/4.3.0": {"type": "package"},
    "Microsoft.NETCore.Platforms/1.1.0": {"type": "package"},
    "Microsoft.AspNetCore.Antiforgery/8.0.0.0": {"type": "referenceassembly"},
    "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.4": {"type": "runtimepack"},
    "Only.Reference/2.0.0": {"type": "package"},
    "Untold/2.0.0": {"type": "package"},
    "versionless": {"type": "package"}
  }
}"#;
        expect![[r#"
            nuget Meta 1.0.0
            nuget Newtonsoft.Json 13.0.1
            nuget Untold 2.0.0
            nuget Microsoft.NETCore.App.Runtime.linux-x64 8.0.4
        "#]]
        .assert_eq(&show(parse(
            "a.deps.json",
            text.as_bytes(),
            &Limits::default(),
        )));
        let merged = text.replace("\"Untold/", "\"ILRepack.Lib/");
        assert!(show(parse("a", merged.as_bytes(), &Limits::default())).contains("Platforms"));
        expect![[r#"
            ! a.deps.json: invalid type: sequence, expected a map at line 1 column 14 (malformed)
        "#]]
        .assert_eq(&show(parse(
            "a.deps.json",
            b"{\"libraries\": [",
            &Limits::default(),
        )));
    }
}
