//! vcpkg: what is installed has a list of its files each, `vcpkg/info/NAME_VERSION_TRIPLET.list`.

use image::{Limits, path};
use model::{Package, PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::word;

/// The lists.
pub const VCPKG: Cataloger = Cataloger {
    name: "vcpkg",
    reads: "packages that vcpkg installed",
    paths: &[Pattern::Under {
        directory: "vcpkg/info",
        ending: ".list",
    }],
    role: Role::Installed,
    parse,
    ..PLAIN
};

fn parse(path: &str, _: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let package = package(path::split(path).1);
    found.packages.extend(package.map(Into::into));
    (found, Vec::new())
}

/// Names of ports hold no underline, and neither do those of triplets.
fn package(file: &str) -> Option<Package> {
    let (name, rest) = file.strip_suffix(".list")?.split_once('_')?;
    let (version, triplet) = rest.rsplit_once('_')?;
    let package = Package::new(
        PackageType::Vcpkg,
        word(name.as_bytes())?,
        word(version.as_bytes())?,
    );
    Some(Package {
        architecture: word(triplet.as_bytes()),
        ..package
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;

    #[test]
    fn the_name_is_the_package() {
        for (file, expected) in [
            (
                "zlib_1.3.1_x64-linux.list",
                "vcpkg zlib 1.3.1 [x64-linux]\n",
            ),
            (
                "boost-core_1.84.0_arm64-osx.list",
                "vcpkg boost-core 1.84.0 [arm64-osx]\n",
            ),
            ("zlib_x64-linux.list", ""),
            ("_1_x.list", ""),
            ("x.list", ""),
        ] {
            let path = format!("opt/vcpkg/installed/vcpkg/info/{file}");
            assert_eq!(show(parse(&path, b"", &Limits::default())), expected);
        }
    }
}
