//! What every store of metadata must do for housekeeping: garbage, damage and room.

use model::Digest;
use store::Metadata;
use store::record::{
    Job, JobKind, Link, PutManifest, ScanOrder, StoreUsage, StoredBlob, UnusedLink,
};

use super::metadata::{Open, at, digest, hold, manifest, name, put, with};

fn unused(metadata: &dyn Metadata, before: i64) -> Vec<(String, Digest)> {
    let links = metadata.unused_links(at(before), None, 9).unwrap();
    let pair = |link: UnusedLink| (link.repository.to_string(), link.digest);
    links.into_iter().map(pair).collect()
}

fn unheld(metadata: &dyn Metadata, before: i64) -> Vec<Digest> {
    let blobs = metadata.unheld_blobs(at(before), None, 9).unwrap();
    blobs.into_iter().map(|blob| blob.digest).collect()
}

/// An image of one blob.
fn image(of: &str, text: &str, blob: &str) -> store::record::Manifest {
    store::record::Manifest {
        blobs: vec![digest(blob)],
        ..manifest(of, text)
    }
}

pub fn links_without_a_manifest_are_unused(open: Open) {
    let metadata = with(open, &["a", "b"]);
    hold(&*metadata, "a", "named", 1);
    hold(&*metadata, "a", "loose", 2);
    hold(&*metadata, "b", "named", 1);
    put(&*metadata, &image("a", "m", "named"), None);
    assert!(
        unused(&*metadata, 1).is_empty(),
        "they were wanted just now"
    );
    let found = unused(&*metadata, 2);
    let expected = [
        ("a".to_owned(), digest("loose")),
        ("b".to_owned(), digest("named")),
    ];
    assert_eq!(
        found, expected,
        "another repository's manifest does not count"
    );
    let links = metadata.unused_links(at(2), None, 1).unwrap();
    assert_eq!(links.len(), 1);
    let next = metadata.unused_links(at(2), links.first(), 9).unwrap();
    assert_eq!(next.len(), 1);
    assert!(metadata.remove_unused_link(&next[0], at(2)).unwrap());
    assert!(!metadata.remove_unused_link(&next[0], at(2)).unwrap());
    let wanted = metadata
        .want_blob(&name("a"), &digest("loose"), at(5), at(2))
        .unwrap();
    assert_eq!(wanted, Some(2));
    assert!(
        !metadata.remove_unused_link(&links[0], at(2)).unwrap(),
        "it is wanted again"
    );
    assert!(unused(&*metadata, 5).is_empty());
    assert_eq!(
        metadata
            .want_blob(&name("b"), &digest("named"), at(5), at(2))
            .unwrap(),
        None
    );
}

pub fn a_wanted_link_is_not_written_twice(open: Open) {
    let metadata = with(open, &["a"]);
    hold(&*metadata, "a", "x", 1);
    let want = |now, stale| {
        metadata
            .want_blob(&name("a"), &digest("x"), at(now), at(stale))
            .unwrap()
    };
    assert_eq!(want(50, 1), Some(1), "it is fresh enough");
    assert_eq!(unused(&*metadata, 2).len(), 1);
    assert_eq!(want(50, 2), Some(1));
    assert!(unused(&*metadata, 50).is_empty());
}

/// The collector's job, leased.
fn job(metadata: &dyn Metadata, now: i64) -> Job {
    let lease = jiff::SignedDuration::from_secs(1);
    let job = metadata.claim_job(&JobKind::Collect, at(now), lease);
    job.unwrap().unwrap()
}

pub fn a_doomed_blob_can_be_had_again_when_it_is_gone(open: Open) {
    let metadata = with(open, &["a"]);
    hold(&*metadata, "a", "x", 3);
    let x = digest("x");
    let first = job(&*metadata, 9);
    let doom = |before, now| metadata.doom_blob(&first, &x, at(before), at(now)).unwrap();
    assert!(!doom(9, 9), "it is held");
    metadata.unlink_blob(&name("a"), &x).unwrap();
    assert!(!doom(1, 9), "it was claimed lately");
    assert!(unheld(&*metadata, 1).is_empty());
    assert_eq!(unheld(&*metadata, 2), vec![x.clone()]);
    let claim = metadata.claim_blob(&x, at(1)).unwrap().unwrap();
    assert!(doom(2, 9));
    drop(metadata);
    let metadata = open();
    let going_on = "a removal that was begun goes on";
    assert_eq!(unheld(&*metadata, 0), vec![x.clone()], "{going_on}");
    let second = job(&*metadata, 20);
    assert!(metadata.doom_blob(&second, &x, at(0), at(20)).unwrap());
    assert!(metadata.claim_blob(&x, at(21)).unwrap().is_none());
    let link = metadata.link_blob(&name("a"), &x, at(21)).unwrap();
    assert_eq!(link, Link::NoBlob);
    let finish = |claim| {
        let id = store::UploadId::from_random([1; 16]);
        metadata
            .finish_upload(&id, &name("a"), &x, claim, 3, at(21))
            .unwrap()
    };
    assert_eq!(finish(claim), Link::NoBlob);
    metadata.forget_blob(&x, at(9)).unwrap();
    assert!(
        metadata.blob(&x).unwrap().is_some(),
        "another collector has it now"
    );
    metadata.forget_blob(&x, at(20)).unwrap();
    assert_eq!(metadata.blob(&x).unwrap(), None);
    let anew = metadata.claim_blob(&x, at(22)).unwrap().unwrap();
    assert_eq!(
        finish(claim),
        Link::NoBlob,
        "its bytes went with the row that it claimed"
    );
    assert_eq!(finish(anew), Link::Linked(3));
    metadata.forget_blob(&x, at(20)).unwrap();
    assert!(
        metadata.blob(&x).unwrap().is_some(),
        "only what is doomed is forgotten"
    );
}

pub fn a_collector_that_lost_its_job_dooms_nothing(open: Open) {
    let metadata = with(open, &["a"]);
    hold(&*metadata, "a", "x", 3);
    metadata.unlink_blob(&name("a"), &digest("x")).unwrap();
    let (first, second) = (job(&*metadata, 9), job(&*metadata, 20));
    let doom = |job| {
        metadata
            .doom_blob(job, &digest("x"), at(9), at(21))
            .unwrap()
    };
    assert!(!doom(&first));
    assert!(
        !metadata
            .doom_orphan(&first, &digest("lost"), at(21))
            .unwrap()
    );
    assert!(doom(&second));
    metadata.spare_blob(&digest("x"), at(20)).unwrap();
    assert!(metadata.claim_blob(&digest("x"), at(22)).unwrap().is_none());
    metadata.spare_blob(&digest("x"), at(21)).unwrap();
    assert!(metadata.claim_blob(&digest("x"), at(22)).unwrap().is_some());
}

pub fn bytes_without_a_row_are_doomed_first(open: Open) {
    let metadata = with(open, &["a"]);
    hold(&*metadata, "a", "x", 3);
    let job = job(&*metadata, 9);
    assert!(!metadata.doom_orphan(&job, &digest("x"), at(9)).unwrap());
    assert!(metadata.doom_orphan(&job, &digest("lost"), at(9)).unwrap());
    assert!(
        metadata
            .claim_blob(&digest("lost"), at(9))
            .unwrap()
            .is_none()
    );
}

pub fn a_damaged_blob_is_not_there_until_it_is_pushed_again(open: Open) {
    let metadata = with(open, &["a", "b"]);
    hold(&*metadata, "a", "x", 3);
    let (a, x) = (name("a"), digest("x"));
    let seen = metadata.blob(&x).unwrap().unwrap();
    assert!(metadata.set_damaged(&seen, Some(at(7))).unwrap());
    metadata
        .put_layer_report(&x, "r", b"of damaged bytes")
        .unwrap();
    let stored = StoredBlob {
        digest: x.clone(),
        size: Some(3),
        claimed_at: at(1),
        damaged_at: Some(at(7)),
        doomed_at: None,
    };
    assert_eq!(metadata.blobs(None, 9).unwrap(), [stored]);
    assert!(metadata.blobs(Some(&x), 9).unwrap().is_empty());
    assert_eq!(metadata.linked_blob(&a, &x).unwrap(), None);
    assert_eq!(metadata.want_blob(&a, &x, at(8), at(8)).unwrap(), None);
    assert_eq!(
        metadata.link_blob(&name("b"), &x, at(8)).unwrap(),
        Link::NoBlob
    );
    let refused = metadata
        .put_manifest(&image("a", "m", "x"), None, ScanOrder::None)
        .unwrap();
    assert_eq!(refused, PutManifest::Missing(vec![x.clone()]));
    let claim = metadata.claim_blob(&x, at(8)).unwrap().unwrap();
    let id = store::UploadId::from_random([1; 16]);
    metadata
        .finish_upload(&id, &a, &x, claim, 3, at(9))
        .unwrap();
    assert_eq!(metadata.linked_blob(&a, &x).unwrap(), Some(3));
    assert!(
        metadata.layer_report(&x, "r").unwrap().is_none(),
        "what was read of it is gone"
    );
    let late = metadata.set_damaged(&seen, Some(at(10))).unwrap();
    assert!(!late, "what was seen is not what is there now");
    assert_eq!(metadata.linked_blob(&a, &x).unwrap(), Some(3));
}

pub fn layer_reports_go_with_their_layer(open: Open) {
    let metadata = with(open, &["a"]);
    hold(&*metadata, "a", "kept", 1);
    for layer in ["kept", "gone"] {
        metadata
            .put_layer_report(&digest(layer), "r", b"report")
            .unwrap();
    }
    assert_eq!(metadata.forget_layer_reports(9).unwrap(), 1);
    assert_eq!(metadata.forget_layer_reports(9).unwrap(), 0);
    assert!(
        metadata
            .layer_report(&digest("kept"), "r")
            .unwrap()
            .is_some()
    );
}

pub fn room_is_accounted_for(open: Open) {
    let metadata = with(open, &["a", "b", "empty"]);
    metadata.ping().unwrap();
    hold(&*metadata, "a", "shared", 10);
    hold(&*metadata, "b", "shared", 10);
    hold(&*metadata, "a", "own", 5);
    hold(&*metadata, "a", "loose", 2);
    metadata.unlink_blob(&name("a"), &digest("loose")).unwrap();
    put(&*metadata, &image("a", "m", "own"), Some("t"));
    let usage = metadata.repository_usage(None, 9).unwrap();
    let rows: Vec<_> = usage
        .iter()
        .map(|row| {
            (
                row.name.as_str(),
                row.manifests,
                row.tags,
                row.blobs,
                row.bytes,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("a", 1, 1, 2, 15),
            ("b", 0, 0, 1, 10),
            ("empty", 0, 0, 0, 0)
        ]
    );
    assert_eq!(
        metadata
            .repository_usage(Some(&name("b")), 9)
            .unwrap()
            .len(),
        1
    );
    let expected = StoreUsage {
        repositories: 3,
        manifests: 1,
        blobs: 3,
        bytes: 17,
        bytes_unshared: 25,
        unheld: 1,
        unheld_bytes: 2,
        uploads: 0,
    };
    assert_eq!(metadata.store_usage().unwrap(), expected);
}

/// A push and the collector at once: whatever the collector does, what was linked is held, and
/// what the collector removed was never linked meanwhile.
pub fn a_push_and_the_collector_do_not_miss_each_other(open: Open) {
    let metadata = with(open, &["a"]);
    let (metadata, x) = (&*metadata, digest("x"));
    let job = job(metadata, 1);
    std::thread::scope(|scope| {
        let pusher = scope.spawn(|| {
            let mut linked = 0;
            for now in 0..200 {
                let Some(claim) = metadata.claim_blob(&x, at(now)).unwrap() else {
                    continue;
                };
                let id = store::UploadId::from_random([1; 16]);
                if metadata
                    .finish_upload(&id, &name("a"), &x, claim, 1, at(now))
                    .unwrap()
                    == Link::Linked(1)
                {
                    let stored = metadata.blob(&x).unwrap().unwrap();
                    assert!(
                        stored.doomed_at.is_none(),
                        "a linked blob is not being removed"
                    );
                    linked += 1;
                    metadata.unlink_blob(&name("a"), &x).unwrap();
                }
            }
            linked
        });
        let collector = scope.spawn(|| {
            let mut removed = 0;
            for _ in 0..200 {
                // A grace of nothing: only the protocol protects the push.
                if metadata.doom_blob(&job, &x, at(1_000), at(1_000)).unwrap() {
                    assert_eq!(metadata.linked_blob(&name("a"), &x).unwrap(), None);
                    metadata.forget_blob(&x, at(1_000)).unwrap();
                    removed += 1;
                }
            }
            removed
        });
        assert!(pusher.join().unwrap() + collector.join().unwrap() > 0);
    });
}
