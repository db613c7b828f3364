//! What .NET projects are built from: `PackageReference` in MSBuild's files, and the older
//! `packages.config`. Form: NuGet's documentation, "Package references in project files",
//! "packages.config reference", "Central Package Management".

use std::collections::{BTreeSet, HashMap};

use image::Limits;
use model::{Package, PackageType, Problem, ProblemKind};
use quick_xml::events::BytesStart;

use super::named;
use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::xml::{Node, attribute, walk};

/// Projects, and the file in which their packages' versions are kept together.
pub const PROJECT: Cataloger = Cataloger {
    name: "dotnet-project",
    reads: "NuGet packages that a .NET project refers to by one version",
    paths: &[
        Pattern::Ending(".csproj"),
        Pattern::Ending(".fsproj"),
        Pattern::Ending(".vbproj"),
        Pattern::Name("Directory.Packages.props"),
        Pattern::Name("Directory.Build.props"),
    ],
    role: Role::Locked,
    parse: parse_project,
    ..PLAIN
};

/// The list of a project's packages before there was one in the project itself.
pub const CONFIG: Cataloger = Cataloger {
    name: "dotnet-config",
    reads: "NuGet packages of an older .NET project",
    paths: &[Pattern::Name("packages.config")],
    role: Role::Locked,
    parse: parse_config,
    ..PLAIN
};

/// Elements that refer to a package by name and version.
const REFERENCES: &[&str] = &[
    "PackageReference",
    "PackageVersion",
    "GlobalPackageReference",
];
/// How often a property's value may name another.
const PROPERTIES_DEEP: usize = 8;
/// No version is longer, whatever properties make of it.
const LONGEST: usize = 1 << 10;

#[derive(Default)]
struct Project {
    properties: HashMap<String, String>,
    /// Names and versions, as they are written.
    references: Vec<(String, String)>,
}

impl Project {
    fn begin(&mut self, name: &str, start: &BytesStart<'_>) {
        if !REFERENCES.contains(&name) {
            return;
        }
        let package = attribute(start, "Include").or_else(|| attribute(start, "Update"));
        let version = attribute(start, "VersionOverride").or_else(|| attribute(start, "Version"));
        let reference = (package.unwrap_or_default(), version.unwrap_or_default());
        self.references.push(reference);
    }

    fn end(&mut self, parent: &str, name: &str, text: &str) {
        let is_version = matches!(name, "Version" | "VersionOverride");
        if parent == "PropertyGroup" {
            self.properties
                .insert(name.to_ascii_lowercase(), text.to_owned());
        } else if is_version
            && REFERENCES.contains(&parent)
            && let Some((_, version)) = self.references.last_mut().filter(|_| !text.is_empty())
        {
            text.clone_into(version);
        }
    }

    /// A text with its properties, `$(Name)`, replaced; `None` where one is not known here.
    fn resolve(&self, text: &str, deep: usize) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, property)) = rest.split_once("$(") {
            let (name, after) = property.split_once(')')?;
            let value = self.properties.get(&name.trim().to_ascii_lowercase())?;
            out.push_str(before);
            out.push_str(&self.resolve(value, deep.checked_sub(1)?)?);
            if out.len() > LONGEST {
                return None;
            }
            rest = after;
        }
        out.push_str(rest);
        (out.len() <= LONGEST).then_some(out)
    }

    fn packages(&self) -> BTreeSet<(String, String)> {
        let references = self.references.iter();
        let packages = references.filter_map(|(name, version)| {
            let version = self.resolve(version, PROPERTIES_DEEP)?;
            // One in brackets is the only one that is allowed; what else has brackets is a range.
            let only = version
                .strip_prefix('[')
                .and_then(|it| it.strip_suffix(']'));
            named(
                &self.resolve(name, PROPERTIES_DEEP)?,
                only.unwrap_or(&version).trim(),
            )
        });
        packages.collect()
    }
}

fn parse_project(path: &str, bytes: &[u8], _limits: &Limits) -> (Found, Vec<Problem>) {
    let mut project = Project::default();
    let walked = walk(without_mark(bytes), |way, node| {
        let (rest, name) = way.rsplit_once('/').unwrap_or(("", way));
        match node {
            Node::Start(start) => project.begin(name, start),
            Node::End(text) => {
                let parent = rest.rsplit('/').next().unwrap_or_default();
                project.end(parent, name, text);
            }
        }
    });
    found(path, project.packages(), walked)
}

fn parse_config(path: &str, bytes: &[u8], _limits: &Limits) -> (Found, Vec<Problem>) {
    let mut packages = BTreeSet::new();
    let walked = walk(without_mark(bytes), |way, node| {
        if let ("packages/package", Node::Start(start)) = (way, node) {
            let pair = attribute(start, "id").zip(attribute(start, "version"));
            packages.extend(pair.and_then(|(name, version)| named(&name, &version)));
        }
    });
    found(path, packages, walked)
}

/// Without the mark that editors of Windows put before UTF-8.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn found(
    path: &str,
    packages: BTreeSet<(String, String)>,
    walked: Result<(), String>,
) -> (Found, Vec<Problem>) {
    let packages = packages.into_iter();
    let packages =
        packages.map(|(name, version)| Package::new(PackageType::Nuget, name, version).into());
    let found = Found {
        packages: packages.collect(),
        ..Found::default()
    };
    let wrong = walked.err();
    let problem = wrong.map(|wrong| Problem::new(ProblemKind::Malformed, path, wrong));
    (found, problem.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn references_count_where_they_are_to_one_version() {
        // Written for these tests, after NuGet's documentation.
        let text = "\u{feff}<Project Sdk='Microsoft.NET.Sdk'><PropertyGroup><Json>13.0.$(N)</Json>\
            <n>1</n><Loop>$(Loop)</Loop></PropertyGroup><ItemGroup Condition=\"'$(X)' == ''\">\
            <PackageReference Include='Newtonsoft.Json' Version='$(JSON)' />\
            <PackageReference Include='Serilog'><Version>2.10.0</Version></PackageReference>\
            <PackageReference Include='Central'/>\
            <PackageReference Include='Overridden' VersionOverride='3.0.0'/>\
            <PackageReference Include='Floating' Version='1.*'/>\
            <PackageReference Include='Range' Version='[1.0,2.0)'/>\
            <PackageReference Include='Only' Version='[1.0]'/>\
            <PackageReference Include='Loop' Version='$(Loop)'/>\
            <PackageReference Version='1.0'/>\
            <PackageVersion Include='Kept' Version='4.0.0-beta.1'/>\
            </ItemGroup></Project>";
        let limits = Limits::default();
        expect![[r#"
            nuget Kept 4.0.0-beta.1
            nuget Newtonsoft.Json 13.0.1
            nuget Only 1.0
            nuget Overridden 3.0.0
            nuget Serilog 2.10.0
        "#]]
        .assert_eq(&show(parse_project("a.csproj", text.as_bytes(), &limits)));
        let text = b"<packages><package id='jQuery' version='3.1.1' targetFramework='net46'/>\
            <package id='None'/><package";
        expect![[r#"
            nuget jQuery 3.1.1
            ! packages.config: byte 92: syntax error: tag not closed: `>` not found before end of input (malformed)
        "#]].assert_eq(&show(parse_config("packages.config", text, &limits)));
    }
}
