//! Maven's `pom.xml`: a project, what it depends on, and its licence. Form: Maven's POM
//! reference, model 4.0.0.

use std::collections::HashMap;

use image::Limits;
use model::{Package, PackageType, Problem, ProblemKind};

use crate::cataloger::{Cataloger, Found, FoundPackage, PLAIN, Pattern, Role};
use crate::text::word;
use crate::xml::{Node, walk};

/// A project's dependencies, where it says their versions itself.
pub const POM: Cataloger = Cataloger {
    name: "maven-pom",
    reads: "dependencies of a Maven project with a version that the same file gives",
    paths: &[Pattern::Name("pom.xml")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

/// What tells an artifact; each may be missing, or have variables in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coordinates {
    /// The group's identifier.
    pub group: Option<String>,
    /// The artifact's identifier.
    pub artifact: Option<String>,
    /// The version.
    pub version: Option<String>,
}

/// A project as its `pom.xml` describes it.
#[derive(Clone, Debug, Default)]
pub struct Pom {
    project: Coordinates,
    parent: Coordinates,
    properties: HashMap<String, String>,
    licences: Vec<String>,
    dependencies: Vec<Coordinates>,
    managed: Vec<Coordinates>,
}

/// How often a variable's value may name another.
const VARIABLES_DEEP: usize = 8;
/// A name or version is no longer, whatever variables make of it.
const LONGEST: usize = 1 << 10;

impl Pom {
    /// Reads a `pom.xml`, and says what is wrong with it.
    pub fn read(bytes: &[u8]) -> (Pom, Option<String>) {
        let mut pom = Pom::default();
        let mut open = Coordinates::default();
        let walked = walk(bytes, |way, node| {
            let Some(way) = way.strip_prefix("project/") else {
                return;
            };
            // What holds in a profile only may hold.
            let way = way.strip_prefix("profiles/profile/").unwrap_or(way);
            match node {
                Node::Start(_) if way.ends_with("/dependency") => open = Coordinates::default(),
                Node::Start(_) => {}
                Node::End(text) => pom.take(way, text, &mut open),
            }
        });
        (pom, walked.err())
    }

    fn take(&mut self, way: &str, text: &str, open: &mut Coordinates) {
        if let Some(field) = way.strip_prefix("parent/") {
            self.parent.take(field, text);
        } else if let Some(name) = way.strip_prefix("properties/") {
            self.properties.insert(name.to_owned(), text.to_owned());
        } else if way == "licenses/license/name" {
            self.licences.push(text.to_owned());
        } else if let Some(field) = way.strip_prefix("dependencies/dependency") {
            match field.strip_prefix('/') {
                Some(field) => open.take(field, text),
                None => self.dependencies.push(std::mem::take(open)),
            }
        } else if let Some(field) = way.strip_prefix("dependencyManagement/dependencies/dependency")
        {
            match field.strip_prefix('/') {
                Some(field) => open.take(field, text),
                None => self.managed.push(std::mem::take(open)),
            }
        } else {
            self.project.take(way, text);
        }
    }

    /// What the project is, as far as the file says it: what it does not is its parent's.
    pub fn coordinates(&self) -> Coordinates {
        let of = |own: &Option<String>, parents: &Option<String>| {
            let value = own.as_ref().or(parents.as_ref())?;
            self.resolve(value, VARIABLES_DEEP)
        };
        Coordinates {
            group: of(&self.project.group, &self.parent.group),
            artifact: of(&self.project.artifact, &None),
            version: of(&self.project.version, &self.parent.version),
        }
    }

    /// The names of its licences; any of them may be chosen.
    pub fn licence(&self) -> String {
        self.licences.join(" OR ")
    }

    /// A text with its variables replaced; `None` where one is not known here.
    fn resolve(&self, text: &str, deep: usize) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, variable)) = rest.split_once("${") {
            let (name, after) = variable.split_once('}')?;
            out.push_str(before);
            let value = self.variable(name)?;
            out.push_str(&self.resolve(value, deep.checked_sub(1)?)?);
            if out.len() > LONGEST {
                return None;
            }
            rest = after;
        }
        out.push_str(rest);
        (out.len() <= LONGEST).then_some(out)
    }

    fn variable(&self, name: &str) -> Option<&str> {
        if let Some(value) = self.properties.get(name) {
            return Some(value);
        }
        let field = name.strip_prefix("project.").or(name.strip_prefix("pom."));
        let value = match field.unwrap_or(name) {
            "groupId" => self.project.group.as_ref().or(self.parent.group.as_ref()),
            "artifactId" => self.project.artifact.as_ref(),
            "version" => self
                .project
                .version
                .as_ref()
                .or(self.parent.version.as_ref()),
            "parent.groupId" => self.parent.group.as_ref(),
            "parent.artifactId" => self.parent.artifact.as_ref(),
            "parent.version" => self.parent.version.as_ref(),
            _ => None,
        };
        value.map(String::as_str)
    }

    /// A dependency's group, artifact and version, where the version is fixed.
    fn dependency(
        &self,
        found: &Coordinates,
        managed: &HashMap<(&str, &str), &str>,
    ) -> Option<(String, String, String)> {
        let (group, artifact) = (found.group.as_deref()?, found.artifact.as_deref()?);
        let version = match found.version.as_deref() {
            Some(version) => version,
            None => managed.get(&(group, artifact)).copied()?,
        };
        let version = self.resolve(version, VARIABLES_DEEP)?;
        // One in brackets is the only one that is allowed; other brackets are ranges.
        let only = version
            .strip_prefix('[')
            .and_then(|it| it.strip_suffix(']'));
        let version = only.unwrap_or(&version);
        let is_fixed = !version.contains(['[', ']', '(', ')', ',']);
        let is_fixed = is_fixed && !matches!(version, "LATEST" | "RELEASE");
        let name = |text| word(self.resolve(text, VARIABLES_DEEP)?.as_bytes());
        let version = word(version.as_bytes()).filter(|_| is_fixed)?;
        Some((name(group)?, name(artifact)?, version))
    }
}

impl Coordinates {
    fn take(&mut self, field: &str, text: &str) {
        let slot = match field {
            "groupId" => &mut self.group,
            "artifactId" => &mut self.artifact,
            "version" => &mut self.version,
            _ => return,
        };
        if !text.is_empty() {
            *slot = Some(text.to_owned());
        }
    }
}

fn parse(path: &str, bytes: &[u8], _limits: &Limits) -> (Found, Vec<Problem>) {
    let (pom, wrong) = Pom::read(bytes);
    let problem = wrong.map(|wrong| Problem::new(ProblemKind::Malformed, path, wrong));
    let managed = pom.managed.iter().filter_map(|found| {
        let key = (found.group.as_deref()?, found.artifact.as_deref()?);
        Some((key, found.version.as_deref()?))
    });
    let managed = managed.collect();
    let mut packages: Vec<FoundPackage> = Vec::new();
    for found in &pom.dependencies {
        if let Some((group, artifact, version)) = pom.dependency(found, &managed) {
            let name = format!("{group}:{artifact}");
            packages.push(Package::new(PackageType::Maven, name, version).into());
        }
    }
    let found = Found {
        packages,
        ..Found::default()
    };
    (found, problem.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn dependencies_count_where_the_file_fixes_their_versions() {
        // Written for this test, after Maven's POM reference.
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent><groupId>org.example</groupId><artifactId>up</artifactId><version>7</version></parent>
  <artifactId>app</artifactId>
  <properties><a>1.${b}</a><b>2</b><loop>${loop}</loop><g>org</g></properties>
  <licenses><license><name>MIT</name></license></licenses>
  <dependencyManagement><dependencies>
    <dependency><groupId>g</groupId><artifactId>managed</artifactId><version>3</version></dependency>
  </dependencies></dependencyManagement>
  <dependencies>
    <dependency><groupId>${g}.x</groupId><artifactId>vars</artifactId><version>${a}-x</version>
      <exclusions><exclusion><groupId>no</groupId><artifactId>no</artifactId></exclusion></exclusions>
    </dependency>
    <dependency><groupId>g</groupId><artifactId>managed</artifactId></dependency>
    <dependency><groupId>${project.groupId}</groupId><artifactId>sister</artifactId>
      <version>${project.version}</version></dependency>
    <dependency><groupId>g</groupId><artifactId>only</artifactId><version>[1.0]</version></dependency>
    <dependency><groupId>g</groupId><artifactId>range</artifactId><version>[1,2)</version></dependency>
    <dependency><groupId>g</groupId><artifactId>loop</artifactId><version>${loop}</version></dependency>
    <dependency><groupId>g</groupId><artifactId>unknown</artifactId><version>${x}</version></dependency>
    <dependency><groupId>g</groupId><artifactId>nowhere</artifactId></dependency>
  </dependencies>
  <build><plugins><plugin><dependencies>
    <dependency><groupId>g</groupId><artifactId>plugin</artifactId><version>1</version></dependency>
  </dependencies></plugin></plugins></build>
  <profiles><profile><id>id</id><properties><c>4</c></properties><dependencies>
    <dependency><groupId>g</groupId><artifactId>profiled</artifactId><version>${c}</version></dependency>
  </dependencies></profile></profiles>
</project>"#;
        expect![[r#"
            maven org.x:vars 1.2-x
            maven g:managed 3
            maven org.example:sister 7
            maven g:only 1.0
            maven g:profiled 4
        "#]]
        .assert_eq(&show(parse("pom.xml", text.as_bytes(), &Limits::default())));
        let (pom, _) = Pom::read(text.as_bytes());
        let is = |text: &str| Some(text.to_owned());
        let expected = Coordinates {
            group: is("org.example"),
            artifact: is("app"),
            version: is("7"),
        };
        assert_eq!(
            (pom.coordinates(), pom.licence()),
            (expected, "MIT".to_owned())
        );
    }

    #[test]
    fn a_cut_document_says_so() {
        let text = "<project><dependencies><dependency><groupId>g</groupId><artifactId>a\
                    </artifactId><version>1</version></dependency><dependency>";
        expect![[r#"
            maven g:a 1
            ! pom.xml: byte 126: is cut off (malformed)
        "#]]
        .assert_eq(&show(parse("pom.xml", text.as_bytes(), &Limits::default())));
    }
}
