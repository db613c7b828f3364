use super::*;
use crate::feed::interval::shown;

fn told(set: Result<Set, String>, after: fn(&str) -> String) -> String {
    match set {
        Ok(set) => shown(&set.ranges(&Set::none(order), after)),
        Err(error) => error,
    }
}

#[test]
fn bounds_are_in_order() {
    for pair in [
        "1.2.a",
        "1.2.0.beta",
        "1.2",
        "1.2.1",
        "1.2.10",
        "1.10",
        "2.0.0-alpha8",
        "2.0.0-rc2",
        "2.0.0",
        "v2.0.1",
        "3.0.0-beta.1",
        "3.0.0-RC1",
        "3.0.0",
    ]
    .windows(2)
    {
        assert_eq!(order(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        assert_eq!(order(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
    }
    for (a, b) in [
        ("1.2", "1.2.0.0"),
        ("1.02", "1.2"),
        ("v1", "1.0"),
        ("1.0+x", "1"),
    ] {
        assert_eq!(order(a, b), Ordering::Equal, "{a} {b}");
    }
}

#[test]
fn semantic_versions_are_in_order() {
    let all = [
        "1.0.0-0",
        "1.0.0-2",
        "1.0.0-11",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.1",
        "1.0.10-0",
        "v2.0.0-0",
        "2.0.0",
    ];
    for pair in all.windows(2) {
        assert_eq!(semantic_order(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        assert_eq!(
            semantic_order(pair[1], pair[0]),
            Ordering::Greater,
            "{pair:?}"
        );
    }
    assert_eq!(semantic_order("1.0.0+a", "v1.0.0+b"), Ordering::Equal);
}

#[test]
fn gems_are_required_by_rubygems_rules() {
    for (text, expected) in [
        ("~> 5.2.4, >= 5.2.4.3", "[5.2.4.3..5.3.a|"),
        ("~> 5.2", "[5.2..6.a|"),
        ("~> 5", "[5..6.a|"),
        ("~> 5.2.4.rc1", "[5.2.4.rc1..5.3.a|"),
        (">= 1.10.5, < 2.0.0", "[1.10.5..2.0.0|"),
        ("> 0.16.0", "[0.16.0.0.1..)"),
        ("<= 0.12.1", "[..0.12.1]"),
        ("= 1.6.0", "[1.6.0..1.6.0]"),
        ("1.6.0", "[1.6.0..1.6.0]"),
        ("!= 1.6.0", "[..1.6.0| [1.6.0.0.1..)"),
        ("", "'' is no requirement on a version"),
        (">= ", "'>= ' is no requirement on a version"),
        ("^ 1", "'^ 1' is no requirement on a version"),
        (
            "~> 18446744073709551615",
            "'~> 18446744073709551615' is no requirement on a version",
        ),
        ("~> a", "'~> a' is no requirement on a version"),
        (">= 1 < 2", "'>= 1 < 2' is no requirement on a version"),
    ] {
        assert_eq!(told(gem(text), after_gem), expected, "{text}");
    }
}

#[test]
fn packages_are_required_by_composers_rules() {
    for (text, expected) in [
        (">=2.0,<2.0.5", "[2.0..2.0.5|"),
        (">=2.0 <2.0.5||>=3,<3.1", "[2.0..2.0.5| [3..3.1|"),
        (">=2.0|<1", "[..1| [2.0..)"),
        (">0.7.1,<1.0.4", "[0.7.1-p1..1.0.4|"),
        (">1.0-beta1", "[1.0-beta1.1..)"),
        ("*", "[..)"),
        ("", ""),
        ("||", ""),
        (">=2.0||,", "'>=2.0||,' is no requirement on a version"),
        (">=é", "'>=é' is no requirement on a version"),
    ] {
        assert_eq!(told(composer(text), after_composer), expected, "{text}");
    }
}

#[test]
fn semantic_versions_are_required_by_npms_rules() {
    for (text, expected) in [
        ("10.x || 12.x", "[10.0.0-0..11.0.0-0| [12.0.0-0..13.0.0-0|"),
        (
            "^10.23.1 || ^0.2.3 || ^0.0.3",
            "[0.0.3..0.0.4-0| [0.2.3..0.3.0-0| [10.23.1..11.0.0-0|",
        ),
        ("~1.6.5 || >=1.7.2", "[1.6.5..1.7.0-0| [1.7.2..)"),
        ("~1", "[1.0.0-0..2.0.0-0|"),
        ("<= 10", "[..11.0.0-0|"),
        ("< 10", "[..10.0.0|"),
        ("> 1.2", "[1.3.0-0..)"),
        (">= 1.2", "[1.2.0..)"),
        ("<  2.0.5", "[..2.0.5|"),
        ("< 2.1.7 > 2.0.0", "[2.0.1-0..2.1.7|"),
        (">3.0.0-rc.1", "[3.0.0-rc.1.0..)"),
        ("1.2.3 - 2.3", "[1.2.3..2.4.0-0|"),
        ("=3.0.0-rc.1", "[3.0.0-rc.1..3.0.0-rc.1]"),
        ("1.2.*", "[1.2.0-0..1.3.0-0|"),
        ("*", "[..)"),
        ("", "[..)"),
        ("2.1.0-M1 || v2.1.0", "[2.1.0-M1..2.1.0-M1] [2.1.0..2.1.0]"),
        ("1.2.3.4", "'1.2.3.4' is no requirement on a version"),
        (
            "^18446744073709551615",
            "'^18446744073709551615' is no requirement on a version",
        ),
        ("latest", "'latest' is no requirement on a version"),
    ] {
        assert_eq!(told(npm(text), after_semantic), expected, "{text}");
    }
}

#[test]
fn crates_are_required_by_cargos_rules() {
    for (text, expected) in [
        (">= 0.6.2", "[0.6.2..)"),
        ("^0.5.3", "[0.5.3..0.6.0-0|"),
        ("0.5", "[0.5.0-0..0.6.0-0|"),
        ("< 2, >= 1.2.3", "[1.2.3..2.0.0|"),
        ("=1.0.3", "[1.0.3..1.0.3]"),
        (">= 0.7.0-alpha.1", "[0.7.0-alpha.1..)"),
        (">= 0.7.0-0, < 0.7.0-alpha.1", "[0.7.0-0..0.7.0-alpha.1|"),
        ("", "'' is no requirement on a version"),
    ] {
        assert_eq!(told(cargo(text), after_semantic), expected, "{text}");
    }
}

#[test]
fn hostile_texts_are_bounded() {
    let many = ">=1 ".repeat(1000);
    assert!(npm(&many).is_err() && composer(&many).is_err());
    assert!(npm(&"1||".repeat(1000)).is_err());
    assert!(gem(&">= 1,".repeat(1000)).is_err());
    let long = format!(">= {}", "9".repeat(10_000));
    assert!(gem(&long).is_ok() && npm(&long).is_err());
    for text in [
        "\u{0}", "🙂", ">=🙂", "~>", "^", "..", "-", "x", "~> .1", "1.-",
    ] {
        let _ = (gem(text), npm(text), cargo(text), composer(text));
    }
}
