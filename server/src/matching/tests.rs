//! A database that is exchanged under stored images: what changes, why, and what is told.

use std::fmt::Write;

use expect_test::{Expect, expect};
use model::Digest;
use store::record::{Happening, JobKind, ScanState};

use crate::testing::{ALPINE, Server};
use crate::worker::{LEASE, run_next};
use crate::{facts, matching};

/// Two images of Alpine with openssl and zlib, and one with another zlib.
async fn server() -> (Server, [Digest; 3]) {
    let server = Server::open();
    server.load(&[]);
    server.work();
    let other = format!("{ALPINE}//- layer\n//- /other\n1\n");
    let newer = ALPINE.replace("V:1.3-r0", "V:1.3.1-r0");
    let images = [
        server.push("app", "one", ALPINE).await,
        server.push("app", "two", &other).await,
        server.push("app", "newer", &newer).await,
    ];
    (server, images)
}

/// The events of weaknesses since a place, a line each.
fn told(server: &Server, after: &mut u64) -> String {
    server.app.store.metadata.place_events(1000).unwrap();
    let mut lines = String::new();
    for event in server.app.store.metadata.events(*after, 1000).unwrap() {
        *after = event.sequence;
        let Happening::Vulnerability(what) = event.what else {
            continue;
        };
        let packages: Vec<String> = what
            .packages
            .iter()
            .map(|one| format!("{} {} -> {}", one.name, one.version, one.fixed_in.join(" ")))
            .collect();
        let places = what.places.iter().flat_map(|place| &place.tags);
        let places: Vec<&str> = places.map(|tag| tag.as_str()).collect();
        let (change, reason) = (what.change, what.reason);
        let (packages, places) = (packages.join(", "), places.join(" "));
        writeln!(
            lines,
            "{change} {} ({reason}): {packages}: {places}",
            what.id
        )
        .unwrap();
    }
    lines
}

fn counts(server: &Server, images: &[Digest]) -> Vec<u64> {
    let count = |image| {
        let scan = server.app.store.metadata.scan(image).unwrap().unwrap();
        assert_eq!(scan.state, ScanState::Complete);
        scan.counts.iter().map(|(_, count)| count).sum()
    };
    images.iter().map(count).collect()
}

#[tokio::test]
async fn what_changes_is_told_once_with_its_reason() {
    let (server, images) = server().await;
    let mut after = 0;
    assert_eq!(told(&server, &mut after), "");
    type Fixes<'a> = &'a [(&'a str, &'a str, &'a str)];
    let openssl = ("openssl", "3.1.4-r0", "CVE-2023-5363");
    let steps: [(&str, Fixes<'_>, [u64; 3], Expect); 6] = [
        (
            "one in all images, in two binaries of one source",
            &[openssl],
            [2, 2, 2],
            expect![[r#"
                found CVE-2023-5363 (new_advisory): libcrypto3 3.1.3-r0 -> 3.1.4-r0, libssl3 3.1.3-r0 -> 3.1.4-r0: one newer two
            "#]],
        ),
        (
            "one in two images",
            &[openssl, ("zlib", "1.3.1-r0", "CVE-2023-45853")],
            [3, 3, 2],
            expect![[r#"
                found CVE-2023-45853 (new_advisory): zlib 1.3-r0 -> 1.3.1-r0: one two
            "#]],
        ),
        (
            "a range that reaches further",
            &[openssl, ("zlib", "1.3.1-r1", "CVE-2023-45853")],
            [3, 3, 3],
            expect![[r#"
                altered CVE-2023-45853 (changed_record): zlib 1.3-r0 -> 1.3.1-r1: one two
                found CVE-2023-45853 (changed_range): zlib 1.3.1-r0 -> 1.3.1-r1: newer
            "#]],
        ),
        (
            "nothing that is here",
            &[
                openssl,
                ("zlib", "1.3.1-r1", "CVE-2023-45853"),
                ("curl", "9.0-r0", "CVE-2026-1"),
            ],
            [3, 3, 3],
            expect![""],
        ),
        (
            "taken back",
            &[("zlib", "1.3.1-r1", "CVE-2023-45853")],
            [1, 1, 1],
            expect![[r#"
                gone CVE-2023-5363 (withdrawn): libcrypto3 3.1.3-r0 -> 3.1.4-r0, libssl3 3.1.3-r0 -> 3.1.4-r0: one newer two
            "#]],
        ),
        (
            "the whole of it",
            &[],
            [0, 0, 0],
            expect![[r#"
                gone CVE-2023-45853 (withdrawn): zlib 1.3-r0 -> 1.3.1-r1, zlib 1.3.1-r0 -> 1.3.1-r1: one newer two
            "#]],
        ),
    ];
    for (what, fixes, expected, events) in steps {
        server.load(fixes);
        server.work();
        assert_eq!(counts(&server, &images), expected, "{what}");
        events.assert_eq(&told(&server, &mut after));
        server.load(fixes);
        server.work();
        assert_eq!(told(&server, &mut after), "", "the same again: {what}");
    }
}

#[tokio::test]
async fn a_database_that_nobody_remembers_is_compared_with_what_is_stored() {
    let (server, images) = server().await;
    let mut after = 0;
    told(&server, &mut after);
    // So many others have been in use since that the first one is forgotten.
    for number in 0..4 {
        let name = format!("CVE-2026-{number}");
        let row = ("curl", "1.0-r0", name.as_str());
        server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853"), row]);
    }
    server.work();
    assert_eq!(counts(&server, &images), [1, 1, 0]);
    expect![[r#"
        found CVE-2023-45853 (other_database): zlib 1.3-r0 -> 1.3.1-r0: one two
    "#]]
    .assert_eq(&told(&server, &mut after));
}

#[tokio::test]
async fn a_worker_that_died_in_between_is_followed_by_one_that_ends_it() {
    let (server, images) = server().await;
    let mut after = 0;
    told(&server, &mut after);
    let fixes = [
        ("openssl", "3.1.4-r0", "CVE-2023-5363"),
        ("zlib", "1.3.1-r0", "CVE-2023-45853"),
    ];
    server.load(&fixes);
    let metadata = &server.app.store.metadata;
    let judge = server.app.database.current().unwrap().judge();
    let now = server.app.clock.now();
    let job = metadata.lease_job(Some(&judge), now, LEASE).unwrap();
    let job = job.unwrap();
    // The first transaction of its work, and then nothing more.
    let database = server.app.database.current().unwrap();
    let work = super::Work {
        app: &server.app,
        job: &job,
        before: None,
        database,
    };
    let mut judged = work.all().unwrap();
    judged.retain(|judged| judged.after.matchable.package.name == "zlib");
    assert!(work.write(judged).unwrap());
    assert_eq!(counts(&server, &images), [1, 1, 0]);
    assert!(!run_next(&server.app).unwrap(), "it is somebody's");
    server.pass(LEASE.as_secs() + 1);
    server.work();
    assert_eq!(counts(&server, &images), [3, 3, 2]);
    assert_eq!(metadata.matched_by().unwrap(), Some(judge));
    let told = told(&server, &mut after);
    assert_eq!(told.lines().count(), 2, "none twice: {told}");
}

#[tokio::test]
async fn a_job_for_a_database_that_is_not_here_is_left_to_others() {
    let (server, images) = server().await;
    let kind = JobKind::Match {
        judge: "elsewhere".to_owned(),
    };
    let metadata = &server.app.store.metadata;
    metadata.add_job(&kind, server.app.clock.now()).unwrap();
    assert!(!run_next(&server.app).unwrap());
    server.pass(100_000);
    assert!(!run_next(&server.app).unwrap(), "however long it waits");
    assert_eq!(metadata.job_count().unwrap(), 1);
    server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
    server.work();
    assert_eq!(counts(&server, &images), [1, 1, 0]);
    assert_eq!(metadata.job_count().unwrap(), 0, "what came before is over");
}

#[tokio::test]
async fn findings_that_are_not_of_the_database_in_use_say_so() {
    let (server, images) = server().await;
    let gaps = || -> Vec<String> {
        let facts = facts::of(&server.app, &images[0]).unwrap().unwrap();
        let gaps = facts.coverage.gaps.iter();
        gaps.map(|gap| gap.kind.to_string()).collect()
    };
    let behind = || gaps().contains(&"findings_behind".to_owned());
    assert!(!behind());
    server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
    assert!(behind(), "nobody has matched it yet");
    let metadata = &server.app.store.metadata;
    let judge = server.app.database.current().unwrap().judge();
    let now = server.app.clock.now();
    let job = metadata.lease_job(Some(&judge), now, LEASE).unwrap();
    metadata.begin_match(&job.unwrap(), &judge).unwrap();
    assert!(behind(), "it is begun");
    server.pass(LEASE.as_secs() + 1);
    server.work();
    assert!(!behind());
    assert_eq!(counts(&server, &images), [1, 1, 0]);
}

#[tokio::test]
async fn the_same_database_is_brought_in_again_for_another_matcher() {
    let (server, images) = server().await;
    server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
    let database = server.app.database.current().unwrap();
    // As the program before this one left it: it judged by the same database, and found nothing.
    let metadata = &server.app.store.metadata;
    let judge = format!("{}.old", database.revision());
    let kind = JobKind::Match {
        judge: judge.clone(),
    };
    let now = server.app.clock.now();
    let job = metadata.claim_job(&kind, now, LEASE).unwrap().unwrap();
    metadata.begin_match(&job, &judge).unwrap();
    assert!(metadata.finish_match(&job, &judge).unwrap());
    metadata.finish_job(&job).unwrap();
    assert_eq!(counts(&server, &images), [0, 0, 0]);
    matching::order(&server.app).unwrap();
    server.work();
    assert_eq!(counts(&server, &images), [1, 1, 0]);
    assert_eq!(metadata.matched_by().unwrap(), Some(database.judge()));
}

#[tokio::test]
async fn who_pushed_with_another_database_is_brought_to_the_one_in_use() {
    let (server, _) = server().await;
    server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
    // The push comes before the match, with the new database already in use.
    let early = ALPINE.replace("V:1.3-r0", "V:1.2-r0");
    let image = server.push("app", "early", &early).await;
    assert_eq!(counts(&server, std::slice::from_ref(&image)), [1]);
    let metadata = &server.app.store.metadata;
    assert!(!metadata.unsettled_packages(None, 9).unwrap().is_empty());
    server.work();
    assert!(metadata.unsettled_packages(None, 9).unwrap().is_empty());
    assert_eq!(counts(&server, &[image]), [1]);
}
