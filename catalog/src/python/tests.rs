use expect_test::expect;
use image::Limits;

use super::parse;
use crate::tests::show;

fn read(path: &str, text: &str) -> String {
    show(parse(path, text.as_bytes(), &Limits::default()))
}

#[test]
fn only_the_header_counts() {
    let text = "\
Metadata-Version: 2.1
name: Zope.Interface
VERSION:  5.4.0
License: ZPL 2.1
Description: More
        Version: 1
        
        License: none
Classifier: License :: OSI Approved :: Zope Public License

Name: other
Version: 2
";
    expect![[r#"
        pypi Zope.Interface 5.4.0 licence "ZPL 2.1"
    "#]]
    .assert_eq(&read("x.dist-info/METADATA", text));
}

#[test]
fn a_licence_is_a_name_and_no_text() {
    let mut shown = String::new();
    for text in [
        "License-Expression: MIT OR Apache-2.0\nLicense: other",
        "License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License",
        "License: Copyright\n        all of it\nClassifier: License :: OSI Approved :: BSD License\n\
         Classifier: License :: OSI Approved :: MIT License",
        "License:\nClassifier: Topic :: License",
    ] {
        shown += &read(
            "x.dist-info/METADATA",
            &format!("Name: a\nVersion: 1\n{text}\n"),
        );
    }
    expect![[r#"
        pypi a 1 licence "MIT OR Apache-2.0"
        pypi a 1 licence "MIT License"
        pypi a 1 licence "BSD License, MIT License"
        pypi a 1
    "#]]
    .assert_eq(&shown);
}

#[test]
fn a_path_says_what_a_text_does_not() {
    let mut shown = String::new();
    for (path, text) in [
        ("a/ruamel.yaml-0.17.21.dist-info/METADATA", ""),
        ("a/empty-1.0.0-py3.8.egg-info", ""),
        ("a/b-1.2-py2.7.egg/EGG-INFO/PKG-INFO", "Name: B\n"),
        ("a/c.egg-info/PKG-INFO", "Version: 3\n"),
        ("a/no-version-py3.8.egg-info", "Name: no-version\n"),
        ("a/c.egg-info/PKG-INFO", "Name: c\n"),
        ("a/two.egg-info/PKG-INFO", "Name: two words\nVersion: 1 2\n"),
        ("a/EGG-INFO/PKG-INFO", "Name: \u{1}\n"),
    ] {
        shown += &read(path, text);
    }
    expect![[r#"
        pypi ruamel.yaml 0.17.21
        pypi empty 1.0.0
        pypi B 1.2
        pypi c 3
        ! a/no-version-py3.8.egg-info:1: has no usable Name or Version, nor has its path (malformed)
        ! a/c.egg-info/PKG-INFO:1: has no usable Name or Version, nor has its path (malformed)
        ! a/two.egg-info/PKG-INFO:1: has no usable Name or Version, nor has its path (malformed)
        ! a/EGG-INFO/PKG-INFO:1: has no usable Name or Version, nor has its path (malformed)
    "#]]
    .assert_eq(&shown);
}
