//! What the notes in programs add to what package databases say.

use std::collections::HashSet;

use model::evr::without_epoch;
use model::{Installed, Package, PackageType};

/// Whether a package is one of a distribution, whose database names it where there is one.
pub fn is_of_distribution(package: &Package) -> bool {
    matches!(
        package.kind,
        PackageType::Apk | PackageType::Deb | PackageType::Rpm
    )
}

/// Adds the packages that only programs' notes name, each once: in an image without a database,
/// or of a program that came from elsewhere. A note names the source package.
pub fn merge(packages: &mut Vec<Installed>, mut noted: Vec<Installed>) {
    if noted.is_empty() {
        return;
    }
    let known: HashSet<(PackageType, String, String)> = packages
        .iter()
        .filter(|one| is_of_distribution(&one.package))
        .flat_map(|one| {
            let package = &one.package;
            let versions = [&package.version, package.source_version()];
            versions.map(|version| key(package, version))
        })
        .collect();
    let mut seen = HashSet::new();
    noted.retain(|one| {
        let key = key(&one.package, &one.package.version);
        !known.contains(&key) && seen.insert(key)
    });
    packages.extend(noted);
}

/// Notes have no epoch.
fn key(package: &Package, version: &str) -> (PackageType, String, String) {
    let name = package.source_name().to_owned();
    (package.kind, name, without_epoch(version).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Ownership, Source};

    fn installed(name: &str, version: &str, source: &str, path: &str) -> Installed {
        let mut package = Package::new(PackageType::Rpm, name, version);
        package.source = Some(Source {
            name: source.to_owned(),
            version: version.to_owned(),
        });
        Installed {
            package,
            path: path.to_owned(),
            layer: None,
            ownership: Ownership::Own,
            licence: String::new(),
        }
    }

    #[test]
    fn a_note_says_what_no_database_says() {
        let mut packages = vec![installed("libcurl", "1:8.6.0-8.fc40", "curl", "rpmdb")];
        let noted = vec![
            installed("curl", "8.6.0-8.fc40", "curl", "usr/lib64/libcurl.so.4"),
            installed("curl", "8.6.0-9.fc40", "curl", "opt/curl"),
            installed("curl", "8.6.0-9.fc40", "curl", "opt/libcurl.so.4"),
            installed("zlib", "1.3-1.fc40", "zlib", "opt/libz.so"),
        ];
        merge(&mut packages, noted);
        let paths: Vec<&str> = packages.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths, ["rpmdb", "opt/curl", "opt/libz.so"]);
    }
}
