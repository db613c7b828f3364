//! Garbage, damage and their limits, in a whole server.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::Request;
use model::Digest;
use serde_json::json;

use super::{Collected, Trouble, Verified, collect, verify};
use crate::testing::{ALPINE, Server};

const DAY: i64 = 24 * 3600;

fn blobs(server: &Server) -> usize {
    server.app.store.blobs.list(None, 1000).unwrap().len()
}

fn collected(server: &Server) -> Collected {
    let preview = collect::preview(&server.app).unwrap();
    let collected = collect(&server.app).unwrap().unwrap();
    let of_blobs = |one: Collected| (one.uploads, one.links, one.blobs, one.bytes);
    assert_eq!(
        of_blobs(preview),
        of_blobs(collected),
        "a dry run tells the truth"
    );
    collected
}

async fn delete(server: &Server, path: &str) -> u16 {
    let request = Request::delete(path).header("host", "localhost:5000");
    let answered = server.request(request.body(Body::empty()).unwrap()).await;
    answered.status.as_u16()
}

async fn head(server: &Server, path: &str) -> u16 {
    let request = Request::head(path).header("host", "localhost:5000");
    let answered = server.request(request.body(Body::empty()).unwrap()).await;
    answered.status.as_u16()
}

async fn upload(server: &Server, repository: &str, bytes: &'static [u8]) -> Digest {
    let digest = Digest::of(bytes);
    let path = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
    let request = Request::post(path).header("host", "localhost:5000");
    let answered = server
        .request(request.body(Body::from(bytes)).unwrap())
        .await;
    assert_eq!(answered.status, 201, "{}", answered.body);
    digest
}

fn file_of(server: &Server, digest: &Digest) -> PathBuf {
    let shard: String = digest.hex().chars().take(2).collect();
    server
        .data()
        .join("blobs/sha256")
        .join(shard)
        .join(digest.hex())
}

#[tokio::test]
async fn what_no_manifest_names_goes_after_a_day() {
    let server = Server::open();
    let image = server.push("a", "latest", ALPINE).await;
    let kept = blobs(&server);
    let loose = upload(&server, "a", b"loose").await;
    assert_eq!(collected(&server), Collected::default(), "it came just now");
    server.pass(DAY - 1);
    assert_eq!(head(&server, &format!("/v2/a/blobs/{loose}")).await, 200);
    server.pass(DAY - 1);
    assert_eq!(collected(&server), Collected::default(), "it was asked for");
    server.pass(2);
    let expected = Collected {
        links: 1,
        blobs: 1,
        bytes: 5,
        ..Collected::default()
    };
    assert_eq!(collected(&server), expected);
    assert_eq!(blobs(&server), kept);
    let path = format!("/v2/a/manifests/{image}");
    assert_eq!(server.get(&path).await.status, 200);
    assert_eq!(delete(&server, &path).await, 202);
    server.pass(DAY + 1);
    let gone = collected(&server);
    assert_eq!((gone.links, gone.blobs), (kept as u64, kept as u64));
    assert_eq!(blobs(&server), 0);
    assert_eq!(
        upload(&server, "a", b"loose").await,
        loose,
        "it can be pushed again"
    );
}

#[tokio::test]
async fn a_blob_stays_while_one_repository_needs_it() {
    let server = Server::open();
    for repository in ["a", "b"] {
        server.push(repository, "latest", ALPINE).await;
    }
    let kept = blobs(&server);
    let image = server.push("a", "latest", ALPINE).await;
    assert_eq!(
        delete(&server, &format!("/v2/a/manifests/{image}")).await,
        202
    );
    server.pass(DAY + 1);
    let loosened = collected(&server);
    assert_eq!((loosened.links, loosened.blobs), (kept as u64, 0));
    assert_eq!(
        server.get(&format!("/v2/b/manifests/{image}")).await.status,
        200
    );
}

#[tokio::test]
async fn what_a_crash_left_is_removed() {
    let server = Server::open();
    let digest = upload(&server, "a", b"named").await;
    let orphan = Digest::of(b"orphan");
    let place = file_of(&server, &orphan);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(&place, b"orphan").unwrap();
    let young = Digest::of(b"young");
    std::fs::write(file_of(&server, &young), b"young").unwrap();
    let upload = server
        .data()
        .join("uploads")
        .join("ffffffff-ffff-4fff-8fff-ffffffffffff");
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    std::fs::write(&upload, b"half").unwrap();
    for aged in [&upload, &place] {
        let file = std::fs::File::options().write(true).open(aged).unwrap();
        file.set_modified(old).unwrap();
    }
    let expected = Collected {
        uploads: 1,
        blobs: 1,
        bytes: 6,
        ..Collected::default()
    };
    assert_eq!(collected(&server), expected);
    assert!(!place.exists() && !upload.exists());
    assert!(file_of(&server, &digest).exists());
    assert!(
        file_of(&server, &young).exists(),
        "a push may be about to name it"
    );
}

#[tokio::test]
async fn one_collection_runs_at_a_time() {
    let server = Server::open();
    let kind = store::record::JobKind::Collect;
    let (now, lease) = (server.app.clock.now(), crate::worker::LEASE);
    let held = server
        .app
        .store
        .metadata
        .claim_job(&kind, now, lease)
        .unwrap();
    assert!(held.is_some());
    assert_eq!(collect(&server.app).unwrap(), None);
    server.pass(60);
    assert!(
        collect(&server.app).unwrap().is_some(),
        "the other one died"
    );
}

/// Scrubs; what was seen and every trouble in words.
fn scrubbed(server: &Server) -> (Verified, Vec<String>) {
    let mut troubles = Vec::new();
    let verified = verify(&server.app, |_, trouble: Option<&Trouble>| {
        troubles.extend(trouble.map(ToString::to_string));
    });
    (verified.unwrap(), troubles)
}

#[tokio::test]
async fn damage_is_found_kept_from_clients_and_healed_by_a_push() {
    let server = Server::open();
    server.push("a", "latest", ALPINE).await;
    let digest = upload(&server, "a", b"some bytes").await;
    let path = format!("/v2/a/blobs/{digest}");
    let (verified, troubles) = scrubbed(&server);
    assert!(troubles.is_empty(), "{troubles:?}");
    assert_eq!(
        (verified.blobs, verified.manifests, verified.troubles),
        (3, 1, 0)
    );
    std::fs::write(file_of(&server, &digest), b"same_bytes").unwrap();
    let (verified, troubles) = scrubbed(&server);
    assert_eq!(verified.troubles, 1);
    assert!(
        troubles[0].starts_with(&format!("{digest}: its bytes are others")),
        "{troubles:?}"
    );
    assert_eq!(head(&server, &path).await, 404);
    assert_eq!(server.get(&path).await.status, 404);
    assert_eq!(upload(&server, "a", b"some bytes").await, digest);
    assert_eq!(server.get(&path).await.body, "some bytes");
    assert_eq!(scrubbed(&server).1, Vec::<String>::new());
    std::fs::remove_file(file_of(&server, &digest)).unwrap();
    let (_, troubles) = scrubbed(&server);
    assert!(troubles[0].contains("its bytes are gone"), "{troubles:?}");
    std::fs::write(file_of(&server, &digest), b"some bytes").unwrap();
    assert_eq!(
        scrubbed(&server).1,
        Vec::<String>::new(),
        "put back by hand, it is sound"
    );
    assert_eq!(server.get(&path).await.status, 200);
}

#[tokio::test]
async fn a_manifest_whose_blob_was_deleted_is_told_of() {
    let server = Server::open();
    let image = server.push("a", "latest", ALPINE).await;
    let manifest = server.get(&format!("/v2/a/manifests/{image}")).await.json();
    let config = manifest["config"]["digest"].as_str().unwrap().to_owned();
    assert_eq!(delete(&server, &format!("/v2/a/blobs/{config}")).await, 202);
    let (verified, troubles) = scrubbed(&server);
    let expected =
        format!("a@{image}: its blob {config} was deleted; push it again to pull the image");
    assert_eq!(troubles, [expected]);
    assert_eq!(
        (verified.troubles, verified.incomplete),
        (0, 1),
        "a client's doing is no damage"
    );
}

#[tokio::test]
async fn the_api_answers_line_by_line() {
    let server = Server::open();
    let digest = upload(&server, "a", b"loose").await;
    let post = async |path: &str| {
        let request = Request::post(path).header("host", "localhost:5000");
        let answered = server.request(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answered.header("content-type"), "application/x-ndjson");
        let lines = answered
            .body
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        lines.collect::<Vec<serde_json::Value>>()
    };
    let usage = server.get("/api/v1/admin/usage").await.json();
    assert_eq!(usage["bytes"], 5);
    assert_eq!(usage["by_repository"][0]["name"], "a");
    std::fs::write(file_of(&server, &digest), b"LOOSE").unwrap();
    let lines = post("/api/v1/admin/verify").await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0]["trouble"]
            .as_str()
            .unwrap()
            .contains(digest.as_str())
    );
    assert_eq!(lines[1]["troubles"], 1);
    server.pass(DAY + 1);
    let dry = post("/api/v1/admin/collect?dry_run=true").await;
    assert_eq!(
        (&dry[0]["blobs"], &dry[0]["dry_run"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(blobs(&server), 1);
    let done = post("/api/v1/admin/collect").await;
    assert_eq!(
        (&done[0]["bytes"], &done[0]["dry_run"]),
        (&json!(5), &json!(false))
    );
    assert_eq!(blobs(&server), 0);
}
