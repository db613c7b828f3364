//! Packages of Erlang and Elixir: what a project is locked to (`mix.lock`, `rebar.lock`) and the
//! applications that are installed (`ebin/*.app`, OTP's app(4)).

use image::Limits;
use model::{Package, PackageType, Problem, ProblemKind};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::terms::Piece::{Open, Word};
use crate::terms::{Piece, Pieces};
use crate::text::{is_word, unreadable};

/// The lock file of mix.
pub const MIX_LOCK: Cataloger = Cataloger {
    name: "mix-lock",
    reads: "Erlang and Elixir packages that a project is locked to by mix",
    paths: &[Pattern::Name("mix.lock")],
    role: Role::Locked,
    parse: |path, bytes, _| parse(path, bytes, b'#', of_mix),
    ..PLAIN
};

/// The lock file of rebar3.
pub const REBAR_LOCK: Cataloger = Cataloger {
    name: "rebar-lock",
    reads: "Erlang packages that a project is locked to by rebar3",
    paths: &[Pattern::Name("rebar.lock")],
    role: Role::Locked,
    parse: |path, bytes, _| parse(path, bytes, b'%', of_rebar),
    ..PLAIN
};

/// Applications as a release or a system has them.
pub const APPLICATION: Cataloger = Cataloger {
    name: "erlang-application",
    reads: "Erlang and Elixir applications, by their own application files",
    paths: &[Pattern::Under {
        directory: "ebin",
        ending: ".app",
    }],
    role: Role::Installed,
    parse: parse_application,
    ..PLAIN
};

/// The version of Erlang/OTP as a whole, under which its weaknesses are published.
pub const OTP_VERSION: Cataloger = Cataloger {
    name: "erlang",
    reads: "Erlang/OTP itself, by its OTP_VERSION",
    paths: &[Pattern::Name("OTP_VERSION")],
    role: Role::Installed,
    parse: parse_version,
    ..PLAIN
};

/// Applications that Erlang/OTP and Elixir themselves consist of: no packages of Hex, which keeps
/// their names free.
const OWN: &[&str] = &[
    "asn1",
    "common_test",
    "compiler",
    "crypto",
    "debugger",
    "dialyzer",
    "diameter",
    "edoc",
    "eex",
    "eldap",
    "elixir",
    "erl_docgen",
    "erl_interface",
    "erts",
    "et",
    "eunit",
    "ex_unit",
    "ftp",
    "iex",
    "inets",
    "jinterface",
    "kernel",
    "logger",
    "megaco",
    "mix",
    "mnesia",
    "observer",
    "odbc",
    "os_mon",
    "parsetools",
    "public_key",
    "reltool",
    "runtime_tools",
    "sasl",
    "snmp",
    "ssh",
    "ssl",
    "stdlib",
    "syntax_tools",
    "tftp",
    "tools",
    "wx",
    "xmerl",
];

/// The last pieces that were read, oldest first.
type Window<'a> = [(usize, Piece<'a>); 4];

/// The package that the last pieces say, where they say one.
type Reader = for<'a> fn(&Window<'a>) -> Option<(&'a str, &'a str)>;

fn parse(path: &str, bytes: &[u8], comment: u8, package: Reader) -> (Found, Vec<Problem>) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return unreadable(path, "is no text");
    };
    let mut found = Found::default();
    let mut window: Window<'_> = [(0, Piece::Close); 4];
    let mut pieces = Pieces::new(text, comment);
    for piece in &mut pieces {
        window.rotate_left(1);
        if let Some(last) = window.last_mut() {
            *last = piece;
        }
        if let Some((name, version)) = package(&window)
            && is_word(name)
            && is_version(version)
        {
            found
                .packages
                .push(Package::new(PackageType::Hex, name, version).into());
        }
    }
    let cut = (pieces.depth > 0).then(|| {
        let detail = "ends inside a term: packages may be missing";
        Problem::new(ProblemKind::Truncated, path, detail)
    });
    (found, cut.into_iter().collect())
}

fn is_version(version: &str) -> bool {
    version.starts_with(|first: char| first.is_ascii_digit()) && is_word(version)
}

/// `"name": {:hex, :package, "1.0.0", …}`; what comes from git or from a path has no version.
fn of_mix<'a>(window: &Window<'a>) -> Option<(&'a str, &'a str)> {
    match window {
        [
            (1, Open),
            (2, Word("hex")),
            (2, Word(name)),
            (2, Word(version)),
        ] => Some((*name, *version)),
        _ => None,
    }
}

/// `{<<"name">>, {pkg, <<"package">>, <<"1.0.0">>}, 0}`, in a list that stood alone before rebar3
/// 3.7.
fn of_rebar<'a>(window: &Window<'a>) -> Option<(&'a str, &'a str)> {
    match window {
        [
            (_, Open),
            (_, Word("pkg")),
            (_, Word(name)),
            (_, Word(version)),
        ] => Some((*name, *version)),
        _ => None,
    }
}

/// `{application, name, [{vsn, "1.0.0"}, …]}`.
fn parse_application(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let Ok(text) = std::str::from_utf8(bytes) else {
        return unreadable(path, "is no text");
    };
    let mut pieces = Pieces::new(text, b'%');
    let start = [pieces.next(), pieces.next(), pieces.next()];
    let [
        Some((0, Open)),
        Some((1, Word("application"))),
        Some((1, Word(name))),
    ] = start
    else {
        return (found, Vec::new());
    };
    let mut last = [(0, Piece::Close); 2];
    let version = pieces.find_map(|piece| {
        let [before, key] = last;
        last = [key, piece];
        match (before, key, piece) {
            ((2, Open), (3, Word("vsn")), (3, Word(version))) => Some(version),
            _ => None,
        }
    });
    if let Some(version) = version.filter(|version| is_word(name) && is_version(version)) {
        let kind = match OWN.contains(&name) {
            true => PackageType::Otp,
            false => PackageType::Hex,
        };
        let mut package = Package::new(kind, name, version);
        // The language itself, under whose name its weaknesses are published.
        if (kind, name) == (PackageType::Otp, "elixir") {
            package.cpe = Some("elixir-lang:elixir".to_owned());
        }
        found.packages.push(package.into());
    }
    (found, Vec::new())
}

fn parse_version(_: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    // Two stars stand behind it where the system was patched.
    let version = std::str::from_utf8(bytes).unwrap_or_default();
    let version = version.trim().trim_end_matches('*');
    if is_version(version) {
        let package = Package {
            cpe: Some("erlang:erlang/otp".to_owned()),
            ..Package::new(PackageType::Generic, "erlang", version)
        };
        found.packages.push(package.into());
    }
    (found, Vec::new())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tests::show;

    #[test]
    fn terms_name_packages() {
        // After the files of mix 1.14, rebar3 3.5 and 3.20, and RabbitMQ 3.12.
        let mut told = String::new();
        for (cataloger, text) in [
            (
                MIX_LOCK,
                "%{\n  \"cowboy\": {:hex, :cowboy, \"2.9.0\", \"865d\", [:make], [{:cowlib, \"2.11.0\", \
                 [hex: :cowlib, repo: \"hexpm\", optional: false]}], \"hexpm\", \"2c72\"},\n  \
                 \"other\": {:hex, :plug, \"1.0.0-rc.1\", \"86\"},\n  \
                 \"git\": {:git, \"https://github.com/o/git.git\", \"26180f\", [ref: \"26\"]},\n}\n",
            ),
            (
                REBAR_LOCK,
                "{\"1.2.0\",\n[{<<\"certifi\">>,{pkg,<<\"certifi\">>,<<\"2.9.0\">>},0},\n \
                 {<<\"x\">>,{git,\"https://x/x\",{ref,\"4f\"}},0}]}.\n[\n{pkg_hash,[\n {<<\"certifi\">>, <<\"6F\">>}]}].\n",
            ),
            (
                REBAR_LOCK,
                "[{<<\"goldrush\">>,{pkg,<<\"goldrush\">>,<<\"0.1.9\">>},1}].\n",
            ),
            (
                APPLICATION,
                "%% made\n{application, 'rabbit', [\n {description, \"{vsn, \\\"1\\\"}\"}, % x\n \
                 {vsn, \"3.12.10\"}, {env, [{x, [{vsn, \"9\"}]}]}]}.\n",
            ),
            (APPLICATION, "{application,ssl,[{vsn,\"10.8.7\"}]}.\n"),
            (APPLICATION, "{application,elixir,[{vsn,\"1.14.0\"}]}.\n"),
            (APPLICATION, "{application,x,[{vsn,git}]}.\n"),
            (OTP_VERSION, "25.2.3**\n"),
        ] {
            told += &show((cataloger.parse)("f", text.as_bytes(), &Limits::default()));
        }
        expect![[r#"
            hex cowboy 2.9.0
            hex plug 1.0.0-rc.1
            hex certifi 2.9.0
            hex goldrush 0.1.9
            hex rabbit 3.12.10
            otp ssl 10.8.7
            otp elixir 1.14.0 cpe "elixir-lang:elixir"
            generic erlang 25.2.3 cpe "erlang:erlang/otp"
        "#]]
        .assert_eq(&told);
    }
}
