//! Interpreters, compilers and runtimes.

use super::{Class, class, find, near};

/// The version that stands before a program's name, as Java's launchers have it, or behind it.
const OPENJDK: &[super::Evidence] = &[
    find(r"\x00openjdk\x00java\x00[0-9][.0-9]*\x00+([0-9][-._+a-zA-Z0-9]+)\x00"),
    find(r"\x00[0-9][.0-9]*\x00+([0-9][-._+a-zA-Z0-9]+)\x00+openjdk\x00java\x00"),
    near(
        "openjdk",
        0,
        r"\x00([0-9]+\.[0-9]+\.[0-9]+(?:\.[0-9]+)*\+[-._+a-zA-Z0-9]+)\x00",
    ),
];

pub(super) const CLASSES: &[Class] = &[
    class(
        "python",
        "python:python",
        &["python2*", "python3*", "libpython*.so*"],
        &[find(
            r"\x00([23]\.[0-9]+\.[0-9]+(?:(?:a|b|rc)[0-9]+)?\+?)\x00",
        )],
    ),
    class(
        "pypy",
        "pypy:pypy",
        &["libpypy*.so*", "pypy*"],
        &[find(r"\[PyPy <1.2.3>")],
    ),
    class(
        "go",
        "golang:go",
        &["go", "go.exe"],
        &[find(
            r"\x00go([0-9]+\.[0-9]+(?:\.[0-9]+|beta[0-9]+|rc[0-9]+)?)\x00",
        )],
    ),
    class(
        "julia",
        "julialang:julia",
        &["libjulia*.so*", "julia"],
        &[
            find(r"[^0-9.]<1.2.3-pre>\x00(?:branch|verify_methods|BigInt|jl_sysimg_cpu_target)"),
            near("julia version", 60, r"\x00<1.2.3-pre>\x00"),
        ],
    ),
    class(
        "node",
        "nodejs:node.js",
        &["node", "nodejs", "node.exe", "libnode.so*"],
        &[
            find(r"node\.js/v<1.2.3>"),
            find(r"\x00(?:node )?v((?:0|4|5|6)\.[0-9]+\.[0-9]+)\x00"),
        ],
    ),
    class(
        "deno",
        "deno:deno",
        &["deno"],
        &[
            find(r"Deno/<1.2.3>"),
            find(r"deno-(?:canary/)?[0-9a-z]{40}(?:release/v)?<1.2.3>"),
            find(r"<1.2.3>[0-9a-z]{40}DENO"),
        ],
    ),
    class(
        "bun",
        "oven-sh:bun",
        &["bun"],
        &[find(r"[Bb]un v?<1.2.3>"), find(r"bun-<1.2.3>")],
    ),
    class(
        "perl",
        "perl:perl",
        &["perl", "perl5*", "libperl.so*"],
        &[
            find(r"/usr/(?:local/)?lib/perl5?/<1.2.3>"),
            find(r"/perl5?/(?:site_perl/|vendor_perl/)?(5\.[0-9]+\.[0-9]+)[/\x00]"),
            near("perl", 0, r"\x00v(5\.[0-9]+\.[0-9]+)\x00"),
        ],
    ),
    class(
        "php-cli",
        "php:php",
        &["php", "php5*", "php7*", "php8*"],
        &[find(r"X-Powered-By: PHP/<1.2.3>")],
    ),
    class(
        "php-fpm",
        "php:php",
        &["php-fpm*"],
        &[find(r"X-Powered-By: PHP/<1.2.3>")],
    ),
    class(
        "libphp",
        "php:php",
        &["libphp*.so"],
        &[find(r"X-Powered-By: PHP/<1.2.3>")],
    ),
    class(
        "ruby",
        "ruby-lang:ruby",
        &["ruby", "ruby2*", "ruby3*", "libruby.so*", "libruby-*.so*"],
        &[find(
            r"ruby ([0-9]+\.[0-9]+\.[0-9]+(?:(?:p|preview|rc|dev)[0-9]*)?) \(20",
        )],
    ),
    class(
        "erlang",
        "erlang:erlang\\/otp",
        &["erlexec", "beam.smp", "beam", "liberts_internal.a"],
        &[
            find(r"/src/otp[-_](?:src_)?([0-9]+(?:\.[0-9]+){1,3}(?:-rc[0-9])?)/erts/"),
            near(
                "Erlang/OTP",
                200,
                r"\x00([1-9][0-9](?:\.[0-9]+){1,3}(?:-rc[0-9])?)\x00",
            ),
        ],
    ),
    class(
        "swipl",
        "swi-prolog:swi-prolog",
        &["swipl", "libswipl.so*"],
        &[find(r"swipl-<1.2.3>/"), find(r"swi-prolog[-_]<1.2.3>[+/-]")],
    ),
    class(
        "dart",
        "dart:dart_software_development_kit",
        &["dart"],
        &[find(
            r"\x00([0-9]+\.[0-9]+\.[0-9]+(?:-[.0-9]+\.(?:beta|dev))?) \(",
        )],
    ),
    class(
        "haskell/ghc",
        "haskell:ghc",
        &["ghc*"],
        &[
            find(r"\x00GHC <1.2.3>\x00"),
            find(r"libHSghc-<1.2.3>-(?:[a-zA-Z0-9]+-)?ghc"),
        ],
    ),
    class(
        "haskell/cabal",
        "haskell:cabal",
        &["cabal"],
        &[
            find(r"cabal-install-([0-9]+(?:\.[0-9]+){2,3})-"),
            find(r"\x00Cabal-([0-9]+(?:\.[0-9]+){2,3})-"),
        ],
    ),
    class(
        "haskell/stack",
        "haskell:stack",
        &["stack"],
        &[find(r"Version\s*<1.2.3>,\s*Git")],
    ),
    class(
        "rust",
        "rust-lang:rust",
        &["libstd-*.so", "libstd-*.dylib", "librustc_driver-*.so"],
        &[find(concat!(
            r"(?:rustc version |\x00|c )([0-9]+\.[0-9]+\.[0-9]+(?:-nightly|-beta\.[0-9]+)?)",
            r" \([0-9a-f]{9} 20[-0-9]{8}\)"
        ))],
    ),
    class(
        "gcc",
        "gnu:gcc",
        &["gcc", "gcc-1*", "*-gcc", "*-gcc-1*", "cc1"],
        &[find(r"GCC: \([^)]*\) <1.2.3>")],
    ),
    Class {
        within: "zulu",
        ..class("zulu", "azul:zulu", &["java", "jdb"], OPENJDK)
    },
    class(
        "graalvm",
        "oracle:graalvm",
        &["java", "jdb"],
        &[find(
            r"\x00([0-9][.0-9]+\+[0-9]+-jvmci-[.0-9]+-b[0-9]+)\x00",
        )],
    ),
    class("openjdk", "oracle:openjdk", &["java", "jdb"], OPENJDK),
    Class {
        within: "ibm",
        ..class(
            "java",
            "ibm:java",
            &["java"],
            &[find(
                r"\x00java\x00+[0-9][.0-9]+\x00+([0-9][-._a-zA-Z0-9]+)\x00",
            )],
        )
    },
    class(
        "jre",
        "oracle:jre",
        &["java", "java.exe"],
        &[
            find(r"\x00([0-9]+\.[0-9]+\.[0-9]+[-._+a-zA-Z0-9]*[-+][-._+a-zA-Z0-9]+)\x00"),
            find(r"\x00(1\.[0-9]+\.[0-9]+_[-._a-zA-Z0-9]+)\x00"),
        ],
    ),
    class(
        "jdk",
        "oracle:jdk",
        &["jdb"],
        &[find(
            r"\x00([0-9]+\.[0-9]+\.[0-9]+[-._+a-zA-Z0-9]*[-+_][-._+a-zA-Z0-9]+)\x00",
        )],
    ),
    class(
        "lua",
        "lua:lua",
        &["lua", "lua5*", "liblua5*.so*"],
        &[find(r"\$LuaVersion: Lua <1.2.3>")],
    ),
    class(
        "luajit",
        "luajit:luajit",
        &["luajit*", "libluajit*.so*"],
        &[find(r"LuaJIT ([0-9]+\.[0-9]+\.[0-9]+(?:-beta[0-9]+)?)")],
    ),
];
