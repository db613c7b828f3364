//! The native API: each endpoint, and each state of a scan as a status.

use image::manifest::media_type::OCI_INDEX;
use model::Digest;
use serde_json::{Value, json};

use crate::index::tests::{entry, push_index, two_platforms};
use crate::testing::{ALPINE, Answered, Server};

#[track_caller]
fn body(answered: &Answered, status: u16) -> Value {
    assert_eq!(answered.status, status, "{}", answered.body);
    assert_eq!(answered.header("content-type"), "application/json");
    assert_eq!(answered.header("cache-control"), "no-store");
    assert_eq!(answered.header("x-content-type-options"), "nosniff");
    answered.json()
}

#[tokio::test]
async fn lists_are_answered_page_by_page() {
    let server = Server::open();
    server.repository("app0", Some(false));
    let digest = server.push("app1", "latest", ALPINE).await;
    let all = body(&server.get("/api/v1/repositories").await, 200);
    let row = |name: &str, scan_on_push: bool| {
        json!({ "name": name, "uri": format!("localhost:5000/{name}"),
            "created_at": "2026-11-24T00:00:00Z", "scan_on_push": scan_on_push })
    };
    assert_eq!(
        all["repositories"],
        json!([row("app0", false), row("app1", true)])
    );
    let second = body(
        &server.get("/api/v1/repositories?limit=1&after=app0").await,
        200,
    );
    assert_eq!(second["repositories"], json!([row("app1", true)]));
    let images = body(&server.get("/api/v1/images?repository=app1").await, 200);
    assert_eq!(images["repository"], "app1");
    let image = &images["images"][0];
    assert_eq!(image["digest"], digest.as_str());
    assert_eq!(image["tags"], json!(["latest"]));
    assert_eq!(image["scan"]["state"], "complete");
    assert_eq!(image["scan"]["completed_at"], "2026-11-24T00:00:00Z");
    for path in ["/api/v1/images", "/api/v1/images?repository=none"] {
        let error = body(&server.get(path).await, 404);
        assert!(
            error["error"]
                .as_str()
                .unwrap()
                .starts_with("no repository"),
            "{error}"
        );
    }
    assert_eq!(server.get("/api/v1/repositories?limit=x").await.status, 400);
    assert_eq!(server.get("/api/v1/nothing").await.status, 404);
}

#[tokio::test]
async fn a_scan_is_its_state_until_it_is_a_document() {
    let server = Server::unhurried();
    server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
    let digest = server.push("app1", "latest", ALPINE).await;
    let bare = server
        .push("app1", "bare", "//- layer\n//- /bin/program\nx\n")
        .await;
    let scan = async |digest: &str| server.get(&format!("/api/v1/scans/{digest}")).await;
    let pending = body(&scan(digest.as_str()).await, 202);
    assert_eq!(pending, json!({ "state": "in_progress", "detail": "" }));
    server.work();
    let document = body(&scan(digest.as_str()).await, 200);
    assert_eq!(document["schema"], "lazaret.scan/1");
    assert_eq!(document["findings"][0]["id"], "CVE-2023-45853");
    let failed = body(&scan(bare.as_str()).await, 422);
    assert_eq!(failed["state"], "failed");
    assert!(
        failed["detail"]
            .as_str()
            .unwrap()
            .starts_with("UnsupportedImageError")
    );
    body(&scan(model::Digest::of(b"unknown").as_str()).await, 404);
    body(&scan("sha256:x").await, 400);
}

#[tokio::test]
async fn a_vulnerability_is_answered_with_its_images() {
    let server = Server::open();
    server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
    let digest = server.push("app1", "latest", ALPINE).await;
    server.work();
    let affected = body(
        &server.get("/api/v1/vulnerabilities/CVE-2023-45853").await,
        200,
    );
    let package = json!({ "name": "zlib", "version": "1.3-r0", "type": "apk",
        "severity": "unknown", "status": "fixed", "fixed_in": ["1.3.1-r0"] });
    let image = json!({ "repository": "app1", "digest": digest.as_str(), "tags": ["latest"],
        "packages": [package] });
    assert_eq!(
        affected,
        json!({ "id": "CVE-2023-45853", "complete": true, "next": null, "images": [image] })
    );
    let none = body(&server.get("/api/v1/vulnerabilities/CVE-1999-1").await, 200);
    assert_eq!(none["images"], json!([]));
}

#[tokio::test]
async fn a_package_is_answered_with_its_images() {
    let server = Server::open();
    server.load(&[("openssl", "3.1.4-r0", "CVE-2023-5363")]);
    let digest = server.push("app1", "latest", ALPINE).await;
    let newer = ALPINE.replace("V:3.1.3-r0", "V:3.1.5-r0");
    server.push("app1", "newer", &newer).await;
    let found = async |query: &str| {
        let path = format!("/api/v1/packages?{query}");
        let answer = body(&server.get(&path).await, 200);
        let images = answer["images"].as_array().unwrap().clone();
        let tags: Vec<String> = images
            .iter()
            .map(|image| image["tags"].to_string())
            .collect();
        (tags.join(" "), images)
    };
    let both = r#"["latest"] ["newer"]"#;
    assert_eq!(found("name=libssl3").await.0, both);
    assert_eq!(found("name=openssl").await.0, both, "by its source");
    assert_eq!(
        found("name=openssl&below=3.1.5-r0").await.0,
        r#"["latest"]"#
    );
    assert_eq!(found("name=openssl&below=3.1.3-r0").await.0, "");
    assert_eq!(
        found("name=openssl&below=what").await.0,
        both,
        "not to be told"
    );
    assert_eq!(found("name=ssl").await.0, "");
    let (_, images) = found("name=libssl3&below=3.1.4-r0").await;
    assert_eq!(
        images,
        [
            json!({ "repository": "app1", "digest": digest.as_str(), "tags": ["latest"],
            "packages": [{ "name": "libssl3", "version": "3.1.3-r0", "source": "openssl",
                "type": "apk", "findings": ["CVE-2023-5363"] }] })
        ]
    );
    body(&server.get("/api/v1/packages").await, 400);
}

/// What `docs/scan.md` shows of a document, between its fences.
fn example(after: &str) -> &'static str {
    let page = include_str!("../../../docs/scan.md");
    let (_, rest) = page.split_once(after).unwrap();
    let (_, rest) = rest.split_once("```json\n").unwrap();
    rest.split_once("```").unwrap().0
}

#[tokio::test]
async fn an_index_is_a_document_of_its_own() {
    let (server, index) = two_platforms().await;
    let path = format!("/api/v1/scans/{index}");
    let answered = server.get(&path).await;
    let document = body(&answered, 200);
    let example = example("## The document of an index");
    let shown: Value = serde_json::from_str(example).unwrap();
    // Which database it was is no part of the form.
    let revision = |document: &Value| {
        document["database"]["revision"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let answer = answered
        .body
        .replace(&revision(&document), &revision(&shown));
    assert_eq!(answer, example);
    assert_eq!(document["schema"], "lazaret.index/1");
    let listed = body(&server.get("/api/v1/images?repository=app1").await, 200);
    let images = listed["images"].as_array().unwrap();
    let row = images.iter().find(|row| row["digest"] == index.as_str());
    let scan = &row.unwrap()["scan"];
    assert_eq!(scan["state"], "complete");
    assert_eq!(scan["counts"], document["summary"]["severities"]);
}

#[tokio::test]
async fn an_index_is_the_states_of_its_images_until_it_is_a_document() {
    let server = Server::unhurried();
    server.load(&[]);
    let good = server.push("app1", "good", ALPINE).await;
    let bad = server.push("app1", "bad", "//- layer\n//- /x\nx\n").await;
    let entries = json!([entry(&good, "linux/amd64"), entry(&bad, "linux/arm64")]);
    let (index, answered) = push_index(&server, "all", entries).await;
    assert_eq!(answered.header("lazaret-scan-status"), "in_progress");
    let (failed, _) = push_index(&server, "bad", json!([entry(&bad, "linux/arm64")])).await;
    let (empty, _) = push_index(&server, "empty", json!([])).await;
    let scan = async |digest: &Digest| server.get(&format!("/api/v1/scans/{digest}")).await;
    let states = |answer: &Value| {
        let members = answer["members"].as_array().unwrap().iter();
        let words = members.map(|image| format!("{} {}", image["platform"], image["state"]));
        words.collect::<Vec<_>>().join(", ")
    };
    let waiting = body(&scan(&index).await, 202);
    assert_eq!(waiting["state"], "in_progress");
    let expected = r#""linux/amd64" "in_progress", "linux/arm64" "in_progress""#;
    assert_eq!(states(&waiting), expected);
    server.work();
    let document = body(&scan(&index).await, 200);
    let expected = r#""linux/amd64" "complete", "linux/arm64" "failed""#;
    assert_eq!(states(&document), expected);
    assert_eq!(document["coverage"]["verdict"], "incomplete");
    let nothing = body(&scan(&failed).await, 422);
    assert_eq!(nothing["state"], "failed");
    assert!(
        nothing["detail"]
            .as_str()
            .unwrap()
            .starts_with("linux/arm64: ")
    );
    body(&scan(&empty).await, 404);
}

#[tokio::test]
async fn who_may_read_the_scans_of_its_repository_may_read_an_index() {
    let server = Server::with(|_| {});
    let admin = server.user("admin", &["admin"]);
    server.log_in(Some((&admin.id, &admin.secret)));
    server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
    let mut indexes = Vec::new();
    for repository in ["team/a", "other/b"] {
        let digest = server.push(repository, "one", ALPINE).await;
        let entries = json!([entry(&digest, "linux/amd64")]);
        let index = json!({ "schemaVersion": 2, "manifests": entries }).to_string();
        let put = server.put_manifest(repository, "all", OCI_INDEX, index.as_bytes());
        assert_eq!(put.await.status, 201);
        indexes.push((digest, Digest::of(index.as_bytes())));
    }
    let (image, index) = &indexes[0];
    assert_eq!(indexes[0], indexes[1], "the same in both");
    let path = format!("/api/v1/scans/{index}");
    for (name, grants, status) in [
        ("reader", &["scan-reader:team/*"][..], 200),
        ("pusher", &["push:other/*"], 200),
        ("stranger", &["admin:else/*"], 404),
    ] {
        let key = server.user(name, grants);
        server.log_in(Some((&key.id, &key.secret)));
        assert_eq!(server.get(&path).await.status, status, "{name}");
    }
    // What is only in a repository that one may not see is not shown through one that one may.
    let (name, now) = ("other/b".parse().unwrap(), server.app.clock.now());
    let metadata = &server.app.store.metadata;
    metadata.delete_manifest(&name, image, now).unwrap();
    let key = server.user("blind", &["pull:other/*"]);
    server.log_in(Some((&key.id, &key.secret)));
    assert_eq!(
        server.get(&path).await.status,
        404,
        "its images are gone there"
    );
    server.log_in(Some((&admin.id, &admin.secret)));
    assert_eq!(server.get(&path).await.status, 200);
}
