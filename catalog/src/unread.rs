//! Package databases that are recognised but not read. An image with one of them is never clean:
//! it is answered as unsupported.

use model::{Problem, ProblemKind};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};

macro_rules! unread {
    ($constant:ident, $name:literal, $reads:literal, $paths:expr) => {
        #[doc = $reads]
        pub const $constant: Cataloger = Cataloger {
            name: $name,
            reads: concat!($reads, ": not read yet, answered as unsupported"),
            paths: $paths,
            role: Role::Unread,
            parse: |path, _, _| problem(path, $reads),
            ..PLAIN
        };
    };
}

unread!(
    PACMAN,
    "pacman",
    "packages of Arch Linux and its kin",
    &[Pattern::Exact("var/lib/pacman/local/ALPM_DB_VERSION")]
);
unread!(
    PORTAGE,
    "portage",
    "packages of Gentoo",
    &[Pattern::Deep {
        directory: "var/db/pkg",
        name: "PF"
    }]
);
unread!(
    OPKG,
    "opkg",
    "packages of OpenWrt and its kin",
    &[
        Pattern::Exact("usr/lib/opkg/status"),
        Pattern::Exact("var/lib/opkg/status"),
    ]
);
unread!(
    CHISEL,
    "chisel",
    "slices of Ubuntu's packages, cut by chisel",
    &[Pattern::Exact("var/lib/chisel/manifest.wall")]
);

fn problem(path: &str, what: &str) -> (Found, Vec<Problem>) {
    let detail = format!("names {what}, which cannot be read yet");
    let problem = Problem::new(ProblemKind::Unsupported, path, detail);
    (Found::default(), vec![problem])
}
