//! What every store of metadata must do: repositories, blobs, uploads, manifests, tags and keys.

use std::sync::Barrier;

use jiff::{SignedDuration, Timestamp};
use model::{Digest, Reference, RepositoryName, Tag};
use store::record::{AccessKey, JobKind, Manifest, PutManifest, Repository, UploadRow};
use store::{Metadata, UploadId};

pub type Open<'a> = &'a dyn Fn() -> Box<dyn Metadata>;

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub fn name(text: &str) -> RepositoryName {
    text.parse().unwrap()
}

pub fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

pub fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn id(byte: u8) -> UploadId {
    UploadId::from_random([byte; 16])
}

pub fn repository(text: &str) -> Repository {
    Repository {
        name: name(text),
        created_at: at(1),
        tag_mutability: "MUTABLE".into(),
        scan_on_push: None,
    }
}

/// A manifest whose bytes are that text, which names nothing.
pub fn manifest(of: &str, text: &str) -> Manifest {
    Manifest {
        repository: name(of),
        digest: digest(text),
        media_type: "application/vnd.oci.image.manifest.v1+json".into(),
        bytes: text.into(),
        artifact_type: None,
        subject: None,
        annotations: None,
        image_size: 0,
        blobs: vec![],
        manifests: vec![],
        pushed_at: at(2),
    }
}

/// Puts a manifest that must be accepted.
pub fn put(metadata: &dyn Metadata, manifest: &Manifest, tagged: Option<&str>) {
    let answer = metadata
        .put_manifest(manifest, tagged.map(tag).as_ref(), None)
        .unwrap();
    assert_eq!(answer, PutManifest::Stored);
}

/// A store with these repositories.
pub fn with(open: Open, names: &[&str]) -> Box<dyn Metadata> {
    let metadata = open();
    for name in names {
        assert!(metadata.create_repository(&repository(name)).unwrap());
    }
    metadata
}

fn by(digest: &Digest) -> Reference {
    Reference::Digest(digest.clone())
}

fn tagged(text: &str) -> Reference {
    Reference::Tag(tag(text))
}

pub fn repositories_are_kept_and_paged(open: Open) {
    let metadata = with(open, &["b", "a/x", "a"]);
    assert!(!metadata.create_repository(&repository("b")).unwrap());
    let found = metadata.repositories(None, 2).unwrap();
    assert_eq!(found, [repository("a"), repository("a/x")]);
    assert_eq!(
        metadata.repositories(Some(&name("a/x")), 9).unwrap(),
        [repository("b")]
    );
    assert!(metadata.set_scan_on_push(&name("b"), false).unwrap());
    assert!(!metadata.set_scan_on_push(&name("c"), false).unwrap());
    drop(metadata);
    let kept = open().repository(&name("b")).unwrap().unwrap();
    assert_eq!(
        kept,
        Repository {
            scan_on_push: Some(false),
            ..repository("b")
        }
    );
    assert!(open().repository(&name("c")).unwrap().is_none());
}

pub fn a_deleted_repository_takes_all_with_it(open: Open) {
    let metadata = with(open, &["a", "b"]);
    for repository in ["a", "b"] {
        metadata
            .link_blob(&name(repository), &digest("blob"), 4)
            .unwrap();
        put(&*metadata, &manifest(repository, "m"), Some("t"));
    }
    let upload = UploadRow {
        id: id(1),
        repository: name("a"),
        started_at: at(3),
    };
    assert!(metadata.create_upload(&upload).unwrap());
    assert!(metadata.delete_repository(&name("a")).unwrap());
    assert!(!metadata.delete_repository(&name("a")).unwrap());
    assert!(metadata.upload(&id(1)).unwrap().is_none());
    assert!(
        metadata
            .manifest(&name("a"), &tagged("t"))
            .unwrap()
            .is_none()
    );
    assert_eq!(
        metadata.linked_blob(&name("a"), &digest("blob")).unwrap(),
        None
    );
    assert_eq!(
        metadata.linked_blob(&name("b"), &digest("blob")).unwrap(),
        Some(4)
    );
    assert!(
        metadata
            .manifest(&name("b"), &tagged("t"))
            .unwrap()
            .is_some()
    );
    assert!(metadata.create_repository(&repository("a")).unwrap());
    assert!(metadata.tags(&name("a"), None, 9).unwrap().is_empty());
}

pub fn blobs_belong_to_their_repositories(open: Open) {
    let metadata = with(open, &["a", "b"]);
    assert!(metadata.link_blob(&name("a"), &digest("x"), 5).unwrap());
    assert!(metadata.link_blob(&name("a"), &digest("x"), 5).unwrap());
    assert!(
        !metadata
            .link_blob(&name("absent"), &digest("x"), 5)
            .unwrap()
    );
    assert_eq!(
        metadata.linked_blob(&name("a"), &digest("x")).unwrap(),
        Some(5)
    );
    assert_eq!(
        metadata.linked_blob(&name("b"), &digest("x")).unwrap(),
        None
    );
    assert!(metadata.unlink_blob(&name("a"), &digest("x")).unwrap());
    assert!(!metadata.unlink_blob(&name("a"), &digest("x")).unwrap());
    assert_eq!(
        metadata.linked_blob(&name("a"), &digest("x")).unwrap(),
        None
    );
}

pub fn uploads_belong_to_their_repository(open: Open) {
    let metadata = with(open, &["a"]);
    let upload = UploadRow {
        id: id(1),
        repository: name("a"),
        started_at: at(3),
    };
    assert!(metadata.create_upload(&upload).unwrap());
    let lost = UploadRow {
        id: id(2),
        repository: name("absent"),
        started_at: at(3),
    };
    assert!(!metadata.create_upload(&lost).unwrap());
    drop(metadata);
    let metadata = open();
    assert_eq!(metadata.upload(&id(1)).unwrap(), Some(upload));
    assert!(
        metadata
            .finish_upload(&id(1), &name("a"), &digest("x"), 7)
            .unwrap()
    );
    assert_eq!(metadata.upload(&id(1)).unwrap(), None);
    assert_eq!(
        metadata.linked_blob(&name("a"), &digest("x")).unwrap(),
        Some(7)
    );
    assert!(
        !metadata
            .finish_upload(&id(1), &name("absent"), &digest("x"), 7)
            .unwrap()
    );
    metadata.delete_upload(&id(1)).unwrap();
}

pub fn a_manifest_comes_back_as_it_was_put(open: Open) {
    let metadata = with(open, &["a"]);
    let mut blobs = vec![digest("config"), digest("layer")];
    blobs.sort();
    for blob in &blobs {
        metadata.link_blob(&name("a"), blob, 1).unwrap();
    }
    let image = Manifest {
        artifact_type: Some("application/x".into()),
        annotations: Some("{\"k\":\"v\"}".into()),
        image_size: 12,
        blobs,
        ..manifest("a", "image")
    };
    put(&*metadata, &image, Some("t"));
    let index = Manifest {
        manifests: vec![image.digest.clone()],
        subject: Some(digest("elsewhere")),
        ..manifest("a", "index")
    };
    put(&*metadata, &index, None);
    drop(metadata);
    let metadata = open();
    for reference in [tagged("t"), by(&image.digest)] {
        let found = metadata.manifest(&name("a"), &reference).unwrap();
        assert_eq!(found.as_ref(), Some(&image));
    }
    assert_eq!(
        metadata.any_manifest(&index.digest).unwrap(),
        Some(index.clone())
    );
    let summary = metadata
        .manifest_summary(&name("a"), &tagged("t"))
        .unwrap()
        .unwrap();
    assert_eq!((summary.manifest_size, summary.image_size), (5, 12));
    assert_eq!(summary.tags, [tag("t")]);
    assert_eq!(
        metadata.parent_of(&name("a"), &image.digest).unwrap(),
        Some(index.digest)
    );
    assert_eq!(metadata.parent_of(&name("b"), &image.digest).unwrap(), None);
}

pub fn a_manifest_must_find_what_it_names(open: Open) {
    let metadata = with(open, &["a", "b"]);
    metadata.link_blob(&name("a"), &digest("here"), 1).unwrap();
    metadata.link_blob(&name("b"), &digest("there"), 1).unwrap();
    put(&*metadata, &manifest("b", "child"), None);
    let wanting = Manifest {
        blobs: vec![digest("there"), digest("here"), digest("there")],
        manifests: vec![digest("child")],
        ..manifest("a", "m")
    };
    let answer = metadata
        .put_manifest(&wanting, Some(&tag("t")), Some(at(5)))
        .unwrap();
    assert_eq!(
        answer,
        PutManifest::Missing(vec![digest("there"), digest("child")])
    );
    assert!(
        metadata
            .manifest(&name("a"), &by(&wanting.digest))
            .unwrap()
            .is_none()
    );
    assert!(metadata.scan(&wanting.digest).unwrap().is_none());
    let lost = manifest("absent", "m");
    let answer = metadata.put_manifest(&lost, None, None).unwrap();
    assert_eq!(answer, PutManifest::NoRepository);
}

pub fn a_manifest_put_again_is_the_same_one(open: Open) {
    let metadata = with(open, &["a"]);
    put(&*metadata, &manifest("a", "m"), Some("one"));
    let again = Manifest {
        pushed_at: at(9),
        ..manifest("a", "m")
    };
    put(&*metadata, &again, Some("two"));
    let summaries = metadata.manifests(&name("a"), None, 9).unwrap();
    assert_eq!(summaries.len(), 1);
    assert_eq!(summaries[0].pushed_at, at(9));
    assert_eq!(summaries[0].tags, [tag("one"), tag("two")]);
}

pub fn tags_move_and_are_paged(open: Open) {
    let metadata = with(open, &["a", "b"]);
    for text in ["b", "B", "a", "c"] {
        put(&*metadata, &manifest("a", "old"), Some(text));
    }
    put(&*metadata, &manifest("a", "new"), Some("b"));
    let pairs = |after, limit| metadata.tags(&name("a"), after, limit).unwrap();
    let of = |text, digest: &Digest| (tag(text), digest.clone());
    let (old, new) = (digest("old"), digest("new"));
    assert_eq!(
        pairs(None, 9),
        [of("B", &old), of("a", &old), of("b", &new), of("c", &old)],
        "in the order of their bytes"
    );
    assert_eq!(pairs(Some("a"), 1), [of("b", &new)]);
    assert_eq!(
        pairs(Some("aa"), 1),
        [of("b", &new)],
        "after a tag that is not there"
    );
    assert!(metadata.tags(&name("b"), None, 9).unwrap().is_empty());
    assert!(metadata.delete_tag(&name("a"), &tag("b")).unwrap());
    assert!(!metadata.delete_tag(&name("a"), &tag("b")).unwrap());
    assert!(
        metadata.manifest(&name("a"), &by(&new)).unwrap().is_some(),
        "the manifest stays"
    );
}

pub fn a_deleted_manifest_takes_its_tags(open: Open) {
    let metadata = with(open, &["a"]);
    put(&*metadata, &manifest("a", "m"), Some("t"));
    put(&*metadata, &manifest("a", "n"), Some("u"));
    assert!(metadata.delete_manifest(&name("a"), &digest("m")).unwrap());
    assert!(!metadata.delete_manifest(&name("a"), &digest("m")).unwrap());
    assert_eq!(
        metadata.tags(&name("a"), None, 9).unwrap(),
        [(tag("u"), digest("n"))]
    );
}

pub fn manifests_and_referrers_are_in_order(open: Open) {
    let metadata = with(open, &["a", "b"]);
    let subject = digest("subject");
    let mut digests = Vec::new();
    for number in 0..5 {
        let of = (number < 3).then(|| subject.clone());
        let each = Manifest {
            subject: of,
            ..manifest("a", &format!("m{number}"))
        };
        put(&*metadata, &each, None);
        digests.push(each.digest);
    }
    let mut referring = digests[..3].to_vec();
    referring.sort();
    digests.sort();
    let only = |found: Vec<store::record::ManifestSummary>| -> Vec<Digest> {
        found.into_iter().map(|summary| summary.digest).collect()
    };
    assert_eq!(
        only(metadata.manifests(&name("a"), None, 9).unwrap()),
        digests
    );
    let second = metadata
        .manifests(&name("a"), Some(&digests[1]), 2)
        .unwrap();
    assert_eq!(only(second), digests[2..4]);
    assert_eq!(
        only(metadata.referrers(&name("a"), &subject).unwrap()),
        referring
    );
    assert!(metadata.referrers(&name("b"), &subject).unwrap().is_empty());
}

pub fn keys_and_tokens_are_kept(open: Open) {
    let metadata = open();
    let key = |id: &str| AccessKey {
        id: id.into(),
        secret: format!("s{id}"),
        created_at: at(1),
    };
    assert!(metadata.create_access_key(&key("B")).unwrap());
    assert!(metadata.create_access_key(&key("A")).unwrap());
    assert!(!metadata.create_access_key(&key("A")).unwrap());
    let kept = metadata.access_keys().unwrap();
    assert!(kept == [key("A"), key("B")]);
    assert!(metadata.access_key("B").unwrap() == Some(key("B")));
    assert!(metadata.access_key("b").unwrap().is_none());
    metadata.create_token(&digest("old"), "A", at(10)).unwrap();
    metadata.create_token(&digest("new"), "B", at(20)).unwrap();
    metadata.delete_expired_tokens(at(15)).unwrap();
    drop(metadata);
    let metadata = open();
    assert_eq!(metadata.token(&digest("old")).unwrap(), None);
    assert_eq!(
        metadata.token(&digest("new")).unwrap(),
        Some(("B".into(), at(20)))
    );
}

fn job(text: &str) -> JobKind {
    JobKind::Match {
        revision: text.into(),
    }
}

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

pub fn a_job_is_queued_once_and_leased_in_order(open: Open) {
    let metadata = open();
    metadata.add_job(&job("x"), at(1)).unwrap();
    metadata
        .add_job(&JobKind::Scan { image: digest("i") }, at(2))
        .unwrap();
    metadata.add_job(&job("x"), at(3)).unwrap();
    drop(metadata);
    let metadata = open();
    let first = metadata.lease_job(at(10), MINUTE).unwrap().unwrap();
    assert_eq!((first.kind.clone(), first.attempts), (job("x"), 1));
    let second = metadata.lease_job(at(10), MINUTE).unwrap().unwrap();
    assert_eq!(second.kind, JobKind::Scan { image: digest("i") });
    assert!(metadata.lease_job(at(10), MINUTE).unwrap().is_none());
    metadata.finish_job(first.id).unwrap();
    metadata.add_job(&job("x"), at(11)).unwrap();
    let again = metadata.lease_job(at(11), MINUTE).unwrap().unwrap();
    assert_ne!(
        again.id, first.id,
        "a job that has ended is not mistaken for a new one"
    );
}

pub fn an_expired_lease_is_given_again(open: Open) {
    let metadata = open();
    metadata.add_job(&job("x"), at(0)).unwrap();
    let job = metadata.lease_job(at(0), MINUTE).unwrap().unwrap();
    assert!(metadata.lease_job(at(59), MINUTE).unwrap().is_none());
    assert!(metadata.renew_job(job.id, at(59), MINUTE).unwrap());
    assert!(metadata.lease_job(at(60), MINUTE).unwrap().is_none());
    let again = metadata.lease_job(at(119), MINUTE).unwrap().unwrap();
    assert_eq!((again.id, again.attempts), (job.id, 2));
    metadata.retry_job(job.id, at(500)).unwrap();
    assert!(metadata.lease_job(at(499), MINUTE).unwrap().is_none());
    assert_eq!(
        metadata
            .lease_job(at(500), MINUTE)
            .unwrap()
            .unwrap()
            .attempts,
        3
    );
    metadata.finish_job(job.id).unwrap();
    assert!(!metadata.renew_job(job.id, at(501), MINUTE).unwrap());
    assert!(metadata.lease_job(at(9999), MINUTE).unwrap().is_none());
}

pub fn one_of_eight_threads_gets_the_job(open: Open) {
    let metadata = open();
    metadata.add_job(&job("x"), at(0)).unwrap();
    let barrier = Barrier::new(8);
    let leased: usize = std::thread::scope(|scope| {
        let lease = || {
            barrier.wait();
            usize::from(metadata.lease_job(at(1), MINUTE).unwrap().is_some())
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(lease)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(leased, 1);
}

pub fn threads_push_to_one_tag_at_once(open: Open) {
    let metadata = with(open, &["a"]);
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (metadata, barrier) = (&metadata, &barrier);
            scope.spawn(move || {
                barrier.wait();
                let text = format!("m{}", number % 2);
                metadata.link_blob(&name("a"), &digest("blob"), 1).unwrap();
                let image = Manifest {
                    blobs: vec![digest("blob")],
                    ..manifest("a", &text)
                };
                put(&**metadata, &image, Some("t"));
                assert!(
                    metadata
                        .manifest(&name("a"), &tagged("t"))
                        .unwrap()
                        .is_some()
                );
            });
        }
    });
    assert_eq!(metadata.manifests(&name("a"), None, 9).unwrap().len(), 2);
    assert_eq!(metadata.tags(&name("a"), None, 9).unwrap().len(), 1);
}

pub fn layer_reports_are_of_one_revision(open: Open) {
    let metadata = open();
    let layer = digest("layer");
    let report = |revision| metadata.layer_report(&layer, revision).unwrap();
    metadata.put_layer_report(&layer, "r1", b"one").unwrap();
    assert_eq!(report("r1").unwrap(), b"one");
    assert!(report("r2").is_none());
    metadata
        .put_layer_report(&layer, "r2", &[0, 255, 0])
        .unwrap();
    assert!(report("r1").is_none());
    assert_eq!(report("r2").unwrap(), [0, 255, 0]);
}
