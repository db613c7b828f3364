//! Filters and frequencies as tables, and what a change of the rules sets going.

use jiff::Timestamp;
use store::record::{ScanState, TagRule};

use super::*;
use crate::testing::{ALPINE, Server};

/// Amazon's own table of which filter fits which repository (user guide, "Filters").
#[test]
fn filters_fit_as_ecr_says() {
    let names = [
        "prod",
        "repo-prod",
        "prod-repo",
        "repo-prod-repo",
        "prodrepo",
    ];
    let cases = [
        ("prod", "YYYYY"),
        ("*prod", "YYNNN"),
        ("prod*", "YNYNY"),
        ("*prod*", "YYYYY"),
        ("prod*repo", "NNYNY"),
    ];
    for (filter, expected) in cases {
        let filter = Filter::parse(filter).unwrap();
        let fits = names.map(|name| match filter.matches(&name.parse().unwrap()) {
            true => 'Y',
            false => 'N',
        });
        let fits: String = fits.into_iter().collect();
        assert_eq!(fits, expected, "{}", filter.as_str());
    }
}

#[test]
fn filters_are_of_the_pattern() {
    let long = "a".repeat(256);
    for text in ["", "-a", "a-", "a--b", "A", "a b", "a/", "/", "ä", &long] {
        assert!(Filter::parse(text).is_none(), "{text}");
    }
    let longest = "a".repeat(255);
    for text in ["*", "**", "a", "a.b_c-d/e*", "*/app", &longest] {
        assert!(Filter::parse(text).is_some(), "{text}");
    }
}

fn repository(name: &str, scan_on_push: Option<bool>) -> Repository {
    Repository {
        name: name.parse().unwrap(),
        created_at: Timestamp::UNIX_EPOCH,
        tag_rule: TagRule::default(),
        scan_on_push,
    }
}

/// `BASIC SCAN_ON_PUSH=prod,dev*`: a type and its rules.
fn configuration(text: &str) -> Configuration {
    let mut words = text.split(' ');
    let scan_type = ScanType::from_word(words.next().unwrap()).unwrap();
    let rule = |word: &str| {
        let (frequency, filters) = word.split_once('=').unwrap();
        Rule {
            frequency: Frequency::from_word(frequency).unwrap(),
            filters: filters
                .split(',')
                .map(|filter| Filter::parse(filter).unwrap())
                .collect(),
        }
    };
    Configuration {
        scan_type,
        rules: words.map(rule).collect(),
    }
}

#[test]
fn rules_and_a_repositorys_own_word_add_up() {
    let both = "ENHANCED SCAN_ON_PUSH=* CONTINUOUS_SCAN=prod,app*";
    let (yes, no) = (Some(true), Some(false));
    let cases = [
        ("", "app", None, "SCAN_ON_PUSH by *"),
        ("", "app", yes, "SCAN_ON_PUSH by *"),
        ("", "app", no, "MANUAL by "),
        ("BASIC", "app", None, "MANUAL by "),
        ("BASIC", "app", yes, "SCAN_ON_PUSH by "),
        (
            "BASIC SCAN_ON_PUSH=prod",
            "prod",
            no,
            "SCAN_ON_PUSH by prod",
        ),
        ("BASIC SCAN_ON_PUSH=prod", "app", None, "MANUAL by "),
        ("BASIC SCAN_ON_PUSH=prod", "app", yes, "SCAN_ON_PUSH by "),
        ("BASIC MANUAL=*", "app", None, "MANUAL by "),
        ("ENHANCED", "app", no, "CONTINUOUS_SCAN by "),
        (both, "app-prod", no, "CONTINUOUS_SCAN by prod,app*"),
        (both, "dev", None, "SCAN_ON_PUSH by *"),
        ("ENHANCED CONTINUOUS_SCAN=prod", "dev", None, "MANUAL by "),
        (
            "ENHANCED CONTINUOUS_SCAN=prod",
            "dev",
            yes,
            "SCAN_ON_PUSH by ",
        ),
    ];
    for (set, name, own, expected) in cases {
        let set = (!set.is_empty()).then(|| configuration(set));
        let effect = effect(set.as_ref(), &repository(name, own));
        let filters: Vec<&str> = effect.filters.iter().map(Filter::as_str).collect();
        let said = format!("{} by {}", effect.frequency.as_str(), filters.join(","));
        assert_eq!(said, expected, "{set:?} {name} {own:?}");
    }
}

#[tokio::test]
async fn what_is_to_be_scanned_now_is_scanned_once_and_no_more() {
    let server = Server::open();
    let state = |image: &model::Digest| {
        let scan = server.app.store.metadata.scan(image).unwrap();
        scan.map(|scan| scan.state)
    };
    set(&server.app, configuration("BASIC")).unwrap();
    let app = server.push("app", "1", ALPINE).await;
    let other = ALPINE.replace("P:zlib", "P:bzip2");
    let dev = server.push("dev", "1", &other).await;
    server.pass(5);
    server.work();
    assert_eq!((state(&app), state(&dev)), (None, None), "nobody asked");

    let rules = configuration("ENHANCED CONTINUOUS_SCAN=app");
    set(&server.app, rules.clone()).unwrap();
    server.work();
    assert_eq!(state(&app), None, "every server has to know of it first");
    server.pass(5);
    server.work();
    assert_eq!(
        (state(&app), state(&dev)),
        (Some(ScanState::Complete), None)
    );

    set(&server.app, rules).unwrap();
    assert_eq!(
        server.app.store.metadata.job_count().unwrap(),
        0,
        "no change"
    );
}

#[tokio::test]
async fn another_server_goes_by_new_rules_after_a_second() {
    let server = Server::open();
    let wanted = || {
        let repository = repository("app", None);
        server.app.scan_wanted(&repository).unwrap()
    };
    assert!(wanted());
    let text = serde_json::to_string(&configuration("BASIC")).unwrap();
    let metadata = &server.app.store.metadata;
    metadata.set_preference(PREFERENCE, &text, None).unwrap();
    assert!(wanted(), "the store is not asked for each push");
    server.pass(1);
    assert!(!wanted());
}
