//! end-2 and end-10.

use expect_test::expect;

use super::*;

#[tokio::test]
async fn a_blob_is_served_whole() {
    let registry = Registry::new();
    let digest = registry.push_blob("a/b", "0123456789").await;
    expect![[r#"
        200
        accept-ranges: bytes
        content-length: 10
        content-type: application/octet-stream
        docker-content-digest: sha256:84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882
        etag: "sha256:84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"

        0123456789
    "#]].assert_eq(&registry.call(&format!("GET /v2/a/b/blobs/{digest}"), "").await);
    expect![[r#"
        200
        accept-ranges: bytes
        content-length: 10
        content-type: application/octet-stream
        docker-content-digest: sha256:84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882
        etag: "sha256:84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"
    "#]].assert_eq(&registry.call(&format!("HEAD /v2/a/b/blobs/{digest}"), "").await);
}

#[tokio::test]
async fn a_blob_is_served_in_parts() {
    let registry = Registry::new();
    let digest = registry.push_blob("a", "0123456789").await;
    let get = |range| format!("GET /v2/a/blobs/{digest}\nRange: {range}");
    expect![[r#"
        206
        accept-ranges: bytes
        content-length: 3
        content-range: bytes 2-4/10
        content-type: application/octet-stream
        docker-content-digest: sha256:84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882
        etag: "sha256:84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"

        234
    "#]].assert_eq(&registry.call(&get("bytes=2-4"), "").await);
    expect![[r#"
        206
        accept-ranges: bytes
        content-length: 3
        content-range: bytes 7-9/10
        content-type: application/octet-stream
        docker-content-digest: sha256:84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882
        etag: "sha256:84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"

        789
    "#]].assert_eq(&registry.call(&get("bytes=-3"), "").await);
    expect![[r#"
        416
        content-range: bytes */10
        content-type: application/json

        {"errors":[{"code":"SIZE_INVALID","detail":null,"message":"the blob has 10 bytes: ask for a range within"}]}
    "#]].assert_eq(&registry.call(&get("bytes=10-"), "").await);
    assert_eq!(registry.status(&get("bytes=0-1,3-4"), "").await, 200);
}

#[tokio::test]
async fn a_large_blob_comes_in_pieces() {
    let registry = Registry::new();
    let text: String = (0..500_000).map(|number| format!("{number:07}")).collect();
    let digest = registry.push_blob("a", &text).await;
    for (range, expected) in [
        ("bytes=0-", text.as_str()),
        (
            "bytes=1000000-3400000",
            text.get(1_000_000..=3_400_000).unwrap(),
        ),
    ] {
        let head = format!("GET /v2/a/blobs/{digest}\nRange: {range}");
        let body = registry.answer(&head, "").await.into_body();
        let bytes = body.collect().await.unwrap().to_bytes();
        assert!(
            bytes == expected.as_bytes(),
            "{range}: {} bytes",
            bytes.len()
        );
    }
}

#[tokio::test]
async fn a_blob_is_served_where_it_was_pushed_only() {
    let registry = Registry::new();
    let digest = registry.push_blob("a", "secret").await;
    registry.push_blob("b", "other").await;
    expect![[r#"
        404
        content-type: application/json

        {"errors":[{"code":"BLOB_UNKNOWN","detail":{"digest":"sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"},"message":"this repository holds no such blob: push it, or mount it from one that does"}]}
    "#]].assert_eq(&registry.call(&format!("GET /v2/b/blobs/{digest}"), "").await);
    expect![[r#"
        404
        content-type: application/json

        {"errors":[{"code":"NAME_UNKNOWN","detail":{"name":"c"},"message":"there is no repository 'c': create it, or check the name"}]}
    "#]].assert_eq(&registry.call(&format!("GET /v2/c/blobs/{digest}"), "").await);
    expect![[r#"
        400
        content-type: application/json

        {"errors":[{"code":"DIGEST_INVALID","detail":{"digest":"sha256:short"},"message":"'sha256:short' is no digest: expected sha256: or sha512: and lower-case hexadecimal digits"}]}
    "#]].assert_eq(&registry.call("GET /v2/a/blobs/sha256:short", "").await);
}

#[tokio::test]
async fn a_deleted_blob_leaves_its_repository() {
    let registry = Registry::new();
    let digest = registry.push_blob("a", "x").await;
    registry.push_blob("b", "x").await;
    let delete = format!("DELETE /v2/a/blobs/{digest}");
    expect![[r#"
        202
    "#]]
    .assert_eq(&registry.call(&delete, "").await);
    assert_eq!(registry.status(&delete, "").await, 404);
    assert_eq!(
        registry
            .status(&format!("GET /v2/a/blobs/{digest}"), "")
            .await,
        404
    );
    assert_eq!(
        registry
            .status(&format!("GET /v2/b/blobs/{digest}"), "")
            .await,
        200
    );
}

#[tokio::test]
async fn a_blob_whose_bytes_are_lost_can_be_pushed_again() {
    let registry = Registry::new();
    let digest = registry.push_blob("a", "x").await;
    registry.app.store.blobs.delete(&digest).unwrap();
    let head = format!("HEAD /v2/a/blobs/{digest}");
    assert_eq!(registry.status(&head, "").await, 404);
    registry.push_blob("a", "x").await;
    assert_eq!(registry.status(&head, "").await, 200);
}
