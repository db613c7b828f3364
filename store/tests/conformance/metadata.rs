//! What every store of metadata must do: repositories, blobs, uploads, manifests, tags and keys.

use std::sync::Barrier;

use jiff::{SignedDuration, Timestamp};
use model::{Digest, Reference, RepositoryName, Tag};
use store::record::{
    AccessKey, Grant, JobKind, Link, Manifest, Mutability, PutManifest, Repository, ScanOrder,
    TagRule, Token, UploadRow, User,
};
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
        tag_rule: TagRule::default(),
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
        .put_manifest(manifest, tagged.map(tag).as_ref(), ScanOrder::None)
        .unwrap();
    assert_eq!(answer, PutManifest::Stored);
}

/// Brings a blob into a repository, as an upload does.
pub fn hold(metadata: &dyn Metadata, of: &str, text: &str, size: u64) {
    let claim = metadata.claim_blob(&digest(text), at(1)).unwrap().unwrap();
    let link = metadata.finish_upload(&id(9), &name(of), &digest(text), claim, size, at(1));
    assert_eq!(link.unwrap(), Link::Linked(size));
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
        hold(&*metadata, repository, "blob", 4);
        put(&*metadata, &manifest(repository, "m"), Some("t"));
    }
    let upload = UploadRow {
        id: id(1),
        repository: name("a"),
        started_at: at(3),
    };
    assert!(metadata.create_upload(&upload).unwrap());
    assert!(metadata.delete_repository(&name("a"), at(9)).unwrap());
    assert!(!metadata.delete_repository(&name("a"), at(9)).unwrap());
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
    let metadata = with(open, &["a", "b", "c"]);
    let (a, b, x) = (name("a"), name("b"), digest("x"));
    assert_eq!(metadata.link_blob(&a, &x, at(1)).unwrap(), Link::NoBlob);
    hold(&*metadata, "a", "x", 5);
    hold(&*metadata, "a", "x", 5);
    assert_eq!(metadata.linked_blob(&a, &x).unwrap(), Some(5));
    assert_eq!(metadata.linked_blob(&b, &x).unwrap(), None);
    assert_eq!(metadata.link_blob(&b, &x, at(1)).unwrap(), Link::Linked(5));
    assert_eq!(metadata.linked_blob(&b, &x).unwrap(), Some(5));
    let lost = metadata.link_blob(&name("absent"), &x, at(1)).unwrap();
    assert_eq!(lost, Link::NoRepository);
    assert_eq!(
        metadata.holders_of(&x, None, 9).unwrap(),
        [a.clone(), b.clone()]
    );
    assert_eq!(metadata.holders_of(&x, Some(&a), 9).unwrap(), [b]);
    assert!(metadata.unlink_blob(&a, &x).unwrap());
    assert!(!metadata.unlink_blob(&a, &x).unwrap());
    assert_eq!(metadata.linked_blob(&a, &x).unwrap(), None);
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
    assert_eq!(metadata.upload(&id(1)).unwrap(), Some(upload.clone()));
    assert_eq!(metadata.uploads(None, 9).unwrap(), [upload]);
    assert!(metadata.uploads(Some(&id(1)), 9).unwrap().is_empty());
    let other = metadata.claim_blob(&digest("y"), at(3)).unwrap().unwrap();
    let finish =
        |of, claim| metadata.finish_upload(&id(1), &name(of), &digest("x"), claim, 7, at(4));
    assert_eq!(
        finish("a", other).unwrap(),
        Link::NoBlob,
        "nobody claimed it"
    );
    let claim = metadata.claim_blob(&digest("x"), at(4)).unwrap().unwrap();
    assert_eq!(finish("a", claim).unwrap(), Link::Linked(7));
    assert_eq!(metadata.upload(&id(1)).unwrap(), None);
    assert_eq!(
        metadata.linked_blob(&name("a"), &digest("x")).unwrap(),
        Some(7)
    );
    assert_eq!(finish("absent", claim).unwrap(), Link::NoRepository);
    metadata.delete_upload(&id(1)).unwrap();
}

pub fn a_manifest_comes_back_as_it_was_put(open: Open) {
    let metadata = with(open, &["a"]);
    let mut blobs = vec![digest("config"), digest("layer")];
    blobs.sort();
    for blob in &blobs {
        let claim = metadata.claim_blob(blob, at(1)).unwrap().unwrap();
        metadata
            .finish_upload(&id(9), &name("a"), blob, claim, 1, at(1))
            .unwrap();
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
    hold(&*metadata, "a", "here", 1);
    hold(&*metadata, "b", "there", 1);
    put(&*metadata, &manifest("b", "child"), None);
    let wanting = Manifest {
        blobs: vec![digest("there"), digest("here"), digest("there")],
        manifests: vec![digest("child")],
        ..manifest("a", "m")
    };
    let answer = metadata
        .put_manifest(&wanting, Some(&tag("t")), ScanOrder::Later)
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
    let answer = metadata.put_manifest(&lost, None, ScanOrder::None).unwrap();
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
    assert!(metadata.delete_tag(&name("a"), &tag("b"), at(9)).unwrap());
    assert!(!metadata.delete_tag(&name("a"), &tag("b"), at(9)).unwrap());
    assert!(
        metadata.manifest(&name("a"), &by(&new)).unwrap().is_some(),
        "the manifest stays"
    );
}

pub fn a_deleted_manifest_takes_its_tags(open: Open) {
    let metadata = with(open, &["a"]);
    put(&*metadata, &manifest("a", "m"), Some("t"));
    put(&*metadata, &manifest("a", "n"), Some("u"));
    assert!(
        metadata
            .delete_manifest(&name("a"), &digest("m"), at(9))
            .unwrap()
    );
    assert!(
        !metadata
            .delete_manifest(&name("a"), &digest("m"), at(9))
            .unwrap()
    );
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
    let of = |repository, after| {
        metadata
            .referrers(&name(repository), &subject, after, 2)
            .unwrap()
    };
    assert_eq!(only(of("a", None)), referring[..2]);
    assert_eq!(only(of("a", Some(&referring[1]))), referring[2..]);
    assert!(of("b", None).is_empty());
}

pub fn a_tag_that_may_not_move_stays(open: Open) {
    let metadata = with(open, &["a"]);
    let rule = |mutability, filters: &[&str]| TagRule {
        mutability,
        exclusions: filters
            .iter()
            .map(|filter| filter.parse().unwrap())
            .collect(),
    };
    let set = |rule: &TagRule| metadata.set_tag_rule(&name("a"), rule).unwrap();
    let push = |text, tagged| {
        metadata
            .put_manifest(&manifest("a", text), Some(&tag(tagged)), ScanOrder::None)
            .unwrap()
    };
    let held = PutManifest::Immutable(digest("one"));
    for tagged in ["v1", "dev-1"] {
        assert_eq!(push("one", tagged), PutManifest::Stored);
    }
    assert!(set(&rule(Mutability::Immutable, &[])));
    assert_eq!(push("two", "v1"), held);
    let two = by(&digest("two"));
    assert!(
        metadata.manifest(&name("a"), &two).unwrap().is_none(),
        "nothing was changed"
    );
    assert_eq!(
        push("one", "v1"),
        PutManifest::Stored,
        "it points there already"
    );
    assert_eq!(push("two", "v2"), PutManifest::Stored, "a new tag");
    set(&rule(Mutability::ImmutableWithExclusion, &["dev-*"]));
    assert_eq!(push("two", "v1"), held);
    assert_eq!(push("two", "dev-1"), PutManifest::Stored);
    set(&rule(Mutability::MutableWithExclusion, &["v*"]));
    assert_eq!(push("two", "v1"), held);
    assert_eq!(push("one", "dev-1"), PutManifest::Stored);
    let kept = open().repository(&name("a")).unwrap().unwrap().tag_rule;
    assert_eq!(kept, rule(Mutability::MutableWithExclusion, &["v*"]));
    assert!(!metadata.set_tag_rule(&name("absent"), &kept).unwrap());
}

fn user(name: &str, grants: &[&str]) -> User {
    User {
        name: name.into(),
        password: None,
        grants: grants.iter().map(|grant| grant.parse().unwrap()).collect(),
        created_at: at(1),
    }
}

fn key(id: &str, user: &str) -> AccessKey {
    AccessKey {
        id: id.into(),
        user: user.into(),
        sealed: format!("sealed {id}").into(),
        created_at: at(1),
    }
}

fn token(text: &str, user: &str, key: Option<&str>, until: i64) -> Token {
    Token {
        hash: digest(text),
        user: user.into(),
        key_id: key.map(str::to_owned),
        expires_at: at(until),
    }
}

pub fn a_manifest_has_the_names_of_its_indexes(open: Open) {
    let metadata = with(open, &["a", "b"]);
    let index = |of: &str, text: &str, children: &[&str]| Manifest {
        manifests: children.iter().map(|child| digest(child)).collect(),
        ..manifest(of, text)
    };
    for of in ["a", "b"] {
        put(&*metadata, &manifest(of, "one"), None);
        put(&*metadata, &manifest(of, "two"), None);
    }
    put(&*metadata, &index("a", "both", &["one", "two"]), Some("v1"));
    put(&*metadata, &index("a", "both", &["one", "two"]), Some("v2"));
    put(&*metadata, &index("a", "loose", &["one"]), None);
    put(&*metadata, &index("b", "elsewhere", &["one"]), Some("v3"));
    let names = |of: &str, text: &str, limit| {
        let found = metadata.names_of(&name(of), &digest(text), limit).unwrap();
        let pair = |(digest, tag): (Digest, Option<Tag>)| (digest, tag.map(|tag| tag.to_string()));
        found.into_iter().map(pair).collect::<Vec<_>>()
    };
    let pair = |text: &str, tag: Option<&str>| (digest(text), tag.map(str::to_owned));
    let mut expected = vec![
        pair("one", None),
        pair("both", Some("v1")),
        pair("both", Some("v2")),
        pair("loose", None),
    ];
    expected.sort();
    assert_eq!(names("a", "one", 9), expected);
    assert_eq!(names("a", "one", 2), expected[..2]);
    let mut expected = vec![pair("one", None), pair("elsewhere", Some("v3"))];
    expected.sort();
    assert_eq!(names("b", "one", 9), expected);
    assert_eq!(names("b", "two", 9), [pair("two", None)]);
    assert!(names("b", "none", 9).is_empty());
}

pub fn a_manifest_is_found_in_each_repository_that_holds_it(open: Open) {
    let metadata = with(open, &["a", "b", "c"]);
    for of in ["c", "a"] {
        put(&*metadata, &manifest(of, "one"), None);
    }
    put(&*metadata, &manifest("b", "two"), None);
    let holders = |text: &str, after: Option<&str>, limit| {
        let after = after.map(name);
        let found = metadata.repositories_of(&digest(text), after.as_ref(), limit);
        let names: Vec<String> = found.unwrap().iter().map(ToString::to_string).collect();
        names.join(" ")
    };
    assert_eq!(holders("one", None, 9), "a c");
    assert_eq!(holders("one", None, 1), "a");
    assert_eq!(holders("one", Some("a"), 9), "c");
    assert_eq!(holders("two", None, 9), "b");
    assert_eq!(holders("none", None, 9), "");
}

pub fn users_are_kept_with_their_grants(open: Open) {
    let metadata = open();
    let (ci, root) = (user("ci", &["pull:*", "push:team/*"]), user("root", &[]));
    for each in [&root, &ci] {
        assert!(metadata.create_user(each).unwrap());
        assert!(!metadata.create_user(each).unwrap());
    }
    drop(metadata);
    let metadata = open();
    let sorted = |mut user: User| {
        user.grants.sort();
        user
    };
    assert!(metadata.users().unwrap() == [sorted(ci.clone()), root.clone()]);
    assert!(metadata.user("ci").unwrap() == Some(sorted(ci)));
    assert!(metadata.user("CI").unwrap().is_none());
    let grants: Vec<Grant> = vec!["admin".parse().unwrap()];
    assert!(metadata.set_grants("root", &grants).unwrap());
    assert!(!metadata.set_grants("nobody", &grants).unwrap());
    assert_eq!(metadata.user("root").unwrap().unwrap().grants, grants);
    assert!(metadata.set_password("root", Some("hash")).unwrap());
    assert!(!metadata.set_password("nobody", None).unwrap());
    let kept = metadata.user("root").unwrap().unwrap();
    assert_eq!(kept.password.as_deref(), Some("hash"));
    assert!(metadata.delete_user("ci").unwrap());
    assert!(!metadata.delete_user("ci").unwrap());
    assert!(metadata.user("ci").unwrap().is_none());
}

pub fn keys_end_with_their_user(open: Open) {
    let metadata = open();
    assert!(!metadata.create_access_key(&key("A", "ci")).unwrap());
    for name in ["ci", "root"] {
        metadata.create_user(&user(name, &[])).unwrap();
    }
    for each in [key("B", "root"), key("A", "ci"), key("C", "ci")] {
        assert!(metadata.create_access_key(&each).unwrap());
        assert!(!metadata.create_access_key(&each).unwrap());
    }
    let kept = metadata.access_keys().unwrap();
    assert!(kept == [key("A", "ci"), key("B", "root"), key("C", "ci")]);
    assert!(metadata.access_key("B").unwrap() == Some(key("B", "root")));
    assert!(metadata.access_key("b").unwrap().is_none());
    assert!(metadata.unsealed_access_keys().unwrap().is_empty());
    metadata.seal_access_key("B", b"anew").unwrap();
    assert_eq!(metadata.access_key("B").unwrap().unwrap().sealed, b"anew");
    assert!(metadata.delete_access_key("A").unwrap());
    assert!(!metadata.delete_access_key("A").unwrap());
    metadata.delete_user("ci").unwrap();
    drop(metadata);
    let left = open().access_keys().unwrap();
    assert_eq!(left.iter().map(|key| &*key.id).collect::<Vec<_>>(), ["B"]);
}

pub fn tokens_end_with_their_key(open: Open) {
    let metadata = open();
    metadata.create_user(&user("ci", &[])).unwrap();
    for id in ["A", "B"] {
        metadata.create_access_key(&key(id, "ci")).unwrap();
    }
    let tokens = [
        token("old", "ci", Some("A"), 10),
        token("a", "ci", Some("A"), 20),
        token("b", "ci", Some("B"), 20),
        token("by password", "ci", None, 20),
        token("of nobody", "nobody", None, 20),
        token("of no key", "ci", Some("C"), 20),
    ];
    for each in &tokens {
        metadata.create_token(each).unwrap();
    }
    metadata.delete_expired_tokens(at(15)).unwrap();
    drop(metadata);
    let metadata = open();
    let left = || {
        let kept = |each: &&Token| metadata.token(&each.hash).unwrap().as_ref() == Some(*each);
        tokens.iter().filter(kept).count()
    };
    assert_eq!(metadata.token(&tokens[0].hash).unwrap(), None, "it ran out");
    assert_eq!(left(), 3);
    metadata.delete_access_key("A").unwrap();
    assert_eq!(metadata.token(&tokens[1].hash).unwrap(), None);
    assert_eq!(left(), 2);
    metadata.set_password("ci", None).unwrap();
    assert_eq!(left(), 1);
    metadata.delete_user("ci").unwrap();
    assert_eq!(left(), 0);
}

fn job(text: &str) -> JobKind {
    JobKind::Scan {
        image: Digest::of(text.as_bytes()),
    }
}

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

pub fn preferences_are_kept_with_the_job_they_ask_for(open: Open) {
    let metadata = open();
    assert_eq!(metadata.preference("a").unwrap(), None);
    metadata.set_preference("a", "1", None).unwrap();
    assert_eq!(metadata.job_count().unwrap(), 0);
    let sweep = JobKind::Sweep { asked_at: at(3) };
    metadata
        .set_preference("a", "2", Some((&sweep, at(5))))
        .unwrap();
    metadata.set_preference("b", "", None).unwrap();
    drop(metadata);
    let metadata = open();
    assert_eq!(metadata.preference("a").unwrap().as_deref(), Some("2"));
    assert_eq!(metadata.preference("b").unwrap().as_deref(), Some(""));
    let lease = SignedDuration::from_secs(9);
    assert_eq!(metadata.lease_job(None, at(4), lease).unwrap(), None);
    let leased = metadata.lease_job(None, at(5), lease).unwrap().unwrap();
    assert_eq!(leased.kind, sweep);
}

pub fn a_job_is_queued_once_and_leased_in_order(open: Open) {
    let metadata = open();
    metadata.add_job(&job("x"), at(1)).unwrap();
    metadata
        .add_job(&JobKind::Scan { image: digest("i") }, at(2))
        .unwrap();
    metadata.add_job(&job("x"), at(3)).unwrap();
    drop(metadata);
    let metadata = open();
    let first = metadata.lease_job(None, at(10), MINUTE).unwrap().unwrap();
    assert_eq!((first.kind.clone(), first.attempts), (job("x"), 1));
    let second = metadata.lease_job(None, at(10), MINUTE).unwrap().unwrap();
    assert_eq!(second.kind, JobKind::Scan { image: digest("i") });
    assert!(metadata.lease_job(None, at(10), MINUTE).unwrap().is_none());
    metadata.finish_job(&first).unwrap();
    metadata.add_job(&job("x"), at(11)).unwrap();
    let again = metadata.lease_job(None, at(11), MINUTE).unwrap().unwrap();
    assert_ne!(
        again.id, first.id,
        "a job that has ended is not mistaken for a new one"
    );
}

pub fn an_expired_lease_is_given_again(open: Open) {
    let metadata = open();
    metadata.add_job(&job("x"), at(0)).unwrap();
    let first = metadata.lease_job(None, at(0), MINUTE).unwrap().unwrap();
    assert!(metadata.lease_job(None, at(59), MINUTE).unwrap().is_none());
    assert!(metadata.renew_job(&first, at(59), MINUTE).unwrap());
    assert!(metadata.lease_job(None, at(60), MINUTE).unwrap().is_none());
    let again = metadata.lease_job(None, at(119), MINUTE).unwrap().unwrap();
    assert_eq!((again.id, again.attempts), (first.id, 2));
    assert!(!metadata.renew_job(&first, at(120), MINUTE).unwrap());
    metadata.finish_job(&first).unwrap();
    metadata.retry_job(&first, at(120)).unwrap();
    assert!(
        metadata.lease_job(None, at(120), MINUTE).unwrap().is_none(),
        "the second holds it"
    );
    metadata.retry_job(&again, at(500)).unwrap();
    assert!(metadata.lease_job(None, at(499), MINUTE).unwrap().is_none());
    let third = metadata.lease_job(None, at(500), MINUTE).unwrap().unwrap();
    assert_eq!(third.attempts, 3);
    assert_eq!(metadata.job_count().unwrap(), 1);
    metadata.finish_job(&third).unwrap();
    assert!(!metadata.renew_job(&third, at(501), MINUTE).unwrap());
    assert!(
        metadata
            .lease_job(None, at(9999), MINUTE)
            .unwrap()
            .is_none()
    );
    assert_eq!(metadata.job_count().unwrap(), 0);
}

pub fn leases_end_with_whoever_had_the_store(open: Open) {
    let metadata = open();
    metadata.add_job(&job("x"), at(0)).unwrap();
    let sweep = JobKind::Sweep { asked_at: at(0) };
    let rule = Some((&sweep, at(50)));
    metadata.set_preference("rules", "{}", rule).unwrap();
    let dead = metadata.lease_job(None, at(0), MINUTE).unwrap().unwrap();
    let told = super::events::subscription("tell");
    metadata.create_subscription(&told).unwrap();
    let lease = |second| metadata.lease_subscription("tell", at(second), MINUTE);
    let held = lease(1).unwrap().unwrap();
    drop(metadata);
    let metadata = open();
    let lease = |second| metadata.lease_subscription("tell", at(second), MINUTE);
    assert_eq!(metadata.lease_job(None, at(2), MINUTE).unwrap(), None);
    assert_eq!(lease(2).unwrap(), None);
    metadata.end_leases(at(2)).unwrap();
    let again = metadata.lease_job(None, at(2), MINUTE).unwrap().unwrap();
    assert_eq!((again.id, again.attempts), (dead.id, 2));
    assert_ne!(
        lease(2).unwrap().unwrap().progress.lease,
        held.progress.lease
    );
    let early = metadata.lease_job(None, at(49), MINUTE).unwrap();
    assert_eq!(early, None, "what nobody has begun waits for its time");
}

pub fn a_job_is_claimed_by_its_kind(open: Open) {
    let metadata = open();
    metadata.add_job(&job("other"), at(0)).unwrap();
    let claim = |now| metadata.claim_job(&job("x"), at(now), MINUTE).unwrap();
    let first = claim(0).unwrap();
    assert_eq!(first.kind, job("x"));
    assert!(claim(1).is_none(), "it is held");
    metadata.finish_job(&first).unwrap();
    let second = claim(2).unwrap();
    assert!(claim(61).is_none());
    assert_eq!(claim(62).unwrap().id, second.id, "its lease ran out");
}

pub fn one_of_eight_threads_gets_the_job(open: Open) {
    let metadata = open();
    metadata.add_job(&job("x"), at(0)).unwrap();
    let barrier = Barrier::new(8);
    let leased: usize = std::thread::scope(|scope| {
        let lease = || {
            barrier.wait();
            usize::from(metadata.lease_job(None, at(1), MINUTE).unwrap().is_some())
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
                hold(&**metadata, "a", "blob", 1);
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
