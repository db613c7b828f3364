//! end-3, end-7 and end-9.

use expect_test::expect;
use store::record::{JobKind, ScanState};

use super::*;
use crate::testing::{ALPINE, Server};

#[tokio::test]
async fn an_image_is_pushed_and_pulled() {
    let registry = Registry::new();
    for blob in ["{}", "layer"] {
        registry.push_blob("a", blob).await;
    }
    let put = format!("PUT /v2/a/manifests/v1\nContent-Type: {MANIFEST}");
    expect![[r#"
        201
        docker-content-digest: sha256:39cd65443454a3ce47dd298e7f06f54677541e52d3cc5f30ef3ba05f99883081
        lazaret-scan-status: failed
        location: /v2/a/manifests/sha256:39cd65443454a3ce47dd298e7f06f54677541e52d3cc5f30ef3ba05f99883081
    "#]].assert_eq(&registry.call(&put, image("{}")).await);
    let digest = Digest::of(image("{}").as_bytes());
    expect![[r#"
        200
        content-length: 392
        content-type: application/vnd.oci.image.manifest.v1+json
        docker-content-digest: sha256:39cd65443454a3ce47dd298e7f06f54677541e52d3cc5f30ef3ba05f99883081
        etag: "sha256:39cd65443454a3ce47dd298e7f06f54677541e52d3cc5f30ef3ba05f99883081"

        {"config":{"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","mediaType":"application/vnd.oci.image.config.v1+json","size":2},"layers":[{"digest":"sha256:dac1d7cfa95021764849fd102524e141488c5e3a90f861dbb5a12d9ac8584f85","mediaType":"application/vnd.oci.image.layer.v1.tar","size":5}],"mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2}
    "#]].assert_eq(&registry.call("GET /v2/a/manifests/v1", "").await);
    expect![[r#"
        200
        content-length: 392
        content-type: application/vnd.oci.image.manifest.v1+json
        docker-content-digest: sha256:39cd65443454a3ce47dd298e7f06f54677541e52d3cc5f30ef3ba05f99883081
        etag: "sha256:39cd65443454a3ce47dd298e7f06f54677541e52d3cc5f30ef3ba05f99883081"
    "#]].assert_eq(&registry.call(&format!("HEAD /v2/a/manifests/{digest}"), "").await);
    let foreign = "GET /v2/a/manifests/v1
        Accept: application/vnd.docker.distribution.manifest.v2+json
        Accept: application/vnd.docker.distribution.manifest.list.v2+json";
    assert_eq!(
        registry.status(foreign, "").await,
        200,
        "an image is never hidden by Accept"
    );
}

#[tokio::test]
async fn the_scan_is_done_when_the_push_is_answered() {
    let server = Server::open();
    server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
    server.work();
    let digest = server.push("a", "v1", ALPINE).await;
    let put = server.app.store.metadata.scan(&digest).unwrap().unwrap();
    assert_eq!(put.state, ScanState::Complete);
    let lease = jiff::SignedDuration::from_mins(1);
    let job = server
        .app
        .store
        .metadata
        .lease_job(None, server.app.clock.now(), lease);
    assert_eq!(job.unwrap(), None, "nothing is left to do");
    // Pushed again, it is not looked at again: what was found follows the database.
    server.pass(60);
    let again = server.push("b", "v1", ALPINE).await;
    assert_eq!(again, digest);
    let known = server.app.store.metadata.scan(&digest).unwrap().unwrap();
    assert_eq!(known, put);
}

#[tokio::test]
async fn a_push_says_what_was_found_and_what_comes_of_a_pull() {
    let server = Server::open();
    server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
    let headers = async |tag: &str, text: &str| {
        let fixture = image::fixture::Fixture::parse(text).unwrap();
        server.push("a", tag, text).await;
        let path = format!("/v2/a/manifests/{tag}");
        let request = Request::put(path)
            .header("host", "localhost:5000")
            .header("content-type", MANIFEST);
        let body = Body::from(fixture.manifest.clone());
        let answered = server.request(request.body(body).unwrap()).await;
        ["scan-status", "findings", "coverage", "verdict"]
            .map(|name| answered.header(&format!("lazaret-{name}")).to_owned())
    };
    let counts = "critical=0, high=0, medium=0, low=0, negligible=0, unknown=1";
    let bare = "//- layer\n//- /bin/program\nx\n";
    let found = headers("v1", ALPINE).await;
    // The distribution gets no more fixes: that is a gap.
    assert_eq!(found, ["complete", counts, "incomplete", ""]);
    assert_eq!(headers("v2", bare).await, ["failed", "", "", ""]);
    let policy = "name = \"fixed\"\n[[rules]]\nfixable = true\n";
    let request = Request::put("/api/v1/policies/fixed")
        .header("host", "localhost:5000")
        .header("content-type", "application/toml");
    let request = request.body(Body::from(policy)).unwrap();
    assert_eq!(server.request(request).await.status, 201);
    let denied = headers("v1", ALPINE).await;
    assert_eq!(denied, ["complete", counts, "incomplete", "deny"]);
    assert_eq!(headers("v2", bare).await, ["failed", "", "", "deny"]);
}

#[tokio::test]
async fn a_scan_that_takes_longer_than_a_push_is_a_job() {
    let registry = Registry::with({
        let mut settings = Settings::new("localhost:5000");
        settings.push_wait = std::time::Duration::ZERO;
        settings
    });
    let digest = registry.push_image("a", "v1", "{}").await;
    let scan = registry.app.store.metadata.scan(&digest).unwrap().unwrap();
    assert_eq!(
        (scan.state, scan.requested_at),
        (ScanState::InProgress, Still.now())
    );
    let lease = jiff::SignedDuration::from_mins(1);
    let job = registry
        .app
        .store
        .metadata
        .lease_job(None, Still.now(), lease)
        .unwrap()
        .unwrap();
    assert_eq!(job.kind, JobKind::Scan { image: digest });
}

#[tokio::test]
async fn no_scan_where_none_is_wanted() {
    let registry = Registry::new();
    registry.push_blob("a", "{}").await;
    registry
        .app
        .store
        .metadata
        .set_scan_on_push(&"a".parse().unwrap(), false)
        .unwrap();
    let digest = registry.push_image("a", "v1", "{}").await;
    assert!(registry.app.store.metadata.scan(&digest).unwrap().is_none());
}

#[tokio::test]
async fn an_index_is_pushed_after_its_images() {
    let registry = Registry::new();
    let child = registry.push_image("a", "v1", "{}").await;
    let media_type = "application/vnd.oci.image.index.v1+json";
    let index = |digest: &Digest| {
        serde_json::json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "manifests": [{ "mediaType": MANIFEST, "digest": digest, "size": 10,
                "platform": { "os": "linux", "architecture": "amd64" } }],
        })
        .to_string()
    };
    let put = format!("PUT /v2/a/manifests/all\nContent-Type: {media_type}");
    assert_eq!(registry.status(&put, index(&child)).await, 201);
    let digest = Digest::of(index(&child).as_bytes());
    assert!(registry.app.store.metadata.scan(&digest).unwrap().is_none());
    expect![[r#"
        400
        content-type: application/json

        {"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","detail":{"digest":"sha256:5ad38304b535c2987dbd24657c1a11b884984ff600d9f389deb0d4e634fee792"},"message":"the manifest names sha256:5ad38304b535c2987dbd24657c1a11b884984ff600d9f389deb0d4e634fee792, which is not in this repository: push it first"}]}
    "#]].assert_eq(&registry.call(&put, index(&Digest::of(b"absent"))).await);
}

#[tokio::test]
async fn a_manifest_must_find_its_blobs() {
    let registry = Registry::new();
    registry.push_blob("a", "layer").await;
    registry.push_blob("b", "{}").await;
    let put = format!("PUT /v2/a/manifests/v1\nContent-Type: {MANIFEST}");
    expect![[r#"
        400
        content-type: application/json

        {"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","detail":{"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},"message":"the manifest names sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a, which is not in this repository: push it first"}]}
    "#]].assert_eq(&registry.call(&put, image("{}")).await);
    assert_eq!(registry.status("GET /v2/a/manifests/v1", "").await, 404);
}

#[tokio::test]
async fn a_manifest_must_have_its_digest() {
    let registry = Registry::new();
    registry.push_image("a", "v1", "{}").await;
    let right = Digest::of(image("{}").as_bytes());
    let wrong = Digest::of(b"wrong");
    let put = |digest: &Digest| format!("PUT /v2/a/manifests/{digest}\nContent-Type: {MANIFEST}");
    assert_eq!(registry.status(&put(&right), image("{}")).await, 201);
    expect![[r#"
        400
        content-type: application/json

        {"errors":[{"code":"DIGEST_INVALID","detail":{"actual":"sha256:39cd65443454a3ce47dd298e7f06f54677541e52d3cc5f30ef3ba05f99883081","expected":"sha256:8810ad581e59f2bc3928b261707a71308f7e139eb04820366dc4d5c18d980225"},"message":"the bytes that arrived have the digest sha256:39cd65443454a3ce47dd298e7f06f54677541e52d3cc5f30ef3ba05f99883081, not sha256:8810ad581e59f2bc3928b261707a71308f7e139eb04820366dc4d5c18d980225: send them again"}]}
    "#]].assert_eq(&registry.call(&put(&wrong), image("{}")).await);
}

#[tokio::test]
async fn what_is_no_manifest_is_refused() {
    let registry = Registry::new();
    let put = "PUT /v2/a/manifests/v1\nContent-Type: application/vnd.oci.image.manifest.v1+json";
    expect![[r#"
        400
        content-type: application/json

        {"errors":[{"code":"MANIFEST_INVALID","detail":null,"message":"the manifest cannot be read: expected value at line 1 column 1"}]}
    "#]].assert_eq(&registry.call(put, "garbage").await);
    let long = " ".repeat(4 * 1024 * 1024 + 1);
    expect![[r#"
        413
        content-type: application/json

        {"errors":[{"code":"MANIFEST_INVALID","detail":null,"message":"a manifest may have 4194304 bytes: put large data into a blob"}]}
    "#]].assert_eq(&registry.call(put, long.clone()).await);
    let announced = format!("{put}\nContent-Length: {}", long.len());
    assert_eq!(registry.status(&announced, "").await, 413);
    assert_eq!(registry.status(put, broken(&["{"])).await, 400);
    for body in [
        "",
        "{}",
        "[]",
        "null",
        "{\"schemaVersion\":1}",
        "{\"schemaVersion\":2",
    ] {
        assert_eq!(registry.status(put, body).await, 400, "{body}");
    }
    assert_eq!(
        registry.status("GET /v2/a/tags/list", "").await,
        404,
        "no repository was made"
    );
}

#[tokio::test]
async fn what_is_not_there_is_told_apart() {
    let registry = Registry::new();
    registry.push_image("a", "v1", "{}").await;
    expect![[r#"
        404
        content-type: application/json

        {"errors":[{"code":"MANIFEST_UNKNOWN","detail":{"reference":"v2"},"message":"this repository holds no manifest 'v2': push it, or check the name"}]}
    "#]].assert_eq(&registry.call("GET /v2/a/manifests/v2", "").await);
    expect![[r#"
        404
        content-length: 127
        content-type: application/json
    "#]]
    .assert_eq(&registry.call("HEAD /v2/b/manifests/v1", "").await);
    expect![[r#"
        404
        content-type: application/json

        {"errors":[{"code":"MANIFEST_UNKNOWN","detail":null,"message":"'-no' is no tag: a letter, a digit or '_', then those and '.' or '-', 128 characters at most"}]}
    "#]].assert_eq(&registry.call("GET /v2/a/manifests/-no", "").await);
    for (head, status) in [
        ("HEAD /v2/a/manifests/-no", 404),
        ("DELETE /v2/a/manifests/.INVALID", 404),
        ("GET /v2/a/manifests/", 404),
        ("GET /v2/b/manifests/-no", 404),
        ("PUT /v2/a/manifests/-no", 400),
        ("POST /v2/a/manifests/-no", 405),
    ] {
        assert_eq!(registry.status(head, "").await, status, "{head}");
    }
}

#[tokio::test]
async fn a_tag_and_a_manifest_are_deleted() {
    let registry = Registry::new();
    let digest = registry.push_image("a", "v1", "{}").await;
    registry.push_image("a", "v2", "{}").await;
    expect![[r#"
        202
    "#]]
    .assert_eq(&registry.call("DELETE /v2/a/manifests/v1", "").await);
    assert_eq!(registry.status("DELETE /v2/a/manifests/v1", "").await, 404);
    let by_digest = format!("/v2/a/manifests/{digest}");
    assert_eq!(registry.status(&format!("GET {by_digest}"), "").await, 200);
    assert_eq!(
        registry.status(&format!("DELETE {by_digest}"), "").await,
        202
    );
    assert_eq!(registry.status("GET /v2/a/manifests/v2", "").await, 404);
    assert!(registry.app.store.metadata.scan(&digest).unwrap().is_none());
}

#[tokio::test]
async fn what_was_pushed_survives_a_restart() {
    let registry = Registry::new();
    let digest = registry.push_image("a", "v1", "{}").await;
    let registry = registry.restarted();
    assert_eq!(registry.status("GET /v2/a/manifests/v1", "").await, 200);
    assert!(registry.app.store.metadata.scan(&digest).unwrap().is_some());
}

#[tokio::test]
async fn a_manifest_pushed_by_digest_sets_every_tag_of_the_query() {
    let registry = Registry::new();
    registry.push_image("a", "first", "{}").await;
    let digest = Digest::of(image("{}").as_bytes());
    let put = |query: &str| format!("PUT /v2/a/manifests/{digest}?{query}");
    expect![[r#"
        201
        docker-content-digest: sha256:39cd65443454a3ce47dd298e7f06f54677541e52d3cc5f30ef3ba05f99883081
        lazaret-scan-status: failed
        location: /v2/a/manifests/sha256:39cd65443454a3ce47dd298e7f06f54677541e52d3cc5f30ef3ba05f99883081
        oci-tag: 1.2.3, 1.2, 1
    "#]].assert_eq(
        &registry
            .call(&put("tag=1.2.3&tag=1.2&other=x&tag=1"), image("{}"))
            .await,
    );
    expect![[r#"
        200
        content-type: application/json

        {"name":"a","tags":["1","1.2","1.2.3","first"]}
    "#]]
    .assert_eq(&registry.call("GET /v2/a/tags/list", "").await);
    expect![[r#"
        400
        content-type: application/json

        {"errors":[{"code":"MANIFEST_INVALID","detail":null,"message":"'-bad' is no tag: a letter, a digit or '_', then those and '.' or '-', 128 characters at most"}]}
    "#]].assert_eq(&registry.call(&put("tag=good&tag=-bad"), image("{}")).await);
    let many = vec!["tag=t"; 101].join("&");
    assert_eq!(registry.status(&put(&many), image("{}")).await, 414);
    assert_eq!(registry.status("GET /v2/a/manifests/good", "").await, 404);
    let by_tag = "PUT /v2/a/manifests/own?tag=passed-over";
    assert_eq!(registry.status(by_tag, image("{}")).await, 201);
    assert_eq!(
        registry.status("GET /v2/a/manifests/passed-over", "").await,
        404
    );
}

#[tokio::test]
async fn a_content_type_may_be_empty_missing_or_have_parameters() {
    let registry = Registry::new();
    registry.push_image("a", "v1", "{}").await;
    let with_parameters = format!("Content-Type: {MANIFEST}; charset=utf-8");
    for line in ["", "Content-Type:", &with_parameters] {
        let put = format!("PUT /v2/a/manifests/v2\n{line}");
        assert_eq!(registry.status(&put, image("{}")).await, 201, "{line}");
        let answer = registry.answer("GET /v2/a/manifests/v2", "").await;
        assert_eq!(answer.headers()["content-type"], MANIFEST, "{line}");
    }
    let other = "PUT /v2/a/manifests/v2\nContent-Type: application/vnd.oci.image.index.v1+json";
    assert_eq!(registry.status(other, image("{}")).await, 400);
}

#[tokio::test]
async fn an_image_of_an_index_can_be_deleted() {
    let registry = Registry::new();
    let child = registry.push_image("a", "v1", "{}").await;
    let index = serde_json::json!({
        "schemaVersion": 2,
        "manifests": [{ "mediaType": MANIFEST, "digest": child, "size": 10 }],
    });
    let put = "PUT /v2/a/manifests/all\nContent-Type: application/vnd.oci.image.index.v1+json";
    assert_eq!(registry.status(put, index.to_string()).await, 201);
    let head = format!("DELETE /v2/a/manifests/{child}");
    assert_eq!(registry.status(&head, "").await, 202);
    assert_eq!(registry.status("GET /v2/a/manifests/v1", "").await, 404);
    assert_eq!(registry.status("GET /v2/a/manifests/all", "").await, 200);
}

#[tokio::test]
async fn a_manifest_has_the_digest_that_it_was_pushed_under() {
    let registry = Registry::new();
    registry.push_image("a", "v1", "{}").await;
    let mut hasher = model::digest::Hasher::new(model::digest::Algorithm::Sha512);
    hasher.update(image("{}").as_bytes());
    let digest = hasher.finish();
    let path = format!("/v2/a/manifests/{}", digest.as_str().replace(':', "%3A"));
    assert_eq!(
        registry
            .status(&format!("PUT {path}?tag=v512"), image("{}"))
            .await,
        201
    );
    for path in [path.as_str(), "/v2/a/manifests/v512"] {
        let answer = registry.answer(&format!("GET {path}"), "").await;
        assert_eq!(answer.headers()["docker-content-digest"], digest.as_str());
    }
}
