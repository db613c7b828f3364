//! Indexes as they are pushed, with what is said of them.

use std::fmt::Write;

use expect_test::expect;
use image::fixture::Fixture;
use image::manifest::media_type::{OCI_CONFIG, OCI_INDEX, OCI_MANIFEST};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::record::ScanState;

use super::*;
use crate::testing::{ALPINE, Answered, Server};

const NO_PACKAGES: &str = "//- layer\n//- /bin/program\nx\n";
const FIXES: &[(&str, &str, &str)] = &[
    ("openssl", "3.1.4-r0", "CVE-2023-5363"),
    ("zlib", "1.3.1-r0", "CVE-2023-45853"),
    ("busybox", "1.36.1-r16", "CVE-2023-42366"),
];

/// An image on the same base layer, with a second layer of its own.
pub(crate) fn on_alpine(architecture: &str, package: &str) -> Fixture {
    let text = format!(
        "{ALPINE}//- layer\n//- /lib/apk/db/installed\nP:{package}\nV:1.36.1-r15\nA:any\n\n\
         P:libssl3\nV:3.1.3-r0\nA:any\no:openssl\n"
    );
    Fixture::for_platform(&text, "linux", architecture).unwrap()
}

/// What an index says of a manifest.
pub(crate) fn entry(digest: &Digest, platform: &str) -> Value {
    let mut words = platform.split('/');
    let mut platform = json!({ "os": words.next(), "architecture": words.next() });
    if let Some(variant) = words.next() {
        platform["variant"] = json!(variant);
    }
    json!({ "mediaType": OCI_MANIFEST, "digest": digest, "size": 1, "platform": platform })
}

/// Pushes an index under a tag, and answers its digest with what the registry said.
pub(crate) async fn push_index(server: &Server, tag: &str, entries: Value) -> (Digest, Answered) {
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries });
    let bytes = index.to_string().into_bytes();
    let answered = server.put_manifest("app1", tag, OCI_INDEX, &bytes).await;
    assert_eq!(answered.status, 201, "{}", answered.body);
    (Digest::of(&bytes), answered)
}

/// A manifest as buildkit attaches it: an image's form, but no layer of a file system.
async fn push_attestation(server: &Server) -> Digest {
    let config = server.push_blob("app1", b"{}").await;
    let statement = server.push_blob("app1", b"statement").await;
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": { "mediaType": OCI_CONFIG, "digest": config, "size": 2 },
        "layers": [{ "mediaType": "application/vnd.in-toto+json", "digest": statement, "size": 9 }],
    });
    let bytes = manifest.to_string().into_bytes();
    let digest = Digest::of(&bytes);
    let put = server.put_manifest("app1", digest.as_str(), OCI_MANIFEST, &bytes);
    assert_eq!(put.await.status, 201);
    digest
}

/// A server with an index of two platforms.
pub(crate) async fn two_platforms() -> (Server, Digest) {
    let server = Server::open();
    server.load(FIXES);
    server.work();
    let amd64 = on_alpine("amd64", "busybox");
    let arm64 = on_alpine("arm64", "nothing");
    let amd64 = server.push_fixture("app1", "amd64", &amd64).await;
    let arm64 = server.push_fixture("app1", "arm64", &arm64).await;
    let entries = json!([
        entry(&arm64, "linux/arm64/v8"),
        entry(&amd64, "linux/amd64")
    ]);
    let (index, _) = push_index(&server, "all", entries).await;
    (server, index)
}

fn union_of(server: &Server, index: &Digest) -> Option<Union> {
    of(&server.app, Some(&"app1".parse().unwrap()), index).unwrap()
}

/// Everything that a union says, in lines.
fn told(union: &Union) -> String {
    let mut text = String::new();
    match &union.row {
        Some(row) => writeln!(text, "{} {:?}", row.state.as_str(), row.detail).unwrap(),
        None => writeln!(text, "no scan").unwrap(),
    }
    for member in &union.members {
        writeln!(text, "image {} {}", member.name, member.state()).unwrap();
    }
    writeln!(text, "coverage {}", union.coverage.verdict).unwrap();
    for gap in &union.coverage.gaps {
        let detail: String = gap.detail.chars().take(60).collect();
        writeln!(text, "gap {}: {detail}", gap.kind).unwrap();
    }
    for shared in union.findings() {
        let (finding, package) = (shared.finding, &shared.finding.package);
        let platforms = shared.platforms.join(" ");
        let (id, name) = (&finding.id, &package.name);
        writeln!(
            text,
            "finding {id} {name} {} in {platforms}",
            package.version
        )
        .unwrap();
    }
    text
}

#[tokio::test]
async fn images_that_share_a_layer_are_one_answer() {
    let (server, index) = two_platforms().await;
    let union = union_of(&server, &index).unwrap();
    expect![[r#"
        complete ""
        image linux/amd64 complete
        image linux/arm64/v8 complete
        coverage incomplete
        gap end_of_life: linux/amd64: alpine:3.19 got its last fixes on 2025-11-01: w
        gap end_of_life: linux/arm64/v8: alpine:3.19 got its last fixes on 2025-11-01
        finding CVE-2023-42366 busybox 1.36.1-r15 in linux/amd64
        finding CVE-2023-5363 libssl3 3.1.3-r0 in linux/amd64 linux/arm64/v8
    "#]]
    .assert_eq(&told(&union));
    let counts = union.row.unwrap().counts;
    assert_eq!(counts.map(|(_, count)| count), [0, 0, 0, 0, 0, 2]);
}

#[tokio::test]
async fn a_layer_that_images_share_is_read_once() {
    let server = Server::open();
    server.load(FIXES);
    server.work();
    let images = [on_alpine("amd64", "busybox"), on_alpine("arm64", "other")];
    let shared = Digest::of(&images[0].layers[0].blob);
    assert_eq!(shared, Digest::of(&images[1].layers[0].blob));
    for image in &images {
        for (_, bytes) in image.blobs() {
            server.push_blob("app1", bytes).await;
        }
    }
    let put = async |image: &Fixture| {
        let put = server.put_manifest("app1", "x", OCI_MANIFEST, &image.manifest);
        put.await.header("lazaret-scan-status").to_owned()
    };
    assert_eq!(put(&images[0]).await, "complete");
    server.app.store.blobs.delete(&shared).unwrap();
    assert_eq!(put(&images[1]).await, "complete", "nobody reads it again");
    let layers = images.iter().flat_map(|image| &image.layers);
    let layers: std::collections::BTreeSet<_> =
        layers.map(|layer| Digest::of(&layer.blob)).collect();
    let metadata = &server.app.store.metadata;
    let report = |layer: &&Digest| metadata.layer_report(layer, catalog::REVISION).unwrap();
    let reports = layers.iter().filter(|layer| report(layer).is_some());
    assert_eq!((layers.len(), reports.count()), (3, 3));
}

#[tokio::test]
async fn an_attestation_is_no_image_and_the_word_for_it_hides_none() {
    let server = Server::open();
    server.load(FIXES);
    server.work();
    let image = server.push("app1", "one", ALPINE).await;
    let attestation = push_attestation(&server).await;
    let marked = |digest: &Digest, platform: &str| {
        let mut entry = entry(digest, platform);
        entry["annotations"] = json!({ "vnd.docker.reference.type": "attestation-manifest" });
        entry
    };
    let artifacts = json!([marked(&attestation, "unknown/unknown")]);
    let (only, answered) = push_index(&server, "only", artifacts).await;
    assert!(union_of(&server, &only).is_none(), "an index of artifacts");
    assert_eq!(answered.header("lazaret-scan-status"), "");
    let entries = json!([
        entry(&image, "linux/amd64"),
        marked(&attestation, "unknown/unknown"),
        entry(&attestation, "linux/arm64"),
    ]);
    let (index, _) = push_index(&server, "all", entries).await;
    let names = |index: &Digest| {
        let members = union_of(&server, index).unwrap().members;
        let names: Vec<String> = members.into_iter().map(|member| member.name).collect();
        names.join(" ")
    };
    assert_eq!(names(&index), "linux/amd64");
    let hidden = json!([marked(&image, "linux/amd64")]);
    let (index, _) = push_index(&server, "hidden", hidden).await;
    assert_eq!(names(&index), "linux/amd64", "runtimes pass over the mark");
    let unnamed = json!([{ "mediaType": OCI_MANIFEST, "digest": image, "size": 1 }]);
    let (index, _) = push_index(&server, "unnamed", unnamed).await;
    assert_eq!(names(&index), "linux/amd64", "as its configuration says");
}

#[tokio::test]
async fn an_index_in_an_index_is_followed_as_far_as_the_limits_say() {
    let (server, inner) = two_platforms().await;
    let other = on_alpine("riscv64", "busybox");
    let other = server.push_fixture("app1", "riscv64", &other).await;
    let nested = json!({ "mediaType": OCI_INDEX, "digest": inner, "size": 1 });
    let entries = json!([nested, entry(&other, "linux/riscv64")]);
    let (outer, _) = push_index(&server, "outer", entries).await;
    let limits = |depth, members| image::Limits {
        index_depth: depth,
        index_members: members,
        ..image::Limits::default()
    };
    let name = "app1".parse().unwrap();
    let stored = stored(&server.app, Some(&name), &outer).unwrap().unwrap();
    let parsed = Manifest::parse(&stored.bytes, None, &limits(9, 9)).unwrap();
    let Manifest::Index(parsed) = parsed else {
        panic!("it is an index")
    };
    let mut text = String::new();
    for (depth, most) in [(2, 4), (1, 4), (2, 3), (2, 1)] {
        let limits = limits(depth, most);
        let found = members::of(&server.app, Some(&name), &parsed, &limits).unwrap();
        let images: Vec<&str> = found
            .images
            .iter()
            .map(|image| image.name.as_str())
            .collect();
        let gaps: Vec<String> = found.gaps.iter().map(|gap| gap.detail.clone()).collect();
        writeln!(text, "{depth} {most}: {images:?} {gaps:?}").unwrap();
    }
    expect![[r#"
        2 4: ["linux/amd64", "linux/arm64/v8", "linux/riscv64"] []
        1 4: ["linux/riscv64"] ["sha256:fa7d5bff3efb4435cc8088aea963aff2256568aa039848d3a882eb4175bbe6d9 is an index too deep in others to be looked into"]
        2 3: ["linux/amd64", "linux/arm64/v8"] ["the index names more than 3 manifests"]
        2 1: [] ["sha256:fa7d5bff3efb4435cc8088aea963aff2256568aa039848d3a882eb4175bbe6d9: the manifest's manifests has 2 members, more than the 1 that are allowed", "the index names more than 1 manifests"]
    "#]].assert_eq(&text);
}

#[tokio::test]
async fn an_image_that_could_not_be_scanned_is_named() {
    let server = Server::open();
    server.load(FIXES);
    server.work();
    let good = server.push("app1", "good", ALPINE).await;
    let bad = Fixture::for_platform(NO_PACKAGES, "linux", "arm64").unwrap();
    let bad = server.push_fixture("app1", "bad", &bad).await;
    let entries = json!([entry(&good, "linux/amd64"), entry(&bad, "linux/arm64")]);
    let (index, answered) = push_index(&server, "all", entries).await;
    assert_eq!(answered.header("lazaret-scan-status"), "complete");
    expect![[r#"
        complete "INCOMPLETE: linux/arm64: it could not be scanned: UnsupportedImageError: The operating system and/or package manager are not supported. no_package_database: no package database was found in the image, so nothing could be compared: such an image needs its own list of contents (an SBOM)"
        image linux/amd64 complete
        image linux/arm64 failed
        coverage incomplete
        gap end_of_life: linux/amd64: alpine:3.19 got its last fixes on 2025-11-01: w
        gap unsupported: linux/arm64: it could not be scanned: UnsupportedImageError:
        finding CVE-2023-45853 zlib 1.3-r0 in linux/amd64
        finding CVE-2023-5363 libcrypto3 3.1.3-r0 in linux/amd64
        finding CVE-2023-5363 libssl3 3.1.3-r0 in linux/amd64
    "#]].assert_eq(&told(&union_of(&server, &index).unwrap()));
    let (index, answered) = push_index(&server, "bad", json!([entry(&bad, "linux/arm64")])).await;
    assert_eq!(answered.header("lazaret-scan-status"), "failed");
    assert_eq!(answered.header("lazaret-findings"), "");
    expect![[r#"
        failed "linux/arm64: it could not be scanned: UnsupportedImageError: The operating system and/or package manager are not supported. no_package_database: no package database was found in the image, so nothing could be compared: such an image needs its own list of contents (an SBOM)"
        image linux/arm64 failed
        coverage unsupported
        gap unsupported: linux/arm64: it could not be scanned: UnsupportedImageError:
    "#]].assert_eq(&told(&union_of(&server, &index).unwrap()));
}

#[tokio::test]
async fn an_image_that_was_deleted_since_is_missed() {
    let (server, index) = two_platforms().await;
    let name = "app1".parse().unwrap();
    let members = union_of(&server, &index).unwrap().members;
    let metadata = &server.app.store.metadata;
    let now = server.app.clock.now();
    let mut text = String::new();
    for member in &members {
        metadata
            .delete_manifest(&name, &member.digest, now)
            .unwrap();
        text += &told(&union_of(&server, &index).unwrap());
        text += "\n";
    }
    expect![[r#"
        complete "INCOMPLETE: linux/amd64: its manifest is not in the repository any more"
        image linux/amd64 missing
        image linux/arm64/v8 complete
        coverage incomplete
        gap end_of_life: linux/arm64/v8: alpine:3.19 got its last fixes on 2025-11-01
        gap unreadable: linux/amd64: its manifest is not in the repository any more
        finding CVE-2023-5363 libssl3 3.1.3-r0 in linux/arm64/v8

        no scan
        image linux/amd64 missing
        image linux/arm64/v8 missing
        coverage unsupported
        gap unreadable: linux/amd64: its manifest is not in the repository any more
        gap unreadable: linux/arm64/v8: its manifest is not in the repository any mo

    "#]]
    .assert_eq(&text);
    let absent = entry(&Digest::of(b"absent"), "linux/amd64");
    let index = json!({ "schemaVersion": 2, "manifests": [absent] });
    let bytes = index.to_string().into_bytes();
    let refused = server.put_manifest("app1", "x", OCI_INDEX, &bytes).await;
    assert_eq!(refused.status, 400, "what is not there cannot be named");
}

#[test]
fn the_state_of_the_whole_follows_from_those_of_the_images() {
    let member = |word: &str| Member {
        name: format!("linux/{word}"),
        digest: Digest::of(word.as_bytes()),
        platform: None,
        is_there: word != "missing",
        row: ScanState::from_word(word).map(|state| ScanRow {
            image: Digest::of(word.as_bytes()),
            state,
            detail: String::new(),
            requested_at: Timestamp::UNIX_EPOCH,
            completed_at: Some(Timestamp::UNIX_EPOCH),
            counts: model::Severity::ALL.map(|severity| (severity, 0)),
        }),
        facts: None,
    };
    let cases = [
        ("complete", "complete"),
        ("complete complete", "complete"),
        ("complete failed", "complete"),
        ("complete not_scanned", "complete"),
        ("complete missing", "complete"),
        ("complete pending", "pending"),
        ("failed pending", "pending"),
        ("pending in_progress complete", "in_progress"),
        ("in_progress failed", "in_progress"),
        ("failed failed", "failed"),
        ("failed missing not_scanned", "failed"),
        ("missing not_scanned", "none"),
    ];
    for (words, expected) in cases {
        let members = words.split(' ').map(member).collect();
        let union = Union::of(&Digest::of(b"index"), members, Vec::new());
        let state = union.row.as_ref().map_or("none", |row| row.state.as_str());
        assert_eq!(state, expected, "{words}");
        let is_ended = union.row.is_some_and(|row| row.completed_at.is_some());
        assert_eq!(
            is_ended,
            matches!(expected, "complete" | "failed"),
            "{words}"
        );
        let others = words.split(' ').filter(|word| *word != "complete");
        let others: std::collections::BTreeSet<&str> = others.collect();
        assert_eq!(union.coverage.gaps.len(), others.len(), "{words}");
    }
}
