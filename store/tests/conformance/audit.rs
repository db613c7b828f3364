//! What every store of metadata must do for the audit log.

use store::Metadata;
use store::record::{AuditFilter, Entry, Outcome};

use super::metadata::{Open, at};

fn entry(second: i64, actor: &str, action: &str, repository: Option<&str>) -> Entry {
    Entry {
        at: at(second),
        actor: actor.to_owned(),
        key_id: repository.map(|_| "AKIA1".to_owned()),
        client: "192.0.2.1".to_owned(),
        request_id: format!("r{second}"),
        action: action.to_owned(),
        repository: repository.map(str::to_owned),
        object: "v1".to_owned(),
        outcome: Outcome::Allowed,
        reason: String::new(),
        details: r#"{"a":"ü"}"#.to_owned(),
    }
}

fn log() -> [Entry; 4] {
    let denied = Entry {
        outcome: Outcome::Denied,
        reason: "the grant is missing".to_owned(),
        ..entry(2, "bob", "ecr:PutImage", Some("b"))
    };
    [
        entry(1, "ann", "ecr:PutImage", Some("a")),
        denied,
        entry(4, "ann", "lazaret:ManageUsers", None),
        entry(3, "ann", "ecr:BatchGetImage", Some("a")),
    ]
}

/// The seconds of the entries that fit.
fn found(metadata: &dyn Metadata, filter: &AuditFilter) -> Vec<i64> {
    let entries = metadata.audit(filter, None, 9).unwrap();
    let second = |entry: &store::record::Audited| entry.entry.at.as_second();
    entries.iter().map(second).collect()
}

pub fn entries_come_back_in_order_and_paged(open: Open) {
    let metadata = open();
    metadata.record_audit(&[]).unwrap();
    metadata.record_audit(&log()[..1]).unwrap();
    metadata.record_audit(&log()[1..]).unwrap();
    drop(metadata);
    let metadata = open();
    let all = metadata.audit(&AuditFilter::default(), None, 9).unwrap();
    let entries: Vec<Entry> = all.iter().map(|row| row.entry.clone()).collect();
    assert_eq!(entries, log());
    let mut read = Vec::new();
    let mut after = None;
    loop {
        let page = metadata.audit(&AuditFilter::default(), after, 3).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.sequence);
        read.extend(page);
    }
    assert_eq!(read, all);
    assert!(read.is_sorted_by(|one, next| one.sequence < next.sequence));
}

pub fn entries_are_found_by_all_that_is_said(open: Open) {
    let metadata = open();
    metadata.record_audit(&log()).unwrap();
    let none = AuditFilter::default();
    let text = |text: &str| Some(text.to_owned());
    let filter = |since: Option<i64>, until: Option<i64>| AuditFilter {
        since: since.map(at),
        until: until.map(at),
        ..none.clone()
    };
    assert_eq!(found(&*metadata, &filter(Some(2), None)), [2, 4, 3]);
    assert_eq!(found(&*metadata, &filter(Some(2), Some(4))), [2, 3]);
    assert_eq!(found(&*metadata, &filter(None, Some(2))), [1]);
    assert!(found(&*metadata, &filter(Some(5), None)).is_empty());
    let by = |actor: Option<String>, action: Option<String>, repository: Option<String>| {
        let filter = AuditFilter {
            actor,
            action,
            repository,
            ..none.clone()
        };
        found(&*metadata, &filter)
    };
    assert_eq!(by(text("ann"), None, None), [1, 4, 3]);
    assert_eq!(by(None, text("ecr:PutImage"), None), [1, 2]);
    assert_eq!(by(None, None, text("a")), [1, 3]);
    assert_eq!(by(text("ann"), text("ecr:PutImage"), text("a")), [1]);
    assert!(by(text("ANN"), None, None).is_empty());
    let denied = AuditFilter {
        outcome: Some(Outcome::Denied),
        ..none.clone()
    };
    assert_eq!(found(&*metadata, &denied), [2]);
}

pub fn entries_go_by_their_age_only(open: Open) {
    let metadata = open();
    metadata.record_audit(&log()).unwrap();
    let all = metadata.audit(&AuditFilter::default(), None, 9).unwrap();
    assert_eq!(metadata.forget_audit(at(1), 9).unwrap(), 0);
    assert_eq!(metadata.forget_audit(at(4), 2).unwrap(), 2);
    assert_eq!(found(&*metadata, &AuditFilter::default()), [4, 3]);
    assert_eq!(metadata.forget_audit(at(5), 9).unwrap(), 2);
    metadata.record_audit(&log()[..1]).unwrap();
    let again = metadata.audit(&AuditFilter::default(), None, 9).unwrap();
    assert!(
        again[0].sequence > all[3].sequence,
        "a place is taken once: who reads on misses nothing"
    );
}
