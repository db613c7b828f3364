use super::*;
use crate::tests::show;

/// Made with Mono 6.8's mcs on 2026-11-25, of a class with one method and the attributes of an
/// assembly: product "Sample for People", informational version 1.2.3-beta.1+0123456789abcdef.
const SAMPLE: &[u8] = include_bytes!("../../../fixtures/dotnet-assembly/app/Sample.Library.dll");

fn read_as(path: &str, bytes: &[u8]) -> String {
    show(read(path, bytes, &Limits::default()))
}

#[test]
fn an_assembly_is_the_package_of_its_name() {
    let expected = "nuget Sample.Library 1.2.3-beta.1\n";
    assert_eq!(read_as("app/renamed.dll", SAMPLE), expected);
    assert_eq!(read_as("app/Sample.dll", b"MZ, and no more"), "");
    assert_eq!(read_as("app/Sample.dll", b""), "");
}

#[test]
fn names_and_versions_are_taken_from_what_is_usable() {
    let mut out = String::new();
    for (path, [original, internal, product, file]) in [
        (
            "a/x.dll",
            ["Newtonsoft.Json.dll", "", "13.0.1+ae9fe44e", "13.0.1.25517"],
        ),
        (
            "a/x.dll",
            [
                "",
                "System.Net.Http.dll",
                "4.6.25519.03 built by: dlab",
                "4.6.25519.03",
            ],
        ),
        ("a/System.Old.dll", ["", "System.Old", "release", "4.0.0.0"]),
        (
            "a/de/x.resources.dll",
            ["x.resources.dll", "", "1.0", "1.0"],
        ),
        ("a/x.dll", ["", "", "", ""]),
        ("a/single", ["", "", "1.0", ""]),
    ] {
        let strings = Strings {
            original: original.to_owned(),
            internal: internal.to_owned(),
            product_version: product.to_owned(),
            file_version: file.to_owned(),
        };
        let package = package(path, &strings);
        let package = package.map(|package| format!("{} {}", package.name, package.version));
        out += &format!("{}\n", package.unwrap_or_default());
    }
    let expected =
        "Newtonsoft.Json 13.0.1\nSystem.Net.Http 4.6.25519.03\nSystem.Old 4.0.0.0\n\n\n\n";
    assert_eq!(out, expected);
}

#[test]
fn damage_stops_nothing() {
    for at in 0..SAMPLE.len() {
        let mut bytes = SAMPLE.to_vec();
        bytes[at] = 0xff;
        read_as("a.dll", &bytes);
        if at % 7 == 0 {
            read_as("a.dll", &SAMPLE[..at]);
        }
    }
    let repeated = nodes(&[6, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0]).count();
    assert!(repeated <= 2);
}
