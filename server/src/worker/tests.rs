//! Jobs that fail, leases that run out: a scan ends in the end, and says how.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use model::Digest;
use store::blobs::Upload;
use store::record::{JobKind, MatchBegun, Reassessed, Reassessment, ScanState, StoredPackage};
use store::{Blob, Blobs, RestingUpload, StoreError, UploadId};

use super::{LEASE, run_next};
use crate::testing::{ALPINE, Server};

/// Blobs that cannot be opened for the first so many times.
struct Failing {
    blobs: Arc<dyn Blobs>,
    failures: AtomicU32,
}

impl Blobs for Failing {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn Blob>>, StoreError> {
        let less = |left: u32| left.checked_sub(1);
        match self
            .failures
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
        {
            Ok(_) => Err(StoreError::Io {
                action: "read a blob".to_owned(),
                cause: std::io::Error::other("the disk is away"),
            }),
            Err(_) => self.blobs.open(digest),
        }
    }

    fn create_upload(&self, id: &UploadId) -> Result<(), StoreError> {
        self.blobs.create_upload(id)
    }

    fn open_upload(&self, id: &UploadId) -> Result<Option<Box<dyn Upload>>, StoreError> {
        self.blobs.open_upload(id)
    }

    fn upload_length(&self, id: &UploadId) -> Result<Option<u64>, StoreError> {
        self.blobs.upload_length(id)
    }

    fn delete_upload(&self, id: &UploadId) -> Result<(), StoreError> {
        self.blobs.delete_upload(id)
    }

    fn uploads(&self) -> Result<Vec<RestingUpload>, StoreError> {
        self.blobs.uploads()
    }

    fn length(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        self.blobs.length(digest)
    }

    fn changed_at(&self, digest: &Digest) -> Result<Option<jiff::Timestamp>, StoreError> {
        self.blobs.changed_at(digest)
    }

    fn delete(&self, digest: &Digest) -> Result<(), StoreError> {
        self.blobs.delete(digest)
    }

    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Digest>, StoreError> {
        self.blobs.list(after, limit)
    }
}

fn failing(failures: u32) -> Server {
    let mut server = Server::unhurried();
    let app = Arc::get_mut(&mut server.app).unwrap();
    let (blobs, failures) = (app.store.blobs.clone(), AtomicU32::new(failures));
    app.store.blobs = Arc::new(Failing { blobs, failures });
    server
}

fn state(server: &Server, digest: &Digest) -> (ScanState, String) {
    let row = server.app.store.metadata.scan(digest).unwrap().unwrap();
    (row.state, row.detail)
}

#[tokio::test]
async fn a_scan_is_tried_again_when_the_store_failed() {
    let server = failing(1);
    let digest = server.push("app1", "latest", ALPINE).await;
    assert!(run_next(&server.app).unwrap());
    assert_eq!(state(&server, &digest).0, ScanState::InProgress);
    assert!(!run_next(&server.app).unwrap(), "not at once");
    server.pass(2);
    assert!(run_next(&server.app).unwrap());
    assert_eq!(state(&server, &digest).0, ScanState::Complete);
    assert!(!run_next(&server.app).unwrap());
}

#[tokio::test]
async fn a_scan_that_always_fails_is_given_up_and_says_why() {
    let server = failing(u32::MAX);
    let digest = server.push("app1", "latest", ALPINE).await;
    let mut tries = 0;
    for _ in 0..20 {
        tries += u32::from(run_next(&server.app).unwrap());
        server.pass(100);
    }
    assert_eq!(tries, super::MAX_ATTEMPTS);
    let (state, detail) = state(&server, &digest);
    assert_eq!(state, ScanState::Failed);
    assert!(
        detail.contains("tried 5 times") && detail.contains("the disk is away"),
        "{detail}"
    );
}

#[tokio::test]
async fn a_job_whose_worker_died_is_done_by_another() {
    let server = Server::unhurried();
    let digest = server.push("app1", "latest", ALPINE).await;
    let metadata = &server.app.store.metadata;
    metadata
        .lease_job(None, server.app.clock.now(), LEASE)
        .unwrap()
        .unwrap();
    metadata.begin_scan(&digest).unwrap();
    assert!(!run_next(&server.app).unwrap(), "it is somebody's");
    server.pass(LEASE.as_secs() + 1);
    assert!(run_next(&server.app).unwrap());
    assert_eq!(state(&server, &digest).0, ScanState::Complete);
}

#[tokio::test]
async fn an_image_that_lost_a_layer_says_so() {
    let server = Server::unhurried();
    let digest = server.push("app1", "latest", ALPINE).await;
    for blob in server.app.store.blobs.list(None, 100).unwrap() {
        server.app.store.blobs.delete(&blob).unwrap();
    }
    server.work();
    let (state, detail) = state(&server, &digest);
    assert_eq!(state, ScanState::Failed);
    assert!(
        detail.contains("is not in the registry any more"),
        "{detail}"
    );
}

#[tokio::test]
async fn a_repository_that_is_not_scanned_makes_no_row() {
    let server = Server::open();
    server.repository("app1", Some(false));
    let digest = server.push("app1", "latest", ALPINE).await;
    assert_eq!(server.app.store.metadata.scan(&digest).unwrap(), None);
    assert!(!run_next(&server.app).unwrap());
}

fn findings(server: &Server, digest: &Digest) -> u64 {
    let row = server.app.store.metadata.scan(digest).unwrap().unwrap();
    row.counts.iter().map(|(_, count)| count).sum()
}

#[tokio::test]
async fn a_database_that_was_half_brought_in_is_taken_back_where_the_one_before_is_used_again() {
    const FIXES: [(&str, &str, &str); 1] = [("zlib", "9", "CVE-2026-1")];
    let server = Server::open();
    server.load(&FIXES);
    server.work();
    let digest = server.push("app1", "latest", ALPINE).await;
    let found = findings(&server, &digest);
    assert!(found > 0);
    let (metadata, now) = (&server.app.store.metadata, server.app.clock.now());
    let kind = JobKind::Match {
        judge: "another".to_owned(),
    };
    let dead = metadata.claim_job(&kind, now, LEASE).unwrap().unwrap();
    let begun = metadata.begin_match(&dead, "another").unwrap();
    assert!(matches!(begun, MatchBegun::From(Some(_))));
    let emptied = |stored: StoredPackage| {
        let mut after = stored.assessed.clone();
        after.findings.clear();
        Reassessed {
            id: stored.id,
            before: stored.assessed,
            after,
        }
    };
    let packages = metadata.packages(None, 100).unwrap();
    let batch = Reassessment {
        packages: packages.into_iter().map(emptied).collect(),
        changes: Vec::new(),
        database_revision: "another".to_owned(),
        at: now,
        places: 1,
    };
    assert!(metadata.reassess(&dead, &batch).unwrap());
    assert_eq!(findings(&server, &digest), 0);
    server.load(&FIXES);
    server.work();
    assert_eq!(findings(&server, &digest), found);
}

#[tokio::test]
async fn a_database_that_comes_back_while_it_is_brought_in_is_brought_in_once_more() {
    let server = Server::open();
    server.load(&[("zlib", "9", "CVE-2026-1")]);
    server.work();
    let before = server.app.database.current().unwrap().judge();
    server.load(&[]);
    let waiting = || server.app.store.metadata.job_count().unwrap();
    assert_eq!(waiting(), 1);
    server.work();
    assert_eq!(waiting(), 0);
    let now = server.app.database.current().unwrap().judge();
    crate::matching::look_again(&server.app, &now).unwrap();
    assert_eq!(waiting(), 0, "it is brought in");
    crate::matching::look_again(&server.app, &before).unwrap();
    assert_eq!(waiting(), 1, "another has come since");
}

#[tokio::test]
async fn findings_are_never_left_behind_the_database() {
    let server = Server::open();
    server.load(&[]);
    let metadata = &server.app.store.metadata;
    let judge = server.app.database.current().unwrap().judge();
    let mut last = None;
    for _ in 0..=super::MAX_ATTEMPTS {
        server.pass(LEASE.as_secs());
        let now = server.app.clock.now();
        last = metadata.lease_job(Some(&judge), now, LEASE).unwrap();
    }
    super::retry(&server.app, &last.unwrap(), "the disk is away").unwrap();
    assert_eq!(metadata.job_count().unwrap(), 1, "it is tried once more");
    server.pass(100);
    server.work();
    assert_eq!(metadata.job_count().unwrap(), 0);
    assert_eq!(metadata.matched_by().unwrap(), Some(judge));
}
