//! What every store of metadata must do for the gate: documents with their versions, and passes.

use store::Metadata;
use store::record::{GateDocument, GateKind, NewGateDocument, Pass};

use super::metadata::{Open, at, digest, name};

fn put(metadata: &dyn Metadata, kind: GateKind, name: &str, text: &str, second: i64) -> u64 {
    let document = NewGateDocument {
        kind,
        name,
        form: "application/toml",
        text,
        who: "anna",
        made_at: at(second),
    };
    metadata.put_gate_document(&document).unwrap()
}

fn names(found: Vec<GateDocument>) -> Vec<String> {
    found.into_iter().map(|one| one.name).collect()
}

pub fn a_document_keeps_all_its_versions(open: Open) {
    let metadata = open();
    let policy = GateKind::Policy;
    assert_eq!(put(&*metadata, policy, "a", "one", 1), 1);
    assert_eq!(put(&*metadata, policy, "a", "two", 2), 2);
    let latest = metadata.gate_document(policy, "a").unwrap().unwrap();
    let expected = GateDocument {
        kind: policy,
        name: "a".into(),
        version: 2,
        form: "application/toml".into(),
        text: Some("two".into()),
        who: "anna".into(),
        made_at: at(2),
    };
    assert_eq!(latest, expected);
    let delete = |second| metadata.delete_gate_document(policy, "a", "bob", at(second));
    assert!(delete(3).unwrap());
    assert!(!delete(4).unwrap(), "it is deleted already");
    assert_eq!(metadata.gate_document(policy, "a").unwrap(), None);
    assert_eq!(put(&*metadata, policy, "a", "three", 5), 4, "it counts on");
    drop(metadata);
    let metadata = open();
    let versions = |before, limit| {
        let found = metadata.gate_document_versions(policy, "a", before, limit);
        let each = found.unwrap().into_iter();
        each.map(|one| (one.version, one.text, one.who))
            .collect::<Vec<_>>()
    };
    let version =
        |number, text: Option<&str>, who: &str| (number, text.map(str::to_owned), who.to_owned());
    let all = [
        version(4, Some("three"), "anna"),
        version(3, None, "bob"),
        version(2, Some("two"), "anna"),
        version(1, Some("one"), "anna"),
    ];
    assert_eq!(versions(None, 9), all);
    assert_eq!(versions(Some(4), 2), all[1..3]);
    let absent = metadata.gate_document_versions(GateKind::Vex, "a", None, 9);
    assert_eq!(absent.unwrap(), []);
}

pub fn documents_are_in_order_by_kind_and_paged(open: Open) {
    let metadata = open();
    for one in ["b", "a", "d", "c"] {
        put(&*metadata, GateKind::Vex, one, "x", 1);
    }
    put(&*metadata, GateKind::Exception, "b", "x", 1);
    put(&*metadata, GateKind::Vex, "a", "again", 2);
    assert!(
        metadata
            .delete_gate_document(GateKind::Vex, "c", "anna", at(3))
            .unwrap()
    );
    let found = |kind, after, limit| names(metadata.gate_documents(kind, after, limit).unwrap());
    assert_eq!(found(GateKind::Vex, None, 9), ["a", "b", "d"]);
    assert_eq!(found(GateKind::Vex, Some("a"), 1), ["b"]);
    assert_eq!(found(GateKind::Exception, None, 9), ["b"]);
    assert!(found(GateKind::Policy, None, 9).is_empty());
}

fn pass(id: &str, end: i64) -> Pass {
    Pass {
        id: id.into(),
        repository: name("team/app"),
        digest: digest("image"),
        who: "anna".into(),
        reason: "the payment system is down".into(),
        begins_at: at(1),
        ends_at: at(end),
    }
}

pub fn passes_hold_until_their_end(open: Open) {
    let metadata = open();
    assert!(metadata.create_pass(&pass("p1", 10)).unwrap());
    assert!(metadata.create_pass(&pass("p2", 20)).unwrap());
    assert!(
        !metadata.create_pass(&pass("p1", 30)).unwrap(),
        "it is taken"
    );
    drop(metadata);
    let metadata = open();
    assert_eq!(
        metadata.passes(at(5), 9).unwrap(),
        [pass("p2", 20), pass("p1", 10)]
    );
    assert_eq!(metadata.passes(at(5), 1).unwrap(), [pass("p2", 20)]);
    assert_eq!(metadata.passes(at(10), 9).unwrap(), [pass("p2", 20)]);
    assert!(metadata.end_pass("p2", at(12)).unwrap());
    assert!(!metadata.end_pass("p2", at(13)).unwrap(), "it has ended");
    assert!(metadata.passes(at(12), 9).unwrap().is_empty());
}

pub fn every_change_of_the_gate_is_counted(open: Open) {
    let metadata = open();
    let version = || metadata.gate_version().unwrap();
    assert_eq!(version(), 0);
    for kind in GateKind::ALL {
        put(&*metadata, kind, "a", "x", 1);
    }
    assert_eq!(version(), 3);
    metadata
        .delete_gate_document(GateKind::Policy, "a", "anna", at(2))
        .unwrap();
    metadata
        .delete_gate_document(GateKind::Policy, "a", "anna", at(2))
        .unwrap();
    assert_eq!(version(), 4, "nothing was deleted the second time");
    metadata.create_pass(&pass("p1", 10)).unwrap();
    metadata.create_pass(&pass("p1", 10)).unwrap();
    assert_eq!(version(), 5);
    metadata.end_pass("p1", at(5)).unwrap();
    metadata.end_pass("p1", at(6)).unwrap();
    assert_eq!(version(), 6);
}

pub fn threads_that_change_one_document_at_once_all_count(open: Open) {
    let metadata = open();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let metadata = &metadata;
            scope.spawn(move || {
                for _ in 0..5 {
                    put(&**metadata, GateKind::Policy, "a", "x", 1);
                }
            });
        }
    });
    assert_eq!(metadata.gate_version().unwrap(), 20);
    let latest = metadata
        .gate_document(GateKind::Policy, "a")
        .unwrap()
        .unwrap();
    assert_eq!(latest.version, 20);
}
