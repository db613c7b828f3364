use expect_test::expect;

use super::*;
use crate::tests::show;

#[test]
fn the_lines_of_the_build_information_are_modules() {
    // After what `go version -m` shows of a program of Go 1.20, 2023; the replacements are made up.
    let modules = "path\texample.org/app/cmd\nmod\texample.org/app\t(devel)\t\n\
        dep\tgolang.org/x/net\tv0.10.0\th1:x=\ndep\tgithub.com/old/name\tv1.0.0\n\
        =>\tgithub.com/new/name\tv1.2.0\th1:y=\ndep\texample.org/local\tv0.0.0\n=>\t./local\t\t\n\
        build\t-ldflags=\"-X main.version=1.4.2\"\nbuild\tCGO_ENABLED=0\n";
    let information = Information {
        version: "go1.20.5 X:boringcrypto".to_owned(),
        modules: modules.to_owned(),
    };
    let found = Found {
        packages: packages(&information),
        ..Found::default()
    };
    expect![[r#"
        golang example.org/app v1.4.2
        golang golang.org/x/net v0.10.0
        golang github.com/new/name v1.2.0
        golang example.org/local v0.0.0
        golang stdlib 1.20.5
    "#]]
    .assert_eq(&show((found, Vec::new())));
    assert_eq!(standard_library("devel +abc"), None);
    assert_eq!(standard_library(""), None);
}

#[test]
fn a_length_is_bounded() {
    let mut rest: &[u8] = b"\x03abcd";
    assert_eq!(text(&mut rest), Some(&b"abc"[..]));
    assert_eq!(rest, b"d");
    for wrong in [
        &b"\x05abc"[..],
        b"\xff\xff\xff\xff\xff\xff\x01",
        b"\x80",
        b"",
    ] {
        let mut rest = wrong;
        assert_eq!(text(&mut rest), None);
    }
}
