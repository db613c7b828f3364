//! What HTTP itself asks for: HEAD, `Allow`, `If-None-Match`, `If-Range`.

use expect_test::expect;

use super::*;

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let registry = Registry::new();
    let image = registry.push_image("a", "v1", "{}").await;
    let layer = Digest::of(b"layer");
    expect![[r#"
        304
        docker-content-digest: sha256:dac1d7cfa95021764849fd102524e141488c5e3a90f861dbb5a12d9ac8584f85
        etag: "sha256:dac1d7cfa95021764849fd102524e141488c5e3a90f861dbb5a12d9ac8584f85"
    "#]].assert_eq(
        &registry
            .call(
                &format!("GET /v2/a/blobs/{layer}\nIf-None-Match: \"{layer}\""),
                "",
            )
            .await,
    );
    let cases = [
        (format!("\"{image}\""), 304),
        (format!("W/\"{image}\""), 304),
        (format!("{image}"), 304),
        (format!("\"{layer}\", \"{image}\""), 304),
        (format!("\"{layer}\"\nIf-None-Match: \"{image}\""), 304),
        ("*".to_owned(), 304),
        (format!("\"{layer}\""), 200),
        (String::new(), 200),
    ];
    for (tags, status) in cases {
        for method in ["GET", "HEAD"] {
            let head = format!("{method} /v2/a/manifests/v1\nIf-None-Match: {tags}");
            assert_eq!(registry.status(&head, "").await, status, "{head}");
        }
    }
    for (head, status) in [
        (
            format!("HEAD /v2/a/blobs/{layer}\nIf-None-Match: \"{layer}\""),
            304,
        ),
        (
            format!("GET /v2/a/blobs/{layer}\nIf-None-Match: \"{layer}\"\nRange: bytes=0-1"),
            304,
        ),
        (
            format!("GET /v2/a/blobs/{layer}\nIf-None-Match: \"{image}\"\nRange: bytes=0-1"),
            206,
        ),
        (format!("GET /v2/b/blobs/{layer}\nIf-None-Match: *"), 404),
        ("GET /v2/a/manifests/v2\nIf-None-Match: *".to_owned(), 404),
    ] {
        assert_eq!(registry.status(&head, "").await, status, "{head}");
    }
}

#[tokio::test]
async fn a_range_is_of_the_bytes_that_the_client_has_begun_with() {
    let registry = Registry::new();
    let digest = registry.push_blob("a", "0123456789").await;
    let other = Digest::of(b"other");
    let cases = [
        (format!("\"{digest}\""), 206),
        (format!("\"{other}\""), 200),
        (format!("W/\"{digest}\""), 200),
        ("Tue, 24 Nov 2026 00:00:00 GMT".to_owned(), 200),
    ];
    for (tag, status) in cases {
        let head = format!("GET /v2/a/blobs/{digest}\nRange: bytes=2-4\nIf-Range: {tag}");
        assert_eq!(registry.status(&head, "").await, status, "{tag}");
    }
}

#[tokio::test]
async fn head_says_what_get_says_without_the_body() {
    let registry = Registry::new();
    let digest = registry.push_image("a", "v1", "{}").await;
    for path in [
        "/v2/".to_owned(),
        "/v2/_catalog?n=1".to_owned(),
        "/v2/a/tags/list".to_owned(),
        format!("/v2/a/referrers/{digest}"),
        "/v2/a/manifests/v1".to_owned(),
        format!("/v2/a/blobs/{}", Digest::of(b"layer")),
        "/v2/a/manifests/absent".to_owned(),
        "/v2/a/unheard/of".to_owned(),
    ] {
        let get = registry.answer(&format!("GET {path}"), "").await;
        let (parts, body) = get.into_parts();
        let length = body.collect().await.unwrap().to_bytes().len().to_string();
        let head = registry.answer(&format!("HEAD {path}"), "").await;
        assert_eq!(head.status(), parts.status, "{path}");
        assert_eq!(head.headers()["content-length"], length.as_str(), "{path}");
        for (name, value) in &parts.headers {
            assert_eq!(head.headers().get(name), Some(value), "{path}: {name}");
        }
        assert!(
            head.into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn another_method_is_answered_with_those_that_there_are() {
    let registry = Registry::new();
    let digest = Digest::of(b"x");
    let cases = [
        ("POST /v2/".to_owned(), "GET, HEAD"),
        ("DELETE /v2/a/tags/list".to_owned(), "GET, HEAD"),
        (format!("PUT /v2/a/blobs/{digest}"), "GET, HEAD, DELETE"),
        ("GET /v2/a/blobs/uploads/".to_owned(), "POST"),
        (
            format!("POST /v2/a/blobs/uploads/{FIRST}"),
            "GET, HEAD, PATCH, PUT, DELETE",
        ),
        (
            "PATCH /v2/a/manifests/v1".to_owned(),
            "GET, HEAD, PUT, DELETE",
        ),
        (
            "OPTIONS /v2/a/manifests/v1".to_owned(),
            "GET, HEAD, PUT, DELETE",
        ),
    ];
    for (head, methods) in cases {
        let answer = registry.answer(&head, "").await;
        assert_eq!(answer.status(), 405, "{head}");
        assert_eq!(answer.headers()["allow"], methods, "{head}");
    }
}
