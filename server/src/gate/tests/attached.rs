//! VEX documents that are pushed with an image as their subject.

use super::*;

const VEX: &str = "application/vnd.openvex+json";

/// Attaches a document that says of the finding what `status` is.
async fn attach(server: &Server, subject: &Digest, status: &str, time: &str) {
    let vex = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/1",
        "author": "Anna", "timestamp": time, "version": 1,
        "statements": [{
            "vulnerability": { "name": CVE }, "status": status,
            "products": [{ "@id": format!("pkg:oci/app@{subject}?arch=amd64"),
                "subcomponents": [{ "@id": "pkg:apk/alpine/zlib" }] }],
            "justification": "vulnerable_code_not_present",
        }],
    })
    .to_string();
    let config = b"{}";
    server.push_blob("app", config).await;
    server.push_blob("app", vex.as_bytes()).await;
    let descriptor = |kind: &str, bytes: &[u8]| json!({ "mediaType": kind, "digest": Digest::of(bytes).as_str(), "size": bytes.len() });
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": VEX,
        "config": descriptor("application/vnd.oci.empty.v1+json", config),
        "layers": [descriptor(VEX, vex.as_bytes())],
        "subject": { "mediaType": OCI_MANIFEST, "digest": subject.as_str(), "size": 1 },
    })
    .to_string();
    let path = format!("/v2/app/manifests/{}", Digest::of(manifest.as_bytes()));
    let put = call(server, "PUT", &path, OCI_MANIFEST, &manifest).await;
    assert_eq!(put.status, 201, "{}", put.body);
}

async fn server(attached_vex: bool) -> (Server, Digest) {
    let server = Server::with(|settings| {
        settings.dev = true;
        settings.attached_vex = attached_vex;
    });
    server.load(&[("zlib", "1.3.1-r0", CVE)]);
    let digest = server.push("app", "v1", ALPINE).await;
    server.work();
    policy(&server, ANY).await;
    (server, digest)
}

#[tokio::test]
async fn an_attached_document_is_heard_only_where_the_server_was_told_so() {
    for (told, expected) in [(false, is(403, "deny")), (true, is(200, "allow"))] {
        let (server, digest) = server(told).await;
        assert_eq!(pull(&server, "app/manifests/v1").await, is(403, "deny"));
        attach(&server, &digest, "not_affected", "2026-01-01T00:00:00Z").await;
        assert_eq!(pull(&server, "app/manifests/v1").await, expected);
        let other = ALPINE.replace("1.3-r0", "1.2-r0");
        server.push("app", "v2", &other).await;
        server.work();
        let pulled = pull(&server, "app/manifests/v2").await;
        assert_eq!(pulled, is(403, "deny"), "it is attached to another image");
        let path = format!("/api/v1/verdicts/{digest}?repository=app");
        let said = server.get(&path).await.json();
        let by = &said["suppressed"][0]["by"];
        assert_eq!(
            by["status"].as_str(),
            told.then_some("not_affected"),
            "{said}"
        );
        let source = by["source"].as_str().unwrap_or_default();
        assert_eq!(source.starts_with("attached sha256:"), told);
    }
}

#[tokio::test]
async fn the_latest_attached_document_counts_and_the_registrys_own_before_it() {
    let (server, digest) = server(true).await;
    attach(&server, &digest, "not_affected", "2026-01-01T00:00:00Z").await;
    attach(&server, &digest, "affected", "2026-02-01T00:00:00Z").await;
    assert_eq!(pull(&server, "app/manifests/v1").await, is(403, "deny"));
    attach(&server, &digest, "fixed", "2026-03-01T00:00:00Z").await;
    assert_eq!(pull(&server, "app/manifests/v1").await, is(200, "allow"));
    let own = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/own",
        "author": "Registry", "timestamp": "2025-01-01T00:00:00Z", "version": 1,
        "statements": [{ "vulnerability": { "name": CVE }, "status": "affected",
            "products": [{ "@id": "pkg:apk/alpine/zlib" }] }],
    });
    let put = server.send("PUT", "/api/v1/vex/own", own).await;
    assert_eq!(put.status, 201, "{}", put.body);
    assert_eq!(pull(&server, "app/manifests/v1").await, is(403, "deny"));
}
