//! end-4, end-5, end-6, end-11 and end-13.

use expect_test::expect;

use super::*;

async fn start(registry: &Registry) -> String {
    let answer = registry.answer("POST /v2/a/blobs/uploads/", "").await;
    assert_eq!(answer.status(), 202);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_blob_in_one_request() {
    let registry = Registry::new();
    let digest = Digest::of(b"hello");
    let head = format!("POST /v2/a/blobs/uploads/?digest={digest}\nContent-Length: 5");
    expect![[r#"
        201
        docker-content-digest: sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
        location: /v2/a/blobs/sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
    "#]].assert_eq(&registry.call(&head, "hello").await);
    assert!(registry.app.store.blobs.uploads().unwrap().is_empty());
}

#[tokio::test]
async fn a_blob_in_two_requests() {
    let registry = Registry::new();
    expect![[r#"
        202
        docker-upload-uuid: 01010101-0101-4101-8101-010101010101
        location: /v2/a/blobs/uploads/01010101-0101-4101-8101-010101010101
        range: 0-0
    "#]]
    .assert_eq(&registry.call("POST /v2/a/blobs/uploads/", "").await);
    let digest = Digest::of(b"hello");
    let head = format!("PUT /v2/a/blobs/uploads/{FIRST}?digest={digest}");
    expect![[r#"
        201
        docker-content-digest: sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
        location: /v2/a/blobs/sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
    "#]].assert_eq(&registry.call(&head, "hello").await);
    assert_eq!(
        registry.status(&head, "hello").await,
        404,
        "the upload has ended"
    );
}

#[tokio::test]
async fn a_blob_in_chunks() {
    let registry = Registry::new();
    let location = start(&registry).await;
    let patch = |range, length| {
        format!("PATCH {location}\nContent-Range: {range}\nContent-Length: {length}")
    };
    expect![[r#"
        202
        docker-upload-uuid: 01010101-0101-4101-8101-010101010101
        location: /v2/a/blobs/uploads/01010101-0101-4101-8101-010101010101
        range: 0-3
    "#]]
    .assert_eq(&registry.call(&patch("0-3", 4), "0123").await);
    expect![[r#"
        204
        docker-upload-uuid: 01010101-0101-4101-8101-010101010101
        location: /v2/a/blobs/uploads/01010101-0101-4101-8101-010101010101
        range: 0-3
    "#]]
    .assert_eq(&registry.call(&format!("GET {location}"), "").await);
    expect![[r#"
        416
        content-type: application/json
        location: /v2/a/blobs/uploads/01010101-0101-4101-8101-010101010101
        range: 0-3

        {"errors":[{"code":"BLOB_UPLOAD_INVALID","detail":null,"message":"the upload holds 4 bytes: go on with byte 4"}]}
    "#]].assert_eq(&registry.call(&patch("6-7", 2), "67").await);
    expect![[r#"
        416
        content-type: application/json
        location: /v2/a/blobs/uploads/01010101-0101-4101-8101-010101010101
        range: 0-3

        {"errors":[{"code":"BLOB_UPLOAD_INVALID","detail":null,"message":"the upload holds 4 bytes: go on with byte 4"}]}
    "#]].assert_eq(&registry.call(&patch("0-3", 4), "0123").await);
    assert_eq!(registry.status(&patch("bytes 4-5/*", 2), "45").await, 202);
    let digest = Digest::of(b"01234567");
    let last = format!("PUT {location}?digest={digest}\nContent-Range: 6-7\nContent-Length: 2");
    assert_eq!(registry.status(&last, "67").await, 201);
    assert_eq!(
        registry
            .status(&format!("HEAD /v2/a/blobs/{digest}"), "")
            .await,
        200
    );
}

#[tokio::test]
async fn a_blob_as_a_stream_as_docker_sends_it() {
    let registry = Registry::new();
    let location = start(&registry).await;
    let pieces = ["01", "", "234"].map(Ok::<_, std::io::Error>);
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    assert_eq!(
        registry.status(&format!("PATCH {location}"), body).await,
        202
    );
    let digest = Digest::of(b"01234");
    assert_eq!(
        registry
            .status(&format!("PUT {location}?digest={digest}"), "")
            .await,
        201
    );
}

#[tokio::test]
async fn a_stream_of_many_batches() {
    let registry = Registry::new();
    let location = start(&registry).await;
    let piece = "0123456789abcdef".repeat(4096);
    let pieces: Vec<_> = (0..100)
        .map(|_| Ok::<_, std::io::Error>(piece.clone()))
        .collect();
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    assert_eq!(
        registry.status(&format!("PATCH {location}"), body).await,
        202
    );
    let digest = Digest::of(piece.repeat(100).as_bytes());
    assert_eq!(
        registry
            .status(&format!("PUT {location}?digest={digest}"), "")
            .await,
        201
    );
}

#[tokio::test]
async fn a_broken_connection_keeps_what_arrived() {
    let registry = Registry::new();
    let location = start(&registry).await;
    let patch = format!("PATCH {location}");
    expect![[r#"
        400
        content-type: application/json

        {"errors":[{"code":"BLOB_UPLOAD_INVALID","detail":null,"message":"the connection broke before the end: ask how much is there and go on from that byte"}]}
    "#]].assert_eq(&registry.call(&patch, broken(&["012", "34"])).await);
    let registry = registry.restarted();
    expect![[r#"
        204
        docker-upload-uuid: 01010101-0101-4101-8101-010101010101
        location: /v2/a/blobs/uploads/01010101-0101-4101-8101-010101010101
        range: 0-4
    "#]]
    .assert_eq(&registry.call(&format!("GET {location}"), "").await);
    let rest = format!("PATCH {location}\nContent-Range: 5-6\nContent-Length: 2");
    assert_eq!(registry.status(&rest, "56").await, 202);
    let digest = Digest::of(b"0123456");
    assert_eq!(
        registry
            .status(&format!("PUT {location}?digest={digest}"), "")
            .await,
        201
    );
}

#[tokio::test]
async fn a_request_that_is_dropped_keeps_what_arrived() {
    let registry = Registry::new();
    let location = start(&registry).await;
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<&str, std::io::Error>>(9);
    let body = Body::from_stream(futures_util::stream::unfold(
        receiver,
        async |mut receiver| receiver.recv().await.map(|item| (item, receiver)),
    ));
    let patch = format!("PATCH {location}");
    let answer = registry.status(&patch, body);
    for piece in ["012", "34"] {
        sender.send(Ok(piece)).await.unwrap();
    }
    let pause = std::time::Duration::from_millis(200);
    assert!(
        tokio::time::timeout(pause, answer).await.is_err(),
        "the client is still there"
    );
    sender
        .send(Err(std::io::ErrorKind::ConnectionReset.into()))
        .await
        .unwrap();
    let rest = format!("PATCH {location}\nContent-Range: 5-6\nContent-Length: 2");
    assert_eq!(registry.status(&rest, "56").await, 202);
}

#[tokio::test]
async fn a_broken_last_request_makes_no_blob() {
    let registry = Registry::new();
    let location = start(&registry).await;
    let digest = Digest::of(b"012");
    let put = format!("PUT {location}?digest={digest}");
    assert_eq!(registry.status(&put, broken(&["012"])).await, 400);
    assert_eq!(
        registry
            .status(&format!("HEAD /v2/a/blobs/{digest}"), "")
            .await,
        404
    );
    assert_eq!(
        registry.status(&put, "").await,
        201,
        "and nothing has to be sent again"
    );
    let once = format!("POST /v2/a/blobs/uploads/?digest={}", Digest::of(b"x"));
    assert_eq!(registry.status(&once, broken(&["x"])).await, 400);
}

#[tokio::test]
async fn a_wrong_digest_is_told() {
    let registry = Registry::new();
    let location = start(&registry).await;
    let put = format!("PUT {location}?digest={}", Digest::of(b"hello"));
    expect![[r#"
        400
        content-type: application/json

        {"errors":[{"code":"DIGEST_INVALID","detail":{"actual":"sha256:d3751d33f9cd5049c4af2b462735457e4d3baf130bcbb87f389e349fbaeb20b9","expected":"sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"},"message":"the bytes that arrived have the digest sha256:d3751d33f9cd5049c4af2b462735457e4d3baf130bcbb87f389e349fbaeb20b9, not sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824: send them again"}]}
    "#]].assert_eq(&registry.call(&put, "hallo").await);
    expect![[r#"
        404
        content-type: application/json

        {"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","detail":{"upload":"01010101-0101-4101-8101-010101010101"},"message":"there is no such upload in this repository: it has ended, or was never started here; start a new one"}]}
    "#]].assert_eq(&registry.call(&format!("GET {location}"), "").await);
    let location = start(&registry).await;
    expect![[r#"
        400
        content-type: application/json

        {"errors":[{"code":"DIGEST_INVALID","detail":null,"message":"a PUT ends an upload and needs ?digest= with the digest of the whole blob"}]}
    "#]].assert_eq(&registry.call(&format!("PUT {location}"), "hallo").await);
    let md5 = format!("PUT {location}?digest=md5:d41d8cd98f00b204e9800998ecf8427e");
    assert_eq!(registry.status(&md5, "").await, 400);
}

#[tokio::test]
async fn lengths_must_agree() {
    let registry = Registry::new();
    let location = start(&registry).await;
    let short = format!("PATCH {location}\nContent-Range: 0-9\nContent-Length: 2");
    expect![[r#"
        400
        content-type: application/json

        {"errors":[{"code":"SIZE_INVALID","detail":{"actual":10,"expected":2},"message":"2 bytes were announced and 10 came: ask how much is there and go on from that byte"}]}
    "#]].assert_eq(&registry.call(&short, "01").await);
    let range = format!("PATCH {location}\nContent-Range: nonsense");
    expect![[r#"
        400
        content-type: application/json

        {"errors":[{"code":"BLOB_UPLOAD_INVALID","detail":null,"message":"Content-Range must be <first byte>-<last byte>, both counted from 0"}]}
    "#]].assert_eq(&registry.call(&range, "01").await);
    for range in ["5-2", "0-18446744073709551615", "-", "0-"] {
        let head = format!("PATCH {location}\nContent-Range: {range}");
        assert_eq!(registry.status(&head, "01").await, 400, "{range}");
    }
}

#[tokio::test]
async fn an_upload_is_good_in_its_repository_only() {
    let registry = Registry::new();
    let location = start(&registry).await;
    registry.push_blob("b", "x").await;
    let foreign = location.replace("/v2/a/", "/v2/b/");
    expect![[r#"
        404
        content-type: application/json

        {"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","detail":{"upload":"01010101-0101-4101-8101-010101010101"},"message":"there is no such upload in this repository: it has ended, or was never started here; start a new one"}]}
    "#]].assert_eq(&registry.call(&format!("PATCH {foreign}"), "0").await);
    for method in ["GET", "DELETE"] {
        assert_eq!(
            registry.status(&format!("{method} {foreign}"), "").await,
            404,
            "{method}"
        );
    }
    let put = format!("PUT {foreign}?digest={}", Digest::of(b""));
    assert_eq!(registry.status(&put, "").await, 404);
}

#[tokio::test]
async fn a_cancelled_upload_is_gone() {
    let registry = Registry::new();
    let location = start(&registry).await;
    assert_eq!(
        registry.status(&format!("PATCH {location}"), "0").await,
        202
    );
    expect![[r#"
        204
    "#]]
    .assert_eq(&registry.call(&format!("DELETE {location}"), "").await);
    assert_eq!(registry.status(&format!("GET {location}"), "").await, 404);
    assert!(registry.app.store.blobs.uploads().unwrap().is_empty());
}

#[tokio::test]
async fn a_blob_is_mounted_from_another_repository() {
    let registry = Registry::new();
    let digest = registry.push_blob("from/here", "x").await;
    let mount = |from| format!("POST /v2/to/blobs/uploads/?mount={digest}&from={from}");
    expect![[r#"
        201
        docker-content-digest: sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881
        location: /v2/to/blobs/sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881
    "#]].assert_eq(&registry.call(&mount("from%2Fhere"), "").await);
    assert_eq!(
        registry
            .status(&format!("HEAD /v2/to/blobs/{digest}"), "")
            .await,
        200
    );
    for from in ["absent", "NO%20NAME", ""] {
        assert_eq!(
            registry.status(&mount(from), "").await,
            202,
            "a session follows: {from}"
        );
    }
}

#[tokio::test]
async fn a_blob_is_mounted_from_wherever_it_is() {
    let registry = Registry::new();
    let digest = registry.push_blob("from/here", "x").await;
    registry.push_blob("another", "y").await;
    let mount = format!("POST /v2/to/blobs/uploads/?mount={digest}");
    assert_eq!(registry.status(&mount, "").await, 201);
    let head = format!("HEAD /v2/to/blobs/{digest}");
    assert_eq!(registry.status(&head, "").await, 200);
    for name in ["to", "from/here"] {
        let delete = format!("DELETE /v2/{name}/blobs/{digest}");
        assert_eq!(registry.status(&delete, "").await, 202);
    }
    assert_eq!(
        registry.status(&mount, "").await,
        202,
        "nobody holds it any more"
    );
    let absent = format!("POST /v2/to/blobs/uploads/?mount={}", Digest::of(b"absent"));
    assert_eq!(registry.status(&absent, "").await, 202);
}

#[tokio::test]
async fn an_algorithm_that_is_not_known_is_told_at_the_start() {
    let registry = Registry::new();
    let post = |algorithm| format!("POST /v2/a/blobs/uploads/?digest-algorithm={algorithm}");
    assert_eq!(registry.status(&post("sha512"), "").await, 202);
    expect![[r#"
        400
        content-type: application/json

        {"errors":[{"code":"DIGEST_INVALID","detail":null,"message":"digests of this algorithm are not known here, but sha256 and sha512 are"}]}
    "#]].assert_eq(&registry.call(&post("md5"), "").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_clients_push_one_image_at_once() {
    let registry = Arc::new(Registry::new());
    let pushes: Vec<_> = (0..16)
        .map(|_| {
            let registry = registry.clone();
            tokio::spawn(async move { registry.push_image("a", "latest", "{}").await })
        })
        .collect();
    for push in pushes {
        push.await.unwrap();
    }
    assert_eq!(registry.status("GET /v2/a/manifests/latest", "").await, 200);
}
