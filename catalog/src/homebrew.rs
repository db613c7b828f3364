//! Homebrew: `Cellar/NAME/VERSION/INSTALL_RECEIPT.json`. The receipt says how a formula was
//! installed; which one it is its path says.

use image::{Limits, path};
use model::{Package, PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::word;

/// The receipts.
pub const HOMEBREW: Cataloger = Cataloger {
    name: "homebrew",
    reads: "formulae of Homebrew",
    paths: &[Pattern::Under {
        directory: "Cellar",
        ending: "INSTALL_RECEIPT.json",
    }],
    role: Role::Installed,
    parse,
    ..PLAIN
};

fn parse(path: &str, _: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let (directory, _) = path::split(path);
    let (above, version) = path::split(directory);
    let (cellar, name) = path::split(above);
    let words = word(name.as_bytes()).zip(word(version.as_bytes()));
    if let Some((name, version)) = words.filter(|_| path::split(cellar).1 == "Cellar") {
        found
            .packages
            .push(Package::new(PackageType::Brew, name, version).into());
    }
    (found, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;

    #[test]
    fn the_path_is_the_package() {
        let read = |path: &str| show(parse(path, b"{}", &Limits::default()));
        let cellar = "home/linuxbrew/.linuxbrew/Cellar";
        assert_eq!(
            read(&format!("{cellar}/openssl@3/3.1.2_1/INSTALL_RECEIPT.json")),
            "brew openssl@3 3.1.2_1\n"
        );
        assert_eq!(read(&format!("{cellar}/a/1/x/INSTALL_RECEIPT.json")), "");
        assert_eq!(read("Cellar/INSTALL_RECEIPT.json"), "");
    }
}
