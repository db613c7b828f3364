//! Gradle's lock files. Form: Gradle's user manual, "Locking dependency versions".

use image::Limits;
use model::{Package, PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::{FileProblems, excerpt, lines, word};

/// The one file of a project, and those of each configuration before Gradle 7.
pub const LOCK: Cataloger = Cataloger {
    name: "gradle-lock",
    reads: "dependencies that a Gradle project is locked to",
    paths: &[
        Pattern::Name("gradle.lockfile"),
        Pattern::Name("buildscript-gradle.lockfile"),
        Pattern::Under {
            directory: "gradle/dependency-locks",
            ending: ".lockfile",
        },
    ],
    role: Role::Locked,
    parse,
    ..PLAIN
};

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    for (number, line) in lines(bytes) {
        let line = line.trim_ascii();
        // `empty=` lists the configurations without dependencies.
        if line.is_empty() || line.starts_with(b"#") || line.starts_with(b"empty=") {
            continue;
        }
        match package(line) {
            Some(package) => found.packages.push(package.into()),
            None => problems.at(number, format!("is no dependency: '{}'", excerpt(line))),
        }
    }
    (found, problems.finish())
}

/// `group:artifact:version=configuration,configuration`.
fn package(line: &[u8]) -> Option<Package> {
    let coordinates = line.split(|byte| *byte == b'=').next()?;
    let text = word(coordinates)?;
    let mut parts = text.split(':');
    let (group, artifact, version) = (parts.next()?, parts.next()?, parts.next()?);
    let is_whole = ![group, artifact, version].contains(&"") && parts.next().is_none();
    let name = format!("{group}:{artifact}");
    is_whole.then(|| Package::new(PackageType::Maven, name, version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;

    #[test]
    fn each_line_is_a_dependency() {
        // Written for this test, after Gradle's manual.
        let text = "# This is a Gradle generated file\norg.slf4j:slf4j-api:1.7.30=a,b\r\n\
                    junit:junit:4.12\n\nempty=annotationProcessor\nbad\n a::1=x\na:b:c:d\n";
        expect_test::expect![[r#"
            maven org.slf4j:slf4j-api 1.7.30
            maven junit:junit 4.12
            ! gradle.lockfile:6: is no dependency: 'bad' (malformed)
            ! gradle.lockfile:7: is no dependency: 'a::1=x' (malformed)
            ! gradle.lockfile:8: is no dependency: 'a:b:c:d' (malformed)
        "#]]
        .assert_eq(&show(parse(
            "gradle.lockfile",
            text.as_bytes(),
            &Limits::default(),
        )));
    }
}
