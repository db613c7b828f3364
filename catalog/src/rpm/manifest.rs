//! What stands for a database in the distroless images of Azure Linux: the answer of `rpm -qa`,
//! made when the image was.

use image::Limits;
use model::{Package, PackageType, Problem};

use super::header::{clean, source};
use crate::cataloger::{Cataloger, Found, FoundPackage, PLAIN, Pattern, Role};
use crate::text::{FileProblems, lines, word};

/// `container-manifest-2`: a line for each package, its fields between tabs: name,
/// version-release, times of installation and build, vendor, epoch, size, architecture, epoch
/// again as a number, source.
pub const MANIFEST: Cataloger = Cataloger {
    name: "rpm-manifest",
    reads: "packages of the distroless images of Azure Linux and CBL-Mariner",
    paths: &[Pattern::Exact("var/lib/rpmmanifest/container-manifest-2")],
    role: Role::Database,
    parse,
    ..PLAIN
};

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    for (number, line) in lines(bytes) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match package(line) {
            Some(package) if package.package.name == "gpg-pubkey" => {}
            Some(package) => found.packages.push(package),
            None => problems.at(number, "is no package: name and version are missing"),
        }
    }
    problems.check_end(bytes);
    (found, problems.finish())
}

fn package(line: &[u8]) -> Option<FoundPackage> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b'\t').collect();
    let field = |at: usize| fields.get(at).copied().unwrap_or_default();
    let known = |at: usize| word(field(at)).filter(|text| text != "(none)");
    let version = known(1)?;
    let version = match known(5) {
        Some(epoch) => format!("{epoch}:{version}"),
        None => version,
    };
    Some(FoundPackage::from(Package {
        source: source(field(9)),
        architecture: known(7),
        vendor: Some(clean(field(4))).filter(|vendor| !vendor.is_empty()),
        ..Package::new(PackageType::Rpm, known(0)?, version)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;

    #[test]
    fn lines_are_packages() {
        // After the manifest of CBL-Mariner's distroless base image, 2022; the rest is made up.
        let text = "\
mariner-release\t2.0-12.cm2\t1653816591\t1653753130\tMicrosoft Corporation\t(none)\t580\tnoarch\t\
0\tmariner-release-2.0-12.cm2.src.rpm
shadow-utils\t4.9-10.cm2\t1\t1\t(none)\t2\t1\tx86_64\t2\tshadow-utils-4.9-10.cm2.src.rpm
gpg-pubkey\t3135ce90-5e6fda74\t1\t1\t(none)\t(none)\t0\t(none)\t0\t(none)

short\t1-1
nothing
two words\t1-1
";
        let expected = expect_test::expect![[r#"
            rpm mariner-release 2.0-12.cm2 (mariner-release 2.0-12.cm2) [noarch] vendor "Microsoft Corporation"
            rpm shadow-utils 2:4.9-10.cm2 (shadow-utils 4.9-10.cm2) [x86_64]
            rpm short 1-1
            ! db:6: is no package: name and version are missing (malformed)
            ! db:7: is no package: name and version are missing (malformed)
        "#]];
        expected.assert_eq(&show(parse("db", text.as_bytes(), &Limits::default())));
    }
}
