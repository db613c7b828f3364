//! The native API: each endpoint, and each state of a scan as a status.

use serde_json::{Value, json};

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
