//! What assemblies add to what the files of their programs say.

use std::collections::HashSet;

use model::Installed;

/// Adds the packages that only assemblies name. Where a `deps.json` lies beside an assembly it
/// lists the packages that the program was published with, by their own names and versions: an
/// assembly's are nearer to those of its file. An assembly of several places counts once.
pub fn merge(packages: &mut Vec<Installed>, mut assemblies: Vec<Installed>, listed: &[&str]) {
    let listed: HashSet<&str> = listed.iter().map(|path| directory(path)).collect();
    let mut seen = HashSet::new();
    assemblies.retain(|one| {
        let package = (one.package.name.clone(), one.package.version.clone());
        !listed.contains(directory(&one.path)) && seen.insert(package)
    });
    packages.extend(assemblies);
}

fn directory(path: &str) -> &str {
    image::path::split(path).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Ownership, Package, PackageType};

    #[test]
    fn a_list_beside_an_assembly_says_more() {
        let assembly = |path: &str| Installed {
            package: Package::new(PackageType::Nuget, "Sample", "1.0"),
            path: path.to_owned(),
            layer: None,
            ownership: Ownership::Own,
            licence: String::new(),
        };
        let mut packages = Vec::new();
        let assemblies = ["app/Sample.dll", "lib/Sample.dll", "tool/Sample.dll"].map(assembly);
        merge(&mut packages, assemblies.into(), &["app/app.deps.json"]);
        let paths: Vec<&str> = packages.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths, ["lib/Sample.dll"]);
    }
}
