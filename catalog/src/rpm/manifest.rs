//! `container-manifest-2`: what Azure Linux leaves in its distroless images in place of a database,
//! a line per package of `rpm -qa` with tabs between name, version-release, times, vendor, epoch,
//! size, architecture, epoch as a number and source.

use image::Limits;
use model::{Package, PackageType, Problem};

use super::header;
use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::{FileProblems, excerpt, lines};

/// The list.
pub const MANIFEST: Cataloger = Cataloger {
    name: "rpm-manifest",
    reads: "packages of distroless images of Azure Linux",
    paths: &[Pattern::Exact("var/lib/rpmmanifest/container-manifest-2")],
    role: Role::Database,
    parse,
    ..PLAIN
};

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    for (number, line) in lines(bytes).filter(|(_, line)| !line.is_empty()) {
        let package = std::str::from_utf8(line).ok().and_then(package);
        match package {
            Some(package) if package.name == "gpg-pubkey" => {}
            Some(package) => found.packages.push(package.into()),
            None => problems.at(number, format!("is no package: '{}'", excerpt(line))),
        }
    }
    (found, problems.finish())
}

fn package(line: &str) -> Option<Package> {
    let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
    let told = |at: usize| {
        let field = fields.get(at).copied().filter(|field| !field.is_empty());
        field.filter(|field| *field != "(none)" && !field.contains(char::is_control))
    };
    let is_word = |text: &&str| !text.contains(char::is_whitespace);
    let (name, version) = (told(0).filter(is_word)?, told(1).filter(is_word)?);
    version.contains('-').then_some(())?;
    let version = match told(5).filter(|epoch| *epoch != "0") {
        Some(epoch) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{epoch}:{version}")
        }
        _ => version.to_owned(),
    };
    Some(Package {
        source: told(9).and_then(header::source),
        architecture: told(7).filter(is_word).map(str::to_owned),
        vendor: told(4).map(str::to_owned),
        ..Package::new(PackageType::Rpm, name, version)
    })
}
