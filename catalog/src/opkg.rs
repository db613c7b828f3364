//! opkg's database, of OpenWrt and of what Yocto builds: a status file in dpkg's form, and each
//! package's own record beside it.

use image::Limits;
use model::{PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::dpkg;

/// The status file.
pub const STATUS: Cataloger = Cataloger {
    name: "opkg",
    reads: "packages of OpenWrt and its kin",
    paths: &[
        Pattern::Exact("usr/lib/opkg/status"),
        Pattern::Exact("var/lib/opkg/status"),
    ],
    role: Role::Database,
    parse,
    ..PLAIN
};

/// The records, which say the same as the status file where there is one.
pub const CONTROL: Cataloger = Cataloger {
    name: "opkg-control",
    reads: "packages of OpenWrt and its kin, where their status file is not there",
    paths: &[
        Pattern::In {
            directory: "usr/lib/opkg/info",
            suffix: ".control",
        },
        Pattern::In {
            directory: "var/lib/opkg/info",
            suffix: ".control",
        },
    ],
    role: Role::Bill,
    parse,
    ..PLAIN
};

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let (mut found, problems) = dpkg::records(PackageType::Opkg, path, bytes, limits);
    for one in &mut found.packages {
        // OpenWrt's is the way to the source in its tree: `feeds/packages/net/curl`.
        if let Some(source) = &mut one.package.source
            && let Some((_, last)) = source.name.rsplit_once('/')
        {
            source.name = last.to_owned();
        }
        one.package.source.take_if(|source| source.name.is_empty());
    }
    (found, problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;

    #[test]
    fn records_are_packages() {
        // After OpenWrt 22.03's status file, 2023-01; the last two are made up.
        let text = "Package: libustream-wolfssl20201210\nVersion: 2022-12-07-9217ab46-2\n\
                    Depends: libc\nStatus: install user installed\nArchitecture: x86_64\n\
                    Installed-Time: 1672765438\n\nPackage: curl\nVersion: 7.83.1-4.1\n\
                    Source: feeds/packages/net/curl\nStatus: install hold installed\n\n\
                    Package: gone\nVersion: 1\nStatus: deinstall user not-installed\n\n\
                    Package: odd\nVersion: 1\nSource: a/\n";
        assert_eq!(
            show(parse("status", text.as_bytes(), &Limits::default())),
            "opkg libustream-wolfssl20201210 2022-12-07-9217ab46-2 [x86_64]\n\
             opkg curl 7.83.1-4.1 (curl 7.83.1-4.1)\nopkg odd 1\n"
        );
    }
}
