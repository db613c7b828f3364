//! What every store must do for events and for those who are told of them.

use std::sync::Barrier;

use jiff::SignedDuration;
use store::Metadata;
use store::record::{EventFilter, Happening, Outbox, Progress, ScanOrder, Subscription};

use super::metadata::{Open, at, digest, manifest, name, repository, tag};

const LEASE: SignedDuration = SignedDuration::from_secs(60);

pub fn subscription(name: &str) -> Subscription {
    Subscription {
        name: name.to_owned(),
        made_at: at(1),
        target: "http://127.0.0.1/hook".to_owned(),
        shape: "cloudevents".to_owned(),
        filter: EventFilter {
            kinds: vec!["pushed".to_owned()],
            least_severity: Some(model::Severity::High),
            repositories: vec!["team/*".parse().unwrap()],
            ..EventFilter::default()
        },
        digest_minute: Some(420),
        sealed: Some(vec![1, 2, 3]),
        progress: Progress::new(at(1)),
    }
}

/// Pushes a manifest with a tag, at a second.
fn push(metadata: &dyn Metadata, of: &str, text: &str, tagged: &str, second: i64) {
    let mut manifest = manifest(of, text);
    manifest.pushed_at = at(second);
    metadata
        .put_manifest(&manifest, Some(&tag(tagged)), ScanOrder::None)
        .unwrap();
}

/// Every event that has a place, in a line each.
fn events(metadata: &dyn Metadata, after: u64) -> Vec<String> {
    let line = |event: &store::record::Event| match &event.what {
        Happening::Pushed(action) | Happening::Deleted(action) => {
            let tag = action.tag.as_ref().map_or("-", |tag| tag.as_str());
            let kind = event.what.kind();
            format!("{} {kind} {}:{tag}", event.sequence, action.repository)
        }
        other => panic!("{other:?}"),
    };
    metadata
        .events(after, 100)
        .unwrap()
        .iter()
        .map(line)
        .collect()
}

pub fn events_get_their_places_in_order(open: Open) {
    let metadata = open();
    metadata.create_repository(&repository("a")).unwrap();
    for second in 1..=3 {
        push(&*metadata, "a", "m", &format!("t{second}"), second);
    }
    assert_eq!(metadata.events(0, 10).unwrap(), [], "none has a place yet");
    assert_eq!(metadata.outbox().unwrap(), Outbox::default());
    assert_eq!(metadata.place_events(2).unwrap().placed, 2);
    assert_eq!(metadata.place_events(2).unwrap().placed, 3);
    assert_eq!(metadata.place_events(2).unwrap().placed, 3);
    drop(metadata);
    let metadata = open();
    assert_eq!(
        events(&*metadata, 0),
        ["1 pushed a:t1", "2 pushed a:t2", "3 pushed a:t3"]
    );
    assert_eq!(events(&*metadata, 2), ["3 pushed a:t3"]);
    let first = metadata.events(0, 1).unwrap();
    assert_eq!((first.len(), first[0].at), (1, at(1)));
}

pub fn eight_threads_give_no_place_twice(open: Open) {
    let metadata = open();
    metadata.create_repository(&repository("a")).unwrap();
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (metadata, barrier) = (&*metadata, &barrier);
            scope.spawn(move || {
                barrier.wait();
                for number in 0..5 {
                    push(metadata, "a", &format!("m{thread}-{number}"), "t", 1);
                    metadata.place_events(3).unwrap();
                }
            });
        }
    });
    assert_eq!(metadata.place_events(100).unwrap().placed, 40);
    let places = metadata.events(0, 100).unwrap();
    let places: Vec<u64> = places.iter().map(|event| event.sequence).collect();
    assert_eq!(places, (1..=40).collect::<Vec<u64>>());
}

pub fn what_is_removed_is_told(open: Open) {
    let metadata = open();
    metadata.create_repository(&repository("a")).unwrap();
    for (text, tagged) in [("m", "t1"), ("m", "t2"), ("n", "t3"), ("n", "t4")] {
        push(&*metadata, "a", text, tagged, 1);
    }
    let begin = metadata.place_events(100).unwrap().placed;
    assert!(!metadata.delete_tag(&name("a"), &tag("no"), at(2)).unwrap());
    assert!(
        !metadata
            .delete_manifest(&name("a"), &digest("no"), at(2))
            .unwrap()
    );
    assert!(!metadata.delete_repository(&name("no"), at(2)).unwrap());
    assert_eq!(metadata.place_events(100).unwrap().placed, begin);
    assert!(metadata.delete_tag(&name("a"), &tag("t1"), at(2)).unwrap());
    assert!(
        metadata
            .delete_manifest(&name("a"), &digest("m"), at(3))
            .unwrap()
    );
    assert!(metadata.delete_repository(&name("a"), at(4)).unwrap());
    metadata.place_events(100).unwrap();
    let told = [
        "5 deleted a:t1",
        "6 deleted a:t2",
        "7 deleted a:-",
        "8 deleted a:t3",
        "9 deleted a:t4",
        "10 deleted a:-",
    ];
    assert_eq!(events(&*metadata, begin), told);
    assert_eq!(metadata.events(begin, 1).unwrap()[0].at, at(2));
}

pub fn old_events_are_forgotten_from_the_first_on(open: Open) {
    let metadata = open();
    metadata.create_repository(&repository("a")).unwrap();
    for second in [10, 11, 30, 12] {
        push(&*metadata, "a", "m", &format!("t{second}"), second);
    }
    assert_eq!(
        metadata.forget_events(at(99), 10).unwrap(),
        0,
        "none has a place"
    );
    metadata.place_events(10).unwrap();
    assert_eq!(metadata.forget_events(at(11), 10).unwrap(), 1);
    assert_eq!(
        metadata.forget_events(at(20), 10).unwrap(),
        1,
        "no hole is made"
    );
    let outbox = Outbox {
        placed: 4,
        forgotten: 2,
    };
    assert_eq!(metadata.outbox().unwrap(), outbox);
    assert_eq!(events(&*metadata, 0), ["3 pushed a:t30", "4 pushed a:t12"]);
    assert_eq!(
        metadata.forget_events(at(99), 1).unwrap(),
        1,
        "as many as may"
    );
    assert_eq!(metadata.forget_events(at(99), 9).unwrap(), 1);
    push(&*metadata, "a", "m", "new", 40);
    assert_eq!(
        metadata.place_events(10).unwrap().placed,
        5,
        "no place is given twice"
    );
}

pub fn a_subscription_begins_where_it_was_made(open: Open) {
    let metadata = open();
    metadata.create_repository(&repository("a")).unwrap();
    push(&*metadata, "a", "m", "before", 1);
    let made = subscription("tell");
    assert!(metadata.create_subscription(&made).unwrap());
    assert!(!metadata.create_subscription(&made).unwrap());
    push(&*metadata, "a", "m", "after", 1);
    metadata.place_events(10).unwrap();
    drop(metadata);
    let metadata = open();
    let mut kept = metadata.subscription("tell").unwrap().unwrap();
    assert_eq!(
        events(&*metadata, kept.progress.delivered),
        ["2 pushed a:after"]
    );
    kept.progress.delivered = 0;
    assert_eq!(kept, made);
    assert_eq!(metadata.subscriptions().unwrap().len(), 1);
    assert!(metadata.delete_subscription("tell").unwrap());
    assert!(!metadata.delete_subscription("tell").unwrap());
    assert_eq!(metadata.subscription("tell").unwrap(), None);
}

pub fn a_lease_is_held_by_one(open: Open) {
    let metadata = open();
    metadata.create_subscription(&subscription("tell")).unwrap();
    let lease = |second| {
        metadata
            .lease_subscription("tell", at(second), LEASE)
            .unwrap()
    };
    let first = lease(10).unwrap();
    assert_eq!(lease(69), None, "another holds it");
    assert_eq!(lease(70).unwrap().progress.lease, first.progress.lease + 1);
    assert!(!advance(&*metadata, &first, 1, 71), "its lease ran out");
    assert!(
        !metadata
            .fail_subscription(&first, "late", false, at(99))
            .unwrap()
    );
    metadata.release_subscription(&first, at(71)).unwrap();
    assert_eq!(lease(71), None);
    let second = lease(130).unwrap();
    assert!(advance(&*metadata, &second, 1, 180));
    assert_eq!(lease(239), None, "held on");
    metadata.release_subscription(&second, at(181)).unwrap();
    let third = lease(181).unwrap();
    assert!(metadata.pause_subscription("tell", true, at(182)).unwrap());
    assert!(!advance(&*metadata, &third, 2, 183), "paused meanwhile");
    assert_eq!(lease(999), None);
    assert!(metadata.pause_subscription("tell", false, at(200)).unwrap());
    assert!(lease(200).is_some());
    assert!(!metadata.pause_subscription("no", true, at(1)).unwrap());
    assert_eq!(
        metadata.lease_subscription("no", at(1), LEASE).unwrap(),
        None
    );
}

pub fn one_of_eight_threads_gets_the_lease(open: Open) {
    let metadata = open();
    metadata.create_subscription(&subscription("tell")).unwrap();
    let barrier = Barrier::new(8);
    let got = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let (metadata, barrier) = (&*metadata, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    metadata.lease_subscription("tell", at(10), LEASE).unwrap()
                })
            })
            .collect();
        let answers = threads.into_iter().map(|thread| thread.join().unwrap());
        answers.flatten().count()
    });
    assert_eq!(got, 1);
}

fn advance(metadata: &dyn Metadata, leased: &Subscription, to: u64, second: i64) -> bool {
    metadata
        .advance_subscription(leased, to, true, at(second), at(second), LEASE)
        .unwrap()
}

pub fn a_place_never_goes_back(open: Open) {
    let metadata = open();
    metadata.create_subscription(&subscription("tell")).unwrap();
    let leased = metadata
        .lease_subscription("tell", at(10), LEASE)
        .unwrap()
        .unwrap();
    assert!(advance(&*metadata, &leased, 7, 11));
    assert!(!advance(&*metadata, &leased, 6, 12));
    let skipped = metadata
        .advance_subscription(&leased, 9, false, at(11), at(13), LEASE)
        .unwrap();
    assert!(skipped);
    let progress = metadata.subscription("tell").unwrap().unwrap().progress;
    assert_eq!((progress.delivered, progress.digested_at), (9, at(11)));
    assert_eq!(
        progress.delivered_at,
        Some(at(11)),
        "the last was not taken"
    );
}

pub fn a_failure_waits_or_pauses(open: Open) {
    let metadata = open();
    metadata.create_subscription(&subscription("tell")).unwrap();
    let lease = |second| {
        metadata
            .lease_subscription("tell", at(second), LEASE)
            .unwrap()
    };
    let progress = || metadata.subscription("tell").unwrap().unwrap().progress;
    let first = lease(10).unwrap();
    assert!(
        metadata
            .fail_subscription(&first, "500", false, at(15))
            .unwrap()
    );
    assert_eq!(
        (progress().attempts, progress().error),
        (1, Some("500".to_owned()))
    );
    assert_eq!(lease(14), None);
    let second = lease(15).unwrap();
    assert_eq!(second.progress.attempts, 1);
    assert!(advance(&*metadata, &second, 1, 16));
    assert_eq!((progress().attempts, progress().error), (0, None));
    assert!(
        metadata
            .fail_subscription(&second, "410", true, at(17))
            .unwrap()
    );
    assert!(progress().paused);
    assert_eq!(lease(999), None);
    metadata.pause_subscription("tell", false, at(20)).unwrap();
    assert_eq!((progress().attempts, progress().error), (0, None));
}
