//! Texts and archives that hold the version of what they lie in, where it has no package manager.

use image::Limits;
use model::Problem;

use super::{Class, class, find, matchers_of, package};
use crate::cataloger::{Cataloger, Found, FoundPackage, PLAIN, Pattern, Role};

macro_rules! text {
    ($constant:ident, $name:literal, $reads:literal, $paths:expr, $class:expr) => {
        #[doc = $reads]
        pub const $constant: Cataloger = Cataloger {
            name: $name,
            reads: concat!($reads, ", from its own files"),
            paths: $paths,
            role: Role::Installed,
            parse: |_, bytes, _: &Limits| {
                const CLASS: Class = $class;
                read(&CLASS, bytes)
            },
            ..PLAIN
        };
    };
}

text!(
    GO,
    "go-toolchain",
    "the version of a Go toolchain",
    &[Pattern::Beside {
        directory: "go",
        name: "VERSION"
    }],
    class(
        "go",
        "golang:go",
        &[],
        &[find(
            r"^go([0-9]+\.[0-9]+(?:\.[0-9]+)?(?:(?:beta|rc)[0-9]+)?(?:-[-_0-9a-z]+)?)\s"
        )]
    )
);
text!(
    ELIXIR,
    "elixir",
    "the version of Elixir",
    &[Pattern::Beside {
        directory: "bin",
        name: "elixir"
    }],
    class(
        "elixir",
        "elixir-lang:elixir",
        &[],
        &[find(
            r"ELIXIR_VERSION=([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z0-9.]+)?)\s"
        )]
    )
);
text!(
    COMPOSER,
    "composer-program",
    "the version of Composer itself",
    &[Pattern::Name("composer"), Pattern::Name("composer.phar")],
    class(
        "composer",
        "getcomposer:composer",
        &[],
        &[
            find(concat!(
                r"(?:public|[;{])\s*const VERSION = '",
                r"([0-9]+\.[0-9]+\.[0-9]+(?:-(?:alpha|beta|RC)[0-9]+)?)'"
            )),
            find(
                r"'pretty_version'\s*=>\s*'([0-9]+\.[0-9]+\.[0-9]+(?:-?(?:alpha|beta|RC)[0-9]+)?)'"
            ),
        ]
    )
);
text!(
    WP_CLI,
    "wp-cli",
    "the version of WordPress' command line",
    &[Pattern::Name("wp"), Pattern::Name("wp-cli.phar")],
    class(
        "wp-cli",
        "wp-cli:wp-cli",
        &[],
        &[find(r"wp-cli/wp-cli <1.2.3>")]
    )
);
text!(
    WORDPRESS,
    "wordpress",
    "the version of WordPress",
    &[Pattern::Beside {
        directory: "wp-includes",
        name: "version.php"
    }],
    class(
        "wordpress",
        "wordpress:wordpress",
        &[],
        &[find(
            r"\$wp_version = '([0-9]+\.[0-9]+(?:\.[0-9]+)?(?:-(?:alpha|beta|RC)[0-9]*)?)[-0-9]*'"
        )]
    )
);
text!(
    FIREFOX,
    "firefox",
    "the version of Firefox",
    &[Pattern::Name("application.ini")],
    class(
        "firefox",
        "mozilla:firefox",
        &[],
        &[find(
            r"\nName=Firefox\r?\n(?:[^\[]*\n)?Version=([0-9]+(?:\.[0-9]+)+[a-z0-9]*)\r?\n"
        )]
    )
);

/// What a text of a class says; one that says nothing is none of it.
fn read(class: &Class, bytes: &[u8]) -> (Found, Vec<Problem>) {
    let found = package(class, &matchers_of(class.evidence), bytes);
    let mut all = Found::default();
    all.packages.extend(found.map(FoundPackage::from));
    (all, Vec::new())
}
